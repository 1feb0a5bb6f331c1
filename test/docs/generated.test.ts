import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generated, stale } from '../../scripts/generate-docs.ts';

it('what is made from code is current', () => {
  expect(stale()).toEqual([]);
});

/** Bad input of a peer's: what it is called, and what the peer is told. */
const FAULTS = [...read('src/errors.ts').matchAll(/^ {2}(ERR_[A-Z0-9_]+): fault\(/gm)].map(([, code]) => code!);

it('every fault is found by something, and a test shows it', () => {
  const [sources, tests] = ['src', 'test'].map((folder) =>
    files(folder)
      .filter((file) => !file.endsWith('errors.ts'))
      .map(read)
      .join('\n'),
  );
  expect(FAULTS.length).toBeGreaterThan(50);
  expect(FAULTS.filter((code) => !sources!.includes(`'${code}'`))).toEqual([]);
  expect(FAULTS.filter((code) => !tests!.includes(code))).toEqual([]);
});

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
}

function files(folder: string): string[] {
  return readdirSync(new URL(`../../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`);
}

it('the diagrams draw every state', () => {
  const text = generated().get('docs/architecture.md')!;
  for (const state of ['WAIT_SH_RETRIED', 'WAIT_CERT_CR', 'START_RETRIED', 'LATER_WAIT_FINISHED'])
    expect(text).toContain(`--> ${state}`);
});
