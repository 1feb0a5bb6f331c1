import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authorityPem,
  basicPki,
  clientEntry,
  type Entry,
  faultyEntry,
  serverEntry,
  trustedRootsPem,
} from '../../support/pki.ts';

/** Certificates, keys and a stapled response as files, for programs that want files; and where peers are kept. */

export const ROOT: string = join(import.meta.dirname, '../../..');
/** Where what is built or downloaded for peers is kept; never part of the repository. */
export const CACHE: string = process.env.WARIFU_INTEROP_CACHE ?? join(ROOT, 'node_modules/.cache/warifu-interop');

export interface Material {
  readonly directory: string;
  readonly roots: string;
  readonly server: Pair;
  readonly client: Pair;
  /** A client certificate of an issuer that is not trusted. */
  readonly bad: Pair;
  /** DER OCSPResponse that says that the server's certificate is good; signed by its issuer. */
  readonly staple: string;
  readonly intermediate: Pair;
  path(name: string): string;
  /** More of them, under this name. */
  pair(name: string, entry: Entry): Pair;
}

/** Files: PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

let made: Material | undefined;

export function material(): Material {
  if (made !== undefined) return made;
  const directory = mkdtempSync(join(tmpdir(), 'warifu-interop-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string): string => join(directory, name);
  const add = (name: string, content: string): string => {
    writeFileSync(path(name), content, { mode: 0o600 });
    return path(name);
  };
  const pair = (name: string, { chain, key }: Entry): Pair => ({
    cert: add(`${name}.pem`, chain.join('')),
    key: add(`${name}.key`, key),
  });
  made = {
    directory,
    roots: add('roots.pem', trustedRootsPem()),
    server: pair('server', serverEntry()),
    client: pair('client', clientEntry()),
    bad: pair('bad', faultyEntry('untrustedClient')),
    intermediate: pair('intermediate', {
      chain: [authorityPem('ecIntermediate')],
      key: basicPki().ca.ecIntermediate.key,
    }),
    staple: path('staple.der'),
    path,
    pair,
  };
  sign(made);
  return made;
}

export function stapleBytes(): Uint8Array {
  return new Uint8Array(readFileSync(material().staple));
}

/** Where a program is, or undefined. */
export function which(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/local/go/bin:/usr/sbin:${process.env.HOME}/.cargo/bin` },
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The first line in which a program says its version. */
export function versionOf(program: string | undefined, args: readonly string[], pattern: RegExp): string | undefined {
  if (program === undefined) return undefined;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  if (status === null) return undefined;
  return pattern.exec(stdout + stderr)?.[1];
}

export function cacheFolder(name: string): string {
  const folder = join(CACHE, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function sign({ server, intermediate, staple, path }: Material): void {
  const [leaf = ''] = readFileSync(server.cert, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/);
  const { serialNumber } = new X509Certificate(leaf);
  writeFileSync(path('leaf.pem'), leaf);
  writeFileSync(path('index.txt'), `V\t600101000000Z\t\t${serialNumber}\tunknown\t/CN=server.example\n`);
  const issuer = ['-CA', intermediate.cert, '-rsigner', intermediate.cert, '-rkey', intermediate.key];
  const asked = ['-issuer', intermediate.cert, '-cert', path('leaf.pem'), '-no_nonce'];
  execFileSync(
    'openssl',
    ['ocsp', '-index', path('index.txt'), ...issuer, ...asked, '-ndays', '7', '-respout', staple, '-noverify'],
    { stdio: 'ignore' },
  );
}
