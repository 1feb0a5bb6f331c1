import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../scripts/vote/causes.ts';
import { makeCase } from '../../scripts/vote/cases.ts';
import { holdVote } from '../../scripts/vote/hold.ts';
import { openJudge } from '../../scripts/vote/judges.ts';
import { realExtensions } from '../../scripts/vote/real.ts';
import { dissentOf, tally } from '../../scripts/vote/tally.ts';
import { makePair } from '../../vectors/pki/builder.ts';

/** A small one of the votes that `npm run vote` holds. */

const corpus = realExtensions(undefined);
const judge = openJudge('OpenSSL');
if (typeof judge !== 'string') judge.close();

describe('a vote', () => {
  it.skipIf(typeof judge === 'string')('with OpenSSL: every disagreement has a cause', async () => {
    const result = await holdVote({ count: 250, seed: 11, corpus, minutes: 5, judges: ['OpenSSL'], say: () => {} });
    expect(result.errors).toEqual([]);
    expect(result.count).toBe(250);
    // Both decide: neither takes or refuses everything.
    for (const taken of [result.taken, result.judges.OpenSSL!.taken]) {
      expect(taken).toBeGreaterThan(60);
      expect(taken).toBeLessThan(190);
    }
    const groups = tally(result.dissents);
    expect(
      groups.filter(({ cause }) => cause === undefined).map(({ title, example }) => `${title}: ${example}`),
    ).toEqual([]);
  });

  it('makes the same case of the same number', () => {
    expect(makePair('ecdsa-p256').spki).toHaveLength(91);
    const shape = (number: number) => {
      const { tags, host, others, anchors } = makeCase(number, 5, corpus);
      return { tags, host, others: others.length, anchors: anchors.length };
    };
    for (let number = 0; number < 40; number++) expect(shape(number)).toEqual(shape(number));
  });

  it('finds no cause for what was not explained, and one for what is', () => {
    const strange = dissentOf(1, ['leaf: something'], undefined, new Map([['Go', 'x509: the moon is full']]));
    const known = dissentOf(
      2,
      ['leaf: serial: negative'],
      'CERT_MALFORMED: its serial number is negative',
      new Map([['OpenSSL', undefined]]),
    );
    expect(dissentOf(3, [], undefined, new Map([['Go', undefined]]))).toBeUndefined();
    const groups = tally([strange!, known!]);
    expect(groups.map(({ cause }) => cause?.id).sort()).toEqual(['a negative serial number', undefined]);
    expect(groups.map(({ alone }) => alone.size)).toEqual([1, 1]);
  });

  it('has each cause once, with a rule', () => {
    const ids = CAUSES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { rule, why } of CAUSES) {
      expect(rule).toMatch(/RFC \d+|X\.690|Baseline Requirements|none/);
      expect(why).not.toBe('');
    }
    const page = readFileSync(new URL('../../docs/conformance/vote.md', import.meta.url), 'utf8');
    for (const [, id] of page.matchAll(/^\| ([^|]+?) \| [\d,]+ \| [A-Za-z]/gm)) expect(ids).toContain(id!.trim());
  });
});
