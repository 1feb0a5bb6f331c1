import { connect, type Socket } from 'node:net';
import type { ServerSessionStore } from '../../handshake/session.ts';

/**
 * Sessions in Redis: as much of its protocol (RESP 2) as that needs, over one connection that is made when it is needed.
 * What goes wrong there costs a session, never a connection: handshakes are full ones then.
 */

/** Milliseconds that an answer may take. */
const PATIENCE = 1_000;
/** Commands that may wait for an answer. */
const MAX_WAITING = 10_000;

interface Waiting {
  resolve(value: Uint8Array | undefined): void;
  reject(error: Error): void;
}

export interface RedisPlace {
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly password: string | undefined;
  /** Of keys. */
  readonly prefix: string;
}

/** `redis://[:PASSWORD@]HOST:PORT[/PREFIX]` or `redis+unix:/PATH`; undefined: it is neither. */
export function parseRedisUrl(url: string): RedisPlace | undefined {
  const path = /^redis\+unix:(\/.+)$/.exec(url)?.[1];
  if (path !== undefined) return { address: { path }, password: undefined, prefix: 'warifu' };
  const [, password, host = '', port = '6379', prefix = 'warifu'] =
    /^redis:\/\/(?::([^@]*)@)?(\[[0-9a-f:]+\]|[^:/@\s]+)(?::(\d{1,5}))?(?:\/([\w.-]+))?$/i.exec(url) ?? [];
  if (host === '' || Number(port) > 65_535) return undefined;
  const address = { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  return { address, password: password === undefined ? undefined : decodeURIComponent(password), prefix };
}

export class RedisSessions implements ServerSessionStore {
  readonly #place: RedisPlace;
  readonly #note: (text: string) => void;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  #isDown = false;

  constructor(place: RedisPlace, note: (text: string) => void) {
    this.#place = place;
    this.#note = note;
  }

  async put(key: string, state: Uint8Array, until: number): Promise<undefined> {
    const left = Math.max(1, Math.ceil(until - Date.now()));
    await this.#command('SET', this.#key(key), state, 'PX', String(left));
    return undefined;
  }

  /** Hands it out and forgets it, in one act (GETDEL, Redis 6.2). */
  take(key: string): Promise<Uint8Array | undefined> {
    return this.#command('GETDEL', this.#key(key));
  }

  close(): void {
    this.#socket?.destroy();
  }

  #key(key: string): string {
    return `${this.#place.prefix}:${key}`;
  }

  #command(...parts: readonly (string | Uint8Array)[]): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) {
        reject(new Error('Redis does not keep up'));
        return;
      }
      const socket = this.#connected();
      const timer = setTimeout(() => socket.destroy(new Error('it does not answer in time')), PATIENCE);
      timer.unref();
      const settled =
        <T>(use: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          use(value);
        };
      this.#waiting.push({ resolve: settled(resolve), reject: settled(reject) });
      socket.write(encode(parts));
    });
  }

  #connected(): Socket {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const socket = connect({ ...this.#place.address, noDelay: true });
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    const waiting: Waiting[] = [];
    this.#waiting = waiting;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      try {
        this.#read(waiting);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', (error) => {
      if (!this.#isDown) this.#note(`ticket-redis: ${error.message}; sessions are not resumed meanwhile`);
      this.#isDown = true;
    });
    socket.on('close', () => {
      for (const { reject } of waiting.splice(0)) reject(new Error('Redis has gone'));
    });
    socket.unref();
    if (this.#place.password !== undefined) {
      waiting.push({ resolve: () => {}, reject: () => {} });
      socket.write(encode(['AUTH', this.#place.password]));
    }
    return socket;
  }

  #read(waiting: Waiting[]): void {
    for (;;) {
      const answer = readAnswer(this.#received);
      if (answer === undefined) return;
      this.#received = this.#received.subarray(answer.length);
      const next = waiting.shift();
      if (answer.error !== undefined) {
        if (!this.#isDown) this.#note(`ticket-redis: ${answer.error}`);
        this.#isDown = true;
        next?.reject(new Error(answer.error));
      } else {
        if (this.#isDown) this.#note('ticket-redis: it answers again');
        this.#isDown = false;
        next?.resolve(answer.value);
      }
    }
  }
}

function encode(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const chunks: Uint8Array[] = [Buffer.from(`*${parts.length}\r\n`)];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    chunks.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(chunks);
}

interface Answer {
  readonly length: number;
  readonly value: Uint8Array | undefined;
  readonly error: string | undefined;
}

/** Undefined: there is not all of it yet. @throws Error for what none of our commands is answered with. */
function readAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n');
  if (end < 0) {
    if (bytes.length > 4_096) throw new Error('it is no Redis');
    return undefined;
  }
  const line = bytes.toString('latin1', 1, end);
  switch (String.fromCharCode(bytes[0] ?? 0)) {
    case '+':
    case ':':
      return { length: end + 2, value: undefined, error: undefined };
    case '-':
      return { length: end + 2, value: undefined, error: line };
    case '$': {
      const size = Number(line);
      if (size === -1) return { length: end + 2, value: undefined, error: undefined };
      if (!Number.isInteger(size) || size < 0 || size > 1_048_576) throw new Error('an answer that cannot be');
      const whole = end + 2 + size + 2;
      if (bytes.length < whole) return undefined;
      return { length: whole, value: new Uint8Array(bytes.subarray(end + 2, end + 2 + size)), error: undefined };
    }
    default:
      throw new Error('it is no Redis');
  }
}
