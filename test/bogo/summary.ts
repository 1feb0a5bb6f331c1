import { familiesOf } from './families.ts';
import { reasonFor } from './reasons.ts';

/** One test, as the runner reports it. */
export interface Result {
  readonly actual: 'PASS' | 'FAIL' | 'SKIP';
  readonly error?: string;
}

/** One test there is. */
export interface Listed {
  readonly name: string;
  /** What the runner tells the shim. */
  readonly flags: readonly string[];
}

export interface Run {
  /** Every test there is. */
  readonly tests: readonly Listed[];
  /** Of those that were run. */
  readonly results: { readonly [name: string]: Result };
  /** Globs with their reasons. */
  readonly disabled: { readonly [glob: string]: string };
  /** Why, once for each test that was not implemented. */
  readonly unimplemented: readonly string[];
  /** Names of group A: what every library of TLS 1.2 and 1.3 over TCP has to do, without anything optional. */
  readonly core: readonly string[] | undefined;
}

const COLUMNS = ['run', 'passed', 'failed', 'unimplemented', 'disabled'] as const;
type Column = (typeof COLUMNS)[number];
export type Counts = { readonly [C in Column]: number };

/** Tests that are left out for one reason. */
export interface LeftOut {
  readonly reason: string;
  readonly globs: readonly string[];
  readonly tests: number;
  /** Of these, in group A. */
  readonly core: number;
}

export interface Tally {
  readonly families: readonly (readonly [family: string, counts: Counts])[];
  readonly all: Counts;
  /** Undefined: it was not said which tests it has. */
  readonly core: { readonly all: Counts; readonly once: Counts; readonly sessions: Counts } | undefined;
  readonly disabled: readonly LeftOut[];
  readonly unimplemented: readonly (readonly [reason: string, tests: number])[];
  /** Globs that fit no test. */
  readonly unused: readonly string[];
  readonly failures: readonly (readonly [name: string, error: string | undefined])[];
}

/** Counts each test once, where it belongs. */
export function tally(run: Run): Tally {
  const globs = Object.entries(run.disabled).map(([glob, reason]) => ({ matches: globToRegExp(glob), reason, glob }));
  const familyOf = familiesOf(run.tests.map(({ name }) => name));
  const families = new Map<string, Count>();
  const leftOut = new Map<string, { globs: string[]; tests: number; core: number }>();
  for (const { glob, reason } of globs) {
    const entry = leftOut.get(reason) ?? { globs: [], tests: 0, core: 0 };
    entry.globs.push(glob);
    leftOut.set(reason, entry);
  }
  const [all, core, once, sessions] = [noCounts(), noCounts(), noCounts(), noCounts()];
  const used = new Set<string>();
  const named = new Set(run.core);
  for (const { name, flags } of run.tests) {
    const family = familyOf.get(name)!;
    const row = families.get(family) ?? noCounts();
    families.set(family, row);
    const glob = globs.find(({ matches }) => matches.test(name));
    for (const one of globs) if (one.matches.test(name)) used.add(one.glob);
    const column = columnOf(run.results[name], glob !== undefined);
    if (column === undefined) continue;
    const isCore = named.has(name);
    if (column === 'disabled') {
      const entry = leftOut.get(glob!.reason)!;
      entry.tests++;
      if (isCore) entry.core++;
    }
    for (const counts of isCore ? [row, all, core, usesSessions(flags) ? sessions : once] : [row, all]) {
      counts[column]++;
      if (column !== 'disabled') counts.run++;
    }
  }
  const reasons = new Map<string, number>();
  for (const reason of run.unimplemented) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    families: [...families].filter(([, row]) => COLUMNS.some((column) => row[column] > 0)),
    all,
    core: run.core === undefined ? undefined : { all: core, once, sessions },
    disabled: [...leftOut].map(([reason, entry]) => ({ reason, ...entry })).sort((a, b) => b.tests - a.tests),
    unimplemented: [...reasons].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)),
    unused: globs.map(({ glob }) => glob).filter((glob) => !used.has(glob)),
    failures: Object.entries(run.results).flatMap(([name, { actual, error }]) =>
      actual === 'FAIL' ? [[name, error] as const] : [],
    ),
  };
}

/** The figures of a run, as Markdown. @param why print why each failure failed. */
export function summarize(tally: Tally, why: boolean): string {
  const lines = [
    ...familyTable(tally),
    '',
    '| disabled because | tests |',
    '| --- | --: |',
    ...tally.disabled.filter(({ tests }) => tests > 0).map(({ reason, tests }) => `| ${reason} | ${tests} |`),
    '',
    ...unimplementedTable(tally),
  ];
  for (const glob of tally.unused) lines.push('', `no test matches ${glob}`);
  for (const [name, error] of tally.failures) lines.push('', `FAILED ${name}${why ? `\n${error}` : ''}`);
  const core = coreLine(tally);
  if (core !== undefined) lines.push('', core);
  return lines.join('\n');
}

export function familyTable({ families, all }: Tally): readonly string[] {
  return [
    `| family | ${COLUMNS.join(' | ')} |`,
    `| --- | ${COLUMNS.map(() => '--:').join(' | ')} |`,
    ...families.map(([family, row]) => line(family, row)),
    line('**all**', all),
  ];
}

export function unimplementedTable({ unimplemented }: Tally): readonly string[] {
  return [
    '| not implemented | tests | because |',
    '| --- | --: | --- |',
    ...unimplemented.map(
      ([what, tests]) =>
        `| ${what.replaceAll('|', '\\|')} | ${tests} | ${reasonFor(what) ?? '**no reason is given**'} |`,
    ),
  ];
}

/** What became of group A. */
export function coreLine({ core }: Tally): string | undefined {
  if (core === undefined) return undefined;
  const of = (counts: Counts): string => `${counts.passed} of ${counts.run + counts.disabled}`;
  const parts = `${of(core.once)} without sessions, ${of(core.sessions)} with sessions, tickets or early data`;
  const rest = `${core.all.failed} failed, ${core.all.unimplemented} not implemented, ${core.all.disabled} disabled`;
  return `group A: ${of(core.all)} passed (${parts}); ${rest}`;
}

/** Does anything of it outlive a connection? */
function usesSessions(flags: readonly string[]): boolean {
  return flags.some((flag) => /^-resume-count$|early-data|ticket|session/.test(flag));
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

type Count = { [C in Column]: number };

function noCounts(): Count {
  return { run: 0, passed: 0, failed: 0, unimplemented: 0, disabled: 0 };
}

function line(name: string, counts: Counts): string {
  return `| ${name} | ${COLUMNS.map((column) => counts[column]).join(' | ')} |`;
}
