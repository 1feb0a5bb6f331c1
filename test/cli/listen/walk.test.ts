import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { PAGES, type Walk, walk, withWalk } from '../../../scripts/walk.ts';

/** The walk of the documentation, done again. */

let walked: Walk;
beforeAll(async () => {
  walked = await walk();
}, 120_000);

describe('the walk', () => {
  it('goes from nothing to certificates in every form and back', () => {
    expect(walked.commands.map(({ code }) => code)).toEqual(walked.commands.map(() => 0));
    expect(walked.conversions).toEqual(['der', 'p7b', 'p12']);
  });

  it('has no client that fails while a server dies and returns, at any of the listeners', () => {
    for (const listener of ['TCP, one-way', 'TCP, mutual', 'HTTPS, one-way', 'HTTPS, mutual'])
      expect(walked.answers[listener]).toEqual({
        'all three': ['a', 'b', 'c'],
        'b is dead': ['a', 'c'],
        'b has returned': ['a', 'b', 'c'],
      });
  });

  it('keeps out who shows no certificate', () => {
    for (const message of walked.refused) expect(message).toMatch(/certificate.required/i);
  });

  it('is what the pages say', () => {
    for (const page of PAGES) {
      const text = readFileSync(page, 'utf8');
      expect(withWalk(text, walked), `${page} is not current: npm run docs:walk`).toBe(text);
      expect(text).toContain('CertificateRequest');
    }
  });
});
