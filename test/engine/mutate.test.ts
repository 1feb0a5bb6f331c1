import { describe, expect, it } from 'vitest';
import { mutateFlights } from './mutate.ts';

describe.each(['client', 'server'] as const)('a %s whose peer sends changed flights', (role) => {
  it('ends in a TlsError or in a handshake, a thousand times', () => {
    const { outcomes } = mutateFlights(role, 1_000, 20_260_101);
    // The changes reach many places, or the test shows nothing.
    expect(outcomes.size).toBeGreaterThan(12);
  });
});
