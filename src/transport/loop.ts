import type { Turns } from './turns.ts';

/**
 * Does what there is to do, step by step: later, with nothing of the program above it, and not for longer than others can
 * wait. What happens meanwhile only asks for it to run again.
 */
export class Loop {
  readonly #step: () => boolean;
  readonly #turns: Turns;
  #scheduled = false;
  #running = false;
  /** Something has happened while it was running. */
  #again = false;

  /** @param step does one thing. False: there is nothing to do until something happens. */
  constructor(step: () => boolean, turns: Turns) {
    this.#step = step;
    this.#turns = turns;
  }

  /** There is something to do. */
  schedule(): void {
    this.#again = true;
    if (this.#scheduled || this.#running) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turns.run(this.#turn));
  }

  /** Works until there is nothing to do, or others should have their turn. */
  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#running = true;
    // A handler of the program may throw: that is the program's matter, not the connection's, which works on.
    let isDone = false;
    try {
      do {
        this.#again = false;
        isDone = !this.#step() && !this.#again;
      } while (!isDone && !this.#turns.exhausted);
    } finally {
      this.#running = false;
      if (!isDone) this.schedule();
    }
  };
}
