import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generated, stale } from '../../scripts/generate-docs.ts';
import { readTree } from '../../scripts/tree.ts';
import { FAULTS } from '../../src/errors.ts';

it('what is made from code is current', () => {
  expect(stale()).toEqual([]);
});

it('every fault is found by something, and a test shows it', () => {
  const [sources, tests] = ['src', 'test'].map((folder) =>
    [...readTree(join(import.meta.dirname, '../..', folder))]
      .filter(([file]) => !file.endsWith('errors.ts') && !file.includes('node_modules'))
      .map(([, text]) => text)
      .join('\n'),
  );
  const faults = Object.keys(FAULTS);
  expect(faults.length).toBeGreaterThan(50);
  expect(faults.filter((code) => !sources!.includes(`'${code}'`))).toEqual([]);
  expect(faults.filter((code) => !tests!.includes(code))).toEqual([]);
});

it('the diagrams draw every state', () => {
  const text = generated().get('docs/architecture.md')!;
  for (const state of ['WAIT_SH_RETRIED', 'WAIT_CERT_CR', 'START_RETRIED', 'POST_HANDSHAKE_WAIT_FINISHED'])
    expect(text).toContain(`--> ${state}`);
});
