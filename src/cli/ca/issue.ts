import { toBase64Url, toHex } from '../../bytes/bytes.ts';
import { systemRandom } from '../../crypto/random.ts';
import { writePkcs12 } from '../../pki/formats/containers/pkcs12-writer.ts';
import {
  type CertificateOptions,
  type IssuedCertificate,
  issueCertificate,
  readRequest,
} from '../../pki/issue/index.ts';
import type { Command, Given, Option } from '../command.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { readFile, readPassword, type Terminal } from '../terminal.ts';
import {
  FOLDER_OPTIONS,
  folderOf,
  initialize,
  INIT_OPTIONS,
  INTERMEDIATE_DAYS,
  KEY_KINDS,
  openFolder,
} from './authority.ts';
import type { CaFolder } from './folder.ts';

const OPTIONS: { readonly [name: string]: Option } = {
  ...FOLDER_OPTIONS,
  ...INIT_OPTIONS,
  out: { type: 'string', value: 'FILE', help: 'the name of the files in the folder, without their endings' },
  force: { type: 'boolean', help: 'write over files that are there' },
  days: { type: 'string', value: 'DAYS', help: 'that it is valid' },
  'key-kind': {
    type: 'string',
    value: 'KIND',
    words: KEY_KINDS,
    help: `of the key: ${KEY_KINDS.join(', ')} (default: P-256)`,
  },
  request: { type: 'string', value: 'FILE', help: 'certify the key of this request (CSR) instead of making one' },
  'names-from-request': { type: 'boolean', help: 'certify the names that the request asks for: look at them first' },
  'must-staple': { type: 'boolean', help: 'demand a stapled OCSP response' },
  'ocsp-url': { type: 'string', value: 'URL', multiple: true, help: 'where the responder will be' },
  'crl-url': { type: 'string', value: 'URL', multiple: true, help: 'where intermediate.crl will be' },
};

const NAMES = `A NAME is a DNS name (*.example.test too), an address, a mail address or a URI such as spiffe://example.test/service.
If there is no authority in the folder, one is made first.`;

/** `warifu ca server` */
export const serverCommand: Command = {
  name: 'ca server',
  summary: 'issue a certificate for a server: server.crt, server.key',
  operands: 'NAME…',
  help: `
Issues a certificate for a server. ${NAMES}

  warifu ca server localhost 127.0.0.1
  warifu ca server www.example.test --out www --key-kind RSA-2048 --days 30
  warifu ca server --request www.csr www.example.test --out www
`,
  options: OPTIONS,
  run: (given, terminal) => run('server', given, terminal),
};

/** `warifu ca client` */
export const clientCommand: Command = {
  name: 'ca client',
  summary: 'issue a certificate for a client: client.crt, client.key, client.p12',
  operands: 'NAME…',
  help: `
Issues a certificate for a client. ${NAMES} A NAME that is none of these is what the client is called (common name).
client.p12 is for browsers; its password is printed, unless --p12-password-file gives it.

  warifu ca client alice
  warifu ca client spiffe://example.test/worker --out worker
`,
  options: {
    ...OPTIONS,
    'p12-password-file': { type: 'string', value: 'FILE', help: 'its first line is the password of the PKCS#12 file' },
  },
  run: (given, terminal) => run('client', given, terminal),
};

async function run(purpose: 'server' | 'client', given: Given, terminal: Terminal): Promise<number> {
  const isAsked = given.has('names-from-request');
  if (given.positionals.length === 0 && !isAsked)
    throw usage(
      `a NAME is wanted: whom the ${purpose}'s certificate is for, such as ${purpose === 'server' ? 'localhost' : 'alice'}`,
    );
  if (isAsked && given.text('request') === undefined) throw usage('--names-from-request: there is no --request');
  const folder = folderOf(given, terminal);
  const name = given.text('out') ?? purpose;
  checkFiles(folder, name, given);
  // Everything that can be wrong is known before anything is made.
  const wanted = await readWanted(purpose, given, terminal);
  const p12Password = purpose === 'client' ? readPassword(terminal, given.text('p12-password-file')) : undefined;
  if (!folder.exists) {
    await initialize(folder, withoutKeys(given), terminal);
    terminal.note(`There was no authority in ${folder.path}: now there is one.`);
  }
  const { intermediate } = await openFolder(folder, given, terminal);
  const issued = await issueCertificate({ ...wanted, issuer: intermediate });
  const written = await folder.change(async (state) => {
    const files = await writeFiles(folder, name, purpose, issued, p12Password, given);
    const record = {
      serial: toHex(issued.certificate.serial),
      file: name,
      purpose,
      names: [...given.positionals],
      notAfter: issued.certificate.notAfter,
    };
    return { state: { ...state, issued: [...state.issued, record] }, result: files };
  });
  report(folder, issued, written, given, terminal);
  return EXIT.ok;
}

/** @throws Failure or TlsError for what cannot be issued. */
async function readWanted(
  purpose: 'server' | 'client',
  given: Given,
  terminal: Terminal,
): Promise<Omit<CertificateOptions, 'issuer'>> {
  const isAsked = given.has('names-from-request');
  const file = given.text('request');
  const key = given.oneOf('key-kind', KEY_KINDS);
  if (file !== undefined && key !== undefined) throw usage('--key: the request has a key already');
  const request = file === undefined ? undefined : readRequest(readFile(terminal, file));
  const { names, subject } = isAsked ? { names: [], subject: undefined } : sortNames(purpose, given.positionals);
  const [ocsp, crls] = [given.texts('ocsp-url'), given.texts('crl-url')];
  const days = given.number('days', 1) ?? (purpose === 'server' ? 90 : 365);
  // Said here, so that no authority is made for what it could not issue.
  if (days >= INTERMEDIATE_DAYS)
    throw usage(
      `--days: ${days} is more than the intermediate that issues is valid for: ${INTERMEDIATE_DAYS - 1} at most`,
    );
  const described = {
    purpose,
    days,
    ...(subject !== undefined && { subject }),
    ...(given.has('must-staple') && { mustStaple: true }),
    ...(ocsp.length > 0 && { ocspUrls: ocsp }),
    ...(crls.length > 0 && { crls }),
  };
  // What only issuing finds out, such as a name that is none, a certificate that signs itself finds out too.
  if (!isAsked) await issueCertificate({ ...described, names, issuer: 'self' });
  const certified = request !== undefined ? { request } : { key: key ?? ('P-256' as const) };
  return { ...described, ...(isAsked ? { namesFromRequest: true } : { names }), ...certified };
}

/** The options of the command are those of what is issued, not of the authority that has to be made for it. */
function withoutKeys(given: Given): Given {
  return {
    ...given,
    number: (name, min) => (name === 'days' ? undefined : given.number(name, min)),
    oneOf: (name, words) => (name === 'key-kind' ? undefined : given.oneOf(name, words)),
  };
}

function checkFiles(folder: CaFolder, name: string, given: Given): void {
  if (!/^[A-Za-z0-9@_+-][A-Za-z0-9@._+-]*$/.test(name) || name === 'root' || name === 'intermediate')
    throw usage(
      `--out: "${name}" cannot be the name of the files: letters, digits, ".", "-", "_" and "@", and not "root"`,
    );
  const [, bare, ending] = /^(.+)\.(crt|key|p12|pem)$/.exec(name) ?? [];
  if (bare !== undefined)
    throw usage(`--out: the files get their endings by themselves; write ${bare}, without .${ending}`);
  if (given.has('force')) return;
  for (const ending of ['crt', 'key', 'p12'])
    if (folder.hasFile(`${name}.${ending}`))
      throw new Failure(
        `${folder.file(`${name}.${ending}`)} is there already: --out names other files, --force replaces them`,
      );
}

interface Sorted {
  readonly names: readonly string[];
  readonly subject: { readonly commonName: string } | undefined;
}

/** What is no name of a host, an address, a mailbox or a URI is what a client is called. */
function sortNames(purpose: 'server' | 'client', given: readonly string[]): Sorted {
  if (purpose === 'server') return { names: given, subject: undefined };
  const isPlain = (name: string): boolean => !/[.:@/*]/.test(name);
  const plain = given.filter(isPlain);
  if (plain.length > 1) throw usage(`a client has one common name, and there are ${plain.join(', ')}`);
  const [commonName] = plain;
  return {
    names: given.filter((name) => !isPlain(name)),
    subject: commonName === undefined ? undefined : { commonName },
  };
}

interface Written {
  readonly certificate: string;
  readonly key: string | undefined;
  readonly p12: string | undefined;
  /** Of the PKCS#12 file, when it was made here. */
  readonly password: string | undefined;
}

async function writeFiles(
  folder: CaFolder,
  name: string,
  purpose: 'server' | 'client',
  { certificate, chain, chainPem, keyPair }: IssuedCertificate,
  wanted: string | undefined,
  given: Given,
): Promise<Written> {
  folder.write(`${name}.crt`, chainPem);
  const written = { certificate: folder.file(`${name}.crt`), key: undefined, p12: undefined, password: undefined };
  if (keyPair === undefined) return written;
  folder.writeSecret(`${name}.key`, keyPair.pem);
  if (purpose === 'server') return { ...written, key: folder.file(`${name}.key`) };
  const made = wanted === undefined ? randomPassword() : undefined;
  const p12 = await writePkcs12(
    { certificates: chain, privateKey: keyPair.der, friendlyName: given.positionals[0] ?? toHex(certificate.serial) },
    { password: wanted ?? made ?? '', random: systemRandom },
  );
  folder.writeSecret(`${name}.p12`, p12);
  return { ...written, key: folder.file(`${name}.key`), p12: folder.file(`${name}.p12`), password: made };
}

/** 96 bits, in characters that can be typed. */
function randomPassword(): string {
  const bytes = new Uint8Array(12);
  systemRandom.fill(bytes);
  return toBase64Url(bytes);
}

function report(
  folder: CaFolder,
  { certificate }: IssuedCertificate,
  { certificate: file, key, p12, password }: Written,
  given: Given,
  terminal: Terminal,
): void {
  const serial = toHex(certificate.serial);
  const until = new Date(certificate.notAfter).toISOString();
  if (given.has('json')) {
    const root = folder.file('root.crt');
    terminal.print(
      JSON.stringify({ certificate: file, key, p12, p12Password: password, root, serial, notAfter: until }),
    );
    return;
  }
  terminal.print(file);
  if (key !== undefined) terminal.print(key);
  if (p12 !== undefined) terminal.print(p12 + (password === undefined ? '' : `   password: ${password}`));
  terminal.note(`Valid until ${until.slice(0, 10)}; trusted by those who have ${folder.file('root.crt')}.`);
}
