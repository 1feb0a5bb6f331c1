import type { WebCryptoKey } from '../../crypto/web-types.ts';
import { decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { HashName, PrivateKey, PublicKey } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { runtimeSubtle } from './cryptokey.ts';
import { privateKeyFromJwk, privateKeyToJwk } from './jwk.ts';

/** Between keys in memory and keys of WebCrypto. */

/** What a CryptoKey is to be for; the rest follows from the key. */
export interface CryptoKeyOptions {
  /** RSA signs in one way for each CryptoKey. Default: `RSASSA-PKCS1-v1_5`; for keys that are for PSS alone `RSA-PSS`. */
  readonly algorithm?: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS' | undefined;
  /** Of RSA signatures. Default: `sha256`. */
  readonly hash?: HashName | undefined;
  /** May the private key be taken out again? Default: false. */
  readonly extractable?: boolean | undefined;
}

/**
 * The private key of an extractable CryptoKey: ECDSA, ECDH's curves excepted, RSA, Ed25519, Ed448.
 * @throws TlsError ERR_KEY when it cannot be taken out, is not private, or of a kind that is not known here.
 *
 * @example
 * ```ts
 * import { privateKeyFromCryptoKey } from 'warifu/pki';
 * const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
 * const key = await privateKeyFromCryptoKey(privateKey);
 * key.kind; // 'ec'
 * ```
 */
export async function privateKeyFromCryptoKey(key: WebCryptoKey): Promise<PrivateKey> {
  if (key.type !== 'private') throw unusable(`the CryptoKey is ${key.type}, and a private one is wanted`);
  if (!key.extractable)
    throw unusable('the CryptoKey is not extractable: use cryptoKeySigner, which signs with it where it is');
  return privateKeyFromJwk(await exported('jwk', key));
}

/**
 * The public key of a CryptoKey.
 * @throws TlsError ERR_KEY when it is not public, or of a kind that is not known here.
 *
 * @example
 * ```ts
 * import { publicKeyFromCryptoKey } from 'warifu/pki';
 * const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign', 'verify']);
 * const key = await publicKeyFromCryptoKey(publicKey);
 * key.kind; // 'ec'
 * ```
 */
export async function publicKeyFromCryptoKey(key: WebCryptoKey): Promise<PublicKey> {
  if (key.type !== 'public') throw unusable(`the CryptoKey is ${key.type}, and a public one is wanted`);
  const publicKey = decodeSubjectPublicKeyInfo(new Uint8Array(await exported('spki', key)));
  if (publicKey === undefined) throw unusable(`a CryptoKey for ${key.algorithm.name} is of no kind that is known here`);
  return publicKey;
}

/**
 * A CryptoKey that signs.
 * @param publicKey the public half, which WebCrypto wants to have.
 * @throws TlsError ERR_KEY when the runtime does not take the key, ERR_OPTION where it has no `crypto.subtle`.
 *
 * @example
 * ```ts
 * import { privateKeyFromJwk, privateKeyToCryptoKey, publicKeyFromJwk } from 'warifu/pki';
 * const jwk = {
 *   kty: 'EC',
 *   crv: 'P-256',
 *   x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
 *   y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
 *   d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
 * };
 * const key = await privateKeyToCryptoKey(privateKeyFromJwk(jwk), publicKeyFromJwk(jwk));
 * key.extractable; // false
 * ```
 */
export async function privateKeyToCryptoKey(
  key: PrivateKey,
  publicKey: PublicKey,
  options: CryptoKeyOptions = {},
): Promise<WebCryptoKey> {
  const { kty, crv, x, y, d, n, e, p, q, dp, dq, qi } = privateKeyToJwk(key, publicKey);
  const jwk = defined({ kty, crv, x, y, d, n, e, p, q, dp, dq, qi });
  return await imported(publicKey, (algorithm) =>
    runtimeSubtle().importKey(
      'jwk',
      jwk,
      algorithm(options, key.kind === 'rsa' && key.pss),
      options.extractable ?? false,
      ['sign'],
    ),
  );
}

/**
 * A CryptoKey that verifies; it is always extractable.
 * @throws TlsError ERR_KEY when the runtime does not take the key, ERR_OPTION where it has no `crypto.subtle`.
 *
 * @example
 * ```ts
 * import { publicKeyFromJwk, publicKeyToCryptoKey } from 'warifu/pki';
 * const jwk = {
 *   kty: 'EC',
 *   crv: 'P-256',
 *   x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
 *   y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
 * };
 * const key = await publicKeyToCryptoKey(publicKeyFromJwk(jwk));
 * key.type; // 'public'
 * ```
 */
export async function publicKeyToCryptoKey(
  key: PublicKey,
  options: Omit<CryptoKeyOptions, 'extractable'> = {},
): Promise<WebCryptoKey> {
  // WebCrypto knows RSA keys under their common name only.
  const plain = key.kind === 'rsa' ? { kind: key.kind, modulus: key.modulus, exponent: key.exponent } : key;
  const spki = encodeSubjectPublicKeyInfo(plain).slice();
  return await imported(key, (algorithm) =>
    runtimeSubtle().importKey('spki', spki, algorithm(options, key.kind === 'rsa' && key.pss !== undefined), true, [
      'verify',
    ]),
  );
}

type ImportAlgorithm = (
  options: CryptoKeyOptions,
  isPss: boolean,
) => RsaHashedImportParams | EcKeyImportParams | Algorithm;

async function imported(
  key: PublicKey,
  run: (algorithm: ImportAlgorithm) => Promise<WebCryptoKey>,
): Promise<WebCryptoKey> {
  try {
    return await run((options, isPss) => algorithmOf(key, options, isPss));
  } catch (cause) {
    if (cause instanceof TlsError) throw cause;
    throw new TlsError('ERR_KEY', { detail: `this runtime's WebCrypto takes no key of the kind ${key.kind}`, cause });
  }
}

function algorithmOf(key: PublicKey, options: CryptoKeyOptions, isPss: boolean): ReturnType<ImportAlgorithm> {
  switch (key.kind) {
    case 'ec':
      return { name: 'ECDSA', namedCurve: key.curve };
    case 'rsa': {
      const name = options.algorithm ?? (isPss ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5');
      return { name, hash: `SHA-${(options.hash ?? 'sha256').slice(3)}` };
    }
    case 'ed25519':
      return { name: 'Ed25519' };
    case 'ed448':
      return { name: 'Ed448' };
    default:
      return { name: key.kind.toUpperCase() };
  }
}

function exported(format: 'jwk', key: WebCryptoKey): Promise<JsonWebKey>;
function exported(format: 'spki', key: WebCryptoKey): Promise<ArrayBuffer>;
async function exported(format: 'jwk' | 'spki', key: WebCryptoKey): Promise<JsonWebKey | ArrayBuffer> {
  try {
    const subtle = runtimeSubtle();
    return format === 'jwk' ? await subtle.exportKey(format, key) : await subtle.exportKey(format, key);
  } catch (cause) {
    if (cause instanceof TlsError) throw cause;
    throw new TlsError('ERR_KEY', { detail: `the CryptoKey for ${key.algorithm.name} cannot be taken out`, cause });
  }
}

/** WebCrypto takes a member that is undefined for one that is there. */
function defined(jwk: { readonly [name: string]: string | undefined }): JsonWebKey {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined));
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
