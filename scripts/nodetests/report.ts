import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LEFT_OUT } from './left-out.ts';

/** What became of one program. */
export interface Outcome {
  /** Of its file. */
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped' | 'left out';
  /** Why it is left out. */
  readonly reason: string;
  readonly output: string;
}

const PAGE = fileURLToPath(new URL('../../docs/conformance/node-tls.md', import.meta.url));

const HEAD = `# Node's own tests

Node's test suite has a program for each thing that \`node:tls\` and \`node:https\` do. \`npm run nodetests -- CHECKOUT\` runs them
with \`warifu/tls\` and \`warifu/https\` in their place, each in a process of its own; CHECKOUT is a copy of Node's \`test/\` (of
Node 25.8 where nothing else is said), which is no part of this repository. \`--native\` runs them with Node's own, for comparison;
\`--node\` takes another Node. This page is written by \`--write\`.

## Figures

Programs that skip themselves want what a Node has not: an OpenSSL program beside it, FIPS, a debugging build. A Node other than the
one the tests are of fails some of them by itself: that is what the lines of Node's own are for.

| Node | | tls: passed | skipped | left out | failed | https: passed | skipped | left out | failed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`;

/** Puts the figures of one run into the page, in place of those of an earlier run with the same Node. */
export function writeReport(version: string, native: boolean, outcomes: readonly Outcome[]): void {
  const before = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  writeFileSync(PAGE, page([...rowsOf(before), row(version, native, outcomes)]));
}

/** The page with these lines of figures; of two that are alike in Node and kind the later one. */
export function page(rows: readonly string[]): string {
  const latest = new Map(rows.map((line) => [line.split('|').slice(1, 3).join('|'), line]));
  return `${HEAD}${[...latest.values()].sort().join('\n')}\n\n${leftOut()}`;
}

/** The lines of figures in a page. */
export function rowsOf(text: string): string[] {
  return text.split('\n').filter((line) => /^\| v\d+\./.test(line));
}

function row(version: string, native: boolean, outcomes: readonly Outcome[]): string {
  const counts = (['tls', 'https'] as const).flatMap((kind) =>
    (['passed', 'skipped', 'left out', 'failed'] as const).map(
      (result) => outcomes.filter((one) => one.name.startsWith(`test-${kind}-`) && one.result === result).length,
    ),
  );
  return `| ${[version, native ? "Node's own" : 'warifu', ...counts].join(' | ')} |`;
}

/** What is left out, by reason. */
function leftOut(): string {
  const byReason = new Map<string, string[]>();
  for (const [name, reason] of LEFT_OUT) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  const lines = [...byReason].map(
    ([reason, names]) => `| ${reason} | ${names.map((name) => `\`${name}\``).join(', ')} |`,
  );
  return `## Left out\n\nEach with its reason; the names are without \`test-\`. What is not here and fails, fails the run.\n\n| a program that | |\n| --- | --- |\n${lines.join('\n')}\n`;
}
