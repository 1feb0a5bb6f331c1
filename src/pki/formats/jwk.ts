import { bigFromBytes, bigToBytes } from '../../bytes/bigint.ts';
import { concat } from '../../bytes/bytes.ts';
import { privateJwk } from '../../crypto/jwk.ts';
import { concealKey } from '../../crypto/private-key.ts';
import { FIELD_SIZE } from '../../crypto/spki.ts';
import type { NamedCurve, PrivateKey, PublicKey } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { checkRsa, checkScalar } from './key-checks.ts';
import { decodeBase64, encodeBase64 } from '../x509/pem.ts';
import type { PrivateKeyFile } from './private-key.ts';

/** A JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037), as `JSON.parse` or WebCrypto gives it. */
export interface JsonWebKeyLike {
  readonly kty?: string | undefined;
  readonly crv?: string | undefined;
  readonly alg?: string | undefined;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
  readonly d?: string | undefined;
  readonly n?: string | undefined;
  readonly e?: string | undefined;
  readonly p?: string | undefined;
  readonly q?: string | undefined;
  readonly dp?: string | undefined;
  readonly dq?: string | undefined;
  readonly qi?: string | undefined;
  readonly pub?: string | undefined;
  readonly oth?: unknown;
}

/**
 * A private key from a JWK: `EC` with P-256, P-384, P-521; `RSA` with all its numbers; `OKP` with Ed25519, Ed448.
 * `alg` PS256, PS384 and PS512 do not make it a key for PSS alone: they say what one program does with it.
 * @throws TlsError ERR_KEY, naming the field that is missing or wrong.
 *
 * @example
 * ```ts
 * import { privateKeyFromJwk } from 'warifu/pki';
 * const key = privateKeyFromJwk({
 *   kty: 'OKP',
 *   crv: 'Ed25519',
 *   d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
 *   x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
 * });
 * key.kind; // 'ed25519'
 * ```
 */
export function privateKeyFromJwk(jwk: JsonWebKeyLike): PrivateKey {
  return readJwk(jwk).key;
}

/** {@link privateKeyFromJwk}, with the public half that the JWK claims. */
export function readJwk(jwk: JsonWebKeyLike): PrivateKeyFile {
  if (jwk.d === undefined) throw unusable('d: it is missing, so this is a public key');
  switch (jwk.kty) {
    case 'EC':
      return readEc(jwk);
    case 'RSA':
      return { key: readRsa(jwk), publicBytes: undefined };
    case 'OKP':
      return readEdwards(jwk);
    default:
      throw unusable(`kty: ${JSON.stringify(jwk.kty)} is not one of EC, RSA, OKP`);
  }
}

/**
 * The JWK of a private key; `publicKey` gives the public half, which EC and OKP need to have (RFC 7518 section 6.2).
 * @example
 * ```ts
 * import { privateKeyToJwk } from 'warifu/pki';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { privateKey, publicKey } = await generateKeyPair('P-256');
 * const { kty, crv } = privateKeyToJwk(privateKey, publicKey);
 * `${kty} ${crv}`; // 'EC P-256'
 * ```
 */
export function privateKeyToJwk(key: PrivateKey, publicKey: PublicKey): JsonWebKeyLike {
  const jwk = privateJwk(key, publicKey);
  if (jwk !== undefined) return jwk;
  throw unusable(`a public key of kind ${publicKey.kind} does not go with a private one of kind ${key.kind}`);
}

function readEc(jwk: JsonWebKeyLike): PrivateKeyFile {
  const curve = jwk.crv;
  if (curve !== 'P-256' && curve !== 'P-384' && curve !== 'P-521')
    throw unusable(`crv: ${JSON.stringify(curve)} is not one of P-256, P-384, P-521`);
  const named: NamedCurve = curve;
  const scalar = exactly(jwk, 'd', FIELD_SIZE[named]);
  checkScalar(named, scalar);
  const publicBytes = concat(
    Uint8Array.of(4),
    exactly(jwk, 'x', FIELD_SIZE[named]),
    exactly(jwk, 'y', FIELD_SIZE[named]),
  );
  return { key: concealKey({ kind: 'ec', curve: named, scalar }), publicBytes };
}

function readEdwards(jwk: JsonWebKeyLike): PrivateKeyFile {
  if (jwk.crv !== 'Ed25519' && jwk.crv !== 'Ed448')
    throw unusable(`crv: ${JSON.stringify(jwk.crv)} is not one of Ed25519, Ed448`);
  const kind = jwk.crv === 'Ed25519' ? 'ed25519' : 'ed448';
  const size = kind === 'ed25519' ? 32 : 57;
  return { key: concealKey({ kind, seed: exactly(jwk, 'd', size) }), publicBytes: exactly(jwk, 'x', size) };
}

function readRsa(jwk: JsonWebKeyLike): PrivateKey {
  if (jwk.oth !== undefined) throw unusable('oth: RSA keys of more than two primes are not worked with');
  const key = {
    kind: 'rsa' as const,
    pss: false,
    modulus: magnitude(jwk, 'n'),
    publicExponent: magnitude(jwk, 'e'),
    privateExponent: magnitude(jwk, 'd'),
    prime1: magnitude(jwk, 'p'),
    prime2: magnitude(jwk, 'q'),
    exponent1: magnitude(jwk, 'dp'),
    exponent2: magnitude(jwk, 'dq'),
    coefficient: magnitude(jwk, 'qi'),
  };
  checkRsa(key);
  return concealKey(key);
}

type Field = 'pub' | 'x' | 'y' | 'd' | 'n' | 'e' | 'p' | 'q' | 'dp' | 'dq' | 'qi';

export function exactly(jwk: JsonWebKeyLike, field: Field, size: number): Uint8Array {
  const bytes = fromBase64Url(jwk, field);
  if (bytes.length !== size) throw unusable(`${field}: ${bytes.length} bytes where ${size} belong`);
  return bytes;
}

/** RFC 7518 section 2: no zero bytes in front. Some programs write them, and they do no harm. */
export function magnitude(jwk: JsonWebKeyLike, field: Field): Uint8Array {
  const bytes = fromBase64Url(jwk, field);
  const value = bytes.length > 2048 ? 0n : bigFromBytes(bytes);
  if (value === 0n) throw unusable(`${field}: not a number that a key could have`);
  return bigToBytes(value, Math.ceil(value.toString(16).length / 2));
}

function fromBase64Url(jwk: JsonWebKeyLike, field: Field): Uint8Array {
  const text: unknown = jwk[field];
  if (typeof text !== 'string') throw unusable(`${field}: it is missing`);
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw unusable(`${field}: not base64url`);
  const padded = text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (text.length % 4)) % 4);
  return decodeBase64(padded, `${field} of the JWK`);
}

export function toBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail: `JWK: ${detail}`, rfc: 'RFC 7517' });
}
