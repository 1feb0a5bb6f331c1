import { existsSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accept } from '../../src/node/index.ts';
import { isInstalled } from '../support/child.ts';
import { Folder, mustRun, runProgram } from '../support/programs.ts';
import { STARTTLS_NAMES, type StartTlsName } from '../../src/cli/connect/starttls.ts';
import { readTarget, targetText } from '../../src/cli/connect/target.ts';
import { type CliOptions, type CliRun, runCli } from './in-process.ts';
import { buildWarifu, type Warifu } from './warifu.ts';

/** `warifu connect`, against node:tls. */

const folder = new Folder();
const servers: Server[] = [];
const listen = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
};
const run = (args: readonly string[], options: CliOptions = {}): Promise<CliRun> =>
  runCli(args, { cwd: folder.directory, ...options });

let oneWay = 0;
let mutual = 0;
let mutual12 = 0;
let old = 0;

beforeAll(async () => {
  expect((await run(['ca', 'server', 'localhost', '127.0.0.1'])).status).toBe(0);
  folder.write('secret.txt', 'open sesame\n');
  expect((await run(['ca', 'client', '山田 太郎', '--p12-password-file', 'secret.txt'])).status).toBe(0);
  const file = (name: string): string => folder.text(`ca/${name}`);
  const options = {
    cert: file('server.crt'),
    key: file('server.key'),
    ca: file('root.crt'),
    ALPNProtocols: ['http/1.1'],
  };
  const echo = (more: tls.TlsOptions): Promise<number> => {
    const server = tls.createServer({ ...options, ...more }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(`you said ${chunk.length}: ${chunk}`));
      socket.on('end', () => socket.end());
    });
    server.on('tlsClientError', () => {});
    return listen(server);
  };
  oneWay = await echo({});
  mutual = await echo({ requestCert: true });
  mutual12 = await echo({ requestCert: true, maxVersion: 'TLSv1.2' });
  old = await echo({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
}, 60_000);
afterAll(() => {
  for (const server of servers) server.close();
  folder.remove();
});

const CA = ['--anchors', 'ca/root.crt'];
const to = (port: number): string => `localhost:${port}`;

describe('warifu connect', () => {
  it('tells who the server is and what was agreed on', async () => {
    const { status, out } = await run(['connect', to(oneWay), ...CA, '--alpn', 'h2,http/1.1']);
    expect(status).toBe(0);
    expect(out).toMatch(/^✓ localhost:\d+ \(127\.0\.0\.1\) {2}TLSv1\.3, TLS_AES_/);
    expect(out).toMatch(/✓ 0 +CN=localhost\n +good\n/);
    expect(out).toMatch(/✓ root +CN=warifu on/);
    expect(out).toMatch(/protocol +http\/1\.1/);
    expect(out).toMatch(/tickets +2/);
    expect(out).not.toMatch(/asks for a certificate/);
  });

  it('connects to an address, which is not sent as a name, and for which the certificate has to be', async () => {
    const { status, out } = await run(['connect', `127.0.0.1:${oneWay}`, ...CA, '--json']);
    expect({ status, ...JSON.parse(out) }).toMatchObject({ status: 0, ok: true, trusted: true });
    const named = await run(['connect', to(oneWay), '--server-name', '127.0.0.2', ...CA, '--json']);
    expect(named.status).toBe(1);
    expect(JSON.parse(named.out)).toMatchObject({ failure: { code: 'CERT_NAME_MISMATCH' } });
  });

  it('says it to programs', async () => {
    const { status, out } = await run([
      'connect',
      to(oneWay),
      ...CA,
      '--json',
      '--versions',
      '1.2',
      '--groups',
      'secp256r1',
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      trusted: true,
      chain: [{ position: 0, verdict: 'yes' }, { position: 1, verdict: 'yes' }, { verdict: 'yes' }],
      negotiated: { version: 'TLSv1.2', group: 'secp256r1', resumed: false, extendedMasterSecret: true },
      clientCertificate: { asked: false },
    });
  });

  it('refuses a server that is not trusted, sends it nothing, and says which certificate it is about', async () => {
    const { status, out } = await run(['connect', to(oneWay)], { input: 'a secret' });
    expect(status).toBe(1);
    expect(out).toBe('');
    const refused = await run(['connect', to(oneWay), '--json', '--server-name', 'other.example', ...CA]);
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({
      ok: false,
      trusted: false,
      failure: { code: 'CERT_NAME_MISMATCH' },
      error: { code: 'ERR_PEER_REFUSED', alert: 'bad_certificate' },
      chain: [{ verdict: 'no', why: expect.stringContaining('not for the name') }, { verdict: 'unknown' }],
    });
  });

  it('looks at a refused server further when it is told to, and shows it nothing', async () => {
    const { status, out } = await run(
      ['connect', to(mutual12), '--diagnose', '--certificate', 'ca/client.p12', '--password-file', 'secret.txt'],
      { input: 'x' },
    );
    expect(status).toBe(1);
    expect(out).toMatch(/^✗ localhost/);
    expect(out).toMatch(/version +TLSv1\.2/);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('we showed none: the server is refused');
    expect(out).not.toContain('you said');
    expect((await run(['connect', to(oneWay), '--diagnose', ...CA])).status).toBe(0);
    expect((await run(['connect', to(oneWay), '--diagnose', '--resume', ...CA])).status).toBe(2);
  });

  it.each(['TLS 1.3', 'TLS 1.2'])('shows a certificate to a server that asks (%s)', async (version) => {
    const port = version === 'TLS 1.3' ? mutual : mutual12;
    for (const ours of [
      ['--certificate', 'ca/client.crt', '--key', 'ca/client.key'],
      ['--certificate', 'ca/client.p12', '--password-file', 'secret.txt'],
    ]) {
      const { status, out } = await run(['connect', to(port), ...CA, ...ours]);
      expect(status).toBe(0);
      expect(out.replaceAll(/\s+/g, ' ')).toMatch(
        /it asks for a certificate, from CN=warifu on \S+ root; we showed ours/,
      );
    }
    const none = await run(['connect', to(port), ...CA]);
    expect(none.status).toBe(1);
    expect(none.out).toMatch(/^✗ /);
    expect(none.out.replaceAll(/\s+/g, ' ')).toContain('showed no certificate');
    const wrong = await run(['connect', to(port), ...CA, '--certificate', 'ca/client.crt', '--key', 'ca/server.key']);
    expect(wrong).toMatchObject({ status: 3, err: expect.stringContaining('ERR_KEY') });
    expect(await run(['connect', to(port), '--key', 'ca/client.key'])).toMatchObject({ status: 2 });
  });

  it('carries what comes through a pipe, and what comes back', async () => {
    const { status, out, err } = await run(['connect', to(oneWay), ...CA, '--wait', '1'], { input: 'hello' });
    expect([status, out]).toEqual([0, 'you said 5: hello']);
    expect(err).toMatch(/^✓ localhost/);
    const half = await run(['connect', to(oneWay), ...CA, '--half-close', '--json'], { input: 'hello' });
    expect(half.out).toBe('you said 5: hello');
    expect(JSON.parse(half.err)).toMatchObject({ ok: true, sent: 5, received: 17 });
    expect((await run(['connect', to(oneWay), ...CA, '--no-input'], { input: 'x' })).out).not.toContain('you said');
  });

  it('says when what was received was cut off', async () => {
    const raw = createServer((socket) => {
      const upstream = new tls.TLSSocket(socket, {
        isServer: true,
        cert: folder.text('ca/server.crt'),
        key: folder.text('ca/server.key'),
      });
      upstream.on('error', () => {});
      upstream.on('data', () => upstream.write('half', () => socket.destroy()));
    });
    const port = await listen(raw);
    const { status, out, err } = await run(['connect', to(port), ...CA], { input: 'x' });
    expect([status, out]).toEqual([1, 'half']);
    expect(err).toMatch(/close_notify/);
  });

  it('draws what happens, and shows its bytes', async () => {
    const { out } = await run([
      'connect',
      to(mutual),
      ...CA,
      '--explain',
      '--bytes',
      '--certificate',
      'ca/client.crt',
      '--key',
      'ca/client.key',
    ]);
    expect(out).toMatch(/│ ClientHello +0\.0 ms │/);
    expect(out).toMatch(/\{Certificate\}[\s\S]*CN=localhost/);
    expect(out).toMatch(/● certificate trusted/);
    expect(out).toMatch(/│ {3}CN=山田 太郎 +│/);
    expect(out).toMatch(/client: client_hello, plaintext/);
    expect(out).toMatch(/cipherSuites/);
  });

  it('resumes, and sends early data only where it can', async () => {
    for (const port of [oneWay, mutual12]) {
      const ours = port === mutual12 ? ['--certificate', 'ca/client.crt', '--key', 'ca/client.key'] : [];
      const { status, out } = await run(['connect', to(port), ...CA, '--resume', '--json', ...ours]);
      expect(status).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        negotiated: { resumed: true },
        before: [{ negotiated: { resumed: false } }],
      });
    }
    folder.write('early.txt', 'first');
    const { status, out } = await run(['connect', to(oneWay), ...CA, '--early-data', 'early.txt']);
    expect(status).toBe(0);
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(/resumed yes early data not taken/);
  });

  it('says what is in the way of a connection', async () => {
    const plain = createServer((socket) => void socket.end('220 mail.example ESMTP\r\n'));
    const silent = createServer((socket) => void socket.on('error', () => {}));
    const notTls = await run(['connect', to(await listen(plain)), ...CA]);
    expect(notTls).toMatchObject({ status: 1, out: expect.stringContaining('ERR_NOT_TLS') });
    expect(await run(['connect', to(await listen(silent)), ...CA, '--timeout', '1'])).toMatchObject({
      status: 1,
      out: expect.stringContaining('ERR_HANDSHAKE_TIMEOUT'),
    });
    expect(await run(['connect', to(old), ...CA])).toMatchObject({
      status: 1,
      out: expect.stringContaining('protocol_version'),
    });
    expect(await run(['connect', 'localhost:1'])).toMatchObject({
      status: 3,
      err: expect.stringContaining('nothing listens there'),
    });
    expect(await run(['connect'])).toMatchObject({ status: 2, err: expect.stringContaining('HOST') });
    expect(await run(['connect', to(oneWay), ...CA, '--versions', '1.1'])).toMatchObject({ status: 2 });
    expect(await run(['connect', to(oneWay), ...CA, '--suites', 'RC4'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('suites'),
    });
    expect(await run(['connect', to(oneWay), '--anchors', 'none'])).toMatchObject({
      status: 3,
      err: expect.stringContaining('no such file'),
    });
    expect(await run(['connect', to(oneWay), '--insecure'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('no option --insecure'),
    });
  });

  it('reads where to connect to', () => {
    for (const [text, target] of [
      ['example.com', 'example.com:443'],
      ['example.com.:8443', 'example.com:8443'],
      ['https://example.com:8443/a?b#c', 'example.com:8443'],
      ['2001:db8::1', '[2001:db8::1]:443'],
      ['[2001:db8::1]:5', '[2001:db8::1]:5'],
    ] as const)
      expect(targetText(readTarget(text, 443))).toBe(target);
    for (const text of ['', ':443', 'a:b', 'a:0', 'a:70000', '[a]:1', 'a b', 'a:1:2'])
      expect(() => readTarget(text, 443)).toThrow(/HOST\[:PORT\]/);
  });
});

describe('what is captured', () => {
  it('is read by tshark with the secrets that are in it', async () => {
    for (const args of [
      ['--pcap', 'all.pcapng'],
      ['--versions', '1.2', '--pcap', 'old.pcapng'],
    ]) {
      const all = ['connect', to(oneWay), ...CA, '--keylog', 'keys.log', '--wait', '1', ...args];
      expect((await run(all, { input: 'hello from a pipe' })).status).toBe(0);
    }
    expect(statSync(folder.path('all.pcapng')).mode & 0o777).toBe(0o600);
    expect(statSync(folder.path('keys.log')).mode & 0o777).toBe(0o600);
    expect(folder.text('keys.log')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} /);
    expect(folder.text('keys.log')).toMatch(/^CLIENT_RANDOM /m);
    // Block by block, as pcapng has them: type, length, …, length.
    const types: number[] = [];
    const bytes = folder.bytes('all.pcapng');
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
      types.push(view.getUint32(at, true));
      expect(view.getUint32(at + view.getUint32(at + 4, true) - 4, true)).toBe(view.getUint32(at + 4, true));
    }
    expect(types.slice(0, 4)).toEqual([0x0a0d0d0a, 1, 10, 6]);
    if (!isInstalled('tshark')) {
      console.log('skipped: tshark is not there');
      return;
    }
    for (const name of ['all.pcapng', 'old.pcapng']) {
      const decode = ['-r', folder.path(name), '-q', '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
      const { output } = runProgram('tshark', [...decode, '-z', 'follow,tls,ascii,0']);
      expect(output).toContain('hello from a pipe');
      expect(output).toContain('you said 17');
      expect(
        runProgram('tshark', [...decode, '-Y', 'tcp.checksum.status == 0 || ip.checksum.status == 0']).output,
      ).not.toMatch(/→/);
    }
  }, 60_000);
});

describe('STARTTLS', () => {
  const greeting = [
    10,
    ...Buffer.from('8.4.0\0'),
    ...[1, 0, 0, 0, ...new Uint8Array(8).fill(1), 0],
    ...[0xff, 0xff, 255, 2, 0, 0xff, 0xdf, 21],
    ...new Uint8Array(40).fill(1),
  ];
  const mysqlGreeting = Uint8Array.from([greeting.length, 0, 0, 0, ...greeting]);

  /** What a server says first, and what it answers to what it is asked; `TLS`: TLS begins. */
  const SERVERS: { readonly [N in StartTlsName]: readonly (string | Uint8Array | RegExp | 'TLS')[] } = {
    smtp: [
      '220 mail.example ESMTP\r\n',
      /^EHLO/,
      '250-mail.example\r\n250-SIZE 1\r\n250 STARTTLS\r\n',
      /^STARTTLS\r\n$/,
      '220 go\r\n',
    ],
    lmtp: ['220-mail\r\n220 LMTP\r\n', /^LHLO/, '250-STARTTLS\r\n250 OK\r\n', /^STARTTLS/, '220 go\r\n'],
    imap: ['* OK ready\r\n', /^a1 STARTTLS/, '* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n'],
    pop3: ['+OK ready\r\n', /^STLS/, '+OK begin\r\n'],
    ldap: [
      /w[\s\S]{3}1\.3\.6\.1\.4\.1\.1466\.20037$/,
      Uint8Array.from([0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0]),
    ],
    xmpp: [
      /^<\?xml.*to='localhost'/,
      "<?xml version='1.0'?><stream:stream id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
      /^<starttls/,
      "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ],
    'xmpp-server': [
      /jabber:server/,
      '<stream:stream><stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>',
      /^<starttls/,
      '<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"></proceed>',
    ],
    ftp: ['220-hello\r\n220 FTP\r\n', /^AUTH TLS/, '234 go\r\n'],
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is binary
    postgres: [/^\x00\x00\x00\x08\x04\xd2\x16\x2f$/, 'S'],
    mysql: [
      mysqlGreeting,
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is binary
      /^\x20\x00\x00\x01\x00\x8a[\s\S]{30}/,
    ],
    nntp: ['200 news\r\n', /^STARTTLS/, '382 go\r\n'],
    sieve: ['"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK\r\n', /^STARTTLS/, 'OK "go"\r\n'],
  };

  /** A server that keeps to its script, changed; then speaks TLS. */
  const scripted = (script: readonly (string | Uint8Array | RegExp)[]): Promise<number> =>
    listen(
      createServer((socket: Socket) => {
        socket.on('error', () => {});
        let next = 0;
        let heard = '';
        const go = (): void => {
          for (; next < script.length; next++) {
            const step = script[next]!;
            if (step instanceof RegExp) {
              const found = step.exec(heard);
              if (found === null) return;
              // What is not answered is followed by TLS at once.
              if (next === script.length - 1) {
                socket.off('data', onData).pause();
                socket.unshift(Buffer.from(heard.slice(found[0].length), 'latin1'));
              }
              heard = '';
            } else socket.write(step);
          }
          socket.off('data', onData);
          const secure = accept(socket, {
            credential: { certificates: folder.text('ca/server.crt'), privateKey: folder.text('ca/server.key') },
          });
          secure.on('error', () => {});
          secure.on('data', (chunk) => secure.end(`you said ${chunk}`));
        };
        const onData = (chunk: Buffer): void => {
          heard += chunk.toString('latin1');
          go();
        };
        socket.on('data', onData);
        go();
      }),
    );

  it.each(STARTTLS_NAMES)('of %s, and what comes behind it in plaintext is refused', async (name) => {
    const script = SERVERS[name];
    const good = await run(['connect', to(await scripted(script)), '--starttls', name, ...CA, '--explain'], {
      input: 'hi',
    });
    expect([good.err, good.status, good.out]).toEqual([
      expect.stringContaining(`STARTTLS of ${name}`),
      0,
      'you said hi',
    ]);
    if (name === 'mysql') return;
    const last = script.at(-1)!;
    const injected = typeof last === 'string' ? `${last}EVIL\r\n` : Uint8Array.from([...(last as Uint8Array), 1, 2]);
    const bad = await run([
      'connect',
      to(await scripted([...script.slice(0, -1), injected])),
      '--starttls',
      name,
      ...CA,
    ]);
    expect(bad).toMatchObject({ status: 3, err: expect.stringContaining('more in plaintext behind its yes') });
  });

  it('is over when we go: what a server does then is no fault', async () => {
    const credential = { certificates: folder.text('ca/server.crt'), privateKey: folder.text('ca/server.key') };
    const going = (bye: (socket: Socket) => void): Promise<number> =>
      listen(
        createServer({ allowHalfOpen: true }, (socket) => {
          socket.on('error', () => {});
          const secure = accept(socket, { credential, allowHalfOpen: true });
          secure.on('error', () => {}).on('end', () => bye(socket));
          secure.resume();
        }),
      );
    // Exim says good-bye in plaintext, vsftpd and MariaDB say nothing.
    for (const bye of [(socket: Socket) => socket.end('421 lost input\r\n'), (socket: Socket) => socket.destroy()]) {
      const { status, out } = await run(['connect', to(await going(bye)), ...CA]);
      expect([status, out.split('\n')[0]]).toEqual([0, expect.stringMatching(/^✓ localhost/)]);
    }
    // Before that it is one.
    const early = await listen(
      createServer((socket) => {
        const secure = accept(socket, { credential });
        secure.on('error', () => {}).once('secure', () => socket.end('421 lost input\r\n'));
      }),
    );
    expect((await run(['connect', to(early), ...CA])).status).toBe(1);
  });

  it('is said to be refused, missing, or another protocol', async () => {
    const fails = async (name: StartTlsName, script: readonly (string | RegExp | Uint8Array)[]): Promise<string> => {
      const { status, err } = await run([
        'connect',
        to(await scripted([...script, /never/])),
        '--starttls',
        name,
        ...CA,
        '--timeout',
        '1',
      ]);
      expect(status).toBe(3);
      return err;
    };
    expect(await fails('smtp', ['220 x\r\n', /EHLO/, '250 SIZE\r\n'])).toContain('without STARTTLS');
    expect(await fails('smtp', ['554 no\r\n'])).toContain('"554 no"');
    expect(await fails('imap', ['* OK\r\n', /STARTTLS/, 'a1 NO \u001b[31mnot now\r\n'])).toContain(
      'a1 NO \\x1b[31mnot now',
    );
    expect(await fails('pop3', ['+OK\r\n', /STLS/, '-ERR no\r\n'])).toContain('-ERR no');
    expect(await fails('postgres', [/[\s\S]/, 'N'])).toContain('no TLS configured');
    expect(
      await fails('ldap', [/[\s\S]/, Uint8Array.of(0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 53, 4, 0, 4, 0)]),
    ).toContain('resultCode 53');
    expect(await fails('ldap', [/[\s\S]/, 'HTTP/1.1 400'])).toContain('not LDAP');
    expect(await fails('mysql', ['SSH-2.0-OpenSSH\r\n'])).toMatch(/STARTTLS: /);
    expect(await fails('ftp', [])).toContain('no answer within 1 seconds');
    expect(await fails('xmpp', [/xml/, '<stream:stream><stream:features></stream:features>'])).toContain(
      'without starttls',
    );
    expect(await fails('sieve', ['"SASL" "PLAIN"\r\nOK\r\n'])).toContain('without STARTTLS');
    expect(await fails('nntp', ['200 x\r\n', /STARTTLS/, `${'x'.repeat(70_000)}`])).toContain('more than 65536 bytes');
  });
});

describe('the program itself', () => {
  let warifu: Warifu;
  beforeAll(async () => {
    warifu = await buildWarifu('connect');
  }, 120_000);
  afterAll(() => warifu?.remove());

  it('reads a pipe of the shell, and nothing else unless it is told to', () => {
    const main = JSON.stringify(warifu.main);
    const sh = (command: string): string => mustRun('sh', ['-c', `cd '${folder.directory}'; ${command}`]);
    const connect = `'${process.execPath}' ${main} connect ${to(oneWay)} --anchors ca/root.crt --wait 1`;
    // The servers of this process cannot answer while it waits: openssl is asked in their place.
    if (!existsSync('/usr/bin/openssl')) {
      console.log('skipped: openssl is not there');
      return;
    }
    const port = 20_000 + (process.pid % 10_000);
    const server = `openssl s_server -accept 127.0.0.1:${port} -cert ca/server.crt -cert_chain ca/server.crt -key ca/server.key -www -quiet`;
    const used = connect.replace(to(oneWay), to(port));
    const text = sh(
      `${server} & pid=$!; sleep 0.5; printf 'GET / HTTP/1.0\\r\\n\\r\\n' | ${used} --quiet; ${used} </dev/null | head -1; kill $pid`,
    );
    expect(text).toMatch(/^HTTP\/1\.0 200/);
    expect(text).toMatch(/^✓ localhost/m);
  }, 60_000);
});
