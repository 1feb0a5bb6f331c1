import { concatAll } from '../bytes/bytes.ts';

/** Called when bytes have been taken by the transport, or with the reason why they never will be. */
export type Taken = (error?: Error) => void;

/** What is sealed at once. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Of the writes that end with this piece. */
  readonly taken: readonly Taken[];
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly taken: Taken | undefined;
}

/** What the program has written and is not sealed yet. Small writes are joined, large ones are cut. */
export class Outbox {
  #entries: Entry[] = [];
  /** Entries before this one are gone. */
  #head = 0;
  /** Bytes of the first entry that are gone. */
  #offset = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  push(bytes: Uint8Array, taken?: Taken): void {
    this.#entries.push({ bytes, taken });
    this.#length += bytes.length;
  }

  /**
   * The next piece, of at most `most` bytes. It has none when only empty writes were left.
   * @param large from how many bytes on a write is a piece by itself: it is sealed where it lies, without a copy.
   */
  take(most: number, large: number): Piece {
    const parts: Uint8Array[] = [];
    const taken: Taken[] = [];
    let room = most;
    while (room > 0 && !this.isEmpty) {
      const { bytes, taken: callback } = this.#entries[this.#head]!;
      const isLarge = bytes.length - this.#offset >= large;
      if (parts.length > 0 && isLarge) break;
      const part = bytes.subarray(this.#offset, this.#offset + room);
      if (part.length > 0) parts.push(part);
      room -= part.length;
      this.#offset += part.length;
      if (this.#offset < bytes.length) break;
      this.#next();
      if (callback !== undefined) taken.push(callback);
      if (isLarge) break;
    }
    this.#length -= most - room;
    return { bytes: parts.length === 1 ? parts[0]! : concatAll(parts), taken };
  }

  /** Forgets everything; returns who waits. */
  clear(): readonly Taken[] {
    const waiting = this.#entries.slice(this.#head).flatMap(({ taken }) => (taken === undefined ? [] : [taken]));
    this.#entries = [];
    this.#head = 0;
    this.#offset = 0;
    this.#length = 0;
    return waiting;
  }

  #next(): void {
    this.#offset = 0;
    this.#head++;
    if (this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}
