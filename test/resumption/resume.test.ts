import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import type { TlsError } from '../../src/errors.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { makePair, type Pair, run, runLater, written } from '../support/pair.ts';
import { ends, stoppedClock } from '../support/sessions.ts';
import { credentialLater, later, toyCredential, toyProvider, toyVerifier, verifierLater } from '../support/toy.ts';

/** A second connection resumes the first, where nothing that matters has changed. */

describe('resumption', () => {
  it('resumes the session of before, without certificates', () => {
    const { connect } = ends();
    const first = connect();
    expect(resumed(first)).toBe(false);
    const second = connect();
    expect(resumed(second)).toBe(true);
    expect(second.client.info.peer).toEqual(first.client.info.peer);
    expect(second.client.info.peerSignatureScheme).toBeUndefined();
    expect(second.client.info.group).toEqual(first.client.info.group);
    const exported = ({ client }: Pair): Uint8Array => client.exportKey('EXPORTER-x', undefined, 32);
    expect(exported(second)).toEqual(second.server.exportKey('EXPORTER-x', undefined, 32));
    expect(exported(second)).not.toEqual(exported(first));
  });

  it('resumes again and again: a resumed connection brings a ticket too', () => {
    const { connect } = ends({}, { ticketCount: 1 });
    connect();
    for (let i = 0; i < 5; i++) expect(resumed(connect())).toBe(true);
  });

  it('brings as many tickets as were asked for, and uses each once', () => {
    for (const ticketCount of [0, 1, 3]) {
      const tickets: ClientSession[] = [];
      const sessions = {
        take: () => tickets.pop(),
        put: (_key: string, session: ClientSession) => void tickets.push(session),
      };
      const { connect } = ends({ sessions }, { ticketCount });
      connect();
      expect(tickets.length).toBe(ticketCount);
      expect(new Set(tickets.map(({ ticket }) => ticket.join())).size).toBe(ticketCount);
      expect(new Set(tickets.map(({ secret }) => secret.join())).size).toBe(ticketCount);
    }
  });

  it('resumes after HelloRetryRequest, with and without a cookie', () => {
    for (const retryCookie of [false, true]) {
      const { connect } = ends({ groups: ['secp256r1', 'X25519'] }, { groups: ['X25519'], retryCookie });
      connect();
      const second = connect();
      expect(second.client.info.retried).toBe(true);
      expect(resumed(second)).toBe(true);
    }
  });

  // RFC 9846 §4.7.1-2
  it('resumes with another suite of the same hash, and not with one of another', () => {
    const { connect } = ends({}, { suites: ['TLS_AES_128_GCM_SHA256'], ticketCount: 4 });
    connect();
    const same = connect({}, { suites: ['TLS_CHACHA20_POLY1305_SHA256'] });
    expect(resumed(same)).toBe(true);
    expect(same.client.info.suite?.name).toBe('TLS_CHACHA20_POLY1305_SHA256');
    expect(resumed(connect({}, { suites: ['TLS_AES_256_GCM_SHA384'] }))).toBe(false);
  });

  it('after HelloRetryRequest leaves out what does not go with the suite', () => {
    const { connect } = ends({}, { suites: ['TLS_AES_128_GCM_SHA256'] });
    connect();
    const other = connect({ keyShares: [] }, { suites: ['TLS_AES_256_GCM_SHA384'] });
    expect(resumed(other)).toBe(false);
  });

  it('remembers the client: its certificate is not asked for, and still known', () => {
    let asked = 0;
    const credential = () => {
      asked++;
      return toyCredential;
    };
    const { connect } = ends({ credential }, { clientAuth: 'require', verifier: toyVerifier });
    const first = connect();
    const second = connect();
    expect(resumed(second)).toBe(true);
    expect(asked).toBe(1);
    expect(second.server.info.peer?.chain).toEqual(first.server.info.peer?.chain);
    expect(second.server.info.peer?.verdict).toMatchObject({ ok: true });
    expect(second.server.info.certificateRequested).toBe(false);
    expect(second.client.info.authenticated).toBe(true);
    expect(resumed(connect())).toBe(true);
  });

  it('with psk_ke alone only where both sides want it', () => {
    for (const [mine, theirs] of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      const { connect } = ends({ pskOnly: mine! }, { pskOnly: theirs! });
      connect();
      const second = connect();
      expect(resumed(second)).toBe(true);
      // Key exchange is better, and possible: it is used.
      expect(second.client.info.group).toBeDefined();
    }
  });

  it('is the same, byte for byte, when answers come later', async () => {
    const record = async (slow: boolean): Promise<string[]> => {
      const slowly = <T>(value: T): T | Promise<T> => (slow ? Promise.resolve(value) : value);
      const sessions: ClientSession[] = [];
      const policy = 'the same';
      const verifier = { ...(slow ? verifierLater(toyVerifier) : toyVerifier), policy };
      const credential = slow ? credentialLater(toyCredential) : toyCredential;
      const wire: string[] = [];
      for (let connection = 0; connection < 3; connection++) {
        const crypto = [toyProvider(50 + connection), toyProvider(60 + connection)] as const;
        const common = { verifier, credential, clock: stoppedClock(), alpn: ['x'] };
        const pair = makePair(
          {
            ...common,
            crypto: slow ? later(crypto[0]) : crypto[0],
            sessions: {
              take: () => slowly(sessions.shift()),
              put: (_key, session) => slowly(void sessions.push(session)),
            },
            ...(connection === 2 && { earlyData: Uint8Array.of(1, 2, 3), earlyDataWithCertificate: true }),
          },
          {
            ...common,
            crypto: slow ? later(crypto[1]) : crypto[1],
            clientAuth: 'require',
            // Not random, because the bytes are compared.
            tickets: { seal: (state) => slowly(state.slice()), open: (ticket) => slowly(ticket.slice()) },
            earlyData: { guard: { firstUse: () => slowly(true) }, allow: () => true },
          },
        );
        const { wire: bytes } = await runLater(pair);
        expect(pair.server.info.resumed ?? false).toBe(connection > 0);
        expect(pair.server.info.earlyData?.accepted ?? false).toBe(connection === 2);
        wire.push(...bytes.map(toHex));
      }
      return wire;
    };
    expect(await record(true)).toEqual(await record(false));
  });

  it('continues without, when a store fails', () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const { connect } = ends();
    connect();
    expect(resumed(connect({ sessions: { take: broken, put: broken } }))).toBe(false);
    expect(resumed(connect({}, { tickets: { seal: broken, open: broken } }))).toBe(false);
    const late = async (): Promise<never> => broken();
    const { client, server } = connect({ sessions: { take: () => undefined, put: late } });
    expect(client.status).toBe('open');
    expect(server.status).toBe('open');
  });

  it('says nothing of sessions without a store, and makes no tickets for such a client', () => {
    const { client, server } = makePair({}, { tickets: ends().tickets });
    const steps = run({ client, server });
    // One flight, and nothing behind the client's Finished.
    expect(written(steps.server).length).toBe(1);
  });
});

describe('what a peer may not do with a PSK', () => {
  it('a binder that does not fit', () => {
    const all = ends();
    all.connect();
    const pair = { client: all.client(), server: all.server() };
    let first = true;
    const error = failureOf(pair, 'server', (bytes, from) => {
      if (from !== 'client' || !first) return bytes;
      first = false;
      const changed = bytes.slice();
      changed[changed.length - 1]! ^= 1;
      return changed;
    });
    expect(error).toMatchObject({ code: 'ERR_BAD_BINDER', alert: 51 });
  });

  it('anything in the hello that the binder covers', () => {
    for (const position of [20, 60, 90, 150]) {
      const all = ends();
      all.connect();
      const pair = { client: all.client({ grease: false }), server: all.server() };
      let first = true;
      const error = failureOf(pair, 'server', (bytes, from) => {
        if (from !== 'client' || !first) return bytes;
        first = false;
        const changed = bytes.slice();
        changed[position]! ^= 1;
        return changed;
      });
      expect(error, `${position}`).toBeDefined();
    }
  });

  it.each([
    ['an identity that was not offered', (hello: Uint8Array, end: number) => hello.fill(1, end - 1, end)],
    ['a suite of another hash', (hello: Uint8Array) => hello.set([0x13, 0x02], 76)],
  ])('a server selects %s', (_what, change) => {
    const all = ends();
    all.connect();
    const pair = { client: all.client(), server: all.server() };
    let first = true;
    const error = failureOf(pair, 'client', (bytes, from) => {
      if (from !== 'server' || !first) return bytes;
      first = false;
      const changed = bytes.slice();
      change(changed, 5 + changed[3]! * 256 + changed[4]!);
      return changed;
    });
    expect(error).toMatchObject({ code: 'ERR_SELECTED_PSK', alert: 47 });
  });
});

/** Lets a pair talk, changes what goes by, and gives back how one of them failed. */
function failureOf(
  pair: Pair,
  role: 'client' | 'server',
  change: (bytes: Uint8Array, from: 'client' | 'server') => Uint8Array,
): TlsError | undefined {
  const steps = run(pair, (bytes, from) => [change(bytes, from)]);
  return steps[role].flatMap((step) => (step.type === 'failed' ? [step.error] : []))[0];
}

function resumed({ client, server }: Pair): boolean {
  expect(client.info.resumed).toBe(server.info.resumed);
  return client.info.resumed ?? false;
}
