import { after } from './turns.ts';

/** The timers of one connection, by what they are for. None of them keeps a process alive. */
export class Timers {
  /** Only while there is one. */
  #stops: Map<string, () => void> | undefined;

  has(what: string): boolean {
    return this.#stops?.has(what) === true;
  }

  /** Does this once, when so many milliseconds have passed; in place of what was to be done by the same name. */
  set(what: string, milliseconds: number, action: () => void): void {
    this.clear(what);
    const stop = after(milliseconds, () => {
      this.#forget(what);
      action();
    });
    this.#stops ??= new Map();
    this.#stops.set(what, stop);
  }

  clear(what: string): void {
    this.#stops?.get(what)?.();
    this.#forget(what);
  }

  clearAll(): void {
    for (const what of [...(this.#stops?.keys() ?? [])]) this.clear(what);
  }

  #forget(what: string): void {
    this.#stops?.delete(what);
    if (this.#stops?.size === 0) this.#stops = undefined;
  }
}
