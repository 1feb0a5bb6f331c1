/**
 * Puts the entries of what was built into few files, for runtimes that load files one by one: `npm run build` does it behind
 * the compiler. Loading two hundred small files takes Node longer than running what is in them. Bundlers take the small
 * files all the same, and leave out what is not used; the condition `node` in package.json tells the two apart.
 *
 * What nearly every program loads is one file, and an entry only names its part of it; what few programs load shares its
 * chunks with it, so that a class is the same class whichever entry it came from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

interface Entry {
  /** `./engine`; `.` is the package itself. */
  readonly subpath: string;
  /** The file, relative to the root. */
  readonly module: string;
}

/** What few programs load, and what loads much of Node. */
const APART: readonly string[] = [
  'node',
  'tls',
  'https',
  'register',
  'pki/formats',
  'pki/issue',
  'inspect',
  'legacy',
  'crypto/conformance',
  'testkit',
];
const isApart = ({ subpath }: Entry): boolean => APART.includes(subpath.replace(/^\.\/?/, ''));

function entries(): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
  };
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [{ subpath, module: target.default }],
  );
}

/** The names an entry exports, each under a name of its own in the one file. */
async function namesOf({ module }: Entry): Promise<readonly string[]> {
  return Object.keys(await import(pathToFileURL(join(ROOT, module)).href)).sort();
}

/** Files that are not there, but made up of text: the one file, and the entries that name its parts. */
async function madeUp(): Promise<ReadonlyMap<string, string>> {
  const common = entries().filter((entry) => !isApart(entry));
  const files = new Map<string, string>();
  const parts: string[] = [];
  for (const [index, entry] of common.entries()) {
    const names = await namesOf(entry);
    const list = (write: (name: string) => string): string => names.map(write).join(', ');
    parts.push(`export { ${list((name) => `${name} as ${name}_${index}`)} } from ${JSON.stringify(entry.module)};`);
    files.set(entry.module, `export { ${list((name) => `${name}_${index} as ${name}`)} } from 'made-up:common';`);
  }
  return files.set('common', parts.join('\n'));
}

const files = await madeUp();
const plugin: Plugin = {
  name: 'made up',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^made-up:/ }, ({ path }) => ({ namespace: 'made-up', path: path.slice('made-up:'.length) }));
    onLoad({ filter: /.*/, namespace: 'made-up' }, ({ path }) => ({
      contents: files.get(path) ?? '',
      resolveDir: ROOT,
    }));
  },
};

await build({
  entryPoints: [
    { in: 'made-up:common', out: 'common' },
    ...entries().map((entry) => ({
      in: isApart(entry) ? join(ROOT, entry.module) : `made-up:${entry.module}`,
      out: entry.module.replace(/^\.\/dist\/|\.js$/g, ''),
    })),
  ],
  plugins: [plugin],
  absWorkingDir: ROOT,
  outdir: join(ROOT, 'dist/bundled'),
  chunkNames: 'chunks/[hash]',
  bundle: true,
  splitting: true,
  // Named by where they are in this tree, wherever the modules really lie: so that two builds are the same.
  preserveSymlinks: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // noble is pinned to one version anyway, and is most of the files there are to load; its licence goes along.
  external: ['node:*', 'asn1js', 'pkijs'],
  mainFields: ['module', 'main'],
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
