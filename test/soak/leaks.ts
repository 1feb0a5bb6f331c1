import { createHook } from 'node:async_hooks';

/** What is alive in this process that may have been forgotten: as Node counts it. */
export interface Census {
  /** Live by kind: `Timeout`, `TCPSOCKETWRAP`, `PROMISE` … */
  live(): ReadonlyMap<string, number>;
  stop(): void;
}

/** Counts what is created from now on and is not gone. Promises are gone when they are collected: collect first. */
export function startCensus(): Census {
  const kinds = new Map<number, string>();
  const hook = createHook({
    init: (id, kind) => void kinds.set(id, kind),
    destroy: (id) => void kinds.delete(id),
  }).enable();
  return {
    live: () => {
      const counts = new Map<string, number>();
      for (const kind of kinds.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return counts;
    },
    stop: () => void hook.disable(),
  };
}

/** Lets what waits for its turn have it, and forgets what is not needed. */
export async function settled(): Promise<void> {
  const collect = (globalThis as { gc?: () => void }).gc;
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect?.();
  }
}
