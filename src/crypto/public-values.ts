import { bigFromBytes } from '../bytes/bigint.ts';
import { fromHex } from '../bytes/bytes.ts';
import { FIELD_SIZE } from './spki.ts';
import type { NamedCurve, PublicKey } from './types.ts';

/**
 * Which public keys and shares are worked with at all, for every provider alike: what one library refuses and another
 * takes must not depend on where a program runs. All values here are public, so nothing is constant in time.
 */

interface ShortWeierstrass {
  readonly p: bigint;
  readonly b: bigint;
}

/** SP 800-186 section 3.2.1; a is -3 in all of them, and the cofactor is 1. */
function weierstrass(curve: NamedCurve): ShortWeierstrass {
  switch (curve) {
    case 'P-256':
      return {
        p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
        b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
      };
    case 'P-384':
      return {
        p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
        b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
      };
    case 'P-521':
      return {
        p: 2n ** 521n - 1n,
        b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
      };
  }
}

/**
 * Is it an uncompressed point of this curve (SEC 1 section 2.3.4)? The coordinates have to be below the prime and to
 * fulfil the equation; in a group of prime order that is all there is to check (SP 800-56A section 5.6.2.3.4).
 */
export function isCurvePoint(curve: NamedCurve, point: Uint8Array): boolean {
  const size = FIELD_SIZE[curve];
  if (point.length !== 2 * size + 1 || point[0] !== 4) return false;
  const { p, b } = weierstrass(curve);
  const x = bigFromBytes(point.subarray(1, 1 + size));
  const y = bigFromBytes(point.subarray(1 + size));
  return x < p && y < p && (y * y - (x * x - 3n) * x - b) % p === 0n;
}

/**
 * u of the points of Curve25519 whose order divides the cofactor, as they are sent, without the highest bit: 0, 1, the two of
 * order 8, p - 1, and p and p + 1, which are 0 and 1 again. Whatever the private key, the secret is all zeros or known.
 */
const SMALL_ORDER_25519: readonly Uint8Array[] = /* @__PURE__ */ [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(fromHex);

/**
 * May it be a peer's share (RFC 7748 section 6, RFC 9846 section 7.4.2)? u is taken modulo the prime, as the RFC says.
 * Points of the twist are fine.
 */
export function isMontgomeryShare(curve: 'X25519' | 'X448', share: Uint8Array): boolean {
  if (curve === 'X25519') return share.length === 32 && !SMALL_ORDER_25519.some((small) => isSameU(small, share));
  if (share.length !== 56) return false;
  const p = 2n ** 448n - 2n ** 224n - 1n;
  const u = littleEndian(share) % p;
  return u > 1n && u !== p - 1n;
}

/** The highest bit is no part of u (RFC 7748 section 5). */
function isSameU(u: Uint8Array, share: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (u[i] !== share[i]) return false;
  return u[31] === (share[31]! & 127);
}

/** y of the points of order 8 on edwards25519; the others have this one's negative. */
const ORDER_EIGHT_ED25519 = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/**
 * Is it a key of Ed25519 or Ed448? y has to be reduced (RFC 8032 sections 5.1.3, 5.2.3). A key of small order belongs to no one:
 * with S = 0 it has a signature that fits every message.
 */
export function isEdwardsKey(kind: 'ed25519' | 'ed448', key: Uint8Array): boolean {
  const ed25519 = kind === 'ed25519';
  if (key.length !== (ed25519 ? 32 : 57)) return false;
  const p = ed25519 ? 2n ** 255n - 19n : 2n ** 448n - 2n ** 224n - 1n;
  // The highest bit is the sign of x.
  const y = littleEndian(key) % (ed25519 ? 2n ** 255n : 2n ** 455n);
  if (y <= 1n || y >= p - 1n) return false;
  return !ed25519 || (y !== ORDER_EIGHT_ED25519 && y !== p - ORDER_EIGHT_ED25519);
}

/** Can a signature be checked with this key? What RSA keys have to be is said in rsa.ts, and looked at with each signature. */
export function isValidPublicKey(key: PublicKey): boolean {
  switch (key.kind) {
    case 'ec':
      return isCurvePoint(key.curve, key.point);
    case 'ed25519':
    case 'ed448':
      return isEdwardsKey(key.kind, key.key);
    case 'rsa':
      return true;
    default:
      return key.key.length === ML_DSA_KEY_SIZE[key.kind];
  }
}

/** FIPS 204 section 4, table 2. */
const ML_DSA_KEY_SIZE: { readonly [kind: string]: number } = {
  'ml-dsa-44': 1312,
  'ml-dsa-65': 1952,
  'ml-dsa-87': 2592,
};

/** FIPS 203 section 7.2: the right size, and every coefficient below 3329. */
export function isEncapsulationKey(key: Uint8Array, size: number): boolean {
  if (key.length !== size) return false;
  for (let i = 0; i + 2 < size - 32; i += 3) {
    const first = key[i]! | ((key[i + 1]! & 15) << 8);
    const second = (key[i + 1]! >> 4) | (key[i + 2]! << 4);
    if (first >= 3329 || second >= 3329) return false;
  }
  return true;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bigFromBytes(bytes.slice().reverse());
}
