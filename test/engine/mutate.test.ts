import { describe, expect, it } from 'vitest';
import { mutateFlights } from './mutate.ts';

describe.each([
  ['client', 0x0304],
  ['server', 0x0304],
  ['client', 0x0303],
  ['server', 0x0303],
] as const)('a %s of version %i whose peer sends changed flights', (role, version) => {
  it('ends in a TlsError or in a handshake, a thousand times', () => {
    const { outcomes } = mutateFlights(role, 1_000, 20_260_101, version);
    // The changes reach many places, or the test shows nothing.
    expect(outcomes.size).toBeGreaterThan(12);
  });
});
