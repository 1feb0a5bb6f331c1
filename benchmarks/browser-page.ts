/**
 * What runs in the page: bulk through our streams beside raw WebCrypto with the same batches, in turn. Built and started by
 * browser.ts.
 */
import { webCryptoProvider } from '../src/crypto/webcrypto/index.ts';
import { accept, connect, type TlsStream } from '../src/index.ts';

const RECORD = 16_384;
/** Records of one batch of raw WebCrypto: what a write of 64 KiB makes. */
const BATCH = 4;
const SUITE = 'TLS_AES_128_GCM_SHA256';

export interface Figures {
  /** MB a second, one for each round. */
  readonly sent: number[];
  readonly received: number[];
  readonly rawSealed: number[];
  readonly rawOpened: number[];
  /** Milliseconds a handshake, both sides in one thread; and of the client alone, where it was not waiting. */
  readonly handshake: number[];
}

interface Pki {
  readonly chain: string;
  readonly key: string;
  readonly anchor: string;
}

async function measure(pki: Pki, megabytes: number, rounds: number): Promise<Figures> {
  const figures: Figures = { sent: [], received: [], rawSealed: [], rawOpened: [], handshake: [] };
  for (let round = -1; round < rounds; round++) {
    const bulk = await throughStreams(pki, megabytes);
    const raw = await rawWebCrypto(megabytes);
    if (round < 0) continue;
    figures.sent.push(bulk.sent);
    figures.received.push(bulk.received);
    figures.rawSealed.push(raw.sealed);
    figures.rawOpened.push(raw.opened);
  }
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    const { client } = await pair(pki);
    if (i >= 20) figures.handshake.push(performance.now() - start);
    client.close().catch(() => {});
  }
  return figures;
}

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

async function throughStreams(pki: Pki, megabytes: number): Promise<{ sent: number; received: number }> {
  const { client, server, divert, feed } = await pair(pki);
  const chunk = new Uint8Array(BATCH * RECORD).fill(7);
  const chunks = Math.ceil((megabytes << 20) / chunk.length);
  const writeAll = async (from: TlsStream): Promise<void> => {
    const writer = from.writable.getWriter();
    for (let i = 0; i < chunks; i++) {
      await writer.ready;
      void writer.write(chunk);
    }
    await writer.close();
  };
  let counted = 0;
  divert('client', (bytes) => {
    counted += bytes.length;
  });
  const before = performance.now();
  await writeAll(client);
  const sent = (performance.now() - before) / 1000;
  if (counted < chunks * chunk.length) throw new Error('not everything was sent');

  const kept: Uint8Array[] = [];
  divert('server', (bytes) => void kept.push(bytes));
  await writeAll(server);
  const reader = client.readable.getReader();
  const start = performance.now();
  for (const bytes of kept) feed(bytes);
  for (let left = chunks * chunk.length; left > 0; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error('it ended early');
    left -= value.length;
  }
  const received = (performance.now() - start) / 1000;
  const size = (chunks * chunk.length) / 1e6;
  return { sent: size / sent, received: size / received };
}

async function rawWebCrypto(megabytes: number): Promise<{ sealed: number; opened: number }> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = (count: number): AesGcmParams => {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(8, count);
    return { name: 'AES-GCM', iv, additionalData: new Uint8Array(5), tagLength: 128 };
  };
  const content = new Uint8Array(RECORD + 1).fill(7);
  const batches = Math.ceil((megabytes << 20) / (BATCH * RECORD));
  const sealed: ArrayBuffer[] = [];
  const before = performance.now();
  for (let batch = 0; batch < batches; batch++) {
    const results = await Promise.all(
      Array.from({ length: BATCH }, (_, i) => subtle.encrypt(parameters(batch * BATCH + i), key, content)),
    );
    sealed.push(...results);
  }
  const between = performance.now();
  for (let batch = 0; batch < batches; batch++)
    await Promise.all(
      Array.from({ length: BATCH }, (_, i) =>
        subtle.decrypt(parameters(batch * BATCH + i), key, sealed[batch * BATCH + i]!),
      ),
    );
  const after = performance.now();
  const size = (batches * BATCH * RECORD) / 1e6;
  return { sealed: (size / (between - before)) * 1000, opened: (size / (after - between)) * 1000 };
}

Object.assign(globalThis, { measure });
