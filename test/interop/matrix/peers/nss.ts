import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type Child, freePort, startChild } from '../../../support/child.ts';
import { material, type Pair, versionOf, which } from '../material.ts';
import type { ConnectOrder, ConnectReport, Peer } from '../types.ts';
import { payload } from '../talk.ts';
import { authorityPem, basicPki, serverEntry } from '../../../support/pki.ts';
import { converse } from './terminal.ts';

/** selfserv and tstclnt of NSS. */
export const nss: Peer = {
  name: 'NSS',
  version: () =>
    which('selfserv') && which('tstclnt') && which('certutil') && which('pk12util')
      ? (versionOf(which('dpkg-query'), ['-W', 'libnss3-tools'], /:(\d+\.\d+(?:\.\d+)?)/) ?? 'unknown version')
      : undefined,
  install: 'apt-get install libnss3-tools',
  quick: true,
  staples: 'its own',
  closes: 'after us',
  cannot: (role, _version, scenario) => {
    if (scenario === 'hybrid') return 'it has no such group before 3.105';
    if (role === 'client' && scenario === 'large')
      return 'selfserv answers with a page of its own, and reads no more than a page';
    if (role === 'server' && scenario === 'badCertificate')
      return 'tstclnt shows no certificate whose issuer is not trusted';
    if (role === 'server' && scenario === 'alpn') return 'tstclnt offers no protocol';
    return undefined;
  },
  start: async () => {
    const { database, stapling, withoutKey } = databases();
    const running: Child[] = [];
    return {
      serve: async ({ version, alpn, auth, staple, group, ids }) => {
        const port = await freePort();
        // It staples nothing for a key on a curve.
        const folder = staple ? stapling : database;
        const args = ['-d', folder, '-n', 'server', '-p', String(port)];
        args.push('-V', `tls${version}:tls${version}`, '-G', '-v');
        if (alpn) args.push('-Q');
        if (auth) args.push('-r', '-r');
        if (staple) args.push('-T', 'good', '-A', 'intermediate');
        if (group !== undefined) args.push('-I', 'P384');
        if (!ids) args.push('-u');
        const child = startChild('selfserv', args);
        running.push(child);
        await listening(child, port);
        return { port, talk: 'page', stop: () => child.stop() };
      },
      connect: (order) => connectWith({ database, withoutKey }, order),
      stop: async () => {
        for (const child of running) await child.stop();
      },
    };
  },
};

async function connectWith(
  { database, withoutKey }: Pick<Databases, 'database' | 'withoutKey'>,
  order: ConnectOrder,
): Promise<ConnectReport> {
  const { version, port, shows, staple, ids, bytes, times } = order;
  const args = [
    '-4',
    '-d',
    shows === undefined ? withoutKey : database,
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-a',
    'server.example',
    '-G',
    '-v',
  ];
  args.push('-V', `tls${version}:tls${version}`);
  if (shows !== undefined) args.push('-n', shows === 'good' ? 'client' : 'bad');
  if (staple) args.push('-T');
  if (!ids) args.push('-u');
  if (times === 2) args.push('-L', '2');
  // What it sends again in a second connection has to come from a file.
  if (times === 2) {
    writeFileSync(material().path('request'), payload(bytes));
    args.push('-A', material().path('request'));
  }
  const child = startChild('tstclnt', args);
  try {
    return await converse(child, bytes, () => (staple ? { staple: /stapled|OCSP/i.test(child.output()) } : {}));
  } finally {
    await child.stop();
  }
}

/** Folders of NSS. */
interface Databases {
  /** With all our certificates and keys, under the names of the files. */
  readonly database: string;
  /** With a server whose key is RSA. */
  readonly stapling: string;
  /** With the roots alone: a client takes whatever certificate it finds. */
  readonly withoutKey: string;
}
let made: Databases | undefined;

function databases(): Databases {
  if (made !== undefined) return made;
  const { path, roots, pair, server, client, bad, intermediate } = material();
  run('sh', '-c', `csplit -s -z -f ${path('root-')} ${roots} '/BEGIN CERT/' '{*}'`);
  const issuer = { chain: [authorityPem('rsaIntermediate')], key: basicPki().ca.rsaIntermediate.key };
  const rsa = { intermediate: pair('rsa-intermediate', issuer), server: pair('rsa-server', serverEntry('rsa-2048')) };
  made = {
    // The issuer first: it keeps the name under which it comes first, and comes again with what it issued.
    database: withPairs('nss', { intermediate, server, client, bad }),
    stapling: withPairs('nss-stapling', rsa),
    withoutKey: withRoots('nss-without-key'),
  };
  return made;
}

/** A certificate has one name for all of its subject: another server needs another folder. */
function withPairs(folder: string, pairs: { readonly [name: string]: Pair }): string {
  const { path } = material();
  const database = withRoots(folder);
  for (const [name, { cert, key }] of Object.entries(pairs)) {
    const file = path(`${folder}-${name}.p12`);
    run('openssl', 'pkcs12', '-export', '-in', cert, '-inkey', key, '-name', name, '-out', file, '-passout', 'pass:x');
    run('pk12util', '-i', file, '-d', database, '-W', 'x');
  }
  return database;
}

function withRoots(name: string): string {
  const { path } = material();
  mkdirSync(path(name));
  const database = `sql:${path(name)}`;
  run('certutil', '-N', '-d', database, '--empty-password');
  for (const root of ['root-00', 'root-01'])
    run('certutil', '-A', '-d', database, '-n', root, '-t', 'CT,C,C', '-i', path(root));
  return database;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function listening(child: Child, port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      }).once('error', () => resolve(false));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`selfserv does not listen:\n${child.output()}`);
}
