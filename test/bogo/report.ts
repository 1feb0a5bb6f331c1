import { coreLine, familyTable, type Tally, unimplementedTable } from './summary.ts';

/** docs/conformance/bogo.md: the same run gives the same page. @param commit of BoringSSL, whose runner it was. */
export function report(tally: Tally, commit: string): string {
  const { all, disabled, failures } = tally;
  const core = coreLine(tally);
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
    `- All ${all.run + all.disabled} tests: ${all.passed} passed; ${all.failed} failed, ${all.unimplemented} not implemented, ${all.disabled} disabled.`,
    ...(core === undefined ? [] : [`- ${core.replace('group', 'Group')}.`]),
    '',
    'Group A is what every library of TLS 1.2 and 1.3 over TCP has to do. The other tests are of DTLS, QUIC, older versions,',
    'drafts, functions of BoringSSL, and of features that a library may have: raw public keys, keys agreed on beforehand,',
    'certificate compression, ECH and more. Every test that is disabled has its reason below: either a choice that the RFCs',
    'leave or ask for, or something that is not there.',
    '',
    'Some tests are of what this library leaves off until a program asks for it by name. The shim asks: for the suites, the',
    'signatures over SHA-1 and the hello of SSL 2 in `warifu/legacy`; for ML-KEM without a classical half; for connections',
    'of TLS 1.2 without extended master secret (`requireExtendedMasterSecret: false`); for servers without',
    'renegotiation_info (`requireRenegotiationInfo: false`); and for a HelloRequest that ends the connection.',
    '',
    '```sh',
    'npm run bogo -- RUNNER                             # every test that is not disabled',
    'npm run bogo -- RUNNER --test "KeyUpdate-*" --failures',
    'npm run bogo -- RUNNER --doc --commit COMMIT       # this page',
    '```',
    '',
    'RUNNER is `ssl/test/runner` of BoringSSL, compiled with `go test -c`.',
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
      ({ reason, tests, core: ofCore, globs }) =>
        `| ${reason} | ${tests} | ${ofCore} | ${globs.map((glob) => `\`${glob}\``).join(' ')} |`,
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
