import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { emptyProject, installInto, packIn, tarball } from './pack.ts';
import { readTree } from '../../scripts/tree.ts';

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

it('two builds, in folders of different names, are the same to the byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'warifu-reproducible-'));
  try {
    expect(digest(await packIn(folder))).toBe(digest(await tarball()));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);

it('what is packed says nothing of where it was built', async () => {
  const installed = await installInto(emptyProject('paths'));
  const files = readTree(installed, '');
  expect(files.size).toBeGreaterThan(200);
  const root = join(import.meta.dirname, '../..');
  expect([...files].filter(([, text]) => text.includes(root)).map(([path]) => path)).toEqual([]);
}, 240_000);
