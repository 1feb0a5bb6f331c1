import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bytesOf } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { describe } from '../engine/config/rules.ts';
import { NetSocket } from './net-socket.ts';
import { kindOf } from '../transport/chunk.ts';
import type { Transport, TransportEvents } from '../transport/transport.ts';

/** Bytes that are read when writing has failed. */
const MAX_REST = 262_144;

/**
 * A stream of Node for the driver, as it is: paused, with listeners of what was spoken before, with bytes put back, or not
 * connected yet.
 */
export class DuplexTransport implements Transport {
  readonly halfCloses = true;
  readonly #stream: Duplex;
  #events!: TransportEvents;
  #isGone = false;

  /** Why the stream cannot be used: it is left as it is then. */
  readonly #refused: TlsError | undefined;

  /** @throws TypeError for anything that is no stream. */
  constructor(stream: Duplex) {
    if (typeof stream?.on !== 'function' || typeof stream.write !== 'function' || typeof stream.resume !== 'function') {
      throw new TypeError(
        `the transport: expected a Duplex of Node (a net.Socket, a pipe, another TlsSocket) or { host, port }, found ${describe(stream)}; for Web Streams take warifu`,
      );
    }
    this.#stream = stream;
    const why = whyNot(stream);
    this.#refused =
      why === undefined ? undefined : new TlsError('ERR_TRANSPORT', { detail: `it cannot be used: ${why}` });
  }

  listen(events: TransportEvents): void {
    this.#events = events;
    const stream = this.#stream;
    if (this.#refused !== undefined) {
      events.gone(this.#refused);
      return;
    }
    // What was listened for before was plaintext; nothing that comes now is.
    stream.removeAllListeners('data').removeAllListeners('readable');
    // Our end does not wait for the peer's, nor does it follow from it: that is for TLS to say.
    stream.allowHalfOpen = true;
    // A small answer must not wait for more: the peer's next flight depends on it.
    if (stream instanceof Socket) stream.setNoDelay(true);
    stream.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
    stream.resume();
  }

  write(bytes: Uint8Array, done: (error?: unknown) => void): void {
    this.#write(done, (stream, written) => stream.write(bytes, written));
  }

  /** What is no socket of the system gets one piece: it may make a message of each. */
  get writev(): Transport['writev'] {
    const isOfSystem = this.#stream instanceof Socket && !(this.#stream instanceof NetSocket);
    return isOfSystem
      ? (pieces, done) => this.#write(done, (stream, written) => writeAll(stream, pieces, written))
      : undefined;
  }

  #write(done: (error?: unknown) => void, write: (stream: Duplex, written: (error?: unknown) => void) => void): void {
    const written = (error: unknown): void => {
      if (error !== undefined && error !== null) this.#readTheRest();
      done(error);
    };
    // A stream throws what its own `_write` does.
    this.#call(
      (stream) => write(stream, written),
      (cause) => process.nextTick(written, cause ?? new TlsError('ERR_TRANSPORT')),
    );
  }

  pause(): void {
    this.#call((stream) => stream.pause(), this.#onError);
  }

  resume(): void {
    this.#call((stream) => stream.resume(), this.#onError);
  }

  end(done: () => void): void {
    const stream = this.#stream;
    if (stream.writableFinished || stream.destroyed) {
      process.nextTick(done);
      return;
    }
    stream.once('finish', done);
    if (!stream.writableEnded)
      this.#call(
        (ending) => ending.end(),
        () => process.nextTick(done),
      );
  }

  destroy(): void {
    if (this.#refused !== undefined) return;
    this.#call(
      (stream) => stream.destroy(),
      () => {},
    );
    // A stream that was destroyed before it had been told to say so.
    this.#detachWhenClosed();
  }

  /** A stream that a program wrote may throw wherever it is called. */
  #call(call: (stream: Duplex) => void, failed: (cause: unknown) => void): void {
    try {
      call(this.#stream);
    } catch (cause) {
      failed(cause);
    }
  }

  /**
   * When writing fails Node closes the socket right after this, and what the kernel has received goes with it: an alert
   * perhaps, that says why.
   */
  #readTheRest(): void {
    const stream = this.#stream;
    if (!(stream instanceof Socket) || stream.destroyed) return;
    while (stream.read() !== null);
    const { fd } = (stream as Socket & { readonly _handle?: { readonly fd?: number } | null })._handle ?? {};
    // Where sockets have no descriptors there is nothing that could be done.
    if (typeof fd !== 'number' || fd < 0) return;
    try {
      for (let left = MAX_REST; left > 0; ) {
        const buffer = new Uint8Array(16_384);
        const length = readSync(fd, buffer);
        if (length === 0) return;
        left -= length;
        this.#events.received(buffer.subarray(0, length));
      }
    } catch {
      // There is nothing more.
    }
  }

  readonly #onData = (chunk: unknown): void => {
    const bytes = bytesOf(chunk);
    if (bytes !== undefined) this.#events.received(bytes);
    else this.#onError(new TlsError('ERR_TRANSPORT', { detail: `it delivers ${kindOf(chunk)} in place of bytes` }));
  };

  readonly #onEnd = (): void => this.#events.ended();

  readonly #onError = (cause: unknown): void => {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#takeTheRest();
    this.#events.gone(cause);
  };

  readonly #onClose = (): void => {
    this.#takeTheRest();
    this.#detachWhenClosed();
    if (this.#isGone) return;
    this.#isGone = true;
    this.#events.gone();
  };

  /** What a stream had received when it was paused is still in it when it fails. */
  #takeTheRest(): void {
    const stream = this.#stream.off('data', this.#onData);
    for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) this.#onData(chunk);
  }

  /**
   * What says 'close' and is not closed can still fail; and what is closed may have its error still to tell, in this tick: a
   * stream that was destroyed by its own `_read` while the rest of it was taken.
   */
  #detachWhenClosed(): void {
    const stream = this.#stream;
    if (!stream.closed) return;
    process.nextTick(() =>
      stream.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose),
    );
  }
}

/** All of it leaves together. */
function writeAll(stream: Duplex, pieces: readonly Uint8Array[], written: (error?: unknown) => void): void {
  const last = pieces.length - 1;
  stream.cork();
  for (let i = 0; i < last; i++) stream.write(pieces[i]!);
  stream.write(pieces[last]!, written);
  stream.uncork();
}

function whyNot(stream: Duplex): string | undefined {
  if (stream.destroyed) return 'it has been destroyed';
  // A socket that is connecting is neither readable nor writable yet in every version of Node.
  const isConnecting = stream instanceof Socket && stream.connecting;
  if (stream.readableEnded || (stream.readable === false && !isConnecting)) return 'the peer has ended it already';
  if (stream.writableEnded || (stream.writable === false && !isConnecting)) return 'it has been ended already';
  if (stream.readableObjectMode || stream.writableObjectMode) return 'it carries objects, not bytes';
  const encoding = stream.readableEncoding;
  if (encoding === null || encoding === undefined) return undefined;
  return `it delivers text, since setEncoding('${encoding}') was called; bytes are needed`;
}
