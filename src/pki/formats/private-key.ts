import { concat } from '../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  readDer,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
} from '../../bytes/der.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
} from '../../bytes/der-writer.ts';
import { concealKey } from '../../crypto/private-key.ts';
import { FIELD_SIZE } from '../../crypto/spki.ts';
import type { NamedCurve, PrivateKey, PublicKey } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import { checkRsa, checkScalar } from './key-checks.ts';
import { readParts } from '../x509/file-parts.ts';
import { writePem } from '../x509/pem.ts';

const OID_EC = '1.2.840.10045.2.1';
const OID_RSA = '1.2.840.113549.1.1.1';
const OID_PSS = '1.2.840.113549.1.1.10';
const OID_ED25519 = '1.3.101.112';
const OID_ED448 = '1.3.101.113';

const CURVES: { readonly [oid: string]: NamedCurve } = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/** An RSA key of 8192 bits takes under 5 KB: what is larger is no key that is worked with here. */
const MAX_BYTES = 16_384;

/** A private key as a file holds it. */
export interface PrivateKeyFile {
  readonly key: PrivateKey;
  /** The public half that some files carry along: the point of an EC key, or the 32 or 57 bytes of an Edwards key. */
  readonly publicBytes: Uint8Array | undefined;
}

/**
 * A private key from PEM text: PKCS#8 (RFC 5958), SEC1 (RFC 5915) or PKCS#1 (RFC 8017), for EC, RSA, Ed25519 and Ed448.
 * Certificates and parameters in the same text are ignored.
 * @throws TlsError ERR_KEY, saying what was found, when there is not exactly one that can be read; ERR_PASSWORD when it
 * is encrypted.
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
  const blocks = readParts(text, { what: 'privateKey', kinds: ['private-key', 'encrypted-key'], strict: true });
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) throw unusable(`the PEM text holds ${blocks.length} private keys`);
  if (block.kind === 'encrypted-key' || block.headers.some((header) => header.includes('ENCRYPTED'))) {
    throw new TlsError('ERR_PASSWORD', { detail: 'the private key is encrypted, and no password was given' });
  }
  return privateKeyFromDer(block.der, block.label);
}

/**
 * A private key from DER. `label` is the PEM label; without it the three forms are told apart by what they hold.
 * @throws TlsError ERR_KEY when it cannot be read, or its numbers do not belong together.
 *
 * @example
 * ```ts
 * import { privateKeyFromDer } from 'warifu/pki';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { der } = await generateKeyPair('Ed25519');
 * privateKeyFromDer(der).kind; // 'ed25519'
 * ```
 */
export function privateKeyFromDer(der: Uint8Array, label?: string): PrivateKey {
  return readPrivateKey(der, label).key;
}

/** {@link privateKeyFromDer}, with the public half where the file has one. It is not checked here: that takes a curve. */
export function readPrivateKey(der: Uint8Array, label?: string): PrivateKeyFile {
  try {
    if (der.length > MAX_BYTES) throw new DerError(`a private key of ${der.length} bytes`, 0);
    switch (label ?? guessForm(der)) {
      case 'PRIVATE KEY':
        return readPkcs8(der);
      case 'EC PRIVATE KEY':
        return readSec1(der, undefined);
      case 'RSA PRIVATE KEY':
        return { key: readPkcs1(der, false), publicBytes: undefined };
      default:
        throw unusable(`a ${label} is not a kind of key that is known here`);
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TlsError('ERR_KEY', { detail: `the private key cannot be read: ${error.message}`, cause: error });
  }
}

/**
 * DER PKCS#8 (RFC 5958), without attributes. An EC key carries its public half where that is given (RFC 5915 section 3
 * asks for it): GnuTLS and NSS read none without.
 *
 * @example
 * ```ts
 * import { encodePrivateKey, privateKeyFromDer } from 'warifu/pki';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { privateKey, publicKey } = await generateKeyPair('P-256');
 * const der = encodePrivateKey(privateKey, publicKey);
 * privateKeyFromDer(der).kind; // 'ec'
 * ```
 */
export function encodePrivateKey(key: PrivateKey, publicKey?: PublicKey): Uint8Array {
  const pkcs8 = (algorithm: readonly Uint8Array[], content: Uint8Array): Uint8Array =>
    derSequence(derInteger(0), derSequence(...algorithm), derOctetString(content));
  switch (key.kind) {
    case 'ec': {
      const curve = Object.keys(CURVES).find((oid) => CURVES[oid] === key.curve)!;
      const point = publicKey?.kind === 'ec' ? [derElement(contextConstructed(1), derBitString(publicKey.point))] : [];
      return pkcs8([derOid(OID_EC), derOid(curve)], derSequence(derInteger(1), derOctetString(key.scalar), ...point));
    }
    case 'rsa': {
      const numbers = [
        key.modulus,
        key.publicExponent,
        key.privateExponent,
        key.prime1,
        key.prime2,
        key.exponent1,
        key.exponent2,
        key.coefficient,
      ].map(derInteger);
      const algorithm = key.pss ? [derOid(OID_PSS)] : [derOid(OID_RSA), derNull()];
      return pkcs8(algorithm, derSequence(derInteger(0), ...numbers));
    }
    default:
      return pkcs8([derOid(key.kind === 'ed25519' ? OID_ED25519 : OID_ED448)], derOctetString(key.seed));
  }
}

/**
 * PKCS#8 in PEM, not encrypted; with the public half as for {@link encodePrivateKey}.
 * @example
 * ```ts
 * import { privateKeyToPem } from 'warifu/pki';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { privateKey, publicKey } = await generateKeyPair('P-256');
 * privateKeyToPem(privateKey, publicKey).startsWith('-----BEGIN PRIVATE KEY-----'); // true
 * ```
 */
export function privateKeyToPem(key: PrivateKey, publicKey?: PublicKey): string {
  return writePem('PRIVATE KEY', encodePrivateKey(key, publicKey));
}

/** PKCS#8 has a SEQUENCE behind the version, SEC1 an OCTET STRING, PKCS#1 an INTEGER. */
function guessForm(der: Uint8Array): string {
  const cursor = new DerCursor(der);
  const { contentStart, end } = cursor.element(TAG_SEQUENCE);
  const fields = new DerCursor(der, contentStart, end);
  if (fields.peek() === TAG_SEQUENCE) {
    throw new TlsError('ERR_PASSWORD', { detail: 'the private key is encrypted, and no password was given' });
  }
  fields.small();
  const tag = fields.peek();
  return tag === TAG_SEQUENCE ? 'PRIVATE KEY' : tag === TAG_OCTET_STRING ? 'EC PRIVATE KEY' : 'RSA PRIVATE KEY';
}

function readPkcs8(der: Uint8Array): PrivateKeyFile {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    const version = fields.small();
    if (version > 1) throw new DerError('an unknown version of PKCS#8', start);
    const { oid, curve } = fields.sequence(readAlgorithm);
    const content = fields.octetString();
    fields.optional(contextConstructed(0), (cursor) =>
      cursor.sequenceOf((attribute) => attribute.raw(TAG_SEQUENCE), 0, contextConstructed(0)),
    );
    const publicBytes =
      version === 1 ? fields.optional(contextTag(1), (cursor) => cursor.bitStringBytes(contextTag(1))) : undefined;
    const read = readContent(oid, curve, content);
    return { key: read.key, publicBytes: publicBytes ?? read.publicBytes };
  });
}

function readAlgorithm(algorithm: DerCursor): { readonly oid: string; readonly curve: NamedCurve | undefined } {
  const oid = algorithm.oid();
  let curve: NamedCurve | undefined;
  if (oid === OID_EC) curve = readCurve(algorithm);
  else if (oid === OID_RSA) algorithm.null();
  // The parameters of a PSS key are those of its certificate, where they are looked at.
  else if (oid === OID_PSS) algorithm.optional(TAG_SEQUENCE, (cursor) => cursor.raw(TAG_SEQUENCE));
  else if (oid !== OID_ED25519 && oid !== OID_ED448) throw unusable(`the key algorithm ${oid} is not known here`);
  return { oid, curve };
}

function readContent(oid: string, curve: NamedCurve | undefined, content: Uint8Array): PrivateKeyFile {
  switch (oid) {
    case OID_EC:
      return readSec1(content, curve);
    case OID_ED25519:
      return { key: concealKey({ kind: 'ed25519', seed: readSeed(content, 32) }), publicBytes: undefined };
    case OID_ED448:
      return { key: concealKey({ kind: 'ed448', seed: readSeed(content, 57) }), publicBytes: undefined };
    default:
      return { key: readPkcs1(content, oid === OID_PSS), publicBytes: undefined };
  }
}

function readSec1(der: Uint8Array, curve: NamedCurve | undefined): PrivateKeyFile {
  return readDer(der, TAG_SEQUENCE, (fields) => {
    const start = fields.offset;
    if (fields.small() !== 1) throw new DerError('an unknown version of ECPrivateKey', start);
    const scalar = fields.octetString();
    const named = fields.explicit(0, readCurve) ?? curve;
    const publicBytes = fields.explicit(1, (content) => content.bitStringBytes());
    if (named === undefined) throw unusable('the EC key does not say its curve');
    if (curve !== undefined && named !== curve) throw unusable(`the EC key names two curves, ${curve} and ${named}`);
    const size = FIELD_SIZE[named];
    // RFC 5915 section 3 wants the size of the order; some tools leave zero bytes out.
    if (scalar.length > size) throw new DerError('a private key that is too long for its curve', start);
    const padded = concat(new Uint8Array(size - scalar.length), scalar);
    checkScalar(named, padded);
    return { key: concealKey({ kind: 'ec', curve: named, scalar: padded }), publicBytes };
  });
}

function readCurve(cursor: DerCursor): NamedCurve {
  if (cursor.peek() !== TAG_OID)
    throw unusable('the curve of the EC key is not named: explicit parameters are not taken');
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
    return concealKey(key);
  });
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
