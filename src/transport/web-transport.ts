import { bytesOf, type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { describe } from '../engine/config/rules.ts';
import { kindOf } from './chunk.ts';
import type { Transport, TransportEvents } from './transport.ts';

/**
 * A pipe that carries bytes both ways: `Deno.Conn`, the sockets of Workers and Direct Sockets, what `Duplex.toWeb` of Node
 * makes … What is asked of it is written down here, so that the streams of every runtime are accepted, whichever types a
 * project has for them.
 */
export interface ByteDuplex {
  readonly readable: ByteReadable;
  readonly writable: ByteWritable;
}

/** What we need of a `ReadableStream` of bytes. */
export interface ByteReadable {
  readonly locked: boolean;
  getReader(): ByteReader;
}

/** What we need of a `ReadableStreamDefaultReader`. */
export interface ByteReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** What we need of a `WritableStream` that takes bytes. */
export interface ByteWritable {
  readonly locked: boolean;
  getWriter(): ByteWriter;
}

/** What we need of a `WritableStreamDefaultWriter`. */
export interface ByteWriter {
  readonly closed: Promise<unknown>;
  write(chunk: OwnBytes): Promise<void>;
  close(): Promise<void>;
  abort(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** A pair of Web Streams for the driver. */
export class WebTransport implements Transport {
  /** Closing one stream of a socket closes all of it in some runtimes. */
  readonly halfCloses = false;
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  #events!: TransportEvents;
  #paused = false;
  #reading = false;
  #isEnding: Promise<unknown> | undefined;
  #destroyed = false;

  /** Takes both streams at once. @throws TypeError for anything that is not a pair of them, unlocked. */
  constructor(duplex: ByteDuplex) {
    const { readable, writable } = checked(duplex);
    this.#writer = taken('writable', () => writable.getWriter());
    try {
      this.#reader = taken('readable', () => readable.getReader());
    } catch (reason) {
      taken('writable', () => this.#writer.releaseLock());
      throw reason;
    }
  }

  listen(events: TransportEvents): void {
    this.#events = events;
    // A pipe that fails while nothing is being written to it.
    answered(() => this.#writer.closed).catch((cause: unknown) => {
      if (!this.#destroyed) events.unwritable(cause ?? new TlsError('ERR_TRANSPORT'));
    });
    void this.#read();
  }

  write(bytes: Uint8Array, done: (error?: unknown) => void): void {
    answered(() => this.#writer.write(ownBytes(bytes))).then(
      () => done(),
      (cause: unknown) => done(cause ?? new TlsError('ERR_TRANSPORT')),
    );
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    void this.#read();
  }

  end(done: () => void): void {
    this.#isEnding ??= answered(() => this.#writer.close());
    this.#isEnding.then(
      () => done(),
      () => done(),
    );
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    answered(() => this.#reader.cancel()).catch(() => {});
    answered(() => this.#writer.abort()).catch(() => {});
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#paused && !this.#destroyed) {
        const { done, value } = await this.#reader.read();
        if (this.#destroyed) return;
        if (done) {
          this.#events.ended();
          return;
        }
        const bytes = bytesOf(value);
        if (bytes === undefined)
          throw new TlsError('ERR_TRANSPORT', { detail: `it delivers ${kindOf(value)} in place of bytes` });
        if (bytes.length > 0) this.#events.received(bytes);
      }
      this.#reading = false;
    } catch (cause) {
      this.#gone(cause);
    }
  }

  #gone(cause: unknown): void {
    if (!this.#destroyed) this.#events.gone(cause ?? new TlsError('ERR_TRANSPORT'));
  }
}

/** A call of a stream that was written by hand may throw, or give no promise. */
function answered(call: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(call());
  } catch (cause) {
    return Promise.reject(cause);
  }
}

/** @throws TypeError when the stream throws, whatever that is. */
function taken<T>(which: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw new TypeError(`the transport: its ${which} stream cannot be taken over`, { cause });
  }
}

function checked(duplex: ByteDuplex): ByteDuplex {
  const { readable, writable } = taken('readable or writable', () => ({
    readable: duplex?.readable,
    writable: duplex?.writable,
  }));
  const isPair = taken(
    'readable or writable',
    () => typeof readable?.getReader === 'function' && typeof writable?.getWriter === 'function',
  );
  if (!isPair) {
    throw new TypeError(
      `the transport: expected { readable, writable }, a ReadableStream and a WritableStream of bytes, found ${describe(duplex)}; for the sockets of Node take warifu/node`,
    );
  }
  const locked = taken('readable or writable', () =>
    readable.locked ? 'readable' : writable.locked ? 'writable' : undefined,
  );
  if (locked !== undefined)
    throw new TypeError(
      `the transport: its ${locked} stream is locked by another reader or writer; release that first`,
    );
  return { readable, writable };
}
