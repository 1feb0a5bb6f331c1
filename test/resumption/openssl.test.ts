import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { connect as connectTls } from '../../src/node/index.ts';
import { memoryReplayGuard, memoryServerSessions, memorySessions } from '../../src/resumption/stores.ts';
import { storedTickets, ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { gnutlsClient, gnutlsServer, hasGnutls } from '../support/gnutls.ts';
import { hasOpenssl, opensslClient } from '../support/openssl.ts';
import { trustedRootsPem } from '../support/pki.ts';
import {
  connect,
  credential,
  finish,
  line,
  listen,
  oneSession,
  reversed,
  s_client,
  server,
  stopAfterEach,
  toStop,
} from '../support/session-peers.ts';

stopAfterEach();

/** Sessions with programs of others. */

const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

describe.skipIf(!hasOpenssl())('our client with openssl s_server', () => {
  it.each(SUITES)('resumes, %s', async (suite) => {
    const peer = await server({ mode: 'reverse' });
    const options = { resumption: { store: memorySessions() }, suites: [suite] };
    for (const expected of [false, true, true]) {
      const socket = await connect(peer, options);
      expect(await reversed(socket, 'warifu')).toBe('ufiraw');
      expect(socket.info.resumed).toBe(expected);
      expect(socket.info.peer?.verdict.ok).toBe(true);
      await finish(socket);
    }
  });

  it('resumes after HelloRetryRequest', async () => {
    const peer = await server({ mode: 'reverse', groups: 'P-384' });
    const options = { resumption: { store: memorySessions() }, groups: ['X25519', 'secp384r1'] };
    for (const expected of [false, true]) {
      const socket = await connect(peer, options);
      expect(await reversed(socket, 'warifu')).toBe('ufiraw');
      expect(socket.info).toMatchObject({ retried: true, group: { name: 'secp384r1' } });
      expect(socket.info.resumed).toBe(expected);
      await finish(socket);
    }
  });

  it.each([
    ['sha256', 'TLS_AES_128_GCM_SHA256'],
    ['sha384', 'TLS_AES_256_GCM_SHA384'],
  ] as const)('an external key of %s', async (hash, suite) => {
    const key = 'ab'.repeat(32);
    const peer = await server({ psk: { key, identity: 'client' }, mode: 'terminal', suites13: suite });
    const psk = { identity: new TextEncoder().encode('client'), secret: new Uint8Array(32).fill(0xab), hash };
    const socket = await connect(peer, { psks: [psk], resumption: false });
    // OpenSSL ties a key given in hexadecimal to SHA-256.
    if (hash === 'sha256') expect(socket.info.psk?.identity).toEqual(psk.identity);
    else expect(socket.info.psk).toBeUndefined();
    expect(socket.info.peer === undefined).toBe(hash === 'sha256');
  });

  it('sends early data that is taken', async () => {
    const peer = await server({ mode: 'terminal', earlyData: 16_384 });
    const options = { resumption: { store: memorySessions() } };
    const first = await connect(peer, options);
    peer.write('hello\n');
    await once(first, 'readable');
    await finish(first);
    const socket = await connect(peer, { ...options, earlyData: new TextEncoder().encode('so early\n') });
    expect(socket.info.earlyData).toEqual({ accepted: true, bytes: 9 });
    await peer.waitFor(/so early/);
    socket.write('later\n');
    await peer.waitFor(/later/);
  });

  it('sends early data that is refused, and says so', async () => {
    const peer = await server({ mode: 'terminal', earlyData: 16_384 });
    const sessions = memorySessions();
    let kept = await oneSession(peer, sessions);
    // The same session a second time: its early data has been there.
    const again = { take: () => kept, put: () => {} };
    const early = { resumption: { store: again }, earlyData: new TextEncoder().encode('twice\n') };
    const taken = await connect(peer, early);
    expect(taken.info.earlyData?.accepted).toBe(true);
    await finish(taken);
    kept = { ...kept! };
    const refused = await connect(peer, early);
    expect(refused.info.earlyData).toMatchObject({ accepted: false, bytes: 6 });
    refused.write('afterwards\n');
    await peer.waitFor(/afterwards/);
  });
});

describe.skipIf(!hasOpenssl())('openssl s_client with our server', () => {
  it.each(SUITES)('resumes, %s', async (suite) => {
    const { port, next } = await listen({});
    const first = await s_client(port, { suites13: suite }, next);
    const second = await s_client(port, { suites13: suite, resume: first.session }, next);
    expect(first.socket.info.resumed).toBe(false);
    expect(second.socket.info.resumed).toBe(true);
    await second.peer.waitFor(/Reused, TLSv1\.3/);
  });

  it('resumes after HelloRetryRequest, and from a store', async () => {
    const tickets = storedTickets(memoryServerSessions(), noble);
    const { port, next } = await listen({ groups: ['secp384r1'], resumption: { tickets } });
    const client = { groups: 'X25519:P-384' };
    const first = await s_client(port, client, next);
    const second = await s_client(port, { ...client, resume: first.session }, next);
    expect(second.socket.info).toMatchObject({ retried: true, resumed: true });
    const third = await s_client(port, { ...client, resume: first.session }, next);
    expect(third.socket.info.resumed, 'the same ticket a second time').toBe(false);
  });

  it('an external key', async () => {
    const psk = { identity: new TextEncoder().encode('client'), secret: new Uint8Array(32).fill(0xab) };
    const { port, next } = await listen({ psks: [psk] });
    const { socket } = await s_client(port, { psk: { key: 'ab'.repeat(32), identity: 'client' } }, next);
    expect(socket.info.psk?.identity).toEqual(psk.identity);
    expect(socket.info.suite?.name).toMatch(/SHA256$/);
  });

  it('an external key that is another: the binder does not fit', async () => {
    const psk = { identity: new TextEncoder().encode('client'), secret: new Uint8Array(32).fill(0xac) };
    const { port, next } = await listen({ psks: [psk] });
    const peer = opensslClient({ version: '1.3', port, psk: { key: 'ab'.repeat(32), identity: 'client' } });
    toStop.push(() => peer.stop());
    await expect(next()).rejects.toMatchObject({ code: 'ERR_BAD_BINDER', alert: 51 });
    await peer.waitFor(/alert decrypt error|alert number 51/i);
  });

  it('early data is taken once', async () => {
    const started = { now: () => Date.now() - 60_000 };
    const earlyData = { guard: memoryReplayGuard({ clock: started }) };
    const { port, next } = await listen({ resumption: { earlyData, tickets: ticketSealer({ crypto: noble }) } });
    const first = await s_client(port, {}, next);
    const early = new TextEncoder().encode('so early');
    const second = await s_client(port, { resume: first.session, earlyData: early }, next);
    expect(second.socket.info).toMatchObject({ resumed: true, earlyData: { accepted: true, bytes: 8 } });
    expect(Buffer.concat(second.socket.earlyData)).toEqual(Buffer.from(early));
    await second.peer.waitFor(/Early data was accepted/);
  });

  it('early data that is not taken', async () => {
    const earlyData = { guard: { firstUse: () => false } };
    const { port, next } = await listen({ resumption: { earlyData, tickets: ticketSealer({ crypto: noble }) } });
    const first = await s_client(port, {}, next);
    const early = new Uint8Array(10_000).fill(0x61);
    const second = await s_client(port, { resume: first.session, earlyData: early }, next);
    expect(second.socket.info).toMatchObject({ resumed: true, earlyData: { accepted: false, bytes: 0 } });
    expect(second.socket.earlyData).toEqual([]);
    await second.peer.waitFor(/Early data was rejected/);
  });
});

describe.skipIf(!hasGnutls())('GnuTLS', () => {
  it('its server: our client resumes', async () => {
    const peer = await gnutlsServer({ credential, priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3' });
    toStop.push(() => peer.stop());
    const options = {
      serverName: 'server.example',
      anchors: trustedRootsPem(),
      resumption: { store: memorySessions() },
    };
    for (const expected of [false, true]) {
      const socket = await connectTls({ host: '127.0.0.1', port: peer.port }, options).secured();
      socket.on('error', () => {});
      socket.write('warifu\n');
      expect(await line(socket)).toBe('warifu');
      expect(socket.info.resumed).toBe(expected);
      socket.destroy();
    }
  });

  it('its client resumes with our server', async () => {
    const { port, next } = await listen({});
    const peer = gnutlsClient({
      port,
      resume: true,
      serverName: 'server.example',
      anchors: trustedRootsPem(),
      priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3',
    });
    toStop.push(() => peer.stop());
    const first = await next();
    first.resume();
    const second = await next();
    expect(first.info.resumed).toBe(false);
    expect(second.info.resumed).toBe(true);
    await peer.waitFor(/This is a resumed session/);
  });
});
