import { connect, type Socket } from 'node:net';
import type { Engine } from '../../src/engine/engine.ts';
import { TlsError } from '../../src/errors.ts';

/** An engine and its socket, made to be waited for. */
export class Connection {
  readonly engine: Engine;
  readonly #socket: Socket;
  /** Received and not read yet. */
  readonly #inbox: Uint8Array[] = [];
  readonly #waiting: { isDone(): boolean; resolve(): void; reject(reason: unknown): void }[] = [];
  /** Give the engine a byte at a time. */
  readonly #piecewise: boolean;
  #established = false;
  #ended = false;
  #failure: unknown;
  #failed = false;
  /** Written by the engine, and kept back. */
  #held: Uint8Array[] | undefined;
  #settling = 0;

  private constructor(engine: Engine, socket: Socket, piecewise: boolean) {
    this.engine = engine;
    this.#socket = socket;
    this.#piecewise = piecewise;
    socket.on('data', (bytes: Uint8Array) => this.#guard(() => this.#receive(bytes)));
    socket.on('end', () => this.#guard(() => this.engine.receiveEnd()));
    socket.on('close', () => this.#guard(() => this.engine.receiveEnd()));
    // What the peer's leaving means is for the engine to say.
    socket.on('error', () => this.#guard(() => this.engine.receiveEnd()));
  }

  /** Connects and says which test this is. The one who aborts `signal` has no further use for the connection. */
  static open(
    engine: Engine,
    address: { readonly port: number; readonly ipv6: boolean; readonly shimId: bigint; readonly piecewise: boolean },
    signal: AbortSignal,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port: address.port,
        host: address.ipv6 ? '::1' : '127.0.0.1',
        noDelay: true,
        allowHalfOpen: true,
      });
      signal.addEventListener('abort', () => socket.destroy(new Error('the test was ended')), { once: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        const id = Buffer.alloc(8);
        id.writeBigUInt64LE(address.shimId);
        socket.write(id);
        resolve(new Connection(engine, socket, address.piecewise));
      });
    });
  }

  /** Runs the handshake. @throws what ended it. */
  async handshake(): Promise<void> {
    this.#guard(() => this.engine.start());
    await this.#until(() => this.#established || this.#earlyDataTaken);
  }

  /** At most `most` bytes; undefined: the peer has ended, properly or not. */
  async read(most: number): Promise<Uint8Array | undefined> {
    await this.#until(() => this.#inbox.length > 0 || this.#ended || this.#wasCutOff);
    const first = this.#inbox[0];
    if (first === undefined) return undefined;
    const taken = first.subarray(0, most);
    if (taken.length === first.length) this.#inbox.shift();
    else this.#inbox[0] = first.subarray(most);
    return taken;
  }

  /** The peer said close_notify. */
  get ended(): boolean {
    return this.#ended;
  }

  act(action: (engine: Engine) => void): void {
    action(this.engine);
    this.#guard(() => {});
    if (this.#failed && !this.#wasCutOff) throw this.#failure;
  }

  /** Lets one byte out and keeps the rest back until `release`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const bytes of held ?? []) this.#socket.write(bytes);
  }

  /** Ends our direction of the socket, and reads until the peer has ended its own: what was sent must not be lost. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) {
        resolve();
        return;
      }
      this.#socket.once('close', () => resolve());
      this.#socket.resume();
      this.#socket.end();
    });
  }

  /** Server: early data has been taken, and may be answered before the handshake is done. */
  get #earlyDataTaken(): boolean {
    return this.engine.role === 'server' && this.engine.info.earlyData?.accepted === true;
  }

  get established(): boolean {
    return this.#established;
  }

  get #wasCutOff(): boolean {
    return this.#failed && this.#failure instanceof TlsError && this.#failure.code === 'ERR_TRUNCATED';
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#piecewise) {
      this.engine.receive(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at++) {
      this.engine.receive(bytes.subarray(at, at + 1));
      if (this.#settling === 0) this.#turn();
    }
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ isDone, resolve, reject });
      this.#wake();
    });
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.isDone()) waiting.resolve();
      else if (this.#failed) waiting.reject(this.#failure);
      else this.#waiting.push(waiting);
    }
  }

  /** Does something and then what the engine says. What is thrown here is a crash, wherever it comes from. */
  #guard(action: () => void): void {
    try {
      action();
      this.#turn();
    } catch (error) {
      this.#fail(error instanceof TlsError ? new Error('a TlsError was thrown', { cause: error }) : error);
    }
    this.#wake();
  }

  #turn(): void {
    for (;;) {
      const step = this.engine.next();
      switch (step.type) {
        case 'wait':
          return;
        case 'write':
          this.#write(step.bytes);
          continue;
        case 'data':
        case 'early-data':
          this.#inbox.push(step.bytes);
          continue;
        case 'established':
          this.#established = true;
          // Those who wait for it look at the info of this moment.
          this.#wake();
          continue;
        case 'end':
          this.#ended = true;
          continue;
        case 'failed':
          this.#fail(step.error);
          continue;
        case 'request': {
          const settled = this.engine.answer(step.request);
          if (settled === undefined) continue;
          this.#settling++;
          settled.then(
            () => {
              this.#settling--;
              this.#guard(() => {});
            },
            (error) => this.#guard(() => this.#fail(error)),
          );
          continue;
        }
        default:
          continue;
      }
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#held === undefined) {
      this.#socket.write(bytes);
      return;
    }
    if (this.#held.length > 0) {
      this.#held.push(bytes);
      return;
    }
    this.#socket.write(bytes.subarray(0, 1));
    this.#held.push(bytes.subarray(1));
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = error;
  }
}
