import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TlsSocket } from '../../src/node/index.ts';
import type { TransportOptions } from '../../src/transport/index.ts';
import { type ClientParts, makeClient, makeServer, type ServerParts } from './pair.ts';

/** Streams of Node in pairs, and TLS between them. */

/** Two ends of a wire in memory. What one end writes the other has at once, inside the call. */
export function wire(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const index of [0, 1])
    ends.push(
      new Duplex({
        allowHalfOpen: true,
        read: () => {},
        write: (chunk, _encoding, done) => {
          ends[1 - index]!.push(chunk);
          done();
        },
        final: (done) => {
          ends[1 - index]!.push(null);
          done();
        },
      }),
    );
  return [ends[0]!, ends[1]!];
}

/** Two sockets of loopback. */
export async function loopback(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const one = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  const [other] = (await once(server, 'connection')) as [Socket];
  server.close();
  if (one.connecting) await once(one, 'connect');
  return [one, other];
}

export interface Ends {
  readonly client: TlsSocket;
  readonly server: TlsSocket;
}

/** TLS over two ends, after the handshake. Errors go to those who listen, and nowhere else. */
export async function secured(
  [a, b]: readonly [Duplex, Duplex],
  options: TransportOptions = {},
  parts: { readonly client?: ClientParts; readonly server?: ServerParts } = {},
): Promise<Ends> {
  const client = new TlsSocket(makeClient(parts.client), a, options);
  const server = new TlsSocket(makeServer(parts.server), b, options);
  await Promise.all([client.secured(), server.secured()]);
  for (const end of [client, server]) end.on('error', () => {});
  return { client, server };
}

/** What a stream brings until it ends, and how that is. */
export async function readAll(stream: Duplex): Promise<{ readonly bytes: Buffer; readonly error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
  return { bytes: Buffer.concat(chunks), error: undefined };
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
