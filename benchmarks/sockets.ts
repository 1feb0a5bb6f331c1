/**
 * What a byte costs over a socket of Node: received, and sent in writes of 64, 16 and 1 KiB, beside node:tls. CPU of this
 * process alone; the other side is node:tls in a process of its own. Each round measures both, one right behind the other,
 * and what counts is the median of the ratios of the rounds: `npm run bench:sockets [-- --quick]`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { createClientContext } from '../src/index.ts';
import { connect } from '../src/node/index.ts';
import { serverEntry, trustedRootsPem } from '../test/support/pki.ts';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 3 : 9;
const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'] as const;

interface Order {
  readonly what: string;
  /** Bytes that the other side sends. */
  readonly down: number;
  /** Bytes that this side sends, in writes of `write` bytes. */
  readonly up: number;
  readonly write: number;
}

const MIB = 1 << 20;
const size = (QUICK ? 16 : 64) * MIB;
const ORDERS: readonly Order[] = [
  { what: 'received', down: size, up: 0, write: 0 },
  { what: 'sent, 64 KiB', down: 0, up: size, write: 65_536 },
  { what: 'sent, 16 KiB', down: 0, up: size, write: 16_384 },
  { what: 'sent, 1 KiB', down: 0, up: size / 4, write: 1_024 },
];

if (process.send === undefined) await measure();
else serve();

async function measure(): Promise<void> {
  const peer = fork(new URL(import.meta.url));
  const [port] = (await once(peer, 'message')) as [number];
  const context = createClientContext({ anchors: trustedRootsPem(), resumption: false });
  const contexts = Object.fromEntries(SUITES.map((suite) => [suite, context.with({ suites: [suite] })]));
  console.log(`Node ${process.version}; CPU ms per MB, medians of ${ROUNDS} rounds; ratio within the round\n`);
  console.log(`${''.padEnd(44)}${'node:tls'.padStart(10)}${'warifu'.padStart(10)}${'ratio'.padStart(8)}`);
  for (const suite of SUITES)
    for (const order of ORDERS) {
      const ways = {
        theirs: () => {
          const options = {
            port,
            host: '127.0.0.1',
            servername: 'server.example',
            ca: trustedRootsPem(),
            ciphers: suite,
          };
          return tls.connect({ ...options, minVersion: 'TLSv1.3' });
        },
        ours: () => connect({ port, host: '127.0.0.1' }, { context: contexts[suite]!, serverName: 'server.example' }),
      };
      const costs: { theirs: number; ours: number }[] = [];
      for (let round = -1; round < ROUNDS; round++) {
        const cost = { theirs: 0, ours: 0 };
        for (const who of round % 2 === 0 ? (['theirs', 'ours'] as const) : (['ours', 'theirs'] as const))
          cost[who] = await costOf(ways[who](), order);
        if (round >= 0) costs.push(cost);
      }
      const [theirs, ours, ratio] = [
        median(costs.map((cost) => cost.theirs)),
        median(costs.map((cost) => cost.ours)),
        median(costs.map((cost) => cost.ours / cost.theirs)),
      ].map((value) => value.toFixed(2));
      console.log(
        `${`${suite}, ${order.what}`.padEnd(44)}${theirs!.padStart(10)}${ours!.padStart(10)}${ratio!.padStart(8)}`,
      );
    }
  peer.kill();
}

/** CPU milliseconds per million bytes, the handshake left out. */
async function costOf(socket: Duplex, { down, up, write }: Order): Promise<number> {
  const request = Buffer.alloc(8);
  request.writeUInt32BE(down, 0);
  request.writeUInt32BE(up, 4);
  // One byte in answer: the handshake is done, at both ends.
  socket.write(request);
  await once(socket, 'data');
  const before = process.cpuUsage();
  let left = down === 0 ? 1 : down;
  const received = new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('data', (data: Buffer) => {
      left -= data.length;
      if (left <= 0) resolve();
    });
  });
  socket.write(request.subarray(0, 1));
  await send(socket, up, write);
  await received;
  const { user, system } = process.cpuUsage(before);
  socket.destroy();
  return (user + system) / 1_000 / ((down + up) / 1e6);
}

async function send(socket: Duplex, bytes: number, write: number): Promise<void> {
  const chunk = Buffer.alloc(write, 7);
  for (let sent = 0; sent < bytes; sent += write) if (!socket.write(chunk)) await once(socket, 'drain');
}

/** The other side: does as it is told, and says when it has everything. */
function serve(): void {
  const { chain, key } = serverEntry();
  const server = tls.createServer({ cert: chain.join('\n'), key }, (socket) => {
    let got = 0;
    let down = 0;
    let up = 0;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      if (got === 0) {
        down = data.readUInt32BE(0);
        up = data.readUInt32BE(4);
        socket.write('1');
      }
      const before = got;
      got += data.length;
      if (before < 9 && got >= 9 && down > 0) void send(socket, down, 65_536);
      if (down === 0 && before < 9 + up && got >= 9 + up) socket.write('1');
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
