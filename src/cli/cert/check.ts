import { autoProvider } from '../../crypto/auto.ts';
import { describeBundle } from '../../pki/credentials/describe-bundle.ts';
import type { BundleProblemCode } from '../../pki/credentials/bundle-order.ts';
import { readCertificates } from '../../pki/path/anchors.ts';
import { checkKey, checkName, checkSignatureAlgorithm } from '../../pki/path/checks.ts';
import { revocationChecker } from '../../pki/revocation/revocation.ts';
import { certificateVerifier } from '../../pki/verifiers/verifier.ts';
import { type Certificate, readCertificate } from '../../pki/x509/certificate.ts';
import { nameText } from '../../pki/x509/general-name-text.ts';
import { isSelfIssued } from '../../pki/x509/names.ts';
import { systemRoots } from '../../node/index.ts';
import type { Command, Given } from '../command.ts';
import { EXIT, usage } from '../failure.ts';
import { coloured, readFile, readPassword, type Terminal } from '../terminal.ts';
import { READ_OPTIONS } from './load.ts';
import { jsonText } from '../json-text.ts';

/** `warifu cert check` */
export const checkCommand: Command = {
  name: 'cert check',
  summary: 'are certificate and key fit to be used: order, completeness, key, dates, names, size, revocation',
  operands: 'FILE…',
  help: `
Checks what a server or client is to be given: does the key belong to the certificate, are the certificates in order and
complete up to a root, are they valid and for how long, are they for the name, are keys and signatures strong enough, and
with --crl: is none revoked. The exit code is 1 when one answer is no.

  warifu cert check server.crt server.key --server-name www.example.test --anchors root.crt
  warifu cert check client.p12 --password-file secret.txt --purpose client --anchors root.crt --crl crl.pem
  warifu cert check fullchain.pem privkey.pem --server-name www.example.test --anchors system --days 30
`,
  options: {
    ...READ_OPTIONS,
    'server-name': { type: 'string', value: 'NAME', multiple: true, help: 'a name or address that it has to be for' },
    anchors: {
      type: 'string',
      value: 'FILE',
      multiple: true,
      help: 'who is trusted: a file of roots, or "system" (default: the root among the files)',
    },
    crl: { type: 'string', value: 'FILE', multiple: true, help: 'lists of revoked certificates' },
    purpose: {
      type: 'string',
      value: 'PURPOSE',
      words: ['server', 'client'],
      help: 'server or client (default: server)',
    },
    days: { type: 'string', value: 'DAYS', help: 'that all of it has to be valid from now on (default: 0)' },
  },
  run,
};

type Outcome = 'yes' | 'no' | 'unknown' | 'remark';

interface Row {
  readonly requirement: string;
  readonly outcome: Outcome;
  readonly text: string;
}

/** What is said of a bundle that is used all the same. */
const REMARKS: readonly BundleProblemCode[] = [
  'WRONG_ORDER',
  'ANCHOR_INCLUDED',
  'DUPLICATE',
  'UNRELATED',
  'NO_MAC',
  'TRUST_SETTINGS',
  'SELF_SIGNED',
];

const REQUIREMENTS: { readonly [C in BundleProblemCode]?: string } = {
  NO_KEY: 'key',
  KEY_MISMATCH: 'key',
  WRONG_ORDER: 'order',
  EXPIRED: 'dates',
  NOT_YET_VALID: 'dates',
  MISSING_INTERMEDIATE: 'complete',
  BAD_SIGNATURE: 'complete',
};

async function run(given: Given, terminal: Terminal): Promise<number> {
  if (given.positionals.length === 0) throw usage('a FILE is wanted, or "-" for standard input');
  const purpose = given.oneOf('purpose', ['server', 'client']) ?? 'server';
  const rows = await check(given, purpose, terminal);
  const isNo = rows.some(({ outcome }) => outcome === 'no');
  if (given.has('json')) terminal.print(jsonText({ ok: !isNo, requirements: rows }));
  else for (const row of rows) terminal.print(rowText(row, terminal));
  return isNo ? EXIT.no : EXIT.ok;
}

const MARKS: { readonly [O in Outcome]: readonly [string, 'green' | 'red' | 'yellow'] } = {
  yes: ['yes', 'green'],
  no: ['NO', 'red'],
  unknown: ['?', 'yellow'],
  remark: ['note', 'yellow'],
};

function rowText({ requirement, outcome, text }: Row, terminal: Terminal): string {
  const [mark, colour] = MARKS[outcome];
  return `${coloured(terminal, colour, mark.padEnd(5))}${requirement.padEnd(12)}${text}`;
}

async function check(given: Given, purpose: 'server' | 'client', terminal: Terminal): Promise<readonly Row[]> {
  const crypto = autoProvider();
  const files = given.positionals.map((name) => readFile(terminal, name));
  const password = readPassword(terminal, given.text('password-file'));
  const report = await describeBundle(files, crypto, { password, allowLegacy: given.has('allow-legacy') });
  const rows: Row[] = [];
  const add = (requirement: string, outcome: Outcome, text: string): void => {
    rows.push({ requirement, outcome, text });
  };
  for (const { code, message } of report.problems)
    add(
      REQUIREMENTS[code] ?? 'files',
      REMARKS.includes(code) ? 'remark' : code === 'MISSING_INTERMEDIATE' ? 'unknown' : 'no',
      message,
    );
  for (const [index, name] of given.positionals.entries()) form(name, files[index] ?? new Uint8Array(0), add);
  const certificates = report.certificates.map(({ der }) => readCertificate(der));
  const chain = report.chain.flatMap((index) => certificates[index] ?? []);
  const [leaf] = chain;
  if (leaf === undefined) return rows;
  add('key', 'yes', `the private key is that of ${nameText(leaf.subject)}`);
  if (!report.problems.some(({ code }) => code === 'WRONG_ORDER'))
    add('order', 'yes', 'leaf first, each followed by its issuer');
  strength(chain, add);
  dates(chain, given.number('days', 0) ?? 0, add);
  for (const name of given.texts('server-name')) {
    const finding = checkName(leaf, name);
    if (finding === undefined) add('name', 'yes', `it is for ${name}`);
    else add('name', 'no', `${finding.what}: ${name} (found ${finding.found ?? 'nothing'})`);
  }
  await trust(chain, certificates, purpose, given, terminal, add);
  return rows;
}

/** How load balancers that are fed by hand want PEM: blocks one behind the other, lines of 64 characters. Programs take more. */
function form(name: string, bytes: Uint8Array, add: Add): void {
  const text = new TextDecoder('latin1').decode(bytes);
  if (!text.includes('-----BEGIN ')) return;
  const isSpaced = /-----END [^-\n]+-----[ \t]*\r?\n[ \t\r]*\n[ \t\r\n]*-----BEGIN /.test(text);
  const blocks = [...text.matchAll(/-----BEGIN [^-\n]+-----\r?\n([A-Za-z0-9+/=\s]*?)-----END /g)];
  const isUneven = blocks.some(
    ([, body = '']) => !/^([A-Za-z0-9+/]{64}\r?\n)*([A-Za-z0-9+/=]{1,64}\r?\n)?$/.test(body),
  );
  if (!isSpaced && !isUneven) return;
  const what = [isSpaced ? 'blank lines between blocks' : '', isUneven ? 'lines that are not of 64 characters' : ''];
  add(
    'form',
    'remark',
    `${name}: it has ${what.filter(Boolean).join(' and ')}; some load balancers refuse that: "warifu cert convert ${name} --to pem" writes it anew`,
  );
}

type Add = (requirement: string, outcome: Outcome, text: string) => void;

function strength(chain: readonly Certificate[], add: Add): void {
  let isStrong = true;
  for (const certificate of chain) {
    const findings = [
      checkKey(certificate.publicKey, { minRsaBits: 2048 }),
      isSelfIssued(certificate)
        ? undefined
        : checkSignatureAlgorithm(certificate.signatureAlgorithm, { allowSha1: false, certificateSchemes: [] }),
    ];
    for (const finding of findings) {
      if (finding === undefined) continue;
      isStrong = false;
      add('strength', 'no', `${nameText(certificate.subject)}: ${finding.what}`);
    }
  }
  if (isStrong) add('strength', 'yes', 'keys and signatures are strong enough');
}

function dates(chain: readonly Certificate[], days: number, add: Add): void {
  const first = chain.reduce((soonest, item) => (item.notAfter < soonest.notAfter ? item : soonest));
  const left = Math.floor((first.notAfter - Date.now()) / 86_400_000);
  // What has expired has been said.
  if (left < 0) return;
  const text = `${nameText(first.subject)} is the first to expire, in ${left} days`;
  add('dates', left < days ? 'no' : 'yes', left < days ? `${text}, and ${days} are wanted` : text);
}

/** What a peer will say that trusts these anchors. */
async function trust(
  chain: readonly Certificate[],
  all: readonly Certificate[],
  purpose: 'server' | 'client',
  given: Given,
  terminal: Terminal,
  add: Add,
): Promise<void> {
  const anchors = anchorsOf(all, given, terminal);
  const crls = given.texts('crl').map((name) => readFile(terminal, name));
  if (anchors.length === 0) {
    add('trusted', 'unknown', 'there is no root among the files: --anchors says who is trusted');
    if (crls.length > 0) add('revocation', 'unknown', 'who is trusted to say so has to be known first');
    return;
  }
  const crypto = autoProvider();
  const verifier = certificateVerifier({
    anchors: [...anchors],
    signatures: crypto.verifier,
    allowNoServerName: true,
    ...(crls.length > 0 && { revocation: revocationChecker({ hash: crypto.hash, crls, staples: false }) }),
  });
  const verdict = await verifier.verify({
    // Our role is the other one: a client judges servers.
    role: purpose === 'server' ? 'client' : 'server',
    chain: chain.map(({ der }) => der),
    serverName: undefined,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: Date.now(),
  });
  if (verdict.ok) {
    add(
      'trusted',
      'yes',
      `a path leads to a root that is trusted, and every certificate on it is good for a ${purpose}`,
    );
    if (crls.length > 0) add('revocation', 'yes', 'none of them is revoked');
  } else {
    const isRevocation = /REVO|STAPLE/.test(verdict.failure.code);
    add(isRevocation ? 'revocation' : 'trusted', 'no', verdict.failure.message);
  }
}

function anchorsOf(
  all: readonly Certificate[],
  given: Given,
  terminal: Terminal,
): readonly (Certificate | Uint8Array)[] {
  const names = given.texts('anchors');
  if (names.length === 0) return all.filter(isSelfIssued);
  return names.flatMap((name): readonly (Certificate | Uint8Array)[] =>
    name === 'system' ? systemRoots().certificates : readCertificates([readFile(terminal, name)], name),
  );
}
