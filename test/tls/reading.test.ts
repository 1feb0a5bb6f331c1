import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { connect, TLSSocket } from '../../src/tls/index.ts';
import { wire } from '../support/duplex.ts';
import { ca, pem } from './support.ts';

/** How a program may read: by 'readable', with one read() for each event. */

const RECORD = 16_384;
const SIZE = 8 * RECORD;

describe("a program that reads once for each 'readable'", () => {
  it('gets a chunk each time, all of them, and the end', async () => {
    const [one, other] = wire();
    const server = new TLSSocket(other, { isServer: true, ...pem });
    // Not of the declarations that we build with.
    const options = { socket: one, servername: 'server.example', ca, highWaterMark: 65_536 };
    const socket = connect(options);
    const sizes: number[] = [];
    socket.on('readable', () => {
      const chunk: Buffer | null = socket.read();
      if (chunk !== null) sizes.push(chunk.length);
    });
    await once(socket, 'secureConnect');
    // Many records in one piece, and the end right behind them.
    const held: Buffer[] = [];
    const { push } = one;
    one.push = (chunk: Buffer | null) => {
      if (chunk !== null) return held.push(chunk) > 0;
      push.call(one, Buffer.concat(held));
      return push.call(one, null);
    };
    server.end(Buffer.alloc(SIZE, 'Y'));
    await once(socket, 'end');
    expect(sizes.reduce((sum, size) => sum + size)).toBe(SIZE);
    // Before Node 26 read() gives all there is: more than a record would be more than it was told of.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(RECORD);
  });
});
