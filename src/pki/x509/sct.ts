import { concat, toHex } from '../../bytes/bytes.ts';
import { contextConstructed, DerCursor, DerError, readDer, TAG_SEQUENCE } from '../../bytes/der.ts';
import { derElement, derSequenceOf } from '../../bytes/der-writer.ts';
import { decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { Hash, SignatureAlgorithm, SignatureVerifier } from '../../crypto/types.ts';
import { type Certificate, readExtension } from './certificate.ts';
import { type Steps, wait } from './steps.ts';

/** Signed certificate timestamps of version 1 (RFC 6962 section 3). */

/** One timestamp, not yet believed. */
export interface Sct {
  /** SHA-256 of the log's key. */
  readonly logId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly extensions: Uint8Array;
  /** HashAlgorithm and SignatureAlgorithm of TLS 1.2: 4 is SHA-256; 1 is RSA, 3 ECDSA. */
  readonly hash: number;
  readonly algorithm: number;
  readonly signature: Uint8Array;
}

/** A log that the program trusts. */
export interface Log {
  /** DER SubjectPublicKeyInfo. */
  readonly key: Uint8Array;
  /** Who runs it; for policies that want several of them. */
  readonly operator: string;
  /** Milliseconds since 1970: timestamps from then on do not count. Default: the log is in use. */
  readonly retired?: number;
}

/** How a timestamp came: in the certificate, and so about what it was before; or beside it, about the certificate itself. */
export type SctSource = 'certificate' | 'handshake' | 'ocsp';

const OID_SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const OID_PRECERTIFICATE_POISON = '1.3.6.1.4.1.11129.2.4.3';
const OID_EXTENSIONS_TAG = contextConstructed(3);

const MAX_SCTS = 32;

/**
 * Reads a SignedCertificateTimestampList (RFC 6962 section 3.3). Timestamps of other versions are ignored.
 * @throws DerError when it is malformed.
 */
export function readSctList(list: Uint8Array): readonly Sct[] {
  const outer = new Opaque(list);
  const items = new Opaque(outer.take16());
  outer.finish();
  if (items.done) throw new DerError('an empty list of timestamps', 0);
  const scts: Sct[] = [];
  for (let count = 0; !items.done; count++) {
    if (count >= MAX_SCTS) throw new DerError(`more than ${MAX_SCTS} timestamps`, 0);
    const sct = readSct(items.take16());
    if (sct !== undefined) scts.push(sct);
  }
  return scts;
}

/** The list in a certificate; undefined: there is none. @throws DerError */
export function embeddedSctList(certificate: Certificate): Uint8Array | undefined {
  const extension = certificate.extensions.get(OID_SCT_LIST);
  if (extension === undefined) return undefined;
  const cursor = new DerCursor(extension.value);
  const list = cursor.octetString();
  cursor.finish();
  return list;
}

/** A precertificate is a promise to issue, never a certificate (RFC 6962 section 3.1). */
export function isPrecertificate(certificate: Certificate): boolean {
  return certificate.extensions.has(OID_PRECERTIFICATE_POISON);
}

/**
 * Checks one timestamp: the log that made it, or why it does not count.
 * @param logs by {@link logIndex}.
 * @param issuerSpki of the certificate's issuer; needed for timestamps that came in the certificate.
 */
export function* verifySct(
  sct: Sct,
  source: SctSource,
  certificate: Certificate,
  issuerSpki: Uint8Array | undefined,
  logs: ReadonlyMap<string, Log>,
  now: number,
  sha256: Hash,
  verifier: SignatureVerifier,
): Steps<Log | string> {
  const log = logs.get(toHex(sct.logId));
  if (log === undefined) return 'its log is not one of those that are trusted';
  if (!(sct.timestamp <= now)) return 'it is from the future';
  if (log.retired !== undefined && sct.timestamp >= log.retired) return 'its log had been retired by then';
  const algorithm = algorithmOf(sct);
  const key = decodeSubjectPublicKeyInfo(log.key);
  if (algorithm === undefined || key === undefined) return 'its algorithm is not known here';
  const entry =
    source === 'certificate' ? precertificateEntry(certificate, issuerSpki, sha256) : certificateEntry(certificate);
  if (entry === undefined) return 'its issuer is not known';
  // digitally-signed struct of section 3.2: version, signature_type, timestamp, entry, extensions.
  const signed = concat(
    Uint8Array.of(0, 0),
    uint64(sct.timestamp),
    entry,
    uint16(sct.extensions.length),
    sct.extensions,
  );
  return (yield* wait(verifier.verify(algorithm, key, signed, sct.signature))) === true
    ? log
    : 'its signature is wrong';
}

/** Logs by the hexadecimal SHA-256 of their keys. */
export function logIndex(logs: readonly Log[], sha256: Hash): ReadonlyMap<string, Log> {
  return new Map(logs.map((log) => [toHex(sha256.digest(log.key)), log]));
}

function readSct(bytes: Uint8Array): Sct | undefined {
  const fields = new Opaque(bytes);
  if (fields.take(1)[0] !== 0) return undefined;
  const logId = fields.take(32);
  const timestamp = fields.take(8).reduce((sum, byte) => sum * 256 + byte, 0);
  const extensions = fields.take16();
  const [hash, algorithm] = fields.take(2);
  const signature = fields.take16();
  fields.finish();
  return { logId, timestamp, extensions, hash: hash!, algorithm: algorithm!, signature };
}

/** RFC 6962 section 2.1.4: SHA-256 with RSA or with ECDSA, nothing else. */
function algorithmOf({ hash, algorithm }: Sct): SignatureAlgorithm | undefined {
  if (hash !== 4) return undefined;
  if (algorithm === 1) return { kind: 'rsa-pkcs1', hash: 'sha256' };
  return algorithm === 3 ? { kind: 'ecdsa', hash: 'sha256' } : undefined;
}

/** x509_entry. */
function certificateEntry({ der }: Certificate): Uint8Array {
  return concat(uint16(0), uint24(der.length), der);
}

/** precert_entry: what the log saw was the certificate without its timestamps, and the key of who was to issue it. */
function precertificateEntry(
  { tbs }: Certificate,
  issuerSpki: Uint8Array | undefined,
  sha256: Hash,
): Uint8Array | undefined {
  if (issuerSpki === undefined) return undefined;
  const before = withoutTimestamps(tbs);
  return concat(uint16(1), sha256.digest(issuerSpki), uint24(before.length), before);
}

/** TBSCertificate without the list of timestamps and without the poison, every other byte as it was. */
export function withoutTimestamps(tbs: Uint8Array): Uint8Array {
  return readDer(tbs, TAG_SEQUENCE, (fields) => {
    const parts: Uint8Array[] = [];
    while (!fields.done) {
      if (fields.peek() !== OID_EXTENSIONS_TAG) parts.push(fields.raw());
      else for (const kept of fields.constructed(OID_EXTENSIONS_TAG, keptExtensions)) parts.push(kept);
    }
    return derSequenceOf(parts);
  });
}

function keptExtensions(field: DerCursor): readonly Uint8Array[] {
  const all = field.sequenceOf((item) => {
    const start = item.offset;
    const { oid } = readExtension(item, new Set());
    return { oid, der: item.bytes.subarray(start, item.offset) };
  });
  const kept = all.filter(({ oid }) => oid !== OID_SCT_LIST && oid !== OID_PRECERTIFICATE_POISON);
  return kept.length === 0 ? [] : [derElement(OID_EXTENSIONS_TAG, derSequenceOf(kept.map(({ der }) => der)))];
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

function uint24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, (value >> 8) & 255, value & 255);
}

function uint64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  for (let i = 7, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}

/** TLS vectors: a length of two bytes, then the bytes. */
class Opaque {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new DerError('a list of timestamps that is cut short', this.#at);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  take16(): Uint8Array {
    const [high, low] = this.take(2);
    return this.take(high! * 256 + low!);
  }

  finish(): void {
    if (!this.done) throw new DerError('bytes behind a timestamp', this.#at);
  }
}
