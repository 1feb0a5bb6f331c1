/** Received chunks, as one window of bytes. Copies only what spans chunks. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Chunks before this one are used up. Taking them out one by one would move all the others each time. */
  #head = 0;
  /** Bytes of the first chunk that are behind us. */
  #offset = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** The byte at this distance; there have to be that many. */
  at(index: number): number {
    let position = this.#offset + index;
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!;
      if (position < chunk.length) return chunk[position]!;
      position -= chunk.length;
    }
    throw new RangeError('past the end of the queue');
  }

  /** Are so many bytes in one chunk, so that taking them copies nothing? */
  isWhole(length: number): boolean {
    const first = this.#chunks[this.#head];
    return first !== undefined && first.length - this.#offset >= length;
  }

  /**
   * Takes that many bytes off the front; there have to be that many. A view where one chunk holds them all, a copy where they
   * span chunks: in new memory, or at the beginning of `memory`.
   */
  take(length: number, memory?: Uint8Array): Uint8Array {
    if (length > this.#length) throw new RangeError('past the end of the queue');
    this.#length -= length;
    if (this.isWhole(length)) {
      const first = this.#chunks[this.#head]!;
      const view = first.subarray(this.#offset, this.#offset + length);
      this.#skip(first, length);
      return view;
    }
    const out = memory === undefined ? new Uint8Array(length) : memory.subarray(0, length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks[this.#head]!;
      const part = chunk.subarray(this.#offset, this.#offset + length - at);
      out.set(part, at);
      at += part.length;
      this.#skip(chunk, part.length);
    }
    return out;
  }

  clear(): void {
    this.#chunks = [];
    this.#head = 0;
    this.#offset = 0;
    this.#length = 0;
  }

  #skip(chunk: Uint8Array, length: number): void {
    this.#offset += length;
    if (this.#offset < chunk.length) return;
    this.#offset = 0;
    this.#chunks[this.#head++] = NOTHING;
    // Half of it is used up: now moving the rest costs no more than taking it out did.
    if (this.#head * 2 < this.#chunks.length) return;
    this.#chunks = this.#chunks.slice(this.#head);
    this.#head = 0;
  }
}

/** In the place of a chunk that is used up, so that its memory can go. */
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
