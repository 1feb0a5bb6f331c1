import { familiesOf } from './families.ts';

/** One test, as the runner reports it. */
export interface Result {
  readonly actual: 'PASS' | 'FAIL' | 'SKIP';
  readonly error?: string;
}

interface Run {
  /** Every test there is. */
  readonly names: readonly string[];
  /** Of those that were run. */
  readonly results: { readonly [name: string]: Result };
  /** Globs with their reasons. */
  readonly disabled: { readonly [glob: string]: string };
  /** Why, once for each test that was not implemented. */
  readonly unimplemented: readonly string[];
  /** Names that are counted apart. */
  readonly apart: readonly string[] | undefined;
  /** Print each failure. */
  readonly failures: boolean;
}

const COLUMNS = ['run', 'passed', 'failed', 'unimplemented', 'disabled'] as const;
type Column = (typeof COLUMNS)[number];
type Counts = { [C in Column]: number };

/** The figures of a run, as Markdown. */
export function summarize(run: Run): string {
  const globs = Object.entries(run.disabled).map(([glob, reason]) => ({ matches: globToRegExp(glob), reason, glob }));
  const families = familiesOf(run.names);
  const rows = new Map<string, Counts>();
  const reasons = new Map<string, number>();
  const total = noCounts();
  const apart = noCounts();
  const used = new Set<string>();
  const named = new Set(run.apart);
  for (const name of run.names) {
    const family = families.get(name)!;
    const row = rows.get(family) ?? noCounts();
    rows.set(family, row);
    const glob = globs.find(({ matches }) => matches.test(name));
    if (glob !== undefined) used.add(glob.glob);
    const column = columnOf(run.results[name], glob !== undefined);
    if (column === undefined) continue;
    if (column === 'disabled') add(reasons, glob!.reason);
    for (const counts of named.has(name) ? [row, total, apart] : [row, total]) {
      counts[column]++;
      if (column !== 'disabled') counts.run++;
    }
  }
  const lines = [
    `| family | ${COLUMNS.join(' | ')} |`,
    `| --- | ${COLUMNS.map(() => '--:').join(' | ')} |`,
    ...[...rows]
      .filter(([, row]) => COLUMNS.some((column) => row[column] > 0))
      .map(([family, row]) => line(family, row)),
    line('**all**', total),
    ...(run.apart === undefined ? [] : [line('**of the names given**', apart)]),
    '',
    '| disabled because | tests |',
    '| --- | --: |',
    ...sorted(reasons).map(([reason, count]) => `| ${reason} | ${count} |`),
    '',
    '| not implemented | tests |',
    '| --- | --: |',
    ...sorted(count(run.unimplemented)).map(([reason, count]) => `| ${reason} | ${count} |`),
  ];
  for (const { glob } of globs) if (!used.has(glob) && run.names.length > 0) lines.push('', `no test matches ${glob}`);
  const failed = Object.entries(run.results).filter(([, { actual }]) => actual === 'FAIL');
  for (const [name, { error }] of failed) lines.push('', `FAILED ${name}${run.failures ? `\n${error}` : ''}`);
  return lines.join('\n');
}

function columnOf(result: Result | undefined, disabled: boolean): Column | undefined {
  if (result === undefined) return disabled ? 'disabled' : undefined;
  return result.actual === 'PASS' ? 'passed' : result.actual === 'FAIL' ? 'failed' : 'unimplemented';
}

/** As Go's filepath.Match, for names without slashes. */
function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^$(){}|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

function noCounts(): Counts {
  return { run: 0, passed: 0, failed: 0, unimplemented: 0, disabled: 0 };
}

function line(name: string, counts: Counts): string {
  return `| ${name} | ${COLUMNS.map((column) => counts[column]).join(' | ')} |`;
}

function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) add(counts, value);
  return counts;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a);
}
