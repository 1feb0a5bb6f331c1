import { describe, expect, it } from 'vitest';
import { memoryPipe } from '../../src/pipes/index.ts';
import type { End } from '../support/end.ts';
import { Engine } from '../../src/engine/engine.ts';
import { type ClientOptions, clientConfig, type ServerOptions, serverConfig } from '../../src/engine/config/index.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { accept, connect } from '../../src/index.ts';
import { drive, type TlsStream, type TransportOptions } from '../../src/transport/index.ts';
import { faultyEntry, serverEntry, trustedRootsPem } from '../support/pki.ts';
import { credentialLater, later, toyCredential, toyProvider, toyVerifier, verifierLater } from '../support/toy.ts';

const clientOf = (options: Partial<ClientOptions> = {}): Engine =>
  new Engine(
    clientConfig({
      protocols: [client13],
      crypto: toyProvider(1),
      verifier: toyVerifier,
      serverName: 'a.example',
      ...options,
    }),
  );
const serverOf = (options: Partial<ServerOptions> = {}): Engine =>
  new Engine(serverConfig({ protocols: [server13], crypto: toyProvider(2), credential: toyCredential, ...options }));

async function both(
  client: Engine = clientOf(),
  server: Engine = serverOf(),
  options: TransportOptions = {},
): Promise<[TlsStream, TlsStream]> {
  const [a, b] = memoryPipe();
  return await Promise.all([drive(client, a, options), drive(server, b, options)]);
}

describe('a stream over a stream', () => {
  it('carries data both ways and ends cleanly, whichever ends first', async () => {
    for (const first of [0, 1]) {
      const ends = await both(clientOf(), serverOf(), { allowHalfOpen: true });
      const data = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
      const [one, other] = [ends[first]!, ends[1 - first]!];
      const [received] = await Promise.all([readAll(other), writeAll(one, data)]);
      expect(received).toEqual(data);
      // The other direction is still open.
      const [back] = await Promise.all([readAll(one), writeAll(other, data.slice(0, 1000))]);
      expect(back).toEqual(data.slice(0, 1000));
      await Promise.all([one.closed, other.closed]);
    }
  });

  it('works with answers that come later', async () => {
    const [client, server] = await both(
      clientOf({
        crypto: later(toyProvider(1)),
        verifier: verifierLater(toyVerifier),
        credential: async () => credentialLater(toyCredential),
      }),
      serverOf({
        crypto: later(toyProvider(2)),
        verifier: verifierLater(toyVerifier),
        clientAuth: 'require',
        credential: async () => credentialLater(toyCredential),
      }),
    );
    const [received] = await Promise.all([readAll(server), writeAll(client, Uint8Array.of(1, 2, 3))]);
    expect(received).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('does not read what is not taken', async () => {
    const [a, b] = memoryPipe();
    let pulled = 0;
    const counted: End = {
      writable: a.writable,
      readable: a.readable.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>(
          {
            transform: (chunk, controller) => {
              pulled += chunk.length;
              controller.enqueue(chunk);
            },
          },
          undefined,
          { highWaterMark: 0 },
        ),
      ),
    };
    const [client, server] = await Promise.all([drive(clientOf(), counted), drive(serverOf(), b)]);
    const writer = server.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 400; written++) await writer.write(new Uint8Array(16_000));
    })();
    await pause(100);
    // A few chunks are in pipes and queues; the rest waits where it is.
    expect(written).toBeLessThan(40);
    expect(pulled).toBeLessThan(40 * 16_500);
    const [all] = await Promise.all([readAll(client), writing.then(() => writer.close())]);
    expect(all.length).toBe(400 * 16_000);
  });

  it('shows an error on both sides of the stream and in `closed`, after what had come before', async () => {
    const [a, b] = memoryPipe();
    let harm = false;
    const harmed: End = {
      writable: a.writable,
      readable: a.readable.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) =>
            controller.enqueue(harm ? chunk.map((byte, i) => (i === chunk.length - 1 ? byte ^ 1 : byte)) : chunk),
        }),
      ),
    };
    const [client, server] = await Promise.all([drive(clientOf(), harmed), drive(serverOf(), b)]);
    const writer = server.writable.getWriter();
    await writer.write(Uint8Array.of(1));
    await pause(20);
    harm = true;
    await writer.write(Uint8Array.of(2));
    await pause(20);
    const reader = client.readable.getReader();
    expect((await reader.read()).value).toEqual(Uint8Array.of(1));
    const expected = expect.objectContaining({ code: 'ERR_BAD_RECORD_MAC' });
    await expect(reader.read()).rejects.toEqual(expected);
    await expect(client.closed).rejects.toEqual(expected);
    await expect(client.writable.getWriter().write(Uint8Array.of(1))).rejects.toEqual(expected);
    await expect(server.closed).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_ALERT_RECEIVED', alertReceived: 20 }),
    );
  });

  // RFC 9846 §6.1-5
  it('tells a truncation from an end', async () => {
    const [a, b] = memoryPipe();
    const [client, server] = await Promise.all([drive(clientOf(), cutOff(a)), drive(serverOf(), b)]);
    await server.writable.getWriter().write(Uint8Array.of(9));
    const reader = client.readable.getReader();
    expect((await reader.read()).value).toEqual(Uint8Array.of(9));
    await expect(reader.read()).rejects.toEqual(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('gives up when it is told to, before and during the handshake', async () => {
    const before = AbortSignal.abort();
    const [a] = memoryPipe();
    await expect(drive(clientOf(), a, { signal: before })).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_ABORTED' }),
    );

    const controller = new AbortController();
    const [c, d] = memoryPipe();
    const waiting = drive(clientOf(), c, { signal: controller.signal });
    const other = drive(serverOf({ credential: () => new Promise(() => {}) }), d);
    other.catch(() => {});
    await pause(10);
    controller.abort();
    await expect(waiting).rejects.toEqual(expect.objectContaining({ code: 'ERR_ABORTED' }));
  });

  it('asks for a certificate later', async () => {
    const [client, server] = await both(
      clientOf({ postHandshakeAuth: true, credential: toyCredential }),
      serverOf({ verifier: toyVerifier }),
    );
    void client;
    expect((await server.requestCertificate())?.verdict.ok).toBe(true);
    await expect((await both())[1].requestCertificate()).rejects.toEqual(
      expect.objectContaining({ code: 'ERR_STATE' }),
    );
  });

  it('closes on demand, and forgets what it did not take', async () => {
    const [client, server] = await both();
    await server.writable.getWriter().write(new Uint8Array(10));
    const closing = client.close();
    expect(await readAll(server)).toEqual(new Uint8Array(0));
    await Promise.all([server.close(), closing]);
  });

  it('changes keys and exports them', async () => {
    const [client, server] = await both();
    client.updateKeys(true);
    const [received] = await Promise.all([readAll(server), writeAll(client, Uint8Array.of(4))]);
    expect(received).toEqual(Uint8Array.of(4));
    expect(client.exportKey('EXPORTER-x', undefined, 16)).toEqual(server.exportKey('EXPORTER-x', undefined, 16));
  });
});

describe('connect and accept', () => {
  const source = (entry = serverEntry()): { certificates: string; privateKey: string } => ({
    certificates: entry.chain.join('\n'),
    privateKey: entry.key,
  });

  it('take PEM and nothing else', async () => {
    const [a, b] = memoryPipe();
    const [client, server] = await Promise.all([
      connect(a, { serverName: 'server.example', anchors: trustedRootsPem() }),
      accept(b, { credential: source() }),
    ]);
    expect(client.info.peer?.verdict.ok).toBe(true);
    expect(server.info.serverName).toBe('server.example');
  });

  it('speak TLS inside TLS', async () => {
    const [a, b] = memoryPipe();
    const options = { serverName: 'server.example', anchors: trustedRootsPem() };
    const [outer, outerServer] = await Promise.all([connect(a, options), accept(b, { credential: source() })]);
    const [inner, innerServer] = await Promise.all([
      connect(outer, options),
      accept(outerServer, { credential: source() }),
    ]);
    const [received] = await Promise.all([readAll(innerServer), writeAll(inner, Uint8Array.of(1, 2))]);
    expect(received).toEqual(Uint8Array.of(1, 2));
  });

  it('refuse who cannot be trusted, and fail without anchors', async () => {
    const [a, b] = memoryPipe();
    const [client, server] = await Promise.allSettled([
      connect(a, { serverName: 'server.example', anchors: trustedRootsPem() }),
      accept(b, { credential: source(faultyEntry('expired')) }),
    ]);
    expect(client).toMatchObject({ status: 'rejected', reason: { failure: { code: 'CERT_EXPIRED' } } });
    expect(server).toMatchObject({ status: 'rejected', reason: { alertReceived: 45 } });
    await expect(connect(memoryPipe()[0], { serverName: 'a' })).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });
});

function cutOff(duplex: End): End {
  const reader = duplex.readable.getReader();
  let seen = 0;
  return {
    writable: duplex.writable,
    readable: new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        // ServerHello with its flight, then one record of data; then the wire is cut.
        if (seen === 2) return controller.close();
        const { value } = await reader.read();
        seen++;
        controller.enqueue(value!);
      },
    }),
  };
}

async function readAll({ readable }: End): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  reader.releaseLock();
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

async function writeAll({ writable }: End, data: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(data);
  await writer.close();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
