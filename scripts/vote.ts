/**
 * A vote on certificates: `npm run vote -- COUNT [--seed N] [--vectors FOLDER] [--minutes N] [--save FILE] [--from FILE] [--case N]`.
 *
 * Makes chains from extensions of the field, oddities, names below constraints, and authorities that certify one another;
 * asks us, OpenSSL, Go, rustls-webpki, pyca/cryptography and GnuTLS, each where it is installed; and puts every
 * disagreement down to a cause of `vote/causes.ts`. Fails when one has none, when a stricter profile takes what the default
 * one refuses, and when a case costs us more than a quarter of a second of CPU.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeCase, type VoteCase } from './vote/cases.ts';
import { askAgain, holdVote, type Result } from './vote/hold.ts';
import { JUDGES } from './vote/judges.ts';
import { renderPage } from './vote/page.ts';
import { realExtensions } from './vote/real.ts';
import { type Group, tally } from './vote/tally.ts';

/** Milliseconds of CPU for one case. */
const SLOW = 250;

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
  const corpus = realExtensions(values.vectors);
  const held =
    values.from === undefined
      ? await holdVote({
          count,
          seed,
          corpus,
          minutes: Number(values.minutes),
          judges: JUDGES,
          say: console.log,
        })
      : (JSON.parse(readFileSync(values.from, 'utf8')) as Result);
  const result = await askAgain(held, corpus);
  if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(result));
  const groups = tally(result.dissents);
  report(result, groups);
  if (values.write) writeFileSync(PAGE, renderPage(readFileSync(PAGE, 'utf8'), result, groups));
}

const PAGE = new URL('../docs/conformance/vote.md', import.meta.url);

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
  if (slowest.ms > SLOW) console.log(`case ${slowest.number} took ${slowest.ms} ms of CPU`);
  const unexplained = groups.filter(({ cause }) => cause === undefined).length;
  console.log(
    `${groups.length - unexplained} causes explained, ${unexplained} not; ${errors.length} errors; slowest case ${slowest.ms} ms`,
  );
  if (unexplained > 0 || errors.length > 0 || slowest.ms > SLOW) process.exitCode = 1;
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
