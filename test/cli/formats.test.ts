import { describe, expect, it } from 'vitest';
import { failures, matrix } from '../../scripts/formats.ts';
import { isThere } from '../../scripts/formats/bench.ts';

/** A sample of `npm run formats`: one program, one kind of key, a form of each sort. */

describe('forms of certificates and keys', () => {
  const isHere = isThere('openssl');
  if (!isHere) console.log('skipped: openssl is not installed');

  it.skipIf(!isHere)(
    'are read and written as other programs do',
    async () => {
      const isWanted = (row: string): boolean => /^(PKCS#7|PKCS#12|.ca server.: good)/.test(row);
      const made = await matrix(['openssl'], ['P-256'], { isWanted });
      expect(failures(made)).toEqual([]);
      expect(made.sections.map(({ cells }) => cells.length)).toEqual([2, 2, 1]);
      // What does not work is told of.
      const [, read] = made.sections;
      const bad = { row: 'PEM', tool: 'openssl', failed: { 'P-256': { why: 'no', isTheirs: false } } } as const;
      expect(failures({ ...made, sections: [{ ...read!, cells: [bad] }] })).toEqual([
        expect.stringMatching(/PEM.*no$/),
      ]);
    },
    120_000,
  );
});
