import { once } from 'node:events';
import net from 'node:net';
import nodeTls, { type ConnectionOptions } from 'node:tls';
import { wire } from '../support/duplex.ts';
import { polluted } from '../support/polluted.ts';
import { describe, expect, it } from 'vitest';
import { TlsError } from '../../src/index.ts';
import tls, { connect, createServer, TLSSocket } from '../../src/tls/index.ts';
import { ca, client, echo, errorOf, pem, portOf, stopLater } from './support.ts';

/** A connection in node:tls's interface: what it emits, says and refuses, against itself and against Node's own. */

describe('what is on the prototype of all objects', () => {
  it('is no option: it makes no server trusted', async () => {
    const { port } = await echo();
    const evil = { rejectUnauthorized: false, checkServerIdentity: () => undefined, enableTrace: true };
    await polluted(evil, async () => {
      expect((await errorOf(client(port, { ca: '' }))).code).toMatch(/SELF_SIGNED|UNABLE_TO/);
      expect((await errorOf(client(port, { servername: 'other.example' }))).code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    });
  });
});

describe('a callback', () => {
  it('may throw what cannot be looked at', async () => {
    const { port } = await echo();
    const pskCallback = (): never => {
      throw {
        toString: () => {
          throw new Error('of its text');
        },
      };
    };
    expect((await errorOf(client(port, { pskCallback }))).message).toBe('something that throws when it is looked at');
  });

  it('that chooses none of the protocols is told of them escaped, and of some', async () => {
    const { server, port } = await echo({ ALPNCallback: () => 'none' });
    const told = once(server, 'tlsClientError');
    const ALPNProtocols = Array.from({ length: 200 }, (_, index) => `${index}\u001b[31m\n${'x'.repeat(200)}`);
    await errorOf(client(port, { ALPNProtocols }));
    const [error] = await told;
    expect(error.message).toMatch(/^[ -~…]{1,1500}$/);
  });
});

describe('a connection', () => {
  it('is a net.Socket, echoes, and says what it is in the shapes of node:tls', async () => {
    const { port } = await echo({ ALPNProtocols: ['a', 'b'] });
    const socket = client(port, { ALPNProtocols: ['b'] });
    expect(socket).toBeInstanceOf(net.Socket);
    expect(socket).toBeInstanceOf(TLSSocket);
    expect(socket.secureConnecting).toBe(true);
    const [session] = await Promise.all([once(socket, 'session'), once(socket, 'secureConnect')]);
    expect(session[0]).toBeInstanceOf(Buffer);
    expect(socket.authorized).toBe(true);
    expect(socket.authorizationError).toBeNull();
    expect(socket.alpnProtocol).toBe('b');
    expect(socket.servername).toBe('server.example');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getPeerCertificate(true).issuerCertificate.subject).toBeDefined();
    expect(socket.getPeerX509Certificate()?.checkHost('server.example')).toBe('server.example');
    expect(socket.getCertificate()).toEqual({});
    expect(socket.getFinished()?.length).toBeGreaterThan(0);
    expect(socket.exportKeyingMaterial(16, 'EXPORTER-test')).toHaveLength(16);
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.end();
    await once(socket, 'close');
  });

  it.each([
    ['port, host, options', (port: number) => connect(port, '127.0.0.1', { servername: 'server.example', ca })],
    ['port, options', (port: number) => connect(port, { host: '127.0.0.1', servername: 'server.example', ca })],
    [
      'a socket that is connected',
      (port: number) => connect({ socket: net.connect(port, '127.0.0.1'), servername: 'server.example', ca }),
    ],
    [
      'a socket that is connected later',
      (port: number) => {
        const socket = new net.Socket();
        setTimeout(() => socket.connect(port, '127.0.0.1'), 20);
        return connect({ socket, servername: 'server.example', ca });
      },
    ],
  ] as const)('dials by %s', async (_, dial) => {
    const { port } = await echo();
    const socket = dial(port);
    stopLater(() => socket.destroy());
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
  });

  it('stands on any Duplex, in both roles', async () => {
    const [one, other] = wire();
    const server = new TLSSocket(other, { isServer: true, ...pem });
    const socket = connect({ socket: one, servername: 'server.example', ca });
    server.on('data', (chunk) => server.end(chunk));
    socket.write('over a pipe');
    expect(String((await once(socket, 'data'))[0])).toBe('over a pipe');
  });

  it("speaks with Node's own, in both roles", async () => {
    const { port } = await echo();
    const theirs = nodeTls.connect({ host: '127.0.0.1', port, servername: 'server.example', ca });
    stopLater(() => theirs.destroy());
    await once(theirs, 'secureConnect');
    theirs.write('a');
    expect(String((await once(theirs, 'data'))[0])).toBe('a');
    const their = nodeTls.createServer(pem, (socket) => socket.end('b'));
    const socket = client(await portOf(their), { maxVersion: 'TLSv1.2' });
    expect(String((await once(socket, 'data'))[0])).toBe('b');
    expect(socket.getProtocol()).toBe('TLSv1.2');
  });

  it('resumes a session of another connection, and says so', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const { port } = await echo();
      const first = client(port, { maxVersion });
      const [session] = (await once(first, 'session')) as [Buffer];
      first.destroy();
      const second = client(port, { maxVersion, session });
      await once(second, 'secureConnect');
      expect(second.isSessionReused()).toBe(true);
      expect(second.authorized).toBe(true);
      const other = client(port, { maxVersion, session: Buffer.from('what it is not') });
      await once(other, 'secureConnect');
      expect(other.isSessionReused()).toBe(false);
    }
  });

  it('draws the handshake when asked', async () => {
    const { port } = await echo();
    const written: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (text) => written.push(String(text)) > 0;
    try {
      await once(client(port, { enableTrace: true }), 'secureConnect');
    } finally {
      process.stderr.write = write;
    }
    expect(written.join('')).toMatch(/ClientHello[\s\S]*ServerHello[\s\S]*Finished/);
  });
});

describe('who the server is', () => {
  it.each([
    ['no authority of ours vouches for it', { ca: [] }, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['it has another name', { servername: 'other.example' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] satisfies [string, ConnectionOptions, string][])(
    '%s: refused, with the code of node:tls and ours as the cause',
    async (_, options, code) => {
      const { server, port } = await echo();
      server.on('tlsClientError', () => {});
      const error = await errorOf(client(port, options));
      expect(error.code).toBe(code);
      expect(error.cause).toBeInstanceOf(TlsError);
    },
  );

  it('with rejectUnauthorized: false it is connected to, and said what was found, in resumed connections too', async () => {
    const { port } = await echo();
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    const first = client(port, { ca: [], rejectUnauthorized: false });
    const [session] = (await once(first, 'session')) as [Buffer];
    expect([first.authorized, first.authorizationError]).toEqual([false, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']);
    const second = client(port, { ca: [], rejectUnauthorized: false, session });
    await once(second, 'secureConnect');
    // The name, too.
    const named = { ca, servername: 'other.example', rejectUnauthorized: false };
    const third = client(port, named);
    const [its] = (await once(third, 'session')) as [Buffer];
    const fourth = client(port, { ...named, session: its });
    await once(fourth, 'secureConnect');
    expect([fourth.isSessionReused(), fourth.authorized, fourth.authorizationError]).toEqual([
      true,
      false,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ]);
    expect([second.isSessionReused(), second.authorized, second.authorizationError]).toEqual([
      true,
      false,
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ]);
    // Once, and with the place.
    const told = warnings.filter((warning) => 'code' in warning && warning.code === 'WARIFU_UNVERIFIED');
    process.off('warning', listen);
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toMatch(/127\.0\.0\.1|server\.example/);
  });

  it('a session that was not verified is not resumed by who verifies', async () => {
    const { server, port } = await echo();
    server.on('tlsClientError', () => {});
    const first = client(port, { ca: [], rejectUnauthorized: false });
    const [session] = (await once(first, 'session')) as [Buffer];
    expect((await errorOf(client(port, { ca: [], session }))).code).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    const known = client(port, { session });
    await once(known, 'secureConnect');
    expect(known.isSessionReused()).toBe(false);
  });

  it('a client made by new TLSSocket verifies, too', async () => {
    const { server, port } = await echo();
    server.on('tlsClientError', () => {});
    const socket = new TLSSocket(net.connect(port, '127.0.0.1'), { ca: [] });
    socket.write('now it begins');
    expect((await errorOf(socket)).code).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
  });

  it('checkServerIdentity of the program decides on the name', async () => {
    const { server, port } = await echo();
    server.on('tlsClientError', () => {});
    const mine = new Error('not this one');
    const socket = client(port, { checkServerIdentity: () => mine });
    expect(await errorOf(socket)).toBe(mine);
    const seen: string[] = [];
    const other = client(port, {
      servername: 'other.example',
      checkServerIdentity: (host, { subjectaltname }) => void seen.push(host, String(subjectaltname)),
    });
    await once(other, 'secureConnect');
    expect(other.authorized).toBe(true);
    expect(seen).toEqual(['other.example', expect.stringContaining('DNS:server.example')]);
  });
});

describe('what goes wrong', () => {
  it('nothing listens: the error of the socket itself', async () => {
    const probe = net.createServer();
    const port = await portOf(probe);
    probe.close();
    expect(await errorOf(client(port))).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect' });
  });

  it('the server leaves before the handshake is done', async () => {
    const port = await portOf(net.createServer((socket) => socket.end()));
    expect(await errorOf(client(port))).toMatchObject({ code: 'ECONNRESET', port });
  });

  it('the server speaks something else', async () => {
    const port = await portOf(net.createServer((socket) => socket.end('220 smtp.example ESMTP\r\n')));
    expect((await errorOf(client(port))).code).toMatch(/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/);
  });

  it('an alert of the peer, by the name of OpenSSL', async () => {
    const { server, port } = await echo({ minVersion: 'TLSv1.3' });
    const atServer = once(server, 'tlsClientError');
    expect((await errorOf(client(port, { maxVersion: 'TLSv1.2' }))).code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    expect((await atServer)[0]).toMatchObject({ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' });
  });

  it('what OpenSSL can and we do not throws at once, in words', () => {
    expect(() => connect({ port: 1, dhparam: 'x' } as object)).toThrow(/dhparam.*auto/);
    expect(() => createServer({ maxVersion: 'TLSv1.1' })).toThrow(/only TLSv1\.2 and TLSv1\.3/);
    expect(() => createServer({ privateKeyIdentifier: 'a', privateKeyEngine: 'b' })).toThrow(/engines/);
    expect(() => connect({ port: 1, servername: '10.0.0.1' })).toThrow(/IP address/);
    expect(() => connect({ port: 1, ciphers: 'NULL' })).toThrow(/no cipher match/);
  });

  it('a key that is not the certificate’s', () => {
    expect(() => createServer({ cert: pem.cert, key: OTHER_KEY })).toThrow(
      expect.objectContaining({ code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' }),
    );
  });
});

const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----`;

describe('the module as an object', () => {
  it('has every name that node:tls has', () => {
    const missing = Object.keys(nodeTls).filter(
      (name) => !(name in tls) && name !== 'default' && !name.startsWith('_'),
    );
    // Removed from Node since.
    expect(missing.filter((name) => name !== 'createSecurePair')).toEqual([]);
  });

  it('its variables count', async () => {
    const { port } = await echo();
    const before = tls.DEFAULT_MAX_VERSION;
    tls.DEFAULT_MAX_VERSION = 'TLSv1.2';
    try {
      const socket = client(port);
      await once(socket, 'secureConnect');
      expect(socket.getProtocol()).toBe('TLSv1.2');
    } finally {
      tls.DEFAULT_MAX_VERSION = before;
    }
  });

  it('classes can be called without new', () => {
    const make = tls.Server as unknown as (options: object) => object;
    expect(make({ ...pem })).toBeInstanceOf(tls.Server);
  });
});
