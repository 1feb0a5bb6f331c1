import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { page, rowsOf } from '../../scripts/nodetests/report.ts';
import { CONTEXT_OPTIONS } from '../../src/tls/context-options.ts';

/** What the pages say of node:tls's interface is what the code does. */

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

it.each(CONTEXT_OPTIONS)('docs/node-tls.md says what becomes of $name', ({ name, becomes }) => {
  expect(read('docs/node-tls.md')).toContain(`| \`${name}\` | ${becomes} |`);
});

it('the page of the judge has what is left out now', () => {
  const text = read('docs/conformance/node-tls.md');
  expect(rowsOf(text).length).toBeGreaterThan(0);
  expect(text).toBe(page(rowsOf(text)));
});
