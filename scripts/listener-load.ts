/**
 * `npm run listener:load`: `warifu listen` under load, and other servers beside it where they are installed. A run for figures takes
 * some minutes: `npm run listener:load -- --seconds 120`; `--compare` adds nginx, HAProxy, stunnel and ghostunnel. Only loopback.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { parseArgs } from 'node:util';
import { type Authority, createAuthority, createCrl, issueCertificate } from '../src/pki/issue/index.ts';
import { bundled, removeBundle } from '../test/support/bundled.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    open: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    'half-open': { type: 'string', default: '10000' },
    compare: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'warifu-load-'));
const path = (name: string): string => join(folder, name);
const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const children = new Set<ChildProcess>();

interface Pki {
  readonly root: Authority;
  readonly other: Authority;
  readonly client: tls.ConnectionOptions;
}

async function makePki(): Promise<Pki> {
  const root = await createAuthority({ subject: 'Load Root' });
  const other = await createAuthority({ subject: 'Another Root' });
  writeFileSync(path('root.crt'), root.pem);
  writeFileSync(path('anchors.crt'), root.pem);
  const client = await issueCertificate({ issuer: root, names: ['client.example'], purpose: 'client' });
  writeFileSync(path('client.crt'), client.pem);
  writeFileSync(path('client.key'), client.keyPair?.pem ?? '');
  const options = {
    host: '127.0.0.1',
    servername: 'localhost',
    ca: root.pem,
    cert: client.pem,
    key: client.keyPair?.pem ?? '',
  };
  const pki = { root, other, client: options };
  await turn(pki, 0);
  return pki;
}

/** New certificate and key of the server, new anchors, a new list: each put in place by a rename. */
async function turn({ root, other }: Pki, round: number): Promise<void> {
  const server = await issueCertificate({ issuer: root, names: ['localhost'], purpose: 'server' });
  const list = await createCrl({
    issuer: root,
    number: round + 1,
    entries: [{ serial: 1_000 + round, reason: 'keyCompromise' }],
  });
  const put = (name: string, text: string): void => {
    writeFileSync(path(`${name}.new`), text);
    renameSync(path(`${name}.new`), path(name));
  };
  // One file, so that certificate and key change together.
  put('server.pem', server.pem + (server.keyPair?.pem ?? ''));
  put('anchors.crt', round % 2 === 0 ? root.pem : root.pem + other.pem);
  put('crl.pem', list.pem);
}

/** Listens and echoes, and counts. */
function echo(port = 0): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.pipe(socket);
  });
  return new Promise((resolve) =>
    server.listen({ port, host: '127.0.0.1', backlog: 4_096 }, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        stop: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    }),
  );
}

async function startWarifu(
  main: string,
  servers: readonly number[],
  more: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly port: number; output(): string }> {
  const args = [
    'listen',
    '--address',
    '127.0.0.1:0',
    '--certificate',
    path('server.pem'),
    '--to',
    servers.map((port) => `127.0.0.1:${port}`).join(','),
  ];
  const mutual = ['--auth', 'require', '--anchors', path('anchors.crt'), '--crl', path('crl.pem')];
  const limits = ['--max-handshakes', '2000', '--first-byte-timeout', '30s', '--max-connections', '50000'];
  const child = spawn(process.execPath, [
    main,
    ...args,
    ...mutual,
    ...limits,
    '--reload-interval',
    '250ms',
    '--log',
    path('access.jsonl'),
    ...more,
  ]);
  children.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  for (let i = 0; i < 600; i++) {
    const found = /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (found !== undefined) return { child, port: Number(found), output: () => text };
    await pause(50);
  }
  throw new Error(`it did not start: ${text}`);
}

interface Shake {
  readonly milliseconds: number;
  readonly error: string | undefined;
  readonly socket: tls.TLSSocket;
}

/** A full handshake, a byte there and back. */
function shake(options: tls.ConnectionOptions, keep = false): Promise<Shake> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = tls.connect(options);
    const done = (error?: string): void => {
      clearTimeout(timer);
      resolve({ milliseconds: performance.now() - began, error, socket });
      if (!keep || error !== undefined) socket.destroy();
    };
    const timer = setTimeout(() => done('no answer in 30 s'), 30_000);
    socket.once('secureConnect', () => socket.write('x'));
    socket.once('data', () => done());
    socket.on('error', (error) => done(error.message)).once('close', () => done('closed'));
  });
}

interface Result {
  readonly done: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly errors: readonly string[];
}

/** So many handshakes a second, whatever becomes of them. */
async function atRate(options: tls.ConnectionOptions, rate: number, seconds: number): Promise<Result> {
  const began = performance.now();
  const all: Promise<Shake>[] = [];
  for (let i = 0; i < rate * seconds; i++) {
    const due = began + (i * 1_000) / rate;
    const wait = due - performance.now();
    if (wait > 1) await pause(wait);
    all.push(shake(options));
  }
  return summary(await Promise.all(all));
}

function summary(all: readonly Shake[]): Result {
  const times = all
    .filter(({ error }) => error === undefined)
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b);
  const at = (part: number): number =>
    Math.round((times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0) * 10) / 10;
  const errors = all.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return {
    done: times.length,
    failed: errors.length,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    errors: [...new Set(errors)].slice(0, 5),
  };
}

const rss = (pids: readonly number[]): number =>
  Math.round(
    pids.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0), 0) / 1_024,
  );

function readProc(pid: number, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}

const childrenOf = (pid: number): number[] =>
  readProc(pid, `task/${pid}/children`)
    .trim()
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);

const say = (what: string, result: unknown): void =>
  console.log(`${what}: ${typeof result === 'string' ? result : JSON.stringify(result)}`);

async function ours(main: string, pki: Pki): Promise<void> {
  const seconds = Number(values.seconds);
  const servers = await Promise.all([echo(), echo(), echo()]);
  const { child, port, output } = await startWarifu(
    main,
    servers.map((one) => one.port),
    ['--workers', '2'],
  );
  const pids = (): number[] => [child.pid ?? -1, ...childrenOf(child.pid ?? -1)];
  const options = { ...pki.client, port };
  say('memory at the start, MB', `${rss(pids())}`);

  const wanted = Number(values.open);
  const open: tls.TLSSocket[] = [];
  let lost = 0;
  for (let i = 0; i < wanted; i += 20) {
    const some = await Promise.all(Array.from({ length: Math.min(20, wanted - i) }, () => shake(options, true)));
    for (const { socket, error } of some) {
      if (error !== undefined) say('a connection could not be opened', error);
      open.push(socket);
      socket.on('close', () => lost++);
    }
  }
  say(`memory with ${wanted} open, MB`, `${rss(pids())}`);

  let round = 1;
  let turning: Promise<void> = Promise.resolve();
  const timer = setInterval(() => (turning = turning.then(() => turn(pki, round++))), 1_000);
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(rss(pids())), 5_000);
  const rated = await atRate(options, Number(values.rate), seconds);
  clearInterval(watch);
  clearInterval(timer);
  await turning;
  say(
    `${values.rate} handshakes a second for ${seconds} s, certificates, anchors and lists changing each second`,
    rated,
  );
  say(
    'reloads',
    `${output().match(/: reloaded/g)?.length ?? 0} good, ${output().match(/not reloaded/g)?.length ?? 0} refused`,
  );
  say('memory meanwhile, MB', memory.join(' '));
  say(`of ${wanted} that were open, lost`, `${lost}`);

  const [worker = -1] = childrenOf(child.pid ?? -1);
  const killed = atRate(options, Number(values.rate), 6);
  await pause(1_000);
  process.kill(worker, 'SIGKILL');
  say('kill -9 of one of two workers, meanwhile', await killed);
  say(`of ${wanted} that were open, lost with it`, `${lost}`);

  const [first] = servers;
  const dying = atRate(options, Number(values.rate), 6);
  await pause(1_000);
  await first?.stop();
  await pause(2_000);
  const back = await echo(first?.port);
  say('a server dies and returns, meanwhile', await dying);

  const slow = netConnect(port, '127.0.0.1').on('error', () => {});
  const began = Date.now();
  const hello = Buffer.from('16030100c8010000c40303', 'hex');
  let sent = 0;
  const drip = setInterval(() => slow.write(hello.subarray(sent % hello.length, (sent++ % hello.length) + 1)), 1_000);
  const closed = new Promise<number>((done) => slow.resume().once('close', () => done(Date.now() - began)));
  const halfOpen: Socket[] = [];
  for (let i = 0; i < Number(values['half-open']); i++) {
    halfOpen.push(netConnect(port, '127.0.0.1').on('error', () => {}));
    if (i % 200 === 199) await pause(20);
  }
  await pause(1_000);
  const before = rss(pids());
  say(`${values['half-open']} half-open clients, and others`, await atRate(options, Number(values.rate), 6));
  say('memory with them, MB', `${before}`);
  say(
    'a client that sends a byte each second is closed after, ms',
    `${await Promise.race([closed, pause(20_000).then(() => -1)])}`,
  );
  clearInterval(drip);
  for (const socket of [slow, ...halfOpen]) socket.destroy();
  for (const socket of open) socket.destroy();
  await pause(500);
  say('memory at the end, MB', `${rss(pids())}`);
  child.kill('SIGTERM');
  await new Promise((done) => child.once('exit', done));
  for (const one of [...servers.slice(1), back]) await one.stop();
}

/** As many handshakes as it can, and bytes through one connection. */
async function measure(name: string, pki: Pki, port: number, pids: () => readonly number[]): Promise<void> {
  const options = { ...pki.client, port };
  let first = await shake(options);
  for (let i = 0; i < 100 && first.error !== undefined; i++) {
    await pause(100);
    first = await shake(options);
  }
  if (first.error !== undefined) {
    console.log(`| ${name} | it cannot be reached: ${first.error} | | | | |`);
    return;
  }
  const until = performance.now() + 8_000;
  const all: Shake[] = [];
  const idle = rss(pids());
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (performance.now() < until) all.push(await shake(options));
    }),
  );
  const result = summary(all);
  const rated = await atRate(options, 50, 5);
  const { socket } = await shake(options, true);
  let received = 0;
  const size = 128 * 1_048_576;
  const began = performance.now();
  const whole = new Promise<void>((done) =>
    socket
      .on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received >= size) done();
      })
      .on('error', () => done()),
  );
  const block = Buffer.alloc(262_144);
  for (let sent = 0; sent < size && !socket.destroyed; sent += block.length)
    if (!socket.write(block)) await new Promise((done) => socket.once('drain', done));
  await whole;
  const rate = received / 1_048_576 / ((performance.now() - began) / 1_000);
  socket.destroy();
  console.log(
    `| ${name} | ${Math.round(result.done / 8)} | ${Math.round(rate)} | ${idle} → ${rss(pids())} | ${rated.p50} / ${rated.p99} | ${result.failed + rated.failed} |`,
  );
}

async function compare(main: string, pki: Pki): Promise<void> {
  console.log(
    '| server | full mutual handshakes/s, 16 at a time | echo through one connection, MB/s | memory, MB | latency at 50/s, p50 / p99 ms | failed |',
  );
  console.log('|---|---|---|---|---|---|');
  const server = await echo();
  for (const workers of ['1', '2']) {
    const { child, port } = await startWarifu(main, [server.port], ['--workers', workers]);
    await measure(`warifu listen, ${workers} ${workers === '1' ? 'process' : 'workers'}`, pki, port, () => [
      child.pid ?? -1,
      ...childrenOf(child.pid ?? -1),
    ]);
    child.kill('SIGTERM');
    await new Promise((done) => child.once('exit', done));
  }
  for (const [name, start] of Object.entries(OTHERS)) {
    if (spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0) {
      console.log(`| ${name} | not installed | | | | |`);
      continue;
    }
    const port = 30_000 + Math.floor(Math.random() * 10_000);
    const child = spawn(name, start(port, server.port), { stdio: 'ignore', cwd: folder });
    children.add(child);
    await measure(name, pki, port, () => [child.pid ?? -1, ...childrenOf(child.pid ?? -1)]);
    child.kill('SIGTERM');
    await new Promise((done) => child.once('exit', done));
  }
  await server.stop();
}

/** The same listener in the words of others: two workers or threads, TLS 1.3, mutual, no resumption by the client. */
const OTHERS: { readonly [program: string]: (port: number, to: number) => readonly string[] } = {
  nginx: (port, to) => {
    const log = path('nginx.log');
    writeFileSync(
      path('nginx.conf'),
      `daemon off; worker_processes 2; pid ${path('nginx.pid')}; error_log ${log};
include /usr/share/nginx/modules-available/*stream*.conf;
events { worker_connections 20000; }
stream { server { listen 127.0.0.1:${port} ssl; ssl_certificate ${path('server.pem')}; ssl_certificate_key ${path('server.pem')};
  ssl_protocols TLSv1.2 TLSv1.3; ssl_client_certificate ${path('root.crt')}; ssl_verify_client on; proxy_pass 127.0.0.1:${to}; } }\n`,
    );
    return ['-c', path('nginx.conf'), '-p', folder, '-e', log];
  },
  haproxy: (port, to) => {
    writeFileSync(
      path('haproxy.cfg'),
      `global\n  nbthread 2\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m
frontend f\n  bind 127.0.0.1:${port} ssl crt ${path('server.pem')} ca-file ${path('root.crt')} verify required\n  default_backend b
backend b\n  server s 127.0.0.1:${to}\n`,
    );
    return ['-db', '-f', path('haproxy.cfg')];
  },
  stunnel: (port, to) => {
    writeFileSync(
      path('stunnel.conf'),
      `foreground = yes\npid =\n[l]\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${to}\ncert = ${path('server.pem')}\nCAfile = ${path('root.crt')}\nverifyChain = yes\n`,
    );
    return [path('stunnel.conf')];
  },
  ghostunnel: (port, to) => [
    ...['server', '--listen', `127.0.0.1:${port}`, '--target', `127.0.0.1:${to}`],
    ...['--cert', path('server.pem'), '--key', path('server.pem'), '--cacert', path('root.crt'), '--allow-all'],
  ],
};

const main = await bundled('src/cli/main.ts', 'load');
try {
  const pki = await makePki();
  if (values.only !== 'compare') await ours(main, pki);
  if (values.compare || values.only === 'compare') {
    await turn(pki, 0);
    await compare(main, pki);
  }
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  removeBundle('load');
  rmSync(folder, { recursive: true, force: true });
}
