import { keysOf } from '../../bytes/shape.ts';
import { equalBytes, toHex } from '../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  readDer,
  TAG_BOOLEAN,
  TAG_GENERALIZED_TIME,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
} from '../../bytes/der.ts';
import type { PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import { readPublicKey, readSignatureAlgorithm } from './algorithms.ts';
import { type GeneralName, readGeneralName, readGeneralNames, readName } from './general-name.ts';
import type { SlipNotes } from './slips.ts';

/** An X.509 certificate (RFC 5280 section 4), read strictly and kept as views of its bytes. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** What the signature is over. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content of the INTEGER. */
  readonly serial: Uint8Array;
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** DER Name. */
  readonly subject: Uint8Array;
  /** Milliseconds since 1970, inclusive. */
  readonly notBefore: number;
  /** Milliseconds since 1970, inclusive. */
  readonly notAfter: number;
  /** A year before 2050 was written as GeneralizedTime, which RFC 5280 section 4.1.2.5 does not allow. */
  readonly oddTimes: boolean;
  /** It has issuerUniqueID or subjectUniqueID, which RFC 5280 section 4.1.2.8 tells not to use. */
  readonly uniqueIds: boolean;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Undefined: of a kind that is not known here, or malformed. */
  readonly publicKey: PublicKey | undefined;
  /** DER AlgorithmIdentifier. */
  readonly signatureAlgorithmDer: Uint8Array;
  /** Undefined: not known here, or `twoAlgorithms`. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** What is signed and what stands beside the signature do not name the same algorithm, parameters included. */
  readonly twoAlgorithms: boolean;
  readonly signature: Uint8Array;
  /** By OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** What is odd about it; about its extensions, once they were read. */
  readonly slips: SlipNotes;
  /** What was read or worked out already, extensions by their OID: each once, when it is asked for. */
  readonly read: Map<string, Remembered>;
}

/** What came of reading something: a value, or why it cannot be read. */
export interface Remembered {
  readonly value: unknown;
  readonly error: DerError | undefined;
}

/** An extension of a certificate, as it stands there (RFC 5280 section 4.2). */
export interface CertificateExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** The content of the OCTET STRING. */
  readonly value: Uint8Array;
}

export const OID_SUBJECT_KEY_ID = '2.5.29.14';
export const OID_KEY_USAGE = '2.5.29.15';
export const OID_SUBJECT_ALT_NAME = '2.5.29.17';
export const OID_BASIC_CONSTRAINTS = '2.5.29.19';
export const OID_NAME_CONSTRAINTS = '2.5.29.30';
export const OID_AUTHORITY_KEY_ID = '2.5.29.35';
export const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
export const OID_AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';
export const OID_TLS_FEATURE = '1.3.6.1.5.5.7.1.24';
export const OID_SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
/** Marks a precertificate, which is none (RFC 6962 section 3.1). */
export const OID_POISON = '1.3.6.1.4.1.11129.2.4.3';

/** Most extensions a certificate may have, and most bytes: a larger one is only a way to keep us busy. */
const MAX_EXTENSIONS = 64;
const MAX_BYTES = 131_072;
/** Of a serial number, in bytes. */
const MAX_SERIAL = 64;

/**
 * Reads a DER certificate. Nothing is judged here but its form.
 * @throws DerError when it is not a certificate.
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_BYTES) throw new DerError(`a certificate of ${der.length} bytes`, 0);
  return readDer(der, TAG_SEQUENCE, (outer) => {
    const start = outer.offset;
    const slips: SlipNotes = new Set();
    const fields = outer.sequence((content) => readTbs(content, slips));
    const tbs = der.subarray(start, outer.offset);
    const signatureAlgorithmDer = outer.raw(TAG_SEQUENCE);
    // RFC 5280 section 4.1.1.2: they have to be the same. Such a certificate can be looked at, but never relied on.
    const twoAlgorithms = !equalBytes(signatureAlgorithmDer, fields.innerAlgorithm);
    const signature = outer.bitStringBytes();
    const { innerAlgorithm: _, ...rest } = fields;
    return {
      der,
      tbs,
      ...rest,
      publicKey: readPublicKey(fields.spki, slips),
      signatureAlgorithmDer,
      signatureAlgorithm: twoAlgorithms ? undefined : readSignatureAlgorithm(signatureAlgorithmDer, slips),
      twoAlgorithms,
      signature,
      slips,
      read: new Map(),
    };
  });
}

export function serialText(certificate: Certificate): string {
  return toHex(certificate.serial);
}

type TbsFields = Omit<
  Certificate,
  | 'der'
  | 'tbs'
  | 'publicKey'
  | 'signatureAlgorithmDer'
  | 'signatureAlgorithm'
  | 'twoAlgorithms'
  | 'signature'
  | 'slips'
  | 'read'
> & {
  readonly innerAlgorithm: Uint8Array;
};

function readTbs(tbs: DerCursor, slips: SlipNotes): TbsFields {
  const start = tbs.offset;
  const encodedVersion = tbs.explicit(0, (field) => field.small());
  if (encodedVersion !== undefined && encodedVersion > 2) throw new DerError('a version that cannot be', start);
  // DER leaves out a default: v1 should not be written.
  if (encodedVersion === 0) slips.add('explicit-default');
  const version = encodedVersion === 1 ? 2 : encodedVersion === 2 ? 3 : 1;
  const serialAt = tbs.offset;
  const serial = tbs.integerBytes();
  if (serial.length > MAX_SERIAL) throw new DerError(`a serial number of ${serial.length} bytes`, serialAt);
  if (serial.length > 20) slips.add('long-serial');
  if (serial[0]! >= 0x80) slips.add('negative-serial');
  const innerAlgorithm = tbs.raw(TAG_SEQUENCE);
  const issuer = readName(tbs, slips);
  const [notBefore, notAfter] = tbs.sequence((validity) => [readTime(validity), readTime(validity)] as const);
  const oddTimes = notBefore.odd || notAfter.odd;
  const subject = readName(tbs, slips);
  const spki = tbs.raw(TAG_SEQUENCE);
  const uniqueAt = tbs.offset;
  const issuerId = tbs.optional(contextTag(1), (cursor) => cursor.bitString(contextTag(1)));
  const subjectId = tbs.optional(contextTag(2), (cursor) => cursor.bitString(contextTag(2)));
  if ((issuerId !== undefined || subjectId !== undefined) && version === 1)
    throw new DerError('unique identifiers in version 1', uniqueAt);
  const extensionsAt = tbs.offset;
  const list = tbs.explicit(3, (field) => field.sequenceOf((item) => readExtension(item, slips), 1)) ?? [];
  if (list.length > 0 && version !== 3) throw new DerError(`extensions in version ${version}`, extensionsAt);
  if (list.length > MAX_EXTENSIONS) throw new DerError(`${list.length} extensions`, extensionsAt);
  const extensions = new Map<string, CertificateExtension>();
  for (const extension of list) {
    if (extensions.has(extension.oid)) throw new DerError(`extension ${extension.oid} twice`, extensionsAt);
    extensions.set(extension.oid, extension);
  }
  return {
    version,
    serial,
    innerAlgorithm,
    issuer,
    subject,
    notBefore: notBefore.time,
    notAfter: notAfter.time,
    oddTimes,
    uniqueIds: issuerId !== undefined || subjectId !== undefined,
    spki,
    extensions,
  };
}

/** UTCTime as far as it goes. */
const FIRST_GENERALIZED = 2_524_608_000_000;

function readTime(validity: DerCursor): { readonly time: number; readonly odd: boolean } {
  const generalized = validity.peek() === TAG_GENERALIZED_TIME;
  const time = validity.time();
  return { time, odd: generalized && time < FIRST_GENERALIZED };
}

/** One Extension. @param slips where what is odd about it is noted; without it, that is an error. @throws DerError */
export function readExtension(content: DerCursor, slips?: SlipNotes): CertificateExtension {
  return content.sequence((fields) => {
    const oid = fields.oid();
    const at = fields.offset;
    const critical = fields.optional(TAG_BOOLEAN, (cursor) => cursor.boolean());
    if (critical === false && slips === undefined) throw new DerError('a default that is written out', at);
    if (critical === false) slips?.add('explicit-default');
    return { oid, critical: critical ?? false, value: fields.octetString() };
  });
}

/** RFC 5280 section 4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

export function basicConstraints(certificate: Certificate): BasicConstraints | undefined {
  return readOnce(certificate, OID_BASIC_CONSTRAINTS, (value) =>
    readDer(value, TAG_SEQUENCE, (fields) => {
      const ca = fields.optional(TAG_BOOLEAN, (cursor) => cursor.boolean());
      if (ca === false) certificate.slips.add('explicit-default');
      const pathLength = fields.optional(TAG_INTEGER, (cursor) => cursor.small());
      if (pathLength !== undefined && pathLength > 255) certificate.slips.add('large-path-length');
      return { ca: ca ?? false, pathLength };
    }),
  );
}

/** Bits of KeyUsage (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

/** What a key may be used for (RFC 5280 section 4.2.1.3). */
export type KeyUsage = keyof typeof KEY_USAGE;

/** The usages a certificate allows; undefined: it does not say. Zeros at the end, which DER leaves out, are read too. */
export function keyUsage(certificate: Certificate): ReadonlySet<KeyUsage> | undefined {
  return readOnce(certificate, OID_KEY_USAGE, (value) => {
    const cursor = new DerCursor(value);
    const { bytes, unused } = cursor.bitString();
    cursor.finish();
    const last = bytes[bytes.length - 1];
    if (last !== undefined && ((last >> unused) & 1) === 0) certificate.slips.add('trailing-zeros');
    const has = (bit: number): boolean => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
    const set = new Set(keysOf(KEY_USAGE).filter((name) => has(KEY_USAGE[name])));
    if (set.size === 0) throw new DerError('a key usage that allows nothing', 0);
    return set;
  });
}

export const EKU_ANY = '2.5.29.37.0';
export const EKU_SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const EKU_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const EKU_OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/** OIDs of the purposes (RFC 5280 section 4.2.1.12); undefined: it does not say. */
export function extendedKeyUsage(certificate: Certificate): readonly string[] | undefined {
  return readOnce(certificate, OID_EXTENDED_KEY_USAGE, (value) => {
    const cursor = new DerCursor(value);
    const list = cursor.sequenceOf((item) => item.oid(), 1);
    cursor.finish();
    return list;
  });
}

export function subjectAltNames(certificate: Certificate): readonly GeneralName[] | undefined {
  return readOnce(certificate, OID_SUBJECT_ALT_NAME, (value) => {
    const cursor = new DerCursor(value);
    const names = readGeneralNames(cursor, TAG_SEQUENCE, certificate.slips);
    cursor.finish();
    return names;
  });
}

export function subjectKeyId(certificate: Certificate): Uint8Array | undefined {
  return readOnce(certificate, OID_SUBJECT_KEY_ID, (value) => {
    const cursor = new DerCursor(value);
    const id = cursor.octetString(TAG_OCTET_STRING);
    cursor.finish();
    return id;
  });
}

/** RFC 5280 section 4.2.1.1. */
export interface AuthorityKeyId {
  readonly keyId: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  readonly serial: Uint8Array | undefined;
}

export function authorityKeyId(certificate: Certificate): AuthorityKeyId | undefined {
  return readOnce(certificate, OID_AUTHORITY_KEY_ID, (value) =>
    readDer(value, TAG_SEQUENCE, (fields) => {
      const keyId = fields.optional(contextTag(0), (cursor) => cursor.octetString(contextTag(0)));
      const issuer = fields.optional(contextConstructed(1), (cursor) =>
        readGeneralNames(cursor, contextConstructed(1), certificate.slips),
      );
      const serial = fields.optional(contextTag(2), (cursor) => cursor.integerBytes(contextTag(2)));
      if ((issuer === undefined) !== (serial === undefined)) certificate.slips.add('partial-authority-key-id');
      return { keyId, issuer, serial };
    }),
  );
}

/** RFC 5280 section 4.2.2.1. */
export interface AccessDescription {
  /** OID. */
  readonly method: string;
  readonly location: GeneralName;
}

export function authorityInfoAccess(certificate: Certificate): readonly AccessDescription[] | undefined {
  return readOnce(certificate, OID_AUTHORITY_INFO_ACCESS, (value) => {
    const cursor = new DerCursor(value);
    const list = cursor.sequenceOf((item) =>
      item.sequence((fields) => ({ method: fields.oid(), location: readGeneralName(fields, certificate.slips) })),
    );
    cursor.finish();
    if (list.length === 0) certificate.slips.add('empty-list');
    return list;
  });
}

/** Where the issuer's certificate can be had (RFC 5280 section 4.2.2.1). */
export function issuerUris(certificate: Certificate): readonly string[] {
  return (authorityInfoAccess(certificate) ?? []).flatMap(({ method, location }) =>
    method === '1.3.6.1.5.5.7.48.2' && location.kind === 'uri' ? [location.text] : [],
  );
}

/** Reads an extension if it is there, once: what came of it, a DerError too, is kept. Only for the one reader an OID has. */
export function readOnce<T>(certificate: Certificate, oid: string, read: (value: Uint8Array) => T): T | undefined {
  const extension = certificate.extensions.get(oid);
  return extension === undefined ? undefined : remember(certificate, oid, () => read(extension.value));
}

/** What `make` gives or throws, which is asked once for each certificate and key. A key stands for one type of value. */
export function remember<T>({ read }: Certificate, key: string, make: () => T): T {
  const known = read.get(key);
  if (known !== undefined) {
    if (known.error !== undefined) throw known.error;
    return known.value as T;
  }
  try {
    const value = make();
    read.set(key, { value, error: undefined });
    return value;
  } catch (error) {
    if (error instanceof DerError) read.set(key, { value: undefined, error });
    throw error;
  }
}
