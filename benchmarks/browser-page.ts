/**
 * What runs in the page: bulk through our streams beside raw WebCrypto with the same batches, in turn. Built and started by
 * browser.ts.
 */
import { webCryptoProvider } from '../src/crypto/webcrypto/index.ts';
import type { Engine } from '../src/engine/engine.ts';
import {
  accept,
  type ClientContext,
  connect,
  createClientContext,
  createServerContext,
  type ServerContext,
  type TlsStream,
} from '../src/index.ts';

const RECORD = 16_384;
/** Records of one batch of raw WebCrypto: what a write of 64 KiB makes. */
const BATCH = 4;
const SUITE = 'TLS_AES_128_GCM_SHA256';

/** What can be measured in the page. */
export type What = 'sent' | 'received' | 'rawSealed' | 'rawOpened' | 'handshake';

export interface Pki {
  readonly chain: string;
  readonly key: string;
  readonly anchor: string;
}

/** Makes ready what is measured then: returns the work, which says how many milliseconds it took. */
const PREPARE: { readonly [W in What]: (pki: Pki, megabytes: number) => Promise<() => Promise<number>> } = {
  sent: (pki, megabytes) => sending(pki, megabytes),
  received: (pki, megabytes) => receiving(pki, megabytes),
  rawSealed: (_, megabytes) => raw(megabytes, 'sealed'),
  rawOpened: (_, megabytes) => raw(megabytes, 'opened'),
  handshake: async (pki) => () => clientHandshake(pki),
};

let work: () => Promise<number> = () => Promise.resolve(0);

async function prepare(what: What, pki: Pki, megabytes: number): Promise<void> {
  work = await PREPARE[what](pki, megabytes);
}

Object.assign(globalThis, { prepare, run: () => work() });

interface Ends {
  readonly client: TlsStream;
  readonly server: TlsStream;
  /** From now on nothing of what this side writes arrives: it is counted, or kept. */
  divert(side: 'client' | 'server', to: (bytes: Uint8Array) => void): void;
  /** Bytes for the client, as if they had come. */
  feed(bytes: Uint8Array): void;
}

const crypto = webCryptoProvider();

async function pair({ chain, key, anchor }: Pki): Promise<Ends> {
  const to: Record<'client' | 'server', (bytes: Uint8Array) => void> = { client: () => {}, server: () => {} };
  const readable = (side: 'client' | 'server'): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => {
        to[side] = (bytes) => controller.enqueue(bytes);
      },
    });
  const [forClient, forServer] = [readable('client'), readable('server')];
  const arrive = { ...to };
  const route: Record<'client' | 'server', (bytes: Uint8Array) => void> = {
    client: arrive.server,
    server: arrive.client,
  };
  const writable = (side: 'client' | 'server'): WritableStream<Uint8Array> =>
    new WritableStream({ write: (bytes) => route[side](bytes) });
  const [client, server] = await Promise.all([
    connect(
      { readable: forClient, writable: writable('client') },
      { crypto, suites: [SUITE], anchors: anchor, serverName: 'server.example' },
    ),
    accept(
      { readable: forServer, writable: writable('server') },
      { crypto, suites: [SUITE], credential: { certificates: chain, privateKey: key } },
    ),
  ]);
  return {
    client,
    server,
    divert: (side, divert) => {
      route[side] = divert;
    },
    feed: arrive.client,
  };
}

const chunksOf = (megabytes: number): number => Math.ceil((megabytes << 20) / (BATCH * RECORD));

async function writeAll({ writable }: TlsStream, megabytes: number): Promise<void> {
  const chunk = new Uint8Array(BATCH * RECORD).fill(7);
  const writer = writable.getWriter();
  for (let i = 0; i < chunksOf(megabytes); i++) {
    await writer.ready;
    void writer.write(chunk);
  }
  await writer.close();
}

async function sending(pki: Pki, megabytes: number): Promise<() => Promise<number>> {
  const { client, divert } = await pair(pki);
  let counted = 0;
  divert('client', (bytes) => {
    counted += bytes.length;
  });
  return async () => {
    const before = performance.now();
    await writeAll(client, megabytes);
    const time = performance.now() - before;
    if (counted < megabytes << 20) throw new Error('not everything was sent');
    return time;
  };
}

async function receiving(pki: Pki, megabytes: number): Promise<() => Promise<number>> {
  const { client, server, divert, feed } = await pair(pki);
  const kept: Uint8Array[] = [];
  divert('server', (bytes) => void kept.push(bytes));
  await writeAll(server, megabytes);
  return async () => {
    const reader = client.readable.getReader();
    const before = performance.now();
    for (const bytes of kept) feed(bytes);
    for (let left = megabytes << 20; left > 0; ) {
      const { value, done } = await reader.read();
      if (done) throw new Error('it ended early');
      left -= value.length;
    }
    return performance.now() - before;
  };
}

async function raw(megabytes: number, what: 'sealed' | 'opened'): Promise<() => Promise<number>> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = (count: number): AesGcmParams => {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(8, count);
    return { name: 'AES-GCM', iv, additionalData: new Uint8Array(5), tagLength: 128 };
  };
  const content = new Uint8Array(RECORD + 1).fill(7);
  const sealed: ArrayBuffer[] = [];
  const batched = async (one: (count: number) => Promise<ArrayBuffer>, keep: boolean): Promise<void> => {
    for (let batch = 0; batch < chunksOf(megabytes); batch++) {
      const results = await Promise.all(Array.from({ length: BATCH }, (_, i) => one(batch * BATCH + i)));
      if (keep) sealed.push(...results);
    }
  };
  const seal = (keep: boolean): Promise<void> =>
    batched((count) => subtle.encrypt(parameters(count), key, content), keep);
  if (what === 'opened') await seal(true);
  return async () => {
    const before = performance.now();
    if (what === 'sealed') await seal(false);
    else await batched((count) => subtle.decrypt(parameters(count), key, sealed[count]!), false);
    return performance.now() - before;
  };
}

const contexts = new WeakMap<Pki, { readonly client: ClientContext; readonly server: ServerContext }>();

/** Milliseconds of the client: its own steps, and the answers of WebCrypto that it waits for. */
async function clientHandshake(pki: Pki): Promise<number> {
  const made = contexts.get(pki) ?? {
    client: createClientContext({ crypto, suites: [SUITE], anchors: pki.anchor, resumption: false }),
    server: createServerContext({
      crypto,
      suites: [SUITE],
      credential: { certificates: pki.chain, privateKey: pki.key },
      resumption: false,
    }),
  };
  contexts.set(pki, made);
  await made.client.ready;
  await made.server.ready;
  let spent = -performance.now();
  const client = await made.client.engine({ serverName: 'server.example' });
  client.start();
  spent += performance.now();
  const server = await made.server.engine();
  server.start();
  while (client.status !== 'open' || server.status !== 'open') {
    spent -= performance.now();
    const fromClient = await everything(client);
    spent += performance.now();
    for (const bytes of fromClient) server.receive(bytes);
    const fromServer = await everything(server);
    for (const bytes of fromServer) client.receive(bytes);
    if (fromClient.length + fromServer.length === 0) throw new Error('the handshake stands still');
  }
  return spent;
}

/** What it has to say until it waits for the other. */
async function everything(engine: Engine): Promise<Uint8Array[]> {
  const said: Uint8Array[] = [];
  for (;;) {
    const event = engine.next();
    if (event.type === 'wait') return said;
    if (event.type === 'write') said.push(event.bytes);
    if (event.type === 'request') await engine.answer(event.request);
    if (event.type === 'failed') throw event.error;
  }
}
