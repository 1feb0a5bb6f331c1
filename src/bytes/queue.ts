/** Received chunks, as one window of bytes. Copies only what spans chunks. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
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
    for (const chunk of this.#chunks) {
      if (position < chunk.length) return chunk[position]!;
      position -= chunk.length;
    }
    throw new RangeError('past the end of the queue');
  }

  /** Takes that many bytes off the front; there have to be that many. A view where one chunk holds them all. */
  take(length: number): Uint8Array {
    if (length > this.#length) throw new RangeError('past the end of the queue');
    this.#length -= length;
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#offset >= length) {
      const view = first.subarray(this.#offset, this.#offset + length);
      this.#skip(first, length);
      return view;
    }
    const out = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(this.#offset, this.#offset + length - at);
      out.set(part, at);
      at += part.length;
      this.#skip(chunk, part.length);
    }
    return out;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#offset = 0;
    this.#length = 0;
  }

  #skip(chunk: Uint8Array, length: number): void {
    this.#offset += length;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
  }
}
