import type { Server as NetServer, Socket } from 'node:net';
import { TlsError } from '../../errors.ts';
import { drawText, recordLadder } from '../../inspect/index.ts';
import { accept } from '../../node/connect.ts';
import type { TlsSocket } from '../../node/socket.ts';
import { Turns } from '../../transport/turns.ts';
import type { ServerContext } from '../../contexts.ts';
import { type AccessLog, clientFields, refusalFields, tlsFields } from './log.ts';
import { Gate } from './gate.ts';
import type { Metrics } from './metrics.ts';
import type { ListenSettings } from './options.ts';
import { isWithin, plainAddress } from './places.ts';
import { type Ends, readProxyHeader } from './proxy-protocol.ts';

/** From a connection to a handshake that is done: limits, the PROXY protocol, TLS. */

/** What is in use now; a reload puts another in its place. */
export interface Live {
  readonly settings: ListenSettings;
  readonly context: ServerContext;
}

/** A client after its handshake. */
export interface Client {
  readonly socket: TlsSocket;
  /** As the PROXY protocol says it, or the socket. */
  readonly ends: Ends | undefined;
  readonly began: number;
}

export interface FrontParts {
  readonly name: string;
  live(): Live;
  readonly log: AccessLog;
  readonly metrics: Metrics;
  note(text: string): void;
  /** Takes a client. */
  take(client: Client): void;
}

/** A handshake that is not done. */
interface Pending {
  giveUp(limit: string): void;
}

/** Handshakes that are worked on at the same time; others that have begun to speak wait for their turn. */
const AT_ONCE = 32;
/** Milliseconds: a client that is slow itself does not keep others waiting for longer. */
const PLACE_HELD = 500;

/** Takes connections of any number of servers, and hands on those whose handshake is done. */
export class Front {
  readonly #parts: FrontParts;
  readonly #turns = new Turns();
  readonly #gate = new Gate(AT_ONCE, PLACE_HELD);
  readonly #open = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  /** Handshakes that have not begun, the oldest first, and those that have. */
  readonly #silent = new Set<Pending>();
  readonly #shaking = new Set<Pending>();
  readonly #whenEmpty: (() => void)[] = [];

  constructor(parts: FrontParts) {
    this.#parts = parts;
    parts.metrics.gauge(() => [
      { name: 'warifu_connections_open', labels: { listener: parts.name }, value: this.#open.size },
      {
        name: 'warifu_handshakes_open',
        labels: { listener: parts.name },
        value: this.#silent.size + this.#shaking.size,
      },
    ]);
  }

  get open(): number {
    return this.#open.size;
  }

  /** Takes the connections of a server. */
  serve(server: NetServer): void {
    server.on('connection', (raw: Socket) => this.#take(raw));
  }

  /** Fulfilled when the last connection has ended. */
  ended(): Promise<void> {
    return new Promise((done) => {
      if (this.#open.size === 0) done();
      else this.#whenEmpty.push(done);
    });
  }

  /** Closes what is left. */
  closeAll(): void {
    for (const raw of this.#open) raw.destroy();
  }

  #take(raw: Socket): void {
    const { metrics, name } = this.#parts;
    const { settings } = this.#parts.live();
    metrics.add('warifu_connections_total', { listener: name });
    raw.on('error', () => {});
    if (this.#open.size >= settings['max-connections']) {
      this.#drop(raw, 'max-connections');
      return;
    }
    this.#open.add(raw);
    raw.once('close', () => {
      this.#open.delete(raw);
      if (this.#open.size === 0) for (const done of this.#whenEmpty.splice(0)) done();
    });
    // A balancer in front has one address for all of its clients.
    const own: Ends | undefined = endsOf(raw);
    if (settings['proxy-in'] === 'off' && !this.#count(raw, own, settings)) return;
    this.#await(raw, own, settings);
  }

  /** Waits for the first bytes: nothing is made for a client that sends none. */
  #await(raw: Socket, own: Ends | undefined, settings: ListenSettings): void {
    const began = Date.now();
    if (this.#silent.size + this.#shaking.size >= settings['max-handshakes']) this.#evict();
    const pending: Pending = { giveUp: (limit) => this.#drop(raw, limit) };
    this.#silent.add(pending);
    const timer = setTimeout(() => pending.giveUp('first-byte-timeout'), settings['first-byte-timeout']);
    const spoken = (): void => {
      clearTimeout(timer);
      this.#silent.delete(pending);
    };
    raw.once('close', spoken);
    let before: Uint8Array = new Uint8Array(0);
    const look = (): void => {
      if (raw.destroyed) return;
      // It connected and ended: a look at the port.
      if (raw.readableLength === 0) {
        this.#drop(raw, 'no-data');
        return;
      }
      let ends = own;
      if (settings['proxy-in'] !== 'off') {
        const chunk: unknown = raw.read();
        before = chunk instanceof Uint8Array ? Buffer.concat([before, chunk]) : before;
        const found = this.#readProxy(before, own, settings);
        if (found === 'more') {
          raw.once('readable', look);
          return;
        }
        if (typeof found === 'string') {
          this.#drop(raw, 'proxy-in');
          return;
        }
        ends = found.ends;
        if (!this.#count(raw, ends, settings)) return;
        if (found.rest.length > 0) raw.unshift(found.rest);
      }
      spoken();
      this.#enter(raw, ends, began, settings);
    };
    raw.once('readable', look);
  }

  /** Begins the handshake when it is its turn. */
  #enter(raw: Socket, ends: Ends | undefined, began: number, settings: ListenSettings): void {
    const waiting: Pending = { giveUp: (limit) => this.#drop(raw, limit) };
    this.#shaking.add(waiting);
    const late = setTimeout(() => waiting.giveUp('handshake-timeout'), settings['handshake-timeout']);
    let leave = (): void => {};
    const gone = (): void => {
      clearTimeout(late);
      this.#shaking.delete(waiting);
      leave();
    };
    raw.once('close', gone);
    leave = this.#gate.enter((release) => {
      raw.off('close', gone);
      clearTimeout(late);
      this.#shaking.delete(waiting);
      if (raw.destroyed) release();
      else this.#handshake(raw, ends, began, release);
    });
  }

  #readProxy(
    bytes: Uint8Array,
    own: Ends | undefined,
    settings: ListenSettings,
  ): { readonly ends: Ends | undefined; readonly rest: Uint8Array } | 'more' | 'bad' {
    const refuse = (message: string): 'bad' => {
      const { log, name } = this.#parts;
      log.write({ event: 'refused', listener: name, client: addressText(own), code: 'PROXY', message });
      return 'bad';
    };
    if (settings['proxy-from'].length > 0 && !isWithin(own?.source.address, settings['proxy-from']))
      return refuse('this address may not speak for clients (proxy-from)');
    const header = readProxyHeader(bytes, settings['proxy-in'] === 'off' ? 'any' : settings['proxy-in']);
    if (header.state === 'bad') return refuse(`the connection does not begin as it should: ${header.why}`);
    if (header.state === 'more') return 'more';
    return { ends: header.ends ?? own, rest: bytes.subarray(header.length) };
  }

  #handshake(raw: Socket, ends: Ends | undefined, began: number, release: () => void): void {
    const { context, settings } = this.#parts.live();
    const recorder = settings.explain ? recordLadder() : undefined;
    let socket: TlsSocket;
    try {
      socket = accept(
        raw,
        {
          context,
          handshakeTimeout: settings['handshake-timeout'],
          allowHalfOpen: !settings.http,
          ...(recorder !== undefined && { onTrace: recorder.onTrace }),
        },
        this.#turns,
      );
    } catch (error) {
      this.#parts.note(`a connection could not be taken: ${String(error)}`);
      release();
      raw.destroy();
      return;
    }
    let received = 0;
    const counting = (chunk: Uint8Array): void => {
      received += chunk.length;
      if (received > settings['max-handshake-bytes']) socket.destroy(tooMuch(settings['max-handshake-bytes']));
    };
    raw.on('data', counting);
    const pending: Pending = {
      giveUp: (limit) => {
        this.#parts.metrics.add('warifu_dropped_total', { listener: this.#parts.name, limit });
        socket.destroy(new TlsError('ERR_ABORTED', { detail: `${limit}: others were waiting` }));
      },
    };
    this.#shaking.add(pending);
    const settle = (): void => {
      this.#shaking.delete(pending);
      release();
    };
    let isDone = false;
    socket.on('error', (error) => {
      if (isDone) return;
      isDone = true;
      settle();
      this.#refused(error, socket, ends, began);
      if (recorder !== undefined) this.#parts.note(drawText(recorder.rungs));
    });
    socket.once('close', () => {
      settle();
      raw.destroy();
    });
    socket.once('secure', () => {
      isDone = true;
      raw.off('data', counting);
      settle();
      this.#parts.metrics.add('warifu_handshakes_total', {
        listener: this.#parts.name,
        version: socket.info.version ?? '',
        suite: socket.info.suite?.name ?? '',
        group: socket.info.group?.name ?? 'none',
        resumed: String(socket.isSessionReused()),
      });
      const verdict = clientFields(socket.info).verdict;
      if (typeof verdict === 'string' && verdict !== 'not asked for')
        this.#parts.metrics.add('warifu_client_certificates_total', { listener: this.#parts.name, verdict });
      this.#parts.take({ socket, ends, began });
    });
  }

  #refused(error: unknown, socket: TlsSocket, ends: Ends | undefined, began: number): void {
    const fields = refusalFields(error);
    const reason = fields.failure ?? fields.code;
    this.#parts.metrics.add('warifu_refused_total', { listener: this.#parts.name, reason: String(reason) });
    this.#parts.log.write({
      event: 'refused',
      listener: this.#parts.name,
      client: addressText(ends),
      ...tlsFields(socket.info),
      ...fields,
      milliseconds: Date.now() - began,
    });
  }

  /** Counts the connections of an address; false: there were too many, and this one is closed. */
  #count(raw: Socket, ends: Ends | undefined, settings: ListenSettings): boolean {
    const most = settings['max-per-address'];
    const address = ends?.source.address;
    if (address === undefined) return true;
    const there = this.#byAddress.get(address) ?? 0;
    if (most > 0 && there >= most) {
      this.#drop(raw, 'max-per-address');
      return false;
    }
    this.#byAddress.set(address, there + 1);
    raw.once('close', () => {
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    return true;
  }

  /** Makes room: the oldest that has not said anything goes, or else the oldest. */
  #evict(): void {
    const [silent] = this.#silent;
    const [shaking] = this.#shaking;
    (silent ?? shaking)?.giveUp('max-handshakes');
  }

  #drop(raw: Socket, limit: string): void {
    this.#parts.metrics.add('warifu_dropped_total', { listener: this.#parts.name, limit });
    raw.destroy();
  }
}

/** `192.0.2.1:1234` */
export function addressText(ends: Ends | undefined): string | undefined {
  if (ends === undefined) return undefined;
  const { address, port } = ends.source;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function endsOf(raw: Socket): Ends | undefined {
  const source = plainAddress(raw.remoteAddress);
  const destination = plainAddress(raw.localAddress);
  if (source === undefined || destination === undefined) return undefined;
  return {
    source: { address: source, port: raw.remotePort ?? 0 },
    destination: { address: destination, port: raw.localPort ?? 0 },
  };
}

function tooMuch(most: number): TlsError {
  return new TlsError('ERR_ABORTED', { detail: `more than ${most} bytes before the handshake was done` });
}
