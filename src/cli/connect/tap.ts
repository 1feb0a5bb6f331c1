import { Duplex } from 'node:stream';

/** Hears what goes over a stream. */
export interface Listener {
  sent(bytes: Uint8Array): void;
  received(bytes: Uint8Array): void;
  ended(by: 'us' | 'peer'): void;
}

/** A stream like the one below it, with a listener. */
export class Tap extends Duplex {
  readonly #below: Duplex;
  readonly #listener: Listener;

  constructor(below: Duplex, listener: Listener) {
    super({ allowHalfOpen: true });
    this.#below = below;
    this.#listener = listener;
    below.on('data', (chunk: Uint8Array) => {
      listener.received(chunk);
      if (!this.push(chunk)) below.pause();
    });
    below.on('end', () => {
      listener.ended('peer');
      this.push(null);
    });
    below.on('error', (error) => this.destroy(error));
    below.on('close', () => this.destroy());
    below.pause();
  }

  override _read(): void {
    this.#below.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#listener.sent(chunk);
    this.#below.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#listener.ended('us');
    this.#below.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#below.destroy();
    done(error);
  }
}
