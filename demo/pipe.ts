import type { ByteDuplex } from '../src/index.ts';

/** Two ends of a wire that exists in memory only. */
export function pipe(): [ByteDuplex, ByteDuplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
