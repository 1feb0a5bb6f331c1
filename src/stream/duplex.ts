import { TlsError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { ConnectionInfo, PeerInfo } from '../handshake/context.ts';

/** A pipe that carries bytes both ways: `Deno.Conn`, the sockets of Workers and Direct Sockets, `Duplex.toWeb` … */
export interface ByteDuplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** An open connection: a pipe again, with what is known about the other end. */
export interface TlsStream extends ByteDuplex {
  readonly info: Readonly<ConnectionInfo>;
  /**
   * Server: what the client sent before the handshake was done, where `earlyData` allows it. It is not part of `readable`:
   * somebody may have sent a copy of what another connection brought before.
   */
  readonly earlyData: readonly Uint8Array[];
  /** Fulfilled when both directions have ended with close_notify; rejected with the TlsError that ended them otherwise. */
  readonly closed: Promise<void>;
  /** Ends our direction with close_notify, and waits until the peer has ended its own; what it still sends is let go. */
  close(): Promise<void>;
  /**
   * Changes our keys (RFC 9846 section 4.7.3); with `askPeer` (default false) the peer's too.
   * @throws TlsError ERR_STATE when the connection is not open, or is TLS 1.2.
   */
  updateKeys(askPeer?: boolean): void;
  /**
   * Keying material for another protocol (RFC 9846 section 7.5).
   * @param length in bytes.
   */
  exportKey(label: string, context: Uint8Array | undefined, length: number): Uint8Array;
  /** Server, TLS 1.3: asks the client for a certificate now; answered with what it showed, or undefined if it declined. */
  requestCertificate(): Promise<PeerInfo | undefined>;
}

/**
 * Runs an engine over a pipe, and hands out the stream once the handshake is done. Nothing is read ahead of what the
 * program takes, but for one chunk, so that alerts and key changes are seen while it is idle.
 * @throws TlsError when the handshake fails; both directions of the pipe are given up then.
 */
export function drive(engine: Engine, duplex: ByteDuplex, signal?: AbortSignal): Promise<TlsStream> {
  return new Driver(engine, duplex, signal).handshake();
}

class Driver implements TlsStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly closed: Promise<void>;
  readonly #engine: Engine;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #established = deferred<void>();
  readonly #closed = deferred<void>();
  readonly #later: { resolve(peer: PeerInfo | undefined): void; reject(reason: unknown): void }[] = [];
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #writableController!: WritableStreamDefaultController;
  /** The newest write to the pipe; later ones are queued behind it by the pipe itself. */
  #written: Promise<void> = Promise.resolve();
  /** Settled when the open need is. */
  #pending: Promise<void> | undefined;
  /** Received and not yet taken. Held here, because a stream that fails forgets what is queued in it. */
  readonly #chunks: Uint8Array[] = [];
  readonly #early: Uint8Array[] = [];
  #ended = false;
  #finished = false;
  #error: TlsError | undefined;
  /** close() was called: what still comes is let go. */
  #discarding = false;
  #unsubscribe: () => void = () => {};

  constructor(engine: Engine, duplex: ByteDuplex, signal: AbortSignal | undefined) {
    this.#engine = engine;
    this.#reader = duplex.readable.getReader();
    this.#writer = duplex.writable.getWriter();
    this.closed = this.#closed.promise;
    // Whoever does not look at `closed` still sees the error on the streams.
    this.closed.catch(() => {});
    this.#established.promise.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => this.close().catch(() => {}),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writableController = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#end(),
      abort: (reason) => this.#abort(reason),
    });
    if (signal !== undefined) this.#listen(signal);
  }

  get info(): Readonly<ConnectionInfo> {
    return this.#engine.info;
  }

  get earlyData(): readonly Uint8Array[] {
    return this.#early;
  }

  async handshake(): Promise<TlsStream> {
    if (this.#error === undefined) {
      this.#engine.start();
      this.#turn();
    }
    while (!this.#finished && this.#engine.status === 'handshaking') await this.#readOnce();
    await this.#established.promise;
    await this.#written;
    void this.#readAhead();
    return this;
  }

  async close(): Promise<void> {
    this.#discarding = true;
    this.#chunks.length = 0;
    if (this.#error !== undefined) throw this.#error;
    await this.#end();
    while (!this.#finished && !this.#ended) await this.#readOnce();
    await this.closed;
  }

  updateKeys(askPeer: boolean = false): void {
    this.#engine.updateKeys(askPeer);
    this.#turn();
  }

  exportKey(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return this.#engine.exportKey(label, context, length);
  }

  requestCertificate(): Promise<PeerInfo | undefined> {
    return new Promise((resolve, reject) => {
      this.#engine.requestCertificate();
      this.#later.push({ resolve, reject });
      this.#turn();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  /** Takes steps until the engine has to wait for somebody. Never waits itself. */
  #turn(): void {
    while (!this.#finished) {
      const step = this.#engine.next();
      switch (step.type) {
        case 'write':
          this.#send(step.bytes);
          break;
        case 'data':
          this.#deliver(step.bytes);
          break;
        case 'early-data':
          this.#early.push(step.bytes);
          break;
        case 'request': {
          const answer = this.#engine.answer(step.request);
          if (answer !== undefined) {
            this.#pending = answer.then(() => {
              this.#pending = undefined;
              this.#turn();
            });
          }
          break;
        }
        case 'established':
          this.#established.resolve();
          break;
        case 'post-handshake-auth':
          this.#later.shift()?.resolve(step.peer);
          break;
        case 'end':
          this.#endReading();
          break;
        case 'failed':
          this.#fail(step.error);
          return;
        case 'wait':
          return;
      }
    }
  }

  #send(bytes: Uint8Array): void {
    this.#written = this.#writer.write(bytes);
    this.#written.catch((reason: unknown) => this.#fail(new TlsError('ERR_TRANSPORT', { cause: reason })));
  }

  #deliver(bytes: Uint8Array): void {
    if (!this.#discarding) this.#chunks.push(bytes);
  }

  /** The program wants bytes: gives it what is there, or waits until there is something or nothing more will come. */
  async #pull(): Promise<void> {
    await this.#established.promise.catch(() => {});
    await this.#readAhead();
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#controller.enqueue(chunk);
    else if (this.#error !== undefined) this.#controller.error(this.#error);
    else this.#controller.close();
    void this.#readAhead();
  }

  /** Reads while there is nothing for the program to take, so that alerts and key changes are seen while it is idle. */
  async #readAhead(): Promise<void> {
    while (!this.#finished && !this.#ended && this.#chunks.length === 0) await this.#readOnce();
  }

  #reading: Promise<void> | undefined;

  /** One read of the pipe at a time, whoever wants it. Bytes wait in the pipe while a need is open. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#readPipe().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readPipe(): Promise<void> {
    if (this.#pending !== undefined) return await this.#pending;
    let result: ReadableStreamReadResult<Uint8Array>;
    try {
      result = await this.#reader.read();
    } catch (reason) {
      this.#fail(new TlsError('ERR_TRANSPORT', { cause: reason }));
      return;
    }
    if (this.#finished) return;
    if (result.done) this.#engine.receiveEnd();
    else this.#engine.receive(result.value);
    this.#turn();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#engine.send(chunk);
    this.#turn();
    await this.#written.catch(() => {});
    if (this.#error !== undefined) throw this.#error;
  }

  async #end(): Promise<void> {
    this.#engine.close();
    this.#turn();
    await this.#written.catch(() => {});
    this.#settleClosed();
  }

  #abort(reason: unknown): void {
    if (this.#finished) return;
    this.#engine.abort(new TlsError('ERR_ABORTED', { cause: reason }));
    this.#turn();
  }

  #endReading(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rejectLater(new TlsError('ERR_STATE', { detail: 'the peer has ended its direction' }));
    this.#settleClosed();
  }

  /** Both directions are done: let go of the pipe. */
  #settleClosed(): void {
    if (this.#finished || this.#engine.status !== 'closed') return;
    this.#finished = true;
    this.#unsubscribe();
    void this.#writer.close().catch(() => {});
    void this.#reader.cancel().catch(() => {});
    this.#rejectLater(new TlsError('ERR_STATE', { detail: 'the connection was closed' }));
    this.#closed.resolve();
  }

  /** The error shows on both directions, on `closed`, and on whatever is waiting. What had come before stays readable. */
  #fail(error: TlsError): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#error = error;
    this.#unsubscribe();
    // The readable side fails once what had come before has been taken (see #pull).
    this.#writableController.error(error);
    this.#established.reject(error);
    this.#closed.reject(error);
    this.#rejectLater(error);
    // The alert may still be on its way: closing waits for it, aborting would not.
    void this.#writer.close().catch(() => {});
    void this.#reader.cancel(error).catch(() => {});
  }

  #rejectLater(error: TlsError): void {
    for (const waiting of this.#later.splice(0)) waiting.reject(error);
  }

  #listen(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.#abort(signal.reason);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    this.#unsubscribe = () => signal.removeEventListener('abort', onAbort);
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
