import { hasMethod } from '../bytes/shape.ts';
import { connect as dial, type IpcSocketConnectOpts, type TcpSocketConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe } from '../engine/config/rules.ts';
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
  const { context, connection, transport } = splitClient<TransportOptions>(options, TRANSPORT_KEYS);
  transportConfig(transport);
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
  const { context, connection, transport } = splitServer<TransportOptions>(options, TRANSPORT_KEYS);
  return new TlsSocket(context.engine(connection), stream, acceptOptions(transport), turns);
}

/** @throws TypeError for what is neither a stream nor an address. */
function isAddress(to: Duplex | Address): to is Address {
  if (hasMethod(to, 'write')) return false;
  const { port, path } = (to ?? {}) as Partial<TcpSocketConnectOpts & IpcSocketConnectOpts>;
  if (port !== undefined || path !== undefined) return true;
  throw new TypeError(`connect: expected a Duplex of Node or { host, port }, found ${describe(to)}`);
}
