import { availableParallelism } from 'node:os';
import type { Server as HttpServer } from 'node:http';
import { EXIT, Failure } from '../failure.ts';
import { codeOf, type Terminal } from '../terminal.ts';
import { adminServer } from './admin.ts';
import type { Sample } from './metrics.ts';
import type { Where } from './places.ts';
import type { Plan } from './plan.ts';
import { freshSecret, Runtime } from './runtime.ts';
import { fingerprintOf, Snapshot } from './snapshot.ts';
import { WorkerGroup } from './workers.ts';

/** The process that was started: it runs the listeners itself, or has workers that do, and watches files and signals. */

export interface Start {
  readonly plan: Plan;
  readonly files: Snapshot;
  read(files: Snapshot): Plan;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** The listeners, wherever they run. */
export interface Group {
  apply(plan: Plan, files: Snapshot): Promise<void>;
  addresses(): readonly { readonly name: string; readonly addresses: readonly string[] }[];
  isReady(): boolean | Promise<boolean>;
  samples(): readonly Sample[] | Promise<readonly Sample[]>;
  drain(milliseconds: number): Promise<void>;
}

/** Runs until it is stopped. */
export async function runPrimary({ plan, files, read, terminal, json }: Start): Promise<number> {
  const note = (text: string): void => terminal.note(`warifu: ${text}`);
  const wanted = plan.settings.workers === 0 ? availableParallelism() : plan.settings.workers;
  const group: Group = wanted > 1 ? new WorkerGroup(wanted, freshSecret(), note) : ownGroup(plan, note);
  await group.apply(plan, files);
  const reloader = new Reloader(group, plan, files, read, note, () => new Snapshot(terminal.path));
  let isEnding = false;
  const admin = plan.settings.admin && (await startAdmin(plan.settings.admin, group, reloader, () => isEnding));
  for (const { name, addresses } of group.addresses())
    terminal.print(
      json ? JSON.stringify({ event: 'listening', listener: name, addresses }) : `listening on ${addresses.join(', ')}`,
    );
  reloader.start();
  const onHangUp = (): void => void reloader.reload('SIGHUP').catch(() => {});
  process.on('SIGHUP', onHangUp);
  const signal = await terminal.untilStopped();
  isEnding = true;
  process.off('SIGHUP', onHangUp);
  reloader.stop();
  note(`${signal}: nothing new is taken; what there is has ${reloader.plan.settings['drain-timeout'] / 1_000} s`);
  await group.drain(reloader.plan.settings['drain-timeout']);
  admin?.closeAllConnections();
  admin?.close();
  return EXIT.ok;
}

function ownGroup(plan: Plan, note: (text: string) => void): Group {
  const runtime = new Runtime(plan, freshSecret(), note);
  return {
    apply: (next, files) => runtime.apply(next, files),
    addresses: () => runtime.listeners.map(({ name, addresses }) => ({ name, addresses })),
    isReady: () => runtime.isReady,
    samples: () => runtime.samples(),
    drain: (milliseconds) => runtime.drain(milliseconds),
  };
}

/** Reads everything anew when it is told to, or when a file has changed. */
class Reloader {
  plan: Plan;
  readonly #group: Group;
  readonly #read: (files: Snapshot) => Plan;
  readonly #note: (text: string) => void;
  readonly #fresh: () => Snapshot;
  #paths: readonly string[];
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #good = 0;
  #bad = 0;

  constructor(
    group: Group,
    plan: Plan,
    files: Snapshot,
    read: (files: Snapshot) => Plan,
    note: (text: string) => void,
    fresh: () => Snapshot,
  ) {
    this.#fresh = fresh;
    this.plan = plan;
    this.#group = group;
    this.#read = read;
    this.#note = note;
    this.#paths = [...files.files.keys()];
    this.#fingerprint = fingerprintOf(this.#paths);
  }

  get samples(): readonly Sample[] {
    return [
      { name: 'warifu_reloads_total', labels: { outcome: 'good' }, value: this.#good },
      { name: 'warifu_reloads_total', labels: { outcome: 'refused' }, value: this.#bad },
    ];
  }

  start(): void {
    const interval = this.plan.settings['reload-interval'];
    if (interval <= 0) return;
    this.#timer = setInterval(() => {
      const now = fingerprintOf(this.#paths);
      if (now === this.#fingerprint) return;
      // Tried once for each state of the files: a pair that is half written is tried again when the other half is there.
      this.#fingerprint = now;
      void this.reload('a file has changed').catch(() => {});
    }, interval);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One after the other. Rejects when what is there now cannot be used; then everything stays as it is. */
  reload(why: string): Promise<void> {
    const next = this.#underWay.then(() => this.#reload(why));
    this.#underWay = next.catch(() => {});
    return next;
  }

  async #reload(why: string): Promise<void> {
    const files = this.#fresh();
    try {
      this.#fingerprint = fingerprintOf(this.#paths);
      const plan = this.#read(files);
      await this.#group.apply(plan, files);
      this.plan = plan;
      this.#paths = [...files.files.keys()];
      // What changed while it was read is read again.
      this.#good++;
      this.#note(`${why}: reloaded`);
    } catch (error) {
      this.#bad++;
      this.#note(
        `${why}: not reloaded, everything stays as it is: ${error instanceof Error ? error.message : String(error)}`,
      );
      throw error;
    }
  }
}

async function startAdmin(
  where: Where,
  group: Group,
  reloader: Reloader,
  isEnding: () => boolean,
): Promise<HttpServer> {
  const server = adminServer({
    isReady: async () => !isEnding() && (await group.isReady()),
    samples: async () => [...(await group.samples()), ...reloader.samples],
    reload: () => reloader.reload('POST /reload'),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Failure(`admin: it cannot listen on ${where.text} (${codeOf(error)})`)));
    if (where.path !== undefined) server.listen(where.path, resolve);
    else server.listen(where.port ?? 9_901, where.host ?? '127.0.0.1', resolve);
  });
  return server;
}
