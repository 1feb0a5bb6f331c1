import { concat, concatAll } from './bytes.ts';
import { TAG_BIT_STRING, TAG_INTEGER, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET } from './der.ts';

/** An element of DER: tag, length, content. */
export function derElement(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  return derElementOf(tag, content);
}

/** The same for content of any number of parts. */
export function derElementOf(tag: number, content: readonly Uint8Array[]): Uint8Array {
  const body = concatAll(content);
  return concat(Uint8Array.of(tag), derLength(body.length), body);
}

export function derSequence(...items: readonly Uint8Array[]): Uint8Array {
  return derElementOf(TAG_SEQUENCE, items);
}

/** The same for any number of items. */
export function derSequenceOf(items: readonly Uint8Array[]): Uint8Array {
  return derElementOf(TAG_SEQUENCE, items);
}

/** Sorted, as X.690 section 11.6 wants it. */
export function derSet(...items: readonly Uint8Array[]): Uint8Array {
  const order = (a: Uint8Array, b: Uint8Array): number => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
    return a.length - b.length;
  };
  return derElementOf(TAG_SET, [...items].sort(order));
}

/** An INTEGER from a big endian magnitude; zero bytes in front are dropped, and one is added where the sign needs it. */
export function derInteger(magnitude: Uint8Array | number): Uint8Array {
  let bytes = typeof magnitude === 'number' ? numberBytes(magnitude) : magnitude;
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  bytes = bytes.length === 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return derElement(TAG_INTEGER, ...(bytes[0]! >= 0x80 ? [Uint8Array.of(0)] : []), bytes);
}

/** "1.2.840.10045.2.1" */
export function derOid(text: string): Uint8Array {
  const arcs = text.split('.').map(BigInt);
  const bytes: number[] = [];
  for (const arc of [arcs[0]! * 40n + arcs[1]!, ...arcs.slice(2)]) {
    const groups: number[] = [Number(arc & 127n)];
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 127n) | 0x80);
    bytes.push(...groups);
  }
  return derElement(TAG_OID, Uint8Array.from(bytes));
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return derElement(TAG_OCTET_STRING, bytes);
}

export function derBitString(bytes: Uint8Array, unused: number = 0): Uint8Array {
  return derElement(TAG_BIT_STRING, Uint8Array.of(unused), bytes);
}

export function derNull(): Uint8Array {
  return derElement(TAG_NULL);
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = numberBytes(length);
  return concat(Uint8Array.of(0x80 | bytes.length), bytes);
}

function numberBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes.length === 0 ? [0] : bytes);
}
