import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { ROOT } from '../support/entries.ts';
import { command, emptyProject, installInto, manifest, npm, tarball, tools } from './pack.ts';
import { allConsumers } from '../support/thorough.ts';

/**
 * The package in programs that know nothing of us: a mutual handshake in memory, by a program that is run as it is, or
 * bundled first and then run where nothing is installed. What needs more than we have anyway is `npm run test:package`.
 */

const installed = allConsumers ? await tools() : { missing: '' };

/** In a program: PEM of an authority, and of the chain and the key of either side. */
async function identities(): Promise<string> {
  const issuer = await createAuthority({ subject: 'Tests' });
  const server = await issueCertificate({ issuer, names: ['server.example'], purpose: 'server' });
  const client = await issueCertificate({ issuer, subject: 'client', purpose: 'client' });
  const [s, c] = [server, client].map(({ pem, keyPair }) => ({ certificates: pem, privateKey: keyPair!.pem }));
  return `const anchors = ${JSON.stringify(issuer.pem)}, server = ${JSON.stringify(s)}, client = ${JSON.stringify(c)};`;
}

/** What such a program prints. */
const EXPECTED = 'TLSv1.3 to client, from server.example\n';

const HANDSHAKE = `
async function handshake() {
  const [there, back] = [new TransformStream(), new TransformStream()];
  const [s, c] = await Promise.all([
    accept({ readable: there.readable, writable: back.writable }, { credential: server, clientAuth: 'require', anchors }),
    connect({ readable: back.readable, writable: there.writable }, { serverName: 'server.example', credential: client, anchors }),
  ]);
  const writer = s.writable.getWriter();
  writer.write(new TextEncoder().encode(s.info.version + ' to client, from server.example'));
  const { value } = await c.readable.getReader().read();
  console.log(new TextDecoder().decode(value));
}
handshake();
`;

const ESM = async (): Promise<string> =>
  `import { accept, connect } from 'warifu';\n${await identities()}\n${HANDSHAKE}`;
const COMMON_JS = async (): Promise<string> =>
  `const { accept, connect } = require('warifu');\n${await identities()}\n${HANDSHAKE}`;

async function project(name: string, file: string, program: string): Promise<string> {
  const folder = emptyProject(name);
  await installInto(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  writeFileSync(join(folder, file), program);
  return folder;
}

/** Runs what was bundled in a folder of its own, where nothing of it could be found but itself. */
async function runAlone(bundle: string): Promise<string> {
  const alone = emptyProject('alone');
  await command('cp', [bundle, join(alone, 'bundle.mjs')], alone);
  return await command(process.execPath, ['bundle.mjs'], alone);
}

describe('in Node', () => {
  it('a module imports it', async () => {
    const folder = await project('esm', 'main.mjs', await ESM());
    expect(await command(process.execPath, ['main.mjs'], folder)).toBe(EXPECTED);
  }, 240_000);

  it('a CommonJS program requires it', async () => {
    const folder = await project('cjs', 'main.cjs', await COMMON_JS());
    expect(await command(process.execPath, ['main.cjs'], folder)).toBe(EXPECTED);
  }, 240_000);

  it.runIf(allConsumers)(
    'npm installs the tarball, with its dependencies, and its program runs',
    async () => {
      const folder = emptyProject('npm');
      writeFileSync(join(folder, 'package.json'), '{ "private": true }');
      await npm(['install', '--no-audit', '--no-fund', await tarball()], folder);
      writeFileSync(join(folder, 'main.mjs'), await ESM());
      expect(await command(process.execPath, ['main.mjs'], folder)).toBe(EXPECTED);
      const names = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
      expect(names).toContain(manifest.name);
      // None of its own tools came with it.
      for (const tool of ['vitest', 'typescript', 'esbuild']) expect(names).not.toContain(tool);
    },
    240_000,
  );
});

interface Bundler {
  readonly name: string;
  /** Where the bundler is installed. */
  readonly from: string;
  /** A module that bundles main.mjs of its folder into out/bundle.mjs; `load` imports a package of the bundler's folder. */
  readonly script: string;
}

const OWN: readonly Bundler[] = [
  {
    name: 'esbuild',
    from: ROOT,
    script: `const { build } = await load('esbuild/lib/main.js');
      await build({ entryPoints: ['main.mjs'], bundle: true, format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], minify: true, outfile: 'out/bundle.mjs' });`,
  },
];

const OTHERS: readonly Omit<Bundler, 'from'>[] = [
  {
    name: 'Vite',
    script: `const { build } = await load('vite/dist/node/index.js');
      await build({ logLevel: 'error', configFile: false, build: { outDir: 'out', lib: { entry: 'main.mjs', formats: ['es'], fileName: () => 'bundle.mjs' }, rollupOptions: { output: { inlineDynamicImports: true } } } });`,
  },
  {
    name: 'rollup',
    script: `const { rollup } = await load('rollup/dist/es/rollup.js');
      const { nodeResolve } = await load('@rollup/plugin-node-resolve/dist/es/index.js');
      const bundle = await rollup({ input: 'main.mjs', plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ file: 'out/bundle.mjs', inlineDynamicImports: true });`,
  },
  {
    name: 'webpack',
    script: `const { default: webpack } = await load('webpack/lib/index.js');
      await new Promise((resolve, reject) => webpack({ mode: 'production', target: 'web', devtool: false, entry: './main.mjs', output: { path: process.cwd() + '/out', filename: 'bundle.mjs', chunkFormat: 'module' }, optimization: { splitChunks: false }, module: { parser: { javascript: { dynamicImportMode: 'eager' } } } },
        (error, stats) => error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve()));`,
  },
  {
    name: 'rspack',
    script: `const { rspack } = await load('@rspack/core/dist/index.js');
      await new Promise((resolve, reject) => rspack({ mode: 'production', target: 'web', devtool: false, entry: './main.mjs', output: { path: process.cwd() + '/out', filename: 'bundle.mjs' }, module: { parser: { javascript: { dynamicImportMode: 'eager' } } } },
        (error, stats) => error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve()));`,
  },
];

const bundlers: readonly Bundler[] =
  'folder' in installed ? [...OWN, ...OTHERS.map((bundler) => ({ ...bundler, from: installed.folder }))] : OWN;

describe('bundled', () => {
  if ('missing' in installed && allConsumers) it.skip(`skipped: ${installed.missing}`, () => {});

  it.each(bundlers)(
    'by $name, it runs where nothing is installed',
    async ({ name, from, script }) => {
      const folder = await project(name.toLowerCase(), 'main.mjs', await ESM());
      const base = pathToFileURL(join(from, 'node_modules/')).href;
      writeFileSync(
        join(folder, 'bundle.mjs'),
        `const load = (path) => import(${JSON.stringify(base)} + path);\n${script}`,
      );
      await command(process.execPath, ['bundle.mjs'], folder);
      expect(existsSync(join(folder, 'out/bundle.mjs'))).toBe(true);
      expect(await runAlone(join(folder, 'out/bundle.mjs'))).toBe(EXPECTED);
    },
    240_000,
  );
});
