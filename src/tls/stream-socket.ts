import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NetSocket } from '../node/net-socket.ts';

/**
 * A `net.Socket` over any Duplex. node:tls makes one of whatever it is to stand on that is none; it is no part of the
 * interface, but programs take its class from there.
 */
class StreamSocket extends NetSocket {
  readonly #stream: Duplex;
  #listens = false;
  #hasEnded = false;

  constructor(stream: Duplex) {
    super(stream, { allowHalfOpen: stream.allowHalfOpen });
    this.#stream = stream;
    stream.on('error', (error) => this.destroy(error));
    // What was received before stays to be read.
    stream.on('close', () => void (this.#hasEnded || this.destroy()));
  }

  override _read(): void {
    if (this.#listens) {
      this.#stream.resume();
      return;
    }
    this.#listens = true;
    this.#stream.on('data', (chunk: Uint8Array) => {
      this.bytesRead += chunk.length;
      if (!this.push(chunk)) this.#stream.pause();
    });
    this.#stream.on('end', () => {
      this.#hasEnded = true;
      this.push(null);
    });
  }

  override _write(chunk: Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    this.#stream.write(chunk, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.stopTimer();
    this.#stream.destroy();
    done(error);
  }
}

/** Where programs look for it: in the handle of a connection over what is no socket. Undefined: it is one. */
export function streamHandle(below: Duplex): { readonly _parentWrap: NetSocket } | undefined {
  if (below instanceof Socket) return undefined;
  let wrap: StreamSocket | undefined;
  return {
    get _parentWrap() {
      wrap ??= new StreamSocket(below);
      return wrap;
    },
  };
}
