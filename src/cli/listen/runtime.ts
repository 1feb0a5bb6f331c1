import { randomBytes } from 'node:crypto';
import { fromHex } from '../../bytes/bytes.ts';
import { autoProvider } from '../../crypto/auto.ts';
import type { TicketSealer } from '../../handshake/session.ts';
import { storedTickets, ticketSealer } from '../../resumption/tickets.ts';
import { Failure } from '../failure.ts';
import { Listener } from './listener.ts';
import { type AccessLog, accessLog } from './log.ts';
import { loadMaterial, type Material } from './material.ts';
import { Metrics, type Sample } from './metrics.ts';
import type { Plan } from './plan.ts';
import { parseRedisUrl, RedisSessions } from './redis.ts';
import type { Snapshot } from './snapshot.ts';
import { Staples } from './staples.ts';
import { Revocations } from './trust.ts';

/** All listeners of a process, and how they are changed while they run. */
export class Runtime {
  readonly metrics: Metrics = new Metrics();
  readonly #note: (text: string) => void;
  readonly #revocations = new Revocations();
  readonly #staples: Staples;
  /** What is in effect, to be loaded again when a response was fetched. */
  #current: { readonly plan: Plan; readonly files: Snapshot } | undefined;
  #underWay: Promise<void> = Promise.resolve();
  readonly #sealer: SwappableSealer;
  readonly #told = new Set<string>();
  #listeners: readonly Listener[] = [];
  #log: AccessLog;
  #logPlace: string;
  /** Listeners that a reload took away, until their connections have ended. */
  readonly #leaving = new Set<Promise<void>>();

  /** @param secret what keys of tickets follow from where there is no file for it: the same for all workers. */
  constructor(plan: Plan, secret: Uint8Array, note: (text: string) => void) {
    this.#note = note;
    this.#sealer = new SwappableSealer(secret, note);
    this.#staples = new Staples(() => this.#refresh(), note);
    this.#logPlace = plan.settings.log;
    this.#log = accessLog(this.#logPlace, note);
    this.metrics.gauge(() => [{ name: 'warifu_resident_bytes', labels: {}, value: process.memoryUsage.rss() }]);
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  get open(): number {
    return this.#listeners.reduce((sum, { open }) => sum + open, 0);
  }

  samples(): readonly Sample[] {
    return this.metrics.samples();
  }

  /** Has every listener a server that it can go to? */
  get isReady(): boolean {
    return this.#listeners.length > 0 && this.#listeners.every(({ pool }) => pool.usable > 0);
  }

  /**
   * Puts a plan into effect, whole or not at all: connections that are open stay as they are, those that come from now on
   * are taken by the new one.
   * @throws Failure, TlsError; then everything is as before.
   */
  apply(plan: Plan, files: Snapshot): Promise<void> {
    const next = this.#underWay.then(() => this.#apply(plan, files));
    this.#underWay = next.catch(() => {});
    return next;
  }

  async #apply(plan: Plan, files: Snapshot): Promise<void> {
    const sealer = this.#sealer.prepare(plan, files);
    const loaded: Material[] = [];
    const shared = {
      tickets: this.#sealer,
      revocations: this.#revocations,
      staples: this.#staples.current,
      note: (text: string) => this.#noteOnce(text),
    };
    for (const { settings, byName } of plan.listeners) loaded.push(await loadMaterial(settings, byName, files, shared));
    const next: Listener[] = [];
    const undos: (() => void)[] = [];
    try {
      for (const [index, one] of plan.listeners.entries()) {
        const material = loaded[index];
        if (material === undefined) throw new Failure('a listener was not loaded');
        const known = this.#listeners.find(({ name }) => name === one.name);
        const parts = { log: this.#delegatingLog(), metrics: this.metrics, note: this.#note };
        const listener = known ?? new Listener(one, material, parts);
        undos.push(await listener.listen(one));
        next.push(listener);
      }
    } catch (error) {
      for (const undo of undos) undo();
      throw error;
    }
    // Nothing can fail from here on.
    this.#sealer.use(sealer);
    if (plan.settings.log !== this.#logPlace) {
      void this.#log.close();
      this.#logPlace = plan.settings.log;
      this.#log = accessLog(this.#logPlace, this.#note);
    } else this.#log.reopen();
    for (const listener of this.#listeners) if (!next.includes(listener)) this.#leave(listener, plan);
    for (const [index, listener] of next.entries()) {
      const one = plan.listeners[index];
      const material = loaded[index];
      if (one === undefined || material === undefined) continue;
      material.commit();
      listener.use(one, material);
      listener.start();
    }
    this.#listeners = next;
    this.#current = { plan, files };
    this.#staples.keep(
      next.flatMap(({ plan: { settings }, material: { credentials, given } }) =>
        settings['staple-fetch'] ? credentials.map((credential) => ({ credential, given })) : [],
      ),
    );
  }

  #refresh(): void {
    const { plan, files } = this.#current ?? {};
    if (plan === undefined || files === undefined) return;
    this.apply(plan, files).catch((error: unknown) => this.#note(`staple-fetch: ${String(error)}`));
  }

  /** Takes nothing new and waits for what there is. */
  async drain(milliseconds: number): Promise<void> {
    this.#staples.stop();
    this.#current = undefined;
    await Promise.all(this.#listeners.map((listener) => listener.drain(milliseconds)));
    await Promise.all(this.#leaving);
    await this.#log.close();
    this.#sealer.close();
  }

  /** What is odd about a file is said once, and not at each reload. */
  #noteOnce(text: string): void {
    if (this.#told.has(text)) return;
    if (this.#told.size > 1_000) this.#told.clear();
    this.#told.add(text);
    this.#note(text);
  }

  #leave(listener: Listener, { settings }: Plan): void {
    const leaving = listener.drain(settings['drain-timeout']).then(() => {
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
  }

  #delegatingLog(): AccessLog {
    return {
      write: (entry) => this.#log.write(entry),
      reopen: () => this.#log.reopen(),
      close: () => this.#log.close(),
    };
  }
}

/** A secret for tickets that die with this process and its workers. */
export function freshSecret(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

/** Seals tickets with keys that a reload can change. */
class SwappableSealer implements TicketSealer {
  readonly #own: TicketSealer;
  readonly #note: (text: string) => void;
  #current: TicketSealer;
  #redis: { readonly url: string; readonly sessions: RedisSessions; readonly sealer: TicketSealer } | undefined;

  constructor(secret: Uint8Array, note: (text: string) => void) {
    this.#note = note;
    this.#own = ticketSealer({ crypto: autoProvider(), secrets: [secret] });
    this.#current = this.#own;
  }

  /** @throws Failure when the file is not what it has to be. */
  prepare({ settings }: Plan, files: Snapshot): TicketSealer {
    const url = settings['ticket-redis'];
    if (url !== undefined) return this.#inRedis(url);
    const name = settings['ticket-secret-file'];
    if (name === undefined) return this.#own;
    const lines = new TextDecoder()
      .decode(files.read(name))
      .split(/\r?\n/)
      .map((line) => line.replace(/#.*$/, '').trim())
      .filter((line) => line !== '');
    const bad = lines.findIndex((line) => !/^([0-9a-f]{2}){32,128}$/i.test(line));
    if (lines.length === 0 || bad >= 0)
      throw new Failure(
        `${name}: a secret of at least 32 bytes in hexadecimal on each line is expected${bad < 0 ? '' : `, and secret ${bad + 1} is not`}; "openssl rand -hex 32" makes one`,
      );
    return ticketSealer({ crypto: autoProvider(), secrets: lines.map((line) => fromHex(line.toLowerCase())) });
  }

  use(next: TicketSealer): void {
    this.#current = next;
  }

  close(): void {
    this.#redis?.sessions.close();
  }

  #inRedis(url: string): TicketSealer {
    if (this.#redis?.url === url) return this.#redis.sealer;
    const place = parseRedisUrl(url);
    if (place === undefined)
      throw new Failure('ticket-redis: redis://[:PASSWORD@]HOST:PORT[/PREFIX] or redis+unix:/PATH is expected');
    this.#redis?.sessions.close();
    const sessions = new RedisSessions(place, this.#note);
    const sealer = storedTickets(sessions, autoProvider());
    this.#redis = { url, sessions, sealer };
    return sealer;
  }

  seal(...given: Parameters<TicketSealer['seal']>): ReturnType<TicketSealer['seal']> {
    return this.#current.seal(...given);
  }

  open(...given: Parameters<TicketSealer['open']>): ReturnType<TicketSealer['open']> {
    return this.#current.open(...given);
  }
}
