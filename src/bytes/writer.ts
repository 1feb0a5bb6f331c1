import { TlsError } from '../errors.ts';

/** Bytes that grow, with length prefixes filled in once their content is there. */
export class Writer {
  /** What is being written, for errors: "ClientHello.cipherSuites". */
  path: string = '';
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  uint(width: 1 | 2 | 3 | 4, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** width) {
      throw this.fail(`${value} does not fit ${width} bytes`);
    }
    const at = this.#room(width);
    this.#put(at, width, value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Writes what `content` writes behind its length in bytes. Returns that length. */
  prefixed(width: 1 | 2 | 3, content: () => void): number {
    const at = this.#room(width);
    content();
    const length = this.#length - at - width;
    if (length >= 256 ** width) throw this.fail(`${length} bytes, too many for a length of ${width} bytes`);
    this.#put(at, width, length);
    return length;
  }

  /** The fault of a value that cannot be written. */
  fail(what: string): TlsError {
    return new TlsError('ERR_LIMIT', { detail: this.path === '' ? what : `${this.path}: ${what}` });
  }

  /** A copy of what has been written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #put(at: number, width: number, value: number): void {
    for (let i = width - 1; i >= 0; i--) {
      this.#bytes[at + i] = value % 256;
      value = Math.floor(value / 256);
    }
  }

  #room(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}
