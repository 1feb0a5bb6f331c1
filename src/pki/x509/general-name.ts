import { toAscii } from '../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  DerCursor,
  DerError,
  TAG_BMP_STRING,
  TAG_IA5_STRING,
  TAG_OID,
  TAG_PRINTABLE_STRING,
  TAG_SEQUENCE,
  TAG_SET,
  TAG_TELETEX_STRING,
  TAG_UNIVERSAL_STRING,
  TAG_UTF8_STRING,
} from '../../bytes/der.ts';
import type { SlipNotes } from './slips.ts';

/** RFC 5280 section 4.2.1.6. Forms that are not compared here, also such as it does not know, are kept as bytes. */
export type GeneralName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory' /** DER Name. */; readonly name: Uint8Array }
  | { readonly kind: 'registered-id'; readonly oid: string }
  | { readonly kind: 'other'; readonly tag: number; readonly der: Uint8Array };

const MAX_NAMES = 4096;
const MAX_RDNS = 256;

/** GeneralNames: at least one. */
export function readGeneralNames(cursor: DerCursor, tag: number, slips?: SlipNotes): readonly GeneralName[] {
  const start = cursor.offset;
  const names = cursor.sequenceOf((item) => readGeneralName(item, slips), 1, tag);
  if (names.length > MAX_NAMES) throw new DerError(`${names.length} names`, start);
  return names;
}

/**
 * One name. In a name constraint (`subtree`) an address has a mask behind it.
 * @throws DerError when its form is wrong; whether a text is a name of its kind is not judged here.
 */
export function readGeneralName(cursor: DerCursor, slips?: SlipNotes, subtree: boolean = false): GeneralName {
  const start = cursor.offset;
  // A constraint that cannot be read cannot be held to; a name that is none names no host.
  const oddity = slips === undefined || subtree ? undefined : () => slips.add('odd-name');
  switch (cursor.peek()) {
    case contextTag(1):
      return readText(cursor, 'email', contextTag(1), oddity);
    case contextTag(2):
      return readText(cursor, 'dns', contextTag(2), oddity);
    case contextTag(6):
      return readText(cursor, 'uri', contextTag(6), oddity);
    case contextTag(7):
      return subtree ? { kind: 'ip', bytes: readSubnet(cursor) } : readAddress(cursor, oddity);
    case contextConstructed(4):
      return { kind: 'directory', name: cursor.constructed(contextConstructed(4), (name) => readName(name, slips)) };
    case contextTag(8):
      return { kind: 'registered-id', oid: cursor.oid(contextTag(8)) };
    case contextConstructed(0):
    case contextConstructed(3):
    case contextConstructed(5): {
      const { tag, end } = cursor.element();
      return { kind: 'other', tag, der: cursor.bytes.subarray(start, end) };
    }
    default: {
      // A form that is not known here names no one; one of those above in the wrong dress is malformed.
      const { tag, end } = cursor.element();
      if (tag >> 6 === 2 && (tag & 0x1f) <= 8) throw new DerError('a GeneralName in the wrong form', start);
      return { kind: 'other', tag, der: cursor.bytes.subarray(start, end) };
    }
  }
}

/** A name that is none of its form is kept as bytes where that is noted; without `onOdd`, that is an error. */
type OnOdd = (() => void) | undefined;

/** RFC 5280 section 4.2.1.6: 4 or 16 bytes. */
function readAddress(cursor: DerCursor, onOdd: OnOdd): GeneralName {
  const start = cursor.offset;
  const bytes = cursor.content(contextTag(7));
  if (bytes.length === 4 || bytes.length === 16) return { kind: 'ip', bytes };
  if (onOdd === undefined) throw new DerError(`an address of ${bytes.length} bytes`, start);
  onOdd();
  return { kind: 'other', tag: contextTag(7), der: cursor.bytes.subarray(start, cursor.offset) };
}

/** RFC 5280 section 4.2.1.10: an address and as many bytes of a mask of leading ones. */
function readSubnet(cursor: DerCursor): Uint8Array {
  const start = cursor.offset;
  const bytes = cursor.content(contextTag(7));
  const size = bytes.length / 2;
  if (size !== 4 && size !== 16) throw new DerError(`an address of ${bytes.length} bytes`, start);
  if (!isMask(bytes.subarray(size))) throw new DerError('a mask with holes', start);
  return bytes;
}

/** Ones in front, zeros behind. */
export function isMask(bytes: Uint8Array): boolean {
  let ended = false;
  for (const byte of bytes) {
    if (ended && byte !== 0) return false;
    if (byte === 0xff) continue;
    // Ones in front of zeros: its complement, plus one, is a power of two.
    const rest = ~byte & 0xff;
    if ((rest & (rest + 1)) !== 0) return false;
    ended = true;
  }
  return true;
}

/**
 * Takes a Name, checking its form and its strings; its DER.
 * @param slips where what is odd about it is noted; without it, that is an error.
 * @throws DerError
 */
export function readName(cursor: DerCursor, slips?: SlipNotes): Uint8Array {
  const start = cursor.offset;
  const sorted = slips === undefined ? undefined : () => slips.add('unsorted-name');
  const rdns = cursor.sequenceOf(
    (rdn) => rdn.setOf(readAttribute, slips === undefined ? 1 : 0, TAG_SET, sorted),
    0,
    TAG_SEQUENCE,
  );
  if (rdns.length > MAX_RDNS) throw new DerError(`a name of ${rdns.length} parts`, start);
  for (const rdn of rdns) {
    if (rdn.length === 0) slips?.add('empty-list');
    for (const attribute of rdn)
      if (isOddString(attribute)) {
        if (slips === undefined) throw new DerError('a string with characters that its type does not have', start);
        slips.add('odd-string');
      }
  }
  return cursor.bytes.subarray(start, cursor.offset);
}

/** One attribute of a Name. */
export interface Attribute {
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

/** The relative distinguished names of a Name, in order. A set may be unsorted or empty here: it is going to be compared. */
export function nameAttributes(name: Uint8Array): readonly (readonly Attribute[])[] {
  const cursor = new DerCursor(name);
  const attributes = cursor.sequenceOf((rdn) => rdn.sequenceOf(readAttribute, 0, TAG_SET), 0, TAG_SEQUENCE);
  cursor.finish();
  return attributes;
}

const TEXT_TAGS: readonly number[] = [
  TAG_UTF8_STRING,
  TAG_PRINTABLE_STRING,
  TAG_IA5_STRING,
  TAG_TELETEX_STRING,
  TAG_UNIVERSAL_STRING,
  TAG_BMP_STRING,
];

function isText(tag: number): boolean {
  return TEXT_TAGS.includes(tag);
}

function readAttribute(cursor: DerCursor): Attribute {
  return cursor.sequence((fields) => {
    const oid = fields.oid(TAG_OID);
    const { tag, contentStart, end } = fields.element();
    return { oid, tag, value: fields.bytes.subarray(contentStart, end) };
  });
}

/** Has it characters that its type of string does not have (X.680 section 41)? */
export function isOddString(attribute: Attribute): boolean {
  if (!isText(attribute.tag)) return false;
  const text = attributeText(attribute);
  return text === undefined || (attribute.tag === TAG_PRINTABLE_STRING && !/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text));
}

/** The text of an attribute; undefined: not a text, or one that is malformed. */
export function attributeText({ tag, value }: Attribute): string | undefined {
  switch (tag) {
    case TAG_PRINTABLE_STRING:
    case TAG_IA5_STRING:
      return toAscii(value);
    case TAG_UTF8_STRING:
      return decodeUtf8(value);
    case TAG_TELETEX_STRING:
      return latin1(value);
    case TAG_BMP_STRING:
      return wide(value, 2);
    case TAG_UNIVERSAL_STRING:
      return wide(value, 4);
    default:
      return undefined;
  }
}

function readText(cursor: DerCursor, kind: 'dns' | 'email' | 'uri', tag: number, onOdd: OnOdd): GeneralName {
  const start = cursor.offset;
  const text = toAscii(cursor.content(tag));
  if (text !== undefined) return { kind, text };
  if (onOdd === undefined) throw new DerError('an IA5String with other characters', start);
  onOdd();
  return { kind: 'other', tag, der: cursor.bytes.subarray(start, cursor.offset) };
}

export function latin1(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += String.fromCharCode(byte);
  return out;
}

/** UTF-8, strictly: nothing overlong, no surrogates; undefined for anything else. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const ascii = toAscii(bytes);
  if (ascii !== undefined) return ascii;
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i]!;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || i + length > bytes.length) return undefined;
    let code = length === 1 ? first : first & (0xff >> (length + 1));
    for (let k = 1; k < length; k++) {
      const next = bytes[i + k]!;
      if ((next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 0x3f);
    }
    const least = length < 3 ? 0x80 * (length - 1) : length === 3 ? 0x800 : 0x10000;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    out += String.fromCodePoint(code);
    i += length;
  }
  return out;
}

function wide(bytes: Uint8Array, width: 2 | 4): string | undefined {
  if (bytes.length % width !== 0) return undefined;
  let out = '';
  for (let i = 0; i < bytes.length; i += width) {
    let code = 0;
    for (let k = 0; k < width; k++) code = code * 256 + bytes[i + k]!;
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    out += String.fromCodePoint(code);
  }
  return out;
}
