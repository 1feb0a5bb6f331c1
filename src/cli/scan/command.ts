import { padColumns, wrapColumns } from '../../bytes/width.ts';
import type { Command, Given } from '../command.ts';
import { readTrust, TRUST_OPTIONS } from '../connect/options.ts';
import { readTarget } from '../connect/target.ts';
import { EXIT, usage } from '../failure.ts';
import { coloured, type Terminal } from '../terminal.ts';
import { type Scan, scan } from './scan.ts';
import { gradeOf } from './suites.ts';
import { jsonText } from '../json-text.ts';

/** `warifu scan` */
export const scanCommand: Command = {
  name: 'scan',
  summary: 'versions, suites, groups, certificates of a server, and what is to be mended',
  operands: 'HOST[:PORT]',
  help: `
Asks a server for everything that there is, one after the other: versions (back to SSL 3), cipher suites and groups in the
server's order, application protocols, sessions; looks at its certificates; and says what is to be mended. No data is sent. The
exit code is 1 when something is bad: an old version, a broken suite, a certificate that is refused or expires soon.

  warifu scan example.com
  warifu scan localhost:8443 --anchors ca/root.crt --days 30 --json
`,
  options: {
    anchors: TRUST_OPTIONS.anchors!,
    crl: TRUST_OPTIONS.crl!,
    'server-name': TRUST_OPTIONS['server-name']!,
    sni: TRUST_OPTIONS.sni!,
    days: { type: 'string', value: 'DAYS', help: 'that the certificates have to be valid from now on (default: 14)' },
    timeout: { type: 'string', value: 'TIME', help: 'for each connection (default: 10s)' },
  },
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  const [operand, ...more] = given.positionals;
  if (operand === undefined || more.length > 0) throw usage('one HOST[:PORT] is wanted');
  const found = await scan({
    target: readTarget(operand, 443),
    trust: readTrust(given, terminal),
    given,
    terminal,
    milliseconds: given.time('timeout', 1) ?? 10_000,
    days: given.number('days', 0) ?? 14,
    progress: (what) => {
      if (terminal.columns !== undefined && !given.has('json')) terminal.note(coloured(terminal, 'dim', `… ${what}`));
    },
  });
  terminal.print(given.has('json') ? jsonText(found) : scanText(found, terminal));
  return found.findings.some(({ grade }) => grade === 'bad') ? EXIT.no : EXIT.ok;
}

const WIDTH = 100;
const COLOURS = { good: 'green', old: 'yellow', broken: 'red' } as const;

function scanText(found: Scan, terminal: Terminal): string {
  const { target, versions, connection, alpn, resumption, findings } = found;
  const lines = [coloured(terminal, 'bold', target)];
  const put = (label: string, text: string): void => {
    for (const [index, line] of wrapColumns(text, WIDTH - 14).entries())
      lines.push(`  ${padColumns(index === 0 ? label : '', 12)}${line}`);
  };
  for (const { version, spoken, suites, groups } of versions) {
    const isOld = !['TLS 1.3', 'TLS 1.2'].includes(version);
    const mark = spoken ? coloured(terminal, isOld ? 'red' : 'green', 'yes') : coloured(terminal, 'dim', 'no');
    lines.push(`  ${padColumns(version, 12)}${mark}`);
    for (const suite of suites)
      lines.push(`  ${padColumns('', 14)}${coloured(terminal, COLOURS[gradeOf(suite)], suite)}`);
    if (groups.length > 0) put('', `  groups: ${groups.join(', ')}`);
  }
  for (const { position, certificate, verdict, why } of connection.chain) {
    if (certificate === undefined) continue;
    const colour = verdict === 'yes' ? 'green' : verdict === 'no' ? 'red' : 'yellow';
    lines.push(
      `  ${padColumns(position === 0 ? 'certificates' : '', 14)}${coloured(terminal, colour, certificate.subject)}`,
    );
    put('', `  ${certificate.key}, ${certificate.signature}, ${certificate.daysLeft} days left; ${why}`);
  }
  put('protocols', alpn.length === 0 ? 'none of h2, http/1.1' : alpn.join(', '));
  put('resumption', resumption === undefined ? 'not tried' : resumption ? 'yes' : 'no');
  lines.push('');
  for (const { grade, text } of findings) {
    const mark = grade === 'bad' ? coloured(terminal, 'red', 'BAD ') : coloured(terminal, 'yellow', 'note');
    for (const [index, line] of wrapColumns(text, WIDTH - 6).entries())
      lines.push(`${index === 0 ? mark : '    '}  ${line}`);
  }
  if (findings.length === 0) lines.push(coloured(terminal, 'green', 'nothing to mend'));
  return lines.join('\n');
}
