import { toBase64Url } from '../bytes/bytes.ts';
import type { PrivateKey, PublicKey } from './types.ts';

/** A JSON Web Key, as it is written: RFC 7518 section 6, RFC 8037. The fields of a key in base64url. */
export interface Jwk {
  readonly kty: 'EC' | 'RSA' | 'OKP';
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly d?: string;
  readonly n?: string;
  readonly e?: string;
  readonly p?: string;
  readonly q?: string;
  readonly dp?: string;
  readonly dq?: string;
  readonly qi?: string;
}

/**
 * A public key as JWK; undefined for kinds that have none here. RSA as a plain RSA key: what a PSS key allows is checked by
 * our rules.
 */
export function publicJwk(key: PublicKey): Jwk | undefined {
  switch (key.kind) {
    case 'ec': {
      const end = (key.point.length + 1) / 2;
      const [x, y] = [key.point.subarray(1, end), key.point.subarray(end)];
      return { kty: 'EC', crv: key.curve, x: toBase64Url(x), y: toBase64Url(y) };
    }
    case 'rsa':
      return { kty: 'RSA', n: toBase64Url(key.modulus), e: toBase64Url(key.exponent) };
    case 'ed25519':
      return { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key.key) };
    case 'ed448':
      return { kty: 'OKP', crv: 'Ed448', x: toBase64Url(key.key) };
    default:
      return undefined;
  }
}

/** A private key as JWK, with its public half (RFC 7518 section 6.2.2); undefined: the halves do not go together. */
export function privateJwk(key: PrivateKey, publicKey: PublicKey): Jwk | undefined {
  const half = publicKey.kind === key.kind ? publicJwk(publicKey) : undefined;
  if (half === undefined) return undefined;
  switch (key.kind) {
    case 'ec':
      return { ...half, d: toBase64Url(key.scalar) };
    case 'rsa':
      return {
        ...half,
        d: toBase64Url(key.privateExponent),
        p: toBase64Url(key.prime1),
        q: toBase64Url(key.prime2),
        dp: toBase64Url(key.exponent1),
        dq: toBase64Url(key.exponent2),
        qi: toBase64Url(key.coefficient),
      };
    default:
      return { ...half, d: toBase64Url(key.seed) };
  }
}
