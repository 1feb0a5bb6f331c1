import { describe, expect, it } from 'vitest';
import { isTime } from '../../src/bytes/time.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { TlsError } from '../../src/errors.ts';
import type { PresentedPeer, Verdict } from '../../src/handshake/peer.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { checkTime } from '../../src/pki/path/checks.ts';
import { freshness } from '../../src/pki/revocation/status.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { makeClient, makeServer, run } from '../support/pair.ts';
import { serverEntry, trustedRoots } from '../support/pki.ts';
import { ends, talk } from '../support/sessions.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/** A clock that gives what is no time: nothing is valid, nothing is resumed, and the callback is named. */

const WRONG: readonly (readonly [string, () => unknown])[] = [
  ['NaN', () => Number.NaN],
  ['undefined', () => undefined],
  ['null', () => null],
  ['text', () => '2030-01-01'],
  ['a Date', () => new Date()],
  ['a Date that is none', () => new Date('x')],
  ['an object', () => ({})],
  ['Infinity', () => Number.POSITIVE_INFINITY],
  ['-Infinity', () => Number.NEGATIVE_INFINITY],
  ['a time before all', () => -1],
  ['a bigint', () => 1_900_000_000_000n],
  [
    'an exception',
    () => {
      throw new Error('no battery');
    },
  ],
];

/** Right once, when it is looked at as an option, and wrong from then on. */
function later(now: () => unknown): { now(): number } {
  let calls = 0;
  return { now: () => (calls++ === 0 ? Date.now() : (now() as number)) };
}

const VERSIONS = [
  ['1.3', [client13], [server13]],
  ['1.2', [client12], [server12]],
] as const;

describe('as an option', () => {
  it.each(WRONG)('%s is refused', (_name, now) => {
    expect(() => makeClient({ clock: { now: now as () => number } })).toThrow(/ERR_OPTION.*clock\.now\(\)/);
  });
});

describe.each(VERSIONS)('TLS %s', (_, clients, servers) => {
  it.each(WRONG)('a client whose clock gives %s fails, and says so', (_name, now) => {
    const client = makeClient({ protocols: clients, clock: later(now) });
    const steps = run({ client, server: makeServer({ protocols: servers }) });
    expect(failureOf(steps.client)).toMatchObject({ code: 'ERR_CALLBACK_FAILED', alert: 80 });
    expect(failureOf(steps.client)?.message).toContain('clock.now');
    expect(client.info.peer).toBeUndefined();
  });

  it.each(WRONG)('a server whose clock gives %s takes no client certificate', (_name, now) => {
    const server = makeServer({
      protocols: servers,
      clientAuth: 'require',
      verifier: toyVerifier,
      clock: later(now),
    });
    const steps = run({ client: makeClient({ protocols: clients, credential: toyCredential }), server });
    expect(failureOf(steps.server)?.message).toMatch(/ERR_CALLBACK_FAILED.*clock\.now/);
    expect(server.info.peer).toBeUndefined();
  });
});

const failureOf = (events: readonly { readonly type: string }[]): TlsError | undefined =>
  (events.find(({ type }) => type === 'failed') as { readonly error: TlsError } | undefined)?.error;

const MOMENTS = WRONG.filter(([name]) => name !== 'an exception').map(
  ([name, now]) => [name, now() as number] as const,
);

describe('where a moment is compared', () => {
  const chain = serverEntry('ecdsa-p256').chain.map(
    (pem) => new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')),
  );
  const peer = (now: number): PresentedPeer => ({
    role: 'client',
    chain,
    serverName: 'server.example',
    ocspResponses: chain.map(() => undefined),
    sctLists: chain.map(() => undefined),
    certificateSchemes: noble.signatures.map(({ id }) => id),
    keyUse: 'digitalSignature',
    now,
  });

  it.each(MOMENTS)('%s: no certificate is valid, neither at first nor again', async (_, now) => {
    expect(isTime(now)).toBe(false);
    const verifier = certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier });
    const good = await verifier.verify(peer(Date.now()));
    expect(good).toMatchObject({ ok: true });
    const refused = { ok: false, failure: { code: 'CERT_EXPIRED' } };
    expect(await verifier.verify(peer(now))).toMatchObject(refused);
    expect(await verifier.recheck?.(peer(now), good as Verdict & { ok: true })).toMatchObject(refused);
    // Of those that a comparison makes no number of, every one fails.
    if (!Number.isNaN(Number(now))) return;
    expect(checkTime(readCertificate(chain[0]!), now)).toBeDefined();
  });

  it('Infinity and NaN: no list and no OCSP response is fresh', () => {
    const rules = { skew: 0, maxAge: undefined, ageWithoutNext: 1000, grace: 0 };
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined as unknown as number])
      for (const nextUpdate of [undefined, 2000])
        expect(typeof freshness({ thisUpdate: 1000, nextUpdate }, { ...rules, now }), `${now}`).toBe('string');
    expect(freshness({ thisUpdate: 1000, nextUpdate: 2000 }, { ...rules, now: 1500 })).toBe(2000);
  });

  it.each(MOMENTS)('%s: no ticket opens', (_, now) => {
    const sealer = ticketSealer({ crypto: noble });
    const ticket = sealer.seal(Uint8Array.of(1, 2, 3), 100, Date.now()) as Uint8Array;
    if (typeof now === 'bigint') return;
    if (Number.isNaN(Number(now)) || !Number.isFinite(Number(now))) expect(sealer.open(ticket, now)).toBeUndefined();
    expect(sealer.open(ticket, Date.now())).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each(['receivedAt', 'lifetime'] as const)(
    'a session that a store gives back without its %s is not used',
    (name) => {
      const kept: ClientSession[] = [];
      const sessions = { take: () => kept.at(-1), put: (_: string, session: ClientSession) => void kept.push(session) };
      const all = ends({ sessions });
      all.connect();
      const again = (change: object): boolean => {
        const session = { ...kept[0]!, ...change } as ClientSession;
        const client = all.client({ sessions: { take: () => session, put: () => {} } });
        return talk(client, all.server()).client.info.resumed ?? false;
      };
      expect(again({})).toBe(true);
      for (const wrong of [Number.NaN, undefined, 'soon', {}]) expect(again({ [name]: wrong })).toBe(false);
    },
  );
});
