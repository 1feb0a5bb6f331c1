/** Content of a record of TLS 1.3, with its type. */
const JOINT = 16_385;

/**
 * Puts the parts of a record together where they are read at once: new memory for each, or a second call of the cipher, costs
 * more than the copy. One piece of memory for all keys, as nothing stays in it.
 */
export class Joint {
  #memory: Uint8Array | undefined;

  /** What `use` makes of the parts in one piece. */
  with<T>(parts: readonly Uint8Array[], use: (whole: Uint8Array) => T): T {
    if (parts.length === 1) return use(parts[0]!);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#memory ??= new Uint8Array(JOINT);
    const whole = length <= JOINT ? this.#memory.subarray(0, length) : new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    try {
      return use(whole);
    } finally {
      whole.fill(0);
    }
  }
}
