/**
 * Runs the BoGo suite: `npm run bogo -- RUNNER [options]`, where RUNNER is the compiled ssl/test/runner of BoringSSL.
 *
 * - `--test GLOBS`       only these, between semicolons
 * - `--isolated`         a process for each test, instead of a few that live on
 * - `--provider NAME`    `noble`; default: what the runtime has
 * - `--workers N`        how many tests at once; default: 6, or 2 when isolated
 * - `--servers N`        how many shims; default: one for each processor
 * - `--core FILE`        the names of group A, one on each line; default: `../shared/vectors/bogo/core-tests.txt`, if it is there
 * - `--doc`              write docs/conformance/bogo.md, which names
 * - `--commit HASH`      the commit of BoringSSL that the runner was built from
 * - `--include-disabled` run what config.json disables too
 * - `--failures`         print why each failure failed
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { report } from './report.ts';
import { type Listed, type Result, summarize, tally } from './summary.ts';

const RUNNER_FLAGS = ['-pipe'];
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Two runs at once have nothing in common. */
const WORK = fileURLToPath(new URL(`../../.cache/bogo/${process.pid}/`, import.meta.url));
const CORE = fileURLToPath(new URL('../../../shared/vectors/bogo/core-tests.txt', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/conformance/bogo.md', import.meta.url));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    test: { type: 'string' },
    isolated: { type: 'boolean', default: false },
    provider: { type: 'string' },
    workers: { type: 'string' },
    servers: { type: 'string' },
    core: { type: 'string' },
    doc: { type: 'boolean', default: false },
    commit: { type: 'string' },
    'include-disabled': { type: 'boolean', default: false },
    failures: { type: 'boolean', default: false },
  },
});
const [runner] = positionals;
if (runner === undefined) {
  process.stderr.write('usage: npm run bogo -- RUNNER [--test GLOBS] [--isolated] [--failures] …\n');
  process.exit(2);
}
if (options.doc && (options.commit === undefined || options.test !== undefined || options['include-disabled'])) {
  process.stderr.write('--doc needs --commit, and all the tests that are not disabled\n');
  process.exit(2);
}

mkdirSync(WORK, { recursive: true });
process.once('exit', () => rmSync(WORK, { recursive: true, force: true }));
const launcher = compileLauncher();
const shim = await bundleShim();
const tests = listTests();
const started = performance.now();
const results = await runTests();
const seconds = (performance.now() - started) / 1000;
const config = JSON.parse(readFileSync(join(HERE, 'config.json'), 'utf8')) as { DisabledTests: Record<string, string> };
const figures = tally({
  tests,
  results,
  disabled: options['include-disabled'] ? {} : config.DisabledTests,
  unimplemented: readLog(),
  core: readCore(),
});
process.stdout.write(`${summarize(figures, options.failures)}\n${Math.round(seconds)} s\n`);
if (options.doc) writeFileSync(PAGE, report(figures, options.commit!));
process.exitCode = figures.failures.length > 0 ? 1 : 0;

function readCore(): readonly string[] | undefined {
  const file = options.core ?? (existsSync(CORE) ? CORE : undefined);
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim().split('\n');
}

function compileLauncher(): string {
  const out = join(WORK, 'launcher');
  const { status, error } = spawnSync(
    process.env.CC ?? 'cc',
    ['-O2', '-Wall', '-Wextra', '-o', out, join(HERE, 'launcher.c')],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('the launcher could not be compiled', { cause: error });
  return out;
}

async function bundleShim(): Promise<string> {
  const outfile = join(WORK, 'shim.cjs');
  await build({
    entryPoints: [join(HERE, 'shim.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return outfile;
}

/** Every test there is, in the runner's order, and what it would tell the shim. */
function listTests(): readonly Listed[] {
  const list = join(WORK, 'flags.log');
  rmSync(list, { force: true });
  const { stdout } = spawnSync(
    runner!,
    [...RUNNER_FLAGS, '-allow-unimplemented', '-include-disabled', '-num-workers', '1', '-shim-path', launcher],
    { encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, BOGO_LIST: list } },
  );
  const flags = readFileSync(list, 'utf8').split('\n');
  return [...stdout.matchAll(/^UNIMPLEMENTED \((.*)\)$/gm)].map(([, name], index) => ({
    name: name!,
    flags: flags[index]!.split(' '),
  }));
}

async function runTests(): Promise<{ readonly [name: string]: Result }> {
  const log = join(WORK, 'unimplemented.log');
  rmSync(log, { force: true });
  const env: NodeJS.ProcessEnv = { ...process.env, BOGO_LOG: log, BOGO_SHIM: shim, BOGO_NODE: process.execPath };
  if (options.provider !== undefined) env.BOGO_PROVIDER = options.provider;
  const servers = options.isolated ? [] : await startServers(env);
  if (servers.length > 0) env.BOGO_SOCKET = servers.map(({ path }) => path).join(':');
  const output = join(WORK, 'results.json');
  rmSync(output, { force: true });
  const child = spawn(
    runner!,
    [
      ...RUNNER_FLAGS,
      '-allow-unimplemented',
      ...(options['include-disabled'] ? ['-include-disabled'] : []),
      ...(options.test === undefined ? [] : ['-test', options.test]),
      ...['-num-workers', options.workers ?? (options.isolated ? '2' : '6')],
      ...['-shim-path', launcher, '-shim-config', join(HERE, 'config.json'), '-json-output', output],
    ],
    { env, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await new Promise((resolve) => child.once('close', resolve));
  for (const { process: server } of servers) server.kill();
  return (JSON.parse(readFileSync(output, 'utf8')) as { tests: { [name: string]: Result } }).tests;
}

async function startServers(
  env: NodeJS.ProcessEnv,
): Promise<readonly { readonly path: string; readonly process: ChildProcess }[]> {
  const count = Number(options.servers ?? availableParallelism());
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const path = join(WORK, `shim-${index}.sock`);
      rmSync(path, { force: true });
      const server = spawn(process.execPath, ['--no-warnings', '--enable-source-maps', shim], {
        env: { ...env, BOGO_LISTEN: path },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve, reject) => {
        server.once('exit', (code) => reject(new Error(`the shim ended with ${code}`)));
        server.stdout!.once('data', resolve);
      });
      return { path, process: server };
    }),
  );
}

/** Why tests were not implemented, as the shim said. */
function readLog(): readonly string[] {
  try {
    return [...readFileSync(join(WORK, 'unimplemented.log'), 'utf8').matchAll(/^89 not implemented: (.*)$/gm)].map(
      ([, reason]) => reason!,
    );
  } catch {
    return [];
  }
}
