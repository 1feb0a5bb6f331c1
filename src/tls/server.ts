import { createHash } from 'node:crypto';
import { captureRejectionSymbol } from 'node:events';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { convertALPNProtocols } from './alpn.ts';
import {
  type Callback,
  checkNumber,
  checkObject,
  checkString,
  checkView,
  coded,
  functionOption,
  invalidType,
  option,
  viewBytes,
} from './arguments.ts';
import { connectionReset } from './node-errors.ts';
import { secureContext, SecureContext } from './secure-context.ts';
import { TLSSocket } from './tls-socket.ts';
import { coreOf } from './engines.ts';

const HANDSHAKE_TIMEOUT = 120_000;

/** Options of `setSecureContext` that a server shows as its own. */
const SHOWN: readonly string[] = [
  'pfx',
  'key',
  'passphrase',
  'cert',
  'clientCertEngine',
  'ca',
  'minVersion',
  'maxVersion',
  'secureProtocol',
  'crl',
  'sigalgs',
  'ciphers',
  'ecdhCurve',
  'dhparam',
  'secureOptions',
  'privateKeyIdentifier',
  'privateKeyEngine',
];

/**
 * A listener in the interface of `tls.Server`. Events beside those of `net.Server`: 'secureConnection', 'tlsClientError',
 * 'newSession', 'resumeSession', 'OCSPRequest', 'keylog'.
 */
export class Server extends NetServer {
  /** Asks clients for a certificate. */
  requestCert: boolean;
  /** Refuses clients whose certificate is not trusted, where they are asked for one. */
  rejectUnauthorized: boolean;
  ALPNProtocols: Buffer | undefined;
  ALPNCallback: Callback | undefined;
  /** In seconds. */
  sessionTimeout: unknown;
  ticketKeys: unknown;
  sessionIdContext: string | undefined;
  honorCipherOrder = true;
  /** Of `addContext`: a pattern and its context, the last that fits counts. */
  readonly _contexts: [RegExp, SecureContext][] = [];
  _sharedCreds: SecureContext;
  readonly #options: object;
  readonly #sniCallback: Callback | undefined;
  readonly #handshakeTimeout: number;

  /** Prefer {@link createServer}. @throws what it throws. */
  constructor(options?: TlsOptions | ((socket: TLSSocket) => void) | null, onSecure?: (socket: TLSSocket) => void) {
    if (options !== undefined && options !== null && typeof options !== 'object' && typeof options !== 'function')
      throw invalidType('options', ['object'], options);
    const given: object = typeof options === 'object' && options !== null ? options : {};
    const listener = typeof options === 'function' ? options : onSecure;
    const half = option(given, 'allowHalfOpen') === true;
    super(given);
    this.#options = { ...given, allowHalfOpen: half };
    this.requestCert = option(given, 'requestCert') === true;
    this.rejectUnauthorized = option(given, 'rejectUnauthorized') !== false;
    this.ALPNCallback = functionOption(given, 'ALPNCallback');
    const protocols = option(given, 'ALPNProtocols');
    if (this.ALPNCallback !== undefined && protocols)
      throw coded(
        new TypeError('The ALPNCallback and ALPNProtocols TLS options are mutually exclusive'),
        'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
      );
    if (protocols) convertALPNProtocols(protocols, this);
    this.#sniCallback = functionOption(given, 'SNICallback');
    functionOption(given, 'pskCallback');
    const hint = option(given, 'pskIdentityHint');
    if (hint) checkString(hint, 'options.pskIdentityHint');
    const timeout = option(given, 'handshakeTimeout') || HANDSHAKE_TIMEOUT;
    checkNumber(timeout, 'options.handshakeTimeout');
    this.#handshakeTimeout = timeout;
    this._sharedCreds = this.#secureContext(given);
    Object.defineProperty(this, captureRejectionSymbol, { value: rejected });
    if (listener !== undefined) this.on('secureConnection', listener);
    this.on('connection', (transport: Socket) => this.#accept(transport));
  }

  /**
   * Certificates, keys and the like, for connections that begin from now on.
   * @throws what `secureContext` throws.
   */
  setSecureContext(options: object): void {
    this._sharedCreds = this.#secureContext(options);
  }

  /** The 48 bytes that tickets are sealed under. */
  getTicketKeys(): Buffer {
    return this._sharedCreds.context.getTicketKeys();
  }

  /** @throws TypeError, AssertionError for anything but 48 bytes. */
  setTicketKeys(keys: Uint8Array): void {
    checkView(keys, 'buffer');
    if (keys.byteLength !== 48) throw coded(new Error('Session ticket keys must be a 48-byte buffer'), 'ERR_ASSERTION');
    this._sharedCreds.context.setTicketKeys(viewBytes(keys));
  }

  /** Another secure context for clients that ask for this name; `*` stands for one label. @throws Error without a name. */
  addContext(servername: string, context: object): void {
    if (!servername)
      throw coded(
        new Error('"servername" is required parameter for Server.addContext'),
        'ERR_TLS_REQUIRED_SERVER_NAME',
      );
    const pattern = servername.replace(/([.^$+?\-\\[\]{}])/g, '\\$1').replaceAll('*', '[^.]*');
    const secure = context instanceof SecureContext ? context : secureContext(context);
    this._contexts.push([new RegExp(`^${pattern}$`), secure]);
  }

  /** For the cluster of older programs. */
  _getServerData(): { ticketKeys: string } {
    return { ticketKeys: this.getTicketKeys().toString('hex') };
  }

  _setServerData(data: { readonly ticketKeys: string }): void {
    this.setTicketKeys(Buffer.from(data.ticketKeys, 'hex'));
  }

  #secureContext(options: object): SecureContext {
    checkObject(options, 'options');
    const shown = Object.fromEntries(SHOWN.map((name) => [name, option(options, name) || undefined]));
    Object.assign(this, shown);
    const order = option(options, 'honorCipherOrder');
    this.honorCipherOrder = order === undefined ? true : Boolean(order);
    const name = option(options, 'sessionIdContext') || processContext();
    checkString(name, 'options.sessionIdContext');
    this.sessionIdContext = name;
    const timeout = option(options, 'sessionTimeout');
    if (timeout) this.sessionTimeout = timeout;
    const keys = option(options, 'ticketKeys');
    if (keys) this.ticketKeys = keys;
    const { honorCipherOrder, sessionIdContext, sessionTimeout, ticketKeys } = this;
    return secureContext(
      Object.assign({}, shown, {
        // These are checked as they are, empty texts too.
        sigalgs: option(options, 'sigalgs'),
        ecdhCurve: option(options, 'ecdhCurve'),
        privateKeyIdentifier: option(options, 'privateKeyIdentifier'),
        privateKeyEngine: option(options, 'privateKeyEngine'),
        honorCipherOrder,
        sessionIdContext,
        sessionTimeout,
        ticketKeys,
      }),
    );
  }

  #accept(transport: Duplex): void {
    const sniCallback =
      this.#sniCallback ??
      (this._contexts.length > 0 ? (...values: readonly unknown[]) => this.#byName(values) : undefined);
    const socket = new TLSSocket(
      transport,
      Object.assign({}, this.#options, {
        secureContext: this._sharedCreds,
        isServer: true,
        server: this,
        requestCert: this.requestCert,
        rejectUnauthorized: this.rejectUnauthorized,
        handshakeTimeout: this.#handshakeTimeout,
        ALPNProtocols: this.ALPNProtocols,
        ALPNCallback: this.ALPNCallback,
        SNICallback: sniCallback,
        session: undefined,
        signal: undefined,
      }),
    );
    let isDone = false;
    const failed = (error: Error): void => {
      if (isDone) return;
      isDone = true;
      this.emit('tlsClientError', error, socket);
    };
    if (this.listenerCount('keylog') > 0) socket.on('keylog', (line: Buffer) => this.emit('keylog', line, socket));
    socket.on('error', failed);
    socket.on('close', () => failed(connectionReset('socket hang up')));
    socket.on('secure', () => {
      if (isDone || socket.destroyed) return;
      isDone = true;
      this.emit('secureConnection', socket);
    });
  }

  #byName([servername, done]: readonly unknown[]): void {
    if (typeof servername !== 'string' || typeof done !== 'function') return;
    const found = this._contexts.findLast(([pattern]) => pattern.test(servername));
    Reflect.apply(done, undefined, [null, found && coreOf(found[1])]);
  }
}

/** An async listener of 'secureConnection' that fails costs its connection. */
function rejected(this: Server, error: Error, event: string, socket: unknown): void {
  if (event === 'secureConnection' && socket instanceof TLSSocket) socket.destroy(error);
  else process.nextTick(() => this.emit('error', error));
}

/** Sessions of one program are not taken by another that happens to have the same certificate. */
function processContext(): string {
  return createHash('sha256').update(process.argv.join(' ')).digest('hex').slice(0, 32);
}

/**
 * Makes a listener in the interface of `tls.createServer`; `onSecure` gets each connection after its handshake.
 * @throws TypeError, Error for options that cannot be used, in Node's words; TlsError ERR_OPTION for what OpenSSL can and we
 *   do not.
 *
 * @example
 * ```ts
 * import { createServer } from 'warifu/tls';
 * function serve(cert: string, key: string, ca: string) {
 *   const server = createServer({ cert, key, ca, requestCert: true }, (socket) => socket.end('hello\n'));
 *   server.on('tlsClientError', (error) => console.error(error.message));
 *   return server.listen(8443);
 * }
 * ```
 */
export function createServer(onSecure?: (socket: TLSSocket) => void): Server;
export function createServer(options: TlsOptions, onSecure?: (socket: TLSSocket) => void): Server;
export function createServer(
  options?: TlsOptions | ((socket: TLSSocket) => void),
  onSecure?: (socket: TLSSocket) => void,
): Server {
  return new Server(options, onSecure);
}
