import { atCaller } from '../at-caller.ts';
import { hasMethod } from '../bytes/shape.ts';
import { Server, type Socket } from 'node:net';
import type { AcceptOptions } from '../index.ts';
import type { ServerConnectionOptions } from '../engine/config/index.ts';
import { integer, or, readOptions, type Rule, type Rules, unsuitable } from '../engine/config/rules.ts';
import { splitServer } from '../connection-options.ts';
import { ServerContext } from '../contexts.ts';
import { acceptOptions, TRANSPORT_KEYS, type TransportOptions, transportConfig } from '../transport/options.ts';
import { Turns } from '../transport/turns.ts';
import { TlsSocket } from './socket.ts';

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

/** What a listener is told, beyond what its connections are. */
export interface ListenerOptions {
  /**
   * Who takes a connection, by the application protocol that was agreed on; `*`: any other, and none. `alpn` names these
   * protocols, in their order, unless it is given, or a context that has its own. The others go to 'secureConnection'. Default: none.
   */
  readonly protocolHandlers?: { readonly [protocol: string]: ProtocolHandler } | undefined;
  /** Handshakes that may be pending at the same time; further connections are closed as they come, and told of by 'drop'. */
  readonly maxPendingHandshakes?: number | undefined;
}

/** A listener of Node, and its connections. */
export interface TlsServerOptions extends ListenerOptions, AcceptOptions {}

/** The rules of what a listener is told, which are also its documentation. */
export const LISTENER_RULES: Rules<ListenerOptions, never> = {
  protocolHandlers: or(protocolHandlers(), {}, 'none'),
  maxPendingHandshakes: or(integer(1, 1_000_000), 10_000, '10,000'),
};

const LISTENER: readonly string[] = Object.keys(LISTENER_RULES);

/**
 * A TCP listener whose connections speak TLS. Events, besides those of `net.Server`: 'secureConnection' with each
 * connection after its handshake; 'tlsClientError' with the error and the socket of a client that failed it. Nothing that a
 * client does ends the process. 'error' tells also of a file that could not be opened: a wrong password, for example.
 */
export class TlsServer extends Server {
  readonly #turns: Turns = new Turns();
  #given!: TlsServerOptions;
  #accepting!: Accepting;
  #handlers!: ReadonlyMap<string, ProtocolHandler>;
  #maxPending!: number;
  #pending = 0;

  /** Prefer `createServer`. @throws TlsError ERR_OPTION when an option cannot be used. */
  constructor(options: TlsServerOptions, onSecure?: (socket: TlsSocket) => void) {
    super({ noDelay: true, allowHalfOpen: true });
    this.#take(options);
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
   * that have begun, stay as they are. A context takes the place of the context alone; options take the place of all options,
   * but for those of the listener, which stay where they are not named.
   * @throws TlsError ERR_OPTION when an option cannot be used; nothing has changed then. What takes time, such as a file
   *   with a password, may fail later: 'error' tells of it.
   */
  setContext(change: ServerContext | TlsServerOptions): this {
    const listener = named(this.#given, LISTENER);
    this.#take(
      change instanceof ServerContext
        ? { ...named(this.#given, TRANSPORT_KEYS), ...listener, context: change }
        : { ...listener, ...change },
    );
    if (this.listening) tell(this.#handlers);
    return this;
  }

  /** Takes no new connections, and has HTTP servers among the handlers close those that are idle. */
  override close(callback?: (error?: Error) => void): this {
    for (const handler of this.#handlers.values()) if (typeof handler !== 'function') handler.closeIdleConnections?.();
    return super.close(callback);
  }

  #take(options: TlsServerOptions): void {
    const { accepting, handlers, maxPending } = read(options);
    this.#given = options;
    this.#accepting = accepting;
    this.#handlers = handlers;
    this.#maxPending = maxPending;
    // A file that cannot be opened is no fault of a client: without this, each would be refused and nothing say why here.
    accepting.context?.ready.catch((error: unknown) => {
      if (this.#accepting === accepting) this.emit('error', error);
    });
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
    const { context, connection, transport: options } = this.#accepting;
    const socket = new TlsSocket(context.engine(connection), transport, options, this.#turns);
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
  return atCaller(createServer, () => new TlsServer(options, onSecure));
}

function tell(handlers: ReadonlyMap<string, ProtocolHandler>): void {
  for (const handler of new Set(handlers.values())) if (typeof handler !== 'function') handler.emit('listening');
}

/** What each connection is accepted with, read once. */
interface Accepting {
  readonly context: ServerContext;
  readonly connection: ServerConnectionOptions;
  readonly transport: TransportOptions;
}

function read(options: TlsServerOptions): {
  readonly accepting: Accepting;
  readonly handlers: ReadonlyMap<string, ProtocolHandler>;
  readonly maxPending: number;
} {
  if (typeof options !== 'object' || options === null)
    throw unsuitable('createServer', 'options with a credential', options);
  const { protocolHandlers: _, maxPendingHandshakes: __, ...accepting } = options;
  const listener = readOptions<ListenerOptions, never>(named(options, LISTENER), LISTENER_RULES);
  const handlers = new Map(Object.entries(listener.protocolHandlers));
  const protocols = [...handlers.keys()].filter((protocol) => protocol !== ANY);
  const ownAlpn = accepting.context === undefined && accepting.alpn === undefined && protocols.length > 0;
  const { context, connection, transport } = splitServer<TransportOptions>(
    ownAlpn ? { ...accepting, alpn: protocols } : accepting,
    TRANSPORT_KEYS,
    'many connections',
  );
  transportConfig(transport);
  return {
    accepting: { context, connection, transport: acceptOptions(transport) },
    handlers,
    maxPending: listener.maxPendingHandshakes,
  };
}

/** The options of these names. What is inherited is no option, nor is what is undefined. */
function named(options: TlsServerOptions, names: readonly string[]): Partial<TlsServerOptions> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

function protocolHandlers(): Rule<{ readonly [protocol: string]: ProtocolHandler }> {
  const expected = "handlers by protocol: { 'http/1.1': server }";
  return {
    expected,
    read: (value, option) => {
      if (typeof value !== 'object' || value === null) throw unsuitable(option, expected, value);
      const handlers: { [protocol: string]: ProtocolHandler } = Object.create(null);
      for (const [protocol, handler] of Object.entries(value)) {
        if (!isHandler(handler))
          throw unsuitable(`${option}["${protocol}"]`, "a function or a server of Node's", handler);
        handlers[protocol] = handler;
      }
      return handlers;
    },
  };
}

function isHandler(value: unknown): value is ProtocolHandler {
  return typeof value === 'function' || hasMethod(value, 'emit');
}
