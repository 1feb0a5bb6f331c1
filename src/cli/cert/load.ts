import { autoProvider } from '../../crypto/auto.ts';
import { decodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { PrivateKey, PublicKey } from '../../crypto/types.ts';
import { type CertificateRequest, readRequest } from '../../pki/issue/read-request.ts';
import { readBundle } from '../../pki/formats/bundle.ts';
import { isJks, readJks } from '../../pki/formats/containers/jks.ts';
import { readPrivateKey } from '../../pki/formats/private-key.ts';
import { privateKeyFromJwk } from '../../pki/formats/jwk.ts';
import { publicKeyFromJwk } from '../../pki/formats/jwk-public.ts';
import { type Crl, readCrl } from '../../pki/revocation/crl.ts';
import { type Certificate, readCertificate } from '../../pki/x509/certificate.ts';
import { type FileProblem, type PartKind, readParts } from '../../pki/x509/file-parts.ts';
import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import type { Given, Option } from '../command.ts';
import { readFile, readPassword, type Terminal } from '../terminal.ts';
import { usage } from '../failure.ts';

/** A private key and its public half. */
export interface LoadedKey {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
}

/** Everything in some files, in order. */
export interface Loaded {
  readonly certificates: readonly Certificate[];
  readonly keys: readonly LoadedKey[];
  readonly requests: readonly CertificateRequest[];
  readonly crls: readonly Crl[];
  readonly publicKeys: readonly PublicKey[];
  readonly problems: readonly FileProblem[];
}

/** Options of commands that read files. */
export const READ_OPTIONS: { readonly [name: string]: Option } = {
  'password-file': { type: 'string', value: 'FILE', help: 'its first line opens what is protected' },
  'allow-legacy': { type: 'boolean', help: 'open also what is encrypted with Triple DES, RC2 or by way of SHA-1' },
};

const BUNDLED: readonly PartKind[] = ['certificate', 'private-key', 'encrypted-key', 'pkcs7', 'pkcs12'];
const KINDS: readonly PartKind[] = [...BUNDLED, 'crl', 'request', 'public-key'];

/** @throws TlsError, Failure: a file that cannot be read, saying what it is instead. */
export async function loadFiles(names: readonly string[], given: Given, terminal: Terminal): Promise<Loaded> {
  if (names.length === 0) throw usage('a FILE is wanted, or "-" for standard input');
  const password = readPassword(terminal, given.text('password-file'));
  const options = { password, allowLegacy: given.has('allow-legacy') };
  const all: Loaded[] = [];
  for (const name of names) all.push(await loadFile(name, readFile(terminal, name), options));
  return {
    certificates: all.flatMap(({ certificates }) => certificates),
    keys: all.flatMap(({ keys }) => keys),
    requests: all.flatMap(({ requests }) => requests),
    crls: all.flatMap(({ crls }) => crls),
    publicKeys: all.flatMap(({ publicKeys }) => publicKeys),
    problems: all.flatMap(({ problems }) => problems),
  };
}

async function loadFile(
  name: string,
  bytes: Uint8Array,
  options: { readonly password: string | undefined; readonly allowLegacy: boolean },
): Promise<Loaded> {
  const jwk = jwkIn(bytes);
  if (jwk !== undefined) return await loadJwk(jwk);
  if (isJks(bytes)) return await loadJks(name, bytes, options);
  const problems: FileProblem[] = [];
  const parts = readParts(bytes, { what: name, kinds: KINDS, onProblem: (problem) => problems.push(problem) });
  const bundle = parts.some(({ kind }) => BUNDLED.includes(kind)) ? await readBundle(bytes, options) : undefined;
  const ders = (kind: PartKind): readonly Uint8Array[] =>
    parts.filter((part) => part.kind === kind).map(({ der }) => der);
  return {
    certificates: bundle?.certificates ?? [],
    keys: await Promise.all((bundle?.keys ?? []).map(({ key }) => withPublicHalf(key))),
    requests: ders('request').map(readRequest),
    crls: ders('crl').map((der) => readable(name, () => readCrl(der))),
    publicKeys: ders('public-key').map((der) => readable(name, () => publicKey(name, der))),
    problems: bundle === undefined ? problems : bundle.problems,
  };
}

function publicKey(name: string, der: Uint8Array): PublicKey {
  const key = decodeSubjectPublicKeyInfo(der);
  if (key === undefined) throw new TlsError('ERR_KEY', { detail: `${name}: a public key of a kind that is not known` });
  return key;
}

function readable<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new TlsError('ERR_KEY', { detail: `${name}: ${error.message}`, cause: error });
  }
}

/** A file that is JSON is a JWK; undefined: it is not JSON. */
function jwkIn(bytes: Uint8Array): { readonly [name: string]: unknown } | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const NOTHING: Loaded = { certificates: [], keys: [], requests: [], crls: [], publicKeys: [], problems: [] };

async function loadJks(
  name: string,
  bytes: Uint8Array,
  options: { readonly password: string | undefined; readonly allowLegacy: boolean },
): Promise<Loaded> {
  const { entries, isVerified } = readJks(bytes, options);
  const keys = entries.flatMap(({ privateKey }) => (privateKey === undefined ? [] : [privateKey]));
  return {
    ...NOTHING,
    certificates: entries.flatMap(({ certificates }) =>
      certificates.map((der) => readable(name, () => readCertificate(der))),
    ),
    keys: await Promise.all(keys.map((der) => withPublicHalf(readPrivateKey(der, 'PRIVATE KEY').key))),
    problems: isVerified
      ? []
      : [{ code: 'NO_MAC', message: `${name}: without the password nothing shows whether the key store was changed` }],
  };
}

async function loadJwk(jwk: { readonly [name: string]: unknown }): Promise<Loaded> {
  if (jwk.d === undefined) return { ...NOTHING, publicKeys: [publicKeyFromJwk(jwk)] };
  return { ...NOTHING, keys: [await withPublicHalf(privateKeyFromJwk(jwk))] };
}

async function withPublicHalf(privateKey: PrivateKey): Promise<LoadedKey> {
  const signer = await autoProvider().signer(privateKey);
  signer.dispose?.();
  return { privateKey, publicKey: signer.publicKey };
}
