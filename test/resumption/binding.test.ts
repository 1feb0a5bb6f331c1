import { describe, expect, it } from 'vitest';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { TlsError } from '../../src/errors.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { ClientHelloSummary, ContextSelection } from '../../src/handshake/requests.ts';
import type { Credential, PeerVerifier, PresentedPeer, Verdict } from '../../src/handshake/peer.ts';
import type { ClientSession, ClientSessionStore } from '../../src/handshake/session.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { type ClientParts, type Pair, run, type ServerParts } from '../support/pair.ts';
import { ends } from '../support/sessions.ts';
import { toyCredential, toyProvider } from '../support/toy.ts';

/** A session opens the door at which it began, and no other. The thief here has every ticket, and tries it everywhere. */

/** Believes every peer, and says so by this name. */
function believer(policy?: string, accepts: (peer: PresentedPeer) => boolean = () => true): PeerVerifier {
  return {
    ...(policy !== undefined && { policy }),
    verify: (peer): Verdict =>
      accepts(peer)
        ? { ok: true, publicKey: encodeSubjectPublicKeyInfo(toyCredential.signer.publicKey), path: peer.chain }
        : { ok: false, failure: { code: 'CERT_REFUSED', message: 'not any more', alert: 42 } },
  };
}

function credentialOf(name: string): Credential {
  return { ...toyCredential, chain: [Uint8Array.from(name, (letter) => letter.charCodeAt(0))] };
}

/** Gives every session to all who ask. */
function thief(change: (session: ClientSession) => ClientSession = (session) => session): ClientSessionStore {
  const stolen: ClientSession[] = [];
  return {
    take: () => {
      const session = stolen.at(-1);
      return session && change(session);
    },
    put: (_key, session) => void stolen.push(session),
  };
}

const everybody = believer();
const others = believer();
const named = believer('first');
const renamed = believer('second');

const SHARED: { readonly client: ClientParts; readonly server: ServerParts } = {
  client: { verifier: everybody, credential: credentialOf('client'), alpn: ['one', 'two'] },
  server: { verifier: everybody, clientAuth: 'optional', alpn: ['one', 'two'], credential: credentialOf('server') },
};

/** What the server is at first, and what it, or the client, is later. */
const CASES: readonly {
  readonly what: string;
  readonly first?: ServerParts;
  readonly later?: ServerParts;
  readonly client?: ClientParts;
  readonly only?: '1.2' | '1.3';
}[] = [
  { what: 'another name is asked for', client: { serverName: 'other.example' } },
  { what: 'no name is asked for', client: { sendServerName: false } },
  { what: 'another protocol is chosen', later: { alpn: ['two', 'one'] } },
  { what: 'no protocol is chosen', later: { alpn: [] } },
  { what: 'the server is another', first: { sessionContext: 'a' }, later: { sessionContext: 'b' } },
  { what: 'the server has another certificate', later: { credential: credentialOf('another server') } },
  { what: 'clients are judged by another verifier', later: { verifier: others } },
  { what: 'the rules have another name', first: { verifier: named }, later: { verifier: renamed } },
  { what: 'clients have to show a certificate', later: { clientAuth: 'require' } },
  { what: 'clients are not asked', later: { clientAuth: 'none' } },
  { what: 'the program chose another context', first: context('a'), later: context('b') },
  { what: 'the tickets are made by another sealer', later: { tickets: ticketSealer({ crypto: toyProvider(77) }) } },
  { what: 'the hash is another', only: '1.3', first: suite('AES_128_GCM_SHA256'), later: suite('AES_256_GCM_SHA384') },
  {
    what: 'the suite is another',
    only: '1.2',
    first: suite('ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'),
    later: suite('ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'),
  },
];

const VERSIONS: readonly { readonly version: string; readonly client: ClientParts; readonly server: ServerParts }[] = [
  { version: '1.3', client: {}, server: {} },
  { version: '1.2', client: { protocols: [client12] }, server: { protocols: [server12] } },
];

describe.each(VERSIONS)('a stolen ticket of TLS $version where', ({ version, client: speaks, server: hears }) => {
  const cases = CASES.filter(({ only = version }) => only === version);

  it.each(cases)('$what', ({ first = {}, later = {}, client = {} }) => {
    const { connect } = ends({ ...SHARED.client, ...speaks, sessions: thief() }, { ...SHARED.server, ...hears });
    connect({}, first);
    expect(resumed(connect({}, first)), 'nothing has changed').toBe(true);
    const changed = connect(client, { ...first, ...later });
    expect(resumed(changed)).toBe(false);
    if (changed.server.config.role === 'server' && changed.server.config.clientAuth !== 'none')
      expect(changed.server.info.certificateRequested, 'everything is proved anew').toBe(true);
  });

  it('its time is over, whatever the client says', () => {
    const forever = thief((session) => ({ ...session, lifetime: 604_800, receivedAt: session.receivedAt }));
    const { connect, clock } = ends(
      { ...SHARED.client, ...speaks, sessions: forever },
      { ...SHARED.server, ...hears, ticketLifetime: 100 },
    );
    connect();
    clock.time += 99_000;
    expect(resumed(connect())).toBe(true);
    clock.time += 101_000;
    expect(resumed(connect())).toBe(false);
  });

  it('seven days have passed since the peer proved anything', () => {
    const { connect, clock } = ends(
      { ...SHARED.client, ...speaks },
      { ...SHARED.server, ...hears, ticketLifetime: 600_000, ticketCount: 1 },
    );
    connect();
    clock.time += 500_000_000;
    expect(resumed(connect())).toBe(true);
    clock.time += 100_000_000;
    expect(resumed(connect())).toBe(true);
    clock.time += 10_000_000;
    expect(resumed(connect())).toBe(false);
  });

  it('the client would not be let in any more: it has to prove itself, and is refused', () => {
    let good = true;
    const verifier = believer('stable', () => good);
    const all = ends(
      { ...SHARED.client, ...speaks, sessions: thief() },
      { ...SHARED.server, ...hears, verifier, clientAuth: 'require' },
    );
    all.connect();
    expect(resumed(all.connect())).toBe(true);
    good = false;
    const steps = run({ client: all.client(), server: all.server() });
    expect(steps.server.find((step) => step.type === 'failed')).toMatchObject({ error: { code: 'ERR_PEER_REFUSED' } });
  });

  it('the verifier has a short way: it is taken only when it gives its rules a name', () => {
    const asked: string[] = [];
    const verifier = (policy: string | undefined): PeerVerifier => ({
      ...believer(policy),
      recheck: (_peer, before) => {
        asked.push(policy ?? 'none');
        return before;
      },
    });
    for (const policy of [undefined, 'mine']) {
      const judge = verifier(policy);
      const { connect } = ends(
        { ...SHARED.client, ...speaks, verifier: judge },
        { ...SHARED.server, ...hears, verifier: judge },
      );
      connect();
      expect(resumed(connect())).toBe(true);
    }
    expect(asked).toEqual(['mine', 'mine']);
  });
});

// The cases of CVE-2025-23419 and CVE-2025-23048: a session of one virtual server led past the client authentication of
// another, because all of them share the keys of their tickets.
describe.each(VERSIONS)(
  'two servers behind one listener, by name, TLS $version',
  ({ client: speaks, server: hears }) => {
    /** The open one asks no client for a certificate; the closed one admits only its own people. */
    const closedPeople = believer(
      undefined,
      ({ chain }) => chain[0]!.join() === credentialOf('insider').chain[0]!.join(),
    );
    const openPeople = believer();
    const selectContext = ({ serverName }: ClientHelloSummary): ContextSelection =>
      serverName === 'closed.example'
        ? { clientAuth: 'require', verifier: closedPeople }
        : { clientAuth: serverName === 'open.example' ? 'none' : 'require', verifier: openPeople };

    it.each([
      ['open.example', 'a session without a certificate'],
      ['half-open.example', 'a session with a certificate of other people'],
    ])('from %s, %s does not lead into the closed one', (serverName) => {
      const all = ends(
        { ...speaks, verifier: everybody, credential: credentialOf('outsider'), sessions: thief() },
        { ...hears, selectContext, credential: credentialOf('server') },
      );
      all.connect({ serverName });
      expect(resumed(all.connect({ serverName }))).toBe(true);
      const steps = run({ client: all.client({ serverName: 'closed.example' }), server: all.server() });
      const failure = steps.server.flatMap((step): TlsError[] => (step.type === 'failed' ? [step.error] : []))[0];
      expect(failure).toMatchObject({ code: 'ERR_PEER_REFUSED' });
    });

    it('nor when the thief asks for the name at which the session began, and the program decides otherwise', () => {
      let closed = false;
      const all = ends(
        { ...speaks, verifier: everybody, sessions: thief() },
        {
          ...hears,
          selectContext: () =>
            selectContext({ serverName: closed ? 'closed.example' : 'open.example' } as ClientHelloSummary),
          credential: credentialOf('server'),
        },
      );
      all.connect();
      closed = true;
      const steps = run({ client: all.client(), server: all.server() });
      const failure = steps.server.flatMap((step): TlsError[] => (step.type === 'failed' ? [step.error] : []))[0];
      expect(failure?.code).toMatch(/^ERR_CERTIFICATE_REQUIRED/);
    });
  },
);

describe('a client keeps apart', () => {
  const keyOf = (options: ClientParts): string => {
    let seen = '';
    const sessions = {
      take: (key: string): undefined => {
        seen = key;
      },
      put: () => {},
    };
    const all = ends();
    all.connect({ verifier: everybody, serverName: 'server.example', ...options, sessions });
    return seen;
  };

  it.each<[string, ClientParts]>([
    ['servers', { serverName: 'other.example' }],
    ['names that are sent and names that are not', { sendServerName: false }],
    ['protocols', { alpn: ['one'] }],
    ['verifiers', { verifier: others }],
    ['rules by their name', { verifier: named }],
    ['credentials', { credential: credentialOf('client') }],
    ['what the program keeps apart', { sessionKey: 'a user' }],
    ['schemes that certificates may be signed with', { certificateSignatures: ['ed25519'], signatures: ['ed25519'] }],
  ])('%s', (what, options) => {
    const plain = keyOf({});
    expect(keyOf({})).toBe(plain);
    if (what !== 'schemes that certificates may be signed with') expect(keyOf(options)).not.toBe(plain);
    expect(keyOf(options)).toBe(keyOf(options));
  });

  it('users: a session of one is never offered for another', () => {
    const { connect } = ends({ verifier: everybody }, { verifier: everybody, clientAuth: 'require' });
    const [anna, bert] = [credentialOf('anna'), credentialOf('bert')];
    connect({ credential: anna });
    const second = connect({ credential: bert });
    expect(resumed(second)).toBe(false);
    expect(second.server.info.peer?.chain).toEqual(bert.chain);
    expect(connect({ credential: anna }).server.info.peer?.chain).toEqual(anna.chain);
  });

  it('what it would not trust any more: the session is not offered', () => {
    let good = true;
    const verifier = believer('stable', () => good);
    const all = ends({ verifier });
    all.connect();
    good = false;
    const steps = run({ client: all.client(), server: all.server() });
    expect(steps.client.find((one) => one.type === 'failed')).toMatchObject({ error: { code: 'ERR_PEER_REFUSED' } });
  });

  it('old sessions: none is offered after its time', () => {
    const { connect, clock } = ends({}, { ticketLifetime: 100, ticketCount: 4 });
    connect();
    clock.time += 100_000;
    expect(resumed(connect())).toBe(false);
  });
});

function context(name: string): ServerParts {
  return { selectContext: () => ({ name }) };
}

function suite(name: string): ServerParts {
  return { suites: [`TLS_${name}`] };
}

function resumed({ client, server }: Pair): boolean {
  expect(client.info.resumed).toBe(server.info.resumed);
  return client.info.resumed ?? false;
}
