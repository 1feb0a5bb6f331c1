/**
 * What warifu and others that validate chains in JavaScript say of cases whose answer is known:
 * `npm run compare:certs -- FOLDER [--write]`.
 *
 * The folder holds `limbo.json`, `bettertls.json.gz` and `pkits.json` as `conformance:certs` reads them. The others are
 * dependencies of a package of its own, `scripts/compare`, and are installed there when they are needed. Each runs in a
 * process of its own; one that does not answer within ten seconds has failed that case. `--write` puts the figures into
 * docs/validate.md.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readPem } from '../src/pki/index.ts';
import { deviation, runsOf } from './conformance/suites.ts';
import { Judge } from './vote/judges.ts';

const HOME = fileURLToPath(new URL('./compare/', import.meta.url));
const PAGE = new URL('../docs/validate.md', import.meta.url);
const PATIENCE = 10_000;
const SUITES: readonly string[] = ['limbo', 'bettertls', 'pkits'];
const OTHERS: readonly (readonly [id: string, name: string])[] = [
  ['pkijs', 'pkijs'],
  ['forge', 'node-forge'],
  ['peculiar', '@peculiar/x509'],
];

interface Case {
  /** Base64 of DER. */
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly anchors: readonly string[];
  readonly crls: readonly string[];
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly policies?: object;
  readonly expected: boolean;
}

/** Wrongly accepted, wrongly refused, failed. */
interface Score {
  readonly cases: number;
  readonly accepted: number;
  readonly refused: number;
  readonly failed: number;
}

async function main(): Promise<void> {
  const [folder, ...more] = process.argv.slice(2).filter((argument) => argument !== '--write');
  if (folder === undefined || more.length > 0 || !existsSync(folder)) {
    console.error('usage: npm run compare:certs -- FOLDER [--write]');
    process.exitCode = 2;
    return;
  }
  if (!existsSync(join(HOME, 'node_modules'))) execFileSync('npm', ['ci', '--silent'], { cwd: HOME, stdio: 'inherit' });
  const texts = new Map(SUITES.map((suite) => [suite, textOf(folder, suite)]));
  const rows: string[] = [];
  const show = (name: string, version: string, scores: readonly Score[]): void => {
    const cells = scores.map(({ cases, accepted, refused, failed }) => {
      const wrong = accepted + refused + failed;
      return `${wrong} of ${cases} (${accepted} / ${refused} / ${failed})`;
    });
    rows.push(`| ${name} | ${version} | ${cells.join(' | ')} |`);
    console.log(rows.at(-1));
  };
  const ours: Score[] = [];
  for (const suite of SUITES) ours.push(await ourScore(suite, texts.get(suite)!));
  show('warifu, `validateChain` and `findPath`', '', ours);
  for (const [id, name] of OTHERS) {
    const { version } = JSON.parse(readFileSync(join(HOME, 'node_modules', name, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    const judge = new Judge(name, version, ['node', join(HOME, 'judge.mjs'), id], PATIENCE);
    const scores: Score[] = [];
    for (const suite of SUITES) scores.push(await theirScore(judge, casesOf(suite, texts.get(suite)!)));
    judge.close();
    show(name, version, scores);
  }
  if (!process.argv.includes('--write')) return;
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];
  const head = ['| | version | x509-limbo | BetterTLS | PKITS |', '| --- | --- | --- | --- | --- |'];
  const table = [...head, ...rows].join('\n');
  writeFileSync(
    PAGE,
    `${page.slice(0, page.indexOf(begin) + begin.length)}\n${table}\n${page.slice(page.indexOf(end))}`,
  );
}

/** As `npm run conformance:certs` asks: each namespace of limbo in the profile that it is about. */
async function ourScore(suite: string, text: string): Promise<Score> {
  const found = (await runsOf(suite)![0]![1](text)).map(deviation);
  const of = (kind: string): number => found.filter((one) => one === kind).length;
  return {
    cases: found.length,
    accepted: of('accepted'),
    refused: of('refused'),
    failed: of('failed') + of('skipped'),
  };
}

async function theirScore(judge: Judge, cases: readonly Case[]): Promise<Score> {
  const answers = await judge.ask(cases.map((test) => JSON.stringify(test)));
  let [accepted, refused, failed] = [0, 0, 0];
  for (const [index, { expected }] of cases.entries()) {
    const answer = answers[index];
    if (answer?.startsWith('error: it ') === true) failed++;
    else if (answer === undefined && !expected) accepted++;
    else if (answer !== undefined && expected) refused++;
  }
  return { cases: cases.length, accepted, refused, failed };
}

function textOf(folder: string, suite: string): string {
  const plain = join(folder, `${suite}.json`);
  return existsSync(plain) ? readFileSync(plain, 'utf8') : gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8');
}

interface Suites {
  readonly testcases: readonly {
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
    readonly validation_time: string | null;
    readonly crls: readonly string[];
    readonly expected_result: string;
  }[];
  readonly trust_root: string;
  readonly validation_time: string;
  readonly tests: readonly {
    readonly chain: readonly string[];
    readonly certs: readonly string[];
    readonly crls: readonly string[];
    readonly expected: string;
    readonly initial_policy_set: readonly string[];
    readonly initial_explicit_policy: boolean;
    readonly initial_policy_mapping_inhibit: boolean;
    readonly initial_inhibit_any_policy: boolean;
  }[];
  readonly certs: { readonly [name: string]: string };
  readonly crls: { readonly [name: string]: string };
}

function casesOf(suite: string, text: string): readonly Case[] {
  const all = JSON.parse(text) as Suites;
  const base64 = (pem: string): readonly string[] => readPem(pem).map(({ der }) => Buffer.from(der).toString('base64'));
  if (suite === 'limbo')
    return all.testcases.map((test) => ({
      leaf: base64(test.peer_certificate)[0]!,
      intermediates: test.untrusted_intermediates.flatMap(base64),
      anchors: test.trusted_certs.flatMap(base64),
      crls: test.crls.flatMap(base64),
      time: test.validation_time === null ? Date.now() : Date.parse(test.validation_time),
      expected: test.expected_result === 'SUCCESS',
    }));
  const time = Date.parse(all.validation_time);
  if (suite === 'bettertls')
    return all.tests.map(({ chain, expected }) => ({
      leaf: chain[0]!,
      intermediates: chain.slice(1),
      anchors: [all.trust_root],
      crls: [],
      time,
      expected: expected === 'SUCCESS',
    }));
  return all.tests.map((test) => {
    const certs = test.certs.map((name) => all.certs[name]!);
    return {
      leaf: certs.at(-1)!,
      intermediates: certs.slice(1, -1),
      anchors: certs.slice(0, 1),
      crls: test.crls.map((name) => all.crls[name]!),
      time,
      policies: {
        initialPolicySet: test.initial_policy_set,
        initialExplicitPolicy: test.initial_explicit_policy,
        initialPolicyMappingInhibit: test.initial_policy_mapping_inhibit,
        initialInhibitPolicy: test.initial_inhibit_any_policy,
      },
      expected: test.expected === 'SUCCESS',
    };
  });
}

await main();
