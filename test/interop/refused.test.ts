import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsSocket } from '../../src/node/index.ts';
import { Files, isInstalled, startChild } from '../support/child.ts';
import { trustedRootsPem } from '../support/pki.ts';
import { listen, stopAfterEach } from '../support/session-peers.ts';
import { runProgram } from '../support/programs.ts';

/** Peers of the field that a stricter server turns away, for reasons that are no fault of theirs. */

stopAfterEach();

/** Naming suites of one version is to speak only that one. */
const TLS_12 = ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'];

const files = new Files();
const anchors = files.add('anchors.pem', trustedRootsPem());
afterAll(() => files.remove());

const source = fileURLToPath(new URL('peers/wolfssl/client.c', import.meta.url));
const hasWolfssl = existsSync('/usr/include/wolfssl/ssl.h') && isInstalled('gcc');
if (!hasWolfssl) console.log('skipped: gcc or the headers of wolfSSL (libwolfssl-dev) are not installed');

/** Answers one line on every connection, as the peers here expect it. */
async function serve(
  options: Parameters<typeof listen>[0],
): Promise<{ readonly port: number; readonly next: () => Promise<TlsSocket> }> {
  const server = await listen(options);
  const next = async (): Promise<TlsSocket> => {
    const socket = await server.next();
    socket.once('data', (line: Buffer) => void socket.end(`you said ${line.toString()}`));
    return socket;
  };
  return { port: server.port, next };
}

describe.skipIf(!hasWolfssl)('a client of wolfSSL', () => {
  const program = files.path('client');

  beforeAll(() => {
    const { status, output } = runProgram('gcc', ['-O1', '-o', program, source, '-lwolfssl']);
    expect(status, output).toBe(0);
  });

  async function ask(port: number, version: '12' | '13'): Promise<string> {
    const child = startChild(program, [`${port}`, anchors, version]);
    try {
      await child.exited;
      return child.output();
    } finally {
      await child.stop();
    }
  }

  it.each([
    ['13', 'at once', { groups: ['secp256r1'] }, false],
    ['13', 'after HelloRetryRequest, for another group', { groups: ['secp384r1'] }, true],
    ['13', 'after HelloRetryRequest with a cookie', { groups: ['secp384r1'], retryCookie: true }, true],
    ['12', 'with the older version', { suites: TLS_12 }, false],
  ] as const)('TLS %s %s', async (version, _how, options, retried) => {
    const server = await serve(options);
    const [socket, output] = await Promise.all([server.next(), ask(server.port, version)]);
    expect(output).toContain('you said hello');
    expect(socket.info.retried ?? false).toBe(retried);
    expect(socket.info.version).toBe(version === '13' ? 'TLSv1.3' : 'TLSv1.2');
  });
});

describe.skipIf(!isInstalled('wget'))('wget', () => {
  it.each(['TLSv1_2', 'TLSv1_3'])('%s', async (protocol) => {
    const server = await listen({ alpn: ['http/1.1'], ...(protocol === 'TLSv1_2' && { suites: TLS_12 }) });
    const child = startChild('wget', [
      '-qO-',
      '--no-config',
      '--no-proxy',
      '--tries=1',
      `--secure-protocol=${protocol}`,
      // Its certificate is for another name: what is tried here is the handshake.
      '--no-check-certificate',
      `https://127.0.0.1:${server.port}/`,
    ]);
    try {
      const socket = await server.next();
      socket.once(
        'data',
        () => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfound'),
      );
      await child.exited;
      expect(child.output()).toContain('found');
      expect(socket.info.version).toBe(protocol === 'TLSv1_2' ? 'TLSv1.2' : 'TLSv1.3');
    } finally {
      await child.stop();
    }
  });
});

/** Debian's package, and where Go's own archives are unpacked. */
const oldGo = ['/usr/lib/go-1.19/bin/go', '/usr/lib/go-1.20/bin/go'].find((path) => existsSync(path));
if (oldGo === undefined) console.log('skipped: no Go before 1.21 is installed (golang-1.19-go)');

describe.skipIf(oldGo === undefined)('Go before 1.21, which knows no extended_master_secret', () => {
  const program = files.path('go-client');

  beforeAll(() => {
    const main = fileURLToPath(new URL('peers/go-without-ems/main.go', import.meta.url));
    const { status, output } = runProgram('env', [
      'GO111MODULE=off',
      'GOTOOLCHAIN=local',
      'CGO_ENABLED=0',
      `GOCACHE=${files.path('cache')}`,
      oldGo!,
      'build',
      '-o',
      program,
      main,
    ]);
    expect(status, output).toBe(0);
  }, 120_000);

  it('is served with TLS 1.2, bound to nothing, and not remembered', async () => {
    const server = await serve({ suites: TLS_12 });
    const child = startChild(program, [`${server.port}`, anchors]);
    try {
      const socket = await server.next();
      await child.exited;
      expect(child.output()).toBe('you said hello\n');
      expect(socket.info).toMatchObject({ version: 'TLSv1.2', extendedMasterSecret: false });
      expect(() => socket.channelBinding('tls-exporter')).toThrow('ERR_STATE');
    } finally {
      await child.stop();
    }
  });

  it('is refused where the server demands it', async () => {
    const server = await serve({ suites: TLS_12, requireExtendedMasterSecret: true });
    const child = startChild(program, [`${server.port}`, anchors]);
    try {
      await expect(server.next()).rejects.toThrow('ERR_EXTENDED_MASTER_SECRET');
      await child.exited;
      expect(child.output()).toContain('FAILED');
    } finally {
      await child.stop();
    }
  });
});
