import { afterAll, describe, expect, it } from 'vitest';
import { cellsOf, peers } from './matrix/cells.ts';
import type { Cell } from './matrix/types.ts';

/** The cells of the interop matrix whose peers are on this machine and quick to start. All of it: `npm run interop`. */

const all: Cell[] = [];

describe('interop', () => {
  for (const peer of peers().filter(({ quick }) => quick)) {
    const version = peer.version();
    if (version === undefined) console.log(`skipped: ${peer.name} is not here; ${peer.install}`);
    it.skipIf(version === undefined)(
      `${peer.name} ${version ?? ''}`,
      async () => {
        const cells = await cellsOf(peer, { quick: true });
        all.push(...cells);
        const failed = cells.flatMap(({ role, version: tls, scenario, outcome }) =>
          outcome.kind === 'failed' ? [`our ${role}, TLS ${tls}, ${scenario}: ${outcome.why}`] : [],
        );
        expect(failed).toEqual([]);
        expect(cells.filter(({ outcome }) => outcome.kind === 'passed').length).toBeGreaterThan(10);
      },
      90_000,
    );
  }

  afterAll(() => {
    console.log(`${all.filter(({ outcome }) => outcome.kind === 'passed').length} cells passed`);
  });
});
