import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { TlsError } from '../../src/errors.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { generator, mutated } from '../engine/mutate.ts';
import { drain, run, written } from '../support/pair.ts';
import { believesAll, ends } from '../support/sessions.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** Random changes to the flights of connections that resume, with early data and with tickets. */

const RUNS = 1_000;

describe.each(['client', 'server'] as const)('a %s that resumes, and whose peer sends changed flights', (role) => {
  it.each([false, true])('ends in a TlsError or in a handshake (after HelloRetryRequest: %s)', (retry) => {
    const { client, server } = sides(retry);
    const pair = { client: client(), server: server() };
    const steps = run(pair);
    expect(pair.server.info).toMatchObject({ resumed: true, earlyData: { accepted: !retry } });
    const flights = written(role === 'client' ? steps.server : steps.client);
    const outcomes = new Map<string, number>();
    for (let index = 0; index < RUNS; index++) {
      const outcome = attempt(
        role === 'client' ? client() : server(),
        mutated(flights, generator(7 + index * 2_654_435_761)),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // The changes reach many places, or the test shows nothing.
    expect(outcomes.size, [...outcomes].join(' ')).toBeGreaterThan(8);
    if (role === 'server') expect(outcomes.get('ERR_BAD_BINDER')).toBeGreaterThan(0);
  });
});

/** The same engines as often as wanted, with a session that is never used up. */
function sides(retry: boolean): { readonly client: () => Engine; readonly server: () => Engine } {
  const kept: ClientSession[] = [];
  const sessions = { take: () => kept.at(-1), put: (_key: string, session: ClientSession) => void kept.push(session) };
  const all = ends(
    { sessions, credential: toyCredential, alpn: ['a', 'b'], earlyDataWithCertificate: true },
    {
      clientAuth: 'require',
      verifier: toyVerifier,
      alpn: ['b'],
      retryCookie: true,
      earlyData: { guard: believesAll, allow: () => true },
    },
  );
  all.connect();
  const session = kept.at(-1)!;
  const fixed = { take: () => session, put: () => {} };
  return {
    client: () => all.client({ sessions: fixed, earlyData: new Uint8Array(40), ...(retry && { keyShares: [] }) }),
    server: () => all.server(),
  };
}

function attempt(engine: Engine, flights: readonly Uint8Array[]): string {
  engine.start();
  const steps = drain(engine);
  for (const bytes of flights) {
    engine.receive(bytes);
    steps.push(...drain(engine));
  }
  const failed = steps.flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
  if (failed === undefined) return steps.some((step) => step.type === 'established') ? 'established' : 'waiting';
  if (!(failed instanceof TlsError) || failed.code === 'ERR_INTERNAL') throw failed;
  return failed.code;
}
