import type { ChannelBinding } from '../engine/channel-binding.ts';
import { type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import type { Engine } from '../engine/engine.ts';
import { TlsError } from '../errors.ts';
import type { ConnectionInfo, PeerInfo } from '../handshake/context.ts';
import { chunkOf } from './chunk.ts';
import { Driver } from './driver.ts';
import { type TransportConfig, type TransportOptions, transportConfig } from './options.ts';
import type { Skin } from './transport.ts';
import { nextTurn } from './turns.ts';
import { type ByteDuplex, WebTransport } from './web-transport.ts';

/** An open connection: a pipe again, with what is known about the other end. */
export interface TlsStream extends ByteDuplex {
  /** What the peer sends, decrypted. */
  readonly readable: ReadableStream<OwnBytes>;
  /** What the peer gets. */
  readonly writable: WritableStream<Uint8Array>;
  /** What is known of the connection. */
  readonly info: ConnectionInfo;
  /** The peer, as it showed itself when the session began or now; undefined: it showed no certificate. */
  readonly peer: PeerInfo | undefined;
  /**
   * Server: what the client sent before the handshake was done, where `earlyData` allows it. It is not part of `readable`:
   * it may be a copy of what another connection brought before.
   */
  readonly earlyData: readonly Uint8Array[];
  /**
   * Fulfilled when both directions have ended, or the peer did not end its own within `closeTimeout` of ours; rejected with
   * the TlsError that ended them otherwise.
   */
  readonly closed: Promise<void>;
  /**
   * Ends our direction with close_notify, and waits until the peer has ended its own, but not longer than `closeTimeout`;
   * what it still sends is dropped.
   */
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
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes;
  /**
   * What ties a protocol above, such as SCRAM, to this connection (RFC 9266, RFC 5929).
   * @throws TlsError ERR_STATE where there is no such binding.
   */
  channelBinding(type: ChannelBinding): Uint8Array;
  /** Server, TLS 1.3: asks the client for a certificate now; answered with what it showed, or undefined if it declined. */
  requestCertificate(): Promise<PeerInfo | undefined>;
}

/**
 * Runs an engine over a pipe, and hands out the stream once the handshake is done. The pipe is taken over at once, also
 * where the engine comes later. Nothing is read far ahead of what the program takes.
 * @throws TlsError when the handshake fails; both directions of the pipe are given up then. TypeError when the pipe is none,
 *   or is locked.
 *
 * @example
 * ```ts
 * import { createClientContext } from 'warifu';
 * import { drive } from 'warifu/transport';
 * async function connectOver(pipe: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> }, anchors: string) {
 *   const context = createClientContext({ anchors });
 *   return await drive(context.engine({ serverName: 'server.example' }), pipe, { handshakeTimeout: 10_000 });
 * }
 * ```
 */
export async function drive(
  engine: Engine | PromiseLike<Engine>,
  duplex: ByteDuplex,
  options: TransportOptions = {},
): Promise<TlsStream> {
  const config = transportConfig(options);
  return await new Streams(engine, new WebTransport(duplex), config).secured;
}

/** Bytes that are accepted before the transport has taken them. */
const ACCEPTED = 131_072;

class Streams implements TlsStream, Skin {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
  readonly closed: Promise<void>;
  readonly secured: Promise<TlsStream>;
  readonly #driver: Driver;
  readonly #config: TransportConfig;
  readonly #closed: Deferred<void> = deferred();
  readonly #secured: Deferred<TlsStream> = deferred();
  #controller!: ReadableStreamDefaultController<OwnBytes>;
  #writableController!: WritableStreamDefaultController;
  /** The program waits for data. */
  #pull: Deferred<void> | undefined;
  /** Nothing more comes: the peer has ended, or there is an error for those who read. */
  #endOfData: { readonly error: Error | undefined } | undefined;
  #error: Error | undefined;
  #cancelled = false;

  constructor(engine: Engine | PromiseLike<Engine>, transport: WebTransport, config: TransportConfig) {
    this.#config = config;
    this.closed = this.#closed.promise;
    this.secured = this.#secured.promise;
    // A program that does not look at `closed` still sees the error on the streams.
    this.closed.catch(() => {});
    this.readable = new ReadableStream<OwnBytes>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#wait(),
        cancel: () => {
          this.#cancelled = true;
          this.#pull = undefined;
          this.#driver.discard();
        },
      },
      { highWaterMark: 0 },
    );
    this.writable = new BytesWritable({
      start: (controller) => {
        this.#writableController = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#endWriting(),
      abort: (cause) => this.#driver.abort(new TlsError('ERR_ABORTED', { cause })),
    });
    this.#driver = new Driver(engine, transport, this, config);
  }

  get info(): ConnectionInfo {
    return this.#driver.connectionInfo;
  }

  get peer(): PeerInfo | undefined {
    return this.info.peer;
  }

  get earlyData(): readonly Uint8Array[] {
    return this.#driver.earlyData;
  }

  async close(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#driver.discard();
    this.#driver.end();
    await this.closed;
  }

  updateKeys(askPeer: boolean = false): void {
    this.#driver.updateKeys(askPeer);
  }

  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    return this.#driver.exportKey(label, context, length);
  }

  channelBinding(type: ChannelBinding): Uint8Array {
    return this.#driver.channelBinding(type);
  }

  requestCertificate(): Promise<PeerInfo | undefined> {
    return this.#driver.requestCertificate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  // --- what the driver tells ---

  secure(): void {
    this.#secured.resolve(this);
  }

  data(bytes: Uint8Array): boolean {
    this.#controller.enqueue(ownBytes(bytes));
    this.#pulled();
    return false;
  }

  end(error: Error | undefined): void {
    this.#endOfData = { error };
    if (this.#pull !== undefined) this.#closeReadable();
    // Nothing is being read: our own direction ends all the same.
    else if (error === undefined && !this.#config.allowHalfOpen) this.#endLater();
  }

  over(error: Error | undefined): void {
    this.#error = error;
    if (error === undefined) this.#closed.resolve();
    else {
      this.#secured.reject(error);
      this.#closed.reject(error);
    }
    this.#writableController.error(error ?? new TlsError('ERR_STATE', { detail: 'the connection was closed' }));
  }

  // --- what the program does ---

  #wait(): Promise<void> | void {
    if (this.#endOfData !== undefined) {
      this.#closeReadable();
      return;
    }
    this.#pull = deferred();
    this.#driver.want();
    return this.#pull.promise;
  }

  #pulled(): void {
    const pull = this.#pull;
    this.#pull = undefined;
    pull?.resolve();
  }

  /** After everything that had come before. */
  #closeReadable(): void {
    if (this.#cancelled) return;
    const error = this.#endOfData?.error;
    if (error === undefined) this.#controller.close();
    else this.#controller.error(error);
    this.#pulled();
    if (error === undefined && !this.#config.allowHalfOpen) this.#endLater();
  }

  /** A program that reads to the end and then writes its last has a turn of the event loop for it. */
  #endLater(): void {
    nextTurn(() => this.#driver.end());
  }

  #write(chunk: unknown): Promise<void> | void {
    const bytes = chunkOf(chunk);
    if (!this.#driver.mayWrite)
      throw new TlsError('ERR_STATE', { detail: 'our direction has been ended: the peer ended its own' });
    if (this.#driver.backlog + bytes.length <= ACCEPTED) {
      this.#driver.write(bytes);
      return;
    }
    return new Promise((resolve, reject) => {
      this.#driver.write(bytes, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #endWriting(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#driver.end((error) => (error === undefined ? resolve() : reject(error)));
    });
  }
}

/** Refuses what is no bytes without failing: one wrong chunk is the mistake of one call. */
class BytesWritable extends WritableStream<Uint8Array> {
  override getWriter(): WritableStreamDefaultWriter<Uint8Array> {
    const writer = super.getWriter();
    const write = writer.write.bind(writer);
    writer.write = async (chunk) => await write(chunkOf(chunk));
    return writer;
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
