/**
 * Rules of the house for files one by one: nothing at the top of a module changes, none is too long to be read in one
 * sitting, the words are those of the field, and tests stand where what they test stands. Run by `npm run check:house`; explained in CONTRIBUTING.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLength } from './check-length.ts';
import { checkState } from './check-state.ts';
import { checkTests } from './check-tests.ts';
import { checkWords } from './check-words.ts';
import { readTree } from './tree.ts';

const ROOT = join(import.meta.dirname, '..');
const sources = readTree(join(ROOT, 'src'));
const tests = readTree(join(ROOT, 'test'));
const breaches = [
  ...checkState(sources),
  ...checkLength(sources),
  ...checkWords(written()),
  ...checkTests(tests.keys(), sources.keys()),
];
for (const breach of breaches) console.error(breach);
console.log(`house: ${sources.size} files, ${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;

/** All that people read, but for the list of words itself. */
function written(): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['src', 'test', 'docs', 'examples', 'demo', 'benchmarks', 'scripts'])
    for (const ending of ['.ts', '.md'])
      for (const [path, text] of readTree(join(ROOT, folder), ending)) files.set(`${folder}/${path}`, text);
  for (const file of [...files.keys()])
    if (/^docs\/api\/|node_modules|check-words\.ts$|scripts\/house\.test\.ts$/.test(file)) files.delete(file);
  for (const name of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])
    files.set(name, readFileSync(join(ROOT, name), 'utf8'));
  return files;
}
