/** Times of small things: the best of several rounds, so that a busy machine shows less. Microseconds. */

export function time(work: () => unknown, budget = 60): number {
  let best = Number.POSITIVE_INFINITY;
  for (const rounds = roundsOf(budget); rounds.more(); ) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < rounds.size; i++) work();
    best = Math.min(best, rounds.done(start));
  }
  return best;
}

export async function timeLater(work: () => Promise<unknown>, budget = 60): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (const rounds = roundsOf(budget); rounds.more(); ) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < rounds.size; i++) await work();
    best = Math.min(best, rounds.done(start));
  }
  return best;
}

interface Rounds {
  size: number;
  more(): boolean;
  done(start: bigint): number;
}

/** Rounds of about two milliseconds, until `budget` milliseconds are spent. */
function roundsOf(budget: number): Rounds {
  const end = performance.now() + budget;
  let first = true;
  const rounds: Rounds = {
    size: 1,
    more: () => first || performance.now() < end,
    done: (start) => {
      const each = Number(process.hrtime.bigint() - start) / 1000 / rounds.size;
      first = false;
      rounds.size = Math.max(1, Math.min(1000, Math.round(2000 / each)));
      return each;
    },
  };
  return rounds;
}

export function row(name: string, ...cells: readonly (number | string)[]): void {
  const texts = cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell).padStart(11));
  console.log(`${name.padEnd(30)}${texts.join('')}`);
}

/** What throws here is not in this runtime. */
export function orNone(measure: () => number): number | string {
  try {
    return measure();
  } catch {
    return '–';
  }
}
