import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../support/child.ts';
import { type Entry, Pki, type Running, start, talk, tcpServer, type TcpServer } from './listener.ts';

/** `warifu listen` in front of servers of TCP, with clients of Node's and of OpenSSL. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
  const revoked = await pki.issue('revoked', { names: ['mallory.example'], purpose: 'client' });
  await pki.issue('expired', {
    names: ['old.example'],
    purpose: 'client',
    notBefore: Date.now() - 2 * 86_400_000,
    notAfter: Date.now() - 86_400_000,
  });
  await pki.issue('foreign', { issuer: pki.other, names: ['alice.example'], purpose: 'client' });
  await pki.crl('crl.pem', [revoked.certificate.serial]);
});
afterAll(() => pki.remove());

const toStop: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

async function listen(...args: readonly string[]): Promise<Running> {
  const files = ['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')];
  const running = await start(pki.folder, 'listen', '--address', '127.0.0.1:0', ...files, ...args);
  toStop.push(() => running.stop());
  return running;
}

async function backend(name: string, port?: number, take?: (socket: net.Socket) => void): Promise<TcpServer> {
  const server = await tcpServer(name, port, take);
  toStop.push(() => server.stop());
  return server;
}

const to = (...servers: readonly { readonly port: number }[]): string[] =>
  servers.flatMap(({ port }) => ['--to', `127.0.0.1:${port}`]);
const isEvent =
  (event: string) =>
  (entry: Entry): boolean =>
    entry.event === event;
const mutual = (auth: string = 'require'): string[] => [
  '--auth',
  auth,
  '--anchors',
  pki.path('root.crt'),
  '--crl',
  pki.path('crl.pem'),
];

describe('one-way', () => {
  it('passes bytes on both ways, to the last, and says so', async () => {
    const server = await backend('one');
    const running = await listen(...to(server));
    const { text, error } = await talk({ ...pki.client(), port: running.port }, 'x'.repeat(300_000));
    expect(error).toBeUndefined();
    expect(text).toBe(`one\n${'x'.repeat(300_000)}`);
    expect(await running.entry(isEvent('connection'))).toMatchObject({
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      serverName: 'localhost',
      version: 'TLSv1.3',
      server: `127.0.0.1:${server.port}`,
      verdict: 'not asked for',
      received: 300_000,
      sent: 300_004,
      ended: 'by the client',
    });
  });

  it('keeps a direction open when the other has ended', async () => {
    const server = await backend('half', undefined, (socket) => {
      let heard = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
      // It answers only when everything has been said.
      socket.on('end', () => setTimeout(() => socket.end(`heard ${heard.length}`), 50));
    });
    const running = await listen(...to(server));
    const options = { ...pki.client(), port: running.port, allowHalfOpen: true };
    const socket = tls.connect(options);
    socket.end('12345');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe('heard 5');
  });

  it('tries the next server, and cuts off where there is none', async () => {
    const good = await backend('good');
    const gone = await tcpServer('gone');
    await gone.stop();
    const running = await listen(...to(gone, good), '--health', 'off');
    for (let i = 0; i < 4; i++) expect((await talk({ ...pki.client(), port: running.port }, '')).text).toBe('good\n');
    const alone = await listen(...to(gone));
    const { text } = await talk({ ...pki.client(), port: alone.port }, '');
    expect(text).toBe('');
    expect(await alone.entry(isEvent('connection'))).toMatchObject({
      ended: `no server: 127.0.0.1:${gone.port}: connection refused`,
    });
  });

  it('delivers what a server said before it failed, and does not end as if it were whole', async () => {
    const server = await backend('dies', undefined, (socket) => {
      socket.write('y'.repeat(200_000), () => setTimeout(() => socket.resetAndDestroy(), 100));
    });
    const running = await listen(...to(server));
    const socket = tls.connect({ ...pki.client(), port: running.port });
    let received = 0;
    let code = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? ''));
    await new Promise((done) => socket.once('close', done));
    expect(received).toBe(200_000);
    expect(code).toMatch(/ALERT_INTERNAL_ERROR/);
    expect(await running.entry(isEvent('connection'))).toMatchObject({ ended: 'the server failed: connection reset' });
  });

  it('does not pass the data of a client that was cut off on as if it were whole', async () => {
    const heard: string[] = [];
    const ends: string[] = [];
    const server = await backend('one', undefined, (socket) => {
      socket.on('data', (chunk) => {
        heard.push(String(chunk));
        socket.write('taken');
      });
      socket.on('end', () => {
        ends.push('end');
        socket.end();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
    });
    const running = await listen(...to(server), '--health', 'off');
    const raw = net.connect(running.port, '127.0.0.1');
    const socket = tls.connect({ ...pki.client(), socket: raw }).on('error', () => {});
    socket.write('pay 10');
    await once(socket, 'data');
    raw.destroy();
    await expect.poll(() => ends).toEqual(['ECONNRESET']);
    expect(heard.join('')).toBe('pay 10');
    expect(await running.entry(isEvent('connection'))).toMatchObject({
      ended: expect.stringMatching(/^the client failed: ERR_TRUNCATED/),
    });
    const whole = tls.connect({ ...pki.client(), port: running.port }).on('error', () => {});
    whole.end('pay 10');
    await expect.poll(() => ends).toEqual(['ECONNRESET', 'end']);
    whole.destroy();
  });

  it('a server that dies is left out, and comes back when it is back', async () => {
    const one = await backend('one');
    const two = await tcpServer('two');
    const health = ['--health-interval', '100ms', '--health-rise', '1', '--health-fall', '1'];
    const running = await listen(...to(one, two), ...health);
    const names = async (): Promise<Set<string>> => {
      const all = await Promise.all([1, 2, 3, 4].map(() => talk({ ...pki.client(), port: running.port }, '')));
      return new Set(all.map(({ text }) => text.trim()));
    };
    expect(await names()).toEqual(new Set(['one', 'two']));
    await two.stop();
    await until(() => running.notes.some((note) => /it is down/.test(note)));
    expect(await names()).toEqual(new Set(['one']));
    await backend('two', two.port);
    await until(() => running.notes.some((note) => /it is back/.test(note)));
    expect(await names()).toEqual(new Set(['one', 'two']));
  });
});

describe('mutual', () => {
  it('lets in who is trusted, and tells the others and the log why not', async () => {
    const running = await listen(...to(await backend('one')), ...mutual());
    expect((await talk({ ...pki.client('client'), port: running.port }, 'hi')).text).toBe('one\nhi');
    expect(await running.entry(isEvent('connection'))).toMatchObject({
      verdict: 'valid',
      subject: 'CN=alice',
      uris: ['spiffe://example.test/alice'],
      revocation: ['good'],
    });
    const cases = [
      [
        undefined,
        'certificate required',
        'ERR_CERTIFICATE_REQUIRED',
        'certificate_required (116)',
        /show a certificate/,
      ],
      ['foreign', 'unknown ca', 'CERT_MISSING_INTERMEDIATE', 'unknown_ca (48)', /anchor/],
      ['expired', 'certificate expired', 'CERT_EXPIRED', 'certificate_expired (45)', /new certificate|clock/],
      ['revoked', 'certificate revoked', 'CERT_REVOKED', 'certificate_revoked (44)', /owner has to replace it/],
    ] as const;
    for (const [name, said, code, alert, remedy] of cases) {
      const { error } = await talk({ ...pki.client(name), port: running.port }, 'hi');
      expect(error).toMatch(new RegExp(said));
      const entry = await running.entry(({ failure, code: own }) => (failure ?? own) === code);
      expect(entry).toMatchObject({ event: 'refused', alert, remedy: expect.stringMatching(remedy) });
    }
  });

  it('optional and request: who shows none comes in, and request lets in who is not trusted too', async () => {
    const server = await backend('one');
    const optional = await listen(...to(server), ...mutual('optional'));
    expect((await talk({ ...pki.client(), port: optional.port }, '')).text).toBe('one\n');
    expect((await talk({ ...pki.client('foreign'), port: optional.port }, '')).error).toMatch(/unknown ca/);
    const request = await listen(...to(server), ...mutual('request'));
    expect((await talk({ ...pki.client('expired'), port: request.port }, '')).text).toBe('one\n');
    expect(await request.entry(isEvent('connection'))).toMatchObject({ verdict: 'invalid', failure: 'CERT_EXPIRED' });
  });

  it('rules let in and keep out', async () => {
    const server = await backend('one');
    const verdict = async (...rules: readonly string[]): Promise<string> => {
      const running = await listen(...to(server), ...mutual(), ...rules);
      const { text } = await talk({ ...pki.client('client'), port: running.port }, '');
      await running.stop();
      return text;
    };
    for (const rule of [
      'dns:alice.example',
      'dns:*.example',
      'email:*@example.test',
      'spiffe:example.test/*',
      'dn:CN=alice',
    ])
      expect(await verdict('--allow', rule)).toBe('one\n');
    for (const rule of [
      'dns:bob.example',
      'dns:*.test',
      'email:bob@example.test',
      'spiffe:example.test/al/*',
      'dn:CN=al',
    ])
      expect(await verdict('--allow', rule)).toBe('');
    expect(await verdict('--deny', 'dns:alice.example')).toBe('');
    const running = await listen(...to(server), ...mutual(), '--allow', 'dns:bob.example');
    await talk({ ...pki.client('client'), port: running.port }, '');
    expect(await running.entry(isEvent('refused'))).toMatchObject({
      failure: 'CERT_REFUSED',
      expected: 'dns:bob.example',
      found: expect.stringContaining('dns:alice.example'),
    });
  });

  it('a session does not outlive what it began under', async () => {
    const running = await listen(...to(await backend('one')), ...mutual(), '--reload-interval', '50ms');
    const options = { ...pki.client('client'), port: running.port };
    const session = await sessionOf(options);
    expect((await talk({ ...options, session }, 'a')).text).toBe('one\na');
    await running.entry(({ resumed }) => resumed === true);
    // The same ticket, shown by one who has no certificate and after the client was revoked.
    const { certificate } = await pki.issue('soon', { names: ['soon.example'], purpose: 'client' });
    const soon = { ...pki.client('soon'), port: running.port };
    const before = await sessionOf(soon);
    await pki.crl('crl.pem', [certificate.serial]);
    await until(() => running.notes.some((note) => /reloaded/.test(note)));
    expect((await talk({ ...soon, session: before }, '')).error).toMatch(/revoked/);
  });

  it('draws what it refused', async () => {
    const running = await listen(...to(await backend('one')), ...mutual(), '--explain');
    await talk({ ...pki.client(), port: running.port }, '');
    await running.entry(isEvent('refused'));
    expect(running.notes.join('\n')).toMatch(/ClientHello[\s\S]*CertificateRequest[\s\S]*certificate_required/);
  });

  it('works with OpenSSL', async () => {
    if (!isInstalled('openssl')) return;
    const running = await listen(...to(await backend('one', undefined, (socket) => socket.end('done\n'))), ...mutual());
    const base = ['s_client', '-connect', `127.0.0.1:${running.port}`, '-CAfile', pki.path('root.crt'), '-quiet'];
    const client = ['-cert', pki.path('client.crt'), '-key', pki.path('client.key')];
    // The listener runs in this thread: the program must not stop it.
    const { spawn } = await import('node:child_process');
    const run = (args: readonly string[]): Promise<string> =>
      new Promise((resolve) => {
        const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
        let text = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => (text += String(chunk)));
        child.on('close', () => resolve(text));
      });
    for (const version of ['-tls1_3', '-tls1_2']) expect(await run([...base, ...client, version])).toMatch(/done/);
    expect(await run(base)).toMatch(/alert certificate required|handshake failure/);
  });
});

describe('names and certificates', () => {
  it('shows the certificate for the name, the default for others, or refuses', async () => {
    await pki.issue('a', { names: ['a.example'], purpose: 'server' });
    await pki.issue('b', { names: ['*.b.example'], purpose: 'server', key: 'RSA-2048' });
    const server = await backend('one');
    const files = ['a', 'b'].flatMap((name) => [
      '--certificate',
      pki.path(`${name}.crt`),
      '--key',
      pki.path(`${name}.key`),
    ]);
    const running = await listen(...to(server), ...files, '--default-name', 'a.example');
    const subject = async (servername: string, port: number): Promise<string> => {
      const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
      return await new Promise((done) => {
        socket.once('secureConnect', () => {
          done(socket.getPeerCertificate().subjectaltname ?? '');
          socket.destroy();
        });
        socket.once('error', (error) => done(error.message));
      });
    };
    expect(await subject('localhost', running.port)).toMatch(/DNS:localhost/);
    expect(await subject('a.example', running.port)).toBe('DNS:a.example');
    expect(await subject('x.b.example', running.port)).toBe('DNS:*.b.example');
    expect(await subject('unknown.example', running.port)).toBe('DNS:a.example');
    const strict = await listen(...to(server), ...files, '--unknown-name', 'refuse');
    expect(await subject('unknown.example', strict.port)).toMatch(/unrecognized name/);
    expect(await subject('a.example', strict.port)).toBe('DNS:a.example');
  });

  it('shows a certificate with the kind of key that the client takes', async () => {
    await pki.issue('rsa', { names: ['localhost'], purpose: 'server', key: 'RSA-2048' });
    const running = await listen(
      ...to(await backend('one')),
      ...['--certificate', pki.path('rsa.crt'), '--key', pki.path('rsa.key')],
    );
    const kind = (sigalgs: string): Promise<string | undefined> =>
      new Promise((done, failed) => {
        const socket = tls.connect({ ...pki.client(), port: running.port, sigalgs }, () => {
          done(socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType);
          socket.destroy();
        });
        socket.once('error', failed);
      });
    expect(await kind('ecdsa_secp256r1_sha256')).toBe('ec');
    expect(await kind('rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256')).toMatch(/rsa|ec/);
  });

  it('asks by name, and no session goes from one to the other', async () => {
    const server = await backend('one');
    const config = pki.folder.write(
      'names.json',
      JSON.stringify({
        address: '127.0.0.1:0',
        certificate: pki.path('server.crt'),
        key: pki.path('server.key'),
        to: `127.0.0.1:${server.port}`,
        anchors: pki.path('root.crt'),
        names: { 'strict.example': { auth: 'require' }, '*.open.example': { auth: 'one-way' } },
      }),
    );
    const running = await start(pki.folder, 'listen', '--config', config);
    toStop.push(() => running.stop());
    const at = (servername: string, name?: string) => ({
      ...pki.client(name),
      port: running.port,
      servername,
      checkServerIdentity: () => undefined,
    });
    expect((await talk(at('strict.example'), '')).error).toMatch(/certificate required/);
    expect((await talk(at('strict.example', 'client'), '')).text).toBe('one\n');
    expect((await talk(at('x.open.example'), '')).text).toBe('one\n');
    const session = await sessionOf(at('x.open.example'));
    expect((await talk({ ...at('strict.example'), session }, '')).error).toMatch(/certificate required/);
  });
});

describe('reload', () => {
  it('takes new files for new connections, and keeps those that are open', async () => {
    const names = ['rolling.crt', 'rolling.key'];
    await pki.issue('rolling', { names: ['localhost'], purpose: 'server' });
    const server = await backend('one');
    const args = ['--address', '127.0.0.1:0', '--reload-interval', '50ms', ...to(server)];
    const files = ['--certificate', pki.path('rolling.crt'), '--key', pki.path('rolling.key')];
    const running = await start(pki.folder, 'listen', ...args, ...files);
    toStop.push(() => running.stop());
    const options = { ...pki.client(), port: running.port };
    const old = tls.connect(options);
    await new Promise((done) => old.once('secureConnect', done));
    const serial = old.getPeerCertificate().serialNumber;
    // A key that does not go with its certificate: everything stays.
    writeFileSync(pki.path('rolling.key'), pki.folder.text('client.key'));
    await until(() => running.notes.some((note) => /not reloaded, everything stays/.test(note)));
    expect((await talk(options, '')).text).toBe('one\n');
    await pki.issue('next', { names: ['localhost'], purpose: 'server' });
    for (const name of names) renameSync(pki.path(name.replace('rolling', 'next')), pki.path(name));
    await until(() => running.notes.some((note) => /: reloaded/.test(note)));
    const fresh = tls.connect(options);
    await new Promise((done) => fresh.once('secureConnect', done));
    expect(fresh.getPeerCertificate().serialNumber).not.toBe(serial);
    let text = '';
    old.on('data', (chunk) => (text += String(chunk)));
    old.write('still there');
    await until(() => text.includes('still there'));
    old.destroy();
    fresh.destroy();
  });

  it('ends when it is told to, and waits for what there is', async () => {
    const server = await backend('one');
    const running = await start(
      pki.folder,
      'listen',
      ...['--address', '127.0.0.1:0', '--drain-timeout', '5s', ...to(server)],
      ...['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')],
    );
    const open = tls.connect({ ...pki.client(), port: running.port });
    await new Promise((done) => open.once('secureConnect', done));
    const ended = running.stop();
    await until(() => running.notes.some((note) => /nothing new is taken/.test(note)));
    expect((await talk({ ...pki.client(), port: running.port }, '')).error).toMatch(/ECONNREFUSED|reset|disconnected/);
    let text = '';
    open.on('data', (chunk) => (text += String(chunk)));
    open.end('last words');
    expect(await ended).toBe(0);
    await new Promise((done) => (open.closed ? done(undefined) : open.once('close', done)));
    expect(text).toContain('last words');
  });
});

describe('PROXY protocol', () => {
  it('is read in front of TLS, from those who may, and told on with what TLS knows', async () => {
    const heard: Buffer[] = [];
    const server = await backend('proxy', undefined, (socket) => {
      socket.once('data', (chunk) => {
        heard.push(chunk);
        socket.end('ok');
      });
    });
    const running = await listen(...to(server), '--proxy-in', 'any', '--proxy-out', 'v2', ...mutual());
    const raw = net.connect(running.port, '127.0.0.1');
    await new Promise((done) => raw.once('connect', done));
    raw.write('PROXY TCP4 192.0.2.7 198.51.100.1 4711 ');
    await new Promise((done) => setTimeout(done, 30));
    raw.write('443\r\n');
    const { text } = await talk({ ...pki.client('client'), socket: raw }, '');
    expect(text).toBe('ok');
    expect(await running.entry(isEvent('connection'))).toMatchObject({ client: '192.0.2.7:4711' });
    const [header] = heard;
    expect(header?.subarray(0, 16).toString('hex')).toMatch(/^0d0a0d0a000d0a515549540a2111/);
    expect(header?.subarray(16, 28).toString('hex')).toBe('c0000207c6336401126701bb');
    expect(header?.toString('latin1')).toMatch(/TLSv1\.3/);
    expect(header?.toString('latin1')).toMatch(/alice/);
    // Without it nothing is taken, and from others neither.
    expect((await talk({ ...pki.client('client'), port: running.port }, '')).error).toBeDefined();
    expect(await running.entry(({ code }) => code === 'PROXY')).toMatchObject({ event: 'refused' });
    const picky = await listen(...to(server), '--proxy-in', 'v1', '--proxy-from', '10.0.0.0/8');
    const stranger = net.connect(picky.port, '127.0.0.1');
    stranger.write('PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n');
    stranger.resume();
    await new Promise((done) => stranger.once('close', done));
    expect(await picky.entry(({ code }) => code === 'PROXY')).toMatchObject({
      message: expect.stringMatching(/proxy-from/),
    });
  });
});

describe('limits', () => {
  const silent = (port: number): net.Socket => net.connect(port, '127.0.0.1').on('error', () => {});
  const gone = (socket: net.Socket): Promise<unknown> =>
    new Promise((done) => (socket.destroyed ? done(undefined) : socket.resume().once('close', done)));

  it('closes clients that say nothing, that are slow, and that say too much', async () => {
    const server = await backend('one');
    const running = await listen(
      ...to(server),
      ...['--first-byte-timeout', '100ms', '--handshake-timeout', '300ms', '--max-handshake-bytes', '1k'],
    );
    await gone(silent(running.port));
    const slow = silent(running.port);
    slow.write(Buffer.from('160301', 'hex'));
    await gone(slow);
    expect(await running.entry(({ code }) => code === 'ERR_HANDSHAKE_TIMEOUT')).toMatchObject({ event: 'refused' });
    const much = silent(running.port);
    // Handshake records of a ClientHello that does not end.
    much.write(Buffer.concat([Buffer.from('1603010400' + '01003000', 'hex'), Buffer.alloc(2_000)]));
    await gone(much);
    expect(await running.entry(({ message }) => /more than 1024 bytes/.test(String(message)))).toMatchObject({
      event: 'refused',
    });
  });

  it('makes room for others where many are silent', async () => {
    const running = await listen(...to(await backend('one')), '--max-handshakes', '20');
    const silents = Array.from({ length: 60 }, () => silent(running.port));
    await new Promise((done) => setTimeout(done, 100));
    expect((await talk({ ...pki.client(), port: running.port }, 'in')).text).toBe('one\nin');
    // The oldest were closed; those that came last still wait.
    await Promise.all(silents.slice(0, 40).map(gone));
    expect(silents.at(-1)?.destroyed).toBe(false);
    for (const one of silents) one.destroy();
  });

  it('counts connections, of all and of one address', async () => {
    const server = await backend('one');
    for (const limit of ['--max-connections', '--max-per-address']) {
      const running = await listen(...to(server), limit, '2');
      const open = [1, 2].map(() => tls.connect({ ...pki.client(), port: running.port }));
      await Promise.all(open.map((socket) => new Promise((done) => socket.once('secureConnect', done))));
      expect((await talk({ ...pki.client(), port: running.port }, '')).error).toBeDefined();
      for (const socket of open) socket.destroy();
      await until(async () => (await talk({ ...pki.client(), port: running.port }, '')).text === 'one\n');
    }
  });

  it('ends connections that are idle', async () => {
    const running = await listen(...to(await backend('one')), '--idle-timeout', '100ms');
    const { text } = await talk({ ...pki.client(), port: running.port }, 'x', { end: false });
    expect(text).toBe('one\nx');
    expect(await running.entry(isEvent('connection'))).toMatchObject({ ended: 'idle-timeout' });
  });
});

describe('several listeners, and an address of its own for operators', () => {
  it('run in one process, and are told of by name', async () => {
    const one = await backend('one');
    const two = await backend('two');
    const shared = { certificate: 'server.crt', key: 'server.key' };
    const admin = await freePort();
    const config = pki.folder.write(
      'several.json',
      JSON.stringify({
        $comment: 'two of them',
        ...shared,
        admin: `127.0.0.1:${admin}`,
        listeners: [
          { name: 'a', address: '127.0.0.1:0', to: `127.0.0.1:${one.port}` },
          {
            name: 'b',
            address: ['127.0.0.1:0'],
            to: [`127.0.0.1:${two.port}@3`],
            auth: 'require',
            anchors: 'root.crt',
          },
        ],
      }),
    );
    const running = await start(pki.folder, 'listen', '--config', config);
    toStop.push(() => running.stop());
    const ports = running.addresses.map((address) => Number(/\d+$/.exec(address)?.[0]));
    expect((await talk({ ...pki.client(), port: ports[0] ?? 0 }, '')).text).toBe('one\n');
    expect((await talk({ ...pki.client('client'), port: ports[1] ?? 0 }, '')).text).toBe('two\n');
    const get = async (path: string, init?: RequestInit): Promise<string> =>
      await (await fetch(`http://127.0.0.1:${admin}${path}`, init)).text();
    expect(await get('/healthz')).toBe('ok\n');
    expect(await get('/readyz')).toBe('ready\n');
    const metrics = await get('/metrics');
    expect(metrics).toMatch(/warifu_handshakes_total\{listener="a",version="TLSv1.3"[^}]*\} 1\n/);
    expect(metrics).toMatch(/warifu_client_certificates_total\{listener="b",verdict="valid"\} 1\n/);
    expect(metrics).toMatch(/warifu_certificate_expires_seconds\{[^}]*subject="CN=localhost"[^}]*\} \d{10}\n/);
    expect(JSON.parse(await get('/servers'))).toHaveLength(2);
    expect(await get('/reload', { method: 'POST' })).toBe('reloaded\n');
    writeFileSync(config, '{ "to": }');
    expect(await get('/reload', { method: 'POST' })).toMatch(/several\.json:1:9: a value is expected/);
    expect((await talk({ ...pki.client(), port: ports[0] ?? 0 }, '')).text).toBe('one\n');
  });
});

async function freePort(): Promise<number> {
  const server = await tcpServer('free');
  await server.stop();
  return server.port;
}

function sessionOf(options: tls.ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(options);
    socket.resume().once('error', reject);
    socket.once('session', (session: Buffer) => {
      resolve(session);
      socket.destroy();
    });
  });
}

async function until(fits: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await fits()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error('it did not come to be');
}
