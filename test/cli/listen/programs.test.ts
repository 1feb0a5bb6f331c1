import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import * as https from 'node:https';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Files, freePort, startChild } from '../../support/child.ts';
import { Pki, type Running, start } from './listener.ts';

/** Real servers behind `warifu listen`: PostgreSQL as TCP, with `warifu tunnel` in front of its client, and nginx. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
});
afterAll(() => pki.remove());

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function running(command: string, ...args: readonly string[]): Promise<Running> {
  const found = await start(pki.folder, command, ...args);
  toStop.push(() => found.stop());
  return found;
}

const mutual = (): string[] => [
  ...['--address', '127.0.0.1:0', '--certificate', pki.path('server.crt'), '--key', pki.path('server.key')],
  ...['--auth', 'require', '--anchors', pki.path('root.crt')],
];

const POSTGRES = ((): string | undefined => {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root)
    ? readdirSync(root).find((one) => existsSync(`${root}/${one}/bin/initdb`))
    : undefined;
  if (version === undefined) console.log('skipped: postgresql not present');
  return version === undefined ? undefined : `${root}/${version}/bin`;
})();
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((file) => existsSync(file));
if (NGINX === undefined) console.log('skipped: nginx not present');

describe.skipIf(POSTGRES === undefined)('PostgreSQL', () => {
  it('answers a client that knows no TLS, through a tunnel and a listener, and no other', async () => {
    const files = new Files();
    const port = await freePort();
    const isRoot = process.getuid?.() === 0;
    // It does not run as root.
    const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
    if (isRoot) execFileSync('chown', ['-R', 'postgres', files.directory]);
    chmodSync(files.directory, 0o700);
    const run = (...args: readonly string[]): [string, string[]] => {
      const [program = '', ...rest] = [...as, ...args];
      return [program, rest];
    };
    const data = files.path('data');
    execFileSync(...run(`${POSTGRES}/initdb`, '-D', data, '-U', 'warifu', '--auth=trust', '--no-sync'), {
      stdio: 'ignore',
    });
    const settings = ['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
    const server = startChild(...run(`${POSTGRES}/postgres`, '-D', data, ...settings, '-k', files.directory), {
      files,
    });
    toStop.push(() => server.stop());
    await server.waitFor(/ready to accept connections/);

    const listener = await running('listen', ...mutual(), '--to', `127.0.0.1:${port}`);
    const anchors = ['--anchors', pki.path('root.crt')];
    const own = ['--certificate', pki.path('client.crt'), '--key', pki.path('client.key')];
    const tunnel = await running('tunnel', '--port', '0', '--to', `127.0.0.1:${listener.port}`, ...anchors, ...own);
    const stranger = await running('tunnel', '--port', '0', '--to', `127.0.0.1:${listener.port}`, ...anchors);
    const client = (at: Running) =>
      new pg.Client({ user: 'warifu', database: 'postgres', host: '127.0.0.1', port: at.port });
    const known = client(tunnel);
    await known.connect();
    const large = 'y'.repeat(1_000_000);
    expect((await known.query('select length($1::text) as length', [large])).rows).toEqual([{ length: large.length }]);
    const { rows } = await known.query('select repeat(md5(n::text), 100) as text from generate_series(1, 1000) n');
    expect(rows.map(({ text }) => text.length)).toEqual(new Array(1000).fill(3200));
    await known.end();
    await expect(client(stranger).connect()).rejects.toThrow();
    expect(await listener.entry(({ verdict }) => verdict === 'valid')).toMatchObject({ subject: 'CN=alice' });
    expect(await listener.entry(({ event }) => event === 'refused')).toMatchObject({
      code: 'ERR_CERTIFICATE_REQUIRED',
    });
  });
});

describe.skipIf(NGINX === undefined)('nginx', () => {
  it('is told of the client, and serves files of any size', async () => {
    const files = new Files();
    const port = await freePort();
    files.add('big', 'z'.repeat(3_000_000));
    chmodSync(files.directory, 0o755);
    chmodSync(files.path('big'), 0o644);
    const conf = files.add(
      'nginx.conf',
      `daemon off; master_process off; pid ${files.path('pid')}; error_log stderr warn; events {}
http { access_log off; client_body_temp_path ${files.path('b')}; proxy_temp_path ${files.path('p')}; fastcgi_temp_path ${files.path('f')};
uwsgi_temp_path ${files.path('u')}; scgi_temp_path ${files.path('s')};
server { listen 127.0.0.1:${port}; root ${files.directory}; location = /who { return 200 "$http_x_forwarded_for $http_client_cert_status $http_client_cert"; } } }\n`,
    );
    const server = startChild(NGINX ?? '', ['-c', conf, '-p', files.directory, '-e', 'stderr'], { files });
    toStop.push(() => server.stop());
    for (let i = 0; i < 300 && files.read('pid') === undefined; i++) await new Promise((done) => setTimeout(done, 10));
    const listener = await running('listen', '--http', ...mutual(), '--to', `127.0.0.1:${port}`);
    const get = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { ...pki.client('client'), port: listener.port, path, agent: false };
        https
          .get(options, (response) => {
            let text = '';
            response
              .on('data', (chunk) => (text += String(chunk)))
              .on('end', () => resolve(text))
              .on('error', reject);
          })
          .on('error', reject);
      });
    expect(await get('/who')).toMatch(/^127\.0\.0\.1 valid :MII[A-Za-z0-9+/=]+:$/);
    expect((await get('/big')).length).toBe(3_000_000);
  });
});
