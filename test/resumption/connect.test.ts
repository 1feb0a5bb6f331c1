import { describe, expect, it } from 'vitest';
import { accept, type AcceptOptions, connect, type ConnectOptions } from '../../src/index.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import type { CertificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { certificateVerifier } from '../../src/pki/verifiers/verifier.ts';
import { memoryReplayGuard, memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import type { TlsStream } from '../../src/transport/index.ts';
import { clientCredential, noble, serverCredential } from '../support/credentials.ts';
import { serverEntry, trustedRoots, trustedRootsPem } from '../support/pki.ts';

/** What connect and accept do about sessions when nobody says anything, and with real certificates. */

const serverName = 'server.example';

describe('connect and accept', () => {
  it('resume by themselves, with certificates given anew each time', async () => {
    const entry = serverEntry();
    const credential = { certificates: entry.chain.join('\n'), privateKey: entry.key };
    const client = { serverName, anchors: trustedRootsPem(), sessionKey: 'by themselves' };
    const first = await pair(client, { credential });
    const second = await pair(client, { credential });
    expect(first.client.info.resumed).toBe(false);
    expect(second.client.info.resumed).toBe(true);
    expect(second.server.info.resumed).toBe(true);
    expect(second.client.info.peer?.verdict).toMatchObject({ ok: true });
  });

  it('do not when either says no', async () => {
    const credential = await serverCredential();
    const client = { serverName, anchors: trustedRootsPem(), sessionKey: 'says no' };
    for (const [mine, theirs] of [
      [{ sessions: false }, {}],
      [{}, { tickets: false }],
    ] as const) {
      await pair({ ...client, ...mine }, { credential, ...theirs });
      const second = await pair({ ...client, ...mine }, { credential, ...theirs });
      expect(second.client.info.resumed).toBe(false);
    }
  });

  it('are not resumed under other anchors', async () => {
    const credential = await serverCredential();
    const client = { serverName, sessionKey: 'other anchors' };
    await pair({ ...client, anchors: trustedRootsPem() }, { credential });
    const more = await pair({ ...client, anchors: [...trustedRoots(), trustedRoots()[0]!] }, { credential });
    expect(more.client.info.resumed).toBe(false);
    expect((await pair({ ...client, anchors: trustedRootsPem() }, { credential })).client.info.resumed).toBe(true);
  });

  it('early data is beside the stream', async () => {
    const credential = await serverCredential();
    const sessions = memorySessions();
    const client = { serverName, anchors: trustedRootsPem(), sessions };
    const guard = memoryReplayGuard({ clock: { now: () => 0 } });
    const server = { credential, tickets: ticketSealer({ crypto: noble }), earlyData: { guard } };
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
    const client = { serverName, verifier, sessions, clock, credential: mine };
    const server = { credential: theirs, verifier, clientAuth: 'require', clock, ticketLifetime: 604_800 } as const;
    const tickets = ticketSealer({ crypto: noble });
    await pair(client, { ...server, tickets });
    const before = looked;
    const second = await pair(client, { ...server, tickets });
    expect(second.server.info).toMatchObject({ resumed: true, peer: { verdict: { ok: true } } });
    expect(looked).toBe(before);

    const end = readCertificate(theirs.chain[0]!).notAfter;
    now = end - 1000;
    const fresh = await pair(client, { ...server, tickets });
    expect(fresh.client.info.resumed, 'the ticket is too old by now').toBe(false);
    now = end - 500;
    expect((await pair(client, { ...server, tickets })).client.info.resumed).toBe(true);
    now = end + 1000;
    // The certificate has expired: the session is not offered, and the full handshake is refused.
    await expect(pair(client, { ...server, tickets })).rejects.toMatchObject({ code: 'ERR_PEER_REFUSED' });
  });

  it('after an update asks for everything again', async () => {
    const verifier = certificateVerifier({ anchors: trustedRoots(), signatures: noble.verifier });
    const [mine, theirs] = [await clientCredential(), await serverCredential()];
    const client = { serverName, anchors: trustedRootsPem(), sessions: memorySessions(), credential: mine };
    const server = {
      credential: theirs,
      verifier,
      clientAuth: 'require',
      tickets: ticketSealer({ crypto: noble }),
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
  const accepting = accept({ readable: there.readable, writable: back.writable }, { crypto: noble, ...server });
  const connecting = connect({ readable: back.readable, writable: there.writable }, { crypto: noble, ...client });
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
