/**
 * Libraries as they are, with `warifu/tls` in the place of node:tls, in Node, Deno, Bun and workerd, against servers as they
 * are: `npm run libraries [-- FOLDER]`. The libraries (scripts/libraries/package.json) are installed into FOLDER on first use,
 * `.cache/libraries` where none is named; the runtimes beside Node where `npm run test:runtimes` has them. Servers are those that
 * Debian has, started on loopback; what is not there is said. What fails without a reason in scripts/libraries/table.ts, or
 * works in spite of one, makes this fail.
 *
 *   --only NAMES       libraries, with commas between
 *   --runtimes NAMES   of Node, Deno, Bun, workerd
 *   --node PATH        another Node
 *   --native           with the runtime's own tls, for comparison; nothing that fails there makes this fail
 *   --servers          and what the servers said
 *   --page             writes docs/libraries.md
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createAuthority, issueCertificate } from '../src/pki/issue/index.ts';
import { HERE as RUNTIMES } from '../test/runtimes/runner.ts';
import { type Cell, writePage } from './libraries/page.ts';
import { type Runtime, runtimes } from './libraries/runtimes.ts';
import { Host, NotHere, type Ports } from './libraries/servers/host.ts';
import { LIBRARIES, type Library, type RuntimeName, SERVERS } from './libraries/table.ts';

const SOURCE = join(import.meta.dirname, 'libraries');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    native: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    servers: { type: 'boolean', default: false },
    only: { type: 'string' },
    runtimes: { type: 'string' },
    node: { type: 'string', default: process.execPath },
  },
});
const folder = resolve(positionals[0] ?? join(import.meta.dirname, '../.cache/libraries'));
const programs = join(folder, 'programs');

// Servers are ended when this is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await main();

async function main(): Promise<void> {
  install();
  const only = values.only?.split(',');
  const libraries = LIBRARIES.filter(
    ({ name, program }) => only === undefined || only.includes(name) || only.includes(program ?? name),
  );
  const chosen = values.runtimes?.toLowerCase().split(',');
  const all = runtimes(programs, values.node).filter(
    ({ name }) => chosen === undefined || chosen.includes(name.toLowerCase()),
  );
  const authority = await createAuthority({ subject: 'Libraries Root' });
  const other = await createAuthority({ subject: 'Another Root' });
  const server = await issueCertificate({ issuer: authority, purpose: 'server', names: ['localhost'] });
  const client = await issueCertificate({
    issuer: authority,
    purpose: 'client',
    subject: { commonName: 'warifu' },
    names: [],
  });
  const identity = { cert: server.chainPem, key: server.keyPair?.pem ?? '', ca: authority.pem };
  const given = { ...identity, otherCa: other.pem, clientCert: client.chainPem, clientKey: client.keyPair?.pem ?? '' };
  const host = new Host(identity);
  try {
    const started = await startServers(host, libraries);
    const cells: Cell[] = [];
    for (const library of libraries)
      for (const runtime of all) cells.push(await cellOf(library, runtime, given, started, !values.native));
    conclude(cells);
    if (values.servers) console.log(host.output);
    const versions = new Map(all.map((one) => [one.name, 'version' in one ? one.version : '']));
    if (values.page && !values.native) writePage(cells, versions, folder);
  } finally {
    await host.stop();
  }
}

function install(): void {
  mkdirSync(folder, { recursive: true });
  const lock = 'package-lock.json';
  const wanted = readFileSync(join(SOURCE, lock), 'utf8');
  const there = join(folder, lock);
  if (!existsSync(join(folder, 'node_modules')) || !existsSync(there) || readFileSync(there, 'utf8') !== wanted) {
    for (const name of ['package.json', lock]) cpSync(join(SOURCE, name), join(folder, name));
    npmCi(folder, 'the libraries');
  }
  if (!existsSync(join(RUNTIMES, 'node_modules'))) npmCi(RUNTIMES, 'the runtimes (about 350 MB)');
  rmSync(programs, { recursive: true, force: true });
  for (const name of ['cases', 'console.mjs', 'worker.mjs'])
    cpSync(join(SOURCE, name), join(programs, name), { recursive: true });
}

function npmCi(where: string, what: string): void {
  console.log(`installing ${what}`);
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: where, stdio: 'inherit' });
  if (status !== 0) console.log(`${what}: not installed; only what is there will be tried`);
}

/** Those that the libraries want, all at once: the ports, or why it is not there. */
async function startServers(host: Host, libraries: readonly Library[]): Promise<ReadonlyMap<string, Ports | string>> {
  const names = [...new Set(libraries.flatMap(({ server }) => (server === undefined ? [] : [server])))];
  const results = await Promise.allSettled(names.map((name) => SERVERS[name](host, folder)));
  return new Map(
    results.map((result, index): [string, Ports | string] => {
      const name = names[index]!;
      if (result.status === 'fulfilled') return [name, result.value];
      const said = String(Reflect.get(Object(result.reason), 'message'));
      console.log(`${name}: ${said}`);
      return [name, result.reason instanceof NotHere ? said : `it did not start: ${said.split('\n')[0]}`];
    }),
  );
}

async function cellOf(
  library: Library,
  runtime: Runtime | { readonly name: RuntimeName },
  given: object,
  started: ReadonlyMap<string, Ports | string>,
  ours: boolean,
): Promise<Cell> {
  const cell = { library, runtime: runtime.name, ours };
  const program = library.program ?? library.name;
  const ports = [...started.values()].filter((one) => typeof one !== 'string');
  const missing = library.server === undefined ? undefined : started.get(library.server);
  const label = `${program.padEnd(12)} ${runtime.name.padEnd(8)}${ours ? '' : 'own '}`;
  const say = (result: Cell['result'], reason: string): Cell => {
    console.log(`${label} ${result}${reason === '' ? '' : `: ${reason}`}`);
    return { ...cell, result, reason };
  };
  if (!('run' in runtime)) return say('not run', 'the runtime is not installed');
  if (typeof missing === 'string') return say('not run', missing);
  const failure = await runtime
    .run(program, { ...given, runtime: runtime.name, ports: Object.assign({}, ...ports) }, ours)
    .catch((error: unknown) => String(error));
  const reason = library.cannot?.[runtime.name];
  if (reason === undefined || !ours) {
    if (failure === undefined) return say('done', '');
    if (ours) console.log(failure.slice(0, 3_000));
    return say('failed', summary(failure));
  }
  return failure === undefined ? say('failed', `works, but is said not to: ${reason}`) : say('cannot', reason);
}

/** The line that says most. */
function summary(failure: string): string {
  const lines = failure.split('\n').map((line) => line.trim());
  const line = lines.find((one) => /Error|expected|took too long|not within/.test(one)) ?? lines[0] ?? '';
  return line
    .replace(/^.*?(?=\w*Error)/, '')
    .replaceAll('|', '\\|')
    .slice(0, 160);
}

function conclude(cells: readonly Cell[]): void {
  const ours = cells.filter((cell) => cell.ours);
  const count = (result: Cell['result']): number =>
    (values.native ? cells : ours).filter((one) => one.result === result).length;
  console.log(
    `${count('done')} done, ${count('cannot')} cannot, ${count('not run')} not run, ${count('failed')} failed`,
  );
  process.exitCode = ours.some(({ result }) => result === 'failed') ? 1 : 0;
}
