import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { serverEndPoint } from '../../src/engine/server-end-point.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import type { ClientProtocol } from '../../src/handshake/config.ts';
import type { ClientSession, ClientSessionStore } from '../../src/handshake/session.ts';
import { Engine } from '../../src/engine/engine.ts';
import { clientConfig, serverConfig } from '../../src/engine/config/index.ts';
import { noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { type ClientParts, connected, makeClient, makePair, makeServer, type Pair, run } from '../support/pair.ts';
import { serverEntry } from '../support/pki.ts';
import { ends, talk } from '../support/sessions.ts';
import { toyProvider } from '../support/toy.ts';

/** What a protocol above can be tied to, and the connections of TLS 1.2 that are no good for that. */

const VERSIONS = [
  ['1.3', [client13], [server13]],
  ['1.2', [client12], [server12]],
] as const;

/** A client that has never heard of extended_master_secret (RFC 7627): many servers and clients in the field have not. */
const old12: ClientProtocol = {
  ...client12,
  offer: (config, ticket) => {
    const addition = client12.offer!(config, ticket);
    return { ...addition, extensions: addition.extensions.filter(({ type }) => type !== 23) };
  },
};

describe.each(VERSIONS)('channel bindings of TLS %s', (_, clients, servers) => {
  it('tls-exporter: the same at both ends, and another in each connection', () => {
    const one = connected({ protocols: clients }, { protocols: servers });
    const binding = one.client.channelBinding('tls-exporter');
    expect(binding).toHaveLength(32);
    expect(one.server.channelBinding('tls-exporter')).toEqual(binding);
    // RFC 9266 section 2: a context of no bytes, which with TLS 1.2 is not the same as none.
    expect(binding).toEqual(one.client.exportKey('EXPORTER-Channel-Binding', new Uint8Array(0), 32));
    const { sessions, tickets, clock } = ends();
    const again = (seed: number): Pair =>
      talk(
        makeClient({ protocols: clients, crypto: toyProvider(seed), sessions, clock }),
        makeServer({ protocols: servers, tickets, clock }),
      );
    const bindings = [again(41), again(42)].map((pair) => {
      expect(pair.server.channelBinding('tls-exporter')).toEqual(pair.client.channelBinding('tls-exporter'));
      return pair.client.channelBinding('tls-exporter').join();
    });
    expect(bindings[0]).not.toBe(bindings[1]);
  });

  it.each([
    ['ecdsa-p256', 'sha256'],
    ['rsa-2048', 'sha256'],
  ] as const)('tls-server-end-point: the hash of the certificate of %s', async (kind, hash) => {
    const credential = await serverCredential(kind);
    const client = new Engine(
      clientConfig({ crypto: noble, protocols: clients, serverName: 'server.example', verifier: rootsVerifier }),
    );
    const server = new Engine(serverConfig({ crypto: noble, protocols: servers, credential }));
    expect(() => client.channelBinding('tls-server-end-point')).toThrow('ERR_STATE');
    talk(client, server);
    const { raw } = new X509Certificate(serverEntry(kind).chain[0]!);
    const expected = new Uint8Array(createHash(hash).update(raw).digest());
    expect(client.channelBinding('tls-server-end-point')).toEqual(expected);
    expect(server.channelBinding('tls-server-end-point')).toEqual(expected);
  });

  it('there is none before the handshake is done, none of another name, and none of a certificate that is none', () => {
    const pair = makePair({ protocols: clients }, { protocols: servers });
    for (const engine of [pair.client, pair.server]) {
      expect(() => engine.channelBinding('tls-exporter')).toThrow('ERR_STATE');
      expect(() => engine.channelBinding('tls-server-end-point')).toThrow('ERR_STATE');
    }
    run(pair);
    // RFC 9266: tls-unique is none any more.
    expect(() => pair.client.channelBinding('tls-unique' as 'tls-exporter')).toThrow('ERR_OPTION');
    expect(() => pair.client.channelBinding('tls-server-end-point')).toThrow('ERR_STATE');
  });
});

describe('tls-server-end-point', () => {
  it('takes SHA-256 for SHA-1, the hash of the signature otherwise, and none where the RFC names none', () => {
    const signedWith = (algorithm: readonly number[]): Uint8Array =>
      Uint8Array.from([0x30, algorithm.length + 6, 0x30, 0, ...algorithm, 3, 2, 0, 7]);
    const hashOf = (name: string, bytes: Uint8Array): Uint8Array =>
      new Uint8Array(createHash(name).update(bytes).digest());
    const ecdsa = (last: readonly number[]): Uint8Array =>
      signedWith([0x30, last.length + 7, 6, last.length + 5, 0x2a, 0x86, 0x48, 0xce, 0x3d, ...last]);
    for (const [bytes, hash] of [
      [ecdsa([4, 1]), 'sha256'],
      [ecdsa([4, 3, 2]), 'sha256'],
      [ecdsa([4, 3, 3]), 'sha384'],
      [ecdsa([4, 3, 4]), 'sha512'],
    ] as const)
      expect(serverEndPoint(bytes, noble)).toEqual(hashOf(hash, bytes));
    const ed25519 = signedWith([0x30, 5, 6, 3, 0x2b, 0x65, 0x70]);
    for (const none of [ed25519, Uint8Array.of(1, 2), new Uint8Array(0), undefined])
      expect(() => serverEndPoint(none, noble)).toThrow('tls-server-end-point');
  });
});

describe('a peer of TLS 1.2 without extended_master_secret', () => {
  /** Which sessions it is given, and gives. */
  function recording(): ClientSessionStore & { readonly kept: ClientSession[] } {
    const kept: ClientSession[] = [];
    return { kept, take: () => kept.at(-1), put: (_, session) => void kept.push(session) };
  }

  it.each(['client', 'server'] as const)('is taken by default, and by a %s that demands it refused', (strict) => {
    const weak: ClientParts = { protocols: [old12] };
    const { client, server } = connected(weak, { protocols: [server12] });
    expect([client.info.extendedMasterSecret, server.info.extendedMasterSecret]).toEqual([false, false]);
    client.send(Uint8Array.of(1));
    expect(run({ client, server }).server).toContainEqual({ type: 'data', bytes: Uint8Array.of(1) });
    const demands = { requireExtendedMasterSecret: true };
    expect(() =>
      connected(
        { ...weak, ...(strict === 'client' && demands) },
        { protocols: [server12], ...(strict === 'server' && demands) },
      ),
    ).toThrow(/ERR_EXTENDED_MASTER_SECRET|handshake_failure/);
  });

  it('exports nothing and binds nothing, at either end', () => {
    const { client, server } = connected({ protocols: [old12] }, { protocols: [server12] });
    for (const engine of [client, server]) {
      expect(() => engine.exportKey('EXPORTER-x', undefined, 32)).toThrow(/ERR_STATE.*extended_master_secret/);
      for (const type of ['tls-exporter', 'tls-server-end-point'] as const)
        expect(() => engine.channelBinding(type)).toThrow(/ERR_STATE.*extended_master_secret/);
    }
    const bound = connected({ protocols: [client12] }, { protocols: [server12] });
    expect(bound.client.exportKey('EXPORTER-x', undefined, 32)).toHaveLength(32);
  });

  it('is never remembered, by tickets or by ids, and never resumed', () => {
    for (const ids of [false, true]) {
      const sessions = recording();
      const { tickets, clock } = ends();
      const stored: string[] = [];
      const sealed: number[] = [];
      const counting = {
        seal: (state: Uint8Array, lifetime: number, now: number) => {
          sealed.push(state.length);
          return tickets.seal(state, lifetime, now);
        },
        open: (ticket: Uint8Array, now: number) => tickets.open(ticket, now),
      };
      const sessionIds = { take: () => undefined, put: (key: string) => void stored.push(key) };
      const server = ids ? { sessionIds } : { tickets: counting };
      for (let round = 0; round < 2; round++) {
        const pair = talk(
          makeClient({ protocols: [old12], sessions, clock }),
          makeServer({ protocols: [server12], clock, ...server }),
        );
        expect(pair.client.info.resumed ?? false).toBe(false);
      }
      expect([sessions.kept.length, stored.length, sealed.length]).toEqual([0, 0, 0]);
      // The same, with it: so the stores would have been asked.
      talk(
        makeClient({ protocols: [client12], sessions, clock }),
        makeServer({ protocols: [server12], clock, ...server }),
      );
      expect(sessions.kept.length).toBe(1);
      expect(stored.length + sealed.length).toBe(1);
    }
  });
});
