import { ownOf } from '../../bytes/shape.ts';
import { contextConstructed, DerCursor, DerError, TAG_SEQUENCE } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import { foreignBytes, foreignText, labelText } from './foreign.ts';
import { scanPem } from './pem.ts';

/**
 * The one reader of files: whatever takes certificates, keys or lists takes text or bytes, PEM or DER, one or several,
 * and says the same of what cannot be read. Nothing is opened or judged here.
 */

/** What a file of keys and certificates can hold. */
export type PartKind =
  | 'certificate'
  | 'private-key'
  | 'encrypted-key'
  | 'pkcs7'
  | 'pkcs12'
  | 'crl'
  | 'public-key'
  | 'request';

/** One thing out of a file. */
export interface FilePart {
  readonly kind: PartKind;
  readonly der: Uint8Array;
  /** The PEM label, where it came in PEM. */
  readonly label: string | undefined;
  /** Header lines of old PEM blocks. */
  readonly headers: readonly string[];
  /** For errors: "the block of line 12". */
  readonly where: string;
}

/** What could not be read, beside what could. */
export interface FileProblem {
  readonly code: 'BAD_BLOCK' | 'NO_MAC' | 'TRUST_SETTINGS';
  /** A whole sentence for people. */
  readonly message: string;
}

export interface PartOptions {
  /** The option that was given, for errors. */
  readonly what: string;
  /** What is wanted. A file that holds none of it is an error; other parts are left out. */
  readonly kinds: readonly PartKind[];
  /** One block that cannot be read is an error. Default: it is reported and left out, as long as others can be read. */
  readonly strict?: boolean | undefined;
  readonly onProblem?: ((problem: FileProblem) => void) | undefined;
}

/** Text or bytes, PEM or DER, one or several. */
export type FileSource = string | Uint8Array | readonly (string | Uint8Array)[];

const LABELS: { readonly [label: string]: PartKind } = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'PRIVATE KEY': 'private-key',
  'EC PRIVATE KEY': 'private-key',
  'RSA PRIVATE KEY': 'private-key',
  'ENCRYPTED PRIVATE KEY': 'encrypted-key',
  PKCS7: 'pkcs7',
  'PKCS #7 SIGNED DATA': 'pkcs7',
  CMS: 'pkcs7',
  PKCS12: 'pkcs12',
  'X509 CRL': 'crl',
  'PUBLIC KEY': 'public-key',
  'CERTIFICATE REQUEST': 'request',
  'NEW CERTIFICATE REQUEST': 'request',
};

const KIND_TEXT: { readonly [K in PartKind]: string } = {
  certificate: 'a certificate',
  'private-key': 'a private key',
  'encrypted-key': 'an encrypted private key',
  pkcs7: 'a PKCS#7 bundle',
  pkcs12: 'a PKCS#12 file',
  crl: 'a list of revoked certificates (CRL)',
  'public-key': 'a public key',
  request: 'a certificate request (CSR): an authority makes a certificate of it',
};

/**
 * The parts of some files that are of the kinds that are wanted, in order.
 * @throws TlsError ERR_KEY, saying what a file is instead and what to do, when it holds none; ERR_OPTION for what is
 * neither text nor bytes.
 */
export function readParts(source: FileSource, options: PartOptions): readonly FilePart[] {
  options = ownOf(options);
  const files = typeof source === 'string' || source instanceof Uint8Array ? [source] : source;
  if (!Array.isArray(files)) throw notAFile(options.what, files);
  return files.flatMap((file: unknown, index) => {
    const what = files.length > 1 ? `${options.what}[${index}]` : options.what;
    if (typeof file !== 'string' && !(file instanceof Uint8Array)) throw notAFile(what, file);
    return partsOf(file, { ...options, what });
  });
}

function notAFile(what: string, value: unknown): TlsError {
  const isView = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  const found = value === null ? 'null' : isView ? 'another kind of buffer' : `something of type ${typeof value}`;
  return new TlsError('ERR_OPTION', {
    detail: `${what}: text in PEM or a Uint8Array with PEM or DER is wanted, not ${found}`,
  });
}

function partsOf(file: string | Uint8Array, options: PartOptions): readonly FilePart[] {
  if (typeof file !== 'string' && isDer(file)) return derPart(file, options);
  const foreign = typeof file === 'string' ? undefined : foreignBytes(file);
  if (foreign !== undefined) throw unusable(options, `there is no ${wanted(options)} in it: ${foreign}`);
  const text = withoutMark(typeof file === 'string' ? file : latin1(file));
  const { blocks, problems, misshapen } = scanPem(text);
  if (misshapen !== undefined) throw unusable(options, misshapen);
  if (blocks.length === 0 && problems.length === 0) {
    const known = foreignText(text);
    const what = known === undefined ? '' : `${known}; `;
    throw unusable(options, `there is no ${wanted(options)} in it: ${what}it is neither PEM ("-----BEGIN …") nor DER`);
  }
  const parts: FilePart[] = [];
  const bad = [...problems];
  const limited: string[] = [];
  const others: string[] = [];
  for (const { label, der, headers, line } of blocks) {
    const kind = Object.hasOwn(LABELS, label) ? LABELS[label] : undefined;
    const where = `the block of line ${line}`;
    if (kind === undefined || !options.kinds.includes(kind)) {
      others.push(labelText(label));
      continue;
    }
    try {
      const own = label === 'TRUSTED CERTIFICATE' ? trusted(der) : { der, isLimited: false };
      if (own.isLimited) limited.push(`${where}: what it is trusted for is not looked at here`);
      parts.push({ kind, der: own.der, label, headers, where });
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      bad.push(`${where}: ${error.message}`);
    }
  }
  if (bad[0] !== undefined && (options.strict === true || parts.length === 0))
    throw unusable(options, parts.length === 0 ? (foreignText(text) ?? bad[0]) : bad[0]);
  if (parts.length === 0)
    throw unusable(options, `there is no ${wanted(options)} in it, but ${unique(others).join(', ')}`);
  for (const message of bad) options.onProblem?.({ code: 'BAD_BLOCK', message: `${options.what}: ${message}` });
  for (const message of limited)
    options.onProblem?.({ code: 'TRUST_SETTINGS', message: `${options.what}: ${message}` });
  return parts;
}

function derPart(file: Uint8Array, options: PartOptions): readonly FilePart[] {
  const kind = kindOf(file);
  if (!options.kinds.includes(kind))
    throw unusable(options, `there is no ${wanted(options)} in it: it seems to be ${KIND_TEXT[kind]}`);
  return [{ kind, der: file, label: undefined, headers: [], where: 'the file' }];
}

function wanted({ kinds }: PartOptions): string {
  return KIND_TEXT[kinds[0] ?? 'certificate'].replace(/^an? /, '').replace(/:.*/, '');
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function unusable({ what }: PartOptions, detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail: `${what}: ${detail}` });
}

/** A SEQUENCE that is as long as the file, or as BER one without a length. */
function isDer(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x30) return false;
  if (bytes[1] === 0x80) return true;
  const { start, length } = headerOf(bytes, 0);
  // Bytes too many are for the reader to complain about; text that begins with a zero has other characters behind it.
  return start + length <= bytes.length && (start + length === bytes.length || !isText(bytes));
}

function isText(bytes: Uint8Array): boolean {
  return bytes
    .subarray(0, 64)
    .every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 0x20 && byte < 0x7f));
}

/** UTF-8's mark at the beginning, as text or byte by byte. */
function withoutMark(text: string): string {
  return text.replace(/^(\uFEFF|\u00EF\u00BB\u00BF)/, '');
}

/** Comments around the blocks may be in any encoding: one byte is one character. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/**
 * OpenSSL's own: a certificate, and behind it what it is trusted for. That is not looked at, but what it is *not* to be
 * trusted for must not be lost.
 * @throws DerError when it is malformed, or refuses trust.
 */
function trusted(der: Uint8Array): { readonly der: Uint8Array; readonly isLimited: boolean } {
  const cursor = new DerCursor(der);
  const { end } = cursor.element(TAG_SEQUENCE);
  if (cursor.done) return { der, isLimited: false };
  const at = cursor.offset;
  const refused = contextConstructed(0);
  const isLimited = cursor.sequence((settings) => {
    const purposes = settings.optional(TAG_SEQUENCE, (list) => list.sequenceOf((item) => item.oid())) ?? [];
    const not = settings.optional(refused, (list) => list.sequenceOf((item) => item.oid(), 0, refused)) ?? [];
    if (not.length > 0)
      throw new DerError(
        'it says what it is not to be trusted for, and that cannot be kept: "openssl x509 -in FILE" takes it away',
        at,
      );
    while (!settings.done) settings.element();
    return purposes.length > 0;
  });
  cursor.finish();
  return { der: der.subarray(0, end), isLimited };
}

/** What DER or BER seems to be, by its first elements: who reads it will see whether it is. */
function kindOf(bytes: Uint8Array): PartKind {
  const outer = childrenOf(bytes, 0, 3);
  const [first, second] = outer.map((at) => bytes[at]!);
  if (first === 0x06) return 'pkcs7';
  if (first === 0x02) return bytes[outer[0]! + 1] === 1 && bytes[outer[0]! + 2] === 3 ? 'pkcs12' : 'private-key';
  const inner = childrenOf(bytes, outer[0] ?? 0, 5);
  const tags = inner.map((at) => bytes[at]!);
  if (tags[0] === 0x06) return second === 0x03 ? 'public-key' : 'encrypted-key';
  // Lists have a time as third or fourth, behind the name of the issuer; requests have a key there.
  if (tags.slice(2, 4).some((tag) => tag === 0x17 || tag === 0x18)) return 'crl';
  if (tags[0] === 0x02 && tags[1] === 0x30 && tags[2] === 0x30 && tags[3] !== 0x30) return 'request';
  return 'certificate';
}

/** Where the elements inside the one at `at` begin, at most so many. */
function childrenOf(bytes: Uint8Array, at: number, max: number): number[] {
  const found: number[] = [];
  const { start, length } = headerOf(bytes, at);
  let next = start;
  while (found.length < max && next < Math.min(bytes.length, start + length)) {
    found.push(next);
    const child = headerOf(bytes, next);
    next = child.start + child.length;
  }
  return found;
}

function headerOf(bytes: Uint8Array, at: number): { readonly start: number; readonly length: number } {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, length: first };
  const count = first & 0x7f;
  // Without a length: to the end, as far as can be said here.
  if (count === 0) return { start: at + 2, length: Math.max(0, bytes.length - at - 2) };
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return { start: at + 2 + count, length };
}
