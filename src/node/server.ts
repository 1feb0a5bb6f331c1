import { hasMethod } from '../bytes/shape.ts';
import { Server, type Socket } from 'node:net';
import type { AcceptOptions } from '../index.ts';
import { TlsError } from '../errors.ts';
import { splitServer } from '../connection-options.ts';
import { nameOf, TRANSPORT_KEYS, type TransportOptions, transportConfig } from '../transport/options.ts';
import { Turns } from '../transport/turns.ts';
import { accept } from './connect.ts';
import type { TlsSocket } from './socket.ts';

/**
 * Takes the connections of one application protocol: a function, or a server of Node's (http, http2), which is told of
 * 'listening' and of each 'connection' as if it were its own, so that its time limits hold.
 */
export type ProtocolHandler = ((socket: TlsSocket) => void) | NodeServer;

/** As much of a server of Node's as is needed here. */
export interface NodeServer {
  emit(event: string, ...values: readonly unknown[]): boolean;
  closeIdleConnections?(): void;
}

/** Whose handler takes what no other does. */
const ANY = '*';

/** What a listener of Node is told, beyond its context. */
export interface TlsServerOptions extends AcceptOptions {
  /**
   * Who takes a connection, by the application protocol that was agreed on; `*`: any other, and none. `alpn` names these
   * protocols, in their order, unless it is given, or a context that has its own. The others go to 'secureConnection'. Default: none.
   */
  readonly protocolHandlers?: { readonly [protocol: string]: ProtocolHandler };
  /**
   * Handshakes that may be pending at the same time; further connections are closed as they come, and told of by 'drop'.
   * Default: 10,000.
   */
  readonly maxPendingHandshakes?: number;
}

const MAX_PENDING = 10_000;

/**
 * A TCP listener whose connections speak TLS. Events, besides those of `net.Server`: 'secureConnection' with each
 * connection after its handshake; 'tlsClientError' with the error and the socket of a client that failed it. Nothing that a
 * client does ends the process.
 */
export class TlsServer extends Server {
  readonly #turns: Turns = new Turns();
  #options: AcceptOptions;
  #handlers: ReadonlyMap<string, ProtocolHandler>;
  #maxPending: number;
  #pending = 0;

  /** Prefer `createServer`. @throws TlsError ERR_OPTION when an option cannot be used. */
  constructor(options: TlsServerOptions, onSecure?: (socket: TlsSocket) => void) {
    super({ noDelay: true, allowHalfOpen: true });
    const { accepting, handlers, maxPending } = read(options);
    this.#options = accepting;
    this.#handlers = handlers;
    this.#maxPending = maxPending;
    this.on('listening', () => tell(this.#handlers));
    if (onSecure !== undefined) this.on('secureConnection', onSecure);
    this.on('connection', (transport) => this.#accept(transport));
  }

  /** Handshakes that are not done yet. */
  get pendingHandshakes(): number {
    return this.#pending;
  }

  /**
   * What connections are accepted with from now on: a new certificate, for example. Those that are open, and handshakes
   * that have begun, stay as they are.
   * @throws TlsError ERR_OPTION when an option cannot be used.
   */
  setContext(options: TlsServerOptions): this {
    const { accepting, handlers, maxPending } = read(options);
    this.#options = accepting;
    this.#handlers = handlers;
    this.#maxPending = maxPending;
    if (this.listening) tell(handlers);
    return this;
  }

  /** Takes no new connections, and has HTTP servers among the handlers close those that are idle. */
  override close(callback?: (error?: Error) => void): this {
    for (const handler of this.#handlers.values()) if (typeof handler !== 'function') handler.closeIdleConnections?.();
    return super.close(callback);
  }

  #accept(transport: Socket): void {
    if (this.#pending >= this.#maxPending) {
      this.emit('drop', {
        localAddress: transport.localAddress,
        localPort: transport.localPort,
        localFamily: transport.localFamily,
        remoteAddress: transport.remoteAddress,
        remotePort: transport.remotePort,
        remoteFamily: transport.remoteFamily,
      });
      transport.destroy();
      return;
    }
    // A connection that was closed before it could be looked at.
    if (transport.destroyed) return;
    const handlers = this.#handlers;
    const socket = accept(transport, this.#options, this.#turns);
    this.#pending++;
    let isDone = false;
    const done = (): void => {
      if (!isDone) this.#pending--;
      isDone = true;
    };
    // Stays: what a client does is told to those who listen, and ends nothing else.
    socket.on('error', (error) => {
      if (isDone) return;
      done();
      this.emit('tlsClientError', error, socket);
    });
    socket.once('close', done);
    socket.once('secure', () => {
      done();
      const { alpnProtocol } = socket;
      const handler = (typeof alpnProtocol === 'string' ? handlers.get(alpnProtocol) : undefined) ?? handlers.get(ANY);
      if (handler === undefined) this.emit('secureConnection', socket);
      else if (typeof handler === 'function') handler(socket);
      else handler.emit('connection', socket);
    });
  }
}

/**
 * Makes a listener; `onSecure` gets each connection after its handshake, like 'secureConnection'.
 * @throws TlsError ERR_OPTION when an option cannot be used.
 *
 * @example
 * ```ts
 * import http from 'node:http';
 * import { createServer } from 'warifu/node';
 * const app = http.createServer((request, response) => response.end('hello'));
 * function serve(certificates: string, privateKey: string) {
 *   const server = createServer({
 *     credential: { certificates, privateKey },
 *     protocolHandlers: { 'http/1.1': app, '*': app }, // clients without ALPN speak HTTP/1.1 too
 *   });
 *   server.on('tlsClientError', (error) => console.error(error.message));
 *   return server.listen(443);
 * }
 * ```
 */
export function createServer(options: TlsServerOptions, onSecure?: (socket: TlsSocket) => void): TlsServer {
  return new TlsServer(options, onSecure);
}

function tell(handlers: ReadonlyMap<string, ProtocolHandler>): void {
  for (const handler of new Set(handlers.values())) if (typeof handler !== 'function') handler.emit('listening');
}

function read(options: TlsServerOptions): {
  readonly accepting: AcceptOptions;
  readonly handlers: ReadonlyMap<string, ProtocolHandler>;
  readonly maxPending: number;
} {
  if (typeof options !== 'object' || options === null)
    throw new TlsError('ERR_OPTION', {
      detail: `createServer: expected options with a credential, found ${nameOf(options)}`,
    });
  const { protocolHandlers = {}, maxPendingHandshakes = MAX_PENDING, ...accepting } = options;
  if (typeof maxPendingHandshakes !== 'number' || !(maxPendingHandshakes >= 1)) {
    const detail = `maxPendingHandshakes: expected a number from 1, found ${nameOf(maxPendingHandshakes)}`;
    throw new TlsError('ERR_OPTION', { detail });
  }
  const handlers = new Map(Object.entries(protocolHandlers));
  for (const [protocol, handler] of handlers) {
    if (typeof handler === 'function' || hasMethod(handler, 'emit')) continue;
    const detail = `protocolHandlers: for "${protocol}" expected a function or a server of Node's, found ${nameOf(handler)}`;
    throw new TlsError('ERR_OPTION', { detail });
  }
  const named = [...handlers.keys()].filter((protocol) => protocol !== ANY);
  const ownAlpn = accepting.context === undefined && accepting.alpn === undefined && named.length > 0;
  const { context, connection, transport } = splitServer<TransportOptions>(
    ownAlpn ? { ...accepting, alpn: named } : accepting,
    TRANSPORT_KEYS,
    'many connections',
  );
  transportConfig(transport);
  return { accepting: { context, ...connection, ...transport }, handlers, maxPending: maxPendingHandshakes };
}
