import { describe, expect, it } from 'vitest';
import { allConsumers } from '../support/thorough.ts';
import { CONSUMERS, EXPECTED } from './consumers.ts';

/**
 * The package in programs that know nothing of us. What needs more than we have anyway is `npm run test:package`; all of it,
 * with its table, is `npm run test:consumers`.
 */
describe.each(CONSUMERS)('$name', ({ how, needs, run }) => {
  const isTried = needs === 'nothing' || (allConsumers && needs !== 'runtimes');
  it.runIf(isTried)(
    how,
    async () => {
      expect(await run()).toBe(EXPECTED);
    },
    240_000,
  );
});
