import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { afterEach } from 'vitest';
import { connect, createServer, type Server as TlsServer, type TLSSocket } from '../../src/tls/index.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

const entry = serverEntry();

/** A server for the name server.example, and who vouches for it, as PEM. */
export const pem: { readonly cert: string; readonly key: string } = { cert: entry.chain.join('\n'), key: entry.key };
export const ca: string = trustedRootsPem();

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

/** Stops it after the test. */
export function stopLater(stop: () => unknown): void {
  toStop.push(stop);
}

export async function portOf(server: Server): Promise<number> {
  stopLater(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server of ours that answers each chunk with itself. */
export async function echo(options: TlsOptions = {}): Promise<{ server: TlsServer; port: number }> {
  const server = createServer({ ...pem, ...options }, (socket) => {
    stopLater(() => socket.destroy());
    socket.pipe(socket);
  });
  return { server, port: await portOf(server) };
}

/** A client of ours that knows the server. */
export function client(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({ host: '127.0.0.1', port, servername: 'server.example', ca, ...options });
  stopLater(() => socket.destroy());
  return socket;
}

/** The error that ends it. */
export async function errorOf(socket: TLSSocket): Promise<Error & { readonly code?: string }> {
  const [error] = (await once(socket, 'error')) as [Error & { readonly code?: string }];
  return error;
}
