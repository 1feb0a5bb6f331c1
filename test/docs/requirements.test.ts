import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { report, STANDARDS } from '../../scripts/requirements.ts';

describe.each(STANDARDS)('what $name demands', (standard) => {
  const { markdown, faults } = report(standard);

  it('has a place in code or tests, or a reason why not', () => {
    expect(faults).toEqual([]);
  });

  it('is written down as it is: npm run docs:requirements', () => {
    const path = new URL(`../../docs/conformance/${standard.name}.md`, import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(markdown);
  });
});
