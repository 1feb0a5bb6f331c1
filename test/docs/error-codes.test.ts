import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../scripts/errors/codes.ts';
import { errorsPage, rulesOf } from '../../scripts/errors/codes-page.ts';
import { type ErrorCode, FAULTS } from '../../src/errors.ts';
import { SERVER_FAULTS } from '../../src/testkit/index.ts';
import { examplesInMarkdown } from './extract.ts';

/** Every code has its cause, its remedy, and an example that provokes it: programs are run by the test of examples. */

const ROOT = join(import.meta.dirname, '../..');
const codes = Object.keys(CODES) as ErrorCode[];
const page = errorsPage();

describe.each(codes)('%s', (code) => {
  const { cause, remedy, example } = CODES[code];

  it('has a cause and a remedy, in sentences', () => {
    for (const text of [cause, remedy]) expect(text).toMatch(/^.{12,}[.?]$/);
  });

  it('is provoked by what is said to provoke it', () => {
    if ('program' in example) expect(example.program).toContain(`'${code}`);
    else if ('fault' in example) {
      const { code: found } = SERVER_FAULTS.find(({ name }) => name === example.fault)!;
      expect(found!.replace(/^CERT_.*/, 'ERR_PEER_REFUSED')).toBe(code);
    } else if ('test' in example) expect(readFileSync(join(ROOT, example.test), 'utf8')).toContain(code);
    else expect(rulesOf(code).length).toBeGreaterThan(0);
  });

  it('has its place on the page', () => {
    expect(page).toContain(`\n### ${code}\n`);
    expect(page).toContain(`(#${code.toLowerCase()})`);
  });
});

it('none is missing', () => {
  expect(codes).toEqual(expect.arrayContaining(Object.keys(FAULTS)));
  expect(codes.length).toBeGreaterThan(85);
});

it('programs on the page show the code that they provoke', () => {
  const blocks = examplesInMarkdown('errors.md', page);
  expect(blocks.length).toBe(
    codes.filter((code) => 'program' in CODES[code].example || 'fault' in CODES[code].example).length,
  );
  for (const code of codes) {
    if (!('program' in CODES[code].example)) continue;
    const section = page.split(`\n### ${code}\n`)[1]!.split('\n### ')[0]!;
    expect(section).toContain(`'${code}`);
  }
});
