import { createServer, type AddressInfo, type Server } from 'node:net';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scan } from '../../src/cli/scan/scan.ts';
import { gradeOf } from '../../src/cli/scan/suites.ts';
import { Folder } from '../support/programs.ts';
import { runCli } from './in-process.ts';

/** `warifu scan`, against node:tls of every age. */

const folder = new Folder();
const servers: Server[] = [];
const serve = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
};
const protocols: (string | null)[] = [];
const tlsServer = (options: tls.TlsOptions): Promise<number> => {
  const cert = folder.text('ca/server.crt');
  const server = tls.createServer({ cert, key: folder.text('ca/server.key'), ...options }, (socket) => {
    protocols.push(socket.getProtocol());
    socket.on('error', () => {});
    socket.resume();
  });
  server.on('tlsClientError', () => {});
  return serve(server);
};
const scan = async (port: number, ...args: readonly string[]): Promise<Scan & { readonly status: number }> => {
  const run = await runCli(['scan', `localhost:${port}`, '--json', ...args], { cwd: folder.directory });
  return { ...JSON.parse(run.out), status: run.status };
};

beforeAll(async () => {
  await runCli(['ca', 'server', 'localhost'], { cwd: folder.directory });
}, 60_000);
afterAll(() => {
  for (const server of servers) server.close();
  folder.remove();
});

const CA = ['--anchors', 'ca/root.crt'];

describe('warifu scan', () => {
  it('scans an address, which is not sent as a name', async () => {
    const port = await tlsServer({});
    const run = await runCli(['scan', `127.0.0.1:${port}`, '--json', ...CA], { cwd: folder.directory });
    expect(JSON.parse(run.out)).toMatchObject({ versions: [{ version: 'TLS 1.3', spoken: true }, {}, {}, {}, {}] });
  });

  it('tells what a server of today speaks, in its order', async () => {
    const port = await tlsServer({
      ALPNProtocols: ['h2'],
      ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
      ecdhCurve: 'P-384:P-256',
    });
    const found = await scan(port, ...CA);
    expect(found.status).toBe(0);
    expect(found.versions.map(({ version, spoken }) => [version, spoken])).toEqual([
      ['TLS 1.3', true],
      ['TLS 1.2', true],
      ['TLS 1.1', false],
      ['TLS 1.0', false],
      ['SSL 3', false],
    ]);
    expect(found.versions[0]).toMatchObject({
      suites: ['TLS_AES_128_GCM_SHA256'],
      groups: expect.arrayContaining(['secp384r1', 'secp256r1']),
    });
    expect(found.versions[1]).toMatchObject({
      suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      groups: expect.arrayContaining(['secp384r1']),
    });
    // It is asked for TLS 1.2 as well where it speaks both.
    expect(new Set(protocols)).toEqual(new Set(['TLSv1.3', 'TLSv1.2']));
    expect(found).toMatchObject({ alpn: ['h2'], resumption: true, extendedMasterSecret: true });
    expect(found.findings.every(({ grade }) => grade === 'remark')).toBe(true);
    expect((await scan(port, ...CA, '--days', '100')).status).toBe(1);
    const text = (await runCli(['scan', `localhost:${port}`, ...CA], { cwd: folder.directory })).out;
    expect(text).toMatch(/TLS 1\.3 +yes\n +TLS_AES_128_GCM_SHA256/);
    expect(text).toMatch(/note +no OCSP response is stapled/);
  }, 60_000);

  it('finds what is old and broken, and what is not trusted', async () => {
    const old = await tlsServer({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ECDHE-ECDSA-AES128-SHA@SECLEVEL=0',
    });
    const found = await scan(old, ...CA);
    expect(found.status).toBe(1);
    expect(found.versions.filter(({ spoken }) => spoken).map(({ version }) => version)).toEqual(['TLS 1.1', 'TLS 1.0']);
    const texts = found.findings.map(({ text }) => text).join('\n');
    expect(texts).toContain('TLS 1.0 is spoken, which is forbidden');
    const stranger = await scan(await tlsServer({}));
    expect(stranger.status).toBe(1);
    expect(stranger).toMatchObject({ connection: { trusted: false, failure: {} } });
    expect(stranger).not.toHaveProperty('resumption');
    const plain = await scan(
      await serve(createServer((socket) => void socket.end('HTTP/1.1 400\r\n\r\n'))),
      ...CA,
      '--timeout',
      '2',
    );
    expect(plain.findings[0]).toEqual({ grade: 'bad', text: 'no version of TLS or SSL is spoken there' });
    expect((await runCli(['scan', 'localhost:1'])).status).toBe(3);
    expect((await runCli(['scan'])).status).toBe(2);
  }, 60_000);

  it('grades suites by what is in their names', () => {
    expect(gradeOf('TLS_AES_128_GCM_SHA256')).toBe('good');
    expect(gradeOf('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256')).toBe('good');
    expect(gradeOf('TLS_RSA_WITH_AES_128_CBC_SHA')).toBe('old');
    for (const name of [
      'TLS_RSA_WITH_NULL_SHA',
      'TLS_RSA_WITH_RC4_128_MD5',
      'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
      'TLS_DH_anon_WITH_AES_128_CBC_SHA',
    ])
      expect(gradeOf(name)).toBe('broken');
  });
});
