/** Holds a vote: cases are made, everybody is asked, and what differs is kept. */
import { type Corpus, makeCase, type VoteCase } from './cases.ts';
import { type Answer, type Judge, openJudge } from './judges.ts';
import { judgeOurselves } from './ours.ts';
import { type Dissent, dissentOf } from './tally.ts';

const BATCH = 200;

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

export interface VoteOptions {
  readonly count: number;
  readonly seed: number;
  readonly corpus: Corpus;
  /** As many cases as this is enough for. */
  readonly minutes: number;
  /** By name. */
  readonly judges: readonly string[];
  readonly say: (line: string) => void;
}

/** @throws Error where no other judge is installed. */
export async function holdVote({ count, seed, corpus, minutes, judges: names, say }: VoteOptions): Promise<Result> {
  const judges: Judge[] = [];
  for (const name of names) {
    const judge = openJudge(name);
    if (typeof judge === 'string') say(judge);
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
      say(`${from + cases.length} cases, ${((performance.now() - start) / 1000).toFixed(0)} s`);
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

/** What was not answered in time, or not at all, is asked once more: a busy machine is no answer. */
export async function askAgain(result: Result, corpus: Corpus): Promise<Result> {
  const lost = (answer: string | null): boolean => answer?.startsWith('error: it ') === true;
  if (!result.dissents.some(({ theirs }) => Object.values(theirs).some(lost))) return result;
  const open = Object.keys(result.judges).flatMap((name) => {
    const judge = openJudge(name);
    return typeof judge === 'string' ? [] : [judge];
  });
  const dissents: Dissent[] = [];
  const judges = Object.fromEntries(Object.entries(result.judges).map(([name, judge]) => [name, { ...judge }]));
  for (const dissent of result.dissents) {
    const names = Object.keys(dissent.theirs).filter((name) => lost(dissent.theirs[name]!));
    if (names.length === 0) {
      dissents.push(dissent);
      continue;
    }
    const test = makeCase(dissent.number, result.seed, corpus);
    const answers = new Map<string, Answer>();
    for (const judge of open) answers.set(judge.name, (await judge.ask([lineOf(test)]))[0]);
    for (const name of names) if (answers.has(name) && answers.get(name) === undefined) judges[name]!.taken++;
    const again = dissentOf(test.number, test.tags, (await judgeOurselves(test)).answer, answers);
    if (again !== undefined) dissents.push(again);
  }
  for (const judge of open) judge.close();
  return { ...result, judges, dissents };
}
