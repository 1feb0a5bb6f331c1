import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { checkObject, option } from '../tls/arguments.ts';
import { Server as TlsServer } from '../tls/server.ts';
import type { TLSSocket } from '../tls/tls-socket.ts';

/** What a server of node:http lets programs set, and what ours hands on to it. */
const SETTINGS: readonly string[] = [
  'timeout',
  'keepAliveTimeout',
  'keepAliveTimeoutBuffer',
  'headersTimeout',
  'requestTimeout',
  'maxHeadersCount',
  'maxRequestsPerSocket',
  'connectionsCheckingInterval',
  'httpAllowHalfOpen',
  'rejectNonStandardBodyWrites',
  'insecureHTTPParser',
  'joinDuplicateHeaders',
  'shouldUpgradeCallback',
];

/**
 * A listener in the interface of `https.Server`: a `tls.Server` of ours whose connections a server of node:http takes. What
 * that server emits is emitted here.
 */
export class Server extends TlsServer {
  readonly #http: http.Server;

  /** Prefer {@link createServer}. @throws what it throws. */
  constructor(options?: ServerOptions | RequestListener | null, onRequest?: RequestListener) {
    const listener = typeof options === 'function' ? options : onRequest;
    const given = typeof options === 'function' || options === undefined || options === null ? {} : options;
    checkObject(given, 'options');
    const ownProtocol = option(given, 'ALPNProtocols') || option(given, 'ALPNCallback');
    super({ noDelay: true, ...(ownProtocol ? {} : { ALPNProtocols: ['http/1.1'] }), ...given });
    this.#http = joined(http.createServer(given), this);
    Reflect.set(this.#http, 'timeout', 0);
    for (const name of SETTINGS) this.#share(name);
    if (listener !== undefined) this.on('request', listener);
    this.on('secureConnection', (socket: TLSSocket) => void emitOwn(this.#http, 'connection', socket));
    this.on('listening', () => void emitOwn(this.#http, 'listening'));
    this.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      if (!this.emit('clientError', error, socket)) socket.destroy(error);
    });
  }

  /** Ends connections that serve no request now. */
  closeIdleConnections(): void {
    this.#http.closeIdleConnections();
  }

  /** Ends all connections. */
  closeAllConnections(): void {
    this.#http.closeAllConnections();
  }

  /** Milliseconds without traffic after which a connection is ended; 'timeout' is told first. */
  setTimeout(milliseconds?: number | (() => void), callback?: () => void): this {
    if (typeof milliseconds === 'function') return this.setTimeout(undefined, milliseconds);
    if (milliseconds !== undefined) Reflect.set(this.#http, 'timeout', milliseconds);
    if (callback !== undefined) this.on('timeout', callback);
    return this;
  }

  override close(callback?: (error?: Error) => void): this {
    // Its own listening has never begun: this only stops its timers.
    this.#http.close(() => {});
    this.closeIdleConnections();
    super.close(callback);
    return this;
  }

  #share(name: string): void {
    if (!(name in this.#http)) return;
    Object.defineProperty(this, name, {
      configurable: true,
      enumerable: true,
      get: () => Reflect.get(this.#http, name),
      set: (value: unknown) => void Reflect.set(this.#http, name, value),
    });
  }
}

/** The server of node:http speaks through the other: its events are emitted there, and who listens there listens to it. */
function joined(inner: http.Server, outer: TlsServer): http.Server {
  const emit = (event: string | symbol, ...values: readonly unknown[]): boolean => outer.emit(event, ...values);
  const listenerCount = (event: string | symbol): number => outer.listenerCount(event);
  return Object.assign(inner, { emit, listenerCount });
}

/** What it is told itself. */
function emitOwn(inner: http.Server, event: string, ...values: readonly unknown[]): void {
  Reflect.apply(http.Server.prototype.emit, inner, [event, ...values]);
}

/**
 * Makes a listener in the interface of `https.createServer`.
 * @throws what `tls.createServer` throws.
 *
 * @example
 * ```ts
 * import { createServer } from 'warifu/https';
 * function serve(cert: string, key: string) {
 *   return createServer({ cert, key }, (request, response) => response.end('hello\n')).listen(8443);
 * }
 * ```
 */
export function createServer(onRequest?: RequestListener): Server;
export function createServer(options: ServerOptions, onRequest?: RequestListener): Server;
export function createServer(options?: ServerOptions | RequestListener, onRequest?: RequestListener): Server {
  return new Server(options, onRequest);
}

export type { IncomingMessage, ServerResponse };
