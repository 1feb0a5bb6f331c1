import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FAILED, type Row, rowsOf, SKIPPED } from '../../scripts/conformance/row.ts';
import { deviation, SUITES } from '../../scripts/conformance/suites.ts';

/** Every suite of other projects, as `npm run conformance:certs` runs it. */

const folder = new URL('../../../shared/vectors/certs/', import.meta.url);

function contents(suite: string): string | undefined {
  for (const ending of ['.json', '.json.gz']) {
    const file = new URL(`${suite}${ending}`, folder);
    if (!existsSync(file)) continue;
    const bytes = readFileSync(file);
    return (ending.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  }
  console.log('skipped: vectors not present');
  return undefined;
}

/** What docs/conformance/certificates.md gives reasons for. */
const REASONED: readonly RegExp[] = [/^pkits::4\.1\.[45]$/, /^signed-data::rsa-pss-.*-using-pss-key-with-params$/];

describe('cases that others made', () => {
  for (const [file, runs] of Object.entries(SUITES)) {
    for (const [suite, run] of runs) {
      // RFC 5246 ¶4.7-1, ¶7.4.2-4, ¶7.4.2-5, ¶7.4.6-3
      // RFC 9846 §4.3.3-8, §4.3.3-9, §4.5.1.2-1, §4.5.1.3-2
      it(`${suite}: every answer is the expected one`, async () => {
        const text = contents(file);
        if (text === undefined) return;
        const rows = await run(text);
        expect(rows.length).toBeGreaterThan(suite.includes('online') ? 7 : 20);
        const unexpected = rows.filter((row) => deviation(row) !== undefined);
        expect(unexpected.filter((row) => !isReasoned(suite, row))).toEqual([]);
      });
    }
  }
});

/** In the profile that is not strict only such may be accepted as are of no importance to the suite itself. */
function isReasoned(suite: string, row: Row): boolean {
  if (suite === 'limbo (default profile)')
    return deviation(row) === 'accepted' && /^importance undetermined;/.test(row.note ?? '');
  return REASONED.some((pattern) => pattern.test(row.id));
}

describe('the runner', () => {
  it('tells wrong answers apart', () => {
    const of = (expected: string, found: string) => deviation({ id: '', expected, found });
    expect(of('FAILURE', 'SUCCESS')).toBe('accepted');
    expect(of('UNKNOWN', 'GOOD')).toBe('accepted');
    expect(of('SUCCESS', 'FAILURE')).toBe('refused');
    expect(of('true', 'false')).toBe('refused');
    expect(of('SUCCESS 1.2.3', 'SUCCESS')).toBe('failed');
    expect(of('REVOKED', 'UNKNOWN')).toBe('failed');
    expect(of('SUCCESS', FAILED)).toBe('failed');
    expect(of('FAILURE', SKIPPED)).toBe('skipped');
    expect(of('FAILURE', 'FAILURE')).toBeUndefined();
  });

  it('runs the other cases after one that throws', async () => {
    const rows = await rowsOf(
      [{ id: 'a' }, { id: 'b' }],
      () => 'SUCCESS',
      ({ id }) => {
        if (id === 'a') throw new Error('broken');
        return { found: 'SUCCESS' };
      },
    );
    expect(rows.map(deviation)).toEqual(['failed', undefined]);
    expect(rows[0]?.note).toContain('broken');
  });

  it('counts what a suite cannot say as failed, and not as refused', async () => {
    for (const [file, runs] of Object.entries(SUITES)) {
      const list = file === 'limbo' ? 'testcases' : 'tests';
      for (const [, run] of runs) {
        const empty = {
          [list]: [],
          certs: {},
          crls: {},
          names: {},
          trust_root: ROOT,
          validation_time: '2026-01-01T00:00:00Z',
        };
        expect(await run(JSON.stringify(empty))).toEqual([]);
        const rows = await run(JSON.stringify({ ...empty, [list]: [{ id: 'nonsense' }] }));
        expect(rows.map(({ id, found }) => [id, found])).toEqual([['nonsense', FAILED]]);
      }
    }
  });
});

const { certificates } = JSON.parse(
  readFileSync(new URL('../../vectors/pki/checks.json', import.meta.url), 'utf8'),
) as {
  readonly certificates: readonly string[];
};
const ROOT = certificates[0]!;
