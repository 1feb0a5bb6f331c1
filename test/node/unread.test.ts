import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TransportOptions } from '../../src/transport/index.ts';
import { type Ends, loopback, pause, readAll, secured, wire } from '../support/duplex.ts';

/**
 * What has arrived belongs to the program, however slowly it reads and whatever becomes of the connection; behind it comes
 * 'end' where the peer has said close_notify, and an error otherwise.
 */

afterEach(() => {
  vi.restoreAllMocks();
});

/** Shorter than the programs of these tests pause. */
const SHORT = { closeTimeout: 15 } as const;
const LONGER = 80;
const SIZE = 40_000;

/** A client that has been sent something and does not read; `a` is the stream under it. */
async function unread(
  options: TransportOptions = SHORT,
  [a, b]: readonly [Duplex, Duplex] = wire(),
): Promise<Ends & { readonly a: Duplex; readonly b: Duplex }> {
  const { client, server } = await secured([a, b], options);
  for (let at = 0; at < SIZE; at += 8_000) await new Promise((resolve) => server.write(Buffer.alloc(8_000), resolve));
  await pause(5);
  return { client, server, a, b };
}

const outcome = async (stream: Duplex): Promise<readonly [number, string | undefined]> => {
  const { bytes, error } = await readAll(stream);
  return [bytes.length, (error as { code?: string } | undefined)?.code];
};

describe('a program that pauses for longer than closeTimeout', () => {
  const lost: { readonly [how: string]: readonly [lose: (a: Duplex) => unknown, code: string] } = {
    'was lost with an error': [(a) => a.emit('error', new Error('of the wire')), 'ERR_TRANSPORT'],
    'was destroyed': [(a) => a.destroy(), 'ERR_TRUNCATED'],
    'has ended': [(a) => a.push(null), 'ERR_TRUNCATED'],
  };
  for (const [how, [lose, code]] of Object.entries(lost)) {
    for (const allowHalfOpen of [false, true])
      it(`reads what was received before the stream ${how}, then ${code}${allowHalfOpen ? ', half open' : ''}`, async () => {
        const { client, a } = await unread({ ...SHORT, allowHalfOpen });
        lose(a);
        await pause(LONGER);
        expect(await outcome(client)).toEqual([SIZE, code]);
      });

    it(`also one that has paused, and listens to events: ${how}`, async () => {
      const { client, a } = await unread();
      let length = 0;
      const events: string[] = [];
      client.once('data', (data: Buffer) => {
        length += data.length;
        client.pause();
        lose(a);
        setTimeout(() => {
          client.on('data', (more: Buffer) => {
            length += more.length;
          });
          client.resume();
        }, LONGER);
      });
      for (const event of ['end', 'error', 'close']) client.on(event, () => events.push(event));
      await vi.waitFor(() => expect(events).toContain('close'), 5_000);
      expect([length, events]).toEqual([SIZE, ['error', 'close']]);
    });
  }

  it('reads it though it has ended its own direction, then ERR_TRUNCATED', async () => {
    for (const lose of [(a: Duplex) => a.push(null), () => {}]) {
      const { client, a } = await unread({ ...SHORT, allowHalfOpen: true });
      client.end();
      lose(a);
      await pause(LONGER);
      expect(await outcome(client)).toEqual([SIZE, 'ERR_TRUNCATED']);
    }
  });

  it("reads it, then 'end', where the peer has said close_notify", async () => {
    for (const lose of [(a: Duplex) => a.destroy(), (a: Duplex) => a.emit('error', new Error('of the wire'))]) {
      const { client, server, a } = await unread();
      server.end();
      await pause(5);
      lose(a);
      await pause(LONGER);
      let isEnded = false;
      client.on('end', () => {
        isEnded = true;
      });
      client.resume();
      await vi.waitFor(() => expect(client.closed).toBe(true), 5_000);
      // That our own direction was cut off is told behind it.
      expect(client.errored).toMatchObject({ code: 'ERR_TRANSPORT' });
      expect([client.bytesRead, isEnded]).toEqual([SIZE, true]);
    }
  });

  it('reads it though others have their turn between two records', async () => {
    const { client, a } = await unread();
    // The clock says that each look at it is a while later.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 6));
    a.destroy();
    await pause(LONGER);
    expect(await outcome(client)).toEqual([SIZE, 'ERR_TRUNCATED']);
  });

  it('reads what a stream had kept that was paused because of it', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b], SHORT);
    // More than is received ahead of what is read.
    server.write(Buffer.alloc(1_000_000));
    await vi.waitFor(() => expect(a.isPaused() && a.readableLength > 0).toBe(true), 5_000);
    const received = a.bytesRead;
    a.destroy();
    await pause(LONGER);
    const { bytes, error } = await readAll(client);
    // But for the records around it, and the last one, which was cut off.
    expect(received - bytes.length).toBeLessThan(20_000);
    expect(error).toMatchObject({ code: 'ERR_TRUNCATED' });
  });
});

describe('a write that fails while nothing is being read', () => {
  it('is told in time, and with it the error', async () => {
    const { client, a } = await unread();
    const taken = vi.fn();
    a.write = ((_chunk: unknown, done: (error: Error) => void) => {
      process.nextTick(done, new Error('EPIPE'));
      return true;
    }) as typeof a.write;
    client.write('x', taken);
    const [error] = (await once(client, 'error')) as unknown as [Error];
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT' });
    expect(taken).toHaveBeenCalledWith(error);
  });

  it('does not cost what is read in that time', async () => {
    const { client, a } = await unread({ closeTimeout: 1_000 });
    a.destroy();
    client.write('x');
    await pause(20);
    expect(await outcome(client)).toEqual([SIZE, 'ERR_TRUNCATED']);
  });

  it('nor does one that is made when the connection is over', async () => {
    const { client, a } = await unread({ closeTimeout: 60 });
    a.destroy();
    await pause(100);
    const taken = vi.fn();
    client.write('x', taken);
    await pause(5);
    expect(await outcome(client)).toEqual([SIZE, 'ERR_TRUNCATED']);
    expect(taken).toHaveBeenCalledWith(expect.any(Error));
  });
});

describe('no clean end without close_notify', () => {
  it('after our own end, for a program that begins to read when the peer has left', async () => {
    const { client, server } = await secured(wire(), { allowHalfOpen: true });
    const ended = vi.fn();
    client.on('end', ended).on('finish', ended);
    client.end();
    await once(client, 'finish');
    server.destroy();
    await once(client, 'close');
    client.resume();
    await pause(5);
    // 'finish' only.
    expect(ended).toHaveBeenCalledTimes(1);
  });
});
