import type { Connection } from './contender.ts';

/**
 * What the two sides say once they are connected: the client asks for N bytes down, or sends N bytes up and waits for
 * one byte; or it only says hello, and one byte comes back.
 */

export type Order = 'hello' | 'down' | 'up';
const ORDERS: readonly Order[] = ['hello', 'down', 'up'];
const CHUNK = /* @__PURE__ */ new Uint8Array(64 * 1024).fill(7);

/** The client's half. */
/** @param kilobytes of each write, when sending. */
export async function ask(connection: Connection, order: Order, bytes: number, kilobytes: number = 64): Promise<void> {
  const request = new Uint8Array(5);
  request[0] = ORDERS.indexOf(order);
  new DataView(request.buffer).setUint32(1, bytes);
  await connection.write(request);
  if (order === 'up') await send(connection, bytes, kilobytes << 10);
  await take(connection, order === 'down' ? bytes : 1);
}

/** The server's half, until the client goes. */
export async function answer(connection: Connection): Promise<void> {
  let kept = new Uint8Array(0);
  for (;;) {
    while (kept.length < 5) {
      const chunk = await connection.read();
      if (chunk === undefined) return;
      const joined = new Uint8Array(kept.length + chunk.length);
      joined.set(kept);
      joined.set(chunk, kept.length);
      kept = joined;
    }
    const order = ORDERS[kept[0] ?? 0];
    const bytes = new DataView(kept.buffer, kept.byteOffset).getUint32(1);
    const rest = kept.length - 5;
    kept = new Uint8Array(0);
    if (order === 'up') await take(connection, bytes - rest);
    if (order === 'down') await send(connection, bytes);
    else await connection.write(CHUNK.subarray(0, 1));
  }
}

async function send(connection: Connection, bytes: number, size: number = CHUNK.length): Promise<void> {
  for (let left = bytes; left > 0; left -= size) await connection.write(CHUNK.subarray(0, Math.min(left, size)));
}

async function take(connection: Connection, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; ) {
    const chunk = await connection.read();
    if (chunk === undefined) throw new Error(`the connection ended ${left} bytes early`);
    left -= chunk.length;
  }
}
