/**
 * TLS over the streams of Node: any `Duplex` in, a `Duplex` out; a client by host and port; a listener.
 * @module
 */
import { connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { type AcceptOptions, clientEngine, type ConnectOptions, serverEngine } from '../index.ts';
import { TlsError } from '../errors.ts';
import { TlsSocket } from './socket.ts';

export { type SystemRoots, type SystemRootsOptions, systemRoots } from './roots.ts';
export { TlsSocket } from './socket.ts';

/**
 * Connects as a client over a stream that is there already: a socket, a pipe, another `TlsSocket`.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 */
export async function connectSocket(transport: Duplex, options: ConnectOptions): Promise<TlsSocket> {
  return await shake(new TlsSocket(await clientEngine(options), transport), options.signal);
}

/**
 * Answers as a server over a stream that is there already.
 * @throws TlsError when an option cannot be used, or the handshake fails.
 */
export async function acceptSocket(transport: Duplex, options: AcceptOptions): Promise<TlsSocket> {
  return await shake(new TlsSocket(await serverEngine(options), transport), options.signal);
}

/**
 * Connects to a host and port; `serverName` is the host unless it is given.
 * @throws TlsError when it cannot be reached, an option cannot be used, or the handshake fails.
 *
 * @example
 * ```ts
 * import { connectTo } from 'warifu/node';
 * const error = await connectTo('127.0.0.1', 1, { anchors: [] }).catch((e) => e);
 * error.code; // 'ERR_TRANSPORT': nobody listens there
 * ```
 */
export async function connectTo(host: string, port: number, options: ConnectOptions): Promise<TlsSocket> {
  const socket = connectTcp({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (cause) => reject(new TlsError('ERR_TRANSPORT', { detail: `${host}:${port}`, cause })));
  });
  return await connectSocket(socket, { serverName: host, sessionKey: `${host}:${port}`, ...options });
}

/**
 * A TCP listener whose connections speak TLS. `onConnection` gets each one after its handshake; a client that fails it
 * goes to `onError`, and to nobody else.
 */
export function createServer(
  options: AcceptOptions,
  onConnection: (socket: TlsSocket) => void,
  onError: (error: TlsError) => void = () => {},
): Server {
  return createTcpServer({ noDelay: true, allowHalfOpen: true }, (transport) => {
    acceptSocket(transport, options).then(onConnection, (error: unknown) => {
      transport.destroySoon();
      onError(error as TlsError);
    });
  });
}

async function shake(socket: TlsSocket, signal: AbortSignal | undefined): Promise<TlsSocket> {
  // The promise tells of a failed handshake; the stream's own error event must not end the process too.
  const ignore = (): void => {};
  socket.on('error', ignore);
  await socket.handshake(signal);
  socket.off('error', ignore);
  return socket;
}
