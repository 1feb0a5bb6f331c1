import { toHex } from '../../bytes/bytes.ts';
import type { CertificateRequest } from '../../pki/issue/read-request.ts';
import type { Crl } from '../../pki/revocation/crl.ts';
import { nameText } from '../../pki/x509/general-name-text.ts';
import type { Command, Given } from '../command.ts';
import { EXIT } from '../failure.ts';
import { coloured, type Terminal } from '../terminal.ts';
import { type CertificateFacts, certificateFacts, keyText, nameFacts, pinOf } from './facts.ts';
import { loadFiles, READ_OPTIONS } from './load.ts';
import { jsonText } from '../json-text.ts';

/** `warifu cert show` */
export const showCommand: Command = {
  name: 'cert show',
  summary: 'what is in a file: certificates, keys, requests, lists',
  operands: 'FILE…',
  help: `
Shows what is in files of any kind: PEM, DER, PKCS#7, PKCS#8, PKCS#12, PKCS#10, JWK, lists of revoked certificates. "-" is
standard input. Of private keys only the kind and the public half are shown.

  warifu cert show server.crt
  warifu cert show client.p12 --password-file secret.txt --json
`,
  options: READ_OPTIONS,
  run,
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  const { certificates, keys, requests, crls, publicKeys, problems } = await loadFiles(
    given.positionals,
    given,
    terminal,
  );
  const now = Date.now();
  const facts = certificates.map((certificate) => certificateFacts(certificate, now));
  if (given.has('json')) {
    terminal.print(
      jsonText({
        certificates: facts,
        privateKeys: keys.map(({ publicKey }) => ({ key: keyText(publicKey), pin: pinOf(publicKey) })),
        publicKeys: publicKeys.map((key) => ({ key: keyText(key), pin: pinOf(key) })),
        requests: requests.map(requestFacts),
        crls: crls.map(crlFacts),
        problems,
      }),
    );
    return EXIT.ok;
  }
  const blocks = [
    ...facts.map((item, index) => certificateText(item, index, terminal)),
    ...keys.map(({ publicKey }) =>
      section(
        'Private key',
        [
          ['key', keyText(publicKey)],
          ['pin', pinOf(publicKey)],
        ],
        terminal,
      ),
    ),
    ...publicKeys.map((key) =>
      section(
        'Public key',
        [
          ['key', keyText(key)],
          ['pin', pinOf(key)],
        ],
        terminal,
      ),
    ),
    ...requests.map((request) => requestText(request, terminal)),
    ...crls.map((crl) => crlText(crl, terminal)),
  ];
  terminal.print(blocks.join('\n\n'));
  for (const { message } of problems) terminal.note(`warifu: ${message}`);
  return EXIT.ok;
}

type Row = readonly [string, string | readonly string[] | undefined];

function section(title: string, rows: readonly Row[], terminal: Terminal): string {
  const shown = rows.flatMap(([label, value]) => {
    const lines = value === undefined ? [] : typeof value === 'string' ? [value] : value;
    return lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(12)} ${line}`);
  });
  return [coloured(terminal, 'bold', title), ...shown].join('\n');
}

function certificateText(facts: CertificateFacts, index: number, terminal: Terminal): string {
  const { daysLeft } = facts;
  const left = daysLeft < 0 ? `expired ${-daysLeft} days ago` : `${daysLeft} days left`;
  const colour = daysLeft < 0 ? 'red' : daysLeft < 14 ? 'yellow' : 'green';
  const role = facts.authority
    ? `yes${facts.pathLength === undefined ? '' : `, with ${facts.pathLength === 0 ? 'no' : `at most ${facts.pathLength}`} authorities below it`}`
    : undefined;
  return section(
    `Certificate ${index}`,
    [
      ['subject', facts.subject],
      ['issuer', facts.selfIssued ? 'itself' : facts.issuer],
      ['serial', facts.serial],
      [
        'valid',
        `${facts.notBefore.slice(0, 10)} to ${facts.notAfter.slice(0, 10)}, ${coloured(terminal, colour, left)}`,
      ],
      ['names', facts.names.map(({ kind, value }) => `${kind} ${value}`)],
      ['key', facts.key],
      ['signature', facts.signature],
      ['authority', role],
      ['usage', facts.keyUsage?.join(', ')],
      ['for', facts.purposes?.join(', ')],
      ['permitted', facts.permitted],
      ['excluded', facts.excluded],
      ['policies', facts.policies],
      ['OCSP', facts.ocspUrls],
      ['CRL', facts.crlUrls],
      ['issuer at', facts.issuerUrls],
      ['stapling', facts.mustStaple ? 'demanded' : undefined],
      ['SHA-256', facts.sha256],
      ['pin', facts.pin],
      ['unreadable', facts.unreadable],
    ],
    terminal,
  );
}

interface RequestFacts {
  readonly subject: string;
  readonly names: readonly { readonly kind: string; readonly value: string }[];
  readonly key: string;
  readonly pin: string | undefined;
}

function requestFacts({ subject, names, publicKey }: CertificateRequest): RequestFacts {
  return {
    subject: nameText(subject),
    names: names.map(nameFacts),
    key: keyText(publicKey),
    pin: publicKey && pinOf(publicKey),
  };
}

function requestText(request: CertificateRequest, terminal: Terminal): string {
  const { subject, names, key, pin } = requestFacts(request);
  return section(
    'Certificate request',
    [
      ['subject', subject],
      ['names', names.map(({ kind, value }) => `${kind} ${value}`)],
      ['key', key],
      ['pin', pin],
    ],
    terminal,
  );
}

interface CrlFacts {
  readonly issuer: string;
  readonly number: string | undefined;
  readonly thisUpdate: string;
  readonly nextUpdate: string | undefined;
  readonly entries: number;
  readonly delta: boolean;
}

function crlFacts({ issuer, number, thisUpdate, nextUpdate, entries, baseNumber }: Crl): CrlFacts {
  return {
    issuer: nameText(issuer),
    number: number && toHex(number),
    thisUpdate: new Date(thisUpdate).toISOString(),
    nextUpdate: nextUpdate === undefined ? undefined : new Date(nextUpdate).toISOString(),
    entries: entries.count,
    delta: baseNumber !== undefined,
  };
}

function crlText(crl: Crl, terminal: Terminal): string {
  const { issuer, number, thisUpdate, nextUpdate, entries, delta } = crlFacts(crl);
  return section(
    `List of revoked certificates${delta ? ' (delta)' : ''}`,
    [
      ['issuer', issuer],
      ['number', number],
      ['from', thisUpdate],
      ['next', nextUpdate],
      ['entries', String(entries)],
    ],
    terminal,
  );
}
