import type { OwnBytes } from '../bytes/bytes.ts';
import type { StreamPair } from './messages.ts';

/**
 * Two ends of a pipe that is in memory only: for tests, and for both roles in one program.
 *
 * @example
 * ```ts
 * import { memoryPipe } from 'warifu/pipes';
 * const [here, there] = memoryPipe();
 * const writer = here.writable.getWriter();
 * void writer.write(Uint8Array.of(1, 2, 3));
 * const { value } = await there.readable.getReader().read();
 * value?.length; // 3
 * ```
 */
export function memoryPipe(): [StreamPair, StreamPair] {
  const there = new TransformStream<Uint8Array, OwnBytes>(undefined, { highWaterMark: 16 });
  const back = new TransformStream<Uint8Array, OwnBytes>(undefined, { highWaterMark: 16 });
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
