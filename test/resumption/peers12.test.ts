import { describe, expect, it } from 'vitest';
import { connect as connectTls } from '../../src/node/index.ts';
import { memoryServerSessions, memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { gnutlsClient, gnutlsServer, hasGnutls } from '../support/gnutls.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { trustedRootsPem } from '../support/pki.ts';
import {
  connect,
  credential,
  finish,
  line,
  listen,
  reversed,
  s_client,
  server,
  stopAfterEach,
  toStop,
} from '../support/session-peers.ts';

stopAfterEach();

/** Sessions of TLS 1.2 with programs of others. */

/** A server that speaks TLS 1.2 only is not told apart from one that refuses TLS 1.3. */
const V12 = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'];

describe.skipIf(!hasOpenssl())('our client with openssl s_server', () => {
  it.each([
    ['by ticket', []],
    ['by id', ['-no_ticket']],
  ] as const)('resumes %s', async (_, extra) => {
    const peer = await server({ version: '1.2', mode: 'reverse', extra });
    for (const suites of [undefined, ...V12.map((suite) => [suite])]) {
      const options = { resumption: { store: memorySessions() }, ...(suites !== undefined && { suites }) };
      for (const expected of [false, true, true]) {
        const socket = await connect(peer, options);
        expect(await reversed(socket, 'warifu')).toBe('ufiraw');
        expect(socket.info).toMatchObject({
          version: 'TLSv1.2',
          extendedMasterSecret: true,
          peer: { verdict: { ok: true } },
        });
        expect(socket.info.resumed).toBe(expected);
        await finish(socket);
      }
    }
  });

  it('gets a full handshake where the server has forgotten', async () => {
    const first = await server({ version: '1.2', mode: 'reverse' });
    const options = { resumption: { store: memorySessions() } };
    await finish(await connect(first, options));
    const second = await server({ version: '1.2', mode: 'reverse' });
    const socket = await connect(second, { ...options, sessionKey: `127.0.0.1:${first.port}` });
    expect(await reversed(socket, 'warifu')).toBe('ufiraw');
    expect(socket.info.resumed).toBe(false);
    await finish(socket);
  });
});

describe.skipIf(!hasOpenssl())('openssl s_client with our server', () => {
  it.each([
    ['by ticket', [], () => ({ resumption: { tickets: ticketSealer({ crypto: noble }) } })],
    ['by id', ['-no_ticket'], () => ({ resumption: { tickets: false as const, sessionIds: memoryServerSessions() } })],
  ] as const)('resumes %s', async (_, extra, make) => {
    for (const suite of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305']) {
      const { port, next } = await listen(make());
      const client = { version: '1.2', suites12: suite, extra } as const;
      const first = await s_client(port, client, next);
      expect(first.socket.info.resumed).toBe(false);
      for (let i = 0; i < 2; i++) {
        const again = await s_client(port, { ...client, resume: first.session }, next);
        expect(again.socket.info).toMatchObject({ resumed: true, version: 'TLSv1.2' });
        await again.peer.waitFor(/Reused, TLSv1\.2/);
      }
    }
  });

  it('gets a full handshake with a ticket of another server', async () => {
    const one = await listen({ resumption: { tickets: ticketSealer({ crypto: noble }) } });
    const other = await listen({ resumption: { tickets: ticketSealer({ crypto: noble }) } });
    const first = await s_client(one.port, { version: '1.2' }, one.next);
    const second = await s_client(other.port, { version: '1.2', resume: first.session }, other.next);
    expect(second.socket.info.resumed).toBe(false);
    await second.peer.waitFor(/New, TLSv1\.2/);
  });
});

const PRIORITY = 'NORMAL:-VERS-ALL:+VERS-TLS1.2';

describe.skipIf(!hasGnutls())('GnuTLS', () => {
  it.each([
    ['by ticket', false],
    ['by id', true],
  ])('its server: our client resumes %s', async (_, noTickets) => {
    const peer = await gnutlsServer({ credential, priority: PRIORITY, noTickets });
    toStop.push(() => peer.stop());
    const options = {
      serverName: 'server.example',
      anchors: trustedRootsPem(),
      resumption: { store: memorySessions() },
    };
    for (const expected of [false, true, true]) {
      const socket = await connectTls({ host: '127.0.0.1', port: peer.port }, options).secured();
      socket.on('error', () => {});
      socket.write('warifu\n');
      expect(await line(socket)).toBe('warifu');
      expect(socket.info).toMatchObject({ version: 'TLSv1.2', extendedMasterSecret: true });
      expect(socket.info.resumed).toBe(expected);
      socket.destroy();
    }
  });

  it.each([
    ['by ticket', [], () => ({ resumption: { tickets: ticketSealer({ crypto: noble }) } })],
    ['by id', ['--noticket'], () => ({ resumption: { tickets: false as const, sessionIds: memoryServerSessions() } })],
  ] as const)('its client resumes with our server %s', async (_, extra, make) => {
    const { port, next } = await listen(make());
    const peer = gnutlsClient({
      port,
      resume: true,
      serverName: 'server.example',
      anchors: trustedRootsPem(),
      priority: PRIORITY,
      extra,
    });
    toStop.push(() => peer.stop());
    const first = await next();
    first.resume();
    const second = await next();
    expect(first.info.resumed).toBe(false);
    expect(second.info).toMatchObject({ resumed: true, version: 'TLSv1.2' });
    await peer.waitFor(/This is a resumed session/);
  });
});
