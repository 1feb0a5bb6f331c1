import { bytesOf, type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { chunkOf } from '../transport/chunk.ts';

/** What carries whole messages of bytes in order: a WebSocket, a data channel, a message port. */
export interface Wire {
  /** What it is called in errors. */
  readonly name: string;
  /** The longest message it carries, in bytes. */
  readonly largest: number;
  listen(events: WireEvents): void;
  send(bytes: OwnBytes): void;
  /** Fulfilled when there is room for more; undefined: there is now. */
  room(): Promise<void> | undefined;
  /** So many more bytes have been read. */
  taken(length: number): void;
  /** The reader has enough for now; the wire may be unable to tell its peer. */
  pause(): void;
  resume(): void;
  /** Ends our direction, behind what was sent. */
  end(): void;
  /** Lets go of it. */
  destroy(): void;
}

/** What a wire tells. */
export interface WireEvents {
  opened(): void;
  received(data: unknown): void;
  /** The peer has ended its direction, or both. */
  ended(): void;
  failed(cause: TlsError): void;
}

/** Bytes that wait to be read before the wire is told to pause. */
const ENOUGH = 65_536;

/** A pair of Web Streams over a wire. */
export function pipeOver(wire: Wire, maxUnread: number): StreamPair {
  return new Messages(wire, maxUnread);
}

/** The streams as a runtime has them. */
export interface StreamPair {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
}

class Messages implements StreamPair, WireEvents {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #wire: Wire;
  readonly #maxUnread: number;
  #readableController!: ReadableStreamDefaultController<OwnBytes>;
  #writableController!: WritableStreamDefaultController;
  readonly #open: Promise<void>;
  #opened!: () => void;
  #readableDone = false;
  #writableDone = false;
  #paused = false;
  #unread = 0;

  constructor(wire: Wire, maxUnread: number) {
    this.#wire = wire;
    this.#maxUnread = maxUnread;
    this.#open = new Promise((resolve) => {
      this.#opened = resolve;
    });
    this.readable = new ReadableStream<OwnBytes>(
      {
        start: (controller) => {
          this.#readableController = controller;
        },
        pull: () => {
          this.#count();
          this.#resume();
        },
        cancel: () => {
          this.#readableDone = true;
          // What still comes is not wanted, and must not stop the peer.
          this.#resume();
          this.#letGo();
        },
      },
      { highWaterMark: ENOUGH, size: (chunk) => chunk.length },
    );
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writableController = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: async () => {
        await this.#open;
        this.#writableDone = true;
        wire.end();
        this.#letGo();
      },
      abort: () => {
        this.#writableDone = true;
        wire.destroy();
        this.#endReadable(new TlsError('ERR_ABORTED'));
      },
    });
    wire.listen(this);
  }

  // --- what the wire tells ---

  opened(): void {
    this.#opened();
  }

  received(data: unknown): void {
    const bytes = bytesOf(data);
    if (this.#readableDone) {
      this.#wire.taken(bytes?.length ?? 0);
      return;
    }
    if (bytes === undefined) {
      const found = typeof data === 'string' ? 'text' : typeof data === 'object' ? 'an object' : `a ${typeof data}`;
      this.#destroy(`the ${this.#wire.name} delivered ${found}; the other end has to send binary messages`);
      return;
    }
    if (bytes.length === 0) return;
    this.#unread += bytes.length;
    this.#readableController.enqueue(ownBytes(bytes));
    this.#count();
    const room = this.#readableController.desiredSize ?? 0;
    if (ENOUGH - room > this.#maxUnread) {
      this.#destroy(
        `more than ${this.#maxUnread} bytes wait to be read, and the ${this.#wire.name} cannot be paused; read faster, or set maxUnread`,
      );
    } else if (room <= 0) this.#pause();
  }

  ended(): void {
    this.#endReadable();
    this.#opened();
  }

  failed(cause: TlsError): void {
    this.#endReadable(cause);
    if (!this.#writableDone) this.#writableController.error(cause);
    this.#writableDone = true;
    this.#opened();
  }

  // --- what the program does ---

  async #write(chunk: unknown): Promise<void> {
    const bytes = chunkOf(chunk);
    await this.#open;
    for (let at = 0; at < bytes.length && !this.#writableDone; at += this.#wire.largest) {
      await this.#wire.room();
      if (!this.#writableDone) this.#send(bytes.subarray(at, at + this.#wire.largest));
    }
  }

  /** A carrier that refuses to send is of no more use, and its other end has to hear of it. */
  #send(bytes: Uint8Array): void {
    try {
      this.#wire.send(ownBytes(bytes));
    } catch (cause) {
      this.#wire.destroy();
      const error = new TlsError('ERR_TRANSPORT', { detail: `the ${this.#wire.name} does not send`, cause });
      this.failed(error);
      throw error;
    }
  }

  /** Tells the wire what has been read since the last time. */
  #count(): void {
    const waiting = ENOUGH - (this.#readableController.desiredSize ?? ENOUGH);
    const taken = this.#unread - waiting;
    this.#unread = waiting;
    if (taken > 0) this.#wire.taken(taken);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#wire.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#wire.resume();
  }

  #endReadable(cause?: TlsError): void {
    if (this.#readableDone) return;
    this.#readableDone = true;
    if (cause === undefined) this.#readableController.close();
    else this.#readableController.error(cause);
    this.#letGo();
  }

  #destroy(detail: string): void {
    this.#wire.destroy();
    this.failed(new TlsError('ERR_TRANSPORT', { detail }));
  }

  #letGo(): void {
    if (this.#readableDone && this.#writableDone) this.#wire.destroy();
  }
}
