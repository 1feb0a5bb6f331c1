/**
 * Node's own tests of node:tls and node:https, run with ours in their place: `npm run nodetests -- CHECKOUT`, where
 * CHECKOUT is a copy of Node's test/ (github.com/denoland/node_test, or Node's own repository), which is never part of this
 * one. Each program runs in a process of its own, by the Node that runs this or the one of `--node`. What fails without a
 * reason in scripts/nodetests/left-out.ts makes this fail.
 *
 *   --node PATH     another Node
 *   --only TEXT     programs whose name contains it
 *   --native        with Node's own tls, for comparison
 *   --all           those that are left out, too
 *   --write         the figures into docs/conformance/node-tls.md
 *   --jobs N        at the same time. Default: 2
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePreload } from './bundle-preload.ts';
import { LEFT_OUT } from './nodetests/left-out.ts';
import { type Outcome, writeReport } from './nodetests/report.ts';

/** Milliseconds for one program. */
const LIMIT = 120_000;
const MOST_OUTPUT = 65_536;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: process.execPath },
    only: { type: 'string', default: '' },
    native: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});

const folder = join(resolve(positionals[0] ?? ''), 'test/parallel');
if (positionals[0] === undefined || !existsSync(folder)) {
  console.error('npm run nodetests -- CHECKOUT [--node PATH] [--only TEXT] [--native] [--write] [--jobs N]');
  process.exit(2);
}

let started = 0;
const work = mkdtempSync(join(tmpdir(), 'warifu-nodetests-'));
try {
  const register = join(work, 'register.mjs');
  if (!values.native) await bundlePreload('scripts/nodetests/preload.mjs', register);
  const version = await versionOf(values.node);
  const names = readdirSync(folder)
    .filter((name) => /^test-(tls|https)-.*\.m?js$/.test(name) && name.includes(values.only))
    .sort();
  const outcomes: Outcome[] = [];
  const queue = names.values();
  const worker = async (): Promise<void> => {
    for (const name of queue) {
      const outcome = await run(name, values.native ? undefined : register);
      outcomes.push(outcome);
      if (outcome.result === 'failed' || values.only !== '')
        console.log(`${outcome.result} ${name}${outcome.result === 'failed' ? `\n${tail(outcome.output)}` : ''}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  outcomes.sort((one, other) => one.name.localeCompare(other.name));
  const failed = outcomes.filter(({ result }) => result === 'failed');
  const count = (kind: 'tls' | 'https', result: Outcome['result']): number =>
    outcomes.filter((one) => one.name.startsWith(`test-${kind}-`) && one.result === result).length;
  for (const kind of ['tls', 'https'] as const)
    console.log(
      `${version} ${kind}: ${count(kind, 'passed')} passed, ${count(kind, 'skipped')} skip themselves, ` +
        `${count(kind, 'left out')} left out, ${count(kind, 'failed')} failed`,
    );
  if (values.write && values.only === '') writeReport(version, values.native, outcomes);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function run(name: string, register: string | undefined): Promise<Outcome> {
  const reason = LEFT_OUT.get(name.replace(/^test-(.*)\.m?js$/, '$1'));
  if (register !== undefined && reason !== undefined && !values.all)
    return { name, result: 'left out', reason, output: '' };
  const file = join(folder, name);
  const flags = /^\/\/ Flags:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
  const preload = register === undefined ? [] : ['--import', pathToFileURL(register).href];
  const child = spawn(values.node, [...flags, ...preload, file], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_DIR: work, TEST_THREAD_ID: String(++started) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { code, output } = await endOf(child);
  if (code !== 0) return { name, result: 'failed', reason: '', output };
  return { name, result: /^1\.\.0 # Skip/m.test(output) ? 'skipped' : 'passed', reason: '', output };
}

function endOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((done) => {
    let output = '';
    const add = (text: Buffer): void => {
      if (output.length < MOST_OUTPUT) output += text.toString();
    };
    child.stdout?.on('data', add);
    child.stderr?.on('data', add);
    const timer = setTimeout(() => {
      output += '\n(took too long)';
      // The whole group: some of them start others.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, LIMIT);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, output });
    });
  });
}

async function versionOf(node: string): Promise<string> {
  const { output } = await endOf(spawn(node, ['--version'], { stdio: ['ignore', 'pipe', 'pipe'] }));
  return output.trim();
}

function tail(output: string): string {
  const lines = output.trim().split('\n');
  return lines
    .slice(0, values.verbose ? 60 : 14)
    .map((line) => `    ${line.slice(0, 200)}`)
    .join('\n');
}
