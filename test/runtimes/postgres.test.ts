import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/libraries/servers/data.ts';
import { Host, NotHere, PASSWORD } from '../../scripts/libraries/servers/host.ts';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { Files, freePort, startChild } from '../support/child.ts';
import { ROOT } from '../support/entries.ts';
import { platformBinary } from './runner.ts';

/**
 * examples/postgres-in-workerd as its wrangler.toml says, in workerd, with a real PostgreSQL. It needs workerd, which
 * `npm run test:runtimes` installs, and postgres.js, which `npm run libraries` does; what is not there is said.
 */

const EXAMPLE = join(ROOT, 'examples/postgres-in-workerd');
const LIBRARIES = join(ROOT, '.cache/libraries/node_modules');
const workerd = platformBinary('@cloudflare', 'workerd-', 'bin/workerd');
const missing =
  workerd === undefined
    ? 'workerd is not installed (npm run test:runtimes)'
    : existsSync(join(LIBRARIES, 'postgres'))
      ? undefined
      : 'postgres.js is not installed (npm run libraries)';
if (missing !== undefined) console.log(`skipped: ${missing}`);

/** The tables of wrangler.toml, as far as it uses the language. */
function tablesOf(text: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const tables: Record<string, Record<string, string>> = { '': {} };
  let table = '';
  for (const line of text.split('\n')) {
    const [, name] = /^\[(.*)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      table = name;
      tables[table] = {};
    }
    const [, key, value] = /^"?([^"=]+?)"? = "?(.*?)"?$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) tables[table]![key] = value;
  }
  return tables;
}

const CONFIG = tablesOf(readFileSync(join(EXAMPLE, 'wrangler.toml'), 'utf8'));

async function bundle(folder: Files): Promise<void> {
  const places: Readonly<Record<string, string>> = {
    'warifu/tls': join(ROOT, 'src/tls/index.ts'),
    './node_modules/postgres/src/index.js': join(LIBRARIES, 'postgres/src/index.js'),
  };
  const alias = Object.entries(CONFIG.alias ?? {}).map(([name, to]) => [name, places[to]!]);
  await build({
    entryPoints: [join(EXAMPLE, CONFIG['']!.main!)],
    outfile: folder.path('worker.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    // As wrangler has them.
    conditions: ['workerd', 'worker', 'browser'],
    target: 'es2022',
    alias: Object.fromEntries(alias),
    define: CONFIG.define ?? {},
    external: ['pg-native', 'cloudflare:*'],
    nodePaths: [LIBRARIES],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('file:///');" },
    logLevel: 'error',
  });
}

const configFor = (port: number, variables: Readonly<Record<string, string>>): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "worker.mjs") ],
  compatibilityDate = "${CONFIG['']?.compatibility_date}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [ ${Object.entries(variables)
    .map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`)
    .join(', ')} ],
);
`;

async function ask(port: number, path: string): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(60_000) })).json();
    } catch (error) {
      if (tries >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe.skipIf(missing !== undefined)('pg and postgres.js in workerd', () => {
  let host: Host | undefined;
  let noServer = '';
  let variables: Readonly<Record<string, string>> = {};
  const files = new Files();

  beforeAll(async () => {
    const authority = await createAuthority({ subject: 'Example Root' });
    const server = await issueCertificate({ issuer: authority, purpose: 'server', names: ['localhost'] });
    const subject = { commonName: 'warifu' };
    const client = await issueCertificate({ issuer: authority, purpose: 'client', subject, names: [] });
    host = new Host({ cert: server.chainPem, key: server.keyPair?.pem ?? '', ca: authority.pem });
    try {
      const { postgres } = await startPostgres(host, 'clientcert=verify-ca');
      variables = {
        PG_HOST: 'localhost',
        PG_PORT: `${postgres}`,
        PG_USER: 'warifu',
        PG_PASSWORD: PASSWORD,
        PG_DATABASE: 'postgres',
        PG_CA: authority.pem,
        PG_CERT: client.chainPem,
        PG_KEY: client.keyPair?.pem ?? '',
      };
      await bundle(files);
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      noServer = error.message;
    }
  }, 120_000);

  afterAll(async () => {
    await host?.stop();
    files.remove();
  });

  const answers = async (changed: Readonly<Record<string, string>>): Promise<unknown[]> => {
    const port = await freePort();
    const config = files.add(`${port}.capnp`, configFor(port, { ...variables, ...changed }));
    const child = startChild(workerd!, ['serve', config]);
    try {
      return [await ask(port, '/'), await ask(port, '/postgres')];
    } finally {
      await child.stop();
    }
  };

  it('with their own authority and a client certificate', async (context) => {
    if (noServer !== '') context.skip(`skipped: ${noServer}`);
    const answer = { ssl: true, version: 'TLSv1.3', client_dn: '/CN=warifu' };
    expect(await answers({})).toEqual([answer, answer]);
  }, 120_000);

  it('and with another authority they refuse the server', async (context) => {
    if (noServer !== '') context.skip(`skipped: ${noServer}`);
    const other = await createAuthority({ subject: 'Another Root' });
    const refused = { code: 'SELF_SIGNED_CERT_IN_CHAIN' };
    expect(await answers({ PG_CA: other.pem })).toMatchObject([refused, refused]);
  }, 120_000);
});
