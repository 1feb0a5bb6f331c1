/**
 * The package in every program that there is a consumer for: `npm run test:consumers`. With `-- --page` it writes
 * docs/consumers.md. The exit code is 1 when one fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { frontMatter } from '../../scripts/front-matter.ts';
import { ROOT } from '../support/entries.ts';
import { CONSUMERS, EXPECTED } from './consumers.ts';

/** What cannot be had from a registry. */
const NOT_HERE: readonly (readonly [name: string, why: string])[] = [
  ['Electron', 'its package downloads the program when it is installed, from a place that is no registry'],
];

/** Where the version of a consumer stands, below the repository. */
const VERSIONS: Readonly<Record<string, string>> = {
  Bun: 'test/runtimes/node_modules/@oven/bun-linux-x64',
  Deno: 'test/runtimes/node_modules/deno',
  JSR: 'test/runtimes/node_modules/deno',
  Vitest: 'node_modules/vitest',
  esbuild: 'node_modules/esbuild',
  Jest: '.cache/package-tools/node_modules/jest',
  Vite: '.cache/package-tools/node_modules/vite',
  rollup: '.cache/package-tools/node_modules/rollup',
  webpack: '.cache/package-tools/node_modules/webpack',
  rspack: '.cache/package-tools/node_modules/@rspack/core',
  'wrangler and workerd': '.cache/package-tools/node_modules/wrangler',
};

const runtimes = join(ROOT, 'test/runtimes');
if (!existsSync(join(runtimes, 'node_modules')))
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: runtimes, stdio: 'inherit' });

const rows: string[] = [];
for (const { name, how, run } of CONSUMERS) {
  const outcome = await run().then(
    (said) => (said === EXPECTED ? 'a mutual connection' : `failed: it said ${JSON.stringify(said)}`),
    (error: Error) => `failed: ${error.message.slice(0, 2000)}`,
  );
  console.log(`${name}: ${outcome}`);
  if (outcome.startsWith('failed')) process.exitCode = 1;
  const what = name === 'JSR' && !outcome.startsWith('failed') ? 'nothing to complain about' : outcome.split('\n')[0];
  rows.push(`| ${name} | ${versionOf(name)} | ${how} | ${what} |`);
}

if (process.argv.includes('--page')) {
  const page = [
    ...frontMatter('Consumers'),
    '# The package in other programs',
    '',
    'Made by `npm run test:consumers -- --page`: `npm pack`, installed into an empty project of each kind, and used there. A client and a',
    'server in one program make a mutual connection of TLS 1.3, each with a certificate that the other verifies, and data goes over it. A',
    'build alone is not enough: what a bundler makes is run in a folder in which nothing is installed.',
    '',
    '| program | version | what it does | what came of it |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...NOT_HERE.map(([name, why]) => `| ${name} | | | not run: ${why} |`),
    '',
  ];
  writeFileSync(join(ROOT, 'docs/consumers.md'), page.join('\n'));
}

function versionOf(name: string): string {
  const folder = VERSIONS[name];
  if (folder === undefined) return name.startsWith('Node') ? process.versions.node : '';
  const manifest = join(ROOT, folder, 'package.json');
  return existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
    : '';
}
