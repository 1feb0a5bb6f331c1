import { describe, expect, it } from 'vitest';
import {
  accept,
  type AcceptOptions,
  type AnchorSource,
  connect,
  type ConnectOptions,
  createClientContext,
  createServerContext,
} from '../../src/index.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import type { CertificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { memoryReplayGuard, memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import type { TlsStream } from '../../src/transport/index.ts';
import { clientCredential, noble, serverCredential } from '../support/credentials.ts';
import { serverEntry, trustedRoots, trustedRootsPem } from '../support/pki.ts';

/** What connect and accept do about sessions by default, and with real certificates. */

const serverName = 'server.example';

describe('contexts', () => {
  it('resume by themselves, and the short forms do not', async () => {
    const entry = serverEntry();
    const credential = { certificates: entry.chain.join('\n'), privateKey: entry.key };
    const client = { context: createClientContext({ anchors: trustedRootsPem(), crypto: noble }), serverName };
    const server = { context: createServerContext({ credential, crypto: noble }) };
    const first = await pair(client, server);
    const second = await pair(client, server);
    expect(first.client.info.resumed).toBeFalsy();
    expect(second.client.info.resumed).toBe(true);
    expect(second.server.info.resumed).toBe(true);
    expect(second.client.info.peer?.verdict).toMatchObject({ ok: true });

    const short = { serverName, anchors: trustedRootsPem(), crypto: noble };
    for (let i = 0; i < 2; i++)
      expect((await pair(short, { credential, crypto: noble })).client.info.resumed).toBeFalsy();
  });

  it('do not when either says no', async () => {
    const credential = await serverCredential();
    for (const [mine, theirs] of [
      [false, undefined],
      [undefined, false],
    ] as const) {
      const anchors = trustedRootsPem();
      const client = { context: createClientContext({ anchors, crypto: noble, resumption: mine }), serverName };
      const server = { context: createServerContext({ credential, crypto: noble, resumption: theirs }) };
      await pair(client, server);
      expect((await pair(client, server)).client.info.resumed).toBeFalsy();
    }
  });

  it('that trust the same anchors resume the sessions of each other, and others do not', async () => {
    const server = { context: createServerContext({ credential: await serverCredential(), crypto: noble }) };
    const store = memorySessions();
    const client = (anchors: AnchorSource) => ({
      context: createClientContext({ anchors, crypto: noble, resumption: { store } }),
      serverName,
    });
    await pair(client(trustedRootsPem()), server);
    const less = await pair(client([trustedRoots()[0]!, serverEntry().chain[1]!]), server).catch(() => undefined);
    expect(less?.client.info.resumed).toBeFalsy();
    expect((await pair(client([...trustedRoots()].reverse()), server)).client.info.resumed).toBe(true);
  });

  it('made by `with` share what did not change', async () => {
    const credential = await serverCredential();
    const context = createServerContext({ credential, crypto: noble });
    const client = { context: createClientContext({ anchors: trustedRootsPem(), crypto: noble }), serverName };
    await pair(client, { context });
    const renewed = context.with({ alpn: ['h2'] });
    expect((await pair(client, { context: renewed })).client.info.resumed).toBe(true);
    expect(
      (await pair({ ...client, context: client.context.with({ grease: false }) }, { context })).client.info.resumed,
    ).toBe(true);
  });

  it('early data is beside the stream', async () => {
    const credential = await serverCredential();
    const sessions = memorySessions();
    const client = { serverName, anchors: trustedRootsPem(), resumption: { store: sessions } };
    const guard = memoryReplayGuard({ clock: { now: () => 0 } });
    const server = { credential, resumption: { tickets: ticketSealer({ crypto: noble }), earlyData: { guard } } };
    const { server: first } = await pair(client, server);
    expect(first.earlyData).toEqual([]);
    const second = await pair({ ...client, earlyData: Uint8Array.of(1, 2, 3) }, server);
    expect(second.server.earlyData).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(second.server.info.earlyData).toEqual({ accepted: true, bytes: 3 });
  });
});

describe('a verifier of certificates', () => {
  const make = (options: { readonly policy?: string } = {}): CertificateVerifier =>
    certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier, ...options });

  it('has rules of its own name, until they change', () => {
    const [one, other] = [make(), make()];
    expect(one.policy).toBe(one.policy);
    expect(one.policy).not.toBe(other.policy);
    const before = one.policy;
    one.update({ anchors: trustedRoots() });
    expect(one.policy).not.toBe(before);
    const named = make({ policy: 'mine' });
    expect(named.policy).toBe('mine');
    named.update({ anchors: trustedRoots() });
    expect(named.policy).not.toBe('mine');
    named.update({ policy: 'mine, second edition' });
    expect(named.policy).toBe('mine, second edition');
  });

  it('does not look at signatures again, but at the time', async () => {
    let looked = 0;
    const signatures: typeof noble.verifier = {
      verify: (...of) => {
        looked++;
        return noble.verifier.verify(...of);
      },
    };
    let now = Date.now();
    const clock = { now: () => now };
    const verifier = certificateVerifier({ anchors: trustedRoots(), signatures });
    const [mine, theirs] = [await clientCredential(), await serverCredential()];
    const sessions = memorySessions();
    const client = { serverName, verifier, resumption: { store: sessions }, clock, credential: mine };
    const server = { credential: theirs, verifier, clientAuth: 'require', clock } as const;
    const resumption = { tickets: ticketSealer({ crypto: noble }), ticketLifetime: 604_800 };
    await pair(client, { ...server, resumption });
    const before = looked;
    const second = await pair(client, { ...server, resumption });
    expect(second.server.info).toMatchObject({ resumed: true, peer: { verdict: { ok: true } } });
    expect(looked).toBe(before);

    const end = readCertificate(theirs.chain[0]!).notAfter;
    now = end - 1000;
    const fresh = await pair(client, { ...server, resumption });
    expect(fresh.client.info.resumed, 'the ticket is too old by now').toBe(false);
    now = end - 500;
    expect((await pair(client, { ...server, resumption })).client.info.resumed).toBe(true);
    now = end + 1000;
    // The certificate has expired: the session is not offered, and the full handshake is refused.
    await expect(pair(client, { ...server, resumption })).rejects.toMatchObject({ code: 'ERR_PEER_REFUSED' });
  });

  it('after an update asks for everything again', async () => {
    const verifier = certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier });
    const [mine, theirs] = [await clientCredential(), await serverCredential()];
    const client = {
      serverName,
      anchors: trustedRootsPem(),
      resumption: { store: memorySessions() },
      credential: mine,
    };
    const server = {
      credential: theirs,
      verifier,
      clientAuth: 'require',
      resumption: { tickets: ticketSealer({ crypto: noble }) },
    } as const;
    await pair(client, server);
    expect((await pair(client, server)).server.info.resumed).toBe(true);
    verifier.update({ anchors: trustedRoots() });
    const after = await pair(client, server);
    expect(after.server.info).toMatchObject({ certificateRequested: true, peer: { verdict: { ok: true } } });
    expect(after.server.info.resumed).toBe(false);
    verifier.update({ anchors: [] });
    await expect(pair(client, server)).rejects.toThrow();
  });
});

/** One connection over pipes of memory, with a line each way so that tickets have arrived. */
async function pair(
  client: ConnectOptions,
  server: AcceptOptions,
): Promise<{ readonly client: TlsStream; readonly server: TlsStream }> {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const accepting = accept(
    { readable: there.readable, writable: back.writable },
    server.context === undefined ? { crypto: noble, ...server } : server,
  );
  const connecting = connect(
    { readable: back.readable, writable: there.writable },
    client.context === undefined ? { crypto: noble, ...client } : client,
  );
  const [c, s] = await Promise.allSettled([connecting, accepting]);
  // The server's reason is the better one, where there is one of its own.
  for (const one of [c, s]) if (one.status === 'rejected' && one.reason.code !== 'ERR_ALERT_RECEIVED') throw one.reason;
  if (c.status === 'rejected') throw c.reason;
  if (s.status === 'rejected') throw s.reason;
  const writer = s.value.writable.getWriter();
  const reader = c.value.readable.getReader();
  const read = reader.read();
  await writer.write(Uint8Array.of(1));
  await read;
  return { client: c.value, server: s.value };
}
