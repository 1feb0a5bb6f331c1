import { Duplex } from 'node:stream';
import { TlsError } from '../../src/errors.ts';
import { TlsSocket } from '../../src/node/index.ts';
import { type ByteDuplex, drive, type TlsStream } from '../../src/transport/index.ts';
import type { ByteReader, ByteWriter } from '../../src/transport/web-transport.ts';
import type { Generator } from '../engine/mutate.ts';
import { makeClient, makeServer } from '../support/pair.ts';
import { toyProvider } from '../support/toy.ts';
import { anything } from './anything.ts';

/**
 * Transports that misbehave, under both skins: they deliver what are no bytes, or nothing, or twice; they fail, end, close
 * and throw at any moment, and never answer. What a program sees of that is a TlsError, in time; and the transport is let
 * go of, whatever it did.
 */

/** Milliseconds: so short that a case takes no longer than the times that the driver has of its own. */
const TIMES = { handshakeTimeout: 80, closeTimeout: 40 };
/** Ticks of 100 ms after which a case hangs: beyond all times of ours together. A busy machine has longer ticks. */
const PATIENCE = 80;

/** One direction of a cable. */
class Direction {
  readonly #queue: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#queue.push(bytes.slice());
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Undefined: it has ended. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#queue.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#queue.shift();
  }
}

/** Decides when something goes wrong: never, without a generator. */
class Mischief {
  readonly #random: Generator | undefined;
  readonly #often: number;

  constructor(random: Generator | undefined) {
    this.#random = random;
    this.#often = random === undefined ? 0 : [3, 6, 12, 40][random.next(4)]!;
  }

  /** 0: nothing; otherwise which of so many things. */
  next(kinds: number): number {
    if (this.#random === undefined || this.#random.next(this.#often) > 0) return 0;
    return 1 + this.#random.next(kinds);
  }

  below(limit: number): number {
    return this.#random?.next(limit) ?? 0;
  }

  value(): unknown {
    return this.#random === undefined ? undefined : anything(this.#random);
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** A rejection that need not be handled. */
const refused = (reason: unknown): Promise<never> => {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
};

const quiet = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return promise;
};
const refusedLater = (milliseconds: number, reason: unknown): Promise<never> => {
  const promise = later(milliseconds).then(() => Promise.reject(reason));
  promise.catch(() => {});
  return promise;
};

type Read = Awaited<ReturnType<ByteReader['read']>>;

/** An end of a cable as a pair of Web Streams, written by hand: real ones would put most of it right. */
class WebEnd implements ByteDuplex {
  readonly readable: ByteDuplex['readable'];
  readonly writable: ByteDuplex['writable'];
  isCancelled = false;
  isAborted = false;
  /** It could not even be taken over. */
  isRefused = false;
  readonly #in: Direction;
  readonly #out: Direction;
  readonly #mischief: Mischief;
  #rest: Uint8Array | undefined;

  constructor(input: Direction, output: Direction, random: Generator | undefined) {
    this.#in = input;
    this.#out = output;
    this.#mischief = new Mischief(random);
    const reader = {
      read: () => this.#read(),
      cancel: () => {
        this.isCancelled = true;
        return this.#answer(undefined);
      },
    };
    const writer = {
      closed: this.#closed(),
      write: (chunk: Uint8Array) => this.#write(chunk),
      close: () => {
        this.#out.end();
        return this.#answer(undefined);
      },
      abort: () => {
        this.isAborted = true;
        this.#out.end();
        return this.#answer(undefined);
      },
      releaseLock: () => {
        this.isAborted = true;
      },
    };
    const handOut = <T>(what: T): T => {
      if (this.#mischief.next(8) !== 1) return what;
      this.isRefused = true;
      throw this.#mischief.value();
    };
    this.readable = { locked: false, getReader: (): ByteReader => handOut(reader) };
    this.writable = { locked: false, getWriter: (): ByteWriter => handOut(writer) };
  }

  /** Has it been let go of, in both directions? */
  get isFree(): boolean {
    return this.isRefused || (this.isCancelled && this.isAborted);
  }

  #closed(): Promise<unknown> {
    switch (this.#mischief.next(6)) {
      case 1:
        return refused(this.#mischief.value());
      case 2:
        return refusedLater(this.#mischief.below(60), this.#mischief.value());
      case 3:
        return quiet(Promise.resolve(this.#mischief.value()));
      case 4:
        return this.#mischief.value() as Promise<unknown>;
      default:
        return never();
    }
  }

  #answer<T>(value: T): Promise<T> {
    switch (this.#mischief.next(5)) {
      case 1:
        throw this.#mischief.value();
      case 2:
        return refused(this.#mischief.value());
      case 3:
        return never();
      case 4:
        return this.#mischief.value() as Promise<T>;
      case 5:
        return later(this.#mischief.below(60)).then(() => value);
      default:
        return Promise.resolve(value);
    }
  }

  #read(): Promise<Read> {
    const mischief = this.#mischief;
    switch (mischief.next(12)) {
      case 1:
        throw mischief.value();
      case 2:
        return refused(mischief.value());
      case 3:
        return never();
      case 4:
        return Promise.resolve({ done: true });
      case 5:
        return Promise.resolve({ done: false, value: mischief.value() as Uint8Array });
      case 6:
        return Promise.resolve({ done: false, value: new Uint8Array(0) });
      case 7:
        return Promise.resolve({ done: true, value: new Uint8Array(9) });
      case 8:
        return Promise.resolve(mischief.value() as Read);
      case 9:
        return mischief.value() as Promise<Read>;
      case 10:
        return this.#bytes(1);
      case 11:
        return later(mischief.below(60)).then(() => this.#bytes(70_000));
      case 12:
        return this.#bytes(70_000).then((read) => {
          const at = read.value === undefined ? 0 : mischief.below(read.value.length);
          return { ...read, value: read.value?.map((byte, index) => (index === at ? byte ^ 1 : byte)) };
        });
      default:
        return this.#bytes(70_000);
    }
  }

  async #bytes(most: number): Promise<Read> {
    const value = this.#rest ?? (await this.#in.next());
    if (value === undefined) return { done: true };
    this.#rest = value.length > most ? value.slice(most) : undefined;
    return { done: false, value: value.subarray(0, most) };
  }

  #write(chunk: Uint8Array): Promise<void> {
    const mischief = this.#mischief;
    const half = chunk.subarray(0, chunk.length >> 1);
    switch (mischief.next(6)) {
      case 1:
        this.#out.push(half);
        throw mischief.value();
      case 2:
        this.#out.push(half);
        return refused(mischief.value());
      case 3:
        this.#out.push(chunk);
        break;
      case 4:
        this.#out.push(half);
        this.#out.end();
        return Promise.resolve();
      case 5:
        return Promise.resolve();
    }
    this.#out.push(chunk);
    return this.#answer(undefined);
  }
}

/** The same as a stream of Node. */
class NodeEnd extends Duplex {
  readonly #in: Direction;
  readonly #out: Direction;
  readonly #mischief: Mischief;
  isLetGo = false;
  #reading = false;

  constructor(input: Direction, output: Direction, random: Generator | undefined) {
    const mischief = new Mischief(random);
    super({
      allowHalfOpen: mischief.next(2) === 0,
      autoDestroy: mischief.next(2) === 0,
      emitClose: mischief.next(2) === 0,
      highWaterMark: 1 + (mischief.next(1) === 0 ? 65_536 : mischief.below(100)),
    });
    this.#in = input;
    this.#out = output;
    this.#mischief = mischief;
    if (mischief.next(2) === 1) setTimeout(() => this.#outOfTurn(), mischief.below(60));
  }

  get isFree(): boolean {
    return this.isLetGo;
  }

  override destroy(error?: Error): this {
    this.isLetGo = true;
    switch (this.#mischief.next(3)) {
      case 1:
        return this;
      default:
        return super.destroy(error);
    }
  }

  override pause(): this {
    if (this.#mischief.next(3) === 1) return this;
    return super.pause();
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    const mischief = this.#mischief;
    switch (mischief.next(8)) {
      case 1:
        this.destroy(new Error('boom'));
        return;
      case 2:
        return;
      case 3:
        this.push(null);
        return;
      case 4:
        this.#outOfTurn();
        break;
      case 5:
        void this.#bring(1);
        return;
      case 6:
        void later(mischief.below(60)).then(() => this.#bring(70_000));
        return;
    }
    void this.#bring(70_000);
  }

  async #bring(most: number): Promise<void> {
    const bytes = await this.#in.next();
    this.#reading = false;
    if (bytes === undefined) this.push(null);
    else for (let at = 0; at < bytes.length; at += most) this.push(bytes.subarray(at, at + most));
  }

  /** Something that a stream does not do by itself. */
  #outOfTurn(): void {
    const mischief = this.#mischief;
    const value = mischief.value();
    if (this.closed) return;
    switch (mischief.below(7)) {
      case 0:
        this.emit('error', value);
        break;
      case 1:
        this.emit('close');
        break;
      case 2:
        this.emit('end');
        break;
      case 3:
        this.emit('data', value);
        break;
      case 4:
        this.setEncoding('latin1');
        break;
      case 5:
        super.destroy(new Error('boom'));
        break;
      case 6:
        super.end();
        break;
    }
  }

  /** Throws to the one who calls it: what `_write` throws later has no caller but the stream itself. */
  override write(...given: readonly unknown[]): boolean {
    if (this.#mischief.next(9) === 1) throw new Error('boom');
    return Reflect.apply(super.write, this, given) as boolean;
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const mischief = this.#mischief;
    switch (mischief.next(9)) {
      case 1:
        setTimeout(() => done(new Error('boom')), mischief.below(60));
        return;
      case 2:
        done(new Error('boom'));
        return;
      case 3:
        this.#out.push(chunk);
        return;
      case 4:
        done();
        done();
        return;
      case 5:
        this.#out.push(chunk.subarray(0, chunk.length >> 1));
        done(new Error('boom'));
        return;
      case 6:
        setTimeout(() => done(), mischief.below(60));
        break;
      case 7:
        this.#outOfTurn();
        done();
        break;
      case 8:
        this.destroy();
        done();
        break;
      default:
        done();
    }
    this.#out.push(chunk);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#out.end();
    switch (this.#mischief.next(4)) {
      case 1:
        setTimeout(() => done(new Error('boom')), this.#mischief.below(60));
        return;
      case 2:
        done(new Error('boom'));
        return;
      case 3:
        return;
      default:
        done();
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.isLetGo = true;
    this.#out.end();
    switch (this.#mischief.next(3)) {
      case 1:
        done(new Error('boom'));
        return;
      case 2:
        return;
      case 3:
        setTimeout(() => done(error), this.#mischief.below(60));
        return;
      default:
        done(error);
    }
  }
}

/** A connection over a transport of one kind or the other; `over` is fulfilled when it has ended, with how. */
interface Side {
  readonly end: { readonly isFree: boolean };
  over(random: Generator): Promise<string>;
}

/** A connection over two ends, of which one misbehaves or both do. Returns how it ended for either. */
export async function transports(random: Generator): Promise<string> {
  const cable = [new Direction(), new Direction()] as const;
  const bad = 1 + random.next(3);
  const side = (role: 'client' | 'server'): Side => {
    const at = role === 'client' ? 0 : 1;
    const mischief = (bad & (at + 1)) > 0 ? random : undefined;
    const kind = random.next(2) === 0 ? overWeb : overNode;
    return kind(role, cable[at]!, cable[1 - at]!, mischief);
  };
  const both = [side('client'), side('server')] as const;
  const outcomes = await inTime('it hangs', Promise.all(both.map((one) => one.over(random))));
  await inTime('a transport is not let go of', allFree(both));
  return outcomes.join(' / ');
}

function overWeb(role: 'client' | 'server', input: Direction, output: Direction, mischief?: Generator): Side {
  const end = new WebEnd(input, output, mischief);
  return {
    end,
    over: async (random) => {
      let stream: TlsStream;
      try {
        stream = await drive(engineOf(role), end, TIMES);
      } catch (error) {
        return nameOf(error);
      }
      const codes: string[] = [];
      const note = (error: unknown): void => void codes.push(nameOf(error));
      const read = async (): Promise<void> => {
        for await (const _ of stream.readable);
      };
      const reading = random.next(3) > 0 ? read().catch(note) : undefined;
      const writer = stream.writable.getWriter();
      writer.closed.catch(() => {});
      for (let count = random.next(4); count > 0; count--)
        writer.write(new Uint8Array(random.next([10, 3_000][random.next(2)]!))).catch(note);
      if (random.next(3) === 0) await later(random.next(20));
      switch (random.next(4)) {
        case 0:
          writer.abort(new Error('boom')).catch(note);
          break;
        case 1:
          writer.close().catch(note);
          break;
      }
      await stream.close().catch(note);
      await stream.closed.catch(note);
      await reading;
      return codes.length === 0 ? 'closed' : [...new Set(codes)].sort().join('+');
    },
  };
}

function overNode(role: 'client' | 'server', input: Direction, output: Direction, mischief?: Generator): Side {
  const end = new NodeEnd(input, output, mischief);
  return {
    end,
    over: async (random) => {
      const socket = new TlsSocket(engineOf(role), end, TIMES);
      const codes: string[] = [];
      const note = (error: unknown): void => void codes.push(nameOf(error));
      socket.on('error', note);
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      try {
        await socket.secured();
      } catch (error) {
        note(error);
        await closed;
        return [...new Set(codes)].join('+');
      }
      if (random.next(3) > 0) socket.resume();
      for (let count = random.next(4); count > 0; count--)
        socket.write(new Uint8Array(random.next([10, 3_000][random.next(2)]!)));
      if (random.next(3) === 0) await later(random.next(20));
      if (random.next(3) === 0) socket.destroy(random.next(2) === 0 ? new Error('boom') : undefined);
      else socket.end();
      // One that reads waits for the peer's end as long as it likes.
      void later(2_000).then(() => socket.destroy());
      await closed;
      return codes.length === 0 ? 'closed' : [...new Set(codes)].sort().join('+');
    },
  };
}

const engineOf = (role: 'client' | 'server'): ReturnType<typeof makeClient> =>
  role === 'client' ? makeClient({ crypto: toyProvider(5) }) : makeServer({ crypto: toyProvider(6) });

/** @throws what is no error that a program can be told. */
function nameOf(error: unknown): string {
  if (error instanceof TlsError && error.code !== 'ERR_INTERNAL') return error.code;
  // The program's own, and what streams say of themselves.
  if (error instanceof Error && error.message === 'boom') return 'boom';
  if (error instanceof TypeError && /^the transport: its \w+ stream cannot be taken over$/.test(error.message))
    return 'TypeError';
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (error instanceof Error && typeof code === 'string' && /^ERR_(STREAM_|INVALID_STATE$)/.test(code)) return code;
  throw new Error(`it is told: ${String(error)}`, { cause: error });
}

async function allFree(both: readonly Side[]): Promise<void> {
  while (!both.every(({ end }) => end.isFree)) await later(20);
}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let done = false;
  const late = async (): Promise<never> => {
    for (let tick = 0; tick < PATIENCE && !done; tick++) await later(100);
    throw new Error(what);
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    done = true;
  }
}
