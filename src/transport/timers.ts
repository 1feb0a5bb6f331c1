import { after } from './turns.ts';

/** The timers of one connection, by what they are for. None of them keeps a process alive. */
export class Timers {
  readonly #stops: Map<string, () => void> = new Map();

  has(what: string): boolean {
    return this.#stops.has(what);
  }

  /** Does this once, when so many milliseconds have passed; in place of what was to be done by the same name. */
  set(what: string, milliseconds: number, action: () => void): void {
    this.clear(what);
    const stop = after(milliseconds, () => {
      this.#stops.delete(what);
      action();
    });
    this.#stops.set(what, stop);
  }

  clear(what: string): void {
    this.#stops.get(what)?.();
    this.#stops.delete(what);
  }

  clearAll(): void {
    for (const what of [...this.#stops.keys()]) this.clear(what);
  }
}
