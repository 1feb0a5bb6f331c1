import { type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import type { ByteDuplex, ByteReader, ByteWriter } from '../transport/web-transport.ts';

/** What one read answers. */
type Read = Awaited<ReturnType<ByteReader['read']>>;

/**
 * The pipe under a socket. What is read from it can be handed over in the middle of a read, so that no byte that belongs to
 * TLS goes to the reader of the plaintext.
 */
export class Plain {
  readonly #streams: Promise<{ readonly reader: ByteReader; readonly writer: ByteWriter }>;
  #read: Promise<Read> | undefined;

  constructor(pipe: Promise<ByteDuplex>) {
    this.#streams = pipe.then(({ readable, writable }) => ({
      reader: readable.getReader(),
      writer: writable.getWriter(),
    }));
    this.#streams.catch(() => {});
  }

  /** The read that is under way, or a new one; it stays until it is {@link taken}. */
  next(): Promise<Read> {
    this.#read ??= this.#streams.then(({ reader }) => reader.read());
    return this.#read;
  }

  taken(): void {
    this.#read = undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { writer } = await this.#streams;
    await writer.write(ownBytes(bytes));
  }

  async end(): Promise<void> {
    const { writer } = await this.#streams;
    await writer.close();
  }

  async abort(reason?: unknown): Promise<void> {
    const { reader, writer } = await this.#streams;
    await Promise.allSettled([reader.cancel(reason), writer.abort(reason)]);
  }

  /** The pipe again, for TLS. */
  asDuplex(): ByteDuplex {
    return {
      readable: new ReadableStream<OwnBytes>(
        {
          pull: async (controller) => {
            const { done, value } = await this.next();
            this.taken();
            if (done) controller.close();
            else if (value !== undefined) controller.enqueue(ownBytes(value));
          },
          cancel: async (reason) => {
            const { reader } = await this.#streams;
            await reader.cancel(reason);
          },
        },
        { highWaterMark: 0 },
      ),
      writable: new WritableStream<Uint8Array>({
        write: (bytes) => this.write(bytes),
        close: () => this.end(),
        abort: async (reason) => {
          const { writer } = await this.#streams;
          await writer.abort(reason);
        },
      }),
    };
  }
}
