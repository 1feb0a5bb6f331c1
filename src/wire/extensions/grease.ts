/** Is this one of the values that stand for nothing: 0x0a0a, 0x1a1a … 0xfafa (RFC 8701 section 2)? */
export function isGrease(id: number): boolean {
  return (id & 0x0f0f) === 0x0a0a && id >> 8 === (id & 255);
}

/** One of the sixteen for each byte of randomness. */
export function greaseOf(byte: number): number {
  const high = byte & 0xf0;
  return ((high | 0x0a) << 8) | high | 0x0a;
}
