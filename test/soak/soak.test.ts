import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kind, SHARES, type Soak, startSoak } from './kinds.ts';
import { type Census, settled, startCensus } from './leaks.ts';

/** A little of what `npm run soak` does a hundred thousand times. */

let soak: Soak;
beforeAll(async () => {
  soak = await startSoak();
});
afterAll(() => soak.close());

/** Timers and sockets that are still there; the timer of `settled` itself may be. */
const leftOver = (census: Census): string[] =>
  ['Timeout', 'Immediate', 'TCPSOCKETWRAP', 'TCPCONNECTWRAP', 'GETADDRINFOREQWRAP'].filter(
    (what) => (census.live().get(what) ?? 0) > 1,
  );

describe('nothing is left behind by', () => {
  it.each(Object.keys(SHARES) as Kind[])('%s', async (kind) => {
    for (let warm = 0; warm < 3; warm++) await soak.run(kind);
    await settled();
    const census = startCensus();
    for (let run = 0; run < 20; run++) await soak.run(kind);
    await settled();
    // What was said last has a second to get there before its transport is destroyed.
    const end = Date.now() + 5_000;
    while (leftOver(census).length > 0 && Date.now() < end) await settled();
    const left = leftOver(census);
    census.stop();
    expect(left).toEqual([]);
  });

  it('data, and changes of keys', async () => {
    await soak.pour(80_000_000);
  });
});
