/** Bundles each entry of the package as a page would, and says what it weighs: `npm run size`. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { entries, ROOT } from '../test/support/entries.ts';

export interface Bundle {
  readonly specifier: string;
  /** Bytes, minified; what is loaded only when it is used is not counted. */
  readonly minified: number;
  readonly gzip: number;
  /** What is in it at once: files relative to the root of the repository, and names that stayed outside (`node:net`). */
  readonly inputs: readonly string[];
  readonly outside: readonly string[];
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
    minify: true,
    logLevel: 'silent',
  });
  let minified = 0;
  let gzip = 0;
  const inputs: string[] = [];
  const outside: string[] = [];
  for (const name of loadedAtOnce(metafile.outputs)) {
    const output = metafile.outputs[name];
    const file = outputFiles.find(({ path }) => path === join(ROOT, name));
    if (output === undefined || file === undefined) continue;
    minified += file.contents.length;
    gzip += gzipSync(file.contents, { level: 9 }).length;
    inputs.push(...Object.keys(output.inputs));
    outside.push(...output.imports.filter(({ external }) => external).map(({ path }) => path));
  }
  return { specifier, minified, gzip, inputs: inputs.sort(), outside, everything: Object.keys(metafile.inputs).sort() };
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { specifier, minified, gzip, inputs } of await bundleEntries())
    console.log(
      `${specifier.padEnd(24)} ${(minified / 1024).toFixed(1).padStart(7)} KB minified ${(gzip / 1024).toFixed(1).padStart(7)} KB gzip ${String(inputs.length).padStart(5)} files`,
    );
}
