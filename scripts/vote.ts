/**
 * A vote on certificates: `npm run vote -- COUNT [--seed N] [--vectors FOLDER] [--minutes N] [--save FILE] [--from FILE] [--case N]`.
 *
 * Makes chains from extensions of the field, oddities, names below constraints, and authorities that certify one another;
 * asks us, OpenSSL, Go, rustls-webpki, pyca/cryptography and GnuTLS, each where it is installed; and puts every
 * disagreement down to a cause of `vote/causes.ts`. Fails when one has none, when a stricter profile takes what the default
 * one refuses, and when a case costs us more than a quarter of a second.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Corpus, makeCase, type VoteCase } from './vote/cases.ts';
import { type Answer, type Judge, JUDGES, openJudge } from './vote/judges.ts';
import { judgeOurselves } from './vote/ours.ts';
import { realExtensions } from './vote/real.ts';
import { renderPage } from './vote/page.ts';
import { type Dissent, dissentOf, type Group, tally } from './vote/tally.ts';

const BATCH = 200;
/** Milliseconds for one case. */
const SLOW = 250;

export interface Result {
  readonly count: number;
  readonly seed: number;
  readonly extensions: number;
  /** By judge: its version, how many it takes. */
  readonly judges: { readonly [name: string]: { readonly version: string; readonly taken: number } };
  readonly taken: number;
  readonly slowest: { readonly number: number; readonly ms: number };
  readonly errors: readonly string[];
  readonly dissents: readonly Dissent[];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      vectors: { type: 'string' },
      save: { type: 'string' },
      from: { type: 'string' },
      case: { type: 'string' },
      minutes: { type: 'string', default: 'Infinity' },
      write: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  if (values.case !== undefined) return showCase(makeCase(Number(values.case), seed, realExtensions(values.vectors)));
  const count = Number(positionals[0] ?? '1000');
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    console.error(
      'usage: npm run vote -- COUNT [--seed N] [--vectors FOLDER] [--minutes N] [--save FILE] [--from FILE] [--case N] [--write]',
    );
    process.exitCode = 2;
    return;
  }
  const result =
    values.from === undefined
      ? await hold(count, seed, realExtensions(values.vectors), Number(values.minutes))
      : (JSON.parse(readFileSync(values.from, 'utf8')) as Result);
  if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(result));
  const groups = tally(result.dissents);
  report(result, groups);
  if (values.write) writeFileSync(PAGE, renderPage(readFileSync(PAGE, 'utf8'), result, groups));
}

const PAGE = new URL('../docs/conformance/vote.md', import.meta.url);

/** As many as the time is enough for. */
async function hold(count: number, seed: number, corpus: Corpus, minutes: number): Promise<Result> {
  const judges: Judge[] = [];
  for (const name of JUDGES) {
    const judge = openJudge(name);
    if (typeof judge === 'string') console.log(judge);
    else judges.push(judge);
  }
  if (judges.length === 0) throw new Error('there is no other judge on this machine: a vote of one decides nothing');
  const taken = new Map<string, number>();
  const errors: string[] = [];
  const dissents: Dissent[] = [];
  let ourTaken = 0;
  let slowest = { number: 0, ms: 0 };
  const start = performance.now();
  const batch = (from: number): readonly VoteCase[] =>
    Array.from({ length: Math.max(0, Math.min(BATCH, count - from)) }, (_, index) =>
      makeCase(from + index, seed, corpus),
    );
  let next = batch(0);
  let done = 0;
  while (done < count && performance.now() - start < minutes * 60_000) {
    const from = done;
    const cases = next;
    done += cases.length;
    const lines = cases.map(lineOf);
    const asked = judges.map((judge) => judge.ask(lines));
    const ours: Answer[] = [];
    for (const test of cases) {
      const { answer, took } = await judgeOurselves(test);
      ours.push(answer);
      if (answer === undefined) ourTaken++;
      if (answer?.startsWith('error:') === true) errors.push(`case ${test.number}: ${answer}`);
      if (test.number > 0 && took > slowest.ms) slowest = { number: test.number, ms: Math.round(took) };
    }
    // While the others are still at it.
    next = batch(from + BATCH);
    const theirs = await Promise.all(asked);
    for (const [index, test] of cases.entries()) {
      const answers = new Map(judges.map(({ name }, at) => [name, theirs[at]![index]]));
      for (const [name, answer] of answers) if (answer === undefined) taken.set(name, (taken.get(name) ?? 0) + 1);
      const dissent = dissentOf(test.number, test.tags, ours[index], answers);
      if (dissent !== undefined) dissents.push(dissent);
    }
    if ((from / BATCH) % 10 === 9)
      console.log(`${from + cases.length} cases, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  for (const judge of judges) judge.close();
  return {
    count: done,
    seed,
    extensions: [...corpus.values()].reduce((sum, list) => sum + list.length, 0),
    judges: Object.fromEntries(judges.map(({ name, version }) => [name, { version, taken: taken.get(name) ?? 0 }])),
    taken: ourTaken,
    slowest,
    errors,
    dissents,
  };
}

function lineOf({ time, host, leaf, others, anchors }: VoteCase): string {
  const hex = (der: Uint8Array): string => Buffer.from(der).toString('hex');
  return [time, host, hex(leaf), others.map(hex).join(','), anchors.map(hex).join(',')].join('\t');
}

function report(result: Result, groups: readonly Group[]): void {
  const { count, taken, judges, slowest, errors } = result;
  console.log(`${count} cases; taken by warifu ${taken}`);
  for (const [name, judge] of Object.entries(judges)) console.log(`  by ${name} ${judge.version} ${judge.taken}`);
  for (const { cause, title, numbers, judges: of, alone, example } of groups) {
    const who = [...of].map(([name, many]) => `${name} ${many}`).join(', ');
    console.log(
      `${cause === undefined ? 'UNEXPLAINED' : 'explained  '} ${String(numbers.size).padStart(6)} (alone ${alone.size}) ${title} (${who})`,
    );
    if (cause === undefined) console.log(`              for example case ${[...numbers][0]}: ${example}`);
  }
  for (const error of errors) console.log(error);
  if (slowest.ms > SLOW) console.log(`case ${slowest.number} took ${slowest.ms} ms`);
  const unexplained = groups.filter(({ cause }) => cause === undefined).length;
  console.log(
    `${groups.length - unexplained} causes explained, ${unexplained} not; ${errors.length} errors; slowest case ${slowest.ms} ms`,
  );
  if (unexplained > 0 || errors.length > 0) process.exitCode = 1;
}

function showCase({ number, tags, host, time, leaf, others, anchors }: VoteCase): void {
  console.log(`case ${number}: ${tags.join(', ')}; host ${host}, at ${time}`);
  for (const [title, ders] of [
    ['leaf', [leaf]],
    ['sent with it', others],
    ['trusted', anchors],
  ] as const)
    for (const der of ders)
      console.log(
        `${title}\n-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----`,
      );
}

await main();
