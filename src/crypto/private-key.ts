import { conceal } from '../bytes/conceal.ts';
import type { PrivateKey } from './types.ts';

/**
 * A private key whose secret parts are read by name and never listed: it does not show in a log, in JSON, or in what is
 * spread from it. {@link copyKey} is the way to copy one.
 */
export function concealKey(key: PrivateKey): PrivateKey {
  switch (key.kind) {
    case 'ec':
      return conceal(key, ['scalar'], () => `PrivateKey { ec, ${key.curve} }`);
    case 'rsa':
      return conceal(key, [...RSA_SECRETS], () => `PrivateKey { rsa, ${key.modulus.length * 8} bits }`);
    default:
      return conceal(key, ['seed'], () => `PrivateKey { ${key.kind} }`);
  }
}

/** A copy of the key in arrays of its own. */
export function copyKey(key: PrivateKey): PrivateKey {
  switch (key.kind) {
    case 'ec':
      return concealKey({ kind: key.kind, curve: key.curve, scalar: key.scalar.slice() });
    case 'rsa': {
      const { kind, pss, modulus, publicExponent } = key;
      return concealKey({
        kind,
        pss,
        modulus: modulus.slice(),
        publicExponent: publicExponent.slice(),
        privateExponent: key.privateExponent.slice(),
        prime1: key.prime1.slice(),
        prime2: key.prime2.slice(),
        exponent1: key.exponent1.slice(),
        exponent2: key.exponent2.slice(),
        coefficient: key.coefficient.slice(),
      });
    }
    default:
      return concealKey({ kind: key.kind, seed: key.seed.slice() });
  }
}

/** Overwrites what is secret in it. */
export function wipeKey(key: PrivateKey): void {
  const secrets =
    key.kind === 'ec' ? [key.scalar] : key.kind === 'rsa' ? RSA_SECRETS.map((name) => key[name]) : [key.seed];
  for (const secret of secrets) secret.fill(0);
}

const RSA_SECRETS = ['privateExponent', 'prime1', 'prime2', 'exponent1', 'exponent2', 'coefficient'] as const;
