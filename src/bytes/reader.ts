import { TlsError } from '../errors.ts';

/**
 * Told of every field once it is read, parts before the whole: what an annotated dump is made from. Offsets are into the
 * array given. The length in front of a vector has a path of its own, with `#length` at its end.
 */
export interface Trace {
  field(path: string, start: number, end: number, depth: number, value: unknown): void;
}

/** A cursor that cannot leave its window. What it hands out are views, not copies. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly trace: Trace | undefined;
  readonly depth: number;
  /** What is being read, for errors: "ClientHello.cipherSuites". */
  path: string;
  #at: number;

  constructor(
    bytes: Uint8Array,
    start: number = 0,
    end: number = bytes.length,
    trace?: Trace,
    depth: number = 0,
    path: string = '',
  ) {
    this.bytes = bytes;
    this.#at = start;
    this.end = end;
    this.trace = trace;
    this.depth = depth;
    this.path = path;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.end - this.#at;
  }

  /** @throws TlsError ERR_DECODE when fewer than `length` bytes are left. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** An unsigned integer of 1 to 4 bytes, big endian. */
  uint(width: 1 | 2 | 3 | 4): number {
    const at = this.#advance(width);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[at + i]!;
    return value;
  }

  /** A reader over the next `length` bytes, which are then behind this one. */
  sub(length: number): Reader {
    const at = this.#advance(length);
    return new Reader(this.bytes, at, at + length, this.trace, this.depth + 1, this.path);
  }

  /** @throws TlsError ERR_TRAILING_BYTES when something is left. */
  finish(): void {
    if (this.remaining !== 0)
      throw new TlsError('ERR_TRAILING_BYTES', { detail: `${this.path}: ${this.remaining} bytes too many` });
  }

  /** The fault of a value that cannot be. */
  fail(what: string): TlsError {
    return new TlsError('ERR_DECODE', { detail: `${this.path}: ${what}` });
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.end - at) throw this.fail(`${length} bytes needed, ${this.end - at} left`);
    this.#at = at + length;
    return at;
  }
}
