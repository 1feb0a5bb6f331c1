import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles what `node --import` loads before a program, so that it needs nothing of this tree. */
export async function bundlePreload(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '..', entry)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outfile,
    logLevel: 'error',
  });
}
