import { type Cell, type Outcome, type Peer, ROLES, type Role, SCENARIOS, type Scenario, VERSIONS } from './types.ts';

/** docs/interop.md from the cells: a table for each role, and a note for what is not tried. */
export function documentOf(peers: readonly Peer[], cells: readonly Cell[]): string {
  const notes: string[] = [];
  const tables = ROLES.map((role) => `## Our ${role}\n\n${table(role, peers, cells, notes)}`);
  return `# With others

<!-- Made by \`npm run interop -- --doc\`. -->

Our two roles with programs that were not written here, over loopback. \`npm run interop\` runs all of it with the peers that the
machine has; \`npm run interop -- --install\` fetches those that come as packages of npm; those that are quick to start run with
the tests.

✓ passed; with a number: the alert with which the server refused, which differs from one to the next. ✗ failed. Blank: the version has no such thing. A number in
brackets: not tried, and why not.

${tables.join('\n\n')}

## Not tried

${notes.map((note, index) => `${index + 1}. ${note}.`).join('\n')}

## Peers

| peer | version |
| --- | --- |
${peers.map((peer) => `| ${peer.name} | ${peer.version() ?? `not here; to get it: ${peer.install}`} |`).join('\n')}

## What the columns mean

| column | what has to be true |
| --- | --- |
${(Object.keys(SCENARIOS) as Scenario[]).map((scenario) => `| ${SCENARIOS[scenario]} | ${MEANING[scenario]} |`).join('\n')}
`;
}

const MEANING: { readonly [scenario in Scenario]: string } = {
  oneWay: 'the client verifies the server; 40,000 bytes go there and come back',
  mutual:
    'the server requires a certificate, and accepts the one it gets. Erlang knows no extended_master_secret with TLS 1.2: with it, and only with it, we do not require that',
  withoutCertificate:
    'the server requires a certificate, gets none, and ends the connection with an alert: ours with certificate_required (116), or handshake_failure (40) with TLS 1.2; of peers 40, 42, 50 and 116 are taken',
  badCertificate: 'the same with a certificate that an unknown authority issued',
  retry: 'the server knows only a group that the client sent no share for; ours asks with a cookie',
  hybrid: 'this group and no other',
  kems: 'each of SecP256r1MLKEM768, SecP384r1MLKEM1024, MLKEM768, MLKEM1024 that the peer has, and no other',
  alpn: 'both have one protocol in common, and agree on it',
  keyUpdate: 'we change our keys and ask for new ones; the peer changes its keys, and data still flows both ways',
  staple: 'the response arrives at the client; where the server is told which one, it is that one',
  large: '10,500,000 bytes go there and come back',
  close:
    'we get the close_notify of the peer; that it gets ours is checked only where it says so (not: OpenSSL, GnuTLS, NSS, Erlang, curl, nginx). s_server is told to close first',
  tickets: 'the second connection resumes the session of the first; with TLS 1.2: RFC 5077',
  ids: 'the same without tickets, by session id',
};

function table(role: Role, peers: readonly Peer[], cells: readonly Cell[], notes: string[]): string {
  const scenarios = Object.keys(SCENARIOS) as Scenario[];
  const rows = peers.flatMap((peer) =>
    VERSIONS.map((version) => {
      const texts = scenarios.map((scenario) => {
        const cell = cells.find(
          (one) => one.role === role && one.peer === peer.name && one.version === version && one.scenario === scenario,
        );
        return cell === undefined ? '' : text(peer, cell.outcome, notes);
      });
      return `| ${peer.name} | ${version} | ${texts.join(' | ')} |`;
    }),
  );
  const head = ['peer', 'TLS', ...scenarios.map((scenario) => SCENARIOS[scenario])];
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows].join('\n');
}

function text(peer: Peer, outcome: Outcome, notes: string[]): string {
  switch (outcome.kind) {
    case 'passed':
      return outcome.alert === undefined ? '✓' : `✓ ${outcome.alert}`;
    case 'failed':
      return '✗';
    case 'none':
      return '';
    case 'cannot':
      return `(${noted(`${peer.name}: ${outcome.why}`, notes)})`;
    case 'not here':
      return `(${noted(`${peer.name} was not on the machine: ${outcome.install}`, notes)})`;
  }
}

function noted(note: string, notes: string[]): number {
  if (!notes.includes(note)) notes.push(note);
  return notes.indexOf(note) + 1;
}
