import { printable } from '../../bytes/text.ts';
import { padColumns, textWidth, wrapColumns } from '../../bytes/width.ts';
import { coloured, type Terminal } from '../terminal.ts';
import type { ChainEntry } from './certificates.ts';
import type { Report } from './report.ts';

/** A report for people. */

const WIDTH = 100;
const LABEL = 14;

export function reportText(report: Report, terminal: Terminal): string {
  const width = Math.max(60, Math.min(terminal.columns ?? WIDTH, 120));
  return [
    ...headline(report, terminal),
    '',
    ...section('Certificates', certificateRows(report, terminal), width, terminal),
    ...section('Connection', connectionRows(report, terminal), width, terminal),
  ].join('\n');
}

type Row = readonly [label: string, text: string | undefined];

function headline(report: Report, terminal: Terminal): string[] {
  const { target, address, startTls, negotiated, error, failure, ok } = report;
  const where = `${target}${address === undefined || target.includes(address) ? '' : ` (${address})`}${startTls === undefined ? '' : `, after STARTTLS of ${startTls}`}`;
  const mark = ok ? coloured(terminal, 'green', '✓') : coloured(terminal, 'red', '✗');
  const what = [negotiated.version, negotiated.suite, negotiated.group].filter((text) => text !== undefined).join(', ');
  const lines = [`${mark} ${coloured(terminal, 'bold', where)}${what === '' ? '' : `  ${what}`}`];
  const indented = (text: string): string[] =>
    wrapColumns(printable(text), WIDTH - 2).map((line) => `  ${coloured(terminal, 'red', line)}`);
  if (failure !== undefined) lines.push(...indented(`refused: ${failure.message}`));
  if (error !== undefined && error.code !== 'ERR_PEER_REFUSED') lines.push(...indented(error.message));
  if (error?.advice !== undefined) lines.push(`  ${error.advice}`);
  if (failure !== undefined && error === undefined)
    lines.push(
      '  The handshake was finished to look at the rest (--diagnose). No data was sent, and no certificate of ours.',
    );
  if (failure !== undefined && error !== undefined)
    lines.push('  Nothing was sent. --diagnose finishes the handshake to look at the rest, and sends nothing either.');
  return lines;
}

const MARKS = { yes: ['✓', 'green'], no: ['✗', 'red'], unknown: ['?', 'yellow'], unused: ['·', 'dim'] } as const;

function certificateRows({ chain, trustedBy, trusted }: Report, terminal: Terminal): readonly Row[] {
  if (chain.length === 0) return [];
  const rows = chain.flatMap((entry): readonly Row[] => certificateText(entry, terminal));
  if (trusted === true) return rows;
  return [...rows, ['', `trusted here: ${trustedBy}`]];
}

function certificateText({ position, certificate, verdict, why }: ChainEntry, terminal: Terminal): readonly Row[] {
  const [mark, colour] = MARKS[verdict];
  const label = `${coloured(terminal, colour, mark)} ${position ?? 'root'}`;
  if (certificate === undefined) return [[label, why]];
  const { subject, names, key, signature, notAfter, daysLeft, selfIssued, issuer } = certificate;
  const until = daysLeft < 0 ? `expired ${-daysLeft} days ago` : `${daysLeft} days left`;
  const shownNames = names.map(({ kind, value }) => (kind === 'dns' ? value : `${kind} ${value}`));
  return [
    [label, coloured(terminal, 'bold', subject)],
    ['', verdict === 'no' ? coloured(terminal, 'red', why) : coloured(terminal, 'dim', why)],
    [
      '',
      `${key}; signed with ${signature} by ${selfIssued ? 'itself' : issuer}; until ${notAfter.slice(0, 10)}, ${until}`,
    ],
    ...(position === 0 && shownNames.length > 0
      ? [
          [
            '',
            `for ${shownNames.slice(0, 12).join(', ')}${shownNames.length > 12 ? ` and ${shownNames.length - 12} more` : ''}`,
          ] as const,
        ]
      : []),
  ];
}

function connectionRows(report: Report, terminal: Terminal): readonly Row[] {
  const { negotiated, clientCertificate, tickets, milliseconds, ocspStaple, certificateTimestamps, serverName } =
    report;
  const { version, suite, group, signature, alpn, resumed, retried, earlyData, extendedMasterSecret } = negotiated;
  const early =
    earlyData &&
    (earlyData.accepted
      ? `${earlyData.bytes} bytes, taken`
      : `not taken: ${earlyData.reason ?? 'the server did without'}`);
  const { dial, startTls, handshake } = milliseconds;
  return [
    ['version', version],
    ['suite', suite],
    [
      'key exchange',
      group === undefined ? undefined : `${group}${retried === true ? ', after HelloRetryRequest' : ''}`,
    ],
    ['signature', signature],
    ['server name', serverName],
    ['protocol', alpn],
    ['resumed', resumed === true ? coloured(terminal, 'green', 'yes') : undefined],
    ['early data', early],
    [
      'main secret',
      extendedMasterSecret === false && version === 'TLSv1.2' ? 'not bound to the handshake (RFC 7627)' : undefined,
    ],
    [
      'stapled',
      [ocspStaple ? 'OCSP response' : '', certificateTimestamps ? 'timestamps (SCT)' : ''].filter(Boolean).join(', ') ||
        undefined,
    ],
    ['client', clientText(clientCertificate)],
    ['tickets', tickets > 0 ? String(tickets) : undefined],
    [
      'time',
      `${[`dial ${dial} ms`, startTls === undefined ? '' : `plaintext ${startTls} ms`, `handshake ${handshake} ms`].filter(Boolean).join(', ')}`,
    ],
  ];
}

function clientText({ asked, authorities, shown, why }: Report['clientCertificate']): string | undefined {
  if (!asked) return undefined;
  const named = authorities.slice(0, 5).join('; ');
  const from =
    authorities.length === 0
      ? 'it does not say from whom'
      : `from ${named}${authorities.length > 5 ? ` and ${authorities.length - 5} more` : ''}`;
  const what = shown ? 'we showed ours' : `we showed none${why === undefined ? '' : `: ${why}`}`;
  return `it asks for a certificate, ${from}; ${what}`;
}

function section(title: string, rows: readonly Row[], width: number, terminal: Terminal): string[] {
  const lines = rows.flatMap(([label, text]) => {
    if (text === undefined) return [];
    const plain = label.replaceAll(ESCAPE, '');
    return wrapStyled(text, width - LABEL - 2).map(
      (line, index) =>
        `  ${index === 0 ? label + ' '.repeat(Math.max(0, LABEL - textWidth(plain))) : padColumns('', LABEL)}${line}`,
    );
  });
  return lines.length === 0 ? [] : [coloured(terminal, 'bold', title), ...lines, ''];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
const ESCAPE = /\u001b\[\d+m/g;

/** Wraps text that may be in one colour as a whole. */
function wrapStyled(text: string, width: number): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours
  const [, begin = '', inner = text, end = ''] = /^(\u001b\[\d+m)(.*)(\u001b\[0m)$/su.exec(text) ?? [];
  return wrapColumns(inner, width).map((line) => `${begin}${line}${end}`);
}
