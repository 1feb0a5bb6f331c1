import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { memoryPipe } from '../../src/pipes/index.ts';
import type { End } from '../support/end.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { type AcceptOptions, accept, type ConnectOptions, connect } from '../../src/index.ts';
import { connect as connectTls, createServer, type TlsSocket } from '../../src/node/index.ts';
import { loadCredential } from '../../src/pki/credentials/credential.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import type { TlsStream } from '../../src/transport/index.ts';
import { clientEntry, type Entry, faultyEntry, serverEntry, trustedRootsPem } from '../support/pki.ts';

/** What connections come to in real life, over and over: good ends, bad ones, and no end at all. */

export type Kind =
  | 'full 1.3'
  | 'mutual 1.3'
  | 'resumed 1.3'
  | 'full 1.2'
  | 'resumed 1.2'
  | 'over TCP'
  | 'server refused'
  | 'client refused'
  | 'given up'
  | 'pipe vanishes'
  | 'junk';

/** How often each is, of a hundred. */
export const SHARES: { readonly [K in Kind]: number } = {
  'full 1.3': 20,
  'mutual 1.3': 12,
  'resumed 1.3': 20,
  'full 1.2': 10,
  'resumed 1.2': 10,
  'over TCP': 10,
  'server refused': 4,
  'client refused': 4,
  'given up': 4,
  'pipe vanishes': 3,
  junk: 3,
};

export interface Soak {
  /** One connection of this kind, to its end. @throws when it ends in another way than it should. */
  run(kind: Kind): Promise<void>;
  /** Data one way through one connection, keys changed now and then; in bytes. */
  pour(bytes: number, progress?: (done: number) => void): Promise<void>;
  close(): Promise<void>;
}

const SUITES_12 = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'];

export async function startSoak(crypto: CryptoProvider = nodeProvider()): Promise<Soak> {
  const load = ({ chain, key }: Entry): ReturnType<typeof loadCredential> =>
    loadCredential({ certificates: chain.join('\n'), privateKey: key }, crypto);
  const [server, client, expired] = await Promise.all([
    load(serverEntry()),
    load(clientEntry()),
    load(faultyEntry('expired')),
  ]);
  const verifier = certificateVerifier({ anchors: trustedRootsPem(), signatures: crypto.verifier });
  const serving: AcceptOptions = {
    credential: server,
    crypto,
    resumption: { tickets: ticketSealer({ crypto }), context: 'soak' },
  };
  const asking: ConnectOptions = { serverName: 'server.example', verifier, crypto, resumption: false };
  const stores = { '1.3': memorySessions(), '1.2': memorySessions() };
  const mutual = {
    serving: { ...serving, clientAuth: 'require', verifier } as const,
    asking: { ...asking, credential: client },
  };
  const listener = createServer(serving, (socket) => echo(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const good = async (ask: ConnectOptions, serve: AcceptOptions = serving, resumed = false): Promise<void> => {
    const [a, b] = memoryPipe();
    const [one, other] = await Promise.all([connect(a, ask), accept(b, serve)]);
    if (one.info.resumed !== resumed) throw new Error(`resumed: ${one.info.resumed}`);
    await exchange(one, other);
  };
  const bad = async (ask: ConnectOptions, serve: AcceptOptions): Promise<void> => {
    const [a, b] = memoryPipe();
    const ends = await Promise.allSettled([connect(a, ask).then(readAll), accept(b, serve).then(readAll)]);
    // With TLS 1.3 a client that is refused hears of it when it reads (RFC 9846 section 4.5.3).
    if (!ends.every(({ status }) => status === 'rejected')) throw new Error('a peer was not refused');
  };

  const runs: { readonly [K in Kind]: () => Promise<void> } = {
    'full 1.3': () => good(asking),
    'mutual 1.3': () => good(mutual.asking, mutual.serving),
    'resumed 1.3': async () => {
      const options = { ...asking, resumption: { store: stores['1.3'] } };
      const [a, b] = memoryPipe();
      const [one, other] = await Promise.all([connect(a, options), accept(b, serving)]);
      await exchange(one, other);
    },
    'full 1.2': () => good({ ...asking, suites: SUITES_12 }),
    'resumed 1.2': async () => {
      const options = { ...asking, suites: SUITES_12, resumption: { store: stores['1.2'] } };
      const [a, b] = memoryPipe();
      const [one, other] = await Promise.all([connect(a, options), accept(b, serving)]);
      await exchange(one, other);
    },
    'over TCP': () => overTcp(listener, asking),
    'server refused': () => bad(asking, { ...serving, credential: expired }),
    'client refused': () => bad(asking, mutual.serving),
    'given up': async () => {
      const controller = new AbortController();
      const [a] = memoryPipe();
      const waiting = connect(a, { ...asking, signal: controller.signal });
      controller.abort();
      await waiting.then(
        () => Promise.reject(new Error('it was not given up')),
        () => {},
      );
    },
    'pipe vanishes': async () => {
      const [a, b] = memoryPipe();
      const ends = Promise.allSettled([connect(a, asking), accept(cutOff(b, 1000), serving)]);
      for (const { status } of await ends) if (status === 'fulfilled') throw new Error('there was no pipe');
    },
    junk: async () => {
      const [a, b] = memoryPipe();
      const serving_ = accept(b, serving).then(
        () => Promise.reject(new Error('junk was taken')),
        () => {},
      );
      const writer = a.writable.getWriter();
      await writer.write(new Uint8Array(400).fill(0x47)).catch(() => {});
      await writer.abort().catch(() => {});
      await a.readable.cancel().catch(() => {});
      await serving_;
    },
  };

  return {
    run: (kind) => runs[kind](),
    pour: async (bytes, progress = () => {}) => {
      const [a, b] = memoryPipe();
      const [one, other] = await Promise.all([connect(a, asking), accept(b, serving)]);
      const chunk = new Uint8Array(65_536).map((_, index) => index * 7);
      const writer = one.writable.getWriter();
      const reading = count(other, bytes, progress);
      for (let left = bytes, number = 0; left > 0; left -= chunk.length, number++) {
        if (number % 1000 === 999) one.updateKeys(true);
        await writer.write(chunk.subarray(0, Math.min(left, chunk.length)));
      }
      await writer.close();
      await reading;
      await other.writable.close();
      await readAll(one);
    },
    close: async () => {
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** A few bytes there and back, and a clean end. */
async function exchange(one: TlsStream, other: TlsStream): Promise<void> {
  const writer = one.writable.getWriter();
  const answering = (async () => {
    const bytes = await readAll(other);
    const back = other.writable.getWriter();
    await back.write(bytes);
    await back.close();
  })();
  await writer.write(new Uint8Array(1000));
  await writer.close();
  const answer = await readAll(one);
  await answering;
  if (answer.length !== 1000) throw new Error(`${answer.length} bytes came back`);
  await Promise.all([one.closed, other.closed]);
}

async function readAll({ readable }: TlsStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of readable as unknown as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

async function count({ readable }: TlsStream, expected: number, progress: (done: number) => void): Promise<void> {
  let done = 0;
  for await (const part of readable as unknown as AsyncIterable<Uint8Array>) {
    done += part.length;
    progress(done);
  }
  if (done !== expected) throw new Error(`${done} of ${expected} bytes`);
}

async function overTcp(listener: Server, options: ConnectOptions): Promise<void> {
  const socket = await connectTls(
    { host: '127.0.0.1', port: (listener.address() as AddressInfo).port },
    options,
  ).secured();
  socket.write('warifu');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  socket.end();
  await closed;
}

function echo(socket: TlsSocket): void {
  socket.on('data', (bytes: Buffer) => void socket.write(bytes));
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
}

/** The same pipe, which breaks after so many bytes. */
function cutOff(end: End, bytes: number): End {
  let left = bytes;
  const breaking = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      left -= chunk.length;
      if (left < 0) controller.error(new Error('the pipe is gone'));
      else controller.enqueue(chunk);
    },
  });
  return { readable: end.readable.pipeThrough(breaking), writable: end.writable };
}
