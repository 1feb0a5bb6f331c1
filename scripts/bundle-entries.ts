/**
 * Bundles each entry of the package as a page would, and says what it weighs: `npm run size`. With names of files, what is
 * in the bundle of each: `npm run size -- test/size/engine.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { entries, ROOT } from '../test/support/entries.ts';

export interface Bundle {
  readonly specifier: string;
  /** Bytes, minified; what is loaded only when it is used is not counted. */
  readonly minified: number;
  readonly gzip: number;
  /** What is in it at once: files relative to the root of the repository, and names that stayed outside (`node:net`). */
  readonly inputs: readonly string[];
  readonly outside: readonly string[];
  /** Bytes of each of `inputs`, minified. */
  readonly parts: ReadonlyMap<string, number>;
  /** `inputs`, and what `import()` may add to them. */
  readonly everything: readonly string[];
}

export async function bundleEntries(): Promise<Bundle[]> {
  return Promise.all(entries().map(({ specifier, source }) => bundle(specifier, source)));
}

export async function bundle(specifier: string, source: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [{ in: join(ROOT, source), out: 'entry' }],
    absWorkingDir: ROOT,
    outdir: '.cache/size',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true, // so that what import() loads stays out of the entry
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
    plugins: [forBrowsers(source)],
    minify: true,
    logLevel: 'silent',
  });
  let minified = 0;
  let gzip = 0;
  const parts = new Map<string, number>();
  const outside: string[] = [];
  for (const name of loadedAtOnce(metafile.outputs)) {
    const output = metafile.outputs[name];
    const file = outputFiles.find(({ path }) => path === join(ROOT, name));
    if (output === undefined || file === undefined) continue;
    minified += file.contents.length;
    gzip += gzipSync(file.contents, { level: 9 }).length;
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs))
      parts.set(file, (parts.get(file) ?? 0) + bytesInOutput);
    outside.push(...output.imports.filter(({ external }) => external).map(({ path }) => path));
  }
  const everything = Object.keys(metafile.inputs).sort();
  return { specifier, minified, gzip, inputs: [...parts.keys()].sort(), outside, parts, everything };
}

/** The files that take the place of others in bundles for browsers, by the field `browser` of package.json. */
function forBrowsers(entry: string): Plugin {
  const { browser } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly browser: Readonly<Record<string, string>>;
  };
  const sourceOf = (file: string): string => file.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts');
  const places = new Map(Object.entries(browser).map(([from, to]) => [join(ROOT, sourceOf(from)), sourceOf(to)]));
  return {
    name: 'for browsers',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const wanted = join(resolveDir, path);
        const instead = wanted === join(ROOT, entry) ? undefined : places.get(wanted);
        return instead === undefined ? undefined : { path: join(ROOT, instead), sideEffects: false };
      });
    },
  };
}

interface Output {
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

/** The entry, and what it imports without waiting. */
function loadedAtOnce(outputs: Readonly<Record<string, Output>>): string[] {
  const found = new Set(Object.keys(outputs).filter((name) => name.endsWith('/entry.js')));
  for (const name of found)
    for (const { path, kind, external } of outputs[name]?.imports ?? [])
      if (kind === 'import-statement' && !external) found.add(path);
  return [...found];
}

/** Bytes by folder and package, and the largest files of them. */
function partsOf({ specifier, minified, gzip, parts }: Bundle): string {
  const row = (name: string, bytes: number): string => `${(bytes / 1024).toFixed(1).padStart(8)}  ${name}`;
  const groups = new Map<string, number>();
  for (const [file, bytes] of parts) {
    const depth = file.startsWith('node_modules/@') ? 3 : file.startsWith('node_modules/') ? 2 : -1;
    const group = file.split('/').slice(0, depth).join('/');
    groups.set(group, (groups.get(group) ?? 0) + bytes);
  }
  const sorted = (entries: Iterable<readonly [string, number]>): (readonly [string, number])[] =>
    [...entries].sort(([, a], [, b]) => b - a);
  return [
    `${specifier}: ${(minified / 1024).toFixed(1)} KB minified, ${(gzip / 1024).toFixed(1)} KB gzip`,
    ...sorted(groups).map(([name, bytes]) => row(name, bytes)),
    '',
    ...sorted(parts)
      .slice(0, 100)
      .map(([name, bytes]) => row(name, bytes)),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2);
  for (const file of files) console.log(partsOf(await bundle(file, file)));
  for (const { specifier, minified, gzip, inputs } of files.length > 0 ? [] : await bundleEntries())
    console.log(
      `${specifier.padEnd(24)} ${(minified / 1024).toFixed(1).padStart(7)} KB minified ${(gzip / 1024).toFixed(1).padStart(7)} KB gzip ${String(inputs.length).padStart(5)} files`,
    );
}
