import { toAscii } from '../bytes/bytes.ts';
import { ByteQueue } from '../bytes/queue.ts';
import { TlsError } from '../errors.ts';
import { CONTENT_APPLICATION_DATA, CONTENT_CHANGE_CIPHER_SPEC } from '../wire/ids.ts';

/** A record as it came (RFC 9846 section 5.1). Views of what was received. */
export interface RawRecord {
  readonly type: number;
  /** Its five bytes: additional data of the AEAD. */
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

const HEADER = 5;
export const MAX_PLAINTEXT = 16_384;
/** A record of so few bytes gets memory of its own. */
const SMALL = 4_096;
/** The longest record there is, but for those of CBC. */
const MAX_JOINT = MAX_PLAINTEXT + 256;

/** Cuts received bytes into records. A header that cannot be is refused before its payload is waited for. */
export class Deframer {
  readonly #queue: ByteQueue = new ByteQueue();
  #first = true;
  /** Where records are put together that came in parts, while there is something in the queue. */
  #joint: Uint8Array | undefined;

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Bytes that are waiting, of a record that is not whole yet or of later ones. */
  get buffered(): number {
    return this.#queue.length;
  }

  /**
   * @param overhead what the current protection may add to 2^14 bytes of content.
   * @param isBrief the payload is not needed any more when this is called again: it may lie where the next one will.
   */
  next(overhead: number, isBrief: boolean = false): RawRecord | undefined {
    const queue = this.#queue;
    if (queue.length === 0) {
      this.#joint = undefined;
      return undefined;
    }
    const type = queue.at(0);
    if (type < CONTENT_CHANGE_CIPHER_SPEC || type > CONTENT_APPLICATION_DATA) throw this.#strange(type);
    if (queue.length >= 2 && queue.at(1) !== 3) {
      throw new TlsError('ERR_RECORD_VERSION', { detail: `major version ${queue.at(1)}` });
    }
    if (queue.length < HEADER) return undefined;
    const length = queue.at(3) * 256 + queue.at(4);
    if (length > MAX_PLAINTEXT + overhead) {
      throw new TlsError('ERR_RECORD_OVERFLOW', {
        detail: `${length} bytes where ${MAX_PLAINTEXT + overhead} are allowed`,
      });
    }
    if (length === 0 && type !== CONTENT_APPLICATION_DATA)
      throw new TlsError('ERR_EMPTY_RECORD', { detail: `content type ${type}` });
    if (queue.length < HEADER + length) return undefined;
    this.#first = false;
    const header = queue.take(HEADER);
    return { type, header, payload: isBrief ? this.#takeBriefly(length) : queue.take(length) };
  }

  /** Is the next one whole, and one that may hold application data? What is wrong with it is for {@link next} to say. */
  hasData(overhead: number): boolean {
    const queue = this.#queue;
    if (queue.length < HEADER || queue.at(0) !== CONTENT_APPLICATION_DATA || queue.at(1) !== 3) return false;
    const length = queue.at(3) * 256 + queue.at(4);
    return length <= MAX_PLAINTEXT + overhead && queue.length >= HEADER + length;
  }

  /** One of the bytes that are waiting. */
  at(index: number): number {
    return this.#queue.at(index);
  }

  /** Takes bytes that are no record; there have to be that many. */
  take(length: number): Uint8Array {
    this.#first = false;
    return this.#queue.take(length);
  }

  clear(): void {
    this.#queue.clear();
    this.#joint = undefined;
  }

  /** One in four records of a busy connection came in two parts: new memory for each costs more than the copy. */
  #takeBriefly(length: number): Uint8Array {
    const queue = this.#queue;
    if (length < SMALL || length > MAX_JOINT || queue.isWhole(length)) return queue.take(length);
    this.#joint ??= new Uint8Array(MAX_JOINT);
    return queue.take(length, this.#joint);
  }

  /** Not a content type. In the first record it is a peer that does not speak TLS. */
  #strange(type: number): TlsError {
    if (!this.#first) return new TlsError('ERR_UNEXPECTED_RECORD', { detail: `content type ${type}` });
    const start = Uint8Array.from({ length: Math.min(16, this.#queue.length) }, (_, i) => this.#queue.at(i));
    const text = toAscii(start);
    const detail =
      text !== undefined && /^[\x20-\x7e\r\n]+$/.test(text)
        ? `it begins with ${JSON.stringify(text)}`
        : `it begins with byte ${type}`;
    const question = 'is it the right port, and does TLS begin there at once, without STARTTLS?';
    return new TlsError('ERR_NOT_TLS', { detail: `${detail}; ${question}` });
  }
}
