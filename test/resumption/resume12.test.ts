import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/bytes.ts';
import { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import type { ClientSession, ClientSession12 } from '../../src/handshake/session.ts';
import { legacyClient12, legacyServer12 } from '../../src/legacy.ts';
import { memoryServerSessions } from '../../src/resumption/stores.ts';
import { Middle } from '../support/middle.ts';
import {
  type ClientParts,
  makeClient,
  makePair,
  makeServer,
  type Pair,
  received,
  run,
  runLater,
  type ServerParts,
} from '../support/pair.ts';
import { ends, stoppedClock, talk } from '../support/sessions.ts';
import { credentialLater, later, toyCredential, toyProvider, toyVerifier, verifierLater } from '../support/toy.ts';

/** Sessions of TLS 1.2: by ticket (RFC 5077) and by id (RFC 5246 section 7.3), bound as RFC 7627 says. */

const C12: ClientParts = { protocols: [client12] };
const S12: ServerParts = { protocols: [server12] };

type Some = Pick<ReturnType<typeof ends>, 'connect' | 'clock'>;

/** A server that goes by ids, and a client that cannot tell the difference. */
function byId(): Some {
  const { clock, sessions } = ends();
  const sessionIds = memoryServerSessions();
  return {
    clock,
    connect: (client, server) =>
      talk(makeClient({ ...C12, clock, sessions, ...client }), makeServer({ ...S12, clock, sessionIds, ...server })),
  };
}

const WAYS: readonly { readonly by: string; readonly make: () => Some }[] = [
  { by: 'ticket', make: () => ends(C12, S12) },
  { by: 'id', make: byId },
];

describe.each(WAYS)('by $by', ({ by, make }) => {
  // RFC 5246 ¶7.3-4
  it('resumes the session of before, without certificates', () => {
    const { connect } = make();
    const first = connect();
    expect(resumed(first)).toBe(false);
    const second = connect({ crypto: toyProvider(20) }, { crypto: toyProvider(21) });
    expect(resumed(second)).toBe(true);
    const { peer, group, suite, version, extendedMasterSecret } = first.client.info;
    expect(second.client.info).toMatchObject({ peer, group, suite, version, extendedMasterSecret });
    expect(second.server.info).toMatchObject({ group, suite, version, extendedMasterSecret, authenticated: true });
    const exported = ({ client }: Pair): Uint8Array => client.exportKey('EXPORTER-x', undefined, 32);
    expect(exported(second)).toEqual(second.server.exportKey('EXPORTER-x', undefined, 32));
    // The secret is the same, and what is made of it is not.
    expect(exported(second)).not.toEqual(exported(first));
  });

  it('carries data both ways', () => {
    const { connect } = make();
    connect();
    const pair = connect();
    pair.client.send(Uint8Array.of(1, 2));
    pair.server.send(Uint8Array.of(3));
    const steps = run(pair);
    expect([...received(steps.server)]).toEqual([1, 2]);
    expect([...received(steps.client)]).toEqual([3]);
  });

  it('resumes again and again', () => {
    const { connect } = make();
    connect();
    for (let i = 0; i < 5; i++) expect(resumed(connect())).toBe(true);
  });

  it('remembers the client, which is not asked again', () => {
    let asked = 0;
    const { connect } = make();
    const credential = () => {
      asked++;
      return toyCredential;
    };
    const client = { credential };
    const server: ServerParts = { clientAuth: 'require', verifier: toyVerifier };
    const first = connect(client, server);
    const second = connect(client, server);
    expect(resumed(second)).toBe(true);
    expect(asked).toBe(1);
    expect(second.server.info.peer?.chain).toEqual(first.server.info.peer?.chain);
    expect(second.server.info).toMatchObject({ peer: { verdict: { ok: true } }, certificateRequested: false });
    expect(second.client.info.authenticated).toBe(true);
  });

  it('is not resumed when the time is up', () => {
    const { connect, clock } = make();
    connect({}, { ticketLifetime: 60 });
    clock.time += 59_000;
    expect(resumed(connect({}, { ticketLifetime: 60 }))).toBe(true);
    clock.time += by === 'ticket' ? 60_000 : 86_400_000;
    expect(resumed(connect({}, { ticketLifetime: 60 }))).toBe(false);
  });

  it('is not resumed for ever: after seven days, or one with an id, both sides prove themselves anew', () => {
    const days = by === 'ticket' ? 7 : 1;
    const { connect, clock } = make();
    connect({}, { ticketLifetime: 86_400 });
    for (let hours = 12; hours < days * 24; hours += 12) {
      clock.time += 12 * 3_600_000;
      expect(resumed(connect({}, { ticketLifetime: 86_400 })), `after ${hours} hours`).toBe(true);
    }
    clock.time += 12 * 3_600_000;
    expect(resumed(connect({}, { ticketLifetime: 86_400 }))).toBe(false);
  });

  it('only with the suite of the session', () => {
    const { connect } = make();
    connect({ suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] });
    const other = { suites: ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'] };
    expect(resumed(connect(other))).toBe(false);
    // The server's list may change too.
    expect(resumed(connect())).toBe(true);
    const lately = { crypto: toyProvider(30), suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] };
    expect(resumed(connect({}, lately))).toBe(false);
  });

  it('not where only TLS 1.3 is spoken, and nothing breaks', () => {
    const { connect } = make();
    const both = { protocols: [client13, client12] };
    connect(both);
    const third = connect(both, { protocols: [server13] });
    expect(resumed(third)).toBe(false);
    expect(third.client.info.version).toBe('TLSv1.3');
  });

  it('resumes where the client also offers TLS 1.3, and the server does not know it', () => {
    const { connect } = make();
    const both = { protocols: [client13, client12] };
    connect(both);
    expect(resumed(connect(both))).toBe(true);
  });

  it('says so to a watcher, and logs the key', () => {
    const { connect } = make();
    connect();
    const lines: string[] = [];
    connect({ keyLog: (line) => void lines.push(line) });
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/);
  });

  it('is the same when answers come later', async () => {
    const sessions: ClientSession[] = [];
    const store = new Map<string, Uint8Array>();
    const policy = 'the same';
    const common = { verifier: { ...verifierLater(toyVerifier), policy }, clock: stoppedClock() };
    for (let connection = 0; connection < 3; connection++) {
      const pair = makePair(
        {
          ...C12,
          ...common,
          crypto: later(toyProvider(50 + connection)),
          sessions: {
            take: async () => sessions.shift(),
            put: async (_key, session) => void sessions.push(session),
          },
          credential: credentialLater(toyCredential),
        },
        {
          ...S12,
          ...common,
          crypto: later(toyProvider(60 + connection)),
          clientAuth: 'require',
          credential: credentialLater(toyCredential),
          sessionContext: 'x',
          ...(by === 'ticket'
            ? { tickets: { seal: async (state) => state.slice(), open: async (ticket) => ticket.slice() } }
            : {
                sessionIds: {
                  take: async (key) => store.get(key),
                  put: async (key, state) => void store.set(key, state),
                },
              }),
        },
      );
      await runLater(pair);
      expect(pair.client.status).toBe('open');
      expect(resumed(pair)).toBe(connection > 0);
    }
  });

  // RFC 5246 ¶7.4.1.3-2
  it('continues without, when a store fails', () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const { connect } = make();
    connect();
    expect(resumed(connect({ sessions: { take: broken, put: broken } }))).toBe(false);
    connect();
    const server =
      by === 'ticket' ? { tickets: { seal: broken, open: broken } } : { sessionIds: { take: broken, put: broken } };
    expect(resumed(connect({}, { crypto: toyProvider(30), ...server }))).toBe(false);
  });

  it('with the suites of old devices, RSA key exchange among them', async () => {
    const { nobleProvider } = await import('../../src/crypto/noble/index.ts');
    const crypto = nobleProvider();
    for (const suite of ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256']) {
      const { connect } = make();
      const options = { crypto: toyProvider(5), suites: [suite] };
      const client = { ...options, protocols: [legacyClient12(crypto)] };
      const server = { ...options, protocols: [legacyServer12(crypto)] };
      connect(client, server);
      expect(resumed(connect(client, server))).toBe(true);
    }
  });
});

describe('a ticket', () => {
  it('is not sent to a client that does not ask', () => {
    const { tickets } = ends();
    const pair = makePair(C12, { ...S12, tickets });
    const types = handshakeTypes(pair);
    expect(types).not.toContain(4);
  });

  it('is empty for a client that was let in against the advice of the verifier, and not kept', () => {
    const kept: ClientSession[] = [];
    const { connect } = ends(
      { ...C12, credential: toyCredential, sessions: { take: () => kept.pop(), put: (_, one) => void kept.push(one) } },
      {
        ...S12,
        clientAuth: 'request',
        verifier: {
          verify: (peer) => {
            const verdict = toyVerifier.verify(peer) as { publicKey: Uint8Array };
            return {
              ok: false,
              publicKey: verdict.publicKey,
              failure: { code: 'CERT_REFUSED', message: 'no', alert: 42 },
            };
          },
        },
      },
    );
    expect(connect().server.info.peer?.verdict.ok).toBe(false);
    expect(kept).toEqual([]);
  });

  it('replaces the one that was used', () => {
    const kept: ClientSession12[] = [];
    const { connect } = ends(
      { ...C12, sessions: { take: () => kept.at(-1), put: (_, one) => void kept.push(one as ClientSession12) } },
      S12,
    );
    connect();
    connect();
    expect(kept.length).toBe(2);
    expect(equalBytes(kept[0]!.ticket, kept[1]!.ticket)).toBe(false);
    expect(kept[0]!.secret).toEqual(kept[1]!.secret);
  });

  it('of TLS 1.3 does not open TLS 1.2, and the other way round', () => {
    const { connect, tickets, clock } = ends();
    const kept: ClientSession[] = [];
    const sessions = { take: () => kept.at(-1), put: (_: string, one: ClientSession) => void kept.push(one) };
    connect({ sessions });
    const { ticket, peer, alpn } = kept.at(-1)!;
    const forged: ClientSession12 = {
      version: 0x0303,
      ticket,
      sessionId: new Uint8Array(0),
      secret: new Uint8Array(48),
      suite: 0xc02b,
      group: undefined,
      receivedAt: clock.now(),
      lifetime: 100,
      alpn,
      authenticated: false,
      peer,
    };
    const pair = makePair(
      { ...C12, clock, sessions: { take: () => forged, put: () => {} } },
      { ...S12, clock, tickets },
    );
    run(pair);
    expect(pair.client.status).toBe('open');
    expect(resumed(pair)).toBe(false);
  });
});

describe('what a peer may not do', () => {
  it('server: repeat our id when no session was offered', () => {
    const middle = new Middle('client', { protocols: [client13, client12] }, { ...S12 });
    const sent = middle.until('WAIT_SH');
    expect(sent.target.state).toBe('WAIT_SH');
    let id: Uint8Array | undefined;
    const pair = makePair({ protocols: [client13, client12] }, S12);
    const error = failureOf(pair, 'client', (bytes, from) => {
      if (from === 'client') {
        id ??= bytes.slice(5 + 4 + 35, 5 + 4 + 35 + 32);
        return bytes;
      }
      return withSessionId(bytes, id!);
    });
    expect(error).toMatchObject({ code: 'ERR_SESSION_ID_ECHO', alert: 47 });
  });

  it('client: resume without extended_master_secret', () => {
    const all = ends(C12, S12);
    all.connect();
    const pair = { client: all.client({ grease: false }), server: all.server() };
    const error = failureOf(pair, 'server', (bytes, from) => (from === 'client' ? hideExtension(bytes, 23) : bytes));
    expect(error).toMatchObject({ code: 'ERR_EXTENDED_MASTER_SECRET', alert: 40 });
  });

  it('server: resume without extended_master_secret', () => {
    const all = ends(C12, S12);
    all.connect();
    const pair = { client: all.client(), server: all.server() };
    const error = failureOf(pair, 'client', (bytes, from) => (from === 'server' ? dropExtension(bytes, 23) : bytes));
    expect(error).toMatchObject({ code: 'ERR_EXTENDED_MASTER_SECRET', alert: 40 });
  });

  it('server: resume with another suite', () => {
    const all = ends(C12, S12);
    all.connect();
    const pair = { client: all.client(), server: all.server() };
    const error = failureOf(pair, 'client', (bytes, from) => {
      if (from === 'client' || bytes[5] !== 2) return bytes;
      const changed = bytes.slice();
      const at = 5 + 4 + 2 + 32;
      const suite = at + 1 + changed[at]!;
      // AES-128 and AES-256 with GCM: both were offered.
      changed[suite + 1] = changed[suite + 1] === 0x2b ? 0x2c : 0x2b;
      return changed;
    });
    expect(error).toMatchObject({ code: 'ERR_SELECTED_SUITE', alert: 47 });
  });

  it('client: a ticket that was changed costs a full handshake and nothing else', () => {
    const kept: ClientSession[] = [];
    const all = ends({ ...C12, sessions: { take: () => kept.at(-1), put: (_, one) => void kept.push(one) } }, S12);
    all.connect();
    for (const position of [0, 3, 20, 60, kept[0]!.version === 0x0303 ? kept[0]!.ticket.length - 1 : 0]) {
      const good = kept[0] as ClientSession12;
      const ticket = good.ticket.slice();
      ticket[position]! ^= 1;
      const pair = all.connect({ sessions: { take: () => ({ ...good, ticket }), put: () => {} } });
      expect(resumed(pair)).toBe(false);
    }
  });
});

function resumed({ client, server }: Pair): boolean {
  expect(client.status).toBe('open');
  expect(server.info.resumed ?? false).toBe(client.info.resumed ?? false);
  return client.info.resumed ?? false;
}

function failureOf(
  pair: Pair,
  role: 'client' | 'server',
  change: (bytes: Uint8Array, from: 'client' | 'server') => Uint8Array,
): TlsError | undefined {
  const steps = run(pair, (bytes, from) => [change(bytes, from)]);
  const failed = steps[role].flatMap((step) => (step.type === 'failed' ? [step.error] : []));
  expect(failed.length).toBe(1);
  expect(failed[0]).toBeInstanceOf(TlsError);
  return failed[0];
}

function handshakeTypes(pair: Pair): number[] {
  const types: number[] = [];
  run(pair, (bytes) => {
    types.push(bytes[5]!);
    return [bytes];
  });
  return types;
}

/** Changes the type of an extension to an unknown one. */
function hideExtension(bytes: Uint8Array, type: number): Uint8Array {
  return editExtension(bytes, type, (changed, at) => changed.set([0xfe, 0xfe], at));
}

function dropExtension(bytes: Uint8Array, type: number): Uint8Array {
  if (bytes[0] !== 22 || bytes[5] !== 2) return bytes;
  const at = findExtension(bytes, type);
  const out = new Uint8Array(bytes.length - 4);
  out.set(bytes.subarray(0, at));
  out.set(bytes.subarray(at + 4), at);
  const list = 5 + 4 + 34 + 1 + bytes[5 + 4 + 34]! + 3;
  for (const position of [3, 7, list]) {
    const length = (out[position]! << 8) + out[position + 1]! - 4;
    out[position] = length >> 8;
    out[position + 1] = length & 255;
  }
  return out;
}

function editExtension(bytes: Uint8Array, type: number, edit: (bytes: Uint8Array, at: number) => void): Uint8Array {
  if (bytes[0] !== 22 || bytes[5] !== 1) return bytes;
  const changed = bytes.slice();
  edit(changed, findExtension(bytes, type));
  return changed;
}

/** Of an empty extension, which is found by its bytes. */
function findExtension(bytes: Uint8Array, type: number): number {
  for (let at = 44; at + 4 <= bytes.length; at++)
    if (bytes[at] === 0 && bytes[at + 1] === type && bytes[at + 2] === 0 && bytes[at + 3] === 0) return at;
  throw new Error('it is not there');
}

/** Puts an id into a ServerHello that has none. */
function withSessionId(bytes: Uint8Array, id: Uint8Array): Uint8Array {
  if (bytes[0] !== 22 || bytes[5] !== 2) return bytes;
  const at = 5 + 4 + 34;
  const out = new Uint8Array(bytes.length + id.length);
  out.set(bytes.subarray(0, at));
  out[at] = id.length;
  out.set(id, at + 1);
  out.set(bytes.subarray(at + 1), at + 1 + id.length);
  for (const position of [3, 7]) {
    const length = (out[position]! << 8) + out[position + 1]! + id.length;
    out[position] = length >> 8;
    out[position + 1] = length & 255;
  }
  return out;
}
