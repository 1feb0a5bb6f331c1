/**
 * Lets a bounded number begin at once; the others wait, the one that came first is next. Under more work than there is time for, those
 * that have begun are done soon, where otherwise all would be late together. One that takes long by itself does not hold its place: after
 * a while it is given to the next.
 */
export class Gate {
  readonly #patience: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** @param patience milliseconds that a place is held. */
  constructor(atOnce: number, patience: number) {
    this.#free = atOnce;
    this.#patience = patience;
  }

  /**
   * @param begin called now, or when it is its turn, with how to give the place back.
   * @returns how to stop waiting.
   */
  enter(begin: (release: () => void) => void): () => void {
    const start = (): void => {
      this.#free--;
      let isHeld = true;
      const release = (): void => {
        if (!isHeld) return;
        isHeld = false;
        clearTimeout(timer);
        this.#free++;
        const [next] = this.#waiting;
        if (next === undefined) return;
        this.#waiting.delete(next);
        next();
      };
      const timer = setTimeout(release, this.#patience);
      timer.unref();
      begin(release);
    };
    if (this.#free > 0) start();
    else this.#waiting.add(start);
    return () => void this.#waiting.delete(start);
  }
}
