import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { Files, freePort, startChild } from '../../test/support/child.ts';
import { platformBinary } from '../../test/runtimes/runner.ts';
import { bundlePreload } from '../bundle-preload.ts';
import type { RuntimeName } from './table.ts';

/** Milliseconds for one case. */
const LIMIT = 120_000;
const SOURCES = join(import.meta.dirname, '../../src');
const COMPATIBILITY = '2026-11-01';

/** What all programs need to be bundled. */
const COMMON: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  external: ['pg-native', 'cloudflare:*'],
  logLevel: 'error',
  banner: {
    js: "import { createRequire as warifuRequire } from 'node:module'; const require = warifuRequire('file:///');",
  },
};

/** Programs of one library, in one runtime. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly version: string;
  /** Runs a case. Undefined: it went well; else what went wrong. */
  run(program: string, given: object, ours: boolean): Promise<string | undefined>;
}

/** The programs lie in `programs`, within the folder that has the libraries. */
export function runtimes(programs: string, node: string): readonly (Runtime | { readonly name: RuntimeName })[] {
  const deno = platformBinary('@deno', '', 'deno');
  const bun = platformBinary('@oven', 'bun-', 'bin/bun');
  const workerd = platformBinary('@cloudflare', 'workerd-', 'bin/workerd');
  return [
    { name: 'Node', version: versionOf(node), run: (...rest) => runNode(programs, node, ...rest) },
    deno === undefined
      ? { name: 'Deno' }
      : {
          name: 'Deno',
          version: versionOf(deno),
          run: (...rest) =>
            runBundle(programs, deno, ['run', '-A', '--no-config', '--no-remote', '--no-prompt'], ...rest),
        },
    bun === undefined
      ? { name: 'Bun' }
      : {
          name: 'Bun',
          version: versionOf(bun),
          run: (...rest) => runBundle(programs, bun, ['run', '--no-install'], ...rest),
        },
    workerd === undefined
      ? { name: 'workerd' }
      : { name: 'workerd', version: versionOf(workerd), run: (...rest) => runWorkerd(programs, workerd, ...rest) },
  ];
}

function versionOf(binary: string): string {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return /\d+[\d.-]*/.exec(stdout)?.[0] ?? '?';
}

/** As it is, by `node --import warifu/register`. */
async function runNode(
  programs: string,
  node: string,
  program: string,
  given: object,
  ours: boolean,
): Promise<string | undefined> {
  const register = join(programs, 'register.mjs');
  if (!existsSync(register)) await bundlePreload('src/https/register.ts', register);
  const text = readFileSync(join(programs, 'console.mjs'), 'utf8').replace("'case'", `'./cases/${program}.mjs'`);
  const file = join(programs, `node-${program}.mjs`);
  writeFileSync(file, text);
  const preload = ours ? ['--import', pathToFileURL(register).href] : [];
  return await runCommand(node, [...preload, file], given, ours);
}

/** Bundled, with an alias. */
async function runBundle(
  programs: string,
  binary: string,
  args: readonly string[],
  program: string,
  given: object,
  ours: boolean,
): Promise<string | undefined> {
  const file = await bundle(programs, 'console.mjs', program, ours);
  return await runCommand(binary, [...args, file], given, ours);
}

async function runCommand(
  binary: string,
  args: readonly string[],
  given: object,
  ours: boolean,
): Promise<string | undefined> {
  const files = new Files();
  const environment = { NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };
  const path = files.add('given.json', JSON.stringify(given));
  const child = startChild(binary, [...args, path, ours ? 'ours' : 'own'], { files, environment });
  let isLate = false;
  const patience = setTimeout(() => {
    isLate = true;
    void child.stop();
  }, LIMIT);
  const code = await child.exited;
  clearTimeout(patience);
  files.remove();
  if (code === 0 && child.output().trimEnd().endsWith('done')) return undefined;
  return `${isLate ? 'took too long\n' : ''}${child.output()}`;
}

async function runWorkerd(
  programs: string,
  binary: string,
  program: string,
  given: object,
  ours: boolean,
): Promise<string | undefined> {
  const file = await bundle(programs, 'worker.mjs', program, ours);
  const port = await freePort();
  const files = new Files();
  files.add('worker.mjs', readFileSync(file));
  const child = startChild(binary, ['serve', files.add('config.capnp', configFor(port))], { files });
  try {
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        body: JSON.stringify({ given, ours }),
        signal: AbortSignal.timeout(LIMIT),
      }).catch((error: unknown) => {
        if (tries >= 100 || !/ECONNREFUSED/.test(String(Reflect.get(Object(error), 'cause')))) throw error;
      });
      if (answer !== undefined) return answer.ok ? undefined : `${await answer.text()}\n${child.output()}`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    return `${String(error)}\n${child.output()}`;
  } finally {
    await child.stop();
  }
}

const configFor = (port: number): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "main") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker", esModule = embed "worker.mjs") ],
  compatibilityDate = "${COMPATIBILITY}",
  compatibilityFlags = ["nodejs_compat"],
);
`;

/** One file: the program and its library, with `tls` and `https` by an alias ours, or the runtime's own. */
async function bundle(programs: string, entry: string, program: string, ours: boolean): Promise<string> {
  const folder = join(programs, 'bundled');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${entry.replace('.mjs', '')}-${program}-${ours ? 'ours' : 'own'}.mjs`);
  const replaced = ['tls', 'https'].flatMap((name) => {
    const file = join(SOURCES, name, 'index.ts');
    return [[name, file] as const, [`node:${name}`, file] as const];
  });
  await build({
    ...COMMON,
    entryPoints: [join(programs, entry)],
    outfile,
    alias: { case: join(programs, 'cases', `${program}.mjs`), ...(ours && Object.fromEntries(replaced)) },
    // pg looks there for Workers, where it would use their sockets and their TLS.
    ...(entry === 'worker.mjs' && { define: { 'navigator.userAgent': '"Node.js"' } }),
  });
  return outfile;
}
