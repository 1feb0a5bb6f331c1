import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, isInstalled, startChild } from './child.ts';
import { gnutlsClient, gnutlsServer, hasGnutls } from './gnutls.ts';
import { hasOpenssl, opensslClient, opensslServer, selfSigned } from './openssl.ts';

/** The peers against each other: what a test of ours relies on when it starts one. */

const started: Child[] = [];
const keep = <T extends Child>(child: T): T => {
  started.push(child);
  return child;
};
afterEach(async () => {
  for (const child of started.splice(0)) await child.stop();
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a child', () => {
  it('ends when it is told to, and is gone', async () => {
    const child = startChild(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)']);
    await child.waitFor(/up/);
    expect(isAlive(child.pid)).toBe(true);
    await child.stop();
    expect(isAlive(child.pid)).toBe(false);
  });
  it('tells what it wrote when it ends without what was waited for', async () => {
    const child = keep(startChild(process.execPath, ['-e', 'console.error("no such luck"); process.exit(3)']));
    await expect(child.waitFor(/never/)).rejects.toThrow(/no such luck/);
    expect(await child.exited).toBe(3);
  });
  it('does not hang on a program that is not there', async () => {
    expect(isInstalled('warifu-no-such-program')).toBe(false);
    const child = keep(startChild('warifu-no-such-program', []));
    await expect(child.waitFor(/never/)).rejects.toThrow(/ENOENT/);
  });
});

describe.skipIf(!hasOpenssl())('openssl as a peer', () => {
  it('answers each line reversed over TLS 1.3', async () => {
    const credential = selfSigned('localhost');
    const server = keep(await opensslServer({ credential, version: '1.3', mode: 'reverse' }));
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port: server.port, host: '127.0.0.1', servername: 'localhost', ca: credential.chain });
      socket.once('error', reject);
      socket.once('data', (data: Buffer) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.write('hello\n');
    });
    expect(answer).toBe('olleh\n');
  });

  it('does mutual authentication, ALPN, the key log and KeyUpdate between its two ends', async () => {
    const credential = selfSigned('localhost');
    const client = selfSigned('client', 'ed25519');
    const server = keep(
      await opensslServer({
        credential,
        clientAuth: 'require',
        anchors: client.chain,
        alpn: ['h2', 'x'],
        keyLog: true,
      }),
    );
    const peer = keep(
      opensslClient({
        port: server.port,
        serverName: 'localhost',
        verifyName: 'localhost',
        anchors: credential.chain,
        credential: client,
        alpn: ['x'],
        suites13: 'TLS_CHACHA20_POLY1305_SHA256',
        groups: 'P-384',
      }),
    );
    await peer.waitFor(/ALPN protocol: x/);
    await peer.waitFor(/Verify return code: 0/);
    await server.waitFor(/CIPHER is TLS_CHACHA20_POLY1305_SHA256/);
    expect(server.output()).toMatch(/subject=CN = client/);
    expect(server.keyLog()).toMatch(/^CLIENT_TRAFFIC_SECRET_0 /m);
    server.write('K\n');
    await peer.waitFor(/KEYUPDATE|read R BLOCK/);
    peer.write('over the pipe\n');
    await server.waitFor(/over the pipe/);
  });

  it('resumes with a session that the first connection left', async () => {
    const server = keep(await opensslServer({ credential: selfSigned('localhost'), version: '1.3' }));
    const first = keep(opensslClient({ port: server.port, serverName: 'localhost' }));
    await expect.poll(() => first.session(), { timeout: 10_000 }).toMatch(/END SSL SESSION/);
    const session = first.session();
    await first.stop(); // s_server serves one connection at a time
    const second = keep(opensslClient({ port: server.port, serverName: 'localhost', resume: session }));
    await second.waitFor(/Reused, TLSv1.3/);
  });

  it('agrees on an external PSK, without a certificate', async () => {
    const psk = { key: '00112233445566778899aabbccddeeff', identity: 'client' };
    const server = keep(await opensslServer({ psk, version: '1.3', suites13: 'TLS_AES_128_GCM_SHA256' }));
    const client = keep(opensslClient({ port: server.port, psk, version: '1.3', suites13: 'TLS_AES_128_GCM_SHA256' }));
    await client.waitFor(/Reused, TLSv1.3/);
  });

  it('refuses a name that is not in the certificate', async () => {
    const credential = selfSigned('localhost');
    const server = keep(await opensslServer({ credential }));
    const client = keep(opensslClient({ port: server.port, verifyName: 'other.test', anchors: credential.chain }));
    expect(await client.exited).not.toBe(0);
    expect(client.output()).toMatch(/[Hh]ostname mismatch/);
  });
});

describe.skipIf(!hasGnutls() || !hasOpenssl())('GnuTLS as a peer', () => {
  it('echoes to its own client over TLS 1.3 with X448', async () => {
    const credential = selfSigned('localhost', 'rsa');
    const server = keep(await gnutlsServer({ credential, keyLog: true }));
    const client = keep(
      gnutlsClient({
        port: server.port,
        serverName: 'localhost',
        anchors: credential.chain,
        priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X448',
      }),
    );
    await client.waitFor(/TLS1\.3.*X448/);
    client.write('echo this\n');
    await client.waitFor(/echo this/);
    expect(server.keyLog()).toMatch(/^CLIENT_TRAFFIC_SECRET_0 /m);
  });

  it('asks for a client certificate and wants one', async () => {
    const credential = selfSigned('localhost');
    const own = selfSigned('client');
    const server = keep(await gnutlsServer({ credential, clientAuth: 'require', anchors: own.chain }));
    const good = keep(gnutlsClient({ port: server.port, insecure: true, credential: own }));
    await good.waitFor(/Handshake was completed/);
    const bad = keep(gnutlsClient({ port: server.port, insecure: true }));
    expect(await bad.exited).not.toBe(0);
  });
});
