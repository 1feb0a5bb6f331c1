import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { AcceptOptions, ConnectOptions } from '../../src/index.ts';
import { connect as connectTls, createServer, type TlsSocket } from '../../src/node/index.ts';
import { memorySessions } from '../../src/resumption/stores.ts';
import { noble, serverCredential } from './credentials.ts';
import {
  type OpensslClientOptions,
  type OpensslPeer,
  opensslClient,
  type OpensslServerOptions,
  opensslServer,
} from './openssl.ts';
import { serverEntry, trustedRootsPem } from './pki.ts';

/** Connections with programs of others, one after the other, as sessions need them. */

export const toStop: (() => Promise<unknown> | unknown)[] = [];

/** To be called by each file of tests: what one module registers when it is loaded holds for the first file only. */
export function stopAfterEach(): void {
  afterEach(async () => {
    for (const stop of toStop.splice(0).reverse()) await stop();
  });
}

export const credential: { readonly chain: string; readonly key: string } = {
  chain: serverEntry().chain.join('\n'),
  key: serverEntry().key,
};

export async function server(options: OpensslServerOptions): Promise<OpensslPeer> {
  const peer = await opensslServer({ version: '1.3', credential, ...options });
  toStop.push(() => peer.stop());
  return peer;
}

/** Where the clients of these tests keep their sessions unless they are given a store. */
const store = memorySessions();

export async function connect(peer: { readonly port: number }, options: Partial<ConnectOptions>): Promise<TlsSocket> {
  const resumption = { store };
  const all = { serverName: 'server.example', anchors: trustedRootsPem(), crypto: noble, resumption, ...options };
  const socket = await connectTls({ host: '127.0.0.1', port: peer.port }, all).secured();
  socket.on('error', () => {});
  toStop.push(() => socket.destroy());
  return socket;
}

export async function oneSession(
  peer: OpensslPeer,
  sessions: ReturnType<typeof memorySessions>,
): Promise<Awaited<ReturnType<ReturnType<typeof memorySessions>['take']>>> {
  let key = '';
  const watched = {
    take: (name: string) => {
      key = name;
      return undefined;
    },
    put: sessions.put,
  };
  const socket = await connect(peer, { resumption: { store: watched } });
  peer.write('hello\n');
  await once(socket, 'readable');
  await finish(socket);
  return await sessions.take(key);
}

export async function listen(
  options: Partial<AcceptOptions>,
): Promise<{ readonly port: number; readonly next: () => Promise<TlsSocket> }> {
  const done: (TlsSocket | Error)[] = [];
  const waiting: (() => void)[] = [];
  const arrive = (outcome: TlsSocket | Error): void => {
    if (!(outcome instanceof Error)) {
      outcome.on('error', () => {});
      toStop.push(() => outcome.destroy());
    }
    done.push(outcome);
    waiting.shift()?.();
  };
  const all = { credential: await serverCredential(), crypto: noble, ...options };
  const listener = createServer(all, arrive).on('tlsClientError', arrive);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  toStop.push(() => listener.close());
  const next = async (): Promise<TlsSocket> => {
    if (done.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    const outcome = done.shift()!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  return { port: (listener.address() as AddressInfo).port, next };
}

/** One connection of s_client, and the session that it wrote down. */
export async function s_client(
  port: number,
  options: Omit<OpensslClientOptions, 'port'>,
  next: () => Promise<TlsSocket>,
): Promise<{ readonly socket: TlsSocket; readonly peer: OpensslPeer; readonly session: string }> {
  const all = {
    version: '1.3',
    serverName: 'server.example',
    verifyName: 'server.example',
    anchors: trustedRootsPem(),
  } as const;
  const peer = opensslClient({ ...all, ...options, port });
  toStop.push(() => peer.stop());
  const socket = await next();
  socket.resume();
  socket.write('welcome\n');
  await peer.waitFor(/welcome/);
  await finish(socket);
  await peer.exited;
  return { socket, peer, session: peer.session() ?? '' };
}

/** Takes what is still on its way, tickets among it, and hangs up. */
export async function finish(socket: TlsSocket): Promise<void> {
  socket.resume();
  socket.end();
  await Promise.race([once(socket, 'close'), once(socket, 'end')]);
  socket.destroy();
}

export async function reversed(socket: TlsSocket, text: string): Promise<string> {
  socket.write(`${text}\n`);
  return await line(socket);
}

export async function line(socket: TlsSocket): Promise<string> {
  let read = '';
  while (!read.includes('\n')) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) read += chunk.toString();
    else await once(socket, 'readable');
  }
  return read.trim();
}
