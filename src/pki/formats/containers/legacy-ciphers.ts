import { lazy } from '../../../bytes/lazy.ts';
import { fromHex } from '../../../bytes/bytes.ts';

/**
 * DES-EDE3 (FIPS 46-3) and RC2 (RFC 2268) in CBC mode, for opening files that old tools wrote. Slow, with tables that
 * tell an observer much: nothing here may ever be used for anything but a file of one's own.
 */

/** Triple DES in CBC mode with the padding of PKCS#7; undefined when the padding is wrong. `key` is 24 bytes, `iv` 8. */
export function tripleDesCbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
  const [k1, k2, k3] = [desKey(key.subarray(0, 8)), desKey(key.subarray(8, 16)), desKey(key.subarray(16, 24))];
  return cbcDecrypt(ciphertext, iv, (block) => desBlock(desBlock(desBlock(block, k3, true), k2, false), k1, true));
}

/** RC2 in CBC mode with the padding of PKCS#7; undefined when the padding is wrong. `bits`: the effective key length. */
export function rc2CbcDecrypt(
  key: Uint8Array,
  bits: number,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const words = rc2Key(key, bits);
  return cbcDecrypt(ciphertext, iv, (block) => rc2DecryptBlock(block, words));
}

/** One block of 8 bytes. */
export function desBlock(block: Uint8Array, key: DesKey, decrypt: boolean): Uint8Array {
  const mixed = permute(block, tables().initial);
  let left = mixed.subarray(0, 4);
  let right = mixed.subarray(4, 8);
  for (let round = 0; round < 16; round++) {
    const scrambled = feistel(right, key[decrypt ? 15 - round : round]!);
    [left, right] = [right, left.map((byte, i) => byte ^ scrambled[i]!)];
  }
  const out = new Uint8Array(8);
  out.set(right);
  out.set(left, 4);
  return permute(out, tables().final);
}

/** Sixteen round keys of 48 bits. */
export type DesKey = readonly Uint8Array[];

/** `key` is 8 bytes; the parity bits are not looked at. */
export function desKey(key: Uint8Array): DesKey {
  const bits = bitsOf(permute(key, tables().choice1));
  let [c, d] = [bits.slice(0, 28), bits.slice(28, 56)];
  return tables().shifts.map((shift) => {
    c = [...c.slice(shift), ...c.slice(0, shift)];
    d = [...d.slice(shift), ...d.slice(0, shift)];
    return permute(bytesOf([...c, ...d]), tables().choice2);
  });
}

/** RFC 2268 section 2: key expansion to 64 words. */
export function rc2Key(key: Uint8Array, bits: number): Uint16Array {
  const pi = tables().pi;
  const bytes = new Uint8Array(128);
  bytes.set(key.subarray(0, 128));
  for (let i = key.length; i < 128; i++) bytes[i] = pi[(bytes[i - 1]! + bytes[i - key.length]!) & 255]!;
  const size = Math.ceil(bits / 8);
  bytes[128 - size] = pi[bytes[128 - size]! & (0xff >> (8 * size - bits))]!;
  for (let i = 127 - size; i >= 0; i--) bytes[i] = pi[bytes[i + 1]! ^ bytes[i + size]!]!;
  return Uint16Array.from({ length: 64 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
}

/** RFC 2268 section 4. */
export function rc2DecryptBlock(block: Uint8Array, key: Uint16Array): Uint8Array {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block[2 * i]! | (block[2 * i + 1]! << 8));
  const rotate = [1, 2, 3, 5];
  let j = 63;
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const shift = rotate[i]!;
      const turned = (r[i]! >>> shift) | (r[i]! << (16 - shift));
      r[i] = turned - key[j--]! - (r[(i + 3) & 3]! & r[(i + 2) & 3]!) - (~r[(i + 3) & 3]! & r[(i + 1) & 3]!);
    }
    // Two mashing rounds: after five rounds of mixing, and after six more.
    if (round === 11 || round === 5) for (let i = 3; i >= 0; i--) r[i] = r[i]! - key[r[(i + 3) & 3]! & 63]!;
  }
  return Uint8Array.from({ length: 8 }, (_, i) => (r[i >> 1]! >> (8 * (i & 1))) & 255);
}

function cbcDecrypt(
  ciphertext: Uint8Array,
  iv: Uint8Array,
  open: (block: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  if (ciphertext.length === 0 || ciphertext.length % 8 !== 0) return undefined;
  const out = new Uint8Array(ciphertext.length);
  let before = iv;
  for (let at = 0; at < ciphertext.length; at += 8) {
    const block = ciphertext.subarray(at, at + 8);
    const plain = open(block);
    for (let i = 0; i < 8; i++) out[at + i] = plain[i]! ^ before[i]!;
    before = block;
  }
  const padding = out[out.length - 1]!;
  if (padding < 1 || padding > 8 || out.subarray(out.length - padding).some((byte) => byte !== padding))
    return undefined;
  return out.subarray(0, out.length - padding);
}

function feistel(half: Uint8Array, roundKey: Uint8Array): Uint8Array {
  const expanded = bitsOf(permute(half, tables().expansion).map((byte, i) => byte ^ roundKey[i]!));
  const out: number[] = [];
  for (let box = 0; box < 8; box++) {
    const six = expanded.slice(6 * box, 6 * box + 6);
    const row = six[0]! * 2 + six[5]!;
    const column = six[1]! * 8 + six[2]! * 4 + six[3]! * 2 + six[4]!;
    const value = Number.parseInt(tables().boxes[box]![16 * row + column]!, 16);
    for (let bit = 3; bit >= 0; bit--) out.push((value >> bit) & 1);
  }
  return permute(bytesOf(out), tables().mix);
}

/** Picks bits by their position, counted from 1 at the left, as FIPS 46-3 prints them. */
function permute(bytes: Uint8Array, positions: readonly number[]): Uint8Array {
  const out = new Uint8Array(positions.length / 8);
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i]! - 1;
    out[i >> 3]! |= ((bytes[from >> 3]! >> (7 - (from & 7))) & 1) << (7 - (i & 7));
  }
  return out;
}

function bitsOf(bytes: Uint8Array): number[] {
  return Array.from({ length: 8 * bytes.length }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

function bytesOf(bits: readonly number[]): Uint8Array {
  const out = new Uint8Array(bits.length / 8);
  for (let i = 0; i < bits.length; i++) out[i >> 3]! |= bits[i]! << (7 - (i & 7));
  return out;
}

interface Tables {
  readonly initial: readonly number[];
  readonly final: readonly number[];
  readonly expansion: readonly number[];
  readonly mix: readonly number[];
  readonly choice1: readonly number[];
  readonly choice2: readonly number[];
  readonly shifts: readonly number[];
  /** S-boxes, row by row, a hexadecimal digit for each entry. */
  readonly boxes: readonly string[];
  readonly pi: Uint8Array;
}

const tables: () => Tables = /* @__PURE__ */ lazy(makeTables);

function makeTables(): Tables {
  const rows = (starts: readonly number[]): number[] =>
    starts.flatMap((start) => Array.from({ length: 8 }, (_, i) => start - 8 * i));
  const initial = rows([58, 60, 62, 64, 57, 59, 61, 63]);
  const final = initial.map((_, i) => initial.indexOf(i + 1) + 1);
  const expansion = Array.from({ length: 48 }, (_, i) => ((4 * Math.floor(i / 6) + (i % 6) + 31) % 32) + 1);
  const list = (text: string): number[] => text.split(' ').map(Number);
  return {
    initial,
    final,
    expansion,
    mix: list('16 7 20 21 29 12 28 17 1 15 23 26 5 18 31 10 2 8 24 14 32 27 3 9 19 13 30 6 22 11 4 25'),
    choice1: list(
      '57 49 41 33 25 17 9 1 58 50 42 34 26 18 10 2 59 51 43 35 27 19 11 3 60 52 44 36 63 55 47 39 31 23 15 7 62 54 46 38 30 22 14 6 61 53 45 37 29 21 13 5 28 20 12 4',
    ),
    choice2: list(
      '14 17 11 24 1 5 3 28 15 6 21 10 23 19 12 4 26 8 16 7 27 20 13 2 41 52 31 37 47 55 30 40 51 45 33 48 44 49 39 56 34 53 46 42 50 36 29 32',
    ),
    shifts: list('1 1 2 2 2 2 2 2 1 2 2 2 2 2 2 1'),
    boxes: [
      'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
      'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
      'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
      '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
      '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
      'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
      '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
      'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
    ],
    pi: fromHex(
      'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
        'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
        '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
        '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
        '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
        'c5f3db47e5a59c770aa62068fe7fc1ad',
    ),
  };
}
