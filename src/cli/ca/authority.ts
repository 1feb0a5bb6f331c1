import { hostname } from 'node:os';
import { systemRandom } from '../../crypto/random.ts';
import { encryptPkcs8 } from '../../pki/formats/containers/pkcs8.ts';
import {
  type Authority,
  createAuthority,
  createCrl,
  type KeyAlgorithm,
  type KeyPair,
  openAuthority,
} from '../../pki/issue/index.ts';
import { writePem } from '../../pki/x509/pem.ts';
import { fromHex } from '../../bytes/bytes.ts';
import type { Given, Option } from '../command.ts';
import { Failure } from '../failure.ts';
import { readPassword, type Terminal } from '../terminal.ts';
import { CaFolder, type State } from './folder.ts';
import { readme } from './readme.ts';

/** Options that say which authority, and how it is opened. */
export const FOLDER_OPTIONS: { readonly [name: string]: Option } = {
  dir: { type: 'string', value: 'FOLDER', help: 'the folder of the authority (default: ca)' },
  'password-file': { type: 'string', value: 'FILE', help: "its first line protects the authority's keys" },
};

/** Options of a new authority. */
export const INIT_OPTIONS: { readonly [name: string]: Option } = {
  name: {
    type: 'string',
    value: 'NAME',
    help: 'what people read in its certificate (default: "warifu on" and this machine)',
  },
};

/** That the intermediate is valid, where the root is not made to be shorter. */
export const INTERMEDIATE_DAYS = 1825;

export const KEY_KINDS: readonly KeyAlgorithm[] = [
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
];

export function folderOf(given: Given, terminal: Terminal): CaFolder {
  return new CaFolder(terminal.path(given.text('dir') ?? 'ca'));
}

/** @throws Failure when there is none. */
export function existingFolder(given: Given, terminal: Terminal): CaFolder {
  const folder = folderOf(given, terminal);
  if (!folder.exists)
    throw new Failure(
      `there is no authority in ${folder.path}: "warifu ca init" makes one, --dir names another folder`,
    );
  return folder;
}

/** Makes root and intermediate, and everything of the folder that does not depend on what will be issued. */
export async function initialize(folder: CaFolder, given: Given, terminal: Terminal): Promise<Authority> {
  const name = given.text('name') ?? `warifu on ${hostname()}`;
  const key = given.oneOf('key-kind', KEY_KINDS) ?? 'P-256';
  const days = given.number('days', 2);
  const password = readPassword(terminal, given.text('password-file'));
  const root = await createAuthority({
    subject: `${name.slice(0, 59)} root`,
    key,
    pathLength: 1,
    ...(days !== undefined && { days }),
  });
  const intermediate = await createAuthority({
    subject: `${name.slice(0, 51)} intermediate`,
    issuer: root,
    key,
    ...(days === undefined && { days: INTERMEDIATE_DAYS }),
  });
  folder.create();
  folder.writeOwn('root.crt', root.pem);
  folder.writeOwn('root.key', await protect(root.keyPair, password));
  folder.writeOwn('intermediate.crt', intermediate.pem);
  folder.writeOwn('intermediate.key', await protect(intermediate.keyPair, password));
  folder.writeOwn('state.json', `${JSON.stringify({ version: 1, crlNumber: 1, issued: [] } satisfies State)}\n`);
  folder.write('root.crt', root.pem);
  folder.write('README.md', readme(name));
  await folder.change(async (state) => ({
    state: await writeLists(folder, state, root, intermediate),
    result: undefined,
  }));
  return intermediate;
}

async function protect(keyPair: KeyPair | undefined, password: string | undefined): Promise<string> {
  if (keyPair === undefined) throw new Failure('the key of the authority was not made here');
  if (password === undefined) return keyPair.pem;
  return writePem('ENCRYPTED PRIVATE KEY', await encryptPkcs8(keyPair.der, { password, random: systemRandom }));
}

/** @throws Failure or TlsError when a file cannot be read or the password is wrong. */
export async function openFolder(
  folder: CaFolder,
  given: Given,
  terminal: Terminal,
): Promise<{ readonly root: Authority; readonly intermediate: Authority }> {
  const password = readPassword(terminal, given.text('password-file'));
  const open = (certificates: readonly string[], key: string): Promise<Authority> =>
    openAuthority({ certificates, key: folder.readOwn(key), ...(password !== undefined && { password }) });
  const root = folder.readOwn('root.crt');
  return {
    root: await open([root], 'root.key'),
    intermediate: await open([folder.readOwn('intermediate.crt'), root], 'intermediate.key'),
  };
}

/** Writes `crl.pem`: the lists of the intermediate and of the root, which revokes nothing. */
export async function writeLists(
  folder: CaFolder,
  state: State,
  root: Authority,
  intermediate: Authority,
  days: number = 30,
): Promise<State> {
  const entries = state.issued.flatMap(({ serial, revoked }) =>
    revoked === undefined ? [] : [{ serial: fromHex(serial), date: revoked.at, reason: revoked.reason }],
  );
  const own = await createCrl({ issuer: intermediate, number: state.crlNumber, entries, days });
  const above = await createCrl({ issuer: root, number: state.crlNumber, days });
  folder.write('crl.pem', own.pem + above.pem);
  folder.write('intermediate.crl', own.der);
  return { ...state, crlNumber: state.crlNumber + 1 };
}
