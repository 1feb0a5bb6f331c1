import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryPipe } from '../../src/pipes/index.ts';
import { TlsError } from '../../src/errors.ts';
import { TlsSocket } from '../../src/node/index.ts';
import { type ByteDuplex, drive, type TlsStream } from '../../src/transport/index.ts';
import { pause, secured, wire } from '../support/duplex.ts';
import { makeClient, makeServer } from '../support/pair.ts';

/**
 * Transports that were written by hand, and throw where they should reject, or never answer: `npm run fuzz -- transports`
 * in a few cases. Whatever they do is an error of the connection, and never of the process.
 */

const escaped: unknown[] = [];
const note = (reason: unknown): void => void escaped.push(reason);
beforeEach(() => {
  escaped.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});
afterEach(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note);
});
/** What reached the process, once everything has had its turn. */
async function nothingEscaped(): Promise<void> {
  await pause(30);
  expect(escaped).toEqual([]);
}

const boom = (): never => {
  throw new Error('boom');
};
const HOSTILE: unknown = new Proxy(new Error('boom'), { get: boom, has: boom, getPrototypeOf: boom });
const never = (): Promise<never> => new Promise<never>(() => {});

/** The end of a pipe, of which one call does something else. */
function bent(end: ByteDuplex, what: { readonly [call: string]: () => unknown }): ByteDuplex {
  const overlay = <T extends object>(object: T): T =>
    new Proxy(object, {
      get: (target, name): unknown => {
        const value: unknown = typeof name === 'string' ? what[name] : undefined;
        if (value !== undefined) return value;
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
  return {
    readable: { locked: false, getReader: () => overlay(end.readable.getReader()) },
    writable: { locked: false, getWriter: () => overlay(end.writable.getWriter()) },
  };
}

async function over(end: (plain: ByteDuplex) => ByteDuplex): Promise<[TlsStream, TlsStream]> {
  const [a, b] = memoryPipe();
  const options = { closeTimeout: 30 };
  return await Promise.all([drive(makeClient(), end(a), options), drive(makeServer(), b, options)]);
}

describe('Web Streams', () => {
  it.each([
    ['write throws', { write: boom }],
    ['read throws', { read: boom }],
    ['write and everything behind it throws', { write: boom, close: boom, abort: boom, cancel: boom }],
    ['read gives no promise', { read: () => 5 }],
    ['read rejects with what throws when it is looked at', { read: () => Promise.reject(HOSTILE) }],
    ['read gives a promise of nothing', { read: () => Promise.resolve(undefined) }],
    [
      'read gives what only looks like bytes',
      { read: () => Promise.resolve({ done: false, value: Object.create(Uint8Array.prototype) as unknown }) },
    ],
  ])('%s: the handshake fails with the reason', async (_name, what) => {
    const [a] = memoryPipe();
    const error: unknown = await drive(makeClient(), bent(a, what)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TlsError);
    expect((error as TlsError).code).toBe('ERR_TRANSPORT');
    await nothingEscaped();
  });

  it.each([
    ['write gives no promise', { write: () => undefined }],
    ['closed is none', { closed: 5 as never }],
  ])('%s: it is taken for done', async (_name, what) => {
    const [a] = memoryPipe();
    const error: unknown = await drive(makeClient(), bent(a, what), { handshakeTimeout: 30 }).catch(
      (reason: unknown) => reason,
    );
    expect((error as TlsError).code).toBe('ERR_HANDSHAKE_TIMEOUT');
    await nothingEscaped();
  });

  it('a stream that cannot be taken over is a TypeError, and the other is let go of', async () => {
    const [{ writable }] = memoryPipe();
    const readable = { locked: false, getReader: boom };
    const error: unknown = await drive(makeClient(), { readable, writable }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toBe('the transport: its readable stream cannot be taken over');
    expect(writable.locked).toBe(false);
  });

  it.each([
    ['nothing is read', false],
    ['the program has begun to read again', true],
  ])('closing does not wait for ever for a transport that takes nothing, where %s', async (_name, reads) => {
    let stalls = false;
    const [client, server] = await over((end) => {
      const writer = end.writable.getWriter();
      return {
        readable: end.readable,
        writable: {
          locked: false,
          getWriter: () => ({
            closed: never(),
            write: (chunk) => (stalls ? never() : writer.write(chunk)),
            close: never,
            abort: (reason) => writer.abort(reason),
            releaseLock: () => {},
          }),
        },
      };
    });
    stalls = true;
    const closed = client.close().catch((reason: unknown) => reason);
    await pause(1);
    if (reads)
      void client.readable
        .getReader()
        .read()
        .catch(() => {});
    const error: unknown = await closed;
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT' });
    expect((error as TlsError).message).toMatch(/it has taken nothing for \d+ ms/);
    await server.close().catch(() => {});
    await nothingEscaped();
  });

  it('closing has its time also where the program has begun to read again', async () => {
    const [client, server] = await over((end) => end);
    const closed = client.close();
    const read = client.readable.getReader().read();
    await closed;
    expect((await read).done).toBe(true);
    await server.close();
  });
});

describe('streams of Node', () => {
  it('one that throws when it is written to fails the handshake', async () => {
    const stream = new Duplex({ read: () => {}, write: boom });
    const error: unknown = await new TlsSocket(makeClient(), stream).secured().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_TRANSPORT', cause: { message: 'boom' } });
    await nothingEscaped();
    expect(stream.destroyed).toBe(true);
  });

  it('one that fails while it is destroyed harms nothing', async () => {
    const [a, b] = wire();
    a._destroy = (_error, done) => done(new Error('boom'));
    const { client, server } = await secured([a, b]);
    client.destroy();
    server.destroy();
    await nothingEscaped();
    expect(a.destroyed).toBe(true);
    expect(a.listenerCount('error')).toBe(0);
  });

  it('one that says that it is closed, and fails later, harms nothing', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b]);
    a.emit('close');
    a.destroy(new Error('boom'));
    server.destroy();
    client.destroy();
    await nothingEscaped();
  });

  it('one that says that it is closed, and fails while the rest of it is taken, harms nothing', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b]);
    a._read = () => void a.destroy(new Error('boom'));
    a.emit('close');
    server.destroy();
    client.destroy();
    await nothingEscaped();
    expect(a.destroyed).toBe(true);
    expect(a.listenerCount('error')).toBe(0);
  });

  it('once the peer has ended too, a transport that takes nothing is not waited for', async () => {
    const [a, b] = wire();
    const { client, server } = await secured([a, b], { closeTimeout: 30 });
    a._write = () => {};
    client.resume();
    server.resume();
    server.end();
    client.end();
    const closed = new Promise<boolean>((resolve) => client.once('close', resolve));
    expect(await closed).toBe(true);
    server.destroy();
    await nothingEscaped();
  });

  it('what cannot even be looked at is a TypeError of the one who writes it', async () => {
    const hostile = new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom });
    const { client, server } = await secured(wire());
    for (const chunk of [hostile, null, 5, Symbol('s'), Object.create(Uint8Array.prototype)])
      expect(() => client.write(chunk)).toThrow(/^write: expected a string, an ArrayBuffer or a view of one, found /);
    for (const encoding of [hostile, 'utf-9', 5])
      expect(() => client.write('text', encoding as BufferEncoding)).toThrow(/^write: expected an encoding/);
    expect(() => client.end(hostile)).toThrow(TypeError);
    // The mistake of one call.
    const read = new Promise((resolve) => server.once('data', (bytes: Buffer) => resolve(bytes.toString())));
    client.end('7465', 'hex');
    expect(await read).toBe('te');
    server.destroy();
    await nothingEscaped();
  });
});
