/**
 * Rules of the house for files one by one: nothing at the top of a module changes, none is too long to be read in one
 * sitting. Run by `npm run check:house`; explained in CONTRIBUTING.md.
 */
import { join } from 'node:path';
import { checkLength } from './check-length.ts';
import { checkState } from './check-state.ts';
import { readTree } from './tree.ts';

const files = readTree(join(import.meta.dirname, '../src'));
const breaches = [...checkState(files), ...checkLength(files)];
for (const breach of breaches) console.error(breach);
console.log(`house: ${files.size} files, ${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;
