/**
 * Certificates against cases that others made, through the public functions:
 * `npm run conformance:certs -- <folder> [--list] [--json] [--noble]`.
 *
 * The folder holds files by the names that `suites.ts` knows, each as `.json` or `.json.gz`; any of them may be missing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import type { Row } from './conformance/row.ts';
import { type Deviation, deviation, type Run, runsOf } from './conformance/suites.ts';

interface Result {
  readonly suite: string;
  readonly cases: number;
  readonly asExpected: number;
  readonly wronglyAccepted: number;
  readonly wronglyRefused: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
  const [folder, ...more] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (folder === undefined || more.length > 0 || unknown !== undefined) {
    console.error('usage: npm run conformance:certs -- <folder> [--list] [--json] [--noble]');
    process.exitCode = 2;
    return;
  }
  if (!existsSync(folder)) {
    console.error(`there is no folder ${folder}`);
    process.exitCode = 2;
    return;
  }
  const json = flags.includes('--json');
  const results: Result[] = [];
  if (!json) console.log(line('suite', 'cases', 'as expected', 'accepted', 'refused', 'failed', 'skipped', 'seconds'));
  for (const file of readdirSync(folder).sort()) {
    const name = /^(.*)\.json(?:\.gz)?$/.exec(file)?.[1];
    if (name === undefined) continue;
    const runs = runsOf(name);
    if (runs === undefined) {
      if (!json) console.log(`${name}: unknown suite`);
      continue;
    }
    for (const [suite, run] of runs) {
      const start = performance.now();
      const rows = await rowsOf(join(folder, file), run, flags.includes('--noble'));
      const result = count(suite, rows, (performance.now() - start) / 1000);
      results.push(result);
      if (!json) show(result, rows, flags.includes('--list'));
    }
  }
  if (json) console.log(JSON.stringify(results));
}

const FLAGS: readonly string[] = ['--list', '--json', '--noble'];

/** A file that cannot be read at all is one case that failed. */
async function rowsOf(path: string, run: Run, noble: boolean): Promise<readonly Row[]> {
  try {
    const bytes = readFileSync(path);
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return await run(text, noble ? nobleProvider().verifier : undefined);
  } catch (error) {
    return [
      { id: path, expected: 'a suite', found: 'ERROR', note: error instanceof Error ? error.message : `${error}` },
    ];
  }
}

function count(suite: string, rows: readonly Row[], seconds: number): Result {
  const of = (kind: Deviation | undefined): number => rows.filter((row) => deviation(row) === kind).length;
  return {
    suite,
    cases: rows.length,
    asExpected: of(undefined),
    wronglyAccepted: of('accepted'),
    wronglyRefused: of('refused'),
    failed: of('failed'),
    skipped: of('skipped'),
    seconds: Math.round(seconds * 100) / 100,
  };
}

function show(result: Result, rows: readonly Row[], list: boolean): void {
  const { suite, cases, asExpected, wronglyAccepted, wronglyRefused, failed, skipped, seconds } = result;
  const slowest = rows.reduce<Row | undefined>((a, b) => ((b.seconds ?? 0) > (a?.seconds ?? 0) ? b : a), undefined);
  const numbers = [cases, asExpected, wronglyAccepted, wronglyRefused, failed, skipped, seconds.toFixed(2)].map(String);
  const slow = slowest && `  slowest ${((slowest.seconds ?? 0) * 1000).toFixed(0)} ms: ${slowest.id}`;
  console.log(`${line(suite, ...numbers)}${slow ?? ''}`);
  if (!list) return;
  for (const row of rows) {
    const kind = deviation(row);
    if (kind === undefined) continue;
    console.log(
      `  ${kind}: ${row.id}: expected ${row.expected}, found ${row.found}${row.note ? ` (${row.note})` : ''}`,
    );
  }
}

function line(suite: string, ...columns: readonly string[]): string {
  return [suite.padEnd(24), ...columns.map((column) => column.padStart(11))].join(' ');
}

await main();
