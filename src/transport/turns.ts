import { lazy } from '../bytes/lazy.ts';

/** For how long connections may hold the event loop before others have their turn, in milliseconds. */
const LONGEST = 10;
/** So little work, in milliseconds, that it is not worth finding out when the event loop has turned. */
const LITTLE = 2;

/**
 * Shares out the event loop: work is done at once, until the work of one turn of the loop has taken about ten
 * milliseconds; what is left waits, in order, for the next turn. Connections that come in bursts share one.
 */
export class Turns {
  /** Milliseconds of this turn of the event loop that are used up. */
  #spent = 0;
  /** When the task that runs now began. */
  #began: number | undefined;
  #waiting: (() => void)[] = [];
  #armed = false;

  /** Runs the task now, or in a later turn of the event loop. */
  run(task: () => void): void {
    if (this.#waiting.length === 0 && !this.exhausted) {
      this.#measure(task);
      return;
    }
    this.#waiting.push(task);
    this.#arm();
  }

  /** A task that sees this should stop, and ask to be run again. */
  get exhausted(): boolean {
    const running = this.#began === undefined ? 0 : performance.now() - this.#began;
    return this.#spent + running >= LONGEST;
  }

  #measure(task: () => void): void {
    const outer = this.#began;
    const began = performance.now();
    this.#began ??= began;
    try {
      task();
    } finally {
      this.#began = outer;
      // A task inside another is counted with it.
      if (outer === undefined) this.#spent += performance.now() - began;
      if (this.#spent >= LITTLE) this.#arm();
    }
  }

  /** Begins to count anew when the event loop has turned. */
  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    nextTurn(() => {
      this.#armed = false;
      this.#spent = 0;
      const waiting = this.#waiting;
      let next = 0;
      try {
        while (next < waiting.length && !this.exhausted) this.#measure(waiting[next++]!);
      } finally {
        this.#waiting = waiting.slice(next);
        if (this.#waiting.length > 0) this.#arm();
      }
    });
  }
}

/** Runs the task when the event loop has turned: others have had their chance. */
export function nextTurn(task: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(task);
  else if (typeof MessageChannel === 'function') messages().run(task);
  else setTimeout(task, 0);
}

/**
 * Turns of the event loop by messages: in a page a timer comes after 4 milliseconds at the earliest when it was set by
 * another, and after a second in one that is hidden.
 */
class Messages {
  readonly #port: MessagePort;
  readonly #tasks: (() => void)[] = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => this.#tasks.shift()?.();
    this.#port = port2;
  }

  run(task: () => void): void {
    this.#tasks.push(task);
    this.#port.postMessage(undefined);
  }
}

const messages = /* @__PURE__ */ lazy(() => new Messages());

/** A timer that does not keep a process alive. Returns how to stop it. */
export function after(milliseconds: number, task: () => void): () => void {
  const timer: unknown = setTimeout(task, milliseconds);
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}
