/**
 * Cases made from a seed each, as long as wanted: `npm run fuzz -- [part of a target's name …] [--minutes 1] [--seed N]
 * [--log FILE]`; `--list` says which targets there are, `--only SEED` runs one case of each.
 *
 * The targets share the time of this process equally. Prints, and with `--log` writes, how much of it each has had, how many
 * cases, and how they ended. Stops at the first that ends in anything but a TlsError or well, with the seed that repeats
 * it. Memory is measured after a collection.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { generator } from '../test/engine/mutate.ts';
import { SEEDED, type SeededTarget } from '../test/fuzz/seeded.ts';

const MEGABYTE = 1_048_576;
/** Process time of one turn of a target, in milliseconds. */
const TURN = 2_000;
/** More than that, and something is kept that should not be. */
const MAX_GROWTH = 96 * MEGABYTE;

interface Tally {
  readonly name: string;
  readonly target: SeededTarget;
  /** Process time, in milliseconds. */
  spent: number;
  cases: number;
  readonly outcomes: Map<string, number>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string' },
    log: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const tallies: Tally[] = Object.entries(SEEDED)
  .filter(([name]) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
  .map(([name, target]) => ({ name, target, spent: 0, cases: 0, outcomes: new Map() }));
if (tallies.length === 0) throw new Error('no target has such a name; --list shows all');

/** Those that run now: what escapes them is not theirs by any other sign. */
let running = '';
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (reason) => {
    console.error(`${event} in ${running}:`, reason);
    process.exit(1);
  });

if (values.list) for (const { name } of tallies) console.log(name);
else if (values.only === undefined) await fuzz(Number(values.minutes), Number(values.seed));
else
  for (const { name, target } of tallies) {
    running = `${name}, seed ${values.only}`;
    console.log(`${name}: ${await target.run(Number(values.only))}`);
  }

async function fuzz(minutes: number, seed: number): Promise<void> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('memory can be measured only with node --expose-gc');
  console.log(`seed ${seed}`);
  const random = generator(seed);
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 60_000;
  let heap: number | undefined;
  let reported = 0;
  while (elapsed() < minutes) {
    const least = tallies.reduce((a, b) => (a.spent <= b.spent ? a : b));
    await turn(least, random);
    if (Math.floor(elapsed()) <= reported) continue;
    reported = Math.floor(elapsed());
    collect();
    // Caches are filled in the first minutes.
    heap ??= process.memoryUsage().heapUsed;
    const grown = process.memoryUsage().heapUsed - heap;
    report(`${reported} min, heap ${(grown / MEGABYTE).toFixed(1)} MB more`);
    if (grown > MAX_GROWTH) throw new Error('memory grows');
  }
  report(`${elapsed().toFixed(1)} minutes, no case ended badly`);
  process.exit(0);
}

/** Cases of one target, until it has had its turn. */
async function turn(tally: Tally, random: { next(below: number): number }): Promise<void> {
  const { name, target, outcomes } = tally;
  const before = process.cpuUsage();
  for (let spent = 0; spent < TURN; ) {
    const seeds = Array.from({ length: target.together }, () => random.next(2 ** 31));
    running = `${name}, one of the seeds ${seeds.slice(0, 200).join(' ')}`;
    for (const ended of await Promise.all(seeds.map((seed) => target.run(seed))))
      outcomes.set(ended, (outcomes.get(ended) ?? 0) + 1);
    tally.cases += seeds.length;
    const { user, system } = process.cpuUsage(before);
    spent = (user + system) / 1_000;
    if (spent >= TURN) tally.spent += spent;
  }
}

function report(title: string): void {
  const total = tallies.reduce((sum, { spent }) => sum + spent, 0);
  const lines = tallies.map(
    ({ name, spent, cases, outcomes }) =>
      `  ${name}: ${(spent / 60_000).toFixed(1)} minutes of process time, ${cases} cases, ${outcomes.size} ways to end`,
  );
  const text = [`${title}; ${(total / 60_000).toFixed(1)} minutes of process time`, ...lines].join('\n');
  console.log(text);
  if (values.log === undefined) return;
  const ends = tallies.flatMap(({ name, outcomes }) =>
    [...outcomes]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 60)
      .map(([ended, count]) => `${name}\t${count}\t${ended}`),
  );
  writeFileSync(values.log, `${text}\n${ends.join('\n')}\n`);
}
