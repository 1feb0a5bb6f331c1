/**
 * What a credential given as PEM to a listener costs per handshake, beside one that was loaded beforehand: nothing, since a
 * context reads it once. Full TLS 1.3 handshakes over TCP on loopback, interleaved; CPU of the server's process alone.
 * `npm run bench:contexts`; the client is a process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { autoProvider } from '../src/crypto/auto.ts';
import { loadCredential } from '../src/index.ts';
import { connect, createServer } from '../src/node/index.ts';
import { serverEntry, trustedRootsPem } from '../test/support/pki.ts';

const ROUNDS = 10;
const HANDSHAKES = 150;

if (process.send === undefined) await serve();
else process.on('message', ask);

async function serve(): Promise<void> {
  const { chain, key } = serverEntry();
  const files = { certificates: chain.join('\n'), privateKey: key };
  const ways = { 'PEM given to createServer': files, 'loaded beforehand': await loadCredential(files, autoProvider()) };
  const servers = await Promise.all(
    Object.entries(ways).map(async ([name, credential]) => {
      const server = createServer({ credential }, (socket) => socket.end());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { name, server, port: (server.address() as AddressInfo).port, costs: [] as number[] };
    }),
  );
  const client = fork(new URL(import.meta.url), { execArgv: process.execArgv });
  for (let round = 0; round <= ROUNDS; round++) {
    for (const one of round % 2 === 0 ? servers : [...servers].reverse()) {
      const before = process.cpuUsage();
      client.send(one.port);
      await once(client, 'message');
      const { user, system } = process.cpuUsage(before);
      // The first round is for the compiler.
      if (round > 0) one.costs.push((user + system) / 1000 / HANDSHAKES);
    }
  }
  client.kill();
  for (const { server } of servers) server.close();
  const [given, loaded] = servers.map(({ name, costs }) => {
    const median = middle(costs);
    console.log(`${name}: ${median.toFixed(3)} ms of CPU per handshake (${ROUNDS} rounds of ${HANDSHAKES})`);
    return costs;
  });
  const ratios = given!.map((cost, round) => cost / loaded![round]!);
  console.log(`median of the ratios of each round: ${middle(ratios).toFixed(3)}`);
}

async function ask(port: unknown): Promise<void> {
  for (let count = 0; count < HANDSHAKES; count++) {
    const options = { serverName: 'server.example', anchors: trustedRootsPem() };
    const socket = connect({ host: '127.0.0.1', port: Number(port) }, options);
    socket.resume();
    await once(socket, 'close');
  }
  process.send?.('done');
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
