import { once } from 'node:events';
import { connect as plain } from 'node:net';
import * as tls from 'node:tls';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { autoProvider } from '../src/crypto/auto.ts';
import { nobleProvider } from '../src/crypto/noble/index.ts';
import { createServer } from '../src/node/index.ts';
import { basicPki, serverEntry } from '../test/support/pki.ts';

export interface Burst {
  readonly name: string;
  readonly count: number;
  /** Milliseconds until the last handshake is done. */
  readonly total: number;
  /** The longest time, in milliseconds, in which the server's event loop did not turn. */
  readonly stop: number;
  /** The most CPU, in milliseconds, that the process has used in one turn of it: how busy the machine is has no part in that. */
  readonly stopCpu: number;
}

/** Many handshakes at once at a server in this process; the clients are node:tls in another. */
export async function burst(name: 'node:tls' | 'warifu' | 'warifu, noble alone', count: number): Promise<Burst> {
  const { chain, key } = serverEntry();
  const pem = { certificates: chain.join('\n'), privateKey: key };
  const server =
    name === 'node:tls'
      ? tls.createServer({ cert: pem.certificates, key })
      : createServer({ credential: pem, crypto: name === 'warifu' ? autoProvider() : nobleProvider() });
  let done = 0;
  let finished: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    finished = resolve;
  });
  server.on('secureConnection', (socket: tls.TLSSocket) => {
    socket.on('error', () => {});
    if (++done === count) finished();
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', 1024);
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const clients = fork(fileURLToPath(import.meta.url), [String(port), String(count)]);
  await once(clients, 'message');
  let last = performance.now();
  let lastCpu = process.cpuUsage();
  let stop = 0;
  let stopCpu = 0;
  let running = true;
  const watch = (): void => {
    const now = performance.now();
    stop = Math.max(stop, now - last);
    last = now;
    const { user, system } = process.cpuUsage(lastCpu);
    stopCpu = Math.max(stopCpu, (user + system) / 1000);
    lastCpu = process.cpuUsage();
    if (running) setImmediate(watch);
  };
  watch();
  const start = performance.now();
  clients.send('go');
  await all;
  running = false;
  const total = performance.now() - start;
  clients.kill();
  server.close();
  return { name, count, total, stop, stopCpu };
}

/** The other process: everything is connected first, so that the handshakes really begin together. */
async function clients(port: number, count: number): Promise<void> {
  const sockets = Array.from({ length: count }, () => plain({ host: '127.0.0.1', port }).on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  process.send?.('ready');
  await once(process, 'message');
  const ca = basicPki().ca.ecRoot.certificate;
  for (const socket of sockets) tls.connect({ socket, servername: 'server.example', ca }).on('error', () => {});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await clients(Number(process.argv[2]), Number(process.argv[3]));
