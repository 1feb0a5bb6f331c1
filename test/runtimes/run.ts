/**
 * One suite in every runtime: `npm run test:runtimes [-- name ...]`. Installs the runtimes into this folder on first use;
 * with `--page` it writes docs/runtimes.md.
 * A runtime that is not there is skipped and said so; the exit code is 1 when a case fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { runBrowser } from './run-browser.ts';
import { runBun } from './run-bun.ts';
import { runDeno } from './run-deno.ts';
import { runFirefox } from './run-firefox.ts';
import { runNode } from './run-node.ts';
import { runWorkerd } from './run-workerd.ts';
import { page } from './page.ts';
import { type Bundles, broken, HERE, type Result, type Runner } from './runner.ts';

const RUNNERS: Readonly<Record<string, Runner>> = {
  node: runNode,
  deno: runDeno,
  bun: runBun,
  workerd: runWorkerd,
  browser: runBrowser,
  firefox: runFirefox,
};

async function main(args: readonly string[]): Promise<void> {
  const names = args.filter((name) => name !== '--page');
  const unknown = names.filter((name) => RUNNERS[name] === undefined);
  if (unknown.length > 0) throw new Error(`not one of ${Object.keys(RUNNERS).join(', ')}: ${unknown.join(', ')}`);
  install();
  const bundles = await bundle();
  const results: Result[] = [];
  for (const [name, runner] of Object.entries(RUNNERS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    results.push(...(await runner(bundles).catch((error) => [{ runtime: name, outcomes: [broken(String(error))] }])));
  }
  print(results);
  if (args.includes('--page')) writeFileSync(join(HERE, '../../docs/runtimes.md'), page(results));
}

function install(): void {
  if (existsSync(join(HERE, 'node_modules'))) return;
  console.log('installing the runtimes (about 350 MB)');
  // With what is optional: the binaries of Deno, Bun and workerd are, for each platform.
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: HERE, stdio: 'inherit' });
  if (status !== 0) console.log('not installed; only what is there will be tried');
}

async function bundle(): Promise<Bundles> {
  const outdir = join(HERE, '../../.cache/runtimes');
  const names = ['console', 'page', 'fetch'] as const;
  await build({
    entryPoints: names.map((name) => join(HERE, `entries/${name}.ts`)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral', // an import of node:* on the way would be an error, as in a browser
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return {
    console: join(outdir, 'console.mjs'),
    page: join(outdir, 'page.mjs'),
    fetch: join(outdir, 'fetch.mjs'),
  };
}

function print(results: readonly Result[]): void {
  const width = Math.max(...results.map(({ runtime }) => runtime.length));
  let passed = 0;
  let failed = 0;
  for (const { runtime, skipped, outcomes } of results) {
    if (skipped !== undefined) console.log(`${runtime.padEnd(width)}  skipped: ${skipped}`);
    for (const { name, ok, detail } of outcomes) {
      console.log(
        `${runtime.padEnd(width)}  ${ok ? 'ok    ' : 'FAILED'}  ${name}${detail === '' ? '' : `  (${detail})`}`,
      );
      if (ok) passed++;
      else failed++;
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
