import { reasonText } from '../bytes/text.ts';
import { ownBytes } from '../bytes/bytes.ts';
import { hasMethod } from '../bytes/shape.ts';
import type { ByteDuplex } from '../transport/web-transport.ts';

/** The class `Duplex` of `node:stream`, `readable-stream` or `stream-browserify`, as far as it is needed here. */
export interface DuplexClass<T> {
  new (options: DuplexParts): T;
}

/** What a `Duplex` is made of. */
export interface DuplexParts {
  readonly allowHalfOpen: boolean;
  readonly emitClose: boolean;
  read(this: PushStream): void;
  write(chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void): void;
  final(done: (error?: Error | null) => void): void;
  destroy(error: Error | null, done: (error?: Error | null) => void): void;
}

/** What such a stream has for those who make it. */
export interface PushStream {
  push(chunk: Uint8Array | null): boolean;
  destroy(error?: Error): void;
}

/**
 * A stream of Node's kind over a connection, for libraries that expect one and run where Node is not: mqtt.js in a page, for
 * example. The class is given, so that nothing is bundled that is not there already.
 * @throws TypeError when `Duplex` is no class, or the streams are locked.
 *
 * @example
 * ```ts
 * import { Duplex } from 'node:stream'; // in a page: from 'readable-stream'
 * import { memoryPipe, toDuplex } from 'warifu/pipes';
 * const [here, there] = memoryPipe();
 * const [stream, other] = [toDuplex(here, Duplex), toDuplex(there, Duplex)];
 * other.end('hello');
 * let text = '';
 * for await (const chunk of stream) text += chunk;
 * text; // 'hello'
 * ```
 */
export function toDuplex<T>(pipe: ByteDuplex, Duplex: DuplexClass<T>): T {
  if (typeof Duplex !== 'function')
    throw new TypeError(
      "toDuplex: expected the class Duplex as the second argument; for example from 'node:stream' or 'readable-stream'",
    );
  if (!hasMethod(pipe?.readable, 'getReader') || !hasMethod(pipe.writable, 'getWriter'))
    throw new TypeError('toDuplex: expected { readable, writable }, such as what connect answers');
  const reader = pipe.readable.getReader();
  const writer = pipe.writable.getWriter();
  // Errors are told where reading and writing happen.
  writer.closed.catch(() => {});
  let reading = false;
  return new Duplex({
    allowHalfOpen: true,
    emitClose: true,
    read() {
      if (reading) return;
      reading = true;
      reader.read().then(
        ({ done, value }) => {
          reading = false;
          this.push(done || value === undefined ? null : value);
        },
        (reason) => this.destroy(errorOf(reason)),
      );
    },
    write: (chunk, _encoding, done) => {
      writer.write(ownBytes(chunk)).then(() => done(), failed(done));
    },
    final: (done) => {
      writer.close().then(() => done(), failed(done));
    },
    destroy: (error, done) => {
      reader.cancel(error ?? undefined).catch(() => {});
      writer.abort(error ?? undefined).catch(() => {});
      done(error);
    },
  });
}

function failed(done: (error: Error) => void): (reason: unknown) => void {
  return (reason) => done(errorOf(reason));
}

function errorOf(reason: unknown): Error {
  try {
    if (reason instanceof Error) return reason;
  } catch {
    // What it is cannot be asked.
  }
  return new Error(reasonText(reason));
}
