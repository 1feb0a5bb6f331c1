import cluster, { type Worker } from 'node:cluster';
import { Failure } from '../failure.ts';
import { loadMaterial } from './material.ts';
import { joinSamples, type Sample } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Snapshot } from './snapshot.ts';
import { Revocations } from './trust.ts';

/** The primary's side of worker processes: all get the same files and the same secret for tickets. */

/** What the primary tells a worker. Files go along, so that all workers have the same ones. */
export type ToWorker =
  | {
      readonly type: 'apply';
      readonly id: number;
      readonly files: ReadonlyMap<string, Uint8Array>;
      readonly secret: Uint8Array;
    }
  | { readonly type: 'samples'; readonly id: number }
  | { readonly type: 'drain'; readonly id: number; readonly milliseconds: number };

/** What a worker answers. */
export interface FromWorker {
  readonly id: number;
  /** What went wrong. */
  readonly error?: string;
  readonly samples?: readonly Sample[];
  readonly isReady?: boolean;
  readonly addresses?: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

/** What a worker says first. */
export const READY = 0;

/** Milliseconds that a worker has for an answer. */
const PATIENCE = 60_000;

export class WorkerGroup {
  readonly #wanted: number;
  readonly #secret: Uint8Array;
  readonly #note: (text: string) => void;
  readonly #waiting = new Map<
    number,
    { resolve(answer: FromWorker): void; reject(error: Error): void; readonly worker: Worker }
  >();
  #workers: readonly Worker[] = [];
  /** Fulfilled when a worker listens to what it is told. */
  readonly #ready = new WeakMap<Worker, Promise<void>>();
  #files: ReadonlyMap<string, Uint8Array> = new Map();
  #addresses: FromWorker['addresses'] = [];
  #next = 1;
  #restarts = 0;
  #isEnding = false;
  /** What workers counted that are no more, so that no counter goes back. */
  #kept: readonly Sample[] = [];
  readonly #last = new Map<number, readonly Sample[]>();

  constructor(wanted: number, secret: Uint8Array, note: (text: string) => void) {
    this.#wanted = wanted;
    this.#secret = secret;
    this.#note = note;
    cluster.setupPrimary({ serialization: 'advanced' });
    cluster.on('exit', (worker, code, signal) => this.#ended(worker, code, signal));
  }

  /** Every worker, or none: one that cannot is told to go back to what it had. */
  async apply(plan: Plan, files: Snapshot): Promise<void> {
    // Here first: what is wrong is found before any worker is told, and all of them get the files that were read.
    for (const { settings, byName } of plan.listeners)
      await loadMaterial(settings, byName, files, {
        tickets: undefined,
        revocations: new Revocations(),
        staples: new Map(),
        note: () => {},
      });
    const secrets = plan.settings['ticket-secret-file'];
    if (secrets !== undefined) files.read(secrets);
    const before = this.#files;
    this.#files = files.files;
    if (this.#workers.length === 0) {
      this.#workers = Array.from({ length: this.#wanted }, () => this.#fork());
      const answers = await Promise.all(this.#workers.map((worker) => this.#apply(worker)));
      this.#addresses = answers[0]?.addresses ?? [];
      return;
    }
    const outcomes = await Promise.allSettled(this.#workers.map((worker) => this.#apply(worker)));
    const bad = outcomes.find((outcome) => outcome.status === 'rejected');
    if (bad === undefined) return;
    this.#files = before;
    await Promise.allSettled(this.#workers.map((worker) => this.#apply(worker)));
    throw bad.reason;
  }

  addresses(): readonly { readonly name: string; readonly addresses: readonly string[] }[] {
    return this.#addresses ?? [];
  }

  async isReady(): Promise<boolean> {
    const answers = await this.#askAll();
    return answers.length > 0 && answers.some(({ isReady }) => isReady === true);
  }

  async samples(): Promise<readonly Sample[]> {
    const answers = await this.#askAll();
    return joinSamples([
      ...answers.map(({ samples = [] }) => samples),
      this.#kept,
      [
        { name: 'warifu_workers', labels: {}, value: this.#workers.length },
        { name: 'warifu_worker_restarts_total', labels: {}, value: this.#restarts },
        { name: 'warifu_resident_bytes', labels: {}, value: process.memoryUsage.rss() },
      ],
    ]);
  }

  async drain(milliseconds: number): Promise<void> {
    this.#isEnding = true;
    const gone = this.#workers.map((worker) => new Promise<void>((done) => worker.once('exit', () => done())));
    const id = this.#next++;
    for (const worker of this.#workers) this.#send(worker, { type: 'drain', id, milliseconds });
    await Promise.all(gone);
  }

  #fork(): Worker {
    const worker = cluster.fork();
    let ready: () => void = () => {};
    this.#ready.set(worker, new Promise((done) => (ready = done)));
    worker.on('message', (message: FromWorker) => {
      if (message.id === READY) ready();
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.samples !== undefined) this.#last.set(worker.id, message.samples);
      if (message.error === undefined) waiting?.resolve(message);
      else waiting?.reject(new Failure(message.error));
    });
    worker.on('error', (error) => this.#note(`worker ${worker.process.pid}: ${error.message}`));
    return worker;
  }

  /** One that ends is replaced; its connections are lost, those of others are not. */
  #ended(worker: Worker, code: number, signal: string | null): void {
    for (const [id, { reject, worker: asked }] of this.#waiting) {
      if (asked !== worker) continue;
      this.#waiting.delete(id);
      reject(new Failure('a worker ended before it answered'));
    }
    const last = this.#last.get(worker.id) ?? [];
    this.#kept = joinSamples([this.#kept, last.filter(({ name }) => name.endsWith('_total'))]);
    this.#last.delete(worker.id);
    if (!this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((one) => one !== worker);
    if (this.#isEnding) return;
    this.#restarts++;
    this.#note(`worker ${worker.process.pid} ended (${signal ?? code}); another takes its place`);
    const next = this.#fork();
    this.#workers = [...this.#workers, next];
    this.#apply(next).catch((error: unknown) => {
      this.#note(`a new worker cannot begin: ${error instanceof Error ? error.message : String(error)}`);
      // Not at once, and for ever.
      setTimeout(() => next.kill(), 1_000);
    });
  }

  #apply(worker: Worker): Promise<FromWorker> {
    return this.#ask(worker, (id) => ({ type: 'apply', id, files: this.#files, secret: this.#secret }));
  }

  async #askAll(): Promise<readonly FromWorker[]> {
    const answers = await Promise.allSettled(
      this.#workers.map((worker) => this.#ask(worker, (id) => ({ type: 'samples', id }))),
    );
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  #ask(worker: Worker, make: (id: number) => ToWorker): Promise<FromWorker> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Failure('a worker does not answer'));
      }, PATIENCE);
      timer.unref();
      this.#waiting.set(id, {
        worker,
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      // What it is told before that would be lost.
      void this.#ready.get(worker)?.then(() => this.#send(worker, make(id)));
    });
  }

  #send(worker: Worker, message: ToWorker): void {
    if (worker.isConnected()) worker.send(message);
  }
}
