/**
 * Puts what was built into few files, for runtimes that load files one by one: `npm run build` does it behind the compiler.
 * Loading two hundred small files takes Node longer than running what is in them. Bundlers take the small files all the
 * same, and leave out what is not used; the condition `node` in package.json tells the two apart.
 *
 * What `warifu` loads is one file, `common.js`, and every other entry takes from it what it shares with it: so a class is
 * the same class whichever entry it came from. What is loaded when it is used (`import()`) is in `late/`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const OUT = join(DIST, 'bundled');

/** How the one file is called from the others: `imports` of package.json. */
const COMMON = '#common';

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  // Named by where they are in this tree, wherever the modules really lie: so that two builds are the same.
  preserveSymlinks: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // noble is pinned to one version anyway, and is most of the files there are to load; its licence goes along.
  external: ['node:*', 'asn1js', 'pkijs', COMMON],
  mainFields: ['module', 'main'],
  // Half of what there is to read; names stay, for who looks at a stack.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
};

/** The files of the entries of the package, absolute. */
function entries(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
  };
  return Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [join(ROOT, target.default)]));
}

/** Where a file comes to lie, below `dist/bundled`, without its ending. */
const placeOf = (file: string): string => relative(DIST, file).replace(/\.js$/, '');
const latePlaceOf = (file: string): string => `late/${placeOf(file).replaceAll('/', '-')}`;

/** The files that an entry loads at once, and those that it loads when they are used. */
async function filesOf(
  entry: string,
): Promise<{ readonly atOnce: readonly string[]; readonly late: readonly string[] }> {
  const { metafile } = await build({
    ...SHARED,
    entryPoints: [{ in: entry, out: 'entry' }],
    outdir: 'out',
    splitting: true,
    write: false,
    metafile: true,
  });
  const found = new Set(Object.keys(metafile.outputs).filter((name) => name.endsWith('/entry.js')));
  for (const name of found)
    for (const { path, kind, external } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) found.add(path);
  const inputs = new Set([...found].flatMap((name) => Object.keys(metafile.outputs[name]?.inputs ?? {})));
  const late = Object.values(metafile.outputs).flatMap(({ entryPoint = '' }) =>
    entryPoint === '' ? [] : [entryPoint],
  );
  const absolute = (files: Iterable<string>): string[] =>
    [...files].filter((file) => file.startsWith('dist/')).map((file) => join(ROOT, file));
  return {
    atOnce: absolute(inputs).sort(),
    late: absolute(late)
      .filter((file) => file !== entry)
      .sort(),
  };
}

/** Every name that these files export, under a name of its own in the one file. */
async function namesOf(files: readonly string[]): Promise<ReadonlyMap<string, readonly (readonly [string, string])[]>> {
  const names = new Map<string, readonly (readonly [string, string])[]>();
  for (const [index, file] of files.entries()) {
    const exported = Object.keys(await import(pathToFileURL(file).href)).sort();
    names.set(
      file,
      exported.map((name) => [name, `${name}_${index}`]),
    );
  }
  return names;
}

/** Libraries that do much while they are loaded, and that are loaded here on first use: `require` has them wait for that. */
const LAZY: Readonly<Record<string, string>> = {
  'aes.js': "export const aes = () => require('@noble/ciphers/aes.js').unsafe;",
  'ml-kem.js': "export const mlKem = () => require('@noble/post-quantum/ml-kem.js');",
};

const lazy: Plugin = {
  name: 'lazy',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/dist\/crypto\/noble\/lazy\// }, ({ path }) => {
      const contents = LAZY[basename(path)];
      if (contents === undefined) throw new Error(`${path}: how is it loaded late?`);
      return { contents, resolveDir: dirname(path) };
    });
  },
};

const index = join(DIST, 'index.js');
const { atOnce, late } = await filesOf(index);
const common = await namesOf(atOnce);

/** All but the one file: what is in that is taken from there. */
const taking: Plugin = {
  name: 'others',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[./]/ }, ({ path, resolveDir }) => {
      const file = path.startsWith('/') ? path : join(resolveDir, path);
      // Named by where it is in this tree, as everything is: so that two builds are the same.
      return common.has(file) ? { namespace: 'made-up', path: relative(ROOT, file), sideEffects: false } : undefined;
    });
    onLoad({ filter: /.*/, namespace: 'made-up' }, ({ path }) => ({
      contents: `export { ${(common.get(join(ROOT, path)) ?? []).map(([a, b]) => `${b} as ${a}`).join(', ')} } from '${COMMON}';`,
    }));
  },
};

const { outputFiles } = await build({
  ...SHARED,
  entryPoints: [
    ...entries().map((file) => ({ in: file, out: placeOf(file) })),
    ...late.map((file) => ({ in: file, out: latePlaceOf(file) })),
  ],
  outdir: OUT,
  chunkNames: 'chunks/[hash]',
  splitting: true,
  write: false,
  plugins: [taking, lazy],
});
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

/** The names that the others take. */
const taken = new Set(
  outputFiles.flatMap(({ text }) =>
    [...text.matchAll(/(?:import|export)\s*\{([^}]*)\}\s*from\s*"#common"/g)].flatMap(([, list = '']) =>
      list.split(',').map((entry) => entry.trim().split(/\s/)[0] ?? ''),
    ),
  ),
);

/** The one file. What `import()` asks for lies beside it. */
const making: Plugin = {
  name: 'common',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^made-up:common$/ }, () => ({ namespace: 'made-up', path: 'common' }));
    onResolve({ filter: /^\./ }, ({ kind, path, importer }) =>
      kind === 'dynamic-import'
        ? { path: `./${latePlaceOf(join(dirname(importer), path))}.js`, external: true }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'made-up' }, () => ({
      contents: [...common]
        .map(([file, names]) => [file, names.filter(([, name]) => taken.has(name))] as const)
        .filter(([, names]) => names.length > 0)
        .map(([file, names]) => `export { ${names.map(([a, b]) => `${a} as ${b}`).join(', ')} } from '${file}';`)
        .join('\n'),
      resolveDir: ROOT,
    }));
  },
};

await build({
  ...SHARED,
  entryPoints: [{ in: 'made-up:common', out: 'common' }],
  outdir: OUT,
  plugins: [making, lazy],
});
