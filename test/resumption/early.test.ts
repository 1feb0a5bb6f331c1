import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import type { ClientSession, ClientSessionStore } from '../../src/handshake/session.ts';
import { memoryReplayGuard } from '../../src/resumption/stores.ts';
import {
  type ClientParts,
  drain,
  makeClient,
  makeServer,
  type Pair,
  received,
  run,
  type ServerParts,
  written,
} from '../support/pair.ts';
import { believesAll, ends, type Ends, withEarlyData } from '../support/sessions.ts';
import { noble } from '../support/credentials.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** Data before the handshake is done: taken once, or not at all, and everybody is told. */

const early = Uint8Array.from('GET / HTTP/1.1', (letter) => letter.charCodeAt(0));

describe('early data', () => {
  // RFC 9846 §4.3.10-4
  it('is taken, kept apart from the rest, and both sides are told', () => {
    const { client, server, taken } = talk(connected());
    expect(taken).toEqual(early);
    expect(client.info.earlyData).toEqual({ accepted: true, bytes: early.length });
    expect(server.info.earlyData).toEqual({ accepted: true, bytes: early.length });
    expect(client.info.resumed).toBe(true);
    expect(client.exportEarlyKey('EXPORTER-x', undefined, 32)).toEqual(
      server.exportEarlyKey('EXPORTER-x', undefined, 32),
    );
    expect(client.exportEarlyKey('EXPORTER-x', undefined, 32)).not.toEqual(
      client.exportKey('EXPORTER-x', undefined, 32),
    );
    client.send(Uint8Array.of(1, 2));
    server.send(Uint8Array.of(3));
    const after = run({ client, server });
    expect(received(after.server)).toEqual(Uint8Array.of(1, 2));
    expect(received(after.client)).toEqual(Uint8Array.of(3));
  });

  it('reaches the server before it has answered anything', () => {
    const all = connected();
    const [client, server] = [all.client({ earlyData: early }), all.server()];
    client.start();
    server.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    const steps = drain(server);
    expect(server.status).toBe('handshaking');
    expect(steps.filter((step) => step.type === 'early-data').length).toBe(1);
    // The exporter is there too, for a program that binds what it was sent to the connection.
    expect(server.exportEarlyKey('EXPORTER-x', undefined, 16).length).toBe(16);
  });

  it('of several records', () => {
    const { taken } = talk(connected(undefined, { max: 100_000 }), { earlyData: new Uint8Array(60_000).fill(7) });
    expect(taken.length).toBe(60_000);
  });

  it('is not sent without a session, nor more than the server takes, and the reason is told', () => {
    const all = ends({}, { earlyData: { guard: believesAll, max: 10 } });
    const first = all.connect({ earlyData: early });
    expect(first.client.info.earlyData).toEqual({ accepted: false, bytes: 0, reason: 'there is no session' });
    expect(first.server.info.earlyData).toBeUndefined();
    const second = all.connect({ earlyData: early });
    expect(second.client.info).toMatchObject({ resumed: true, earlyData: { accepted: false, bytes: 0 } });
    expect(second.client.info.earlyData?.reason).toMatch(/takes 10 bytes/);
  });

  it.each<[string, ServerParts, RegExp]>([
    ['does not take any', { earlyData: undefined as never }, /not configured/],
    ['has seen it, as far as it knows', { earlyData: { guard: { firstUse: () => false } } }, /has been here before/],
    ['cannot ask', { earlyData: { guard: { firstUse: () => Promise.reject(new Error('down')) as never } } }, /./],
    ['has another suite of the same hash', { suites: ['TLS_CHACHA20_POLY1305_SHA256'] }, /suite/],
    ['has lost the session', { tickets: { seal: () => undefined, open: () => undefined } }, /no session/],
  ])('is ignored by a server that %s', async (what, options, reason) => {
    const all = connected();
    const more = { ...options };
    if (what === 'does not take any') delete (more as { earlyData?: unknown }).earlyData;
    const server =
      what === 'does not take any' ? makeServer({ tickets: all.tickets, clock: all.clock }) : all.server(more);
    const client = all.client({ earlyData: early });
    if (what === 'cannot ask') {
      await slowly(client, server);
    } else {
      const { taken } = talk(all, {}, {}, client, server);
      expect(taken.length).toBe(0);
    }
    expect(client.info.earlyData).toMatchObject({ accepted: false, bytes: early.length });
    expect(server.info.earlyData).toMatchObject({ accepted: false, bytes: 0 });
    expect(server.info.earlyData?.reason).toMatch(reason);
    client.send(early);
    expect(received(run({ client, server }).server), 'the program can send it again').toEqual(early);
    expect(() => server.exportEarlyKey('EXPORTER-x', undefined, 16)).toThrow(/ERR_STATE/);
  });

  it('is ignored when the client has to say hello again', () => {
    const all = connected();
    const pair = { client: all.client({ keyShares: [], earlyData: early }), server: all.server() };
    const { client, server, taken } = talk(all, {}, {}, pair.client, pair.server);
    expect(taken.length).toBe(0);
    expect(client.info).toMatchObject({ retried: true, resumed: true, earlyData: { accepted: false } });
    expect(server.info.earlyData).toMatchObject({ accepted: false });
  });

  it.each([
    ['older', 20_000, false],
    ['a little older', 5_000, true],
    ['a little younger', -5_000, true],
    ['younger', -20_000, false],
  ] as const)('with a ticket that is %s than the client says', (_what, difference, accepted) => {
    const all = connected((session) => ({ ...session, receivedAt: session.receivedAt + difference }));
    all.clock.time += 30_000;
    const { client } = talk(all);
    expect(client.info).toMatchObject({ resumed: true, earlyData: { accepted } });
  });

  // RFC 9846 §4.3.10-3
  it('is weighed by the age that the client gives its ticket, and the server says how far that is off', () => {
    const all = connected();
    const client = all.client({ earlyData: early, clock: { now: () => all.clock.now() + 3000 } });
    const { server } = talk({ ...all, client: () => client });
    expect(server.info).toMatchObject({ resumed: true, ticketAgeSkew: 3000, earlyData: { accepted: true } });
    const late = connected();
    const early13 = late.client({ earlyData: early, clock: { now: () => late.clock.now() - 11_000 } });
    late.clock.time += 20_000;
    const { server: refusing } = talk({ ...late, client: () => early13 });
    expect(refusing.info).toMatchObject({ resumed: true, ticketAgeSkew: -11_000, earlyData: { accepted: false } });
  });

  // RFC 9846 §8-2, §8.2-1
  it('is taken once: a copy of it is not', () => {
    const guard = memoryReplayGuard({ clock: { now: () => 0 } });
    const all = connected(undefined, { guard });
    const client = all.client({ earlyData: early });
    client.start();
    const copied = written(drain(client));
    const takes = (): boolean => {
      const server = all.server({ earlyData: { guard } });
      server.start();
      for (const bytes of copied) server.receive(bytes);
      return drain(server).some((step) => step.type === 'early-data');
    };
    expect(takes()).toBe(true);
    expect(takes()).toBe(false);
    // Another connection with the same session is another hello: the guard knows hellos, not sessions.
    all.clock.time += 1;
    expect(takes()).toBe(false);
  });

  it('in the name of a client who showed a certificate, only if both programs say so', () => {
    for (const [mine, theirs] of [
      [true, true],
      [true, false],
      [false, true],
    ]) {
      const all = ends(
        { credential: toyCredential, earlyDataWithCertificate: mine! },
        {
          clientAuth: 'require',
          verifier: toyVerifier,
          earlyData: { guard: believesAll, ...(theirs && { allow: ({ verdict }) => verdict.ok }) },
        },
      );
      all.connect();
      const { client, server } = all.connect({ earlyData: early });
      expect(client.info).toMatchObject({ resumed: true, earlyData: { accepted: mine && theirs } });
      if (mine && theirs) expect(server.info.peer?.chain).toEqual(toyCredential.chain);
    }
  });

  // RFC 9846 §4.3.10-12
  it('is not refused silently: the client does not send it again by itself', () => {
    const all = connected();
    const server = all.server({ earlyData: { guard: { firstUse: () => false } } });
    const client = all.client({ earlyData: early });
    expect(received(run({ client, server }).server).length).toBe(0);
  });
});

describe('what a client may not do with early data', () => {
  it('more than was allowed', () => {
    const greedy = connected((session) => ({ ...session, maxEarlyData: 100_000 }), { max: 100 });
    expect(failure(greedy, { earlyData: new Uint8Array(101) })).toMatchObject({
      code: 'ERR_TOO_MUCH_EARLY_DATA',
      alert: 10,
    });
    expect(failure(connected(undefined, { max: 100 }), { earlyData: new Uint8Array(100) })).toBeUndefined();
  });

  it('more than is ignored', () => {
    const greedy = connected((session) => ({ ...session, maxEarlyData: 1_000_000 }));
    const refusing = { earlyData: { guard: { firstUse: () => false } } };
    const much = { earlyData: new Uint8Array(200_000) };
    expect(failure(greedy, much, refusing)).toMatchObject({ code: 'ERR_TOO_MUCH_EARLY_DATA', alert: 10 });
  });

  // RFC 9846 §4.3.10-10, §4.3.10-11
  it('change a byte of it', () => {
    const all = connected();
    const pair = { client: all.client({ earlyData: early }), server: all.server() };
    let first = true;
    const steps = run(pair, (bytes, from) => {
      if (from !== 'client' || !first) return [bytes];
      first = false;
      const changed = bytes.slice();
      changed[changed.length - 1]! ^= 1;
      return [changed];
    });
    expect(error(steps.server)).toMatchObject({ code: 'ERR_BAD_RECORD_MAC', alert: 20 });
  });

  // RFC 9846 §4.6-1
  it('finish without ending it', () => {
    const { client, server } = withEarlyData();
    const pair = { client: makeClient(client), server: makeServer(server) };
    let flights = 0;
    const steps = run(pair, (bytes, from) => {
      if (from !== 'client' || ++flights !== 2) return [bytes];
      // The first record of the second flight is EndOfEarlyData.
      return [bytes.subarray(5 + bytes[3]! * 256 + bytes[4]!)];
    });
    expect(error(steps.server)).toMatchObject({ code: 'ERR_BAD_RECORD_MAC' });
  });
});

describe('options of early data', () => {
  // RFC 9846 §F.5-3
  it('are refused where they cannot be honoured', () => {
    const { tickets, sessions } = ends();
    expect(() => makeClient({ earlyData: early })).toThrow(/earlyData: .*give resumption\.store/);
    expect(() => makeClient({ sessions, earlyData: new Uint8Array(0) })).toThrow(/earlyData/);
    expect(() => makeServer({ earlyData: { guard: believesAll } })).toThrow(/earlyData: .*give resumption\.tickets/);
    expect(() => makeServer({ tickets, earlyData: {} as never })).toThrow(/guard/);
    expect(() => makeServer({ tickets, earlyData: { guard: believesAll, max: 0 } })).toThrow(/earlyData\.max/);
    expect(() => makeServer({ tickets, earlyData: { guard: believesAll, other: 1 } as never })).toThrow(/other/);
    expect(() => makeServer({ tickets, ticketLifetime: 604_801 })).toThrow(/ticketLifetime/);
    expect(() => makeServer({ tickets: {} as never })).toThrow(/tickets/);
    expect(() => makeClient({ sessions: {} as never })).toThrow(/resumption\.store/);
  });
});

/** A client and a server after their first connection, ready for early data. `change` falsifies the session. */
function connected(
  change: (session: ClientSession) => ClientSession = (session) => session,
  rules: { readonly max?: number; readonly guard?: ReturnType<typeof memoryReplayGuard> } = {},
): Ends {
  const kept: ClientSession[] = [];
  const sessions: ClientSessionStore = {
    take: () => kept.map(change).pop(),
    put: (_key, session) => void kept.push(session),
  };
  const all = ends({ sessions }, { earlyData: { guard: believesAll, ...rules } });
  all.connect();
  return all;
}

function talk(
  all: Ends,
  moreClient: ClientParts = {},
  moreServer: ServerParts = {},
  client: Engine = all.client({ earlyData: early, ...moreClient }),
  server: Engine = all.server(moreServer),
): Pair & { readonly taken: Uint8Array } {
  const steps = run({ client, server });
  for (const step of [...steps.server, ...steps.client]) if (step.type === 'failed') throw step.error;
  expect(received(steps.server).length, 'early data is no other data').toBe(0);
  return {
    client,
    server,
    taken: concat(...steps.server.flatMap((step) => (step.type === 'early-data' ? [step.bytes] : []))),
  };
}

async function slowly(client: Engine, server: Engine): Promise<void> {
  client.start();
  server.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let step = from.next(); step.type !== 'wait'; step = from.next()) {
        moved = true;
        if (step.type === 'write') to.receive(step.bytes);
        if (step.type === 'request') await from.answer(step.request);
      }
    }
  }
}

function failure(all: Ends, client: ClientParts, server: ServerParts = {}): TlsError | undefined {
  return error(run({ client: all.client(client), server: all.server(server) }).server);
}

function error(steps: readonly { readonly type: string }[]): TlsError | undefined {
  return steps.flatMap((step) => (step.type === 'failed' ? [(step as unknown as { error: TlsError }).error] : []))[0];
}

describe('early data and older versions', () => {
  // RFC 9846 §E.3-1
  it('a server that answers with TLS 1.2 ends it (RFC 9846 appendix E.3)', () => {
    const crypto = noble;
    const all = connected();
    const client = all.client({ crypto, protocols: [client13, client12], earlyData: early });
    const server = all.server({ crypto, protocols: [server12] });
    const steps = run({ client, server });
    expect(error(steps.client)).toMatchObject({ code: 'ERR_VERSION', alert: 70 });
  });
});
