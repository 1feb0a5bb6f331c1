import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entrySources, undocumented } from '../../scripts/undocumented.ts';

/** Every exported name has a sentence, every exported function an example. */

it('nothing is exported without a sentence, and no function without an example', () => {
  const { names, ...missing } = undocumented(entrySources());
  expect(names).toBeGreaterThan(300);
  expect(missing).toEqual({ withoutSentence: [], functionsWithoutExample: [] });
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
