import { equalConstantTime, wipe } from '../../bytes/bytes.ts';
import type { AeadKey } from '../types.ts';
import { aes } from './lazy/aes.ts';

/**
 * AES-GCM (NIST SP 800-38D) with the 12-byte nonce of TLS, over noble's AES. noble expands the key and builds the table of
 * GHASH anew for every message, which for a record of 64 bytes is most of the work: here both are made once for a key, and
 * counter mode and GHASH go over the data together, in place. Tables are looked up by secret values, as in noble's AES:
 * see SECURITY.md.
 */
export function gcmKey(bytes: Uint8Array): AeadKey {
  const { expandKeyLE, encrypt } = aes();
  const schedule = expandKeyLE(bytes);
  const zero = encrypt(schedule, 0, 0, 0, 0);
  const table = multiplesOf(zero.s0, zero.s1, zero.s2, zero.s3);
  const state = new Int32Array(4);
  const tag = new Uint8Array(TAG_LENGTH);
  const tagView = viewOf(tag);
  /** Runs over `text` in place; leaves the tag in `tag`. `sealing`: what is hashed is the result, not the input. */
  const run = (nonce: Uint8Array, head: Uint8Array, text: Uint8Array, sealing: boolean): void => {
    state.fill(0);
    absorb(table, state, head);
    const counter = viewOf(nonce);
    const [n0, n1, n2] = [counter.getInt32(0, true), counter.getInt32(4, true), counter.getInt32(8, true)];
    crypt(schedule, table, state, [n0, n1, n2], text, sealing);
    multiply(table, state, 0, swap(8 * head.length), 0, swap(8 * text.length));
    const mask = encrypt(schedule, n0, n1, n2, swap(1));
    tagView.setInt32(0, state[0]! ^ mask.s0, true);
    tagView.setInt32(4, state[1]! ^ mask.s1, true);
    tagView.setInt32(8, state[2]! ^ mask.s2, true);
    tagView.setInt32(12, state[3]! ^ mask.s3, true);
  };
  const sealInto: NonNullable<AeadKey['sealInto']> = (nonce, head, parts, out, at) => {
    let end = at;
    for (const part of parts) {
      out.set(part, end);
      end += part.length;
    }
    run(nonce, head, out.subarray(at, end), true);
    out.set(tag, end);
  };
  return {
    seal: (nonce, head, plaintext) => {
      const out = new Uint8Array(plaintext.length + TAG_LENGTH);
      sealInto(nonce, head, [plaintext], out, 0);
      return out;
    },
    sealInto,
    open: (nonce, head, sealed) => {
      const length = sealed.length - TAG_LENGTH;
      if (length < 0) return undefined;
      const text = Uint8Array.prototype.slice.call(sealed, 0, length);
      run(nonce, head, text, false);
      if (equalConstantTime(tag, sealed.subarray(length))) return text;
      // What did not authenticate is shown to none.
      text.fill(0);
      return undefined;
    },
    dispose: () => {
      schedule.fill(0);
      table.fill(0);
      state.fill(0);
      wipe(tag);
    },
  };
}

const TAG_LENGTH = 16;

/** GCTR from counter 2 on, and GHASH of the ciphertext. */
function crypt(
  schedule: Uint32Array,
  table: Int32Array,
  state: Int32Array,
  [n0, n1, n2]: readonly [number, number, number],
  text: Uint8Array,
  sealing: boolean,
): void {
  const { encrypt } = aes();
  const view = viewOf(text);
  const whole = text.length & ~15;
  let count = 2;
  for (let at = 0; at < whole; at += 16, count++) {
    const { s0, s1, s2, s3 } = encrypt(schedule, n0, n1, n2, swap(count));
    const a0 = view.getInt32(at, true);
    const a1 = view.getInt32(at + 4, true);
    const a2 = view.getInt32(at + 8, true);
    const a3 = view.getInt32(at + 12, true);
    const b0 = a0 ^ s0;
    const b1 = a1 ^ s1;
    const b2 = a2 ^ s2;
    const b3 = a3 ^ s3;
    view.setInt32(at, b0, true);
    view.setInt32(at + 4, b1, true);
    view.setInt32(at + 8, b2, true);
    view.setInt32(at + 12, b3, true);
    if (sealing) multiply(table, state, b0, b1, b2, b3);
    else multiply(table, state, a0, a1, a2, a3);
  }
  if (whole === text.length) return;
  const { s0, s1, s2, s3 } = encrypt(schedule, n0, n1, n2, swap(count));
  const words = [s0, s1, s2, s3];
  const rest = text.subarray(whole);
  if (!sealing) absorb(table, state, rest);
  for (let i = 0; i < rest.length; i++) rest[i]! ^= (words[i >> 2]! >>> (8 * (i & 3))) & 255;
  if (sealing) absorb(table, state, rest);
}

/** GHASH of bytes that are filled up with zeros to whole blocks. */
function absorb(table: Int32Array, state: Int32Array, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 16) {
    const block = new Int32Array(4);
    for (let i = 0; i < 16 && at + i < bytes.length; i++) block[i >> 2]! |= bytes[at + i]! << (8 * (i & 3));
    multiply(table, state, block[0]!, block[1]!, block[2]!, block[3]!);
  }
}

/** state = (state xor block) · H, by the table: 32 digits of four bits, each with its 16 multiples of H. */
function multiply(table: Int32Array, state: Int32Array, x0: number, x1: number, x2: number, x3: number): void {
  let z0 = 0;
  let z1 = 0;
  let z2 = 0;
  let z3 = 0;
  let base = 0;
  for (let word = 0; word < 4; word++) {
    const x = (word === 0 ? x0 : word === 1 ? x1 : word === 2 ? x2 : x3) ^ state[word]!;
    for (let shift = 0; shift < 32; shift += 8) {
      // Within a byte the first power of x is the highest bit.
      let at = base + (((x >>> (shift + 4)) & 15) << 2);
      z0 ^= table[at]!;
      z1 ^= table[at + 1]!;
      z2 ^= table[at + 2]!;
      z3 ^= table[at + 3]!;
      at = base + 64 + (((x >>> shift) & 15) << 2);
      z0 ^= table[at]!;
      z1 ^= table[at + 1]!;
      z2 ^= table[at + 2]!;
      z3 ^= table[at + 3]!;
      base += 128;
    }
  }
  state[0] = z0;
  state[1] = z1;
  state[2] = z2;
  state[3] = z3;
}

/** H times every digit at every place: 8 KiB, in words as they lie in memory. The words of H are little endian. */
function multiplesOf(h0: number, h1: number, h2: number, h3: number): Int32Array {
  const table = new Int32Array(32 * 16 * 4);
  let [a, b, c, d] = [swap(h0), swap(h1), swap(h2), swap(h3)];
  for (let power = 0; power < 128; power++) {
    const digit = (power >> 2) * 64;
    // The digit with only this bit set, then the sums with all digits below it.
    const bit = 8 >> (power & 3);
    const at = digit + bit * 4;
    table[at] = swap(a);
    table[at + 1] = swap(b);
    table[at + 2] = swap(c);
    table[at + 3] = swap(d);
    // Times x: a shift to the right, and the polynomial where a bit falls out (SP 800-38D section 6.3).
    const out = -(d & 1);
    d = (d >>> 1) | (c << 31);
    c = (c >>> 1) | (b << 31);
    b = (b >>> 1) | (a << 31);
    a = (a >>> 1) ^ (out & 0xe1000000);
  }
  for (let digit = 0; digit < table.length; digit += 64)
    for (let n = 1; n < 16; n++) {
      const low = n & -n;
      if (low === n) continue;
      for (let i = 0; i < 4; i++)
        table[digit + n * 4 + i] = table[digit + low * 4 + i]! ^ table[digit + (n ^ low) * 4 + i]!;
    }
  return table;
}

/** The bytes of a word the other way round. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
