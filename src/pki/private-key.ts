import { bigFromBytes } from '../bytes/bigint.ts';
import { contextConstructed, DerCursor, DerError, readDer, TAG_NULL, TAG_OCTET_STRING, TAG_SEQUENCE } from '../bytes/der.ts';
import { FIELD_SIZE } from '../crypto/spki.ts';
import type { NamedCurve, PrivateKey } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { readPem } from './pem.ts';

const CURVES: { readonly [oid: string]: NamedCurve } = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/**
 * A private key from PEM text: PKCS#8 (RFC 5958), SEC1 (RFC 5915) or PKCS#1 (RFC 8017), for EC, RSA, Ed25519 and Ed448.
 * @throws TlsError ERR_KEY, saying what was found, when there is not exactly one that can be read.
 *
 * @example
 * ```ts
 * import { privateKeyFromPem } from 'warifu/pki';
 * const key = privateKeyFromPem(`-----BEGIN PRIVATE KEY-----
 * MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
 * -----END PRIVATE KEY-----`);
 * key.kind; // 'ed25519'
 * ```
 */
export function privateKeyFromPem(text: string): PrivateKey {
  const blocks = readPem(text).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [block] = blocks;
  if (block === undefined) throw unusable('the PEM text holds no private key');
  if (blocks.length > 1) throw unusable(`the PEM text holds ${blocks.length} private keys`);
  if (block.label === 'ENCRYPTED PRIVATE KEY' || block.headers.some((header) => header.includes('ENCRYPTED'))) {
    throw unusable('the private key is encrypted');
  }
  return privateKeyFromDer(block.der, block.label);
}

/**
 * A private key from DER. `label` is the PEM label; without it the three forms are told apart by what they hold.
 * @throws TlsError ERR_KEY when it cannot be read.
 */
export function privateKeyFromDer(der: Uint8Array, label?: string): PrivateKey {
  try {
    switch (label ?? guessForm(der)) {
      case 'PRIVATE KEY':
        return readPkcs8(der);
      case 'EC PRIVATE KEY':
        return readSec1(der, undefined);
      case 'RSA PRIVATE KEY':
        return readPkcs1(der, false);
      default:
        throw unusable(`a ${label} is not a kind of key that is known here`);
    }
  } catch (error) {
    if (error instanceof DerError) throw new TlsError('ERR_KEY', { detail: `the private key cannot be read: ${error.message}`, cause: error });
    throw error;
  }
}

/** PKCS#8 has a SEQUENCE behind the version, SEC1 an OCTET STRING, PKCS#1 an INTEGER. */
function guessForm(der: Uint8Array): string {
  const cursor = new DerCursor(der);
  const { contentStart, end } = cursor.element(TAG_SEQUENCE);
  const fields = new DerCursor(der, contentStart, end);
  fields.small();
  const tag = fields.peek();
  return tag === TAG_SEQUENCE ? 'PRIVATE KEY' : tag === TAG_OCTET_STRING ? 'EC PRIVATE KEY' : 'RSA PRIVATE KEY';
}

function readPkcs8(der: Uint8Array): PrivateKey {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    if (fields.small() > 1) throw new DerError('an unknown version of PKCS#8', start);
    const { oid, curve } = fields.sequence((algorithm) => {
      const id = algorithm.oid();
      if (id === '1.2.840.10045.2.1') return { oid: id, curve: readCurve(algorithm) };
      algorithm.optional(TAG_NULL, (cursor) => cursor.null());
      while (!algorithm.done) algorithm.element();
      return { oid: id, curve: undefined };
    });
    const key = fields.octetString();
    // Attributes and a public key may follow (RFC 5958 section 2); neither is needed.
    while (!fields.done) fields.element();
    switch (oid) {
      case '1.2.840.10045.2.1':
        return readSec1(key, curve);
      case '1.2.840.113549.1.1.1':
        return readPkcs1(key, false);
      case '1.2.840.113549.1.1.10':
        return readPkcs1(key, true);
      case '1.3.101.112':
        return { kind: 'ed25519', seed: readSeed(key, 32) };
      case '1.3.101.113':
        return { kind: 'ed448', seed: readSeed(key, 57) };
      default:
        throw unusable(`the key algorithm ${oid} is not known here`);
    }
  });
}

function readSec1(der: Uint8Array, curve: NamedCurve | undefined): PrivateKey {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    if (fields.small() !== 1) throw new DerError('an unknown version of ECPrivateKey', start);
    const scalar = fields.octetString();
    const named = fields.explicit(0, readCurve) ?? curve;
    fields.optional(contextConstructed(1), (cursor) => cursor.element());
    if (named === undefined) throw unusable('the EC key does not say its curve');
    if (curve !== undefined && named !== curve) throw unusable(`the EC key names two curves, ${curve} and ${named}`);
    const size = FIELD_SIZE[named];
    if (scalar.length > size) throw new DerError('a private key that is too long for its curve', start);
    const padded = new Uint8Array(size);
    padded.set(scalar, size - scalar.length);
    return { kind: 'ec', curve: named, scalar: padded };
  });
}

function readCurve(cursor: DerCursor): NamedCurve {
  const oid = cursor.oid();
  const curve = CURVES[oid];
  if (curve === undefined) throw unusable(`the curve ${oid} is not one of P-256, P-384, P-521`);
  return curve;
}

function readPkcs1(der: Uint8Array, pss: boolean): PrivateKey {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    if (fields.small() !== 0) throw new DerError('an RSA key of more than two primes', start);
    const key = {
      kind: 'rsa' as const,
      pss,
      modulus: fields.unsigned(),
      publicExponent: fields.unsigned(),
      privateExponent: fields.unsigned(),
      prime1: fields.unsigned(),
      prime2: fields.unsigned(),
      exponent1: fields.unsigned(),
      exponent2: fields.unsigned(),
      coefficient: fields.unsigned(),
    };
    checkRsa(key);
    return key;
  });
}

/** A key whose numbers do not belong together would give away its factors with the first signature. */
function checkRsa(key: Extract<PrivateKey, { kind: 'rsa' }>): void {
  const [n, e, p, q] = [key.modulus, key.publicExponent, key.prime1, key.prime2].map(bigFromBytes) as [bigint, bigint, bigint, bigint];
  const fits =
    p * q === n &&
    (bigFromBytes(key.exponent1) * e) % (p - 1n) === 1n &&
    (bigFromBytes(key.exponent2) * e) % (q - 1n) === 1n &&
    (bigFromBytes(key.coefficient) * q) % p === 1n;
  if (!fits) throw unusable('the numbers of the RSA key do not belong together');
}

/** CurvePrivateKey (RFC 8410 section 7): an OCTET STRING inside the OCTET STRING. */
function readSeed(der: Uint8Array, size: number): Uint8Array {
  const cursor = new DerCursor(der);
  const seed = cursor.octetString();
  cursor.finish();
  if (seed.length !== size) throw new DerError(`a private key of ${seed.length} bytes where ${size} belong`, 0);
  return seed;
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
