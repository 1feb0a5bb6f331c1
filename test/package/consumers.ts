import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { platformBinary } from '../runtimes/runner.ts';
import { ROOT } from '../support/entries.ts';
import { command, emptyProject, installInto, manifest, npm, tarball, tools } from './pack.ts';
import { bundleWithWrangler, runInWorkerd } from './worker.ts';

/**
 * Programs that know nothing of us, and what runs them or bundles them: each makes a mutual connection in memory, with
 * certificates that are verified, and says what it got.
 */

export interface Consumer {
  readonly name: string;
  /** What it does with the package, for people. */
  readonly how: string;
  /** What has to be installed for it, below the folders that are named for it; `nothing`: it is here anyway. */
  readonly needs: 'nothing' | 'registry' | 'tools' | 'runtimes';
  /** What the program said; an error when it cannot be run. */
  run(): Promise<string>;
}

/** What such a program says. */
export const EXPECTED = 'TLSv1.3 to client, from server.example';

const HANDSHAKE = `
async function handshake() {
  const [there, back] = [new TransformStream(), new TransformStream()];
  const [s, c] = await Promise.all([
    accept({ readable: there.readable, writable: back.writable }, { credential: server, clientAuth: 'require', anchors }),
    connect({ readable: back.readable, writable: there.writable }, { serverName: 'server.example', credential: client, anchors }),
  ]);
  const writer = s.writable.getWriter();
  writer.write(new TextEncoder().encode(s.info.version + ' to ' + s.peer.identities.subject.slice(3) + ', from server.example'));
  const { value } = await c.readable.getReader().read();
  return new TextDecoder().decode(value);
}
`;

/** In a program: PEM of an authority, and of the chain and the key of either side. */
async function identities(): Promise<string> {
  const issuer = await createAuthority({ subject: 'Tests' });
  const server = await issueCertificate({ issuer, names: ['server.example'], purpose: 'server' });
  const client = await issueCertificate({ issuer, subject: 'client', purpose: 'client' });
  const [s, c] = [server, client].map(({ chainPem, keyPair }) => ({
    certificates: chainPem,
    privateKey: keyPair!.pem,
  }));
  return `const anchors = ${JSON.stringify(issuer.pem)}, server = ${JSON.stringify(s)}, client = ${JSON.stringify(c)};`;
}

const IMPORT = "import { accept, connect } from 'warifu';";
const REQUIRE = "const { accept, connect } = require('warifu');";
const PRINT = 'handshake().then(console.log);';

/** A project with the package and one program. */
async function project(name: string, file: string, load: string, then: string): Promise<string> {
  const folder = emptyProject(name);
  await installInto(folder);
  const dependencies = { [manifest.name]: manifest.version };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(folder, file), `${load}\n${await identities()}\n${HANDSHAKE}\n${then}\n`);
  return folder;
}

/** Runs a program that prints what it says. */
async function printed(
  file: string,
  load: string,
  program: string | undefined,
  args: readonly string[],
): Promise<string> {
  if (program === undefined) throw new Error('it is not installed');
  const folder = await project('run', file, load, PRINT);
  return (await command(program, [...args, file], folder)).trim();
}

/** Runs a test program whose one test writes what it got into a file. */
async function tested(file: string, head: string, args: readonly string[]): Promise<string> {
  const then = "test('it connects', async () => { writeFileSync('said.txt', await handshake()); });";
  const folder = await project('test', file, `import { writeFileSync } from 'node:fs';\n${head}\n${IMPORT}`, then);
  await command(process.execPath, args, folder);
  return readFileSync(join(folder, 'said.txt'), 'utf8');
}

const PROGRAMS: readonly Consumer[] = [
  {
    name: 'Node',
    how: 'a module imports it',
    needs: 'nothing',
    run: () => printed('main.mjs', IMPORT, process.execPath, []),
  },
  {
    name: 'Node, CommonJS',
    how: 'a program requires it',
    needs: 'nothing',
    run: () => printed('main.cjs', REQUIRE, process.execPath, []),
  },
  {
    name: 'npm',
    how: 'installs the tarball with its dependencies, and nothing of our tools; a module imports it',
    needs: 'registry',
    run: async () => {
      const folder = emptyProject('npm');
      writeFileSync(join(folder, 'package.json'), '{ "private": true }');
      await npm(['install', '--no-audit', '--no-fund', await tarball()], folder);
      writeFileSync(join(folder, 'main.mjs'), `${IMPORT}\n${await identities()}\n${HANDSHAKE}\n${PRINT}\n`);
      const installed = await command('ls', ['node_modules'], folder);
      if (/^(vitest|typescript|esbuild)$/m.test(installed)) throw new Error(`tools of ours came with it: ${installed}`);
      return (await command(process.execPath, ['main.mjs'], folder)).trim();
    },
  },
  {
    name: 'Bun',
    how: 'a module imports it',
    needs: 'runtimes',
    run: () => printed('main.mjs', IMPORT, platformBinary('@oven', 'bun-', 'bin/bun'), ['run', '--no-install']),
  },
  {
    name: 'Deno',
    how: 'a module imports it from node_modules',
    needs: 'runtimes',
    run: () =>
      printed('main.mjs', IMPORT, platformBinary('@deno', '', 'deno'), [
        ...['run', '--no-remote', '--no-prompt', '--node-modules-dir=manual'],
      ]),
  },
  {
    name: 'JSR',
    how: 'a dry run of publishing takes the sources as they are',
    needs: 'runtimes',
    run: async () => {
      const deno = platformBinary('@deno', '', 'deno');
      if (deno === undefined) throw new Error('Deno is not installed');
      await command(deno, ['publish', '--dry-run', '--allow-dirty', '--allow-slow-types'], ROOT);
      return EXPECTED;
    },
  },
  {
    name: 'Vitest',
    how: 'a test imports it',
    needs: 'nothing',
    run: () =>
      tested('main.test.mjs', "import { test } from 'vitest';", [
        join(ROOT, 'node_modules/vitest/vitest.mjs'),
        ...['run', '--root', '.'],
      ]),
  },
  {
    name: 'Jest',
    how: 'a test imports it, with --experimental-vm-modules, which Jest needs for modules',
    needs: 'tools',
    run: async () => {
      const jest = join(await toolFolder(), 'node_modules/jest/bin/jest.js');
      const options = { testMatch: ['**/*.test.mjs'], transform: {}, testEnvironment: 'node' };
      return tested('main.test.mjs', '', ['--experimental-vm-modules', jest, '--config', JSON.stringify(options)]);
    },
  },
];

/** A module that bundles main.mjs of its folder into out/bundle.mjs; `load` imports a package of the bundler's folder. */
const BUNDLERS: readonly { readonly name: string; readonly needs: 'nothing' | 'tools'; readonly script: string }[] = [
  {
    name: 'esbuild',
    needs: 'nothing',
    script: `const { build } = await load('esbuild/lib/main.js');
      await build({ entryPoints: ['main.mjs'], bundle: true, format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], minify: true, outfile: 'out/bundle.mjs' });`,
  },
  {
    name: 'Vite',
    needs: 'tools',
    script: `const { build } = await load('vite/dist/node/index.js');
      await build({ logLevel: 'error', configFile: false, build: { outDir: 'out', lib: { entry: 'main.mjs', formats: ['es'], fileName: () => 'bundle.mjs' }, rollupOptions: { output: { inlineDynamicImports: true } } } });`,
  },
  {
    name: 'rollup',
    needs: 'tools',
    script: `const { rollup } = await load('rollup/dist/es/rollup.js');
      const { nodeResolve } = await load('@rollup/plugin-node-resolve/dist/es/index.js');
      const bundle = await rollup({ input: 'main.mjs', plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ file: 'out/bundle.mjs', inlineDynamicImports: true });`,
  },
  {
    name: 'webpack',
    needs: 'tools',
    script: `const { default: webpack } = await load('webpack/lib/index.js');
      await new Promise((resolve, reject) => webpack({ mode: 'production', target: 'web', devtool: false, entry: './main.mjs', output: { path: process.cwd() + '/out', filename: 'bundle.mjs', chunkFormat: 'module' }, optimization: { splitChunks: false }, module: { parser: { javascript: { dynamicImportMode: 'eager' } } } },
        (error, stats) => error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve()));`,
  },
  {
    name: 'rspack',
    needs: 'tools',
    script: `const { rspack } = await load('@rspack/core/dist/index.js');
      await new Promise((resolve, reject) => rspack({ mode: 'production', target: 'web', devtool: false, entry: './main.mjs', output: { path: process.cwd() + '/out', filename: 'bundle.mjs' }, module: { parser: { javascript: { dynamicImportMode: 'eager' } } } },
        (error, stats) => error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve()));`,
  },
];

const bundled = ({ name, needs, script }: (typeof BUNDLERS)[number]): Consumer => ({
  name,
  how: 'makes one file of it and a program; the file runs where nothing is installed',
  needs,
  run: async () => {
    const folder = await project(name.toLowerCase(), 'main.mjs', IMPORT, PRINT);
    const base = pathToFileURL(join(needs === 'nothing' ? ROOT : await toolFolder(), 'node_modules/')).href;
    const load = `const load = (path) => import(${JSON.stringify(base)} + path);`;
    writeFileSync(join(folder, 'bundle.mjs'), `${load}\n${script}`);
    await command(process.execPath, ['bundle.mjs'], folder);
    const alone = emptyProject('alone');
    await command('cp', [join(folder, 'out/bundle.mjs'), alone], alone);
    return (await command(process.execPath, ['bundle.mjs'], alone)).trim();
  },
});

const WORKER: Consumer = {
  name: 'wrangler and workerd',
  how: 'wrangler bundles a worker as for publishing; workerd runs what it made',
  needs: 'tools',
  run: async () => {
    const answer = 'export default { fetch: async () => new Response(await handshake()) };';
    const folder = await project('worker', 'worker.mjs', IMPORT, answer);
    const from = await toolFolder();
    return await runInWorkerd(await bundleWithWrangler(folder, from), from);
  },
};

export const CONSUMERS: readonly Consumer[] = [...PROGRAMS, ...BUNDLERS.map(bundled), WORKER];

async function toolFolder(): Promise<string> {
  const installed = await tools();
  if ('missing' in installed) throw new Error(installed.missing);
  return installed.folder;
}
