/**
 * Libraries as they are, with `warifu/tls` in the place of node:tls, against servers as they are: `npm run libraries -- FOLDER`,
 * where FOLDER has the libraries installed (`npm install` there: pg postgres ioredis redis mqtt nodemailer smtp-server ws axios
 * node-fetch undici @grpc/grpc-js). PostgreSQL, Redis and Mosquitto are started from where Debian puts them; what is not
 * there is said. With --native, Node's own tls, for comparison.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePreload } from './bundle-preload.ts';
import { createAuthority, issueCertificate } from '../src/pki/issue/index.ts';
import { type Child, Files, freePort, isInstalled, startChild } from '../test/support/child.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { native: { type: 'boolean', default: false }, only: { type: 'string' }, node: { type: 'string' } },
});
const folder = resolve(positionals[0] ?? '');
if (positionals[0] === undefined || !existsSync(join(folder, 'node_modules'))) {
  console.error('npm run libraries -- FOLDER [--native] [--only NAME] [--node PATH]');
  process.exit(2);
}

const LOCAL = '127.0.0.1';
/** What each needs, beside itself. */
const CASES: { readonly [name: string]: 'postgres' | 'redis' | 'mosquitto' | undefined } = {
  pg: 'postgres',
  postgres: 'postgres',
  ioredis: 'redis',
  redis: 'redis',
  mqtt: 'mosquitto',
  nodemailer: undefined,
  ws: undefined,
  axios: undefined,
  'node-fetch': undefined,
  undici: undefined,
  'grpc-js': undefined,
};

const files = new Files();
const children: Child[] = [];
try {
  const authority = await createAuthority({ subject: 'Libraries Root' });
  const other = await createAuthority({ subject: 'Another Root' });
  const server = await issueCertificate({ issuer: authority, purpose: 'server', names: ['localhost'] });
  const client = await issueCertificate({
    issuer: authority,
    purpose: 'client',
    subject: { commonName: 'warifu' },
    names: [],
  });
  const paths = {
    cert: files.add('server.pem', server.chainPem),
    key: files.add('server-key.pem', server.keyPair?.pem ?? ''),
    ca: files.add('ca.pem', authority.pem),
  };
  const started: { [name: string]: number | undefined } = {
    redis: isInstalled('redis-server') ? await startRedis(paths) : undefined,
    mosquitto: existsSync('/usr/sbin/mosquitto') ? await startMosquitto(paths) : undefined,
    postgres: await startPostgres(paths),
  };
  const register = files.path('register.mjs');
  if (!values.native) await bundlePreload('src/https/register.ts', register);
  const given = JSON.stringify({
    folder,
    ca: authority.pem,
    otherCa: other.pem,
    cert: server.chainPem,
    key: server.keyPair?.pem,
    clientCert: client.chainPem,
    clientKey: client.keyPair?.pem,
    ...started,
  });
  chmodSync(files.directory, 0o755);
  let failed = 0;
  for (const [name, needs] of Object.entries(CASES)) {
    if (values.only !== undefined && name !== values.only) continue;
    if (needs !== undefined && started[needs] === undefined) {
      console.log(`${name}: not run, there is no ${needs} on this machine`);
      continue;
    }
    const result = run(name, given, register);
    console.log(`${name}: ${result}`);
    if (result !== 'done') failed++;
  }
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  for (const child of children.reverse()) await child.stop();
  files.remove();
}

function run(name: string, given: string, register: string): string {
  const program = fileURLToPath(new URL('libraries/cases.mjs', import.meta.url));
  const preload = values.native ? [] : ['--import', pathToFileURL(register).href];
  const ours = values.native ? [] : ['--ours'];
  const { stdout, stderr } = spawnSync(values.node ?? process.execPath, [...preload, program, name, given, ...ours], {
    encoding: 'utf8',
    timeout: 90_000,
  });
  return stdout.trim().endsWith('done') ? 'done' : `failed\n${stdout}${stderr}`.slice(0, 2_000);
}

interface Paths {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

async function startRedis({ cert, key, ca }: Paths): Promise<number> {
  const port = await freePort();
  const options = {
    port: '0',
    'tls-port': `${port}`,
    bind: LOCAL,
    'tls-cert-file': cert,
    'tls-key-file': key,
    'tls-ca-cert-file': ca,
    'tls-auth-clients': 'optional',
    save: '',
    dir: files.directory,
  };
  const child = startChild(
    'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  );
  children.push(child);
  await child.waitFor(/Ready to accept connections/);
  return port;
}

async function startMosquitto({ cert, key, ca }: Paths): Promise<number> {
  const port = await freePort();
  const lines = [
    `listener ${port} ${LOCAL}`,
    `certfile ${cert}`,
    `keyfile ${key}`,
    `cafile ${ca}`,
    'require_certificate true',
    'allow_anonymous true',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  const child = startChild('/usr/sbin/mosquitto', ['-v', '-c', files.add('mosquitto.conf', lines.join('\n'))]);
  children.push(child);
  await child.waitFor(/running/);
  return port;
}

async function startPostgres({ cert, key, ca }: Paths): Promise<number | undefined> {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root)
    ? readdirSync(root).find((one) => existsSync(`${root}/${one}/bin/initdb`))
    : undefined;
  if (version === undefined) return undefined;
  const own = new Files();
  const copies = Object.entries({ cert, key, ca }).map(([name, path]) => [
    name,
    join(own.directory, `${name}.pem`),
    path,
  ]);
  for (const [, to, from] of copies) execFileSync('cp', [from!, to!]);
  const isRoot = process.getuid?.() === 0;
  // It does not run as root.
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  if (isRoot) execFileSync('chown', ['-R', 'postgres', own.directory]);
  chmodSync(own.directory, 0o700);
  const command = (args: readonly string[]): [string, string[]] => {
    const [program, ...rest] = [...as, ...args];
    return [program!, rest];
  };
  const data = own.path('data');
  const password = own.add('password', 'a secret');
  if (isRoot) execFileSync('chown', ['postgres', password]);
  const bin = `${root}/${version}/bin`;
  execFileSync(
    ...command([
      `${bin}/initdb`,
      '-D',
      data,
      '-U',
      'warifu',
      '--auth=scram-sha-256',
      `--pwfile=${password}`,
      '--no-sync',
    ]),
    { stdio: 'ignore' },
  );
  writeFileSync(join(data, 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
  const port = await freePort();
  const settings = {
    port: `${port}`,
    listen_addresses: 'localhost',
    unix_socket_directories: own.directory,
    ssl: 'on',
    ssl_cert_file: own.path('cert.pem'),
    ssl_key_file: own.path('key.pem'),
    ssl_ca_file: own.path('ca.pem'),
    fsync: 'off',
    max_connections: '60',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = startChild(...command([`${bin}/postgres`, '-D', data, ...options]), { files: own });
  children.push(child);
  await child.waitFor(/ready to accept connections/);
  return port;
}
