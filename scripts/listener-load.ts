/**
 * `npm run listener:load`: `warifu listen` under load, and other servers beside it where they are installed. A run for figures takes
 * some minutes: `npm run listener:load -- --compare --doc` takes about eight, and writes what was measured into docs/listener.md;
 * `--compare` adds nginx, HAProxy, stunnel and ghostunnel, where they are. `--seconds 5 --open 100 --half-open 500` is a look whether it works. Only loopback.
 * The exit code is 1 when a connection failed that should not have.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
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
    doc: { type: 'boolean', default: false },
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

/** Milliseconds of CPU that they have used; a tick of the kernel is 10 ms. */
const cpuOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    // The name of the program, in brackets, may have spaces in it.
    const fields = readProc(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ');
    return sum + 10 * (Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
  }, 0);

const childrenOf = (pid: number): number[] =>
  readProc(pid, `task/${pid}/children`)
    .trim()
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);

const say = (what: string, result: unknown): void =>
  console.log(`${what}: ${typeof result === 'string' ? result : JSON.stringify(result)}`);

/** The lines of the page. */
const rows: string[] = [];
const compared: string[] = [];

/** A line of the table: what was done, and what became of the others meanwhile. */
function row(what: string, { done, failed, p50, p99, worst }: Result, remark: string): void {
  rows.push(`| ${what} | ${done} | ${failed} | ${p50} / ${p99} / ${worst} | ${remark} |`);
}

/** What should not have been. */
function fault(what: string): void {
  console.log(`FAILED: ${what}`);
  process.exitCode = 1;
}

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
  const atFirst = rss(pids());
  say('memory at the start, MB', `${atFirst}`);

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
  const withOpen = rss(pids());
  say(`memory with ${wanted} open, MB`, `${withOpen}`);

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
  const reloads = output().match(/: reloaded/g)?.length ?? 0;
  const refused = output().match(/not reloaded/g)?.length ?? 0;
  say('reloads', `${reloads} good, ${refused} refused`);
  say('memory meanwhile, MB', memory.join(' '));
  say(`of ${wanted} that were open, lost`, `${lost}`);
  row(
    `${values.rate} handshakes a second for ${seconds} s; certificate, anchors and list change each second`,
    rated,
    `${reloads} reloads, ${refused} refused; ${lost} of ${wanted} open connections lost; memory of all three processes ${atFirst} MB at the start, ${withOpen} MB with ${wanted} open, ${memory.at(-1) ?? withOpen} MB at the end`,
  );
  if (rated.failed > 0) fault(`${rated.failed} handshakes: ${rated.errors.join('; ')}`);
  if (lost > 0) fault(`${lost} open connections were lost`);

  const [worker = -1] = childrenOf(child.pid ?? -1);
  const killed = atRate(options, Number(values.rate), 6);
  await pause(1_000);
  process.kill(worker, 'SIGKILL');
  const afterKill = await killed;
  say('kill -9 of one of two workers, meanwhile', afterKill);
  say(`of ${wanted} that were open, lost with it`, `${lost}`);
  row('`kill -9` of one of two workers', afterKill, `${lost} of the ${wanted} lost with it, no other`);
  if (lost >= wanted) fault('the other worker lost its connections too');
  const lostWithIt = lost;

  const [first] = servers;
  const dying = atRate(options, Number(values.rate), 6);
  await pause(1_000);
  await first?.stop();
  await pause(2_000);
  const back = await echo(first?.port);
  const afterDeath = await dying;
  say('a server dies and returns, meanwhile', afterDeath);
  // Its own connections went with it: those of a third of the clients that are left, and those that were in the middle of a byte.
  row(
    'one of three servers dies and returns',
    afterDeath,
    `${lost - lostWithIt} more lost, which were connected to it`,
  );

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
  const beside = await atRate(options, Number(values.rate), 6);
  say(`${values['half-open']} half-open clients, and others`, beside);
  say('memory with them, MB', `${before}`);
  const after = await Promise.race([closed, pause(20_000).then(() => -1)]);
  say('a client that sends a byte each second is closed after, ms', `${after}`);
  row(
    `${values['half-open']} half-open clients, and one that sends a byte each second`,
    beside,
    `memory ${before} MB; the slow one is closed after ${Math.round(after / 100) / 10} s`,
  );
  if (beside.failed > 0) fault(`beside half-open clients ${beside.failed} failed: ${beside.errors.join('; ')}`);
  if (after < 0) fault('the client that sends a byte each second is still there');
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
    console.log(`${name}: it cannot be reached: ${first.error}`);
    compared.push(`| ${name} | it cannot be reached | | | | | | |`);
    return;
  }
  const until = performance.now() + 8_000;
  const all: Shake[] = [];
  const idle = rss(pids());
  const cpuBefore = cpuOf(pids());
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (performance.now() < until) all.push(await shake(options));
    }),
  );
  const result = summary(all);
  const cpuEach = (cpuOf(pids()) - cpuBefore) / Math.max(1, all.length);
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
  const cpuAtEcho = cpuOf(pids());
  const block = Buffer.alloc(262_144);
  for (let sent = 0; sent < size && !socket.destroyed; sent += block.length)
    if (!socket.write(block)) await new Promise((done) => socket.once('drain', done));
  await whole;
  const cpuMegabyte = (cpuOf(pids()) - cpuAtEcho) / Math.max(1, received / 1_048_576);
  const rate = received / 1_048_576 / ((performance.now() - began) / 1_000);
  socket.destroy();
  say(name, { ...result, rated, rate, cpuEach, cpuMegabyte });
  compared.push(
    `| ${name} | ${Math.round(result.done / 8)} | ${cpuEach.toFixed(1)} | ${Math.round(rate)} | ${cpuMegabyte.toFixed(1)} | ${idle} → ${rss(pids())} | ${rated.p50} / ${rated.p99} | ${result.failed + rated.failed} |`,
  );
}

async function compare(main: string, pki: Pki): Promise<void> {
  compared.push(
    '| server | full mutual handshakes/s, 16 at a time | its CPU for each, ms | echo through one connection, MB/s | its CPU for 1 MB there and back, ms | memory, MB | latency at 50/s, p50 / p99 ms | failed |',
  );
  compared.push('|---|---|---|---|---|---|---|---|');
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
      compared.push(`| ${name} | not installed | | | | | | |`);
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

/** Debian has it apart. */
const NGINX_STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** The same listener in the words of others: two workers or threads, TLS 1.3, mutual, no resumption by the client. */
const OTHERS: { readonly [program: string]: (port: number, to: number) => readonly string[] } = {
  nginx: (port, to) => {
    const log = path('nginx.log');
    writeFileSync(
      path('nginx.conf'),
      `daemon off; worker_processes 2; pid ${path('nginx.pid')}; error_log ${log};
${existsSync(NGINX_STREAM) ? `load_module ${NGINX_STREAM};` : ''}
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

/** Puts what was measured into the page; a part that was not measured this time stays as it is. */
function writePage(): void {
  const page = new URL('../docs/listener.md', import.meta.url);
  let text = readFileSync(page, 'utf8');
  const put = (name: string, lines: readonly string[]): void => {
    const begin = `<!-- begin ${name} -->`;
    const [from, to] = [text.indexOf(begin), text.indexOf(`<!-- end ${name} -->`)];
    if (from < 0 || to < from) throw new Error(`docs/listener.md has no place for ${name}`);
    text = `${text.slice(0, from + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`;
  };
  const where = `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}) for listener, clients and servers together, Node ${process.versions.node}, load average ${before.map((value) => value.toFixed(1)).join(', ')} before it began`;
  if (rows.length > 0)
    put('load', [
      `${where}:`,
      '',
      '| what | handshakes done | failed | p50 / p99 / worst, ms | |',
      '|---|---|---|---|---|',
      ...rows,
    ]);
  if (compared.length > 0) put('compare', [`${where}:`, '', ...compared]);
  writeFileSync(page, text);
}

const before = loadavg();
const main = await bundled('src/cli/main.ts', 'load');
try {
  const pki = await makePki();
  if (values.only !== 'compare') await ours(main, pki);
  if (values.compare || values.only === 'compare') {
    await turn(pki, 0);
    await compare(main, pki);
  }
  console.log([...rows, ...compared].join('\n'));
  if (values.doc) writePage();
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  removeBundle('load');
  rmSync(folder, { recursive: true, force: true });
}
