import { createServer, type Server as NetServer } from 'node:net';
import { Failure } from '../failure.ts';
import { codeOf } from '../terminal.ts';
import { type Client, Front, type Live } from './front.ts';
import { HttpFront } from './http/front.ts';
import type { AccessLog } from './log.ts';
import type { Material } from './material.ts';
import type { Metrics } from './metrics.ts';
import type { Where } from './places.ts';
import type { ListenerPlan } from './plan.ts';
import { Pool } from './pool.ts';
import { listenOn, placeText } from './sockets.ts';
import { serveTcp } from './tcp.ts';

/** One listener: its addresses, its servers, and what is in use for it now. */

export interface ListenerParts {
  readonly log: AccessLog;
  readonly metrics: Metrics;
  note(text: string): void;
}

/** A socket that listens, and where. */
interface Bound {
  readonly where: Where;
  readonly server: NetServer;
}

export class Listener {
  readonly name: string;
  readonly #parts: ListenerParts;
  readonly #front: Front;
  readonly #http: HttpFront;
  readonly #pool: Pool;
  #plan: ListenerPlan;
  #live: Live;
  #material: Material;
  #bound: readonly Bound[] = [];

  constructor(plan: ListenerPlan, material: Material, parts: ListenerParts) {
    this.name = plan.name;
    this.#parts = parts;
    this.#plan = plan;
    this.#material = material;
    this.#live = { settings: plan.settings, context: material.context };
    this.#pool = new Pool(plan.settings, (text) => parts.note(`${this.name}: ${text}`));
    const inner = {
      name: this.name,
      settings: () => this.#live.settings,
      pool: this.#pool,
      log: parts.log,
      metrics: parts.metrics,
    };
    this.#http = new HttpFront(inner);
    this.#front = new Front({
      ...inner,
      live: () => this.#live,
      note: parts.note,
      take: (client) => this.#take(client, inner),
    });
    parts.metrics.gauge(() => this.#samples());
  }

  /** Where it listens, ports of the system's choice included. */
  get addresses(): readonly string[] {
    return this.#bound.map(({ where, server }) => placeText(where, server));
  }

  get pool(): Pool {
    return this.#pool;
  }

  get open(): number {
    return this.#front.open;
  }

  get material(): Material {
    return this.#material;
  }

  /**
   * Listens where the plan says and not yet; what that opened can be taken back.
   * @throws Failure when it cannot; then nothing is opened.
   */
  async listen(plan: ListenerPlan): Promise<() => void> {
    const opened: Bound[] = [];
    const wanted = [
      ...plan.addresses.map((where) => ({ where, isRedirect: false })),
      ...plan.settings['redirect-from'].map((where) => ({
        where: { ...where, port: where.port ?? 80 },
        isRedirect: true,
      })),
    ];
    const undo = (): void => {
      this.#bound = this.#bound.filter((one) => !opened.includes(one));
      for (const { server } of opened) server.close();
    };
    for (const { where, isRedirect } of wanted) {
      if (this.#bound.some((one) => isSamePlace(one.where, where))) continue;
      try {
        const server = isRedirect ? this.#http.redirectServer() : createServer({ allowHalfOpen: true, noDelay: true });
        if (!isRedirect) this.#front.serve(server);
        await listenOn(server, where);
        opened.push({ where, server });
      } catch (error) {
        undo();
        throw new Failure(`it cannot listen on ${where.text} (${codeOf(error)})`);
      }
    }
    this.#bound = [...this.#bound, ...opened];
    return undo;
  }

  /** Puts a plan and what was loaded for it in the place of what is in use: for connections that come from now on. */
  use(plan: ListenerPlan, material: Material): void {
    this.#plan = plan;
    this.#material = material;
    this.#live = { settings: plan.settings, context: material.context };
    this.#pool.update(plan.settings);
    const wanted = [...plan.addresses, ...plan.settings['redirect-from']];
    for (const { where, server } of this.#bound) if (!wanted.some((one) => isSamePlace(one, where))) server.close();
    this.#bound = this.#bound.filter(({ where }) => wanted.some((one) => isSamePlace(one, where)));
  }

  start(): void {
    this.#pool.start();
  }

  get plan(): ListenerPlan {
    return this.#plan;
  }

  /** Takes nothing new, and waits for what there is; after the time it is closed. */
  async drain(milliseconds: number): Promise<void> {
    this.#pool.stop();
    for (const { server } of this.#bound) server.close();
    this.#bound = [];
    this.#http.drain();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, milliseconds);
    });
    await Promise.race([this.#front.ended(), late]);
    clearTimeout(timer);
    this.#front.closeAll();
    this.#http.close();
    await this.#front.ended();
  }

  #take(client: Client, parts: ConstructorParameters<typeof HttpFront>[0]): void {
    if (this.#live.settings.http) this.#http.take(client);
    else
      serveTcp(client, parts).catch((error: unknown) => {
        this.#parts.note(`${this.name}: ${String(error)}`);
        client.socket.destroy();
      });
  }

  #samples(): ReturnType<Metrics['samples']> {
    const listener = this.name;
    return [
      ...this.#pool.servers.flatMap(({ target, isHealthy, active, connections, failures }) => {
        const labels = { listener, server: target.name };
        return [
          { name: 'warifu_server_healthy', labels, value: isHealthy ? 1 : 0 },
          { name: 'warifu_server_active', labels, value: active },
          { name: 'warifu_server_connections_total', labels, value: connections },
          { name: 'warifu_server_failures_total', labels, value: failures },
        ];
      }),
      ...this.#material.certificates.map(({ subject, serial, notAfter }) => ({
        name: 'warifu_certificate_expires_seconds',
        labels: { listener, subject, serial },
        value: Math.floor(notAfter.getTime() / 1_000),
      })),
    ];
  }
}

function isSamePlace(a: Where, b: Where): boolean {
  return a.path === b.path && a.host === b.host && (a.port ?? 80) === (b.port ?? 80);
}
