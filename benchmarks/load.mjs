/**
 * Loads TypeScript without its types and otherwise as it stands: `node --import ./benchmarks/load.mjs benchmarks/records.ts`,
 * in every Node. tsx has each function named anew whenever it is made, which costs more than much of what is measured here,
 * and doubles the heap of a connection; what is installed does not.
 */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformSync } from 'esbuild';

if (isMainThread) register(import.meta.url);

/** A hook of Node's: how a module is loaded. */
export function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const sourcefile = fileURLToPath(url);
  const { code } = transformSync(readFileSync(sourcefile, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    sourcefile,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
