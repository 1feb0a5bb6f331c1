/**
 * Handshakes and bulk data of each contender, beside node:tls in the same run: `npm run bench [-- --quick]`.
 *
 * The contender runs in this process, in one role; the other side is always node:tls, in another process. So CPU time is
 * the contender's own, and wall time is both. Rounds are interleaved, and medians are shown; trust the ratios (node:tls
 * = 1.00), not the absolutes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl, selfSigned } from '../test/support/openssl.ts';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { nodeProvider } from '../src/crypto/node/index.ts';
import type { ClientSide, Contender, ServerSide, Terms } from './contender.ts';
import { nodeTls } from './node-tls.ts';
import type { PeerOrder } from './peer.ts';
import { answer, ask, type Order } from './protocol.ts';
import { warifu } from './warifu.ts';

const CONTENDERS: readonly Contender[] = [nodeTls, warifu(nodeProvider()), warifu(nobleProvider())];

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 2 : 5;
const HANDSHAKES = QUICK ? 20 : 100;
const BYTES = (QUICK ? 8 : 64) << 20;

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
  measure(contender: Contender): Promise<Measure>;
}

async function main(): Promise<void> {
  if (!hasOpenssl()) throw new Error('openssl is needed to make the certificates');
  const peer = await startPeer();
  try {
    const rows = await planRows(peer);
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; ${ROUNDS} rounds`);
    for (const row of rows) await show(row);
  } finally {
    peer.process.disconnect();
  }
}

async function planRows(peer: Peer): Promise<Row[]> {
  const server = selfSigned('localhost');
  const client = selfSigned('client');
  const terms = (version: Terms['version'], suite: Terms['suite'] = 'TLS_AES_128_GCM_SHA256'): Terms => ({
    version,
    suite,
    group: 'X25519',
  });
  const one = (t: Terms): Pair => ({
    client: { ...t, anchors: server.chain, serverName: 'localhost' },
    server: { ...t, credential: server },
  });
  const mutual = (t: Terms): Pair => ({
    client: { ...one(t).client, credential: client },
    server: { ...one(t).server, clientAnchors: client.chain },
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
    for (const order of ['down', 'up'] as const satisfies readonly Order[])
      rows.push({
        what: `${name} ${order === 'down' ? 'received' : 'sent'}`,
        unit: 'MB/s',
        version: pair.client.version,
        measure: async (contender) => {
          const connection = await contender.connect(port, pair.client);
          await ask(connection, 'hello', 0);
          const measure = await timed(BYTES / 1e6, () => ask(connection, order, BYTES));
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

/** One round of each that does not count, then rounds in turn. */
async function show(row: Row): Promise<void> {
  const measures = new Map<Contender, Measure[]>(
    CONTENDERS.filter(({ versions }) => versions.includes(row.version)).map((contender) => [contender, []]),
  );
  for (let round = -1; round < ROUNDS; round++)
    for (const [contender, list] of measures) {
      const measure = await row.measure(contender);
      if (round >= 0) list.push(measure);
    }
  const unit = row.unit === 'MB/s' ? 'MB' : 'handshake';
  console.log(`\n${row.what}`);
  const base = medians(measures.get(nodeTls) ?? []);
  for (const [{ name }, list] of measures) {
    const { rate, cpu } = medians(list);
    console.log(
      `  ${name.padEnd(16)} ${rate.toFixed(0).padStart(6)} ${row.unit.padEnd(12)} ${(rate / base.rate).toFixed(2).padStart(6)} ` +
        `  ${cpu.toFixed(2).padStart(7)} CPU ms/${unit.padEnd(9)} ${(cpu / base.cpu).toFixed(2).padStart(6)}`,
    );
  }
}

function medians(list: readonly Measure[]): Measure {
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return { rate: middle(list.map(({ rate }) => rate)), cpu: middle(list.map(({ cpu }) => cpu)) };
}

interface Peer {
  readonly process: ChildProcess;
  tell(order: PeerOrder): Promise<number>;
}

async function startPeer(): Promise<Peer> {
  const child = fork(join(import.meta.dirname, 'peer.ts'), { execArgv: ['--import', 'tsx'] });
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
