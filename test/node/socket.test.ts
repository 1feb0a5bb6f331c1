import { once } from 'node:events';
import { createServer as createTcpServer, connect as dial, type AddressInfo, type Server } from 'node:net';
import { finished } from 'node:stream/promises';
import tls from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Agent,
  accept,
  connect,
  connector,
  createServer,
  type TlsServerOptions,
  type TlsSocket,
} from '../../src/node/index.ts';
import { createServerContext } from '../../src/index.ts';
import { loopback, pause, readAll, secured, wire } from '../support/duplex.ts';
import { formatFile } from '../support/formats.ts';
import { clientEntry, serverEntry, trustedRootsPem } from '../support/pki.ts';

/** What programs expect of a net.Socket and of a tls.TLSSocket, and of a listener. */

const entry = serverEntry();
const pem = { cert: entry.chain.join('\n'), key: entry.key };
const credential = { certificates: pem.cert, privateKey: pem.key };
const mine = clientEntry();
const clientCredential = { certificates: mine.chain.join('\n'), privateKey: mine.key };
const ca = trustedRootsPem();
const asking = { serverName: 'server.example', anchors: ca } as const;

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function portOf(server: Server): Promise<number> {
  toStop.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a socket of the net', () => {
  it('has addresses, and says how far it is', async () => {
    const [a, b] = await loopback();
    const { client, server } = await secured([a, b]);
    const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = a;
    expect(client).toMatchObject({
      remoteAddress,
      remotePort,
      remoteFamily,
      localAddress,
      localPort,
      localFamily,
      connecting: false,
      pending: false,
      readyState: 'open',
      encrypted: true,
    });
    expect(client.address()).toEqual(a.address());
    client.end('12345');
    expect((await readAll(server)).bytes.toString()).toBe('12345');
    expect([client.bytesWritten, server.bytesRead]).toEqual([5, 5]);
    if (!client.closed) await once(client.resume(), 'close');
    expect([client.readyState, client.pending, client.destroyed]).toEqual(['closed', true, true]);
  });

  it('has none over a stream that has none', async () => {
    const { client } = await secured(wire());
    expect([client.remoteAddress, client.localPort, client.address()]).toEqual([undefined, undefined, {}]);
    expect(client.setNoDelay().setKeepAlive(true, 1).ref().unref()).toBe(client);
  });

  it('passes noDelay, keepAlive, ref and unref on', async () => {
    const [a, b] = await loopback();
    const { client } = await secured([a, b]);
    const called: unknown[] = [];
    for (const name of ['setNoDelay', 'setKeepAlive', 'ref', 'unref'] as const)
      a[name] = ((...given: unknown[]) => {
        called.push([name, ...given]);
        return a;
      }) as never;
    client.setNoDelay(false).setKeepAlive(true, 5).unref().ref();
    expect(called).toEqual([['setNoDelay', false], ['setKeepAlive', true, 5], ['unref'], ['ref']]);
  });

  it("emits 'timeout' when nothing happens, and only then", async () => {
    const { client, server } = await secured(await loopback());
    let last = performance.now();
    const quiet: number[] = [];
    client.on('data', () => {
      last = performance.now();
    });
    client.on('timeout', () => quiet.push(performance.now() - last));
    const called = new Promise<void>((resolve) => client.setTimeout(300, resolve));
    expect(client.timeout).toBe(300);
    for (let i = 0; i < 5; i++) {
      server.write('x');
      await pause(100);
    }
    await called;
    // Never while something comes, however slow the machine is.
    expect(Math.min(...quiet)).toBeGreaterThan(250);
    expect(client.destroyed).toBe(false);
    client.setTimeout(0);
    for (const wrong of ['1', Number.NaN, -1]) expect(() => client.setTimeout(wrong as number)).toThrow(TypeError);
  });

  it('destroySoon sends everything first; resetAndDestroy does not', async () => {
    const one = await secured(await loopback());
    one.server.write(Buffer.alloc(1_000_000));
    one.server.destroySoon();
    const { bytes, error } = await readAll(one.client);
    expect([bytes.length, error]).toEqual([1_000_000, undefined]);

    const other = await secured(await loopback());
    other.client.resetAndDestroy();
    expect((await readAll(other.server)).error).toMatchObject({ code: 'ERR_TRANSPORT', cause: { code: 'ECONNRESET' } });
  });

  it('corks', async () => {
    const lengths: number[] = [];
    const { client, server } = await secured(
      wire(),
      {},
      {
        client: { onTrace: (event) => event.type === 'data' && event.from === 'client' && lengths.push(event.length) },
      },
    );
    server.resume();
    client.cork();
    client.write('a');
    await pause(5);
    client.write('b');
    await pause(5);
    expect(lengths).toEqual([]);
    client.uncork();
    await pause(5);
    expect(lengths).toEqual([2]);
  });

  it('is finished for stream.finished and pipeline', async () => {
    const { client, server } = await secured(await loopback());
    const both = Promise.all([finished(client.resume()), finished(server.resume())]);
    client.end();
    await both;
  });

  it('TLS in TLS', async () => {
    const outer = await secured(await loopback());
    const inner = await secured([outer.client, outer.server]);
    inner.client.end(Buffer.alloc(300_000, 'i'));
    expect((await readAll(inner.server)).bytes.length).toBe(300_000);
  });
});

describe('where to connect to', () => {
  const to = { host: 'server.example', port: 1 };
  it.each<[what: string, says: RegExp, call: () => unknown]>([
    [
      'no options',
      /expected a second argument: connect\(\{ host, port \}, \{ anchors \}\)/,
      () => connect(to, undefined!),
    ],
    [
      'options among the address',
      /connect: anchors: .*second argument/,
      () => connect({ ...to, anchors: ca } as never, asking),
    ],
    [
      'a name among the address',
      /connect: servername: .*second argument/,
      () => connect({ ...to, servername: 'a' } as never, asking),
    ],
    [
      'hostname',
      /connect: hostname: write host/,
      () => connect({ hostname: 'server.example', port: 1 } as never, asking),
    ],
    ['no port', /connect: port: expected a number, found undefined/, () => connect({ host: 'a:1' } as never, asking)],
    [
      'a URL',
      /expected a Duplex of Node or \{ host, port \}, found "https:/,
      () => connect('https://a/' as never, asking),
    ],
    ['a promise', /found a promise \(await it first\)/, () => connect(Promise.resolve(to) as never, asking)],
    ['an agent without options', /such as \{ anchors \}, found undefined/, () => new Agent(undefined!)],
    [
      'an agent with options of HTTP',
      /keepAlive: .*second argument of Agent/,
      () => new Agent({ keepAlive: true } as never),
    ],
    ['a connector without options', /such as \{ anchors \}, found undefined/, () => connector(undefined!)],
  ])('%s', (_, says, call) => {
    expect(call).toThrow(says);
  });
});

describe('a socket that is encrypted', () => {
  it('says what node:tls says of the same connection', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const seen: tls.TLSSocket[] = [];
      const server = tls.createServer({ ...pem, ca, requestCert: true, ALPNProtocols: ['one'], maxVersion }, (socket) =>
        seen.push(socket),
      );
      const port = await portOf(server);
      const client = connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['one'], credential: clientCredential });
      const events: string[] = [];
      for (const name of ['connect', 'ready', 'secureConnect', 'secure']) client.on(name, () => events.push(name));
      expect([client.authorized, client.alpnProtocol, client.getProtocol()]).toEqual([false, null, null]);
      await client.secured();
      await pause(50);
      const [theirs] = seen;
      expect(events).toEqual(['connect', 'ready', 'secureConnect', 'secure']);
      expect(client.authorized).toBe(true);
      expect(client.authorizationError).toBeNull();
      expect(client.alpnProtocol).toBe('one');
      expect(client.servername).toBe('server.example');
      expect(client.getProtocol()).toBe(theirs!.getProtocol());
      const { name, standardName } = theirs!.getCipher();
      expect(client.getCipher()).toEqual({ name, standardName, version: maxVersion });
      expect(client.isSessionReused()).toBe(false);
      const label = 'EXPORTER-test';
      expect(client.exportKeyingMaterial(32, label, Buffer.from('c'))).toEqual(
        theirs!.exportKeyingMaterial(32, label, Buffer.from('c')),
      );

      // The same server, looked at by node:tls.
      const other = tls.connect({
        host: '127.0.0.1',
        port,
        ca,
        servername: 'server.example',
        cert: clientCredential.certificates,
        key: clientCredential.privateKey,
        maxVersion,
      });
      await once(other, 'secureConnect');
      const { issuerCertificate, ...leaf } = other.getPeerCertificate(true);
      expect(client.getPeerCertificate()).toEqual(other.getPeerCertificate());
      const detailed = client.getPeerCertificate(true);
      expect(detailed.fingerprint256).toBe(leaf.fingerprint256);
      expect(detailed.issuerCertificate.fingerprint256).toBe(issuerCertificate.fingerprint256);
      expect(client.getPeerX509Certificate()!.fingerprint256).toBe(leaf.fingerprint256);
      other.destroy();
      client.destroy();
    }
  });

  it('names every suite as OpenSSL does', async () => {
    for (const [maxVersion, ciphers] of [
      ['TLSv1.2', ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305']],
      ['TLSv1.3', ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']],
    ] as const)
      for (const cipher of ciphers) {
        const server = tls.createServer({ ...pem, maxVersion, ciphers: cipher }, () => {});
        const client = await connect({ host: '127.0.0.1', port: await portOf(server) }, asking).secured();
        expect(client.getCipher()).toMatchObject({ name: cipher, version: maxVersion });
        client.destroy();
      }
  });

  it('of a server: who the client is, or that it showed nothing', async () => {
    for (const [clientAuth, shown, authorized] of [
      ['none', undefined, false],
      ['require', clientCredential, true],
    ] as const) {
      const options = clientAuth === 'none' ? {} : { clientAuth, anchors: ca };
      const server = createServer({ credential, ...options });
      const port = await portOf(server);
      const seen = once(server, 'secureConnection');
      const client = connect(
        { host: '127.0.0.1', port },
        { ...asking, ...(shown !== undefined && { credential: shown }) },
      );
      await client.secured();
      const [socket] = (await seen) as [TlsSocket];
      expect(socket.authorized).toBe(authorized);
      expect(Object.keys(socket.getPeerCertificate()).length > 0).toBe(authorized);
      expect(socket.servername).toBe('server.example');
      client.destroy();
    }
  });

  it('fails with the reason, in the promise and as an event', async () => {
    const port = await portOf(tls.createServer(pem, () => {}));
    const options = { ...asking, serverName: 'other.example' };
    const socket = connect({ host: '127.0.0.1', port }, options);
    const event = once(socket, 'error');
    await expect(socket.secured()).rejects.toMatchObject({ code: 'ERR_PEER_REFUSED' });
    expect((await event)[0]).toMatchObject({ code: 'ERR_PEER_REFUSED' });
    await expect(socket.secured()).rejects.toMatchObject({ code: 'ERR_PEER_REFUSED' });
    expect(socket.authorized).toBe(false);
  });
});

describe('a listener', () => {
  const listener = async (
    options: Partial<TlsServerOptions>,
  ): Promise<{ server: ReturnType<typeof createServer>; port: number }> => {
    const server = createServer({ credential, ...options });
    return { server, port: await portOf(server) };
  };

  it('tells of connections, and of clients that fail', async () => {
    const { server, port } = await listener({});
    const connection = once(server, 'secureConnection');
    const client = connect({ host: '127.0.0.1', port }, asking);
    const [socket] = (await connection) as [TlsSocket];
    socket.end('hello');
    expect((await readAll(client)).bytes.toString()).toBe('hello');
    const failed = once(server, 'tlsClientError');
    dial(port, '127.0.0.1')
      .on('error', () => {})
      .end('GET / HTTP/1.0\r\n\r\n');
    const [error, from] = (await failed) as [Error, TlsSocket];
    expect(error).toMatchObject({ code: 'ERR_NOT_TLS' });
    expect(from.remoteAddress ?? '127.0.0.1').toBe('127.0.0.1');
    expect(server.pendingHandshakes).toBe(0);
  });

  it('limits the handshakes that are pending, and their time', async () => {
    const { server, port } = await listener({ maxPendingHandshakes: 2, handshakeTimeout: 100 });
    const errors: unknown[] = [];
    server.on('tlsClientError', (error) => errors.push(error));
    const dropped = once(server, 'drop');
    const sockets = [1, 2, 3].map(() => dial(port, '127.0.0.1').on('error', () => {}));
    expect((await dropped)[0]).toMatchObject({ remoteFamily: 'IPv4' });
    expect(server.pendingHandshakes).toBe(2);
    await vi.waitFor(() => expect(errors.length).toBe(2), 5_000);
    expect(errors.map((error) => (error as { code: string }).code)).toEqual([
      'ERR_HANDSHAKE_TIMEOUT',
      'ERR_HANDSHAKE_TIMEOUT',
    ]);
    expect(server.pendingHandshakes).toBe(0);
    for (const socket of sockets) socket.destroy();
    await connect({ host: '127.0.0.1', port }, asking).secured();
  });

  it('takes another context while it runs', async () => {
    const { server, port } = await listener({ alpn: ['old'] });
    const client = { ...asking, alpn: ['old', 'new'] };
    const first = await connect({ host: '127.0.0.1', port }, client).secured();
    server.setContext({ credential, alpn: ['new'] });
    const second = await connect({ host: '127.0.0.1', port }, client).secured();
    expect([first.alpnProtocol, second.alpnProtocol]).toEqual(['old', 'new']);
    expect(first.destroyed).toBe(false);
  });

  it('keeps what is not of the context when the context changes', async () => {
    const taken: string[] = [];
    const context = createServerContext({ credential, alpn: ['one', 'two'] });
    const protocolHandlers = { one: () => taken.push('one'), '*': () => taken.push('else') };
    const server = createServer({ context, protocolHandlers, maxPendingHandshakes: 7 });
    const port = await portOf(server);
    for (const change of [context.with({ alpn: ['one'] }), { context: context.with({ alpn: ['two'] }) }]) {
      server.setContext(change);
      await connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['one', 'two'] }).secured();
    }
    await pause(50);
    expect(taken).toEqual(['one', 'else']);
    expect(() => server.setContext({} as TlsServerOptions)).toThrow(/credential/);
    await connect({ host: '127.0.0.1', port }, { ...asking, alpn: ['two'] }).secured();
  });

  it('hands connections out by protocol', async () => {
    const taken: string[] = [];
    const { server, port } = await listener({
      protocolHandlers: {
        one: () => taken.push('one'),
        two: {
          emit: (event, socket) => taken.push(`${event}: ${(socket as TlsSocket | undefined)?.alpnProtocol}`) > 0,
        },
      },
    });
    server.on('secureConnection', ({ alpnProtocol }) => taken.push(`else: ${alpnProtocol}`));
    for (const alpn of [['one'], ['two'], ['one', 'two'], undefined])
      await connect({ host: '127.0.0.1', port }, { ...asking, ...(alpn !== undefined && { alpn }) }).secured();
    await pause(50);
    expect(taken).toEqual(['listening: undefined', 'one', 'connection: two', 'one', 'else: false']);
  });

  it('refuses options that cannot be', () => {
    const wrong: readonly unknown[] = [
      undefined,
      { credential, maxPendingHandshakes: 0 },
      { credential, maxPendingHandshakes: '5' },
      { credential, handshakeTimeout: -1 },
      { credential, protocolHandlers: { h2: 7 } },
    ];
    for (const options of wrong)
      expect(() => createServer(options as TlsServerOptions)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });

  it('says that a file cannot be opened, once, and not only to clients', async () => {
    const wrong = { certificates: formatFile('modern.p12'), password: 'wrong' };
    const [error] = await once(createServer({ credential: wrong }), 'error');
    expect(error).toMatchObject({ code: 'ERR_PASSWORD' });
    const server = createServer({ credential });
    server.setContext({ credential: wrong });
    server.setContext({ credential });
    const told = vi.fn();
    server.on('error', told);
    await pause(100);
    expect(told).not.toHaveBeenCalled();
  });

  it('a bare accept in a listener of the program', async () => {
    const server = createTcpServer((raw) => {
      accept(raw, { credential }).end('hello');
    });
    const client = connect({ host: '127.0.0.1', port: await portOf(server) }, asking);
    expect((await readAll(client)).bytes.toString()).toBe('hello');
  });
});
