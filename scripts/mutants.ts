/**
 * Takes code out, one piece at a time, and demands that a test notices: `npm run mutants`. The pieces are in the tables of
 * scripts/mutants/; a piece that no test misses is one that the next change may lose.
 *
 *     npm run mutants -- [--list] [--jobs 2] [--patience SECONDS] [part of a name ...]
 *
 * Works in copies of the tree below the temporary folder, so it can run beside everything else. The exit code is 0 only
 * when every piece was missed by an assertion: not by a file that no longer loads, and not by a clock.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { allMutants } from './mutants/all.ts';
import { type Applied, applyMutant, type Mutant } from './mutants/mutant.ts';
import { readTree } from './tree.ts';

const ROOT = join(import.meta.dirname, '..');
/** Not copied: what is made, what is large, and what is linked. */
const LEFT_OUT = ['node_modules', 'dist', '.git', '.cache', 'coverage', 'api'];
/** For the tests of one mutant, in seconds. */
const PATIENCE = '180';
let patience = Number(PATIENCE);

type Outcome =
  | { readonly kind: 'noticed'; readonly by: string }
  | { readonly kind: 'SURVIVED' | 'INVALID'; readonly why: string };

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      jobs: { type: 'string' },
      patience: { type: 'string', default: PATIENCE },
    },
  });
  const all = await allMutants();
  const wanted = all.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  if (wanted.length === 0) throw new Error('no mutant has such a name; --list shows all');
  if (values.list) {
    for (const { name } of wanted) console.log(name);
    return;
  }
  const jobs = jobsFrom(values.jobs, wanted.length);
  patience = Number(values.patience);
  const sources = readTree(join(ROOT, 'src'));
  const plan = wanted.map((mutant) => [mutant, applyMutant(mutant, sources)] as const);

  const copies: string[] = [];
  process.on('exit', () => {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  for (let i = 0; i < jobs; i++) copies.push(copyTree());

  await mustPass(copies[0]!, wanted);
  const width = Math.max(...wanted.map(({ name }) => name.length));
  const outcomes: Outcome[] = [];
  const queue = [...plan];
  await Promise.all(
    copies.map(async (copy) => {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
        const [mutant, applied] = entry;
        const outcome = await judge(copy, mutant, applied, sources.get(applied.file)!);
        outcomes.push(outcome);

        const told = outcome.kind === 'noticed' ? outcome.by : outcome.why;
        console.log(`${outcome.kind.padEnd(8)}  ${mutant.name.padEnd(width)}  ${told}`);
      }
    }),
  );
  const noticed = outcomes.filter(({ kind }) => kind === 'noticed').length;
  console.log(`${noticed} of ${outcomes.length} noticed`);
  process.exitCode = noticed === outcomes.length ? 0 : 1;
}

function jobsFrom(given: string | undefined, mutants: number): number {
  const jobs = given === undefined ? Math.max(1, availableParallelism() - 1) : Number(given);
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs: a whole number from 1, not ${given}`);
  return Math.min(jobs, mutants);
}

/** Runs the tests on code that is whole: a test that fails by itself notices nothing. */
async function mustPass(copy: string, mutants: readonly Mutant[]): Promise<void> {
  const files = [...new Set(mutants.flatMap(({ tests }) => tests))];
  const missing = files.filter((file) => !existsSync(join(copy, file)));
  if (missing.length > 0) throw new Error(`no such test: ${missing.join(', ')}`);
  const { report, output } = await vitest(copy, files, undefined);
  if (report?.success !== true) {
    throw new Error(`the tests fail before any code is taken out: ${failedIn(report).join('; ') || output}`);
  }
}

async function judge(copy: string, mutant: Mutant, { file, text }: Applied, whole: string): Promise<Outcome> {
  const path = join(copy, 'src', file);
  writeFileSync(path, text);
  try {
    const { report, output, hung } = await vitest(copy, mutant.tests, mutant.only);
    if (hung) return { kind: 'INVALID', why: `the tests did not end within ${patience} s` };
    if (report === undefined) return { kind: 'INVALID', why: `no report: ${output.slice(-300)}` };
    const failed = failedIn(report);
    if (failed.length > 0) return { kind: 'noticed', by: failed[0]! };
    if (report.numPassedTests === 0) return { kind: 'INVALID', why: loadErrorIn(report) ?? 'no test has run' };
    if (!report.success) return { kind: 'INVALID', why: loadErrorIn(report) ?? 'an error outside of the tests' };
    return { kind: 'SURVIVED', why: `${mutant.tests.join(', ')} did not miss it (src/${file})` };
  } finally {
    writeFileSync(path, whole);
  }
}

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const failedIn = (report: Report | undefined): string[] =>
  (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${basename(name)}: ${fullName.trim()}`),
  );

const loadErrorIn = (report: Report): string | undefined =>
  report.testResults.find(({ message, assertionResults }) => message !== '' && assertionResults.length === 0)?.message;

/** Runs tests in a copy; without a report when the run itself came to nothing. */
async function vitest(
  copy: string,
  files: readonly string[],
  only: string | undefined,
): Promise<{ readonly report: Report | undefined; readonly output: string; readonly hung: boolean }> {
  const json = join(copy, 'report.json');
  rmSync(json, { force: true });
  const args = [join(copy, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=json', `--outputFile=${json}`];
  if (only !== undefined) args.push('--testNamePattern', only);
  const child = spawn(process.execPath, [...args, ...files], { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, patience * 1_000);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const report = existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as Report) : undefined;
  return { report, output, hung };
}

/** The tree without what is made, and with our node_modules linked. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'warifu-mutants-'));
  for (const name of readdirSync(ROOT)) {
    if (LEFT_OUT.includes(name)) continue;
    cpSync(join(ROOT, name), join(copy, name), {
      recursive: true,
      filter: (path) => !LEFT_OUT.includes(basename(path)),
    });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

await main();
