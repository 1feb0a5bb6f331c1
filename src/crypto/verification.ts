import { TlsError } from '../errors.ts';
import { readEcdsaSignature } from './ecdsa-signature.ts';
import { isUsableKey } from './rsa.ts';
import { FIELD_SIZE } from './spki.ts';
import type { HashName, PublicKey, SignatureAlgorithm } from './types.ts';

/**
 * What is decided about a signature before a provider does any arithmetic. All that a peer could get wrong in form is
 * found here and in public-values.ts, for every provider alike; what a provider throws afterwards is therefore a fault
 * of the provider and never a verdict.
 */

const HASH_SIZE: { readonly [H in HashName]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** Does the algorithm go with the key, and does the signature have the form of one? False: it is a wrong signature. */
export function isWellFormed(algorithm: SignatureAlgorithm, key: PublicKey, signature: Uint8Array): boolean {
  switch (algorithm.kind) {
    case 'ecdsa':
      return key.kind === 'ec' && readEcdsaSignature(FIELD_SIZE[key.curve], signature) !== undefined;
    case 'rsa-pkcs1':
      // DigestInfo and 11 bytes have to fit (RFC 8017 section 9.2); with 1024 bits and more they always do.
      return key.kind === 'rsa' && key.pss === undefined && isRsaSignature(key, signature);
    case 'rsa-pss': {
      if (key.kind !== 'rsa' || !isRsaSignature(key, signature)) return false;
      const only = key.pss?.parameters;
      // RFC 4055 section 3.3: a restricted key allows one hash, and salts no shorter than it says.
      if (only !== undefined && (only.hash !== algorithm.hash || only.saltLength > algorithm.saltLength)) return false;
      // RFC 8017 section 9.1.1: the encoding is as long as the modulus less one bit.
      const bits = 8 * key.modulus.length - Math.clz32(key.modulus[0]!) + 23;
      return Math.ceil(bits / 8) >= HASH_SIZE[algorithm.hash] + algorithm.saltLength + 2;
    }
    case 'ed25519':
      return key.kind === 'ed25519' && signature.length === 64;
    case 'ed448':
      return key.kind === 'ed448' && signature.length === 114;
    default:
      return key.kind === algorithm.kind && signature.length === ML_DSA_SIGNATURE_SIZE[algorithm.kind];
  }
}

/** FIPS 204 section 4, table 2. */
const ML_DSA_SIGNATURE_SIZE: { readonly [kind: string]: number } = {
  'ml-dsa-44': 2420,
  'ml-dsa-65': 3309,
  'ml-dsa-87': 4627,
};

/** RFC 8017 section 5.2.2: as long as the modulus, and below it. */
function isRsaSignature({ modulus, exponent }: Extract<PublicKey, { kind: 'rsa' }>, signature: Uint8Array): boolean {
  return isUsableKey(modulus, exponent) && isBelow(signature, modulus);
}

/** Is it a number as long as the modulus, and smaller? Both are public, and so is the answer. */
export function isBelow(number: Uint8Array, modulus: Uint8Array): boolean {
  if (number.length !== modulus.length) return false;
  for (let i = 0; i < modulus.length; i++) if (number[i] !== modulus[i]) return number[i]! < modulus[i]!;
  return false;
}

/** A provider that threw where it had to answer. */
export function providerFault(provider: string, what: string, cause: unknown): TlsError {
  return new TlsError('ERR_INTERNAL', {
    detail: `the ${provider} provider failed instead of answering: ${what}`,
    cause,
  });
}
