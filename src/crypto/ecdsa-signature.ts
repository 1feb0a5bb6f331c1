import { derInteger, derSequence } from '../bytes/der-writer.ts';

/**
 * Ecdsa-Sig-Value (RFC 3279 section 2.2.3): SEQUENCE of two positive INTEGERs, in DER and nothing else. Read by hand: it
 * is read with every signature, and its form decides before any arithmetic is done.
 */

/** r and s side by side, each `size` bytes long; undefined for what is not such a signature. */
export function readEcdsaSignature(size: number, der: Uint8Array): Uint8Array | undefined {
  const long = der[1] === 0x81;
  const start = long ? 3 : 2;
  const length = long ? der[2] : der[1];
  // The long form is for lengths from 128 on: those of P-521 only.
  if (der[0] !== 0x30 || length === undefined || length + start !== der.length || length < 128 === long)
    return undefined;
  const out = new Uint8Array(2 * size);
  const middle = readInteger(der, start, out, 0, size);
  return readInteger(der, middle, out, size, size) === der.length ? out : undefined;
}

/** The DER of r and s side by side. */
export function writeEcdsaSignature(halves: Uint8Array): Uint8Array {
  const size = halves.length / 2;
  return derSequence(derInteger(halves.subarray(0, size)), derInteger(halves.subarray(size)));
}

/** Where the next thing begins; -1 for an INTEGER that is not positive, not minimal, or too long. */
function readInteger(der: Uint8Array, at: number, out: Uint8Array, to: number, size: number): number {
  if (at < 0 || der[at] !== 0x02) return -1;
  const length = der[at + 1]!;
  const [first, second] = [der[at + 2], der[at + 3]];
  const end = at + 2 + length;
  if (length < 1 || length > size + 1 || end > der.length || first! >= 0x80) return -1;
  const padded = first === 0;
  // Zero is no part of a signature, and a zero byte in front is there for the sign only.
  if (padded && (length === 1 || second! < 0x80)) return -1;
  const from = padded ? at + 3 : at + 2;
  if (end - from > size) return -1;
  out.set(der.subarray(from, end), to + size - (end - from));
  return end;
}
