import { once } from 'node:events';
import { type AddressInfo, connect as dial, type Socket } from 'node:net';
import tls from 'node:tls';
import { type Duplex, PassThrough, pipeline, Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { type AcceptOptions, TlsError } from '../../src/index.ts';
import { accept, connect, createServer, TlsSocket } from '../../src/node/index.ts';
import { loopback, pause, readAll, secured, wire } from '../support/duplex.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { toyProvider } from '../support/toy.ts';
import { serverEntry, trustedRootsPem } from '../support/pki.ts';

/** The laws of the driver, with Node's streams on it. */

const entry = serverEntry();
const credential = { certificates: entry.chain.join('\n'), privateKey: entry.key };
const asking = { serverName: 'server.example', anchors: trustedRootsPem(), resumption: false } as const;

const toStop: (() => unknown)[] = [];
afterEach(() => {
  for (const stop of toStop.splice(0)) stop();
  vi.restoreAllMocks();
});

async function listening(
  options: Partial<AcceptOptions>,
  onSecure: (socket: TlsSocket) => void,
): Promise<{ port: number; errors: Error[] }> {
  const errors: Error[] = [];
  const server = createServer({ credential, resumption: false, ...options }, onSecure);
  server.on('tlsClientError', (error) => errors.push(error));
  toStop.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, errors };
}

const pushed = (error: unknown): object => expect.objectContaining({ code: error });

describe('1. never re-entrant', () => {
  it('brings data in order whatever the handlers write', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b]);
    let order = '';
    server.on('data', (data: Buffer) => {
      server.write('x');
      order += data.toString();
    });
    for (const text of ['1', '2', '3', '4']) {
      client.write(text);
      await pause(1);
    }
    expect(order).toBe('1234');
  });

  it('runs no handler inside a call', async () => {
    const { client, server } = await secured(wire());
    let isInside = false;
    const seen: string[] = [];
    const handler = (name: string) => (): void => void seen.push(isInside ? `${name} inside a call` : name);
    for (const event of ['data', 'end', 'close', 'error']) client.on(event, handler(event));
    const inside = (call: () => void): void => {
      isInside = true;
      call();
      isInside = false;
    };
    server.on('data', () => inside(() => server.write('pong', handler('taken'))));
    inside(() => client.write('ping', handler('taken')));
    await vi.waitFor(() => expect(seen.filter((name) => name !== 'data')).toEqual(['taken', 'taken']), 5_000);
    await vi.waitFor(() => expect(seen).toContain('data'), 5_000);
    inside(() => server.end());
    await vi.waitFor(() => expect(seen).toContain('end'), 5_000);
    inside(() => server.destroy());
    await vi.waitFor(() => expect(seen).toContain('close'), 5_000);
    expect(seen).toEqual(expect.arrayContaining(['data', 'taken', 'end', 'close']));
    expect(seen.filter((name) => name.includes('inside'))).toEqual([]);
  });

  it('lives on when a handler throws', async () => {
    const { client, server } = await secured(wire());
    const thrown = new Error('of the program');
    const caught = new Promise((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other);
        resolve(error);
      });
    });
    let read = '';
    server.on('data', (data: Buffer) => {
      read += data.toString();
      if (read === 'one') throw thrown;
    });
    client.write('one');
    expect(await caught).toBe(thrown);
    client.write('two');
    await vi.waitFor(() => expect(read).toBe('onetwo'), 5_000);
  });
});

describe('2. takes a transport over as it is', () => {
  const used: { readonly [how: string]: (socket: Socket) => void } = {
    paused: (socket) => void socket.pause(),
    "with a listener of 'readable'": (socket) => void socket.on('readable', () => {}),
    "with a listener of 'data'": (socket) => void socket.on('data', () => expect.unreachable()),
    'with an ended iterator': (socket) => void socket.iterator({ destroyOnReturn: false }),
  };
  for (const [how, use] of Object.entries(used))
    it(how, async () => {
      const [a, b] = await loopback();
      for (const end of [a, b]) use(end);
      const { client, server } = await secured([a, b]);
      server.end('hello');
      expect((await readAll(client)).bytes.toString()).toBe('hello');
    });

  it('with bytes put back', async () => {
    const [a, b] = wire();
    const first = once(b, 'data');
    const client = new TlsSocket(makeClient(), a);
    const [hello] = (await first) as [Buffer];
    b.pause();
    b.unshift(hello);
    const server = new TlsSocket(makeServer(), b);
    await Promise.all([client.secured(), server.secured()]);
  });

  it('not connected yet', async () => {
    const { port } = await listening({}, (socket) => socket.end('hello'));
    const client = connect(dial(port, '127.0.0.1'), asking);
    expect(client).toMatchObject({ connecting: true, pending: true, readyState: 'opening' });
    expect((await readAll(client)).bytes.toString()).toBe('hello');
  });

  it('before the engine is there', async () => {
    const [a, b] = await loopback();
    const client = new TlsSocket(makeClient(), a);
    // What was spoken before has a listener that lets everything flow away.
    b.resume();
    const server = new TlsSocket(
      pause(50).then(() => makeServer()),
      b,
    );
    await Promise.all([client.secured(), server.secured()]);
  });

  const unusable: { readonly [how: string]: () => Promise<Duplex> } = {
    'ended by the peer': async () => {
      const [a, b] = await loopback();
      b.end();
      await once(a.resume(), 'end');
      return a;
    },
    'ended by us': async () => (await loopback())[0].end(),
    destroyed: async () => (await loopback())[0].destroy(),
    'with setEncoding': async () => (await loopback())[0].setEncoding('utf8'),
    'of objects': async () => new PassThrough({ objectMode: true }),
  };
  for (const [how, make] of Object.entries(unusable))
    it(`refuses one that is ${how}, in words`, async () => {
      const stream = await make();
      for (const start of [() => connect(stream, asking), () => accept(stream, { credential })])
        await expect(start().secured()).rejects.toMatchObject({
          code: 'ERR_TRANSPORT',
          message: expect.stringMatching(/cannot be used: (it|the peer) /),
        });
    });

  it('refuses what is none', () => {
    for (const wrong of [undefined, null, 7, 'localhost', {}, new ReadableStream()])
      expect(() => connect(wrong as unknown as Duplex, asking)).toThrow(TypeError);
  });

  it('says so when a transport brings something that is no bytes', async () => {
    const [a, b] = wire();
    const client = new TlsSocket(makeClient(), a);
    const failed = client.secured();
    a.emit('data', 'text');
    await expect(failed).rejects.toEqual(pushed('ERR_TRANSPORT'));
    b.destroy();
  });
});

describe('3. lets go', () => {
  it('of a peer that is frozen, when the program destroys', async () => {
    const [a, b] = await loopback();
    const { server } = await secured([a, b]);
    a.pause();
    for (let i = 0; i < 100; i++) server.write(Buffer.alloc(100_000));
    await pause(50);
    server.destroy();
    await once(b, 'close', { signal: AbortSignal.timeout(5_000) });
    expect(b.destroyed).toBe(true);
    a.destroy();
  });

  it('after a handshake that failed, was aborted, or took too long, with a peer that says nothing', async () => {
    const failing: { readonly [how: string]: (stream: Duplex) => TlsSocket } = {
      failed: (stream) => {
        setTimeout(() => stream.emit('data', Buffer.from('no TLS at all')), 5);
        return new TlsSocket(makeClient(), stream);
      },
      aborted: (stream) => new TlsSocket(makeClient(), stream, { signal: AbortSignal.timeout(10) }),
      late: (stream) => new TlsSocket(makeClient(), stream, { handshakeTimeout: 10 }),
    };
    for (const [how, start] of Object.entries(failing)) {
      const [a, b] = await loopback();
      await expect(start(a).secured(), how).rejects.toThrow();
      // The peer never ends.
      await once(a, 'close', { signal: AbortSignal.timeout(5_000) });
      b.destroy();
    }
  });

  it('leaves no listener, neither on the transport nor on the signal', async () => {
    const [a, b] = wire();
    const before = a.eventNames().map((name) => [name, a.listenerCount(name)]);
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const { client, server } = await secured([a, b], { signal });
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
    client.end();
    server.end();
    client.resume();
    server.resume();
    await Promise.all([once(a, 'close'), once(b, 'close')]);
    expect(a.eventNames().map((name) => [name, a.listenerCount(name)])).toEqual(before);
  });

  it('leaves no timer', async () => {
    const count = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const stop = vi.spyOn(globalThis, 'clearTimeout');
    const start = vi.spyOn(globalThis, 'setTimeout');
    const before = count();
    const { client, server } = await secured(wire(), { handshakeTimeout: 100_000, closeTimeout: 100_000 });
    client.setTimeout(100_000);
    client.end();
    server.end();
    client.resume();
    server.resume();
    await Promise.all([once(client, 'close'), once(server, 'close')]);
    const [a] = wire();
    const failing = new TlsSocket(makeClient(), a, { handshakeTimeout: 100_000 });
    const failed = failing.secured();
    failing.destroy();
    await expect(failed).rejects.toThrow();
    await pause(10);
    const stopped = new Set(stop.mock.calls.map(([timer]) => timer));
    const left = start.mock.results.filter(
      ({ value }, index) => (start.mock.calls[index]![1] ?? 0) > 1_000 && !stopped.has(value as NodeJS.Timeout),
    );
    expect(left).toEqual([]);
    expect(count()).toBeLessThanOrEqual(before);
  });
});

describe('4. half open only where asked', () => {
  it('ends when the peer does', async () => {
    const { client, server } = await secured(await loopback());
    server.on('data', (data) => server.write(data));
    client.end('x');
    expect((await readAll(client)).bytes.toString()).toBe('x');
    if (!server.closed) await once(server, 'close');
  });

  it('ends when the peer does, without a reader', async () => {
    const { client, server } = await secured(await loopback());
    client.end();
    client.resume();
    await Promise.all([once(client, 'close'), once(server, 'close')]);
  });

  it('stays open where asked', async () => {
    const { client, server } = await secured(await loopback(), { allowHalfOpen: true });
    client.end('question');
    server.resume();
    await once(server, 'end');
    await pause(20);
    server.end('answer');
    expect((await readAll(client)).bytes.toString()).toBe('answer');
  });

  it('does not wait for ever for a peer that does not end', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b], { closeTimeout: 30, allowHalfOpen: true });
    server.end('bye');
    await once(server, 'close', { signal: AbortSignal.timeout(5_000) });
    expect(client.destroyed).toBe(false);
    client.destroy();
  });
});

describe('5. time limits', () => {
  it('a handshake', async () => {
    const [a, b] = await loopback();
    const socket = accept(a, { credential, handshakeTimeout: 20 });
    await expect(socket.secured()).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT' });
    b.destroy();
  });

  it('a handshake, and no more than that', async () => {
    const { client, server } = await secured(wire(), { handshakeTimeout: 500 });
    await pause(600);
    client.end('still here');
    expect((await readAll(server)).bytes.toString()).toBe('still here');
  });

  it('a listener gives 120 seconds', async () => {
    const start = vi.spyOn(globalThis, 'setTimeout');
    const { port } = await listening({}, () => {});
    const raw = dial(port, '127.0.0.1');
    await once(raw, 'connect');
    await pause(50);
    expect(start.mock.calls.map(([, time]) => time)).toContain(120_000);
    raw.destroy();
  });

  it('a signal while dialling', async () => {
    // Whose address is never found out.
    const socket = connect(
      { host: 'server.example', port: 1, lookup: () => {} },
      { ...asking, signal: AbortSignal.timeout(10) },
    );
    await expect(socket.secured()).rejects.toEqual(pushed('ERR_ABORTED'));
  });

  it('a signal while a verifier takes its time, and while a server chooses', async () => {
    const never = new Promise<never>(() => {});
    const [a, b] = wire();
    const client = new TlsSocket(makeClient({ verifier: { verify: () => never } }), a, {
      signal: AbortSignal.timeout(20),
    });
    const server = new TlsSocket(makeServer(), b);
    const both = Promise.allSettled([client.secured(), server.secured()]);
    await expect(client.secured()).rejects.toEqual(pushed('ERR_ABORTED'));
    expect((await both)[1]).toMatchObject({ reason: { code: 'ERR_ALERT_RECEIVED' } });

    const [c, d] = wire();
    const choosing = new TlsSocket(makeServer({ selectContext: () => never }), d, { signal: AbortSignal.timeout(20) });
    const other = new TlsSocket(makeClient(), c).secured();
    await expect(choosing.secured()).rejects.toEqual(pushed('ERR_ABORTED'));
    await expect(other).rejects.toThrow();
  });

  it('a transport that is destroyed while a verifier takes its time', async () => {
    const [a, b] = wire();
    const client = new TlsSocket(makeClient({ verifier: { verify: () => new Promise(() => {}) } }), a);
    const failed = client.secured();
    new TlsSocket(makeServer(), b).on('error', () => {});
    await pause(10);
    a.destroy();
    await expect(failed).rejects.toThrow();
  });

  it('a signal ends the handshake only, or the connection where that is said', async () => {
    for (const signalEnds of ['handshake', 'connection'] as const) {
      const controller = new AbortController();
      const { client, server } = await secured(wire(), { signal: controller.signal, signalEnds });
      controller.abort();
      client.write('still here');
      const read = await Promise.race([
        once(server, 'data').then(
          () => 'read',
          () => 'failed',
        ),
        once(server, 'close').then(() => 'closed'),
      ]);
      expect(read).toBe(signalEnds === 'handshake' ? 'read' : 'failed');
    }
  });
});

describe('6. giving up is not a clean end', () => {
  const ways: { readonly [how: string]: (socket: TlsSocket) => void } = {
    'destroy(error)': (socket) => void socket.destroy(new Error('of the program')),
    'destroy(error of another connection)': (socket) => void socket.destroy(new TlsError('ERR_BAD_RECORD_MAC')),
    'a pipe that fails': (socket) => {
      const source = Readable.from(
        (async function* () {
          yield Buffer.from('a');
          throw new Error('of the source');
        })(),
      );
      pipeline(source, socket, () => {});
    },
  };
  for (const [how, giveUp] of Object.entries(ways)) {
    it(how, async () => {
      const { client, server } = await secured(await loopback());
      server.write('some');
      await once(client, 'readable');
      giveUp(server);
      const { bytes, error } = await readAll(client);
      expect(bytes.toString()).toMatch(/^somea?$/);
      expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 80 });
    });

    // It takes the end of TCP for the end of the data.
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      it(`${how}, to node:tls, ${maxVersion}`, async () => {
        const { port } = await listening({}, (socket) => void socket.write('some', () => giveUp(socket)));
        const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion });
        const ended = vi.fn();
        const data: unknown[] = [];
        client.on('data', (chunk) => data.push(chunk)).on('end', ended);
        const [error] = await once(client, 'error');
        expect(error.code).toMatch(/ALERT_INTERNAL_ERROR/);
        expect(data.join('')).toMatch(/^somea?$/);
        expect(ended).not.toHaveBeenCalled();
      });
  }

  it('destroy() says nothing, as with node:tls', async () => {
    const { client, server } = await secured(await loopback());
    server.write('some');
    await once(client, 'readable');
    server.destroy();
    const { bytes, error } = await readAll(client);
    expect(bytes.toString()).toBe('some');
    expect(error).toEqual(pushed('ERR_TRUNCATED'));
  });
});

describe('7. truncation', () => {
  it('is an error behind what had come', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b]);
    server.write('some', () => b.end());
    const { bytes, error } = await readAll(client);
    expect(bytes.toString()).toBe('some');
    expect(error).toEqual(pushed('ERR_TRUNCATED'));
  });

  it('of a client ends no listener that has no handlers', async () => {
    const failed = vi.fn();
    process.on('uncaughtException', failed);
    const closed: boolean[] = [];
    const { port } = await listening({}, (socket) =>
      socket.on('close', (hadError: boolean) => closed.push(hadError)).resume(),
    );
    const raw = dial(port, '127.0.0.1');
    await connect(raw, asking)
      .on('error', () => {})
      .secured();
    raw.resetAndDestroy();
    await vi.waitFor(() => expect(closed).toEqual([true]), 5_000);
    process.off('uncaughtException', failed);
    expect(failed).not.toHaveBeenCalled();
  });

  it('is no event after our own end, when nothing is being read', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b]);
    const failed = vi.fn();
    server.on('error', failed);
    server.end('bye');
    expect((await once(client, 'data')).toString()).toBe('bye');
    a.destroySoon();
    await once(server, 'close', { signal: AbortSignal.timeout(4_000) });
    expect(failed).not.toHaveBeenCalled();
  });

  it('is let pass where that is asked for, and is told', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b], { allowTruncation: true });
    server.write('some', () => b.end());
    const { bytes, error } = await readAll(client);
    expect([bytes.toString(), error]).toEqual(['some', undefined]);
    expect(client.info.truncated).toBe(true);
  });
});

describe('8. nothing is swallowed', () => {
  it('what comes right behind the handshake is heard by those who were just told of it', async () => {
    const heard: string[] = [];
    const { port } = await listening({}, async (socket) => {
      heard.push(`destroyed: ${socket.destroyed}`);
      for (let i = 0; i < 10; i++) await undefined;
      socket.on('error', (error) => heard.push((error as { code?: string }).code ?? ''));
    });
    await brokenRecordBehindFinished(port);
    await vi.waitFor(() => expect(heard).toEqual(['destroyed: false', 'ERR_BAD_RECORD_MAC']), 5_000);

    const [a, b] = await loopback();
    const server = accept(b, { credential, resumption: false });
    const later = server.secured().then(async (socket) => {
      expect(socket.destroyed).toBe(false);
      const [error] = (await once(socket, 'error')) as unknown as [Error];
      return error;
    });
    // `once` of 'error' resolves with it.
    const client = rawClient(a);
    expect(await later).toEqual(pushed('ERR_BAD_RECORD_MAC'));
    client.destroy();
  });

  it('a connection that is dead already is not handed out', async () => {
    const [a, b] = wire();
    const held: Uint8Array[] = [];
    let hellos = 0;
    const { push } = b;
    b.push = (chunk: unknown) => (hellos++ === 0 ? push.call(b, chunk) : held.push(chunk as Uint8Array) > 0);
    const server = new TlsSocket(makeServer(), b);
    const client = new TlsSocket(makeClient(), a);
    await client.secured();
    await pause(5);
    // Finished, and the end of the wire, before the server has looked at either.
    for (const chunk of held) push.call(b, chunk);
    b.emit('error', new Error('the wire is cut'));
    await expect(server.secured()).rejects.toEqual(pushed('ERR_TRANSPORT'));
  });
});

/** A client by hand: its Finished and a record that is none, in one piece. */
async function brokenRecordBehindFinished(port: number): Promise<void> {
  const raw = dial(port, '127.0.0.1');
  await once(raw, 'connect');
  rawClient(raw);
}

function rawClient(raw: Socket): Socket {
  const { write } = raw;
  let isFirst = true;
  // The first write is the ClientHello, the second ends with Finished.
  raw.write = function (this: Socket, ...args: unknown[]): boolean {
    const [chunk] = args as [Uint8Array];
    if (isFirst) isFirst = false;
    else args[0] = Buffer.concat([chunk, Buffer.from([23, 3, 3, 0, 20]), Buffer.alloc(20)]);
    return Reflect.apply(write, this, args) as boolean;
  } as typeof raw.write;
  connect(raw, asking).on('error', () => {});
  return raw;
}

describe('9. bytes are bytes', () => {
  it('of every kind', async () => {
    const { client, server } = await secured(wire());
    const kinds = [
      Uint8Array.of(1, 2),
      Uint8Array.of(3, 4).buffer,
      new DataView(Uint8Array.of(5, 6).buffer),
      new Uint16Array(Uint8Array.of(7, 8).buffer),
      new Int8Array([9]),
      Buffer.from([10]),
    ];
    for (const kind of kinds) client.write(kind);
    client.end(Uint8Array.of(11, 12).buffer);
    expect([...(await readAll(server)).bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('and nothing else, but that is the mistake of one call', async () => {
    const { client, server } = await secured(wire());
    for (const wrong of [7, {}, [], true, null]) expect(() => client.write(wrong)).toThrow(TypeError);
    client.end('fine');
    expect((await readAll(server)).bytes.toString()).toBe('fine');
  });
});

/** The same, with what a provider has whose result is a new array anyway. */
function sealsApart(provider: CryptoProvider): CryptoProvider {
  return {
    ...provider,
    suites: provider.suites.map((suite) => ({
      ...suite,
      aead: {
        ...suite.aead,
        key: (bytes) => {
          const key = suite.aead.key(bytes);
          return {
            ...key,
            sealApart: (nonce, head, parts, tag) => {
              const sealed = key.seal(nonce, head, new Uint8Array(Buffer.concat(parts)));
              tag.set(sealed.subarray(sealed.length - 16));
              return sealed.subarray(0, sealed.length - 16);
            },
          };
        },
      },
    })),
  };
}

describe('10. small writes are joined, large ones are cut', () => {
  it('joins those of one turn', async () => {
    const lengths: number[] = [];
    const ends = await secured(
      wire(),
      {},
      {
        client: { onTrace: (event) => event.type === 'data' && event.from === 'client' && lengths.push(event.length) },
      },
    );
    for (let i = 0; i < 1_000; i++) ends.client.write('ten bytes ');
    const taken = new Promise((resolve) => ends.client.write('the last', resolve));
    ends.server.resume();
    await taken;
    expect(lengths).toEqual([10_008]);
  });

  it.each([
    ['as one piece, over a stream that may make a message of each', async () => wire(), [1], []],
    ['as it was made, over a socket of the system', loopback, [13], [13]],
  ])('does not join what fills a record, but it leaves together: %s', async (_, ways, pieces, together) => {
    const lengths: number[] = [];
    const batches: number[] = [];
    const [a, b] = await ways();
    const ends = await secured(
      [a, b],
      {},
      {
        client: {
          crypto: sealsApart(toyProvider(1)),
          onTrace: (event) => event.type === 'data' && event.from === 'client' && lengths.push(event.length),
        },
      },
    );
    let written = 0;
    const { write } = a;
    a.write = function (this: Duplex, ...args: unknown[]): boolean {
      written++;
      return Reflect.apply(write, this, args) as boolean;
    } as typeof a.write;
    const { uncork } = a;
    a.uncork = function (this: Duplex): void {
      batches.push(written);
      Reflect.apply(uncork, this, []);
    };
    for (const length of [16_384, 10, 10, 20_000, 10]) ends.client.write(Buffer.alloc(length));
    const taken = new Promise((resolve) => ends.client.write(Buffer.alloc(16_384), resolve));
    ends.server.resume();
    await taken;
    expect(lengths).toEqual([16_384, 20, 20_000, 10, 16_384]);
    expect([written]).toEqual(pieces);
    expect(batches).toEqual(together);
    await vi.waitFor(() => expect(ends.server.bytesRead).toBe(52_798), 5_000);
  });

  it('cuts, and keeps little, whatever size of records the peer asks for', async () => {
    const [a, b] = wire();
    const pieces: number[] = [];
    const write = b.write.bind(b) as (chunk: unknown, ...rest: unknown[]) => boolean;
    b.write = (chunk: unknown, ...rest: unknown[]) => {
      pieces.push((chunk as Uint8Array).length);
      return write(chunk, ...rest);
    };
    const { client, server } = await secured([a, b], {}, { client: { recordSizeLimit: 63 } });
    server.write(Buffer.alloc(2_000_000));
    let read = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read === 2_000_000) break;
    }
    expect(read).toBe(2_000_000);
    expect(Math.max(...pieces)).toBeLessThan(100_000 + 65_536);
  });

  it('stops when the transport does', async () => {
    const [a, b] = wire();
    const { server } = await secured([a, b]);
    let handed = 0;
    b.write = ((chunk: Uint8Array) => {
      handed += chunk.length;
      return false;
    }) as typeof b.write;
    const taken = vi.fn();
    server.write(Buffer.alloc(10_000_000), taken);
    await pause(50);
    expect(handed).toBeLessThan(300_000);
    expect(taken).not.toHaveBeenCalled();
    server.destroy();
  });
});

describe('11. a burst does not stop the clock', () => {
  it('others have their turn while much is decrypted', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b]);
    // The clock says that each look at it is a millisecond later.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now++);
    let turns = 0;
    let isRunning = true;
    const turn = (): void => {
      turns++;
      if (isRunning) setImmediate(turn);
    };
    setImmediate(turn);
    let read = 0;
    client.on('data', (data: Buffer) => {
      read += data.length;
    });
    server.write(Buffer.alloc(2_000_000));
    await vi.waitFor(() => expect(read).toBe(2_000_000), 20_000);
    isRunning = false;
    // 122 records of 16 KiB, and a few looks at the clock for each.
    expect(turns).toBeGreaterThan(20);
  });
});

describe('callbacks that throw', () => {
  const boom = (): never => {
    throw new Error('of the program');
  };
  /** Right when it is looked at, as an option. */
  const laterBoom = (): (() => number) => {
    let calls = 0;
    return () => (calls++ === 0 ? Date.now() : boom());
  };
  const where = {
    onTrace: { client: { onTrace: boom } },
    keyLog: { client: { keyLog: boom } },
    'clock.now': { client: { clock: { now: laterBoom() } } },
    'onTrace of a server': { server: { onTrace: boom } },
    'keyLog of a server': { server: { keyLog: boom } },
  } as const;
  for (const [name, parts] of Object.entries(where))
    it(`${name}: the connection fails by name, and the peer does not hang`, async () => {
      const [a, b] = wire();
      const all = parts as { client?: object; server?: object };
      const client = new TlsSocket(makeClient(all.client), a);
      const server = new TlsSocket(makeServer(all.server), b);
      const ends = await Promise.allSettled([client.secured(), server.secured()]);
      const reasons = ends.map((end) => (end.status === 'rejected' ? end.reason : undefined));
      const ours = reasons[name.includes('server') ? 1 : 0];
      expect(ours).toMatchObject({
        code: 'ERR_CALLBACK_FAILED',
        message: expect.stringContaining(name.split(' ')[0]!),
      });
      expect(reasons.every((reason) => reason !== undefined)).toBe(true);
    });

  it('a trace that throws later, while writing', async () => {
    let isLater = false;
    const { client, server } = await secured(
      wire(),
      {},
      {
        client: { onTrace: () => isLater && boom() },
      },
    );
    isLater = true;
    client.write('x');
    const [error] = (await once(client, 'error')) as unknown as [Error];
    expect(error).toEqual(pushed('ERR_CALLBACK_FAILED'));
    const { error: other } = await readAll(server);
    expect(other).toMatchObject({ alertReceived: 80 });
  });
});

describe('an alert that says why', () => {
  it('reaches a client that is still writing: the server reads on for a moment', async () => {
    const { port } = await listening({ clientAuth: 'require', anchors: trustedRootsPem() }, () => {});
    for (let round = 0; round < 10; round++) {
      const client = connect({ host: '127.0.0.1', port }, asking);
      client.write(Buffer.alloc(1_000_000));
      const { error } = await readAll(client);
      expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 116 });
    }
  });

  it('is followed by reading until the peer ends: what is unread would reset the connection', async () => {
    const [a, b] = await loopback();
    const failed = new TlsSocket(makeServer(), b).secured();
    a.write('no TLS');
    await expect(failed).rejects.toEqual(pushed('ERR_NOT_TLS'));
    a.write(Buffer.alloc(1_000));
    await vi.waitFor(() => expect([b.bytesRead, b.destroyed]).toEqual([1_006, false]), 500);
    a.end();
    await once(b, 'close');
  });

  it('is read by a client whose writing the server has cut off', async () => {
    const server = tls.createServer({
      cert: credential.certificates,
      key: credential.privateKey,
      requestCert: true,
      ca: trustedRootsPem(),
    });
    toStop.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (let round = 0; round < 10; round++) {
      const client = connect({ host: '127.0.0.1', port }, asking);
      client.on('secureConnect', () => client.write(Buffer.alloc(1_000_000)));
      expect((await readAll(client)).error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 116 });
    }
  });

  it('is read before it is said that writing failed', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b]);
    a.write = ((_chunk: Uint8Array, done: (error: Error) => void) => {
      process.nextTick(done, new Error('EPIPE'));
      return true;
    }) as typeof a.write;
    client.write('x');
    await pause(5);
    // Not a record: the server says so.
    b.emit('data', Buffer.alloc(10));
    const { error } = await readAll(client);
    expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 10 });
    expect(server.destroyed).toBe(true);
  });
});
