/** Is this one of the values that stand for nothing: 0x0a0a, 0x1a1a … 0xfafa (RFC 8701 section 2)? */
export function isGrease(id: number): boolean {
  return (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 255);
}

/** One of the sixteen, at random. */
export function pickGrease(random: { fill(bytes: Uint8Array): void }): number {
  const byte = new Uint8Array(1);
  random.fill(byte);
  const high = byte[0]! & 0xf0;
  return ((high | 0x0a) << 8) | high | 0x0a;
}
