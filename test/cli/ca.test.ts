import { statSync } from 'node:fs';
import { connect as netConnect, createServer as netServer } from 'node:net';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPem, writePem } from '../../src/pki/index.ts';
import { isInstalled } from '../support/child.ts';
import { Folder, mustRun, runProgram } from '../support/programs.ts';
import { commandsIn } from './commands.ts';
import { buildWarifu, type Warifu } from './warifu.ts';

/** `warifu ca`: an authority from nothing, and what others think of what it issues. */

let warifu: Warifu;
const folder = new Folder();
beforeAll(async () => {
  warifu = await buildWarifu('ca');
}, 120_000);
afterAll(() => {
  folder.remove();
  warifu?.remove();
});

const { run, json } = commandsIn(folder.directory);
const mode = (name: string): number => statSync(folder.path(name)).mode & 0o777;

describe('warifu', () => {
  it('says what it can, and what comes next', async () => {
    expect(await run()).toMatchObject({ status: 2, output: expect.stringMatching(/warifu ca server localhost/) });
    expect((await run('--help')).status).toBe(0);
    expect((await run('ca', '--help')).output).toMatch(/revoke FILE\|SERIAL/);
    for (const command of ['init', 'server', 'client', 'list', 'revoke', 'crl', 'ocsp', 'trust']) {
      const { status, output } = await run('ca', command, '--help');
      expect(status).toBe(0);
      expect(output.startsWith(`warifu ca ${command}`)).toBe(true);
      expect(output).toMatch(/Options:[\s\S]*--json/);
    }
    expect(await run('CA')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/there is no command "CA"; write ca$/m),
    });
    expect(await run('ca', 'sever')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/write ca server$/m),
    });
    expect(await run('ca', 'server', 'a', '--requests', 'x')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/write --request/),
    });
    expect(await run('ca', 'server', 'a', '--key-kind', 'DSA')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/P-256/),
    });
    expect(await run('ca', 'server')).toMatchObject({ status: 2, output: expect.stringMatching(/NAME is wanted/) });
    expect(await run('ca', 'list')).toMatchObject({ status: 3, output: expect.stringMatching(/warifu ca init/) });
  });

  it('says its version, and completes its commands in a shell', async () => {
    expect(await run('--version')).toMatchObject({ status: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(await run('completion', 'csh')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/bash, zsh, fish/),
    });
    expect((await run('completion', 'fish')).output).toMatch(/-l must-staple -d/);
    expect((await run('completion', 'fish')).output).toMatch(/-l starttls -x -a "smtp /);
    expect((await run('completion', 'zsh')).output).toMatch(/'--starttls\[.*\]:PROTOCOL:\(smtp /);
    for (const shell of ['zsh', 'fish'])
      if (isInstalled(shell))
        mustRun(shell, ['-n', folder.write(`completion.${shell}`, (await run('completion', shell)).output)]);
    if (!isInstalled('bash')) return;
    const script = (await run('completion', 'bash')).output;
    const complete = (...words: readonly string[]): readonly string[] => {
      const list = ['warifu', ...words].map((word) => `'${word}'`).join(' ');
      const code = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}; _warifu; echo "\${COMPREPLY[@]}"`;
      return mustRun('bash', ['-c', code]).trim().split(' ');
    };
    expect(complete('ce')).toEqual(['cert']);
    expect(complete('ca', 're')).toEqual(['revoke']);
    expect(complete('ca', 'server', 'localhost', '--k')).toEqual(['--key-kind']);
    expect(complete('ca', 'server', 'localhost', '--key-kind', 'Ed')).toEqual(['Ed25519']);
    expect(complete('connect', 'a', '--starttls', 'po')).toEqual(['pop3', 'postgres']);
    expect(complete('connect', 'a', '--starttls', '=', 'ld')).toEqual(['ldap']);
    expect(complete('connect', 'a', '--anchors', '--')).toEqual(['']);
    expect(complete('completion', 'z')).toEqual(['zsh']);
    expect(complete('cert', 'convert', '--certificates-')).toEqual(['--certificates-only']);
  });

  it('as a program: exit codes, what goes where, and no colours in a pipe', async () => {
    const start = (...args: readonly string[]) => warifu.run(folder.directory, ...args);
    for (const args of [['--help'], ['--version'], [], ['CA'], ['ca', 'list'], ['ca', 'revoke', 'x.crt']]) {
      const outcome = start(...args);
      expect(outcome).toEqual(await run(...args));
      expect(outcome.output).not.toContain('\u001b');
    }
  });
});

describe('warifu ca', () => {
  it('two commands from nothing to a server and a client', async () => {
    const server = await run('ca', 'server', 'localhost', '127.0.0.1');
    expect(server.status).toBe(0);
    expect(server.output).toMatch(/now there is one/);
    const client = await run('ca', 'client', 'alice', 'alice@example.test', 'spiffe://example.test/alice');
    expect(client.output).toMatch(/client\.p12 {3}password: \S{16}/);
    for (const name of [
      'README.md',
      'root.crt',
      'server.crt',
      'server.key',
      'client.crt',
      'client.key',
      'client.p12',
      'crl.pem',
    ])
      expect(statSync(folder.path(`ca/${name}`)).size).toBeGreaterThan(0);
    for (const name of ['server.key', 'client.key', 'client.p12', 'authority/root.key', 'authority/intermediate.key'])
      expect(mode(`ca/${name}`)).toBe(0o600);
    if (isInstalled('pk12util')) {
      const password = /password: (\S+)/.exec(client.output)?.[1] ?? '';
      const list = mustRun('pk12util', ['-l', folder.path('ca/client.p12'), '-W', password]);
      expect(list).toMatch(/Friendly Name: alice/);
    }
    expect(mode('ca/authority')).toBe(0o700);
    expect(mode('ca/server.crt')).toBe(0o644);
  });

  it('a mutual connection of node:tls with its files, and none without a certificate of the client', async () => {
    const file = (name: string): string => folder.text(`ca/${name}`);
    const ca = file('root.crt');
    const server = tls.createServer({
      ca,
      cert: file('server.crt'),
      key: file('server.key'),
      // node:tls takes the first list of a text alone.
      crl: readPem(file('crl.pem')).map(({ label, der }) => writePem(label, der)),
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.on('secureConnection', (socket) => socket.end(`hello ${socket.getPeerCertificate().subject.CN}`));
    server.on('tlsClientError', () => {});
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const talk = (more: tls.ConnectionOptions): Promise<string> =>
      new Promise((resolve) => {
        const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...more });
        let text = '';
        socket.on('data', (data) => {
          text += data.toString();
        });
        socket.on('error', (error) => resolve(error.message));
        socket.on('close', () => resolve(text));
      });
    expect(await talk({ cert: file('client.crt'), key: file('client.key') })).toBe('hello alice');
    expect(
      await talk({ pfx: Buffer.from(folder.bytes('ca/client.p12')), passphrase: 'wrong' }).catch(() => 'no'),
    ).not.toBe('hello alice');
    expect(await talk({})).not.toContain('hello');
    await new Promise((done) => server.close(done));
  });

  it('does not write over what is there, and can', async () => {
    expect(await run('ca', 'server', 'b.test')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/--out.*--force/),
    });
    expect(await run('ca', 'init')).toMatchObject({ status: 3, output: expect.stringMatching(/already/) });
    expect((await run('ca', 'server', 'b.test', '--out', '../b')).status).toBe(2);
    expect((await run('ca', 'server', 'b.test', '--out', 'b')).status).toBe(0);
    expect((await run('ca', 'server', 'b.test', '--out', 'b', '--force', '--key-kind', 'RSA-2048')).status).toBe(0);
    expect(await run('ca', 'server', 'not a name', '--out', 'c')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/no DNS name/),
    });
    expect(await run('ca', 'server', 'c.test', '--out', 'c', '--days', '99999')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/1824 at most/),
    });
  });

  it('certifies a request of another program', async () => {
    if (!isInstalled('openssl')) return;
    mustRun('openssl', [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      folder.path('r.key'),
      '-subj',
      '/CN=r',
      '-addext',
      'subjectAltName=DNS:r.test',
      '-out',
      folder.path('r.csr'),
    ]);
    expect((await run('ca', 'server', '--request', 'r.csr', '--out', 'r')).status).toBe(2);
    expect((await run('ca', 'server', '--request', 'r.csr', '--names-from-request', '--out', 'r')).status).toBe(0);
    expect(() => statSync(folder.path('ca/r.key'))).toThrow();
    const key = mustRun('openssl', ['x509', '-in', folder.path('ca/r.crt'), '-noout', '-pubkey']);
    expect(key).toBe(mustRun('openssl', ['pkey', '-in', folder.path('r.key'), '-pubout']));
  });

  it('lists, revokes, and the lists say so', async () => {
    const before = await json<{ readonly serial: string; readonly file: string; readonly revoked?: object }[]>(
      'ca',
      'list',
    );
    expect(before.map(({ file }) => file)).toContain('client');
    expect((await run('ca', 'revoke', 'nothing.crt')).status).toBe(3);
    expect(await run('ca', 'revoke', '0102')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/was issued here/),
    });
    expect(await run('ca', 'revoke', 'client.crt', '--reason', 'lost')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/keyCompromise/),
    });
    expect(await run('ca', 'revoke', 'client.crt', '--reason', 'keyCompromise')).toMatchObject({ status: 0 });
    expect(await run('ca', 'revoke', 'client.crt')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/was revoked on/),
    });
    const { number } = await json<{ readonly number: number }>('ca', 'crl', '--days', '3');
    expect(number).toBe(3);
    if (!isInstalled('openssl')) return;
    const verify = (name: string) =>
      runProgram('openssl', [
        'verify',
        '-x509_strict',
        '-CAfile',
        folder.path('ca/root.crt'),
        '-untrusted',
        folder.path(`ca/${name}.crt`),
        '-crl_check_all',
        '-CRLfile',
        folder.path('ca/crl.pem'),
        folder.path(`ca/${name}.crt`),
      ]).output;
    expect(verify('server')).toMatch(/: OK/);
    expect(verify('client')).toMatch(/certificate revoked/);
  });

  it('answers by OCSP, and sees what is revoked meanwhile', async () => {
    if (!isInstalled('openssl')) return;
    const responder = warifu.start('ca', 'ocsp', '--port', '0', '--dir', folder.path('ca'));
    try {
      const [, url] = await responder.waitFor(/answering on (\S+)/);
      folder.write('intermediate.pem', folder.text('ca/server.crt').replace(/^[\s\S]*?END CERTIFICATE-----\n/, ''));
      const ask = (name: string, ...more: readonly string[]) =>
        mustRun('openssl', [
          'ocsp',
          '-url',
          url!,
          '-issuer',
          folder.path('intermediate.pem'),
          '-cert',
          folder.path(`ca/${name}.crt`),
          '-CAfile',
          folder.path('ca/root.crt'),
          '-verify_other',
          folder.path('intermediate.pem'),
          ...more,
        ]);
      expect(ask('server')).toMatch(/server\.crt: good[\s\S]*Response verify OK/);
      expect(ask('server', '-no_nonce')).toMatch(/good/);
      expect(ask('client')).toMatch(/client\.crt: revoked[\s\S]*keyCompromise/);
      expect(ask('b')).toMatch(/b\.crt: good/);
      expect((await run('ca', 'revoke', 'b.crt')).status).toBe(0);
      expect(ask('b')).toMatch(/b\.crt: revoked/);
      const post = (body: Uint8Array): Promise<Response> => fetch(url!, { method: 'POST', body: new Uint8Array(body) });
      expect(new Uint8Array(await (await post(Uint8Array.of(1, 2, 3))).arrayBuffer())).toEqual(
        Uint8Array.of(0x30, 3, 10, 1, 1),
      );
      expect((await post(new Uint8Array(100_000))).status).toBe(400);
      expect((await fetch(url!, { method: 'PUT' })).status).toBe(405);
      expect((await fetch(`${url}%`)).status).toBe(400);
    } finally {
      await responder.stop();
    }
    expect(await responder.exited).toBe(0);
  }, 60_000);

  it('writes a staple, and says when a port is taken', async () => {
    if (!isInstalled('openssl')) return;
    expect((await run('ca', 'ocsp', '--staple', 'server.crt', '--out', 'staple.der')).status).toBe(0);
    expect(mustRun('openssl', ['ocsp', '-respin', folder.path('staple.der'), '-text', '-noverify'])).toMatch(
      /Cert Status: good/,
    );
    const other = netServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    netConnect(port, '127.0.0.1')
      .on('error', () => {})
      .destroy();
    expect(await run('ca', 'ocsp', '--port', String(port))).toMatchObject({
      status: 3,
      output: expect.stringMatching(/EADDRINUSE/),
    });
    await new Promise((done) => other.close(done));
  });

  it('prints how to trust it, and changes nothing', async () => {
    const { status, output } = await run('ca', 'trust');
    expect(status).toBe(0);
    for (const word of [
      'curl',
      'NODE_EXTRA_CA_CERTS',
      'update-ca-certificates',
      'add-trusted-cert',
      'certutil',
      'Firefox',
    ])
      expect(output).toContain(word);
  });

  it('protects its keys with a password', async () => {
    folder.write('password', 'correct horse\n');
    folder.write('other', 'wrong\n');
    folder.write('empty', '\n');
    const own = ['--dir', 'safe', '--password-file'];
    expect((await run('ca', 'init', ...own, 'password', '--name', 'Safe')).status).toBe(0);
    expect(folder.text('safe/authority/root.key')).toMatch(/BEGIN ENCRYPTED PRIVATE KEY/);
    expect(await run('ca', 'server', 'a.test', '--dir', 'safe')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/password/),
    });
    expect(await run('ca', 'server', 'a.test', ...own, 'other')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/password/),
    });
    expect((await run('ca', 'server', 'a.test', ...own, 'empty')).status).toBe(3);
    expect(await run('ca', 'server', 'a.test', ...own, 'missing')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/no such file/),
    });
    expect((await run('ca', 'server', 'a.test', ...own, 'password')).status).toBe(0);
  });

  it('does not work while another one does, and says which file to delete', async () => {
    folder.write('ca/authority/lock', '1');
    expect(await run('ca', 'crl')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/another "warifu ca".*lock/),
    });
    expect((await run('ca', 'list')).status).toBe(0);
  });
});
