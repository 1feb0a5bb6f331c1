import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { ListenSettings } from './options.ts';
import type { Target } from './places.ts';

/** The servers behind a listener: which is next, which are healthy. */

export type PoolSettings = Pick<
  ListenSettings,
  | 'to'
  | 'balance'
  | 'connect-timeout'
  | 'health'
  | 'health-path'
  | 'health-interval'
  | 'health-timeout'
  | 'health-rise'
  | 'health-fall'
  | 'slow-start'
>;

/** A server and how it is doing. */
export interface Server {
  readonly target: Target;
  /** Connections or requests that it has now. */
  active: number;
  isHealthy: boolean;
  /** What was wrong the last time. */
  lastFailure: string | undefined;
  /** Milliseconds since 1970: when it became healthy; 0: from the beginning. */
  healthySince: number;
  /** Looks in a row with the other outcome. */
  streak: number;
  /** Smooth weighted round robin: what it is owed. */
  owed: number;
  connections: number;
  failures: number;
}

/** Picks servers, looks at their health, and keeps what is known of them when the list changes. */
export class Pool {
  #settings: PoolSettings;
  #servers: readonly Server[];
  #timer: NodeJS.Timeout | undefined;
  readonly #tell: (text: string) => void;

  constructor(settings: PoolSettings, tell: (text: string) => void) {
    this.#settings = settings;
    this.#tell = tell;
    this.#servers = settings.to.map((target) => fresh(target));
  }

  get servers(): readonly Server[] {
    return this.#servers;
  }

  /** Servers that get connections. */
  get usable(): number {
    return this.#servers.filter(({ isHealthy, target }) => isHealthy && target.weight > 0).length;
  }

  /** A server that is still there keeps its state; one that has gone keeps its connections until they end. */
  update(settings: PoolSettings): void {
    const before = this.#servers;
    const isRunning = this.#timer !== undefined;
    this.stop();
    this.#settings = settings;
    this.#servers = settings.to.map((target) => {
      const known = before.find((one) => one.target.name === target.name);
      return known === undefined ? fresh(target) : Object.assign(known, { target });
    });
    if (isRunning) this.start();
  }

  /** Begins to look at the servers. */
  start(): void {
    if (this.#timer !== undefined) return;
    const look = (): void => {
      for (const server of this.#servers) void this.#look(server);
    };
    this.#timer = setInterval(look, this.#settings['health-interval']);
    this.#timer.unref();
    if (this.#settings.health !== 'off') look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * The next server; undefined: there is none that was not tried. Those that are thought unhealthy come last: what is
   * thought of them may be old.
   * @param client its address, for `hash`.
   */
  pick(client: string | undefined, tried: ReadonlySet<Server> = new Set()): Server | undefined {
    const left = this.#servers.filter((server) => server.target.weight > 0 && !tried.has(server));
    const healthy = left.filter(({ isHealthy }) => isHealthy);
    const candidates = healthy.length > 0 ? healthy : left;
    switch (this.#settings.balance) {
      case 'hash':
        return byHash(candidates, client ?? '');
      case 'least-connections':
        return this.#leastConnections(candidates);
      case 'round-robin':
        return this.#roundRobin(candidates);
    }
  }

  /** What a connection met counts as a look. */
  report(server: Server, failure: string | undefined): void {
    if (failure !== undefined) server.failures++;
    this.#note(server, failure);
  }

  #roundRobin(candidates: readonly Server[]): Server | undefined {
    let best: Server | undefined;
    let total = 0;
    for (const server of candidates) {
      const weight = this.#weight(server);
      server.owed += weight;
      total += weight;
      if (best === undefined || server.owed > best.owed) best = server;
    }
    if (best !== undefined) best.owed -= total;
    return best;
  }

  #leastConnections(candidates: readonly Server[]): Server | undefined {
    const loads = candidates.map((server) => ({ server, load: (server.active + 1) / this.#weight(server) }));
    const least = Math.min(...loads.map(({ load }) => load));
    return this.#roundRobin(loads.filter(({ load }) => load === least).map(({ server }) => server));
  }

  /** Less while a server that came back is warming up, and never nothing. */
  #weight({ target, healthySince }: Server): number {
    const warm = this.#settings['slow-start'];
    const age = Date.now() - healthySince;
    return target.weight * (healthySince === 0 || age >= warm ? 1 : Math.max(0.1, age / warm));
  }

  async #look(server: Server): Promise<void> {
    if (this.#settings.health === 'off') {
      // Only clients find out; from time to time one may try again.
      if (!server.isHealthy) this.#setHealthy(server, true);
      return;
    }
    const failure =
      this.#settings.health === 'http' ? await this.#lookByHttp(server.target) : await this.#lookByTcp(server.target);
    if (this.#servers.includes(server)) this.#note(server, failure);
  }

  #note(server: Server, failure: string | undefined): void {
    if (failure !== undefined) server.lastFailure = failure;
    if ((failure === undefined) === server.isHealthy) {
      server.streak = 0;
      return;
    }
    server.streak++;
    const needed = server.isHealthy ? this.#settings['health-fall'] : this.#settings['health-rise'];
    if (server.streak >= needed) this.#setHealthy(server, !server.isHealthy);
  }

  #setHealthy(server: Server, isHealthy: boolean): void {
    server.isHealthy = isHealthy;
    server.streak = 0;
    server.owed = 0;
    server.healthySince = isHealthy ? Date.now() : 0;
    this.#tell(
      isHealthy
        ? `server ${server.target.name}: it is back`
        : `server ${server.target.name}: it is down (${server.lastFailure ?? 'it does not answer'})`,
    );
  }

  #lookByTcp(target: Target): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = connect(addressOf(target));
      const done = (failure: string | undefined): void => {
        socket.destroy();
        resolve(failure);
      };
      socket.setTimeout(this.#settings['health-timeout'], () => done('it does not answer in time'));
      socket.once('connect', () => done(undefined)).once('error', (error) => done(reasonOf(error)));
    });
  }

  #lookByHttp(target: Target): Promise<string | undefined> {
    return new Promise((resolve) => {
      const asked = request({
        ...(target.path === undefined ? { host: target.host, port: target.port } : { socketPath: target.path }),
        path: this.#settings['health-path'],
        headers: {
          host: target.path === undefined ? target.name : 'localhost',
          'user-agent': 'warifu-health',
          connection: 'close',
        },
        agent: false,
      });
      const timer = setTimeout(() => done('it does not answer in time'), this.#settings['health-timeout']);
      const done = (failure: string | undefined): void => {
        clearTimeout(timer);
        asked.destroy();
        resolve(failure);
      };
      asked.once('response', ({ statusCode = 0 }) =>
        done(
          statusCode >= 200 && statusCode < 400
            ? undefined
            : `it answers ${statusCode} to ${this.#settings['health-path']}`,
        ),
      );
      asked.on('error', (error) => done(reasonOf(error)));
      asked.end();
    });
  }
}

/** What went wrong, in words. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOENT':
      return 'there is no such socket';
    case 'ETIMEDOUT':
      return 'it does not answer in time';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be resolved';
    case 'ECONNRESET':
      return 'connection reset';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** A connection to a server, once it is there. Rejects when there is none in time. */
export function dial(target: Target, timeout: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...addressOf(target), noDelay: true, allowHalfOpen: true });
    const timer = setTimeout(() => socket.destroy(new Error('it does not answer in time')), timeout);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', failed).once('connect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

export function addressOf({
  host,
  port,
  path,
}: Target): { readonly path: string } | { readonly host: string; readonly port: number } {
  return path === undefined ? { host, port } : { path };
}

function fresh(target: Target): Server {
  return {
    target,
    active: 0,
    isHealthy: true,
    lastFailure: undefined,
    healthySince: 0,
    streak: 0,
    owed: 0,
    connections: 0,
    failures: 0,
  };
}

/**
 * Weighted rendezvous hashing: a server that goes moves only its own clients, and the others stay where they are.
 */
function byHash(candidates: readonly Server[], client: string): Server | undefined {
  let best: Server | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const server of candidates) {
    const digest = createHash('sha256').update(`${client}\n${server.target.name}`).digest();
    const unit = (digest.readUIntBE(0, 6) + 1) / (2 ** 48 + 1);
    const score = -server.target.weight / Math.log(unit);
    if (score > highest) [best, highest] = [server, score];
  }
  return best;
}
