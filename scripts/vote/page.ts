/** The figures of docs/conformance/vote.md, between its marks. */
import type { Result } from './hold.ts';
import type { Group } from './tally.ts';

export function renderPage(page: string, result: Result, groups: readonly Group[]): string {
  const parts: readonly (readonly [name: string, text: string])[] = [
    ['figures', figures(result)],
    ['refused', causes(groups.filter(({ cause }) => cause?.refuses.includes('warifu') === true))],
    ['taken', causes(groups.filter(({ cause }) => cause?.refuses.includes('warifu') === false))],
    ['alone', alone(result, groups)],
  ];
  return parts.reduce((text, [name, content]) => between(text, name, content), page);
}

function between(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`;
}

function figures({ count, seed, extensions, judges, taken, dissents }: Result): string {
  const rows = Object.entries(judges).map(([name, { version, taken: many }]) => {
    const [refused, accepted] = [false, true].map(
      (ours) => dissents.filter((one) => name in one.theirs && (one.ours === null) === ours).length,
    );
    return `| ${name} | ${version} | ${number(many)} | ${number(accepted ?? 0)} | ${number(refused ?? 0)} |`;
  });
  return [
    `${number(count)} cases (seed ${seed}), with ${number(extensions)} extensions of others; ${number(dissents.length)} of them are judged otherwise by at least one.`,
    '',
    '| judge | version | takes | refuses what warifu takes | takes what warifu refuses |',
    '| --- | --- | --- | --- | --- |',
    `| warifu, \`default\` | | ${number(taken)} | | |`,
    ...rows,
  ].join('\n');
}

function causes(groups: readonly Group[]): string {
  const rows = groups.map(({ cause, numbers, judges }) => {
    const who = [...judges].map(([name, many]) => `${name} ${number(many)}`).join(', ');
    return `| ${cell(cause!.id)} | ${number(numbers.size)} | ${who} | ${cell(cause!.rule)} | ${cell(cause!.why)} |`;
  });
  return ['| cause | cases | who differs | rule | why |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** What no other takes, by everything that is a cause of it. */
function alone({ dissents }: Result, groups: readonly Group[]): string {
  const counts = new Map<string, number>();
  let cases = 0;
  for (const { number: which, alone: only, ours } of dissents) {
    if (!only || ours !== null) continue;
    cases++;
    const why = groups.filter(({ alone: own }) => own.has(which)).map(({ title }) => title);
    const key = why.sort().join('; ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const [most, rest] = [sorted.slice(0, MOST_SHOWN), sorted.slice(MOST_SHOWN)];
  const others = rest.reduce((sum, [, many]) => sum + many, 0);
  return [
    `${number(cases)} cases are taken by warifu alone, each for the causes of the table above, mostly several at once:`,
    '',
    '| cases | causes |',
    '| --- | --- |',
    ...most.map(([why, many]) => `| ${number(many)} | ${cell(why)} |`),
    ...(others > 0 ? [`| ${number(others)} | ${number(rest.length)} other combinations of the same causes |`] : []),
  ].join('\n');
}

const MOST_SHOWN = 25;

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
