import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generator } from '../engine/mutate.ts';
import { judgeChanged } from './certificates.ts';
import { converse, type Input } from './conversation.ts';
import { applyEdit, randomEdit } from './edits.ts';
import { readChanged } from './files.ts';
import { SEEDED } from './seeded.ts';
import { TARGETS } from './targets.ts';

/** A little of what `npm run fuzz:coverage` does for hours, and the cases that it once found. */

describe('an engine, and a misbehaving peer', () => {
  it.each(TARGETS)('%s: a good conversation is one', (target) => {
    expect(converse({ target, edits: [] }).ended).toBe('open');
  });

  it.each(TARGETS)('%s: whatever the peer says, it ends in a TlsError or well', (target) => {
    const random = generator(target.length * 7919);
    const ends = new Set<string>();
    const { messages } = converse({ target, edits: [] });
    for (let run = 0; run < 100; run++) {
      const edits = Array.from({ length: 1 + random.next(3) }, () => randomEdit(random, messages + 1));
      ends.add(converse({ target, edits }).ended);
    }
    expect(ends.size).toBeGreaterThan(5);
  });

  it('certificates that were changed are judged, or cannot be read', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= 500; seed++) ends.add(await judgeChanged(seed));
    expect(ends.size).toBeGreaterThan(5);
  });

  it('files that were changed are read, or refused', async () => {
    const ends = new Set<string>();
    for (let seed = 1; seed <= 500; seed++) ends.add(await readChanged(seed));
    expect(ends.size).toBeGreaterThan(4);
  });

  it.each([
    ['callbacks', 150],
    ['chunks', 60],
    ['alerts', 80],
    ['transports', 120],
  ] as const)(
    '%s of any kind end in a TlsError or well',
    async (name, cases) => {
      const { run } = SEEDED[name]!;
      const seeds = Array.from({ length: cases }, (_, seed) => seed + 1);
      expect(new Set(await Promise.all(seeds.map((seed) => run(seed)))).size).toBeGreaterThan(4);
    },
    90_000,
  );

  it('cases that were found', () => {
    const found = readFileSync(new URL('found.jsonl', import.meta.url), 'utf8').trim();
    for (const line of found.split('\n').filter((text) => text !== '')) {
      const { ended, ...input } = JSON.parse(line) as Input & { readonly ended: string };
      expect(converse(input).ended, line).toBe(ended);
    }
  });
});

describe('changes', () => {
  it('put the lengths around them right', () => {
    // A ServerHello with one extension: what grows inside grows outside too.
    const hello = Uint8Array.from([
      ...[2, 0, 0, 46, 3, 3, ...new Uint8Array(32).fill(1), 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4],
    ]);
    const seen = new Set<number>();
    for (let where = 0; where < 40; where++) {
      const longer = applyEdit(hello, { at: 0, op: 'insert', where, value: 0 });
      expect((longer[1]! << 16) | (longer[2]! << 8) | longer[3]!, `field ${where}`).toBe(longer.length - 4);
      seen.add(longer.length);
    }
    expect(seen.has(hello.length + 1)).toBe(true);
  });
});
