import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connect, TLSSocket } from '../../src/tls/index.ts';
import { wire } from '../support/duplex.ts';
import { ca, echo, pem, portOf } from './support.ts';

/** How a connection ends that is cut off, and what is heard of it where. */

/** What it emits, with the codes of errors, until it is closed. */
async function endingOf(socket: TLSSocket): Promise<string[]> {
  const heard: string[] = [];
  for (const event of ['end', 'finish']) socket.on(event, () => heard.push(event));
  socket.on('error', (error: Error & { readonly code?: string }) => heard.push(`error ${error.code}`));
  await new Promise((done) => socket.once('close', done));
  return heard;
}

/** A connection whose transport takes nothing more, and whose peer has gone without a word. */
async function cutOff(before: (socket: TLSSocket) => void = () => {}): Promise<string[]> {
  const [one, other] = wire();
  new TLSSocket(other, { isServer: true, ...pem });
  const socket = connect({ socket: one, servername: 'server.example', ca });
  const [session] = await Promise.all([once(socket, 'session'), once(socket, 'secureConnect')]);
  expect(session).toHaveLength(1);
  one._write = (_chunk, _encoding, done) => {
    setImmediate(done, Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET', syscall: 'write' }));
  };
  const heard = endingOf(socket);
  // The wire lets either direction end by itself.
  socket.resume().once('end', () => void socket.end());
  before(socket);
  one.push(null);
  return heard;
}

describe('a peer that has gone without a word', () => {
  it('cannot be told that we end: that is no error, as in node:tls', async () => {
    expect(await cutOff()).toEqual(['end', 'finish']);
  });

  it('has not got what was written: that is one', async () => {
    expect(await cutOff((socket) => socket.write('lost'))).toEqual(expect.arrayContaining(['error ECONNRESET']));
  });
});

describe('a socket that a connection stands on', () => {
  it('does not tell of the failure that the connection tells of', async () => {
    const { port } = await echo();
    let near: net.Socket | undefined;
    const middle = net.createServer((socket) => {
      near = socket.on('error', () => {});
      const far = net.connect(port, '127.0.0.1').on('error', () => {});
      socket.pipe(far);
      far.pipe(socket);
      socket.once('close', () => far.destroy());
    });
    const below = net.connect(await portOf(middle), '127.0.0.1');
    const heard: string[] = [];
    below.on('error', (error: Error & { readonly code?: string }) => heard.push(`below: ${error.code}`));
    const socket = connect({ socket: below, servername: 'server.example', ca });
    await once(socket, 'secureConnect');
    const ending = endingOf(socket);
    near?.resetAndDestroy();
    expect(await ending).toEqual(['error ECONNRESET']);
    expect(heard).toEqual([]);
  });

  it('tells of what the program destroys it with', async () => {
    const { port } = await echo();
    const below = net.connect(port, '127.0.0.1');
    const socket = connect({ socket: below, servername: 'server.example', ca });
    await once(socket, 'secureConnect');
    const told = once(below, 'error');
    const ending = endingOf(socket);
    below.destroy(new Error('of the program'));
    expect((await told)[0]).toMatchObject({ message: 'of the program' });
    expect(await ending).toHaveLength(1);
  });
});

describe('over what is no socket', () => {
  it('programs find the class of a net.Socket over any Duplex where node:tls has it', async () => {
    const [one, other] = wire();
    const socket = new TLSSocket(one).on('error', () => {});
    const Wrap = (socket._handle as { _parentWrap: { constructor: new (stream: Duplex) => Duplex } })._parentWrap
      .constructor;
    const [near, far] = wire();
    const wrapped = new Wrap(near);
    expect(wrapped).toBeInstanceOf(net.Socket);
    const heard = Promise.all([once(far, 'data'), once(wrapped, 'data'), once(wrapped, 'close')]);
    wrapped.end('there');
    far.end('back');
    const [[there], [back]] = await heard;
    expect([String(there), String(back)]).toEqual(['there', 'back']);
    for (const stream of [one, other]) stream.destroy();
  });
});
