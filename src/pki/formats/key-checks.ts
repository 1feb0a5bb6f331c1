import { bigFromBytes } from '../../bytes/bigint.ts';
import { isUsableKey } from '../../crypto/rsa.ts';
import type { NamedCurve, PrivateKey } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';

/** Orders of the curves (FIPS 186-5, SP 800-186 section 3.2.1). */
const ORDERS: { readonly [C in NamedCurve]: string } = {
  'P-256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'P-384': 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  'P-521':
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
};

/** @throws TlsError ERR_KEY when a private number is not from 1 to the order of its curve less one. */
export function checkScalar(curve: NamedCurve, scalar: Uint8Array): void {
  const value = bigFromBytes(scalar);
  if (value === 0n || value >= BigInt(`0x${ORDERS[curve]}`))
    throw unusable(`the private number is not one of ${curve}`);
}

/**
 * A key whose numbers do not belong together would give away its factors with the first signature.
 * @throws TlsError ERR_KEY
 */
export function checkRsa(key: Extract<PrivateKey, { kind: 'rsa' }>): void {
  const numbers = [
    key.publicExponent,
    key.privateExponent,
    key.prime1,
    key.prime2,
    key.exponent1,
    key.exponent2,
    key.coefficient,
  ];
  if (!isUsableKey(key.modulus, key.publicExponent))
    throw unusable('RSA keys of 1024 to 8192 bits with an odd exponent of 3 to 2^33 are worked with');
  // Nothing is multiplied before it is known to be of a size that can be right.
  if (numbers.some(({ length }) => length > key.modulus.length))
    throw unusable('a number of the RSA key is longer than its modulus');
  const n = bigFromBytes(key.modulus);
  const [e, d] = [bigFromBytes(key.publicExponent), bigFromBytes(key.privateExponent)];
  const [p, q] = [bigFromBytes(key.prime1), bigFromBytes(key.prime2)];
  const [dp, dq] = [bigFromBytes(key.exponent1), bigFromBytes(key.exponent2)];
  const qInverse = bigFromBytes(key.coefficient);
  if (p < 3n || q < 3n || p === q || p * q !== n) throw unusable('the primes of the RSA key do not make its modulus');
  const one = (value: bigint, modulus: bigint): boolean => value % modulus === 1n;
  const fits =
    one(d * e, p - 1n) && one(d * e, q - 1n) && one(dp * e, p - 1n) && one(dq * e, q - 1n) && one(qInverse * q, p);
  if (!fits || dp >= p || dq >= q || qInverse >= p) throw unusable('the numbers of the RSA key do not belong together');
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
