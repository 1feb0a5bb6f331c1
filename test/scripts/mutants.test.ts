import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { allMutants } from '../../scripts/mutants/all.ts';
import { applyMutant, type Mutant } from '../../scripts/mutants/mutant.ts';
import { readTree } from '../../scripts/tree.ts';
import { ROOT } from '../support/entries.ts';

/** Whether the tests notice is for `npm run mutants`; here the tables are held against the code as it is. */

const mutants = await allMutants();
const sources = readTree(join(ROOT, 'src'));

describe('the tables of mutants', () => {
  it('give each its own name', () => {
    const names = mutants.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });

  it('name tests that exist', () => {
    const files = new Set(mutants.flatMap(({ tests }) => tests));
    expect([...files].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  for (const mutant of mutants)
    it(`find the code of "${mutant.name}", and leave code that can be read`, () => {
      const { file, text } = applyMutant(mutant, sources);
      expect(() => transformSync(text, { loader: 'ts', sourcefile: file })).not.toThrow();
    });
});

describe('taking code out', () => {
  const mutant = (over: Partial<Mutant>): Mutant => ({ name: 'a', find: 'wipe(x);', tests: [], ...over });
  const tree = new Map([
    ['a/b.ts', 'start(); wipe(x); end();'],
    ['a/c.ts', 'wipe(y); wipe(y);'],
  ]);

  it('changes one place of one file', () => {
    expect(applyMutant(mutant({}), tree)).toEqual({ file: 'a/b.ts', text: 'start();  end();' });
    expect(applyMutant(mutant({ find: /(start\(\);) wipe\(x\);/, replace: '$1 $1' }), tree).text).toBe(
      'start(); start(); end();',
    );
    expect(applyMutant(mutant({ replace: '$1' }), tree).text).toBe('start(); $1 end();');
  });

  it.each([
    ['is not there', mutant({ find: 'wipe(z)' }), /found 0 times/],
    ['stands twice', mutant({ find: 'wipe(y);' }), /found 2 times \(a\/c.ts\)/],
    ['stands in another file', mutant({ file: 'c.ts' }), /found 0 times/],
    ['is replaced by itself', mutant({ replace: 'wipe(x);' }), /changes nothing/],
  ])('is refused where the code %s', (_what, refused, why) => {
    expect(() => applyMutant(refused, tree)).toThrow(why);
  });
});
