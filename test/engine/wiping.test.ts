import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/protocols.ts';
import { type ClientParts, makeClient, makeServer, type ServerParts } from '../support/pair.ts';
import { type SecretsWatch, watchSecrets } from '../support/secrets.ts';
import { ends, withEarlyData } from '../support/sessions.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** SECURITY.md promises that secrets are overwritten once they are of no more use. Here every one of them is looked for. */

interface Watched {
  readonly client: Engine;
  readonly server: Engine;
  readonly watches: { readonly client: SecretsWatch; readonly server: SecretsWatch };
}

interface Kind {
  readonly name: string;
  readonly client: ClientParts;
  readonly server: ServerParts;
}

const only12: { readonly client: ClientParts; readonly server: ServerParts } = {
  client: { protocols: [client12] },
  server: { protocols: [server12] },
};

/** Options of a second connection, whose first has left a session behind. */
function resumed(client: ClientParts, server: ServerParts): { client: ClientParts; server: ServerParts } {
  const { sessions, tickets, clock, connect } = ends(client, server);
  connect();
  return { client: { ...client, sessions, clock }, server: { ...server, tickets, clock } };
}

const groups = toyProvider().groups.map(({ name }) => name);
const mutual: ServerParts = { clientAuth: 'require', verifier: toyVerifier };

const kinds: readonly (() => Kind)[] = [
  () => ({ name: 'TLS 1.3', client: {}, server: {} }),
  () => ({ name: 'TLS 1.3, mutual', client: { credential: toyCredential }, server: mutual }),
  () => ({ name: 'TLS 1.3, two shares offered', client: { groups, keyShares: groups }, server: {} }),
  () => ({
    name: 'TLS 1.3, another share asked for',
    client: { groups, keyShares: groups.slice(0, 1) },
    server: { groups: groups.slice(1) },
  }),
  () => ({ name: 'TLS 1.3, tried again', client: { groups, keyShares: [] }, server: { groups } }),
  () => ({ name: 'TLS 1.3, resumed', ...resumed({}, {}) }),
  () => ({ name: 'TLS 1.3, a session that is not taken', ...resumed({}, {}), server: {} }),
  () => ({ name: 'TLS 1.3, with early data', ...withEarlyData() }),
  () => ({ name: 'TLS 1.2', ...only12 }),
  () => ({
    name: 'TLS 1.2, mutual',
    client: { ...only12.client, credential: toyCredential },
    server: { ...only12.server, ...mutual },
  }),
  () => ({ name: 'TLS 1.2, resumed', ...resumed(only12.client, only12.server) }),
];

function watched({ client, server }: Kind): Watched {
  const watches = { client: watchSecrets(toyProvider(1)), server: watchSecrets(toyProvider(2)) };
  return {
    client: makeClient({ ...client, crypto: watches.client.provider }),
    server: makeServer({ ...server, crypto: watches.server.provider }),
    watches,
  };
}

interface Advanced {
  readonly steps: number;
  /** Answers the question that came last; it was left open. */
  readonly answer: (() => void) | undefined;
}

/** Runs both until they have nothing to say, or for so many steps; then the last one is not answered if it asks. */
function advance({ client, server }: Watched, most: number = Number.POSITIVE_INFINITY): Advanced {
  let steps = 0;
  for (const engine of [client, server]) if (engine.status === 'fresh') engine.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (;;) {
        if (steps === most) return { steps, answer: undefined };
        const step = from.next();
        if (step.type === 'wait') break;
        steps++;
        moved = true;
        if (step.type === 'write') to.receive(step.bytes);
        else if (step.type === 'request') {
          const answer = (): void => void from.answer(step.request);
          if (steps === most) return { steps, answer };
          answer();
        }
      }
    }
  }
  return { steps, answer: undefined };
}

/** What a connection that is open needs, by what it is used for: its traffic, and what it may be asked for later. */
const OPEN = [
  'cipher',
  'iv, key', // a traffic secret of RFC 9846
  'resumption', // what tickets are made from
  // The main secret of TLS 1.2, for exporters and sessions.
  'client finished, key expansion, server finished',
];

describe.each(kinds.map((make) => make()))('the secrets of $name', (kind) => {
  const total = (): number => advance(watched(kind)).steps;

  it('are gone when the handshake is done, but for those that the connection needs', () => {
    const both = watched(kind);
    advance(both);
    expect([both.client.status, both.server.status]).toEqual(['open', 'open']);
    for (const watch of Object.values(both.watches)) {
      expect(watch.seen).toBeGreaterThan(4);
      const alive = watch.alive();
      expect(alive.filter((use) => !OPEN.includes(use))).toEqual([]);
      expect(alive.filter((use) => use === 'cipher')).toHaveLength(2);
    }
  });

  it('of what is read are gone when the peer has ended', () => {
    const both = watched(kind);
    advance(both);
    both.client.close();
    advance(both);
    expect([both.client.status, both.server.status]).toEqual(['closing', 'open']);
    expect(both.watches.server.alive().filter((use) => use === 'cipher')).toHaveLength(1);
  });

  it('are gone when both sides have ended the connection', () => {
    const both = watched(kind);
    advance(both);
    both.client.close();
    advance(both);
    both.server.close();
    advance(both);
    expect([both.client.status, both.server.status]).toEqual(['closed', 'closed']);
    expect([both.watches.client.alive(), both.watches.server.alive()]).toEqual([[], []]);
  });

  it('are gone when the connection is given up, after whichever step', () => {
    const steps = total();
    for (let most = 0; most <= steps; most++) {
      const both = watched(kind);
      const { answer } = advance(both, most);
      for (const engine of [both.client, both.server]) engine.abort(new TlsError('ERR_ABORTED'));
      expect([both.watches.client.alive(), both.watches.server.alive()], `after ${most} steps`).toEqual([[], []]);
      answer?.();
      expect([both.watches.client.alive(), both.watches.server.alive()], `after ${most} steps, answered late`).toEqual([
        [],
        [],
      ]);
    }
  });

  it('are gone when the peer breaks a rule, after whichever step', () => {
    const steps = total();
    for (let most = 0; most <= steps; most++) {
      const both = watched(kind);
      advance(both, most).answer?.();
      // No record of TLS has this type.
      for (const engine of [both.client, both.server]) engine.receive(Uint8Array.of(99, 3, 3, 0, 1, 0));
      advance(both);
      expect([both.client.status, both.server.status], `after ${most} steps`).toEqual(['failed', 'failed']);
      expect([both.watches.client.alive(), both.watches.server.alive()], `after ${most} steps`).toEqual([[], []]);
    }
  });
});

it('the exporter secret of early data is gone when the connection is given up', () => {
  const both = watched({ name: 'early', ...withEarlyData() });
  advance(both, 4);
  expect(both.client.exportEarlyKey('EXPORTER-test', undefined, 16)).toHaveLength(16);
  expect(both.watches.client.alive()).toContain('EXPORTER-test');
  both.client.abort(new TlsError('ERR_ABORTED'));
  expect(both.watches.client.alive()).toEqual([]);
});
