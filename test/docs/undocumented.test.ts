import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ALLOWED, entrySources, undocumented } from '../../scripts/undocumented.ts';

/** Every exported name has a sentence, every exported function an example; what has not yet is a list that gets shorter. */

it('nothing new is exported without a sentence, and no function without an example', () => {
  const allowed = JSON.parse(readFileSync(ALLOWED, 'utf8')) as {
    readonly withoutSentence: readonly string[];
    readonly functionsWithoutExample: readonly string[];
  };
  const found = undocumented(entrySources());
  expect(found.names).toBeGreaterThan(300);
  const isNew = (list: readonly string[]) => (name: string) => !list.includes(name);
  expect(found.withoutSentence.filter(isNew(allowed.withoutSentence))).toEqual([]);
  expect(found.functionsWithoutExample.filter(isNew(allowed.functionsWithoutExample))).toEqual([]);
}, 120_000);

it('what has neither is seen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'warifu-undocumented-'));
  try {
    const told = '/** Told.\n * @example\n * told();\n */\nexport function told(): void {}\n';
    writeFileSync(
      join(folder, 'a.ts'),
      `${told}/** Half told. */\nexport function half(): void {}\nexport type Not = 1;\n`,
    );
    expect(undocumented(['a.ts'], folder)).toEqual({
      names: 3,
      withoutSentence: ['Not (a.ts)'],
      functionsWithoutExample: ['half (a.ts)'],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
