import { describe, expect, it } from 'vitest';
import { drive, type TlsStream, type TransportOptions } from '../../src/transport/index.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { memoryPipe } from '../../src/pipes/index.ts';
import type { End } from '../support/end.ts';

/**
 * What has arrived belongs to the program, however slowly it reads and whatever becomes of the connection; behind it comes a
 * clean end where the peer has said close_notify, and an error otherwise.
 */

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Shorter than the programs of these tests pause. */
const SHORT = { closeTimeout: 15 } as const;
const LONGER = 60;

/** The client's end of a wire, which can be cut. */
interface Cut extends End {
  /** The peer's direction ends, without a word. */
  end(): void;
  fail(error: Error): void;
  /** From now on nothing can be written. */
  close(error: Error): void;
}

function cuttable({ readable, writable }: End): Cut {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  let incoming!: ReadableStreamDefaultController<Uint8Array>;
  let outgoing!: WritableStreamDefaultController;
  let isOver = false;
  const once = (action: () => void): void => {
    if (!isOver) action();
    isOver = true;
  };
  return {
    readable: new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          incoming = controller;
        },
        pull: async (controller) => {
          const { done, value } = await reader.read();
          if (isOver) return;
          if (done) once(() => controller.close());
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<Uint8Array>({
      start: (controller) => {
        outgoing = controller;
      },
      write: (chunk) => writer.write(chunk),
    }),
    end: () => once(() => incoming.close()),
    fail: (error) => once(() => incoming.error(error)),
    close: (error) => outgoing.error(error),
  };
}

interface Ends {
  readonly client: TlsStream;
  readonly server: TlsStream;
  readonly wire: Cut;
}

async function both(options: TransportOptions): Promise<Ends> {
  const [a, b] = memoryPipe();
  const wire = cuttable(a);
  const [client, server] = await Promise.all([
    drive(makeClient(), wire, options),
    drive(makeServer(), b, { allowHalfOpen: true }),
  ]);
  client.closed.catch(() => {});
  server.closed.catch(() => {});
  return { client, server, wire };
}

/** Reads, with a pause before each chunk; how many bytes came, and how it ended. */
async function slowly(
  { readable }: Pick<TlsStream, 'readable'>,
  milliseconds: number,
): Promise<{ readonly length: number; readonly error: unknown }> {
  let length = 0;
  const reader = readable.getReader();
  try {
    for (;;) {
      await pause(milliseconds);
      const { done, value } = await reader.read();
      if (done) return { length, error: undefined };
      length += value.length;
    }
  } catch (error) {
    return { length, error };
  }
}

async function send({ writable }: TlsStream, length: number, chunk: number = length): Promise<void> {
  const writer = writable.getWriter();
  for (let at = 0; at < length; at += chunk) await writer.write(new Uint8Array(chunk).fill(7));
  writer.releaseLock();
  await pause(10);
}

it('a program that reads slowly gets everything that came before the end', async () => {
  const [ours, theirs] = memoryPipe();
  const options = { allowHalfOpen: true, closeTimeout: 5_000 };
  const [client, server] = await Promise.all([
    drive(makeClient(), ours, options),
    drive(makeServer(), theirs, options),
  ]);
  const sent = 400_000;
  const write = async (): Promise<void> => {
    await send(server, sent, 10_000);
    await server.writable.close();
  };
  const nothing = server.readable.getReader().read();
  // Longer than it takes until the rest is there and the other end is gone.
  const [received] = await Promise.all([slowly(client, 5), write(), client.writable.close()]);
  expect(await nothing).toMatchObject({ done: true });
  expect(received).toEqual({ length: sent, error: undefined });
  await Promise.all([client.closed, server.closed]);
});

describe('a program that pauses for longer than closeTimeout', () => {
  const lost: { readonly [how: string]: (wire: Cut) => void } = {
    ERR_TRUNCATED: (wire) => wire.end(),
    ERR_TRANSPORT: (wire) => wire.fail(new Error('of the pipe')),
  };
  for (const [code, cut] of Object.entries(lost))
    for (const allowHalfOpen of [false, true])
      it(`reads what was received before the pipe was lost, then ${code}${allowHalfOpen ? ', half open' : ''}`, async () => {
        const { client, server, wire } = await both({ ...SHORT, allowHalfOpen });
        await send(server, 40_000, 8_000);
        cut(wire);
        await pause(LONGER);
        const { length, error } = await slowly(client, LONGER / 2);
        expect([length, (error as { code?: string } | undefined)?.code]).toEqual([40_000, code]);
      });

  it('reads it though it has ended its own direction, then ERR_TRUNCATED', async () => {
    const { client, server, wire } = await both({ ...SHORT, allowHalfOpen: true });
    await send(server, 40_000, 8_000);
    await client.writable.close();
    wire.end();
    await client.closed;
    const { length, error } = await slowly(client, LONGER / 2);
    expect([length, (error as { code?: string } | undefined)?.code]).toEqual([40_000, 'ERR_TRUNCATED']);
  });

  it('reads it though the peer does not end, then ERR_TRUNCATED', async () => {
    const { client, server } = await both({ ...SHORT, allowHalfOpen: true });
    await send(server, 40_000, 8_000);
    await client.writable.close();
    await client.closed;
    const { length, error } = await slowly(client, LONGER / 2);
    expect([length, (error as { code?: string } | undefined)?.code]).toEqual([40_000, 'ERR_TRUNCATED']);
  });

  it('reads it, then a clean end, where the peer has said close_notify', async () => {
    for (const lose of ['end', 'fail'] as const) {
      const { client, server, wire } = await both({ ...SHORT, allowHalfOpen: true });
      await send(server, 40_000, 8_000);
      void server.writable.close();
      await pause(10);
      if (lose === 'end') await client.writable.close();
      wire[lose](new Error('of the pipe'));
      await client.closed.catch(() => {});
      expect(await slowly(client, LONGER / 2), lose).toEqual({ length: 40_000, error: undefined });
    }
  });

  it('reads it though its writes fail, which is told in time', async () => {
    const { client, server, wire } = await both(SHORT);
    await send(server, 40_000, 8_000);
    const reason = new Error('nothing can be written');
    wire.close(reason);
    await expect(client.closed).rejects.toMatchObject({ code: 'ERR_TRANSPORT', cause: reason });
    await expect(client.writable.getWriter().write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'ERR_TRANSPORT' });
    const { length, error } = await slowly(client, LONGER / 2);
    expect([length, error]).toEqual([40_000, expect.objectContaining({ code: 'ERR_TRANSPORT', cause: reason })]);
  });

  it('reads what the pipe had kept back, too, when its writes fail', async () => {
    const { client, server, wire } = await both({ closeTimeout: 3_000 });
    // More than is received ahead of what is read.
    const sending = send(server, 400_000, 10_000).catch(() => {});
    await pause(20);
    wire.close(new Error('nothing can be written'));
    await pause(1_200);
    const { length, error } = await slowly(client, 0);
    await sending;
    expect([length, error]).toEqual([400_000, expect.objectContaining({ code: 'ERR_TRANSPORT' })]);
  });

  it('reads it where truncation is let pass, then a clean end that says so', async () => {
    const { client, server, wire } = await both({ ...SHORT, allowTruncation: true, allowHalfOpen: true });
    await send(server, 40_000, 8_000);
    await client.writable.close();
    wire.end();
    await client.closed;
    expect(await slowly(client, LONGER / 2)).toEqual({ length: 40_000, error: undefined });
    expect(client.info.truncated).toBe(true);
  });
});

describe('no clean end without close_notify', () => {
  it('after our own end, for a program that begins to read when the peer has left', async () => {
    const { client, wire } = await both({ allowHalfOpen: true });
    await client.writable.close();
    wire.end();
    await client.closed;
    await expect(client.readable.getReader().read()).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  });

  it('after close(), where the peer does not end', async () => {
    const { client } = await both(SHORT);
    const read = client.readable.getReader().read();
    read.catch(() => {});
    await client.close();
    await expect(read).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  });
});
