import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kind, SHARES, type Soak, startSoak } from './kinds.ts';
import { settled, startCensus } from './leaks.ts';

/** A little of what `npm run soak` does a hundred thousand times. */

let soak: Soak;
beforeAll(async () => {
  soak = await startSoak();
});
afterAll(() => soak.close());

describe('nothing is left behind by', () => {
  it.each(Object.keys(SHARES) as Kind[])('%s', async (kind) => {
    for (let warm = 0; warm < 3; warm++) await soak.run(kind);
    await settled();
    const census = startCensus();
    for (let run = 0; run < 20; run++) await soak.run(kind);
    await settled();
    const live = census.live();
    census.stop();
    // The one of `settled` itself may still be there.
    for (const what of ['Timeout', 'Immediate', 'TCPSOCKETWRAP', 'TCPCONNECTWRAP', 'GETADDRINFOREQWRAP'])
      expect(live.get(what) ?? 0, what).toBeLessThanOrEqual(1);
  });

  it('data, and changes of keys', async () => {
    await soak.pour(80_000_000);
  });
});
