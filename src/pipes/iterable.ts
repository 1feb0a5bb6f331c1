import { bytesOf, type OwnBytes, ownBytes } from '../bytes/bytes.ts';
import { hasMethod } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import type { StreamPair } from './messages.ts';

/** Where the bytes go that we send. */
export interface ByteSink {
  /** Takes bytes; the next come when its promise is fulfilled. */
  write(bytes: OwnBytes): void | PromiseLike<void>;
  /** Everything was written. */
  end?(): void | PromiseLike<void>;
}

/**
 * A pipe of what arrives in an iterable and of a function that sends: for a serial port, a Bluetooth characteristic, a queue,
 * or a test. When reading is given up the iterator's `return` is called.
 * @throws TypeError when either is not what it has to be.
 *
 * @example
 * ```ts
 * import { iterablePipe } from 'warifu/pipes';
 * const sent: number[] = [];
 * const pipe = iterablePipe([Uint8Array.of(1, 2), Uint8Array.of(3)], (bytes) => void sent.push(...bytes));
 * const writer = pipe.writable.getWriter();
 * await writer.write(Uint8Array.of(4, 5));
 * sent; // [4, 5]
 * const { value } = await pipe.readable.getReader().read();
 * value?.length; // 2
 * ```
 */
export function iterablePipe(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sink: ByteSink | ByteSink['write'],
): StreamPair {
  const chunks = bytesIn(checkedSource(source));
  const { write, end } = sinkOf(sink);
  return {
    readable: new ReadableStream<OwnBytes>(
      {
        pull: async (controller) => {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await chunks.return();
        },
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<Uint8Array>({
      write: (chunk) => write(ownBytes(chunk)),
      close: () => end(),
    }),
  };
}

async function* bytesIn(source: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<OwnBytes, void, void> {
  for await (const value of source) {
    const bytes = bytesOf(value);
    if (bytes === undefined)
      throw new TlsError('ERR_TRANSPORT', { detail: `the iterable delivers ${typeof value} in place of bytes` });
    if (bytes.length > 0) yield ownBytes(bytes);
  }
}

function checkedSource(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<unknown> | Iterable<unknown> {
  const known: Partial<AsyncIterable<unknown> & Iterable<unknown>> = Object(source);
  const isIterable = typeof (known[Symbol.asyncIterator] ?? known[Symbol.iterator]) === 'function';
  if (isIterable && typeof source !== 'string' && !ArrayBuffer.isView(source)) return source;
  throw new TypeError(
    'iterablePipe: expected an iterable of Uint8Arrays, for example an async generator; one array of bytes goes into brackets: [bytes]',
  );
}

function sinkOf(sink: ByteSink | ByteSink['write']): Required<ByteSink> {
  if (typeof sink === 'function') return { write: sink, end: () => {} };
  if (!hasMethod(sink, 'write'))
    throw new TypeError('iterablePipe: expected a function that takes bytes, or { write, end } as the second argument');
  return { write: (bytes) => sink.write(bytes), end: () => sink.end?.() };
}
