import {
  DerError,
  TAG_BOOLEAN,
  TAG_ENUMERATED,
  TAG_GENERALIZED_TIME,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
  TAG_UTC_TIME,
} from '../../bytes/der.ts';
import { DerCursor } from '../../bytes/der.ts';
import { readGeneralNames } from '../x509/general-name.ts';

/** The entries of a list: offsets into its bytes, and a table that finds a serial number. */
export interface CrlEntries {
  readonly count: number;
  /** An entry names the issuer of its certificate (RFC 5280 section 5.3.3). */
  readonly hasIssuers: boolean;
  /** An entry has a critical extension that is not known here. */
  readonly hasUnknownCritical: boolean;
  /** An entry takes a certificate off the list (reason removeFromCRL). */
  readonly hasRemoved: boolean;
  /**
   * Calls `visit` for the entries with this serial number (content of the INTEGER), in no particular order, until it
   * returns true. `at` is where the entry begins, `issuerAt` where the GeneralNames of its issuer do; 0: the list's own.
   */
  find(serial: Uint8Array, visit: (at: number, issuerAt: number) => boolean): void;
}

/** Looks at every entry between `start` and `end` once. @throws DerError for the first that is not well formed. */
export function scanEntries(bytes: Uint8Array, start: number, end: number, version: 1 | 2): CrlEntries {
  const scanner = new Scanner(bytes, version);
  let offsets = new Uint32Array(Math.min(1024, Math.ceil((end - start) / 8)));
  // Only an indirect list pays for this one.
  let issuers: Uint32Array | undefined;
  let count = 0;
  for (let at = start; at < end; count++) {
    if (count === offsets.length) offsets = grown(offsets);
    offsets[count] = at;
    at = scanner.entry(at, end);
    if (scanner.issuerAt === 0) continue;
    if (issuers === undefined || issuers.length < offsets.length) issuers = grown(issuers, offsets.length);
    issuers[count] = scanner.issuerAt;
  }
  return new Entries(bytes, offsets, issuers, count, scanner);
}

class Entries implements CrlEntries {
  readonly count: number;
  readonly hasIssuers: boolean;
  readonly hasUnknownCritical: boolean;
  readonly hasRemoved: boolean;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #issuers: Uint32Array | undefined;
  /** Hash chains: heads by hash, then the next entry of the same hash; numbers are one more than the entry's, 0 ends. */
  #table: { readonly heads: Uint32Array; readonly next: Uint32Array } | undefined;

  constructor(
    bytes: Uint8Array,
    offsets: Uint32Array,
    issuers: Uint32Array | undefined,
    count: number,
    scanner: Scanner,
  ) {
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#issuers = issuers;
    this.count = count;
    this.hasIssuers = issuers !== undefined;
    this.hasUnknownCritical = scanner.unknownCritical;
    this.hasRemoved = scanner.removed;
  }

  find(serial: Uint8Array, visit: (at: number, issuerAt: number) => boolean): void {
    if (this.count === 0) return;
    this.#table ??= this.#index();
    const { heads, next } = this.#table;
    for (let slot = heads[hash(serial, 0, serial.length) & (heads.length - 1)]!; slot !== 0; slot = next[slot - 1]!) {
      const at = this.#offsets[slot - 1]!;
      const [from, to] = this.#serial(at);
      if (to - from !== serial.length) continue;
      let i = 0;
      while (i < serial.length && this.#bytes[from + i] === serial[i]) i++;
      if (i === serial.length && visit(at, this.#issuers?.[slot - 1] ?? 0)) return;
    }
  }

  #index(): { readonly heads: Uint32Array; readonly next: Uint32Array } {
    let size = 16;
    while (size < this.count) size *= 2;
    const heads = new Uint32Array(size);
    const next = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      const from = serialStart(this.#bytes, this.#offsets[i]!);
      const slot = hash(this.#bytes, from, from + this.#bytes[from - 1]!) & (size - 1);
      next[i] = heads[slot]!;
      heads[slot] = i + 1;
    }
    return { heads, next };
  }

  #serial(at: number): readonly [from: number, to: number] {
    const from = serialStart(this.#bytes, at);
    return [from, from + this.#bytes[from - 1]!];
  }
}

/** Where the content of the serial number begins; its length is the byte before, as a scanned one is below 128 bytes. */
function serialStart(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f) + 2;
}

/** FNV-1a. The maker of a list can make its serial numbers collide; a look-up is then a walk over them, no more. */
function hash(bytes: Uint8Array, from: number, to: number): number {
  let value = 0x811c9dc5;
  for (let i = from; i < to; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

function grown(array: Uint32Array | undefined, length: number = 2 * (array?.length ?? 0)): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  if (array !== undefined) larger.set(array);
  return larger;
}

/** id-ce is 55 1d; these are the last bytes of 2.5.29.x. */
const REASON = 21;
const INVALIDITY_DATE = 24;
const CERTIFICATE_ISSUER = 29;
const LONGEST_SERIAL = 64;
const MAX_ENTRY_EXTENSIONS = 16;

/** Reads one entry after the other without making anything. */
class Scanner {
  /** Where the issuer begins that the entries from here on are about. */
  issuerAt: number = 0;
  unknownCritical: boolean = false;
  removed: boolean = false;
  readonly #bytes: Uint8Array;
  readonly #version: 1 | 2;
  /** The element read last. */
  #tag = 0;
  #content = 0;
  #end = 0;

  constructor(bytes: Uint8Array, version: 1 | 2) {
    this.#bytes = bytes;
    this.#version = version;
  }

  /** Returns where the entry ends. */
  entry(at: number, limit: number): number {
    const bytes = this.#bytes;
    this.#take(at, limit, TAG_SEQUENCE);
    const end = this.#end;
    this.#take(this.#content, end, TAG_INTEGER);
    const length = this.#end - this.#content;
    const first = bytes[this.#content]!;
    const second = bytes[this.#content + 1]!;
    if (length === 0 || length > LONGEST_SERIAL)
      throw new DerError('a serial number of no length or too great a one', at);
    if (length > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new DerError('a serial number with a needless first byte', at);
    }
    this.#next(this.#end, end);
    if (this.#tag !== TAG_UTC_TIME && this.#tag !== TAG_GENERALIZED_TIME)
      throw new DerError('an entry without its date', at);
    if (!isTime(bytes, this.#content, this.#end, this.#tag === TAG_GENERALIZED_TIME))
      throw new DerError('a time that cannot be', this.#content);
    if (this.#end === end) return end;
    if (this.#version === 1) throw new DerError('an entry with extensions in version 1', at);
    this.#take(this.#end, end, TAG_SEQUENCE);
    if (this.#end !== end) throw new DerError('bytes behind the extensions of an entry', this.#end);
    if (this.#content === end) throw new DerError('an empty list of extensions', this.#content);
    this.#extensions(this.#content, end);
    return end;
  }

  #extensions(start: number, end: number): void {
    const bytes = this.#bytes;
    let seen = 0;
    let count = 0;
    for (let at = start; at < end; ) {
      if (++count > MAX_ENTRY_EXTENSIONS) throw new DerError('too many extensions in an entry', at);
      this.#take(at, end, TAG_SEQUENCE);
      const extensionEnd = this.#end;
      this.#take(this.#content, extensionEnd, TAG_OID);
      const oidAt = this.#content;
      const oidEnd = this.#end;
      if (oidAt === oidEnd) throw new DerError('an extension without a name', oidAt);
      const known = oidEnd - oidAt === 3 && bytes[oidAt] === 0x55 && bytes[oidAt + 1] === 0x1d ? bytes[oidAt + 2]! : 0;
      let critical = false;
      this.#next(oidEnd, extensionEnd);
      if (this.#tag === TAG_BOOLEAN) {
        if (this.#end - this.#content !== 1 || bytes[this.#content] !== 0xff)
          throw new DerError('a BOOLEAN that cannot be here', this.#content);
        critical = true;
        this.#next(this.#end, extensionEnd);
      }
      if (this.#tag !== TAG_OCTET_STRING || this.#end !== extensionEnd)
        throw new DerError('an extension that is not one', at);
      if (known >= 20 && known < 32) {
        if ((seen & (1 << (known - 20))) !== 0) throw new DerError(`extension 2.5.29.${known} twice`, at);
        seen |= 1 << (known - 20);
      }
      this.#extension(known, critical, this.#content, extensionEnd);
      at = extensionEnd;
    }
  }

  #extension(known: number, critical: boolean, start: number, end: number): void {
    const bytes = this.#bytes;
    if (known === REASON) {
      const reason = bytes[start + 2]!;
      if (
        end - start !== 3 ||
        bytes[start] !== TAG_ENUMERATED ||
        bytes[start + 1] !== 1 ||
        reason > 10 ||
        reason === 7
      ) {
        throw new DerError('a reason that cannot be', start);
      }
      if (reason === 8) this.removed = true;
    } else if (known === INVALIDITY_DATE) {
      this.#take(start, end, TAG_GENERALIZED_TIME);
      if (this.#end !== end || !isTime(bytes, this.#content, end, true))
        throw new DerError('a time that cannot be', start);
    } else if (known === CERTIFICATE_ISSUER) {
      const cursor = new DerCursor(bytes, start, end);
      readGeneralNames(cursor, TAG_SEQUENCE);
      cursor.finish();
      this.issuerAt = start;
    } else if (critical) {
      this.unknownCritical = true;
    }
  }

  #take(at: number, limit: number, tag: number): void {
    this.#next(at, limit);
    if (this.#tag !== tag)
      throw new DerError(`tag 0x${this.#tag.toString(16)} where 0x${tag.toString(16)} belongs`, at);
  }

  #next(at: number, limit: number): void {
    const bytes = this.#bytes;
    if (limit - at < 2) throw new DerError('an element is missing', at);
    this.#tag = bytes[at]!;
    let length = bytes[at + 1]!;
    let content = at + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || count > limit - content) throw new DerError('a length that cannot be', at);
      if (bytes[content] === 0) throw new DerError('a length in more bytes than it needs', at);
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + bytes[content + i]!;
      if (length < 0x80) throw new DerError('a length in more bytes than it needs', at);
      content += count;
    }
    if (length > limit - content) throw new DerError('an element is longer than what it is in', at);
    this.#content = content;
    this.#end = content + length;
  }
}

/** The forms of RFC 5280 section 5.1.2.4, digit by digit. */
function isTime(bytes: Uint8Array, start: number, end: number, generalized: boolean): boolean {
  const digits = generalized ? 14 : 12;
  if (end - start !== digits + 1 || bytes[end - 1] !== 0x5a) return false;
  for (let i = start; i < end - 1; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false;
  const at = end - 11;
  const month = pair(bytes, at);
  const day = pair(bytes, at + 2);
  if (month < 1 || month > 12 || day < 1) return false;
  if (pair(bytes, at + 4) > 23 || pair(bytes, at + 6) > 59 || pair(bytes, at + 8) > 59) return false;
  const short = pair(bytes, at - 2);
  const year = generalized ? pair(bytes, at - 4) * 100 + short : short < 50 ? 2000 + short : 1900 + short;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const longest = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return day <= longest;
}

function pair(bytes: Uint8Array, at: number): number {
  return (bytes[at]! - 0x30) * 10 + bytes[at + 1]! - 0x30;
}
