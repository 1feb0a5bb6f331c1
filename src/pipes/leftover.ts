import { bytesOf, type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import type { ByteDuplex, ByteReader } from '../transport/web-transport.ts';

/**
 * The same pipe with bytes put back in front of it: for STARTTLS, where a reader of the plaintext has received more than the
 * last line. Release the reader first. What was read of the plaintext by a server, behind the client's command, was not
 * protected by anything: put it back, and do not act on it (it is no TLS, and fails the handshake).
 * @param leftover what was received and belongs to TLS.
 * @throws TypeError when `leftover` is no bytes, or the pipe is locked.
 *
 * @example
 * ```ts
 * import { memoryPipe, withLeftover } from 'warifu/pipes';
 * const [here] = memoryPipe();
 * const pipe = withLeftover(here, Uint8Array.of(22, 3, 1));
 * const { value } = await pipe.readable.getReader().read();
 * value?.length; // 3
 * ```
 */
export function withLeftover(pipe: ByteDuplex, leftover: Uint8Array): ByteDuplex {
  const first = bytesOf(leftover);
  if (first === undefined) throw new TypeError(`withLeftover: expected bytes to put back, found ${typeof leftover}`);
  const reader: ByteReader = pipe.readable.getReader();
  let waiting: OwnBytes | undefined = first.length === 0 ? undefined : ownBytes(first.slice());
  const readable = new ReadableStream<OwnBytes>(
    {
      pull: async (controller) => {
        if (waiting !== undefined) {
          controller.enqueue(waiting);
          waiting = undefined;
          return;
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else if (value !== undefined) controller.enqueue(ownBytes(value));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { readable, writable: pipe.writable };
}
