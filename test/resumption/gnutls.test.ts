import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectOptions } from '../../src/index.ts';
import { connect as connectTls, type TlsSocket } from '../../src/node/index.ts';
import { memoryReplayGuard, memorySessions } from '../../src/resumption/stores.ts';
import { ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { gnutlsClient, type GnutlsClientOptions, type GnutlsPeer, gnutlsServer, hasGnutls } from '../support/gnutls.ts';
import { trustedRootsPem } from '../support/pki.ts';
import { credential, line, listen, stopAfterEach, toStop } from '../support/session-peers.ts';

stopAfterEach();

/** TLS 1.3 sessions, external keys and early data with GnuTLS. */

const PRIORITY = 'NORMAL:-VERS-ALL:+VERS-TLS1.3';
const KEY = 'ab'.repeat(32);
const psk = { identity: new TextEncoder().encode('client'), secret: new Uint8Array(32).fill(0xab) };

describe.skipIf(!hasGnutls())('gnutls-serv', () => {
  it('our client resumes after HelloRetryRequest', async () => {
    const peer = await server({ priority: `${PRIORITY}:-GROUP-ALL:+GROUP-SECP384R1` });
    const options = { resumption: { store: memorySessions() }, groups: ['X25519', 'secp384r1'] };
    for (const expected of [false, true]) {
      const socket = await connect(peer, options);
      socket.write('warifu\n');
      expect(await line(socket)).toBe('warifu');
      expect(socket.info).toMatchObject({ retried: true, group: { name: 'secp384r1' } });
      expect(socket.info.resumed).toBe(expected);
      socket.destroy();
    }
  });

  it('an external key', async () => {
    const passwords = file('psk.txt', `client:${KEY}\n`);
    const peer = await server({ priority: `${PRIORITY}:+DHE-PSK:+PSK`, extra: ['--pskpasswd', passwords] });
    const socket = await connect(peer, { psks: [psk], resumption: false });
    socket.write('warifu\n');
    expect(await line(socket)).toBe('warifu');
    expect(socket.info.psk?.identity).toEqual(psk.identity);
    expect(socket.info.peer).toBeUndefined();
  });

  it.each([true, false])('early data (taken: %s)', async (taken) => {
    const peer = await server({ priority: PRIORITY, ...(taken && { maxEarlyData: 1000 }) });
    const sessions = memorySessions();
    const first = await connect(peer, { resumption: { store: sessions } });
    first.write('warifu\n');
    expect(await line(first)).toBe('warifu');
    first.destroy();
    const second = await connect(peer, {
      resumption: { store: sessions },
      earlyData: new TextEncoder().encode('so early\n'),
    });
    expect(second.info.resumed).toBe(true);
    expect(second.info.earlyData?.accepted).toBe(taken);
    second.write('later\n');
    const lines = [await line(second)];
    if (taken && lines[0] !== 'later') expect(lines[0]).toMatch(/so early/);
  });
});

describe.skipIf(!hasGnutls())('gnutls-cli', () => {
  it('resumes after HelloRetryRequest with our server', async () => {
    const { port, next } = await listen({ groups: ['secp384r1'] });
    client(port, {
      resume: true,
      priority: `${PRIORITY}:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1`,
      extra: ['--single-key-share', '--waitresumption'],
    });
    const first = await next();
    first.resume();
    const second = await next();
    expect(first.info).toMatchObject({ retried: true });
    expect(second.info).toMatchObject({ retried: true, resumed: true, group: { name: 'secp384r1' } });
  });

  it('an external key', async () => {
    const { port, next } = await listen({ psks: [psk] });
    client(port, {
      priority: `${PRIORITY}:+DHE-PSK:+PSK`,
      extra: ['--pskusername', 'client', '--pskkey', KEY],
    });
    const socket = await next();
    expect(socket.info.psk?.identity).toEqual(psk.identity);
  });

  it.each([true, false])('early data (taken: %s)', async (taken) => {
    const started = { now: () => Date.now() - 60_000 };
    const earlyData = { guard: taken ? memoryReplayGuard({ clock: started }) : { firstUse: () => false } };
    const { port, next } = await listen({ resumption: { earlyData, tickets: ticketSealer({ crypto: noble }) } });
    client(port, { resume: true, extra: ['--waitresumption', `--earlydata=${file('early.txt', 'so early')}`] });
    const first = await next();
    first.resume();
    const second = await next();
    expect(second.info).toMatchObject({ resumed: true, earlyData: { accepted: taken } });
    expect(Buffer.concat(second.earlyData).toString()).toBe(taken ? 'so early' : '');
  });
});

async function server(options: Parameters<typeof gnutlsServer>[0]): Promise<GnutlsPeer> {
  const peer = await gnutlsServer({ credential, ...options });
  toStop.push(() => peer.stop());
  return peer;
}

async function connect(peer: GnutlsPeer, options: Partial<ConnectOptions>): Promise<TlsSocket> {
  const all = { serverName: 'server.example', anchors: trustedRootsPem(), crypto: noble, ...options };
  const socket = await connectTls({ host: '127.0.0.1', port: peer.port }, all).secured();
  socket.on('error', () => {});
  toStop.push(() => socket.destroy());
  return socket;
}

function client(port: number, options: Partial<GnutlsClientOptions>): void {
  const all = { serverName: 'server.example', anchors: trustedRootsPem(), priority: PRIORITY };
  const peer = gnutlsClient({ port, ...all, ...options });
  toStop.push(() => peer.stop());
}

function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'warifu-test-'));
  toStop.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
