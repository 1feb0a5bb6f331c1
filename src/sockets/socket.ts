import { bytesOf, type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import type { TlsStream } from '../transport/streams.ts';
import { SocketError, socketError } from './error.ts';
import type { Plain } from './plain.ts';
import type { Dialled, Socket, SocketAddress, SocketInfo, StartTlsOptions } from './types.ts';

/** How TLS is started over a pipe. */
export type Secure = (
  plain: Plain,
  address: SocketAddress,
  options: StartTlsOptions,
  half: boolean,
) => Promise<TlsStream>;

interface Shared {
  readonly address: SocketAddress;
  readonly dialled: Promise<Dialled>;
  readonly plain: Plain;
  readonly secure: Secure;
  readonly allowHalfOpen: boolean;
  /** Gives dialling up. */
  readonly abort: () => void;
}

/** A socket whose streams are the plaintext's. */
export function plainSocket(shared: Shared, secureTransport: 'off' | 'starttls'): Socket {
  return new PlainSocket(shared, secureTransport);
}

/** A socket whose streams are TLS's. */
export function secureSocket(shared: Shared, options: StartTlsOptions, upgraded: boolean): Socket {
  return new SecureSocket(shared, options, upgraded);
}

class PlainSocket implements Socket {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<SocketInfo>;
  readonly closed: Promise<void>;
  readonly upgraded = false;
  readonly secureTransport: 'off' | 'starttls';
  readonly tls = undefined;
  readonly #shared: Shared;
  #readableController!: ReadableStreamDefaultController<OwnBytes>;
  #settle!: { resolve(): void; reject(reason: unknown): void };
  #handedOver = false;
  #ended = false;
  #finished = false;

  constructor(shared: Shared, secureTransport: 'off' | 'starttls') {
    this.#shared = shared;
    this.secureTransport = secureTransport;
    this.opened = shared.dialled.then((dialled) => infoOf(dialled, undefined), rejected);
    this.closed = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    for (const promise of [this.opened, this.closed]) promise.catch(() => {});
    shared.dialled.catch((reason: unknown) => this.#settle.reject(socketError(reason)));
    const { plain } = shared;
    this.readable = new ReadableStream<OwnBytes>(
      {
        start: (controller) => {
          this.#readableController = controller;
        },
        pull: () => this.#pull(),
        cancel: (reason) => this.close(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        this.#refuseHandedOver();
        await this.#guarded(() => plain.write(checked(chunk)));
      },
      close: () => this.#guarded(() => this.#finish()),
      abort: (reason) => this.close(reason),
    });
  }

  async close(reason?: unknown): Promise<void> {
    this.#refuseHandedOver();
    this.#shared.abort();
    // Dialling may have failed, and says so itself.
    await this.#shared.plain.abort(reason).catch(() => {});
    if (!this.#ended) closeReadable(this.#readableController);
    this.#ended = true;
    this.#settle.resolve();
  }

  startTls(options: StartTlsOptions = {}): Socket {
    if (this.secureTransport !== 'starttls')
      throw new SocketError("startTls: the socket has to be made with { secureTransport: 'starttls' }");
    if (this.#handedOver) throw new SocketError('startTls: TLS was started already');
    this.#handedOver = true;
    if (!this.#ended) closeReadable(this.#readableController);
    this.#ended = true;
    this.#settle.resolve();
    return secureSocket(this.#shared, options, true);
  }

  async #pull(): Promise<void> {
    await this.#guarded(async () => {
      const { plain, allowHalfOpen } = this.#shared;
      const { done, value } = await plain.next();
      // What comes from now on belongs to TLS.
      if (this.#handedOver || this.#ended) return;
      plain.taken();
      if (value !== undefined && !done) {
        this.#readableController.enqueue(ownBytes(value));
        return;
      }
      this.#ended = true;
      this.#readableController.close();
      if (!allowHalfOpen) await this.#finish().catch(() => {});
      this.#over();
    });
  }

  async #finish(): Promise<void> {
    if (this.#finished) return;
    this.#refuseHandedOver();
    this.#finished = true;
    await this.#shared.plain.end();
    this.#over();
  }

  /** Plaintext between the records of TLS would break the connection, and be read by anyone. */
  #refuseHandedOver(): void {
    if (this.#handedOver) throw new SocketError('TLS was started; use the socket that startTls answered');
  }

  #over(): void {
    if (this.#ended && this.#finished) this.#settle.resolve();
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      const error = socketError(reason);
      this.#settle.reject(error);
      throw error;
    }
  }
}

class SecureSocket implements Socket {
  readonly readable: ReadableStream<OwnBytes>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<SocketInfo>;
  readonly closed: Promise<void>;
  readonly secureTransport = 'on';
  readonly upgraded: boolean;
  readonly tls: Promise<TlsStream>;
  readonly #shared: Shared;

  constructor(shared: Shared, options: StartTlsOptions, upgraded: boolean) {
    this.#shared = shared;
    this.upgraded = upgraded;
    const { address, plain, dialled, allowHalfOpen } = shared;
    this.tls = dialled.then(() => shared.secure(plain, address, options, allowHalfOpen)).catch(rejected);
    this.opened = Promise.all([dialled, this.tls]).then(([pipe, { info }]) => infoOf(pipe, info.alpn), rejected);
    this.closed = this.tls.then(({ closed }) => closed).catch(rejected);
    for (const promise of [this.tls, this.opened, this.closed]) promise.catch(() => {});
    const reader = this.tls.then((tls) => tls.readable.getReader());
    const writer = this.tls.then((tls) => tls.writable.getWriter());
    for (const promise of [reader, writer]) promise.catch(() => {});
    this.readable = new ReadableStream<OwnBytes>(
      {
        pull: async (controller) => {
          const { done, value } = await (await reader).read().catch(rejected);
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async (reason) => await (await reader).cancel(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => await (await writer).write(checked(chunk)).catch(rejected),
      close: async () => await (await writer).close().catch(rejected),
      abort: async (reason) => await (await writer).abort(reason),
    });
  }

  async close(): Promise<void> {
    this.#shared.abort();
    const tls = await this.tls.catch(() => undefined);
    await tls?.close().catch(() => {});
  }

  startTls(): never {
    throw new SocketError('startTls: this is TLS already');
  }
}

function infoOf({ remoteAddress, localAddress }: Dialled, alpn: string | undefined): SocketInfo {
  return { remoteAddress, localAddress, alpn };
}

function rejected(reason: unknown): never {
  throw socketError(reason);
}

function checked(chunk: unknown): Uint8Array {
  const bytes = bytesOf(chunk);
  if (bytes !== undefined) return bytes;
  throw new SocketError(`writable: expected an ArrayBuffer or a view of one, found ${typeof chunk}`);
}

/** It may have failed in the meantime. */
function closeReadable(controller: ReadableStreamDefaultController<OwnBytes>): void {
  try {
    controller.close();
  } catch {
    // It is closed already, by its reader.
  }
}
