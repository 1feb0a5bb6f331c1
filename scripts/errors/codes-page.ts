import { alertName } from '../../src/engine/alerts.ts';
import { type ErrorCode, FAULTS, TlsError } from '../../src/errors.ts';
import { SERVER_FAULTS } from '../../src/testkit/index.ts';
import { CLIENT_13 } from '../../test/negative/client13.ts';
import type { Row } from '../../test/negative/confront.ts';
import { CLIENT_EARLY, SERVER_EARLY } from '../../test/negative/early.ts';
import { records } from '../../test/negative/records.ts';
import { SEALED_12, SEALED_13 } from '../../test/negative/sealed.ts';
import { SERVER_13 } from '../../test/negative/server13.ts';
import { CLIENT_12, SERVER_12 } from '../../test/negative/tls12.ts';
import { frontMatter } from '../front-matter.ts';
import { CODES } from './codes.ts';

/** The rules that a peer breaks in `test/negative/`. */
const ROWS: readonly Row[] = [
  ...[...CLIENT_13, ...SERVER_13, ...CLIENT_12, ...SERVER_12],
  ...[...SEALED_13, ...SEALED_12, ...CLIENT_EARLY, ...SERVER_EARLY, ...records()],
];

/** docs/errors.md: each code with its cause, its remedy, and an example that provokes it. */
export function errorsPage(): string {
  const codes = Object.keys(CODES) as ErrorCode[];
  const rows = Object.entries(FAULTS).map(
    ([code, { alert, rfc, text }]) =>
      `| [\`${code}\`](#${code.toLowerCase()}) | ${alertName(alert)} | ${text} | ${rfc} |`,
  );
  const own = codes.filter((code) => !Object.hasOwn(FAULTS, code));
  return [
    ...frontMatter('Errors'),
    '# Errors',
    '',
    'Everything that this library throws or rejects with is a `TlsError`. Match on `code`, which is stable, and show `message`, which has',
    'what was expected and found. Made from `src/errors.ts` and `scripts/errors/codes.ts` by `npm run docs:generate`. All codes are on',
    'one page, each with an anchor: who looks for one finds it by the search of the browser, and sees its neighbours.',
    '',
    '## Faults of the peer',
    '',
    'Each has one alert, and the rule that was broken; a code without an alert does not compile.',
    '',
    '| code | alert | what happened | rule |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '## Faults of our own side, and of calls',
    '',
    '| code | what happened |',
    '| --- | --- |',
    ...own.map((code) => `| [\`${code}\`](#${code.toLowerCase()}) | ${sentence(code)} |`),
    '',
    '## Each code',
    '',
    ...codes.flatMap(section),
  ].join('\n');
}

function section(code: ErrorCode): string[] {
  const { cause, remedy } = CODES[code];
  return [`### ${code}`, '', cause, '', `**What to do.** ${remedy}`, '', ...exampleOf(code), ''];
}

function exampleOf(code: ErrorCode): string[] {
  const { example } = CODES[code];
  if ('program' in example) return ['```ts', example.program, '```'];
  if ('fault' in example) return ['```ts', programFor(example.fault, example.options), '```'];
  if ('test' in example) return [`Provoked by \`${example.test}\`.`];
  const rules = [...new Set(rulesOf(code))];
  const shown = rules.slice(0, 3).map((rule) => `"${rule}"`);
  const more = rules.length > 3 ? `, and ${rules.length - 3} more` : '';
  return [`Provoked in \`test/negative/\` by a peer that breaks the rule ${shown.join(', ')}${more}.`];
}

/** Of the rules that a peer breaks in `test/negative/`, those that this code is the answer to. */
export function rulesOf(code: ErrorCode): string[] {
  return ROWS.filter((row) => row.code === code).map(({ rule }) => rule);
}

/** A program that meets this fault of the test kit's server. */
function programFor(name: string, options: string | undefined): string {
  const { code } = SERVER_FAULTS.find((fault) => fault.name === name)!;
  const isCertificate = code!.startsWith('CERT_');
  return [
    "import { connect } from 'warifu/node';",
    "import { startBadServer } from 'warifu/testkit';",
    'const server = await startBadServer();',
    `const options = { anchors: server.root, serverName: server.nameOf('${name}')${options === undefined ? '' : `, ${options}`} };`,
    'const error = await connect(server, options).secured().catch((reason) => reason);',
    ...(isCertificate
      ? ["error.code; // 'ERR_PEER_REFUSED'", `error.failure.code; // '${code}'`]
      : [`error.code; // '${code}'`]),
    'await server.close();',
  ].join('\n');
}

/** What a code means, without its name. */
function sentence(code: ErrorCode): string {
  return new TlsError(code).message.slice(code.length + 2);
}
