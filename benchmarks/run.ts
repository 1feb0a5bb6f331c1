/**
 * Handshakes and bulk of each contender, beside node:tls in the same rounds: `npm run bench [-- --quick] [-- --only TEXT]`.
 *
 * The contender runs in this process, in one role; the other side is always node:tls, in another process. So CPU time is
 * the contender's own. Rounds are interleaved; shown are medians, and medians of the ratios to node:tls within a round. Writes
 * `benchmarks/results/node-<version>.json`, and with `--doc` docs/benchmarks.md and its picture from all that is there.
 * Other libraries in JavaScript are the dependencies of this folder's own package.json: `npm ci` here.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { autoProvider } from '../src/crypto/auto.ts';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { basicPki, clientEntry, serverEntry } from '../test/support/pki.ts';
import type { PemCredential } from '../test/support/openssl.ts';
import { inChromium } from './browser.ts';
import { burst } from './burst.ts';
import type { ClientSide, Contender, ServerSide, Terms } from './contender.ts';
import { writePage } from './doc.ts';
import { importTimes } from './import.ts';
import { lemonTls } from './lemon.ts';
import { nodeTls } from './node-tls.ts';
import type { PeerOrder } from './peer.ts';
import { answer, ask, type Order } from './protocol.ts';
import { memoryOf } from './memory.ts';
import { warifuSocket } from './socket.ts';
import type { Contended, Results } from './results.ts';

const QUICK = process.argv.includes('--quick');
const only = process.argv.indexOf('--only');
const ONLY = only < 0 ? undefined : process.argv[only + 1];
const ROUNDS = QUICK ? 3 : 7;
const HANDSHAKES = QUICK ? 25 : 150;
const BYTES = (QUICK ? 8 : 48) << 20;
const RESULTS = join(import.meta.dirname, 'results');

interface Measure {
  /** Units a second. */
  readonly rate: number;
  /** CPU milliseconds a unit, of this process. */
  readonly cpu: number;
}
interface Row {
  readonly what: string;
  readonly unit: 'handshakes/s' | 'MB/s';
  readonly version: Terms['version'];
  /** The same for all contenders; another each time, so that sessions are not mixed up. */
  measure(contender: Contender): Promise<Measure>;
}

async function main(): Promise<void> {
  if (process.argv.includes('--doc-only')) return writePage(RESULTS);
  const contenders = [
    nodeTls,
    warifuSocket(autoProvider(), 'warifu'),
    warifuSocket(nobleProvider(), 'warifu, noble alone'),
    await lemonTls(),
  ].filter((one) => one !== undefined);
  const peer = await startPeer();
  const rows: Results['rows'][number][] = [];
  try {
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; ${ROUNDS} rounds`);
    for (const row of await planRows(peer)) {
      if (ONLY !== undefined && !row.what.includes(ONLY)) continue;
      const contended = await compare(row, contenders);
      rows.push({ what: row.what, unit: row.unit, contended });
      show(row, contended);
    }
  } finally {
    peer.process.disconnect();
  }
  const more = ONLY === undefined ? await rest() : {};
  const results: Results = {
    node: process.version,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`,
    load: loadavg()[1] ?? 0,
    rounds: ROUNDS,
    handshakes: HANDSHAKES,
    megabytes: BYTES >> 20,
    rows,
    ...more,
  };
  mkdirSync(RESULTS, { recursive: true });
  if (ONLY === undefined)
    writeFileSync(
      join(RESULTS, `node-${process.versions.node.split('.')[0]}.json`),
      `${JSON.stringify(results, undefined, 2)}\n`,
    );
  if (process.argv.includes('--doc')) writePage(RESULTS);
}

/** What is not a matter of two sides and a socket. */
async function rest(): Promise<Pick<Results, 'imports' | 'bursts' | 'memory' | 'browser'>> {
  const imports = importTimes(QUICK ? 5 : 11);
  console.log('\nimport, CPU ms');
  for (const { what, cpu } of imports) console.log(`  ${what.padEnd(30)} ${cpu.toFixed(1).padStart(7)}`);
  const bursts = [];
  for (const name of ['node:tls', 'warifu', 'warifu, noble alone'] as const) {
    const result = await burst(name, name === 'warifu, noble alone' || QUICK ? 200 : 500);
    bursts.push(result);
    console.log(
      `${result.count} handshakes at once, ${name}: ${result.total.toFixed(0)} ms, longest stop of the event loop ${result.stop.toFixed(0)} ms, ${result.stopCpu.toFixed(0)} ms of CPU`,
    );
  }
  const memory = await memoryOf(QUICK ? 100 : 400);
  for (const { what, heap } of memory) console.log(`${what}: ${heap.toFixed(1)} KiB of heap an idle connection`);
  const browser = await inChromium(QUICK ? 16 : 64, QUICK ? 3 : 7);
  return { imports, bursts, memory, ...(typeof browser !== 'string' && { browser }) };
}
async function planRows(peer: Peer): Promise<Row[]> {
  const pem = ({ chain, key }: ReturnType<typeof serverEntry>): PemCredential => ({ chain: chain.join('\n'), key });
  const [server, client, anchor] = [pem(serverEntry()), pem(clientEntry()), basicPki().ca.ecRoot.certificate];
  const terms = (version: Terms['version'], suite: Terms['suite'] = 'TLS_AES_128_GCM_SHA256'): Terms => ({
    version,
    suite,
    group: 'X25519',
  });
  const one = (t: Terms): Pair => ({
    client: { ...t, anchors: anchor, serverName: 'server.example' },
    server: { ...t, credential: server },
  });
  const mutual = (t: Terms): Pair => ({
    client: { ...one(t).client, credential: client },
    server: { ...one(t).server, clientAnchors: anchor },
  });
  const resumed = ({ client, server }: Pair): Pair => ({
    client: { ...client, resume: true },
    server: { ...server, resume: true },
  });
  const rows: Row[] = [];
  for (const [name, pair] of [
    ['1.3', one(terms('1.3'))],
    ['1.3 mutual', mutual(terms('1.3'))],
    ['1.2', one(terms('1.2'))],
    ['1.3 resumed', resumed(one(terms('1.3')))],
    ['1.3 mutual resumed', resumed(mutual(terms('1.3')))],
    ['1.2 resumed', resumed(one(terms('1.2')))],
  ] as const) {
    const port = await peer.tell({ kind: 'listen', options: pair.server });
    rows.push({
      what: `${name}, client`,
      unit: 'handshakes/s',
      version: pair.client.version,
      measure: (contender) =>
        timed(HANDSHAKES, async () => {
          for (let i = 0; i < HANDSHAKES; i++) {
            const connection = await contender.connect(port, pair.client);
            await ask(connection, 'hello', 0);
            connection.close();
          }
        }),
    });
    rows.push({
      what: `${name}, server`,
      unit: 'handshakes/s',
      version: pair.client.version,
      measure: (contender) =>
        listening(contender, pair.server, (own) =>
          timed(HANDSHAKES, () =>
            peer.tell({ kind: 'handshakes', port: own, options: pair.client, count: HANDSHAKES }),
          ),
        ),
    });
  }
  for (const [name, t] of [
    ['AES-128-GCM', terms('1.3')],
    ['ChaCha20-Poly1305', terms('1.3', 'TLS_CHACHA20_POLY1305_SHA256')],
  ] as const) {
    const pair = one(t);
    const port = await peer.tell({ kind: 'listen', options: pair.server });
    for (const [order, kilobytes] of [
      ['down', 64],
      ['up', 64],
      ['up', 16],
      ['up', 1],
    ] as const satisfies readonly (readonly [Order, number])[])
      rows.push({
        what: `${name} ${order === 'down' ? 'received' : `sent in writes of ${kilobytes} KiB`}`,
        unit: 'MB/s',
        version: pair.client.version,
        measure: async (contender) => {
          const bytes = kilobytes === 1 ? BYTES >> 2 : BYTES;
          const connection = await contender.connect(port, pair.client);
          await ask(connection, 'hello', 0);
          const measure = await timed(bytes / 1e6, () => ask(connection, order, bytes, kilobytes));
          connection.close();
          return measure;
        },
      });
  }
  return rows;
}

interface Pair {
  readonly client: ClientSide;
  readonly server: ServerSide;
}

async function listening<T>(contender: Contender, options: ServerSide, use: (port: number) => Promise<T>): Promise<T> {
  const listener = await contender.listen(options, answer);
  try {
    return await use(listener.port);
  } finally {
    await listener.close();
  }
}

async function timed(units: number, work: () => Promise<unknown>): Promise<Measure> {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await work();
  const seconds = (performance.now() - before) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { rate: units / seconds, cpu: (user + system) / 1000 / units };
}

/** One round of each that does not count, then rounds in turn. A contender that cannot do it is left out, and why is said. */
async function compare(row: Row, contenders: readonly Contender[]): Promise<Contended[]> {
  const measures = new Map<Contender, Measure[]>(
    contenders.filter(({ versions }) => versions.includes(row.version)).map((contender) => [contender, []]),
  );
  for (let round = -1; round < ROUNDS; round++)
    for (const [contender, list] of measures) {
      try {
        const measure = await within(row.measure(contender), 15_000);
        if (round >= 0) list.push(measure);
      } catch (error) {
        console.log(`  ${contender.name} cannot: ${row.what}: ${String(error)}`);
        measures.delete(contender);
      }
    }
  const base = measures.get(nodeTls) ?? [];
  return [...measures].map(([{ name }, list]) => ({
    name,
    rate: middle(list.map(({ rate }) => rate)),
    cpu: middle(list.map(({ cpu }) => cpu)),
    cpuRatio: middle(list.map(({ cpu }, round) => cpu / (base[round]?.cpu ?? Number.NaN))),
  }));
}

function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${milliseconds} ms`)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function show(row: Row, contended: readonly Contended[]): void {
  const unit = row.unit === 'MB/s' ? 'MB' : 'handshake';
  console.log(`\n${row.what}`);
  for (const { name, rate, cpu, cpuRatio } of contended)
    console.log(
      `  ${name.padEnd(20)} ${rate.toFixed(0).padStart(6)} ${row.unit.padEnd(12)} ${cpu.toFixed(2).padStart(7)} CPU ms/${unit.padEnd(9)} ${cpuRatio.toFixed(2).padStart(6)}`,
    );
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

interface Peer {
  readonly process: ChildProcess;
  tell(order: PeerOrder): Promise<number>;
}

async function startPeer(): Promise<Peer> {
  const child = fork(join(import.meta.dirname, 'peer.ts'));
  const next = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('the peer ended'));
      child.once('exit', gone);
      child.once('message', (message: { readonly value?: number; readonly error?: string }) => {
        child.off('exit', gone);
        if (message.value !== undefined) resolve(message.value);
        else reject(new Error(message.error));
      });
    });
  await next();
  return {
    process: child,
    tell: (order) => {
      const reply = next();
      child.send(order);
      return reply;
    },
  };
}

await main();
process.exit();
