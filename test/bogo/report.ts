import { coreLine, familyTable, type Tally, unimplementedTable } from './summary.ts';

/** docs/conformance/bogo.md: the same run gives the same page. @param commit of BoringSSL, whose runner it was. */
export function report(tally: Tally, commit: string): string {
  const { all, disabled, failures } = tally;
  const lines = [
    '# BoGo',
    '',
    '<!-- Made by `npm run bogo -- RUNNER --doc --commit COMMIT`. -->',
    '',
    'BoringSSL tests itself with BoGo: a peer that keeps the rules of TLS, except for the one that a test is about. The',
    'shim in `test/bogo` lets it speak to this library, as client and as server. The runner is built elsewhere; nothing of',
    'it is in this repository.',
    '',
    `Runner: BoringSSL ${commit}.`,
    '',
    `- ${all.run + all.disabled} tests in all: ${all.passed} passed, ${all.failed} failed, ${all.unimplemented} not implemented by`,
    `  the shim or the library, ${all.disabled} disabled, each with a reason.`,
    ...(tally.core === undefined ? [] : [`- ${coreLine(tally)}.`]),
    '',
    'Group A is what every library of TLS 1.2 and 1.3 over TCP has to do. The other tests are of DTLS, QUIC, older versions,',
    'drafts, functions of BoringSSL, and of features that a library may have: raw public keys, keys agreed on beforehand,',
    'certificate compression, ECH and more.',
    '',
    ...(failures.length === 0 ? [] : ['## Failed', '', ...failures.map(([name]) => `- \`${name}\``), '']),
    '## Families',
    '',
    ...familyTable(tally),
    '',
    '## Disabled',
    '',
    'A test is counted with the first pattern that fits its name.',
    '',
    '| reason | tests | in group A | patterns |',
    '| --- | --: | --: | --- |',
    ...disabled.map(
      ({ reason, tests, core, globs }) =>
        `| ${reason} | ${tests} | ${core} | ${globs.map((glob) => `\`${glob}\``).join(' ')} |`,
    ),
    '',
    '## Not implemented',
    '',
    'A test ends at the first thing that the shim does not know; most are flags of the runner.',
    '',
    ...unimplementedTable(tally),
  ];
  return `${lines.join('\n')}\n`;
}
