import type { RevocationReason } from '../../handshake/peer.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  readDer,
  TAG_ENUMERATED,
  TAG_GENERALIZED_TIME,
  TAG_INTEGER,
  TAG_SEQUENCE,
  TAG_UTC_TIME,
} from '../../bytes/der.ts';
import { readSignatureAlgorithm } from '../x509/algorithms.ts';
import type { SignatureAlgorithm } from '../../crypto/types.ts';
import { type CertificateExtension, readExtension } from '../x509/certificate.ts';
import { type CrlEntries, scanEntries } from './crl-entries.ts';
import {
  type DistributionPoint,
  type IssuingDistributionPoint,
  readDistributionPoints,
  readIssuingDistributionPoint,
} from '../x509/distribution-point.ts';
import { type GeneralName, readGeneralNames, readName } from '../x509/general-name.ts';
import { sameName } from '../x509/names.ts';

/** A certificate revocation list (RFC 5280 section 5), read strictly and kept as views of its bytes. */
export interface Crl {
  /** The whole list. */
  readonly der: Uint8Array;
  /** What the signature is over. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  /** DER Name. */
  readonly issuer: Uint8Array;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  /** Milliseconds since 1970; undefined: it does not say when the next one comes. */
  readonly nextUpdate: number | undefined;
  /** Its entries are written as an empty SEQUENCE, which section 5.1.2.6 does not allow. */
  readonly isEmptyWritten: boolean;
  /** DER AlgorithmIdentifier. */
  readonly signatureAlgorithmDer: Uint8Array;
  /** Undefined: not known here. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
  /** By OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** Content of the INTEGER without its sign byte (section 5.2.3). */
  readonly number: Uint8Array | undefined;
  /** Present in a delta: the number of the list that it adds to (section 5.2.4). */
  readonly baseNumber: Uint8Array | undefined;
  /** keyIdentifier of its authorityKeyIdentifier. */
  readonly authorityKeyId: Uint8Array | undefined;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  /** Where deltas can be had (section 5.2.6). */
  readonly freshest: readonly DistributionPoint[];
  /** Why the list must not be used although it can be read: a critical extension that is not processed here. */
  readonly unusable: string | undefined;
  readonly entries: CrlEntries;
}

export type { RevocationReason };

/** What a list says about one certificate. */
export interface CrlEntry {
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly reason: RevocationReason;
  /** Milliseconds since 1970: since when the key was not to be trusted, where the list says so. */
  readonly invalidSince: number | undefined;
}

const OID_CRL_NUMBER = '2.5.29.20';
const OID_REASON = '2.5.29.21';
const OID_INVALIDITY_DATE = '2.5.29.24';
const OID_DELTA = '2.5.29.27';
const OID_ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
const OID_AUTHORITY_KEY_ID = '2.5.29.35';
const OID_FRESHEST = '2.5.29.46';
const PROCESSED: readonly string[] = [
  OID_CRL_NUMBER,
  OID_DELTA,
  OID_ISSUING_DISTRIBUTION_POINT,
  OID_AUTHORITY_KEY_ID,
  OID_FRESHEST,
];

const MAX_EXTENSIONS = 64;
/** RFC 5280 section 5.2.3: 20 octets at most; one more for the sign. */
const LONGEST_NUMBER = 21;

/**
 * Reads a DER CertificateList. Every entry is looked at, none becomes an object.
 * @throws DerError when it is not one, or breaks a rule of RFC 5280 section 5 that can be seen without knowing its issuer.
 */
export function readCrl(der: Uint8Array): Crl {
  return readDer(der, TAG_SEQUENCE, (outer) => {
    const start = outer.offset;
    const fields = outer.sequence(readTbs);
    const tbs = der.subarray(start, outer.offset);
    const algorithmAt = outer.offset;
    const signatureAlgorithmDer = outer.raw(TAG_SEQUENCE);
    // RFC 5280 section 5.1.1.2: the two have to say the same, parameters included.
    if (!equalBytes(signatureAlgorithmDer, fields.innerAlgorithm))
      throw new DerError('two signature algorithms', algorithmAt);
    const signature = outer.bitStringBytes();
    const { innerAlgorithm: _, extensions, entries, ...rest } = fields;
    const read = readKnownExtensions(extensions, start);
    if (entries.hasRemoved && read.baseNumber === undefined)
      throw new DerError('removeFromCRL in a complete list', start);
    return {
      der,
      tbs,
      ...rest,
      entries,
      extensions,
      ...read,
      signatureAlgorithmDer,
      signatureAlgorithm: readSignatureAlgorithm(signatureAlgorithmDer, new Set()),
      signature,
      unusable: whyUnusable(extensions, entries, read.issuingDistributionPoint),
    };
  });
}

/**
 * What the list says about a certificate; undefined: it is not on it. `serial` is the content of the INTEGER, `issuer`
 * a DER Name. The first call builds an index of four bytes an entry and a table of the same order; later ones only look.
 *
 * @example
 * ```ts
 * import { findEntry } from 'warifu/pki';
 * import { createAuthority, createCrl, issueCertificate } from 'warifu/pki/issue';
 * const issuer = await createAuthority({ subject: 'Example Root' });
 * const { certificate } = await issueCertificate({ issuer, names: 'lost.example.com' });
 * const { crl } = await createCrl({ issuer, number: 1, entries: [{ serial: certificate, reason: 'keyCompromise' }] });
 * findEntry(crl, certificate.serial, certificate.issuer)?.reason; // 'keyCompromise'
 * ```
 */
export function findEntry(crl: Crl, serial: Uint8Array, issuer: Uint8Array): CrlEntry | undefined {
  let removed: CrlEntry | undefined;
  let result: CrlEntry | undefined;
  // Many entries may share the names of one issuer: they are read once.
  const speaks = new Map<number, boolean>();
  crl.entries.find(serial, (at, issuerAt) => {
    const known = speaks.get(issuerAt) ?? speaksOfIssuer(crl, issuerAt, issuer);
    speaks.set(issuerAt, known);
    if (!known) return false;
    const entry = readEntry(crl.der, at);
    // If a list says both, the worse of the two counts.
    if (entry.reason === 'removeFromCRL') removed = entry;
    else result = entry;
    return result !== undefined;
  });
  return result ?? removed;
}

/** RFC 5280 section 5.3.3: an entry is about the issuer named last before it, at first the one of the list. */
function speaksOfIssuer(crl: Crl, issuerAt: number, issuer: Uint8Array): boolean {
  if (issuerAt === 0) return sameName(crl.issuer, issuer);
  const names = readGeneralNames(new DerCursor(crl.der, issuerAt, crl.der.length), TAG_SEQUENCE);
  return names.some((name) => name.kind === 'directory' && sameName(name.name, issuer));
}

function readEntry(der: Uint8Array, at: number): CrlEntry {
  return new DerCursor(der, at, der.length).sequence((fields) => {
    fields.integerBytes();
    const date = fields.time();
    let reason: RevocationReason = 'unspecified';
    let invalidSince: number | undefined;
    if (!fields.done) {
      for (const { oid, value } of fields.sequenceOf((item) => readExtension(item))) {
        const cursor = new DerCursor(value);
        if (oid === OID_REASON) reason = reasonName(cursor.content(TAG_ENUMERATED)[0]!);
        if (oid === OID_INVALIDITY_DATE) invalidSince = cursor.generalizedTime();
      }
    }
    return { date, reason, invalidSince };
  });
}

/** The names of CRLReason, by its number (RFC 5280 section 5.3.1); 7 is not used. */
export const REVOCATION_REASONS: readonly (RevocationReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/** The name of a CRLReason; a number that has none is "unspecified". */
export function reasonName(code: number): RevocationReason {
  return REVOCATION_REASONS[code] ?? 'unspecified';
}

interface TbsFields {
  readonly version: 1 | 2;
  readonly innerAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly isEmptyWritten: boolean;
  readonly entries: CrlEntries;
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

function readTbs(tbs: DerCursor): TbsFields {
  const start = tbs.offset;
  const encodedVersion = tbs.optional(TAG_INTEGER, (cursor) => cursor.small());
  // RFC 5280 section 5.1.2.1: v2, or not there at all.
  if (encodedVersion !== undefined && encodedVersion !== 1) throw new DerError('a version that cannot be', start);
  const version = encodedVersion === undefined ? 1 : 2;
  const innerAlgorithm = tbs.raw(TAG_SEQUENCE);
  const issuerAt = tbs.offset;
  // As odd as in the certificates of its authority.
  const issuer = readName(tbs, new Set());
  if (issuer.length <= 2) throw new DerError('an issuer without a name', issuerAt);
  const thisUpdate = tbs.time();
  const nextUpdate = tbs.peek() === TAG_UTC_TIME || tbs.peek() === TAG_GENERALIZED_TIME ? tbs.time() : undefined;
  const list = tbs.optional(TAG_SEQUENCE, (cursor) => cursor.element(TAG_SEQUENCE));
  // RFC 5280 section 5.1.2.6 wants it absent when there are none; an empty one can mean nothing else.
  const isEmptyWritten = list !== undefined && list.contentStart === list.end;
  const entries = scanEntries(tbs.bytes, list?.contentStart ?? 0, list?.end ?? 0, version);
  const extensionsAt = tbs.offset;
  const extensionList = tbs.explicit(0, (field) => field.sequenceOf((item) => readExtension(item), 1)) ?? [];
  if (extensionList.length > 0 && version !== 2) throw new DerError('extensions in version 1', extensionsAt);
  if (extensionList.length > MAX_EXTENSIONS) throw new DerError(`${extensionList.length} extensions`, extensionsAt);
  const extensions = new Map<string, CertificateExtension>();
  for (const extension of extensionList) {
    if (extensions.has(extension.oid)) throw new DerError(`extension ${extension.oid} twice`, extensionsAt);
    extensions.set(extension.oid, extension);
  }
  return { version, innerAlgorithm, issuer, thisUpdate, nextUpdate, isEmptyWritten, entries, extensions };
}

type KnownExtensions = Pick<Crl, 'number' | 'baseNumber' | 'authorityKeyId' | 'issuingDistributionPoint' | 'freshest'>;

function readKnownExtensions(extensions: ReadonlyMap<string, CertificateExtension>, at: number): KnownExtensions {
  const value = <T>(oid: string, read: (cursor: DerCursor) => T): T | undefined => {
    const extension = extensions.get(oid);
    if (extension === undefined) return undefined;
    const cursor = new DerCursor(extension.value);
    const result = read(cursor);
    cursor.finish();
    return result;
  };
  // RFC 5280 section 5.2.3.
  if (extensions.get(OID_CRL_NUMBER)?.critical === true) throw new DerError('a cRLNumber that is critical', at);
  return {
    number: value(OID_CRL_NUMBER, crlNumber),
    baseNumber: value(OID_DELTA, crlNumber),
    authorityKeyId: value(OID_AUTHORITY_KEY_ID, keyIdentifier),
    issuingDistributionPoint: value(OID_ISSUING_DISTRIBUTION_POINT, readIssuingDistributionPoint),
    freshest: value(OID_FRESHEST, (cursor) => readDistributionPoints(cursor)) ?? [],
  };
}

function crlNumber(cursor: DerCursor): Uint8Array {
  const start = cursor.offset;
  const number = cursor.unsigned();
  if (number.length > LONGEST_NUMBER) throw new DerError('a cRLNumber of more than 20 bytes', start);
  return number;
}

function keyIdentifier(cursor: DerCursor): Uint8Array | undefined {
  return cursor.sequence((fields) => {
    const id = fields.optional(contextTag(0), (field) => field.octetString(contextTag(0)));
    const issuer: readonly GeneralName[] | undefined = fields.optional(contextConstructed(1), (field) =>
      readGeneralNames(field, contextConstructed(1)),
    );
    const serial = fields.optional(contextTag(2), (field) => field.integerBytes(contextTag(2)));
    if ((issuer === undefined) !== (serial === undefined))
      throw new DerError('an issuer without a serial number, or the other way round', fields.offset);
    return id;
  });
}

function whyUnusable(
  extensions: ReadonlyMap<string, CertificateExtension>,
  entries: CrlEntries,
  point: IssuingDistributionPoint | undefined,
): string | undefined {
  for (const { oid, critical } of extensions.values()) {
    // RFC 5280 section 5.2.
    if (critical && !PROCESSED.includes(oid)) return `it has the critical extension ${oid}, which is not known here`;
  }
  // RFC 5280 section 5.3: one entry that cannot be processed makes the whole list unusable.
  if (entries.hasUnknownCritical) return 'an entry has a critical extension that is not known here';
  if (entries.hasIssuers && point?.indirect !== true)
    return 'an entry names another issuer, but the list is not an indirect one';
  return undefined;
}
