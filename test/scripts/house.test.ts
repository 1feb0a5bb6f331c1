import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLength } from '../../scripts/check-length.ts';
import { checkState } from '../../scripts/check-state.ts';
import { checkTests } from '../../scripts/check-tests.ts';
import { checkWords } from '../../scripts/check-words.ts';
import { readTree } from '../../scripts/tree.ts';

const files = readTree(join(import.meta.dirname, '../../src'));
const state = (text: string): string[] => checkState(new Map([['a.ts', text]]));

describe('what is at the top of a module', () => {
  it('does not change in our own tree', () => {
    expect(checkState(files)).toEqual([]);
  });

  it.each([
    'let counted = 0;',
    'export let shared: object | undefined;',
    'var old = 1;',
    'const seen = new WeakMap<object, string>();',
    'const seen = new Map(); const add = (x: string) => seen.set(x, 1);',
    'const list: string[] = []; export function keep(x: string) { list.push(x); }',
    'const list = [1]; function change() { list[0] = 2; }',
    'const own = { count: 0 }; function next() { return ++own.count; }',
    'const own = { count: 0 }; function next() { own.count += 1; }',
    'const own = { a: 1 }; function drop() { delete own.a; }',
    'const own = {}; const mix = (more: object) => Object.assign(own, more);',
    'const { table } = make(); const add = () => table.inner.set(1, 2);',
    'class Counter { static count = 0; }',
    'class Known { static readonly all = new Map([[1, 2]]); add() { Known.all.set(2, 3); } }',
  ])('is refused: %s', (text) => {
    expect(state(text)).not.toEqual([]);
  });

  it.each([
    'const NAMES: ReadonlySet<string> = new Set(["a"]); export const has = (x: string) => NAMES.has(x);',
    'const LIST = [1, 2]; export const sorted = () => LIST.toSorted();',
    'export function f() { const list: number[] = []; list.push(1); let count = 0; count++; return list; }',
    'const list = [1]; export function f(list: number[]) { list.push(2); }',
    'const list = [1]; export function f() { const list: number[] = []; list.push(2); }',
    'class A { static readonly size = 3; #count = 0; next() { return ++this.#count; } }',
    'const tables = lazy(() => new Map());',
  ])('is fine: %s', (text) => {
    expect(state(text)).toEqual([]);
  });
});

describe('the length of a file', () => {
  const lines = (count: number): string => 'x\n'.repeat(count);

  it('is what can be read in one sitting, in our own tree', () => {
    expect(checkLength(files)).toEqual([]);
  });

  it('is refused beyond that, but for tables; and a table that is short is no exception', () => {
    expect(checkLength(new Map([['a.ts', lines(400)]]))).toEqual([]);
    expect(checkLength(new Map([['a.ts', lines(401)]]))).toHaveLength(1);
    expect(checkLength(new Map([['errors.ts', lines(500)]]))).toEqual([]);
    expect(checkLength(new Map([['errors.ts', lines(100)]]))).toHaveLength(1);
  });
});

describe('words', () => {
  it.each([
    'Somebody has to sign.',
    'a type that nobody knows',
    'whoever sends it',
    'the connection goes on',
    'the suites in force',
    'a handshake that was broken off',
    'unknown extensions are passed over',
    'the keeper of tickets',
    'the classic exchange',
  ])('that are a riddle are refused: %s', (text) => {
    expect(checkWords(new Map([['a.md', text]]))).toHaveLength(1);
  });

  it('of the field are not, nor those that only look alike', () => {
    const text = 'The peer resumes. What goes on the wire is encrypted. A bookkeeper. It ends.';
    expect(checkWords(new Map([['a.md', text]]))).toEqual([]);
  });
});

describe('tests', () => {
  it('stand where what they test stands', () => {
    const sources = ['wire/ids.ts', 'contexts.ts'];
    expect(checkTests(['wire/a.test.ts', 'contexts.test.ts', 'negative/b.test.ts', 'wire/help.ts'], sources)).toEqual(
      [],
    );
    expect(checkTests(['wire/a.test.ts', 'words.test.ts'], sources)).toHaveLength(1);
    expect(checkTests(['wire/a.test.ts', 'strays/a.test.ts'], sources)).toHaveLength(1);
    expect(checkTests(['contexts.test.ts'], sources)).toEqual(['src/wire: there are no tests in test/wire']);
  });
});
