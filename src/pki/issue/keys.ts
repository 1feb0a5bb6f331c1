import { ownOf } from '../../bytes/shape.ts';
import type { WebCryptoKey, WebCryptoKeyPair } from '../../crypto/web-types.ts';
import { conceal } from '../../bytes/conceal.ts';
import { concealKey } from '../../crypto/private-key.ts';
import { encodeSubjectPublicKeyInfo, decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { CryptoProvider, NamedCurve, PrivateKey, PublicKey, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { readBundle } from '../formats/bundle.ts';
import { cryptoKeySigner, isCryptoKey, runtimeSubtle } from '../formats/cryptokey.ts';
import { type JsonWebKeyLike, privateKeyFromJwk } from '../formats/jwk.ts';
import { checkScalar } from '../formats/key-checks.ts';
import { encodePrivateKey } from '../formats/private-key.ts';
import { writePem } from '../x509/pem.ts';
import { checkOptions, describe, wrongOption } from './options.ts';
import { autoProvider } from '../../crypto/auto.ts';

/** Kinds of keys that can be made; RSA with its size in bits. */
export type KeyAlgorithm =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'Ed25519'
  | 'Ed448'
  | 'RSA-2048'
  | 'RSA-3072'
  | 'RSA-4096'
  | 'RSA-8192'
  | 'ML-DSA-44'
  | 'ML-DSA-65'
  | 'ML-DSA-87';

/** A key and what signs with it. */
export interface KeyPair {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
  readonly signer: Signer;
  /** DER PKCS#8, not encrypted; read by its name, and never listed or printed with the rest. */
  readonly der: Uint8Array;
  /** PKCS#8 in PEM, not encrypted; as `der`. */
  readonly pem: string;
}

/** A key in whatever form it is at hand: made here, in a file (PEM or DER), a JWK, in WebCrypto, or behind something that signs. */
export type KeySource = KeyPair | Signer | PrivateKey | JsonWebKeyLike | WebCryptoKeyPair | string | Uint8Array;

/** How a key pair is made. */
export interface KeyOptions {
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider | undefined;
}

/** How many bytes of random a key is. */
const SIZES = { 'P-256': 32, 'P-384': 48, 'P-521': 66, Ed25519: 32, Ed448: 57 } as const;
const RSA_BITS: { readonly [name: string]: number } = {
  'RSA-2048': 2048,
  'RSA-3072': 3072,
  'RSA-4096': 4096,
  'RSA-8192': 8192,
};
const ML_DSA: readonly string[] = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'];

/**
 * Makes a key pair. Default: P-256, which everything knows.
 * @throws TlsError ERR_OPTION for a kind that is not known, or that the provider or the runtime cannot make: RSA needs
 * `crypto.subtle`, ML-DSA a provider that signs with it.
 *
 * @example
 * ```ts
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const key = await generateKeyPair('Ed25519');
 * key.publicKey.kind; // 'ed25519'
 * key.pem.startsWith('-----BEGIN PRIVATE KEY-----'); // true
 * ```
 */
export async function generateKeyPair(algorithm: KeyAlgorithm = 'P-256', options: KeyOptions = {}): Promise<KeyPair> {
  options = ownOf(options);
  checkOptions('generateKeyPair', options, ['crypto']);
  const crypto = options.crypto ?? autoProvider();
  return await keyPairOf(await makePrivateKey(algorithm, crypto), crypto);
}

/** A private key that was read or made, with its signer. */
async function keyPairOf(privateKey: PrivateKey, crypto: CryptoProvider): Promise<KeyPair> {
  const signer = await crypto.signer(privateKey);
  const der = encodePrivateKey(privateKey, signer.publicKey);
  const pair = { privateKey, publicKey: signer.publicKey, signer, der, pem: writePem('PRIVATE KEY', der) };
  return conceal(pair, ['der', 'pem'], () => `KeyPair { ${privateKey.kind} }`);
}

async function makePrivateKey(algorithm: KeyAlgorithm, crypto: CryptoProvider): Promise<PrivateKey> {
  const bits = RSA_BITS[algorithm];
  if (bits !== undefined) return await makeRsa(bits);
  if (ML_DSA.includes(algorithm))
    throw wrongOption('generateKeyPair', `${algorithm}: the provider ${crypto.name} has no private keys of this kind`);
  switch (algorithm) {
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return concealKey({ kind: 'ec', curve: algorithm, scalar: makeScalar(algorithm, crypto) });
    case 'Ed25519':
    case 'Ed448':
      return concealKey({
        kind: algorithm === 'Ed25519' ? 'ed25519' : 'ed448',
        seed: randomBytes(SIZES[algorithm], crypto),
      });
    default:
      throw wrongOption(
        'generateKeyPair',
        `one of ${[...Object.keys(SIZES), ...Object.keys(RSA_BITS), ...ML_DSA].join(', ')} is wanted, not ${describe(algorithm)}`,
      );
  }
}

/** A number from 1 to the order less one, each as likely as the others (FIPS 186-5 appendix A.2.2). */
function makeScalar(curve: NamedCurve, crypto: CryptoProvider): Uint8Array {
  // Of 2^256, 2^384 and 2^521 all but a sliver are below the order: a source that never gets there is broken.
  for (let attempt = 0; attempt < 100; attempt++) {
    const scalar = randomBytes(SIZES[curve], crypto);
    if (curve === 'P-521') scalar[0] = scalar[0]! & 1;
    try {
      checkScalar(curve, scalar);
      return scalar;
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
    }
  }
  throw new TlsError('ERR_KEY', { detail: 'the source of random numbers gives no key' });
}

/** Two large primes: the runtime finds them in moments, JavaScript in many seconds. */
async function makeRsa(bits: number): Promise<PrivateKey> {
  const subtle = runtimeSubtle();
  const { privateKey } = await subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
    true,
    ['sign', 'verify'],
  );
  return privateKeyFromJwk(await subtle.exportKey('jwk', privateKey));
}

export function randomBytes(size: number, crypto: CryptoProvider): Uint8Array {
  const bytes = new Uint8Array(size);
  crypto.random.fill(bytes);
  return bytes;
}

/** What signs with a key, and the key itself where it is known here. */
export interface LoadedKey {
  readonly signer: Signer;
  readonly keyPair: KeyPair | undefined;
}

/** @throws TlsError ERR_OPTION, ERR_KEY or ERR_PASSWORD */
export async function loadKey(
  what: string,
  source: KeySource,
  crypto: CryptoProvider,
  password: string | undefined,
): Promise<LoadedKey> {
  if (typeof source === 'string' || source instanceof Uint8Array) {
    const { keys } = await readBundle(source, { password });
    const [file] = keys;
    if (file === undefined || keys.length > 1)
      throw wrongOption(what, `one private key is wanted, and the file holds ${keys.length}`);
    return await loaded(file.key, crypto);
  }
  if (typeof source !== 'object' || source === null)
    throw wrongOption(what, `a key is wanted (PEM, DER, a JWK, a CryptoKeyPair, a signer), not ${describe(source)}`);
  if (isCryptoKey(source))
    throw wrongOption(what, 'a CryptoKey does not show its public half: give the CryptoKeyPair it belongs to');
  if ('signer' in source && 'privateKey' in source && 'der' in source)
    return { signer: source.signer, keyPair: source };
  if ('sign' in source && typeof source.sign === 'function') {
    if (source.publicKey === undefined || !Array.isArray(source.schemes))
      throw wrongOption(what, 'something that signs needs publicKey and schemes too');
    return { signer: source, keyPair: undefined };
  }
  if (
    'privateKey' in source &&
    'publicKey' in source &&
    isCryptoKey(source.privateKey) &&
    isCryptoKey(source.publicKey)
  ) {
    const publicKey = await publicKeyOfCryptoKey(what, source.publicKey);
    return { signer: cryptoKeySigner(source.privateKey, publicKey), keyPair: undefined };
  }
  if ('kty' in source) return await loaded(privateKeyFromJwk(source), crypto);
  if ('kind' in source) return await loaded(source, crypto);
  throw wrongOption(what, 'a key in a known form is wanted: PEM, DER, a JWK, a CryptoKeyPair, a signer');
}

/** A kind of key to make, or a key that is there. Default: a new one on P-256. */
export async function makeOrLoadKey(
  what: string,
  source: KeyAlgorithm | KeySource | undefined,
  crypto: CryptoProvider,
  password: string | undefined,
): Promise<LoadedKey> {
  if (source === undefined) return await loaded(await makePrivateKey('P-256', crypto), crypto);
  if (isKeyAlgorithm(source)) return await loaded(await makePrivateKey(source, crypto), crypto);
  return await loadKey(what, source, crypto, password);
}

function isKeyAlgorithm(source: KeyAlgorithm | KeySource): source is KeyAlgorithm {
  return typeof source === 'string' && /^[A-Za-z0-9-]{1,20}$/.test(source);
}

async function loaded(key: PrivateKey, crypto: CryptoProvider): Promise<LoadedKey> {
  const keyPair = await keyPairOf(key, crypto);
  return { signer: keyPair.signer, keyPair };
}

async function publicKeyOfCryptoKey(what: string, key: WebCryptoKey): Promise<PublicKey> {
  let spki: Uint8Array;
  try {
    spki = new Uint8Array(await runtimeSubtle().exportKey('spki', key));
  } catch (cause) {
    throw new TlsError('ERR_KEY', { detail: `${what}: the public half of the CryptoKeyPair cannot be had`, cause });
  }
  const publicKey = decodeSubjectPublicKeyInfo(spki);
  if (publicKey === undefined) throw new TlsError('ERR_KEY', { detail: `${what}: a CryptoKeyPair of an unknown kind` });
  return publicKey;
}

/** DER SubjectPublicKeyInfo of a key that is to be certified and that only its owner has. @throws TlsError ERR_KEY */
export function spkiOf(what: string, key: PublicKey | WebCryptoKey | Uint8Array): Promise<Uint8Array> | Uint8Array {
  if (key instanceof Uint8Array) {
    if (decodeSubjectPublicKeyInfo(key) === undefined)
      throw new TlsError('ERR_KEY', { detail: `${what}: no SubjectPublicKeyInfo of a kind that is known` });
    return key;
  }
  if (isCryptoKey(key)) return publicKeyOfCryptoKey(what, key).then(encodeSubjectPublicKeyInfo);
  return encodeSubjectPublicKeyInfo(key);
}
