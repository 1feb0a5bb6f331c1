import { hasMethod } from '../bytes/shape.ts';
import { connect as dial, type IpcSocketConnectOpts, type TcpSocketConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { atCaller } from '../at-caller.ts';
import { isPromise } from '../bytes/promise.ts';
import { describe, optionError, unsuitable } from '../engine/config/rules.ts';
import { splitClient, splitServer } from '../connection-options.ts';
import type { AcceptOptions, ConnectOptions } from '../index.ts';
import { acceptOptions, TRANSPORT_KEYS, type TransportOptions, transportConfig } from '../transport/options.ts';
import type { Turns } from '../transport/turns.ts';
import { TlsSocket } from './socket.ts';

/** Where to dial: what `net.connect` takes, `{ host, port }` or `{ path }`. */
export type Address = TcpSocketConnectOpts | IpcSocketConnectOpts;

/**
 * Connects as a client: to a host and port, which is dialled, or over a stream that is there already (a socket, a pipe,
 * another `TlsSocket`), in whatever state it is. Answers at once, with a socket that keeps what is written until the
 * handshake is done; `secured()` is the promise of that. For a host, `serverName` is the host unless it is given.
 * @throws TypeError when the stream cannot be used. TlsError ERR_OPTION when an option cannot be. What goes wrong later is
 *   told by 'error', and by `secured()`.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu/node';
 * const socket = connect({ host: '127.0.0.1', port: 1 }, { anchors: [] });
 * const error = await socket.secured().catch((reason) => reason);
 * error.code; // 'ERR_TRANSPORT': nothing listens there
 * ```
 */
export function connect(to: Duplex | Address, options: ConnectOptions): TlsSocket {
  const { context, connection, transport } = atCaller(connect, () => judged(to, options));
  if (!isAddress(to)) return new TlsSocket(context.engine(connection), to, transport);
  const host = 'path' in to ? undefined : (to.host ?? 'localhost');
  const defaults =
    host === undefined ? {} : { serverName: host, sessionKey: `${host}:${(to as TcpSocketConnectOpts).port}` };
  const engine = context.engine({ ...defaults, ...connection });
  return new TlsSocket(engine, dial({ noDelay: true, ...to, allowHalfOpen: true }), transport);
}

/**
 * Answers as a server over a stream that is there already, in whatever state it is; otherwise like `connect`. A client
 * that takes longer than `handshakeTimeout` (default 120,000 ms) for the handshake is not waited for.
 * @throws TypeError when the stream cannot be used. TlsError ERR_OPTION when an option cannot be.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:net';
 * import { accept } from 'warifu/node';
 * const options = { credential: { certificates: '', privateKey: '' } }; // PEM
 * const server = createServer(async (socket) => {
 *   const tls = await accept(socket, options).secured();
 *   tls.end('hello');
 * });
 * ```
 */
export function accept(stream: Duplex, options: AcceptOptions, turns?: Turns): TlsSocket {
  const { context, connection, transport } = atCaller(accept, () =>
    splitServer<TransportOptions>(options, TRANSPORT_KEYS),
  );
  return new TlsSocket(context.engine(connection), stream, acceptOptions(transport), turns);
}

function judged(to: unknown, options: ConnectOptions): ReturnType<typeof splitClient<TransportOptions>> {
  checkTarget(to);
  if (options === undefined)
    throw unsuitable('options', 'a second argument: connect({ host, port }, { anchors })', options);
  const parts = splitClient<TransportOptions>(options, TRANSPORT_KEYS);
  transportConfig(parts.transport);
  return parts;
}

function isAddress(to: Duplex | Address): to is Address {
  return !hasMethod(to, 'write');
}

/** @throws TypeError for what is neither a stream nor an address; TlsError ERR_OPTION for options that belong elsewhere. */
function checkTarget(to: unknown): void {
  if (hasMethod(to, 'write')) return;
  if (typeof to !== 'object' || to === null || isPromise(to))
    throw new TypeError(`connect: expected a Duplex of Node or { host, port }, found ${describe(to)}`);
  for (const name of Object.keys(to)) checkAddressName(name);
  if ('path' in to || ('port' in to && to.port !== undefined)) return;
  throw new TypeError(
    'host' in to
      ? 'connect: port: expected a number, found undefined'
      : `connect: expected a Duplex of Node or { host, port }, found ${describe(to)}`,
  );
}

/** Options of TLS, by our names and those of node:tls, that are none of where to dial: there they would do nothing. */
const ELSEWHERE: readonly string[] = [
  'anchors',
  'ca',
  'credential',
  'cert',
  'key',
  'pfx',
  'context',
  'serverName',
  'servername',
  'alpn',
  'ALPNProtocols',
  'rejectUnauthorized',
];

/** @throws TlsError ERR_OPTION for what belongs elsewhere, and would not be looked at here. */
function checkAddressName(name: string): void {
  if (name === 'hostname') throw optionError('connect: hostname', 'write host');
  if (ELSEWHERE.includes(name))
    throw optionError(
      `connect: ${name}`,
      'it is an option, and options are the second argument: connect({ host, port }, { … })',
    );
}
