/**
 * Conversations with a misbehaving peer, changed at random and kept when they reach a place that none has reached before:
 * `npm run fuzz:coverage -- --minutes 10 [--seed 1] [--corpus .cache/fuzz]`. Certificates and files of keys take a
 * turn now and then.
 *
 * What is kept is written to the corpus, a line each, and read at the start. A case that ends in anything but a TlsError or
 * a good end is made as small as it can be, written to `failures.jsonl` there, and ends the run; `--replay FILE` runs the
 * cases of a file. Memory is measured after a collection, once a minute.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generator } from '../test/engine/mutate.ts';
import { judgeChanged } from '../test/fuzz/certificates.ts';
import { converse, type Input } from '../test/fuzz/conversation.ts';
import { startCoverage } from '../test/fuzz/coverage.ts';
import { type Edit, randomEdit } from '../test/fuzz/edits.ts';
import { readChanged } from '../test/fuzz/files.ts';
import { TARGETS } from '../test/fuzz/targets.ts';

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
process.on('unhandledRejection', (reason) => {
  throw reason;
});
const collect = (globalThis as { gc?: () => void }).gc!;
if (collect === undefined) throw new Error('memory can be measured only with node --expose-gc');
const MEGABYTE = 1_048_576;
/** Runs between two looks at what was reached. */
const BATCH = 5;
const MAX_EDITS = 6;
/** More than that, and something is kept that should not be. */
const MAX_GROWTH = 64 * MEGABYTE;

const replay = option('replay');
if (replay !== undefined) {
  for (const line of readFileSync(replay, 'utf8').trim().split('\n')) console.log(converse(JSON.parse(line) as Input));
} else {
  await fuzz(
    Number(option('minutes') ?? 1),
    Number(option('seed') ?? Date.now() % 1_000_000),
    option('corpus') ?? '.cache/fuzz',
  );
}

async function fuzz(minutes: number, seed: number, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'corpus.jsonl');
  const corpus: Input[] = TARGETS.map((target) => ({ target, edits: [] }));
  const coverage = startCoverage('/src/');
  if (existsSync(file)) {
    const kept = readFileSync(file, 'utf8').trim().split('\n');
    for (const line of kept) corpus.push(JSON.parse(line) as Input);
  }
  const said = new Map<string, number>();
  const outcomes = new Map<string, number>();
  let runs = 0;
  const run = (input: Input): void => {
    runs++;
    const { ended, messages } = converse(input);
    if (input.edits.length === 0) said.set(input.target, messages);
    outcomes.set(ended, (outcomes.get(ended) ?? 0) + 1);
  };
  for (const input of corpus) guarded(input, folder, run);
  coverage.news();
  console.log(`seed ${seed}; ${corpus.length} cases reach ${coverage.places} places`);

  const random = generator(seed);
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 60_000;
  collect();
  const heap = process.memoryUsage().heapUsed;
  let reported = 0;
  let places = coverage.places;
  while (elapsed() < minutes) {
    const batch = Array.from({ length: BATCH }, () => next(corpus, said, random));
    for (const input of batch) guarded(input, folder, run);
    if (coverage.news() > 0) {
      // Which of them it was is not known: all that reached something unusual are kept, and the rest goes its way.
      for (const input of batch) {
        corpus.push(input);
        appendFileSync(file, `${JSON.stringify(input)}\n`);
      }
    }
    // Those are a seed each, and nothing of them is kept; what they reach is no merit of a conversation.
    for (const judge of [judgeChanged, judgeChanged, readChanged]) {
      runs++;
      await judge(random.next(2 ** 31));
    }
    coverage.news();
    if (Math.floor(elapsed()) <= reported) continue;
    reported = Math.floor(elapsed());
    collect();
    const grown = process.memoryUsage().heapUsed - heap;
    console.log(
      `${reported} min: ${runs} runs, ${Math.round(runs / (elapsed() * 60))}/s; ${corpus.length} cases, ` +
        `${coverage.places} places (${coverage.places - places} new), ${outcomes.size} ways to end, heap ${(grown / MEGABYTE).toFixed(1)} MB more`,
    );
    places = coverage.places;
    if (grown > MAX_GROWTH) throw new Error('memory grows');
  }
  console.log(
    `${runs} runs in ${elapsed().toFixed(1)} minutes, ${coverage.places} places; no case ended badly. How they ended:`,
  );
  for (const [ended, count] of [...outcomes].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(count).padStart(9)}  ${ended}`);
  coverage.close();
}

/** A new case from old ones: one more change, one less, another, or the changes of two. */
function next(
  corpus: readonly Input[],
  said: ReadonlyMap<string, number>,
  random: ReturnType<typeof generator>,
): Input {
  const { target, edits } = corpus[random.next(corpus.length)]!;
  const fresh = (): Edit => randomEdit(random, (said.get(target) ?? 4) + 1);
  const out = [...edits];
  switch (random.next(5)) {
    case 0:
      if (out.length > 0) out.splice(random.next(out.length), 1);
      out.push(fresh());
      break;
    case 1: {
      const other = corpus[random.next(corpus.length)]!.edits;
      out.push(...other.slice(random.next(other.length + 1)));
      break;
    }
    case 2: {
      const at = random.next(Math.max(1, out.length));
      const changed = out[at];
      out[at] = changed === undefined ? fresh() : { ...changed, value: random.next(65_536) };
      break;
    }
    default:
      out.push(fresh());
  }
  return { target, edits: out.slice(-MAX_EDITS) };
}

function guarded(input: Input, folder: string, run: (input: Input) => void): void {
  try {
    run(input);
  } catch (error) {
    const small = smallest(input);
    const file = join(folder, 'failures.jsonl');
    writeFileSync(file, `${JSON.stringify(small)}\n`);
    console.log(`a case that ends badly, in ${file}:\n${JSON.stringify(small)}`);
    throw error;
  }
}

/** The same fault with as few changes as can be. */
function smallest(input: Input): Input {
  const fails = (one: Input): boolean => {
    try {
      converse(one);
      return false;
    } catch {
      return true;
    }
  };
  let best = input;
  for (let index = 0; index < best.edits.length; ) {
    const less = { ...best, edits: best.edits.filter((_, at) => at !== index) };
    if (fails(less)) best = less;
    else index++;
  }
  return best;
}
