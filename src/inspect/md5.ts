/** MD5 (RFC 1321), because JA3 is written in it. It protects nothing and must never be asked to. */
export function md5(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(padded.length - 8, (message.length << 3) >>> 0, true);
  words.setUint32(padded.length - 4, Math.floor(message.length / 2 ** 29), true);

  const state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) addBlock(state, words, block);
  const out = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 4; i++) out.setUint32(4 * i, state[i]! >>> 0, true);
  return new Uint8Array(out.buffer);
}

const SHIFTS: readonly (readonly number[])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

type State = [number, number, number, number];

function addBlock(state: State, words: DataView, block: number): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const [mixed, index] = mix(round, i, b, c, d);
    const sum =
      (a + mixed + Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))) + words.getUint32(block + 4 * index, true)) | 0;
    const shift = SHIFTS[round]![i & 3]!;
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0];
  }
  for (const [i, value] of [a, b, c, d].entries()) state[i] = (state[i]! + value) | 0;
}

function mix(round: number, i: number, b: number, c: number, d: number): readonly [mixed: number, index: number] {
  if (round === 0) return [(b & c) | (~b & d), i];
  if (round === 1) return [(d & b) | (~d & c), (5 * i + 1) & 15];
  if (round === 2) return [b ^ c ^ d, (3 * i + 5) & 15];
  return [c ^ (b | ~d), (7 * i) & 15];
}
