import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { run } from '../support/pair.ts';
import { type Ends, ends } from '../support/sessions.ts';

/** What a store hands out is held against what a session is, field by field: it can have been anywhere meanwhile. */

const VERSIONS = [
  ['TLS 1.3', ends],
  ['TLS 1.2', () => ends({ protocols: [client12] }, { protocols: [server12] })],
] as const;

/** Connects once, changes the session that came of it, and connects with that. */
async function resumedWith(both: Ends, change: (session: ClientSession) => unknown): Promise<EngineEvent[]> {
  const kept: ClientSession[] = [];
  both.connect({ sessions: { take: () => undefined, put: (_key, session) => void kept.push(session) } });
  const answer = change(kept.at(-1)!);
  const client = both.client({ sessions: { take: () => answer as ClientSession, put: () => {} } });
  return run({ client, server: both.server() }).client;
}

const failure = (events: readonly EngineEvent[]): string =>
  events
    .filter((event) => event.type === 'failed')
    .map(({ error }) => error.message)
    .join();
const isResumed = (events: readonly EngineEvent[]): boolean | undefined =>
  events.find((event) => event.type === 'established')?.info.resumed;

describe.each(VERSIONS)('%s: a session of a store', (_version, make) => {
  it('that went through a copy is as good as before', async () => {
    expect(isResumed(await resumedWith(make(), (session) => structuredClone({ ...session })))).toBe(true);
  });

  it('fails the connection by the name of the field that is wrong, whatever is in it', async () => {
    const names = ['version', 'suite', 'alpn', 'authenticated', 'peer', 'ticket', 'secret'];
    for (const name of names)
      for (const wrong of [Symbol('s'), { length: 4 }, -1, [1]]) {
        const events = await resumedWith(make(), (session) => ({ ...session, [name]: wrong }));
        expect(failure(events), name).toMatch(
          new RegExp(`^ERR_CALLBACK_FAILED: .*store\\.take\\(\\): ${name}[.a-z]*: expected .*, found `),
        );
      }
  });

  it('fails it too where what the server had shown is no list of certificates', async () => {
    for (const peer of [{}, { presented: {} }, { presented: { chain: [5], ocspResponses: [], sctLists: [] } }]) {
      const events = await resumedWith(make(), (session) => ({ ...session, peer: { ...session.peer, ...peer } }));
      const isWhole = !('presented' in peer);
      expect(failure(events)).toMatch(isWhole ? /^$/ : /store\.take\(\): peer\.presented\.chain: expected/);
    }
  });

  it('is read from its own fields only, and may throw when it is looked at', async () => {
    const inherited = await resumedWith(make(), (session) => Object.create(session));
    expect(failure(inherited)).toMatch(/store\.take\(\): authenticated: expected true or false, found undefined/);
    const throwing = await resumedWith(make(), (session) =>
      Object.defineProperty({ ...session }, 'suite', {
        get: () => {
          throw new Error('boom');
        },
      }),
    );
    expect(failure(throwing)).toMatch(/^ERR_CALLBACK_FAILED/);
  });

  it('whose times are no numbers is not used', async () => {
    for (const time of [null, undefined, 'now', Number.NaN]) {
      const events = await resumedWith(make(), (session) => ({ ...session, receivedAt: time }));
      expect(isResumed(events)).toBe(false);
    }
  });
});
