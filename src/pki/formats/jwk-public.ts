import { concat } from '../../bytes/bytes.ts';
import { FIELD_SIZE } from '../../crypto/spki.ts';
import type { PublicKey } from '../../crypto/types.ts';
import { exactly, type JsonWebKeyLike, magnitude, toBase64Url, unusable } from './jwk.ts';

/**
 * A public key from a JWK: `EC` with P-256, P-384, P-521; `RSA`; `OKP` with Ed25519, Ed448; `AKP` with ML-DSA-44, -65, -87.
 * Private members are not looked at.
 * @throws TlsError ERR_KEY, naming the field that is missing or wrong.
 *
 * @example
 * ```ts
 * import { publicKeyFromJwk } from 'warifu/pki';
 * const key = publicKeyFromJwk({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' });
 * key.kind; // 'ed25519'
 * ```
 */
export function publicKeyFromJwk(jwk: JsonWebKeyLike): PublicKey {
  switch (jwk.kty) {
    case 'EC': {
      const { crv } = jwk;
      if (crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521')
        throw unusable(`crv: ${JSON.stringify(crv)} is not one of P-256, P-384, P-521`);
      const size = FIELD_SIZE[crv];
      return {
        kind: 'ec',
        curve: crv,
        point: concat(Uint8Array.of(4), exactly(jwk, 'x', size), exactly(jwk, 'y', size)),
      };
    }
    case 'RSA':
      return { kind: 'rsa', modulus: magnitude(jwk, 'n'), exponent: magnitude(jwk, 'e') };
    case 'OKP':
      if (jwk.crv === 'Ed25519') return { kind: 'ed25519', key: exactly(jwk, 'x', 32) };
      if (jwk.crv === 'Ed448') return { kind: 'ed448', key: exactly(jwk, 'x', 57) };
      throw unusable(`crv: ${JSON.stringify(jwk.crv)} is not one of Ed25519, Ed448`);
    case 'AKP': {
      const size = jwk.alg === undefined ? undefined : ML_DSA[jwk.alg];
      if (size === undefined)
        throw unusable(`alg: ${JSON.stringify(jwk.alg)} is not one of ${Object.keys(ML_DSA).join(', ')}`);
      return { kind: size.kind, key: exactly(jwk, 'pub', size.bytes) };
    }
    default:
      throw unusable(`kty: ${JSON.stringify(jwk.kty)} is not one of EC, RSA, OKP, AKP`);
  }
}

/** FIPS 204 table 2. */
const ML_DSA: {
  readonly [alg: string]: { readonly kind: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'; readonly bytes: number };
} = {
  'ML-DSA-44': { kind: 'ml-dsa-44', bytes: 1312 },
  'ML-DSA-65': { kind: 'ml-dsa-65', bytes: 1952 },
  'ML-DSA-87': { kind: 'ml-dsa-87', bytes: 2592 },
};

/**
 * The JWK of a public key. What an RSA key says about PSS is not in it: JWK has no place for that.
 *
 * @example
 * ```ts
 * import { publicKeyFromJwk, publicKeyToJwk } from 'warifu/pki';
 * const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
 * publicKeyToJwk(publicKeyFromJwk(jwk)).x; // '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
 * ```
 */
export function publicKeyToJwk(key: PublicKey): JsonWebKeyLike {
  switch (key.kind) {
    case 'ec': {
      const size = FIELD_SIZE[key.curve];
      const [x, y] = [key.point.subarray(1, 1 + size), key.point.subarray(1 + size)];
      return { kty: 'EC', crv: key.curve, x: toBase64Url(x), y: toBase64Url(y) };
    }
    case 'rsa':
      return { kty: 'RSA', n: toBase64Url(key.modulus), e: toBase64Url(key.exponent) };
    case 'ed25519':
    case 'ed448':
      return { kty: 'OKP', crv: key.kind === 'ed25519' ? 'Ed25519' : 'Ed448', x: toBase64Url(key.key) };
    default:
      return { kty: 'AKP', alg: key.kind.toUpperCase(), pub: toBase64Url(key.key) };
  }
}
