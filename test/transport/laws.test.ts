import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryPipe } from '../../src/pipes/index.ts';
import type { End } from '../support/end.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { accept, connect } from '../../src/index.ts';
import { drive, type TlsStream, type TransportOptions, Turns } from '../../src/transport/index.ts';
import { serverEntry } from '../support/pki.ts';
import { type ClientParts, makeClient, makeServer, type ServerParts } from '../support/pair.ts';

/** The laws of the driver, with Web Streams on it. */

afterEach(() => {
  vi.restoreAllMocks();
});

interface Ends {
  readonly client: TlsStream;
  readonly server: TlsStream;
  /** The ends of the pipe under the client and the server. */
  readonly pipes: readonly [Tap, Tap];
}

async function both(
  options: TransportOptions = {},
  parts: { readonly client?: ClientParts; readonly server?: ServerParts } = {},
): Promise<Ends> {
  const [a, b] = memoryPipe();
  const pipes = [new Tap(a), new Tap(b)] as const;
  const [client, server] = await Promise.all([
    drive(makeClient(parts.client), pipes[0], options),
    drive(makeServer(parts.server), pipes[1], options),
  ]);
  return { client, server, pipes };
}

/** A pipe whose incoming side can be ended or broken from outside, and tells what became of it. */
class Tap implements End {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly written: number[] = [];
  cancelled = false;
  closed = false;
  aborted = false;
  /** From now on what is written is not taken. */
  stalled = false;
  /** What is written is taken only when this is fulfilled. */
  hold: Promise<void> = Promise.resolve();
  #controller!: ReadableStreamDefaultController<unknown>;

  constructor({ readable, writable }: End) {
    const reader = readable.getReader();
    const writer = writable.getWriter();
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller as ReadableStreamDefaultController<unknown>;
        },
        pull: async (controller) => {
          const { done, value } = await reader.read();
          if (this.#over) return;
          if (done) this.end();
          else controller.enqueue(value);
        },
        cancel: async () => {
          this.cancelled = true;
          await reader.cancel();
        },
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<Uint8Array>({
      write: async (chunk) => {
        this.written.push(chunk.length);
        if (this.stalled) await new Promise(() => {});
        await this.hold;
        await writer.write(chunk);
      },
      close: async () => {
        this.closed = true;
        await writer.close();
      },
      abort: async (reason) => {
        this.aborted = true;
        await writer.abort(reason);
      },
    });
  }

  #over = false;

  bring(chunk: unknown): void {
    this.#controller.enqueue(chunk);
  }

  end(): void {
    if (!this.#over) this.#controller.close();
    this.#over = true;
  }

  fail(error: Error): void {
    this.#over = true;
    this.#controller.error(error);
  }
}

const coded = (code: string): object => expect.objectContaining({ code });

describe('1. never re-entrant', () => {
  it('runs no callback of the program inside a call, but for a trace of the call itself', async () => {
    let isInside = false;
    const inside: string[] = [];
    const { client, server } = await both({}, { client: { onTrace: ({ type }) => isInside && inside.push(type) } });
    const writer = client.writable.getWriter();
    isInside = true;
    const write = writer.write(Uint8Array.of(1));
    const reading = server.readable.getReader().read();
    isInside = false;
    await write;
    expect((await reading).value).toEqual(Uint8Array.of(1));
    expect(inside).toEqual([]);
  });

  it('a trace that writes puts nothing out of order', async () => {
    let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
    let more = 3;
    const { client, server } = await both(
      {},
      {
        client: {
          onTrace: ({ type }) => {
            if (type === 'data' && writer !== undefined && more > 0) void writer.write(Uint8Array.of(10 - more--));
          },
        },
      },
    );
    writer = client.writable.getWriter();
    for (const byte of [1, 2, 3]) await writer.write(Uint8Array.of(byte));
    await pause(10);
    await writer.close();
    expect((await readAll(server)).bytes.sort()).toEqual([1, 2, 3, 7, 8, 9]);
  });
});

describe('2. takes a pipe over as it is', () => {
  it('at once, also when the engine comes later', async () => {
    const [a, b] = memoryPipe();
    const server = drive(
      pause(20).then(() => makeServer()),
      b,
    );
    expect(b.readable.locked && b.writable.locked).toBe(true);
    await Promise.all([drive(makeClient(), a), server]);
  });

  it('refuses what is locked, and what is none, in words', async () => {
    const engine = makeClient();
    const [a] = memoryPipe();
    const reader = a.readable.getReader();
    await expect(drive(engine, a)).rejects.toThrow(/readable stream is locked/);
    expect(a.writable.locked, 'and leaves it as it was').toBe(false);
    reader.releaseLock();
    a.writable.getWriter();
    await expect(drive(engine, a)).rejects.toThrow(/writable stream is locked/);
    for (const wrong of [undefined, null, 7, {}, { readable: a.readable }])
      await expect(drive(engine, wrong as unknown as End)).rejects.toThrow(TypeError);
  });

  it('refuses options that there are not', async () => {
    const wrong: readonly object[] = [
      { timeout: 3 },
      { handshakeTimeout: '3' },
      { handshakeTimeout: -1 },
      { handshakeTimeout: Number.NaN },
      { allowHalfOpen: 'yes' },
      { allowTruncation: 1 },
      { signal: {} },
      { signalEnds: 'all' },
      { closeTimeout: 2 ** 31 },
    ];
    for (const options of wrong) {
      const name = Object.keys(options)[0]!;
      await expect(drive(makeClient(), memoryPipe()[0], options), name).rejects.toThrow(
        expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }),
      );
    }
    const options = Object.create({ allowHalfOpen: true }) as TransportOptions;
    const { client, server } = await both(options);
    void client.close();
    await server.closed;
  });

  it('fails when its engine cannot be made', async () => {
    const [a] = memoryPipe();
    await expect(drive(Promise.reject(new Error('no')), a)).rejects.toEqual(coded('ERR_INTERNAL'));
    await expect(connect(memoryPipe()[0], { serverName: 'a.example' })).rejects.toEqual(coded('ERR_OPTION'));
  });
});

describe('3. lets go', () => {
  it('of both directions, when the connection is over in whatever way', async () => {
    const ways: { readonly [how: string]: (ends: Ends) => unknown } = {
      close: ({ client, server }) => Promise.all([client.close(), server.close()]),
      abort: ({ client }) => client.writable.abort(new Error('of the program')),
      broken: ({ pipes: [a] }) => a.fail(new Error('of the pipe')),
      truncated: ({ pipes: [a] }) => a.end(),
    };
    for (const [how, end] of Object.entries(ways)) {
      const ends = await both();
      const over = Promise.allSettled([ends.client.closed, ends.server.closed]);
      await end(ends);
      await Promise.race([over, pause(3_000)]);
      await vi.waitFor(
        () =>
          expect([ends.pipes[0].closed || ends.pipes[0].aborted, ends.pipes[0].readable.locked], how).toEqual([
            true,
            true,
          ]),
        3_000,
      );
    }
  });

  it('of a pipe that takes nothing, after a moment', async () => {
    const { client, pipes } = await both();
    pipes[0].stalled = true;
    const writer = client.writable.getWriter();
    await writer.write(new Uint8Array(10));
    await writer.abort();
    await client.closed.catch(() => {});
    await vi.waitFor(() => expect(pipes[0].cancelled).toBe(true), 3_000);
  });

  it('of its signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await both({ signal });
    expect(added).toHaveBeenCalledTimes(2);
    expect(removed).toHaveBeenCalledTimes(2);
    const [a] = memoryPipe();
    const other = new AbortController();
    const gone = vi.spyOn(other.signal, 'removeEventListener');
    await expect(drive(makeClient(), a, { signal: other.signal, handshakeTimeout: 5 })).rejects.toThrow();
    expect(gone).toHaveBeenCalledTimes(1);
  });
});

describe('4. half open only where asked', () => {
  it('ends with the peer, but takes the last word of a program that reads to the end', async () => {
    const { client, server } = await both();
    // It is being read when the end comes.
    const all = readAll(server);
    const writer = client.writable.getWriter();
    await writer.write(Uint8Array.of(1));
    await pause(10);
    void writer.close();
    expect((await all).bytes).toEqual([1]);
    const last = server.writable.getWriter();
    await last.write(Uint8Array.of(2));
    expect((await readAll(client)).bytes).toEqual([2]);
    await Promise.all([client.closed, server.closed]);
    await expect(last.write(Uint8Array.of(3))).rejects.toThrow();
  });

  it('stays open where that is asked', async () => {
    const { client, server } = await both({ allowHalfOpen: true });
    void client.writable.close();
    expect((await readAll(server)).bytes).toEqual([]);
    await pause(20);
    const writer = server.writable.getWriter();
    await writer.write(Uint8Array.of(2));
    void writer.close();
    expect((await readAll(client)).bytes).toEqual([2]);
    await Promise.all([client.closed, server.closed]);
  });

  it('close() waits for the peer no longer than it says', async () => {
    const { client, server } = await both({ closeTimeout: 20, allowHalfOpen: true });
    await client.close();
    await expect(client.closed).resolves.toBeUndefined();
    void server;
  });

  it('close() does so too when it comes after our own end, with a read that waits', async () => {
    const { client, server } = await both({ closeTimeout: 20, allowHalfOpen: true });
    const read = client.readable.getReader().read();
    await client.writable.close();
    await pause(40);
    void client.close();
    await client.closed;
    await expect(read).rejects.toEqual(coded('ERR_TRUNCATED'));
    void server;
  });
});

describe('5. time limits', () => {
  it('a handshake', async () => {
    await expect(drive(makeClient(), memoryPipe()[0], { handshakeTimeout: 10 })).rejects.toEqual(
      coded('ERR_HANDSHAKE_TIMEOUT'),
    );
  });

  it('accept gives 120 seconds, connect any time', async () => {
    const start = vi.spyOn(globalThis, 'setTimeout');
    const times = (): unknown[] => start.mock.calls.map(([, time]) => time);
    void connect(memoryPipe()[0], { serverName: 'a.example', anchors: [] }).catch(() => {});
    expect(times()).not.toContain(120_000);
    const { chain, key } = serverEntry();
    void accept(memoryPipe()[0], { credential: { certificates: chain.join('\n'), privateKey: key } }).catch(() => {});
    expect(times()).toContain(120_000);
  });

  it('a signal, before, while waiting for the peer, for a verifier, for the engine', async () => {
    const reason = new Error('enough');
    await expect(drive(makeClient(), memoryPipe()[0], { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      cause: reason,
    });
    const never = new Promise<never>(() => {});
    const waiting: [Engine | Promise<Engine>, Engine | Promise<Engine>][] = [
      [makeClient(), makeServer({ selectContext: () => never })],
      [makeClient({ verifier: { verify: () => never } }), makeServer()],
      [never, makeServer()],
    ];
    for (const [client, server] of waiting) {
      const [a, b] = memoryPipe();
      const other = drive(server, b).catch((error: unknown) => error);
      await expect(drive(client, a, { signal: AbortSignal.timeout(10) })).rejects.toEqual(coded('ERR_ABORTED'));
      // A server that chooses is told when it has chosen.
      if (client !== waiting[0]![0]) expect(await other).toBeInstanceOf(Error);
    }
  });

  it('ends the handshake only, unless it is said otherwise', async () => {
    for (const signalEnds of ['handshake', 'connection'] as const) {
      const controller = new AbortController();
      const { client, server } = await both({ signal: controller.signal, signalEnds });
      controller.abort();
      const write = client.writable.getWriter().write(Uint8Array.of(1));
      if (signalEnds === 'connection') {
        await expect(write).rejects.toEqual(coded('ERR_ABORTED'));
        await expect(server.closed).rejects.toThrow();
      } else {
        await write;
        expect((await server.readable.getReader().read()).value).toEqual(Uint8Array.of(1));
      }
    }
  });
});

describe('6. giving up is not a clean end', () => {
  const ways: { readonly [how: string]: (stream: TlsStream) => Promise<unknown> } = {
    'writable.abort()': async (stream) => {
      const writer = stream.writable.getWriter();
      await writer.write(Uint8Array.of(1));
      await writer.abort(new Error('of the program'));
    },
    'a pipe whose source fails': async (stream) => {
      let isFirst = true;
      const source = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (isFirst) controller.enqueue(Uint8Array.of(1));
          else controller.error(new Error('of the source'));
          isFirst = false;
        },
      });
      await source.pipeTo(stream.writable).catch(() => {});
    },
  };
  for (const [how, giveUp] of Object.entries(ways))
    it(how, async () => {
      const { client, server } = await both();
      const all = readAll(client);
      await giveUp(server);
      const { bytes, error } = await all;
      expect(bytes).toEqual([1]);
      expect(error).toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 80 });
      await expect(server.closed).rejects.toEqual(coded('ERR_ABORTED'));
    });
});

describe('7. truncation', () => {
  it('is an error behind what had come', async () => {
    const { client, server, pipes } = await both();
    await server.writable.getWriter().write(Uint8Array.of(9));
    await pause(10);
    pipes[0].end();
    await pause(10);
    const { bytes, error } = await readAll(client);
    expect(bytes).toEqual([9]);
    expect(error).toEqual(coded('ERR_TRUNCATED'));
    await expect(client.closed).rejects.toEqual(coded('ERR_TRUNCATED'));
  });

  it('is no event after our own end, when nothing is being read', async () => {
    const { client, pipes } = await both({ allowHalfOpen: true });
    await client.writable.close();
    pipes[0].end();
    await client.closed;
  });

  it('is let pass where that is asked for, and is told', async () => {
    const { client, server, pipes } = await both({ allowTruncation: true });
    expect(client.info.truncated).toBe(false);
    await server.writable.getWriter().write(Uint8Array.of(9));
    await pause(10);
    pipes[0].end();
    const { bytes, error } = await readAll(client);
    expect([bytes, error]).toEqual([[9], undefined]);
    expect(client.info.truncated).toBe(true);
  });
});

describe('8. nothing is swallowed', () => {
  it('what had been received is read before a broken pipe is told', async () => {
    const { client, server, pipes } = await both();
    await server.writable.getWriter().write(Uint8Array.of(1));
    await pause(10);
    pipes[0].fail(new Error('of the pipe'));
    await pause(10);
    const { bytes, error } = await readAll(client);
    expect(bytes).toEqual([1]);
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT', cause: { message: 'of the pipe' } });
    await expect(client.closed).rejects.toEqual(coded('ERR_TRANSPORT'));
  });

  it('but not kept for ever for a program that does not read', async () => {
    const { client, server, pipes } = await both({ closeTimeout: 20 });
    await server.writable.getWriter().write(Uint8Array.of(1));
    await pause(10);
    pipes[0].fail(new Error('of the pipe'));
    await expect(client.closed).rejects.toEqual(coded('ERR_TRANSPORT'));
  });
});

describe('9. bytes are bytes', () => {
  it('of every kind, both ways', async () => {
    const [a, b] = memoryPipe();
    const other: End = {
      writable: a.writable,
      // As some sockets of runtimes do.
      readable: a.readable.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => controller.enqueue(chunk.slice().buffer as unknown as Uint8Array),
        }),
      ),
    };
    const [client, server] = await Promise.all([drive(makeClient(), other), drive(makeServer(), b)]);
    const writer = (client.writable as WritableStream<unknown>).getWriter();
    const kinds = [
      Uint8Array.of(1, 2).buffer,
      new DataView(Uint8Array.of(3, 4).buffer),
      new Uint16Array(Uint8Array.of(5, 6).buffer),
      Buffer.from([7]),
      new Uint8Array(new SharedArrayBuffer(1)),
    ];
    for (const kind of kinds) await writer.write(kind);
    void writer.close();
    expect((await readAll(server)).bytes).toEqual([1, 2, 3, 4, 5, 6, 7, 0]);
  });

  it('and nothing else, but that is the mistake of one call', async () => {
    const { client, server } = await both();
    const writer = (client.writable as WritableStream<unknown>).getWriter();
    for (const wrong of ['text', 7, {}, [1], null, undefined])
      await expect(writer.write(wrong)).rejects.toThrow(TypeError);
    await writer.write(Uint8Array.of(1));
    void writer.close();
    expect((await readAll(server)).bytes).toEqual([1]);
  });

  it('also those of the pipe', async () => {
    const { client, pipes } = await both();
    pipes[0].bring('text');
    await expect(client.closed).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      message: expect.stringContaining('a string'),
    });
  });
});

describe('10. small writes are joined, large ones are cut', () => {
  it('joins what comes while the pipe is busy', async () => {
    const lengths: number[] = [];
    const { client, server, pipes } = await both(
      {},
      {
        client: {
          onTrace: (event) => event.type === 'data' && event.from === 'client' && lengths.push(event.length),
        },
      },
    );
    let release: () => void = () => {};
    pipes[0].hold = new Promise((resolve) => {
      release = resolve;
    });
    const writer = client.writable.getWriter();
    for (let i = 0; i < 1_000; i++) {
      await writer.write(new Uint8Array(10));
      // Over many turns: the driver has the chance to send each by itself.
      if (i % 100 === 99) await pause(0);
    }
    release();
    void writer.close();
    expect((await readAll(server)).bytes.length).toBe(10_000);
    expect(lengths).toEqual([10, 9_990]);
  });

  it('cuts, and keeps little, whatever size of records the peer asks for', async () => {
    const { client, server, pipes } = await both({}, { client: { recordSizeLimit: 63 } });
    const written = server.writable.getWriter().write(new Uint8Array(1_000_000));
    const reader = client.readable.getReader();
    for (let read = 0; read < 1_000_000; ) read += (await reader.read()).value!.length;
    await written;
    expect(Math.max(...pipes[1].written)).toBeLessThan(200_000);
  });

  it('stops when the pipe does', async () => {
    const { client, pipes } = await both();
    pipes[0].stalled = true;
    const before = pipes[0].written.length;
    let isWritten = false;
    const writing = client.writable
      .getWriter()
      .write(new Uint8Array(10_000_000))
      .then(() => {
        isWritten = true;
      });
    writing.catch(() => {});
    await pause(50);
    expect(isWritten).toBe(false);
    expect(pipes[0].written.slice(before).reduce((sum, length) => sum + length, 0)).toBeLessThan(300_000);
  });
});

describe('11. a burst does not stop the clock', () => {
  it('what is left when a turn is used up waits for the next, in order', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const turns = new Turns();
    const done: string[] = [];
    const task = (name: string) => (): void => {
      now += 6;
      done.push(name);
    };
    for (const name of ['1', '2', '3', '4', '5']) turns.run(task(name));
    expect(done).toEqual(['1', '2']);
    setImmediate(() => done.push('others'));
    for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(done).toEqual(['1', '2', '3', '4', 'others', '5']);
    turns.run(() => done.push('6'));
    expect(done.at(-1)).toBe('6');
  });

  it('a task that throws takes none with it', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const turns = new Turns();
    const done: number[] = [];
    expect(() =>
      turns.run(() => {
        now += 20;
        throw new Error('of the program');
      }),
    ).toThrow();
    turns.run(() => done.push(1));
    turns.run(() => done.push(2));
    expect(done).toEqual([]);
    await pause(20);
    expect(done).toEqual([1, 2]);
  });
});

async function readAll({ readable }: End): Promise<{ readonly bytes: number[]; readonly error: unknown }> {
  const bytes: number[] = [];
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { bytes, error: undefined };
      for (const byte of value) bytes.push(byte);
    }
  } catch (error) {
    return { bytes, error };
  } finally {
    reader.releaseLock();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
