/**
 * Small tools for bytes. Nothing in `bytes/` knows what TLS is.
 */

/** Joins the parts into one new array. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatAll(parts);
}

/** The same for a list of any length: more arguments than the stack has room for cannot be passed. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Compares without leaving early, so that the time taken says nothing about where the first difference is.
 * The lengths are not secret.
 */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Compares public values; may return early. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Overwrites secrets we own. See SECURITY.md for what this cannot reach. */
export function wipe(...arrays: readonly (Uint8Array | undefined)[]): void {
  for (const array of arrays) array?.fill(0);
}

/**
 * The same bytes as a Uint8Array that is nothing else. A Buffer of Node is one too, but its `slice` does not copy: what
 * was cut out of it would change with it, and would not begin at the beginning of its memory.
 */
export function plainView(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Bytes in memory that no other thread shares, which is what WebCrypto and the streams of a runtime take. It is
 * `Uint8Array<ArrayBuffer>`; compilers before 5.7 have no such name for it, and this one they all can read.
 */
export type OwnBytes = ReturnType<Uint8Array['slice']>;

/** The same bytes, in memory that no other thread shares: copied only if one does. */
export function ownBytes(bytes: Uint8Array): OwnBytes {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : bytes.slice();
}

/** What any ArrayBuffer or view of one holds, without a copy; undefined for everything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  try {
    // What only inherits from Uint8Array has no bytes.
    if (ArrayBuffer.isView(value))
      return value instanceof Uint8Array
        ? plainView(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    // Of another realm, or shared between threads.
    const kind = Object.prototype.toString.call(value);
    const isBuffer = kind === '[object ArrayBuffer]' || kind === '[object SharedArrayBuffer]';
    return isBuffer ? new Uint8Array(value as ArrayBuffer) : undefined;
  } catch {
    // It throws when it is looked at, so it is none.
    return undefined;
  }
}

const HEX = '0123456789abcdef';

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += HEX[byte >> 4]! + HEX[byte & 15]!;
  return out;
}

/** @throws RangeError when `hex` has an odd length or a character that is not a hexadecimal digit. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) throw new RangeError('not a string of hexadecimal digits');
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** Encodes text whose every character is ASCII. @throws RangeError for any other character. */
export function fromAscii(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) throw new RangeError('not ASCII');
    out[i] = code;
  }
  return out;
}

/** Decodes ASCII; undefined when a byte is above 127. */
export function toAscii(bytes: Uint8Array): string | undefined {
  let out = '';
  for (const byte of bytes) {
    if (byte > 127) return undefined;
    out += String.fromCharCode(byte);
  }
  return out;
}

const BASE64_URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Without padding (RFC 4648 section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(3, bytes.length - i) + 1;
    for (let k = 0; k < digits; k++) out += BASE64_URL[(bits >> (18 - 6 * k)) & 63];
  }
  return out;
}

/** Reads what {@link toBase64Url} writes. @throws RangeError for any other character, or a length that cannot be. */
export function fromBase64Url(text: string): Uint8Array {
  if (text.length % 4 === 1) throw new RangeError('not base64url');
  const out = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = base64Digit(text.charCodeAt(i));
    if (digit < 0) throw new RangeError('not base64url');
    bits = ((bits << 6) | digit) & 0xffff;
    if (i % 4 !== 0) out[at++] = bits >> (6 - 2 * (i % 4));
  }
  return out;
}

/** By arithmetic: looking for the character takes longer than all the rest, with the keys of ML-KEM. */
function base64Digit(code: number): number {
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 48 && code <= 57) return code + 4;
  return code === 45 ? 62 : code === 95 ? 63 : -1;
}
