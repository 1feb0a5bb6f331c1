import { concatAll } from '../../../bytes/bytes.ts';
import { DerError, TAG_BIT_STRING, TAG_SEQUENCE, TAG_SET } from '../../../bytes/der.ts';
import { derElement } from '../../../bytes/der-writer.ts';

const MAX_BYTES = 16_777_216;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 50_000;

/**
 * Where this house is tolerant: PKCS#12 and PKCS#7 are BER, and real tools use it (indefinite lengths, strings in parts,
 * lengths in more bytes than needed). This makes DER of them, and all the rest of the reading is strict again. What is
 * inside an OCTET STRING stays as it is. Sets are not sorted.
 * @throws DerError when it is not even BER, is nested more than 32 deep, or is larger than 16 MiB.
 */
export function berToDer(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_BYTES) throw new DerError(`${bytes.length} bytes`, 0);
  const walk = { bytes, elements: 0 };
  const { der, next } = element(walk, 0, bytes.length, 0);
  if (next !== bytes.length) throw new DerError(`${bytes.length - next} bytes too many`, next);
  return der;
}

interface Walk {
  readonly bytes: Uint8Array;
  elements: number;
}

interface Element {
  readonly tag: number;
  readonly der: Uint8Array;
  /** Content, in DER. */
  readonly content: Uint8Array;
  readonly next: number;
}

function element(walk: Walk, at: number, end: number, depth: number): Element {
  const { bytes } = walk;
  if (depth > MAX_DEPTH) throw new DerError('nested too deeply', at);
  if (++walk.elements > MAX_ELEMENTS) throw new DerError('too many elements', at);
  if (end - at < 2) throw new DerError('an element is missing', at);
  const tag = bytes[at]!;
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes', at);
  const isConstructed = (tag & 0x20) !== 0;
  const { length, start } = readLength(bytes, at + 1, end);
  if (length === undefined && !isConstructed) throw new DerError('an indefinite length where nothing is nested', at);
  if (length !== undefined && length > end - start)
    throw new DerError(`${length} bytes promised, ${end - start} there`, at);
  if (!isConstructed) return finished(tag, bytes.subarray(start, start + length!), start + length!);
  const children: Element[] = [];
  const stop = length === undefined ? end : start + length;
  let next = start;
  for (;;) {
    if (length !== undefined && next === stop) break;
    if (length === undefined && bytes[next] === 0 && bytes[next + 1] === 0 && next + 1 < end) {
      next += 2;
      break;
    }
    const child = element(walk, next, stop, depth + 1);
    children.push(child);
    next = child.next;
  }
  const isString = (tag & 0xc0) === 0 && tag !== TAG_SEQUENCE && tag !== TAG_SET;
  if (!isString) return finished(tag, concatAll(children.map(({ der }) => der)), next);
  // A string in parts: each part is a string of the same type (X.690 section 8.7.3).
  const whole = tag & ~0x20;
  if (whole === TAG_BIT_STRING) throw new DerError('a BIT STRING in parts', at);
  if (children.some((child) => child.tag !== whole)) throw new DerError('a string in parts of another type', at);
  return finished(whole, concatAll(children.map(({ content }) => content)), next);
}

function finished(tag: number, content: Uint8Array, next: number): Element {
  return { tag, content, der: derElement(tag, content), next };
}

/** Length undefined: indefinite. */
function readLength(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly length: number | undefined; readonly start: number } {
  const first = bytes[at]!;
  if (first < 0x80) return { length: first, start: at + 1 };
  const count = first & 0x7f;
  if (count === 0) return { length: undefined, start: at + 1 };
  if (count > 8 || count > end - at - 1) throw new DerError('a length that cannot be', at);
  let length = 0;
  for (let i = 1; i <= count; i++) length = length * 256 + bytes[at + i]!;
  return { length, start: at + 1 + count };
}
