/**
 * A strict DER cursor (X.690 sections 8 to 11): offsets, no copies, and none of what DER forbids. Everything that reads
 * keys, certificates, CRLs and OCSP responses goes through here, before anything else believes their bytes.
 */

/** What was wrong, and where: an offset into the array that was read. */
export class DerError extends Error {
  override readonly name: string = 'DerError';
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`${what} (at byte ${offset})`);
    this.offset = offset;
  }
}

export const TAG_BOOLEAN = 0x01;
export const TAG_INTEGER = 0x02;
export const TAG_BIT_STRING = 0x03;
export const TAG_OCTET_STRING = 0x04;
export const TAG_NULL = 0x05;
export const TAG_OID = 0x06;
export const TAG_ENUMERATED = 0x0a;
export const TAG_UTF8_STRING = 0x0c;
export const TAG_PRINTABLE_STRING = 0x13;
export const TAG_TELETEX_STRING = 0x14;
export const TAG_IA5_STRING = 0x16;
export const TAG_UTC_TIME = 0x17;
export const TAG_GENERALIZED_TIME = 0x18;
export const TAG_UNIVERSAL_STRING = 0x1c;
export const TAG_BMP_STRING = 0x1e;
export const TAG_SEQUENCE = 0x30;
export const TAG_SET = 0x31;

/** [n] IMPLICIT of a primitive type. */
export function contextTag(n: number): number {
  return 0x80 | n;
}

/** [n] EXPLICIT, or IMPLICIT of a constructed type. */
export function contextConstructed(n: number): number {
  return 0xa0 | n;
}

/** One element: where it begins, where its content begins, where it ends. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Reads the whole of `bytes` as one element of this tag. @throws DerError also when bytes are left over. */
export function readDer<T>(bytes: Uint8Array, tag: number, read: (content: DerCursor) => T): T {
  const cursor = new DerCursor(bytes);
  const value = cursor.constructed(tag, read);
  cursor.finish();
  return value;
}

/** Moves over the elements of one constructed value. Only single-byte tags exist in what we read. */
export class DerCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #depth: number;
  #at: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length, depth: number = 0) {
    this.bytes = bytes;
    this.end = end;
    this.#at = start;
    this.#depth = depth;
  }

  get offset(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.end;
  }

  /** The next tag, or -1 at the end. */
  peek(): number {
    return this.done ? -1 : this.bytes[this.#at]!;
  }

  /** @throws DerError when something is left. */
  finish(): void {
    if (!this.done) throw new DerError(`${this.end - this.#at} bytes too many`, this.#at);
  }

  /** Takes the next element, whatever it is, or only one of this tag. */
  element(tag?: number): DerElement {
    const start = this.#at;
    if (this.end - start < 2) throw new DerError('an element is missing', start);
    const found = this.bytes[start]!;
    if (tag !== undefined && found !== tag)
      throw new DerError(`tag 0x${found.toString(16)} where 0x${tag.toString(16)} belongs`, start);
    if ((found & 0x1f) === 0x1f) throw new DerError('a tag of several bytes', start);
    // X.690 section 10.2: strings of DER are never built of parts.
    const universal = (found & 0xc0) === 0;
    const shouldBeConstructed = found === TAG_SEQUENCE || found === TAG_SET;
    if (universal && (found & 0x20) !== 0 && !shouldBeConstructed) throw new DerError('a constructed string', start);
    if (found === 0x10 || found === 0x11) throw new DerError('a SEQUENCE or SET that is not constructed', start);
    const [length, contentStart] = this.#length(start + 1);
    if (length > this.end - contentStart)
      throw new DerError(`${length} bytes promised, ${this.end - contentStart} there`, start);
    this.#at = contentStart + length;
    return { tag: found, start, contentStart, end: this.#at };
  }

  /** The whole next element, tag and length included. */
  raw(tag?: number): Uint8Array {
    const { start, end } = this.element(tag);
    return this.bytes.subarray(start, end);
  }

  /** The content of the next element. */
  content(tag: number): Uint8Array {
    const { contentStart, end } = this.element(tag);
    return this.bytes.subarray(contentStart, end);
  }

  /** Reads the content of a constructed element; all of it has to be read. */
  constructed<T>(tag: number, read: (content: DerCursor) => T): T {
    if (this.#depth >= 32) throw new DerError('nested too deeply', this.#at);
    const { contentStart, end } = this.element(tag);
    const inner = new DerCursor(this.bytes, contentStart, end, this.#depth + 1);
    const value = read(inner);
    inner.finish();
    return value;
  }

  sequence<T>(read: (content: DerCursor) => T): T {
    return this.constructed(TAG_SEQUENCE, read);
  }

  /** SEQUENCE OF (or another tag), at least `least` items. */
  sequenceOf<T>(read: (content: DerCursor) => T, least: number = 0, tag: number = TAG_SEQUENCE): T[] {
    return this.constructed(tag, (content) => {
      const items: T[] = [];
      const start = content.offset;
      while (!content.done) items.push(read(content));
      if (items.length < least) throw new DerError(`${items.length} items where ${least} belong`, start);
      return items;
    });
  }

  /**
   * SET OF, whose elements DER wants sorted by their encoding (X.690 section 11.6).
   * @param onUnsorted called when they are not; without it, that is an error.
   */
  setOf<T>(read: (content: DerCursor) => T, least: number = 0, tag: number = TAG_SET, onUnsorted?: () => void): T[] {
    return this.constructed(tag, (content) => {
      const items: T[] = [];
      const start = content.offset;
      let before: Uint8Array | undefined;
      while (!content.done) {
        const from = content.offset;
        items.push(read(content));
        const now = content.bytes.subarray(from, content.offset);
        if (before !== undefined && compare(before, now) > 0) {
          if (onUnsorted === undefined) throw new DerError('a SET that is not sorted', from);
          onUnsorted();
        }
        before = now;
      }
      if (items.length < least) throw new DerError(`${items.length} items where ${least} belong`, start);
      return items;
    });
  }

  /** What `read` gives if the next element has this tag, else undefined. */
  optional<T>(tag: number, read: (cursor: DerCursor) => T): T | undefined {
    return this.peek() === tag ? read(this) : undefined;
  }

  /** [n] EXPLICIT, if it is there. */
  explicit<T>(n: number, read: (content: DerCursor) => T): T | undefined {
    return this.optional(contextConstructed(n), (cursor) => cursor.constructed(contextConstructed(n), read));
  }

  boolean(tag: number = TAG_BOOLEAN): boolean {
    const start = this.#at;
    const content = this.content(tag);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
      throw new DerError('a BOOLEAN that is neither 00 nor FF', start);
    return content[0] === 0xff;
  }

  /** The content of an INTEGER: two's complement, in the fewest bytes. */
  integerBytes(tag: number = TAG_INTEGER): Uint8Array {
    const start = this.#at;
    const content = this.content(tag);
    if (content.length === 0) throw new DerError('an INTEGER without content', start);
    const padded =
      content.length > 1 && ((content[0] === 0 && content[1]! < 0x80) || (content[0] === 0xff && content[1]! >= 0x80));
    if (padded) throw new DerError('an INTEGER with a needless first byte', start);
    return content;
  }

  /** A positive INTEGER or zero, without the sign byte. @throws DerError for a negative one. */
  unsigned(tag: number = TAG_INTEGER): Uint8Array {
    const start = this.#at;
    const content = this.integerBytes(tag);
    if (content[0]! >= 0x80) throw new DerError('a negative INTEGER', start);
    return content.length > 1 && content[0] === 0 ? content.subarray(1) : content;
  }

  /** An INTEGER from 0 to 2^31 - 1. */
  small(tag: number = TAG_INTEGER): number {
    const start = this.#at;
    const content = this.unsigned(tag);
    if (content.length > 4) throw new DerError('an INTEGER that is too large here', start);
    const value = content.reduce((sum, byte) => sum * 256 + byte, 0);
    if (value > 0x7fffffff) throw new DerError('an INTEGER that is too large here', start);
    return value;
  }

  octetString(tag: number = TAG_OCTET_STRING): Uint8Array {
    return this.content(tag);
  }

  /** The bytes of a BIT STRING, and how many bits of the last are unused; those have to be zero. */
  bitString(tag: number = TAG_BIT_STRING): { readonly bytes: Uint8Array; readonly unused: number } {
    const start = this.#at;
    const content = this.content(tag);
    const unused = content[0];
    if (unused === undefined || unused > 7 || (content.length === 1 && unused !== 0))
      throw new DerError('a BIT STRING that cannot be', start);
    if ((content[content.length - 1]! & ((1 << unused) - 1)) !== 0 && content.length > 1)
      throw new DerError('a BIT STRING with unused bits set', start);
    return { bytes: content.subarray(1), unused };
  }

  /** A BIT STRING of whole bytes: a key or a signature. */
  bitStringBytes(tag: number = TAG_BIT_STRING): Uint8Array {
    const start = this.#at;
    const { bytes, unused } = this.bitString(tag);
    if (unused !== 0) throw new DerError('a BIT STRING that does not end with a whole byte', start);
    return bytes;
  }

  /** A BIT STRING of named bits, without trailing zero bits (X.690 section 11.2.2). Bit 0 is the first. */
  namedBits(tag: number = TAG_BIT_STRING): (bit: number) => boolean {
    const start = this.#at;
    const { bytes, unused } = this.bitString(tag);
    const last = bytes[bytes.length - 1];
    if (last !== undefined && ((last >> unused) & 1) === 0)
      throw new DerError('named bits with a needless zero at the end', start);
    return (bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  }

  null(): void {
    const start = this.#at;
    if (this.content(TAG_NULL).length !== 0) throw new DerError('a NULL with content', start);
  }

  /** The content of an OBJECT IDENTIFIER, checked. */
  oidBytes(tag: number = TAG_OID): Uint8Array {
    const start = this.#at;
    const content = this.content(tag);
    if (!isOid(content)) throw new DerError('an OBJECT IDENTIFIER that cannot be', start);
    return content;
  }

  /** "1.2.840.113549.1.1.1" */
  oid(tag: number = TAG_OID): string {
    return oidText(this.oidBytes(tag));
  }

  /** UTCTime or GeneralizedTime in the forms RFC 5280 section 4.1.2.5 allows; milliseconds since 1970. */
  time(): number {
    const start = this.#at;
    const tag = this.peek();
    if (tag !== TAG_UTC_TIME && tag !== TAG_GENERALIZED_TIME)
      throw new DerError('neither UTCTime nor GeneralizedTime', start);
    const time = parseTime(this.content(tag), tag === TAG_GENERALIZED_TIME);
    if (time === undefined) throw new DerError('a time that cannot be', start);
    return time;
  }

  /** GeneralizedTime alone, as OCSP uses it. */
  generalizedTime(): number {
    const start = this.#at;
    const time = parseTime(this.content(TAG_GENERALIZED_TIME), true);
    if (time === undefined) throw new DerError('a time that cannot be', start);
    return time;
  }

  #length(at: number): readonly [length: number, next: number] {
    const first = this.bytes[at]!;
    if (first < 0x80) return [first, at + 1];
    const count = first & 0x7f;
    if (count === 0) throw new DerError('an indefinite length', at);
    if (count > 4 || count > this.end - at - 1) throw new DerError('a length that cannot be', at);
    let length = 0;
    for (let i = 1; i <= count; i++) length = length * 256 + this.bytes[at + i]!;
    if (this.bytes[at + 1] === 0 || length < 0x80) throw new DerError('a length in more bytes than it needs', at);
    return [length, at + 1 + count];
  }
}

function oidText(content: Uint8Array): string {
  // Nearly all: arcs of at most four bytes.
  if (!hasLongArc(content)) {
    let text = '';
    let arc = 0;
    for (const byte of content) {
      arc = arc * 128 + (byte & 0x7f);
      if (byte >= 0x80) continue;
      if (text === '') {
        const root = arc < 80 ? Math.floor(arc / 40) : 2;
        text = `${root}.${arc - root * 40}`;
      } else text += `.${arc}`;
      arc = 0;
    }
    return text;
  }
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const first = arcs[0]!;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...arcs.slice(1)].join('.');
}

function hasLongArc(content: Uint8Array): boolean {
  let length = 0;
  for (const byte of content) {
    if (byte < 0x80) length = 0;
    else if (++length >= 4) return true;
  }
  return false;
}

function isOid(content: Uint8Array): boolean {
  if (content.length === 0 || content.length > 64 || content[content.length - 1]! >= 0x80) return false;
  let startsArc = true;
  for (const byte of content) {
    if (startsArc && byte === 0x80) return false;
    startsArc = byte < 0x80;
  }
  return true;
}

function parseTime(content: Uint8Array, generalized: boolean): number | undefined {
  const digits = generalized ? 14 : 12;
  if (content.length !== digits + 1 || content[digits] !== 0x5a) return undefined;
  const pair = (at: number): number => {
    const high = content[at]! - 0x30;
    const low = content[at + 1]! - 0x30;
    return high < 0 || high > 9 || low < 0 || low > 9 ? Number.NaN : high * 10 + low;
  };
  const yearDigits = generalized ? 4 : 2;
  const short = pair(0);
  const year = generalized ? short * 100 + pair(2) : short < 50 ? 2000 + short : 1900 + short;
  const month = pair(yearDigits);
  const day = pair(yearDigits + 2);
  const hour = pair(yearDigits + 4);
  const minute = pair(yearDigits + 6);
  const second = pair(yearDigits + 8);
  if (![year, month, day, hour, minute, second].every(Number.isInteger)) return undefined;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) return undefined;
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
