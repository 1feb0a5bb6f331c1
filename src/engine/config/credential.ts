import { bytesOf } from '../../bytes/bytes.ts';
import { isObject } from '../../bytes/shape.ts';
import type { CryptoProvider, Signer } from '../../crypto/types.ts';
import { credentialsOf } from '../../handshake/authentication/choose-credential.ts';
import type { Credential, CredentialResolver, PeerVerifier } from '../../handshake/peer.ts';
import { identityOf, namedPolicy } from '../../handshake/session.ts';
import { bytes, callback, list, optionError, type Rule, unsuitable } from './rules.ts';

/** What we show: a credential, several of them, or a function that chooses. */
export type CredentialOption = Credential | readonly Credential[] | CredentialResolver;

const EXPECTED = 'a credential of loadCredential(), a list of them, or a function that chooses one';

export const credentialRule: Rule<CredentialOption> = {
  expected: EXPECTED,
  read: (value: unknown, option: string): CredentialOption => {
    if (typeof value === 'function') return callback<CredentialResolver>().read(value, option);
    if (Array.isArray(value)) {
      if (value.length === 0) throw unsuitable(option, EXPECTED, value);
      return value.map((one: unknown, index) => readCredential(one, `${option}[${index}]`));
    }
    return readCredential(value, option);
  },
};

/** @throws TlsError ERR_OPTION. */
export function readCredential(value: unknown, option: string): Credential {
  if (typeof value !== 'object' || value === null) throw unsuitable(option, EXPECTED, value);
  if (!isCredential(value)) {
    if ('certificates' in value || 'privateKey' in value)
      throw unsuitable(
        option,
        EXPECTED,
        value,
        'files are read by createServerContext(), or by loadCredential() of warifu/pki',
      );
    list(bytes(1), 1).read(Reflect.get(value, 'chain'), `${option}.chain`);
    signerRule.read(Reflect.get(value, 'signer'), `${option}.signer`);
    throw unsuitable(option, EXPECTED, value);
  }
  const { ocspResponse, sctList } = value;
  if (ocspResponse !== undefined) bytes(1).read(ocspResponse, `${option}.ocspResponse`);
  if (sctList !== undefined) bytes(1, 0xffff).read(sctList, `${option}.sctList`);
  return value;
}

function isCredential(value: object): value is Credential {
  const chain: unknown = Reflect.get(value, 'chain');
  return (
    Array.isArray(chain) &&
    chain.length > 0 &&
    chain.every((der: unknown) => (bytesOf(der)?.length ?? 0) > 0) &&
    isSigner(Reflect.get(value, 'signer'))
  );
}

const signerRule: Rule<Signer> = {
  expected: 'something that signs (an object with publicKey, schemes and sign())',
  read(value: unknown, option: string): Signer {
    if (isSigner(value)) return value;
    throw unsuitable(option, this.expected, value);
  },
};

function isSigner(value: unknown): value is Signer {
  if (typeof value !== 'object' || value === null) return false;
  const [publicKey, schemes, sign] = ['publicKey', 'schemes', 'sign'].map((name): unknown => Reflect.get(value, name));
  const areIds = Array.isArray(schemes) && schemes.every((id) => typeof id === 'number');
  return isPublicKey(publicKey) && areIds && typeof sign === 'function';
}

/** As far as a handshake looks at it before it asks for a signature. */
function isPublicKey(value: unknown): boolean {
  if (!isObject(value)) return false;
  const [kind, curve, pss] = ['kind', 'curve', 'pss'].map((name): unknown => Reflect.get(value, name));
  const hasBytes = (...names: readonly string[]): boolean =>
    names.every((name) => bytesOf(Reflect.get(value, name)) !== undefined);
  if (kind === 'ec') return typeof curve === 'string' && hasBytes('point');
  if (kind === 'rsa') return hasBytes('modulus', 'exponent') && (pss === undefined || isObject(pss));
  return typeof kind === 'string' && hasBytes('key');
}

export const verifierRule: Rule<PeerVerifier> = {
  expected: 'a verifier (an object with verify()): certificateVerifier() and others of warifu/pki',
  read(value: unknown, option: string): PeerVerifier {
    if (!isVerifier(value)) throw unsuitable(option, this.expected, value);
    return value;
  },
};

function isVerifier(value: unknown): value is PeerVerifier {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'verify') === 'function';
}

/** Made once for a configuration, where the verifier gives no name to its rules and so has one of its own. */
export function nameOfVerifier(verifier: PeerVerifier | undefined, { random }: CryptoProvider): string | undefined {
  return verifier === undefined || namedPolicy(verifier) !== undefined ? undefined : identityOf(verifier, random);
}

/** @throws TlsError ERR_OPTION when a chain is too long to be sent in a Certificate message. */
export function checkChainSizes(credential: CredentialOption, option: string): void {
  if (typeof credential === 'function') return;
  for (const { chain } of credentialsOf(credential)) {
    const size = chain.reduce((sum, { length }) => sum + length + 5, 0);
    if (size > 2 ** 24 - 1) throw optionError(option, `expected a chain of at most 16,777,215 bytes, found ${size}`);
  }
}
