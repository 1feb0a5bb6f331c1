import { afterEach, describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { Child } from '../support/child.ts';
import { gnutlsClient, gnutlsServer, hasGnutls } from '../support/gnutls.ts';
import { hasOpenssl, opensslClient, opensslServer, selfSigned } from '../support/openssl.ts';
import { connectTo, credentialOf, line, listen, type OurServer, pinned } from './ends.ts';

const crypto = nobleProvider();
const toStop: (Pick<Child, 'stop'> | OurServer)[] = [];
const keep = <T extends Pick<Child, 'stop'> | OurServer>(peer: T): T => {
  toStop.push(peer);
  return peer;
};
afterEach(async () => {
  for (const peer of toStop.splice(0).reverse()) await ('stop' in peer ? peer.stop() : peer.close());
});

const serverName = 'localhost';
const kinds = ['ec', 'rsa', 'ed25519'] as const;
const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const;
const groups = [
  ['X25519', 'X25519'],
  ['secp256r1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
] as const;

describe.skipIf(!hasOpenssl())('our client and s_server', () => {
  it.each(kinds)('a certificate with a key of kind %s', async (kind) => {
    const credential = selfSigned(serverName, kind);
    const server = keep(await opensslServer({ credential, version: '1.3', mode: 'reverse' }));
    const stream = await connectTo(server.port, { crypto, serverName, verifier: pinned(credential.chain) });
    expect(await line(stream, 'hello')).toBe('olleh');
    await stream.close();
  });

  it.each(suites)('%s, ALPN', async (suite) => {
    const credential = selfSigned(serverName);
    const options = { credential, suites13: suite, alpn: ['two'], mode: 'reverse' } as const;
    const server = keep(await opensslServer(options));
    const verifier = pinned(credential.chain);
    const stream = await connectTo(server.port, { crypto, serverName, verifier, alpn: ['one', 'two'] });
    expect(stream.info).toMatchObject({ suite: { name: suite }, alpn: 'two' });
    expect(await line(stream, 'abc')).toBe('cba');
  });

  it.each(groups)('%s, which it did not send a share for: HelloRetryRequest', async (name, theirs) => {
    const credential = selfSigned(serverName);
    const server = keep(await opensslServer({ credential, groups: theirs, mode: 'reverse' }));
    const stream = await connectTo(server.port, { crypto, serverName, verifier: pinned(credential.chain) });
    expect(stream.info.group?.name).toBe(name);
    expect(await line(stream, 'retried')).toBe('deirter');
  });

  it.each(kinds)('mutual authentication with a key of kind %s', async (kind) => {
    const credential = selfSigned(serverName);
    const own = selfSigned('client', kind);
    const server = keep(
      await opensslServer({ credential, clientAuth: 'require', anchors: own.chain, mode: 'terminal', version: '1.3' }),
    );
    const stream = await connectTo(server.port, {
      crypto,
      serverName,
      verifier: pinned(credential.chain),
      credential: await credentialOf(own, crypto),
    });
    server.write('welcome\n');
    expect(await line(stream, 'it is me')).toBe('welcome');
    await server.waitFor(/it is me/);
    expect(server.output()).toMatch(/subject=CN = client/);
  });

  it('is told when it should have shown a certificate', async () => {
    const credential = selfSigned(serverName);
    const server = keep(await opensslServer({ credential, clientAuth: 'require', version: '1.3' }));
    // The client has finished before the server can object (RFC 9846 section 4.5.1.4); the alert comes after.
    const stream = await connectTo(server.port, { crypto, serverName, verifier: pinned(credential.chain) });
    await expect(stream.closed).rejects.toMatchObject({ code: 'ERR_ALERT_RECEIVED', alertReceived: 116 });
  });

  it('follows KeyUpdate in both directions', async () => {
    const credential = selfSigned(serverName);
    const server = keep(await opensslServer({ credential, version: '1.3' }));
    const stream = await connectTo(server.port, { crypto, serverName, verifier: pinned(credential.chain) });
    server.write('K\n');
    await new Promise((resolve) => setTimeout(resolve, 100)); // a command has to be a write of its own
    server.write('under new keys\n');
    expect(await line(stream, 'mine too')).toBe('under new keys');
    await server.waitFor(/mine too/);
    stream.updateKeys(true);
    server.write('again\n');
    expect(await line(stream, 'and mine again')).toBe('again');
    await server.waitFor(/and mine again/);
  });

  it('writes the same secrets to the key log', async () => {
    const credential = selfSigned(serverName);
    const server = keep(await opensslServer({ credential, version: '1.3', keyLog: true, mode: 'reverse' }));
    const lines: string[] = [];
    const verifier = pinned(credential.chain);
    const keyLog = (text: string): void => void lines.push(text.trim());
    const stream = await connectTo(server.port, { crypto, serverName, verifier, keyLog });
    await line(stream, 'x');
    const theirs = server
      .keyLog()
      .split('\n')
      .filter((text) => / /.test(text) && !text.startsWith('#'));
    expect(lines.toSorted()).toEqual(expect.arrayContaining(theirs.filter((text) => /TRAFFIC/.test(text))));
    expect(theirs.length).toBeGreaterThan(3);
  });
});

describe.skipIf(!hasOpenssl())('our server and s_client', () => {
  it.each(kinds)('a certificate with a key of kind %s', async (kind) => {
    const own = selfSigned(serverName, kind);
    const server = keep(await listen({ crypto, credential: await credentialOf(own, crypto) }));
    const accepted = server.next();
    const client = keep(opensslClient({ port: server.port, serverName, verifyName: serverName, anchors: own.chain }));
    const stream = await accepted;
    await client.waitFor(/Verify return code: 0/);
    client.write('from the client\n');
    expect(await line(stream, 'from the server')).toBe('from the client');
    await client.waitFor(/from the server/);
  });

  it.each(groups)('%s alone', async (name, theirs) => {
    const credential = await credentialOf(selfSigned(serverName), crypto);
    const server = keep(await listen({ crypto, credential }));
    const accepted = server.next();
    keep(opensslClient({ port: server.port, groups: theirs }));
    expect((await accepted).info.group?.name).toBe(name);
  });

  it('asks for a group that the client sent no share for', async () => {
    const credential = await credentialOf(selfSigned(serverName), crypto);
    const server = keep(await listen({ crypto, credential, groups: ['secp384r1'], retryCookie: true }));
    const accepted = server.next();
    keep(opensslClient({ port: server.port, groups: 'X25519:P-384' }));
    expect((await accepted).info.group?.name).toBe('secp384r1');
  });

  it('asks for a certificate, and gets it', async () => {
    const own = selfSigned('client');
    const credential = await credentialOf(selfSigned(serverName), crypto);
    const verifier = pinned(own.chain);
    const server = keep(await listen({ crypto, credential, clientAuth: 'require', verifier }));
    const accepted = server.next();
    keep(opensslClient({ port: server.port, credential: own }));
    expect((await accepted).info.peer?.chain).toHaveLength(1);
  });

  it('refuses a client without one', async () => {
    const credential = await credentialOf(selfSigned(serverName), crypto);
    const verifier = pinned(selfSigned('client').chain);
    const server = keep(await listen({ crypto, credential, clientAuth: 'require', verifier }));
    const accepted = server.next();
    const client = keep(opensslClient({ port: server.port }));
    await expect(accepted).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_REQUIRED' });
    await client.waitFor(/alert certificate required/);
  });
});

describe.skipIf(!hasGnutls() || !hasOpenssl())('ours and GnuTLS', () => {
  it('our client, its server', async () => {
    const credential = selfSigned(serverName, 'rsa');
    const server = keep(await gnutlsServer({ credential, priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3' }));
    const stream = await connectTo(server.port, { crypto, serverName, verifier: pinned(credential.chain) });
    expect(await line(stream, 'echo')).toBe('echo');
    await stream.close();
  });

  it('its client, our server, mutual', async () => {
    const own = selfSigned(serverName);
    const theirs = selfSigned('client', 'rsa');
    const credential = await credentialOf(own, crypto);
    const server = keep(await listen({ crypto, credential, clientAuth: 'require', verifier: pinned(theirs.chain) }));
    const accepted = server.next();
    const client = keep(gnutlsClient({ port: server.port, serverName, anchors: own.chain, credential: theirs }));
    const stream = await accepted;
    client.write('over\n');
    expect(await line(stream, 'and out')).toBe('over');
    await client.waitFor(/and out/);
  });
});
