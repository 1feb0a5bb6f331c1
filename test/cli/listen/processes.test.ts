import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOcspResponse } from '../../../src/pki/issue/index.ts';
import { type Child, isInstalled } from '../../support/child.ts';
import { buildWarifu, type Warifu } from '../warifu.ts';
import { Pki, start, talk, tcpServer } from './listener.ts';

/** What a process of its own adds: workers, signals; and what is fetched from elsewhere: lists, responses, sessions. */

let pki: Pki;
let warifu: Warifu;
beforeAll(async () => {
  [pki, warifu] = await Promise.all([Pki.make(), buildWarifu('listen')]);
}, 120_000);
afterAll(() => {
  pki.remove();
  warifu?.remove();
});

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

const files = (): string[] => ['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')];

async function backend(): Promise<string> {
  const server = await tcpServer('one');
  toStop.push(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

async function program(...args: readonly string[]): Promise<{ readonly child: Child; readonly port: number }> {
  const child = warifu.start('listen', '--address', '127.0.0.1:0', ...files(), ...args);
  toStop.push(() => child.stop());
  const [, port] = await child.waitFor(/listening on 127\.0\.0\.1:(\d+)/, 30_000);
  return { child, port: Number(port) };
}

describe('workers', () => {
  it('share addresses, tickets and counters; one that is killed takes only its own connections with it', async () => {
    const admin = 20_000 + (process.pid % 20_000);
    const { child, port } = await program(
      '--to',
      await backend(),
      '--workers',
      '2',
      '--admin',
      `127.0.0.1:${admin}`,
      '--log',
      'off',
    );
    const options = { ...pki.client(), port };
    const open = (session?: Buffer): Promise<tls.TLSSocket> =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({ ...options, ...(session !== undefined && { session }) }, () => resolve(socket));
        toStop.push(() => socket.destroy());
        socket.once('error', reject);
      });
    const first = await open();
    const session = await new Promise<Buffer>((resolve) => {
      first.on('session', resolve);
      first.resume();
    });
    // Every worker opens the tickets of the others.
    const others = await Promise.all(Array.from({ length: 6 }, () => open(session)));
    expect(others.map((socket) => socket.isSessionReused())).toEqual(others.map(() => true));
    const pids = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    const all = [first, ...others];
    for (const socket of all) socket.on('error', () => {}).resume();
    process.kill(pids[0] ?? -1, 'SIGKILL');
    await child.waitFor(/worker \d+ ended \(SIGKILL\); another takes its place/);
    await new Promise((done) => setTimeout(done, 200));
    const left = all.filter(({ destroyed }) => !destroyed);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(all.length);
    for (let i = 0; i < 10; i++) expect((await talk(options, 'x')).text).toBe('one\nx');
    const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    expect(metrics).toMatch(/warifu_workers 2\n/);
    expect(metrics).toMatch(/warifu_worker_restarts_total 1\n/);
    process.kill(child.pid, 'SIGHUP');
    await child.waitFor(/SIGHUP: reloaded/);
    for (const socket of all) socket.destroy();
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toBe(0);
  });

  it('are told of the same files: a half-written pair is refused by all', async () => {
    await pki.issue('turn', { names: ['localhost'], purpose: 'server' });
    const child = warifu.start(
      'listen',
      ...[
        '--address',
        '127.0.0.1:0',
        '--to',
        await backend(),
        '--workers',
        '2',
        '--log',
        'off',
        '--reload-interval',
        '100ms',
      ],
      ...['--certificate', pki.path('turn.crt'), '--key', pki.path('turn.key')],
    );
    toStop.push(() => child.stop());
    const [, port] = await child.waitFor(/listening on 127\.0\.0\.1:(\d+)/, 30_000);
    const good = pki.folder.text('turn.key');
    pki.folder.write('turn.key', pki.folder.text('client.key'));
    await child.waitFor(/not reloaded, everything stays as it is: .*turn\.crt/);
    for (let i = 0; i < 4; i++) expect((await talk({ ...pki.client(), port: Number(port) }, '')).text).toBe('one\n');
    pki.folder.write('turn.key', good);
    await child.waitFor(/a file has changed: reloaded/);
  });
});

describe('--check, --schema and mistakes', () => {
  it('say what would be done, and what is wrong', () => {
    const run = (...args: readonly string[]) => warifu.run(pki.folder.directory, 'listen', ...args);
    expect(run('--check', '--to', 'a:1', '--certificate', 'server.crt', '--key', 'server.key')).toMatchObject({
      status: 0,
      output: expect.stringMatching(/TCP listener :443[\s\S]*CN=localhost \(localhost, 127\.0\.0\.1\), P-256/),
    });
    expect(JSON.parse(run('--schema').output).properties.to.description).toMatch(/a server/);
    expect(run('--check', '--to', 'a:1', '--certificate', 'server.crt', '--key', 'client.key')).toMatchObject({
      status: 3,
    });
    expect(run('--to', 'a')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/--to\[0\]: expected a server/),
    });
    expect(run('--too', 'a')).toMatchObject({ status: 2, output: expect.stringMatching(/write --to$/m) });
  });
});

describe('from elsewhere', () => {
  it('lists by distribution point, fetched once and kept', async () => {
    let asked = 0;
    let list = Buffer.alloc(0);
    const web = createHttpServer((_request, response) => {
      asked++;
      response.end(list);
    });
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    toStop.push(() => new Promise((done) => web.close(done)));
    const uri = `http://127.0.0.1:${(web.address() as AddressInfo).port}/crl.der`;
    const points = { crls: uri };
    await pki.issue('pointing', { names: ['good.example'], purpose: 'client', ...points });
    const bad = await pki.issue('pointing-bad', { names: ['bad.example'], purpose: 'client', ...points });
    await pki.crl('fetched.pem', [bad.certificate.serial]);
    list = Buffer.from(pki.folder.text('fetched.pem').replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const args = [
      '--address',
      '127.0.0.1:0',
      ...files(),
      '--to',
      await backend(),
      '--auth',
      'require',
      '--anchors',
      pki.path('root.crt'),
    ];
    const running = await start(pki.folder, 'listen', ...args, '--revocation-hosts', '127.0.0.1');
    toStop.push(() => running.stop());
    for (let i = 0; i < 3; i++)
      expect((await talk({ ...pki.client('pointing'), port: running.port }, '')).text).toBe('one\n');
    expect((await talk({ ...pki.client('pointing-bad'), port: running.port }, '')).error).toMatch(
      /certificate revoked/,
    );
    expect(await running.entry(({ event }) => event === 'refused')).toMatchObject({ failure: 'CERT_REVOKED' });
    expect(asked).toBe(1);
    // Of a host that may not be asked, nothing is known: hard, unless it is said otherwise.
    for (const [missing, text] of [
      ['refuse', ''],
      ['accept', 'one\n'],
    ] as const) {
      const other = await start(
        pki.folder,
        'listen',
        ...args,
        '--revocation-hosts',
        'crl.example',
        '--revocation-missing',
        missing,
      );
      toStop.push(() => other.stop());
      expect((await talk({ ...pki.client('pointing'), port: other.port }, '')).text).toBe(text);
    }
    expect(asked).toBe(1);
  });

  it('OCSP responses for our own certificate, from file and from the responder', async () => {
    let answer: Uint8Array = new Uint8Array(0);
    const responder = createHttpServer((request, response) => {
      request.resume().on('end', () => response.end(answer));
    });
    await new Promise<void>((done) => responder.listen(0, '127.0.0.1', done));
    toStop.push(() => new Promise((done) => responder.close(done)));
    const { certificate } = await pki.issue('stapled', {
      names: ['localhost'],
      purpose: 'server',
      ocspUrls: [`http://127.0.0.1:${(responder.address() as AddressInfo).port}/`],
    });
    pki.folder.write('stapled.crt', pki.folder.text('stapled.crt') + pki.root.pem);
    answer = await createOcspResponse({
      issuer: pki.root,
      responses: [{ certificate, status: 'good' }],
      nextUpdate: Date.now() + 3_600_000,
    });
    pki.folder.write('stapled.ocsp', answer);
    const stapled = async (...args: readonly string[]): Promise<() => Promise<Buffer | null>> => {
      const own = ['--certificate', pki.path('stapled.crt'), '--key', pki.path('stapled.key'), '--to', await backend()];
      const running = await start(pki.folder, 'listen', '--address', '127.0.0.1:0', ...own, ...args);
      toStop.push(() => running.stop());
      return () =>
        new Promise((resolve) => {
          const options = { ...pki.client(), port: running.port, requestOCSP: true };
          const socket = tls.connect(options);
          socket.on('OCSPResponse', resolve).on('error', () => {});
          socket.on('secureConnect', () => setTimeout(() => socket.destroy(), 20)).on('close', () => resolve(null));
        });
    };
    const fromFile = await stapled('--staple-file', pki.path('stapled.ocsp'));
    expect(Buffer.from((await fromFile()) ?? []).equals(answer)).toBe(true);
    // One whose signature is wrong is nothing to show to anyone.
    const right = answer;
    answer = right.map((byte, i) => (i === right.length - 1 ? byte ^ 1 : byte));
    const forged = await stapled('--staple-fetch');
    await new Promise((done) => setTimeout(done, 500));
    expect((await forged())?.length ?? 0).toBe(0);
    answer = right;
    const fetched = await stapled('--staple-fetch');
    let found: Buffer | null = null;
    for (let i = 0; i < 100 && (found === null || found.length === 0); i++) {
      await new Promise((done) => setTimeout(done, 20));
      found = await fetched();
    }
    expect(Buffer.from(found ?? []).equals(answer)).toBe(true);
  });

  it('sessions of a fleet in Redis, each ticket once', async () => {
    if (!isInstalled('redis-server')) return;
    const socket = pki.path('redis.sock');
    const redis = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', pki.folder.directory],
      { stdio: 'ignore' },
    );
    toStop.push(() => redis.kill());
    await new Promise((done) => setTimeout(done, 500));
    const to = await backend();
    const machine = async () => {
      const args = [
        '--address',
        '127.0.0.1:0',
        '--name',
        'fleet',
        ...files(),
        '--to',
        to,
        '--ticket-redis',
        `redis+unix:${socket}`,
      ];
      const running = await start(pki.folder, 'listen', ...args);
      toStop.push(() => running.stop());
      return running;
    };
    const [one, two] = [await machine(), await machine()];
    const session = await new Promise<Buffer>((resolve, reject) => {
      const client = tls.connect({ ...pki.client(), port: one.port });
      client.resume().on('error', reject);
      client.on('session', (found) => {
        resolve(found);
        client.destroy();
      });
    });
    await talk({ ...pki.client(), port: two.port, session }, '');
    expect(await two.entry(({ event }) => event === 'connection')).toMatchObject({ resumed: true });
    await talk({ ...pki.client(), port: one.port, session }, '');
    expect(
      await one.entry(({ resumed, ended }) => resumed === false && ended !== undefined && ended !== 'by both'),
    ).toBeDefined();
    expect(one.log().some(({ resumed }) => resumed === true)).toBe(false);
  });

  it('sessions of a fleet through one secret', async () => {
    pki.folder.write('secret.hex', `${'ab'.repeat(32)}\n`);
    const to = await backend();
    const machine = async () => {
      const args = [
        '--address',
        '127.0.0.1:0',
        '--name',
        'fleet',
        ...files(),
        '--to',
        to,
        '--ticket-secret-file',
        pki.path('secret.hex'),
      ];
      const running = await start(pki.folder, 'listen', ...args);
      toStop.push(() => running.stop());
      return running;
    };
    const [one, two] = [await machine(), await machine()];
    const session = await new Promise<Buffer>((resolve, reject) => {
      const client = tls.connect({ ...pki.client(), port: one.port });
      client.resume().on('error', reject);
      client.on('session', (found) => {
        resolve(found);
        client.destroy();
      });
    });
    await talk({ ...pki.client(), port: two.port, session }, '');
    expect(await two.entry(({ event }) => event === 'connection')).toMatchObject({ resumed: true });
  });
});
