import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createServer } from '../src/node/index.ts';
import { basicPki, serverEntry } from '../test/support/pki.ts';

/** Heap of an idle connection at a server, in KiB: in a process of its own, which collects its garbage when told to. */
export async function memoryOf(count: number): Promise<{ readonly what: string; readonly heap: number }[]> {
  const found: { what: string; heap: number }[] = [];
  for (const what of ['node:tls', 'warifu']) {
    const child = fork(fileURLToPath(import.meta.url), [what, String(count)], {
      execArgv: ['--expose-gc', ...process.execArgv],
    });
    const [heap] = (await once(child, 'message')) as [number];
    child.kill();
    found.push({ what, heap });
  }
  return found;
}

async function measure(what: string, count: number): Promise<number> {
  const { chain, key } = serverEntry();
  const pem = { certificates: chain.join('\n'), privateKey: key };
  const server =
    what === 'node:tls' ? tls.createServer({ cert: pem.certificates, key }) : createServer({ credential: pem });
  const kept: unknown[] = [];
  server.on('secureConnection', (socket) => void kept.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const clients = fork(fileURLToPath(import.meta.url), ['clients', String(port)]);
  await once(clients, 'message');
  const open = async (many: number): Promise<number> => {
    const target = kept.length + many;
    clients.send(many);
    while (kept.length < target) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = await open(30);
  const after = await open(count);
  clients.kill();
  return (after - before) / count / 1024;
}

async function clients(port: number): Promise<void> {
  const ca = basicPki().ca.ecRoot.certificate;
  process.on('message', async (many: number) => {
    for (let i = 0; i < many; i++) {
      const socket = tls.connect({ host: '127.0.0.1', port, servername: 'server.example', ca });
      socket.on('error', () => {}).resume();
      await once(socket, 'secureConnect');
    }
  });
  process.send?.('ready');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , what, count] = process.argv;
  if (what === 'clients') await clients(Number(count));
  else {
    process.send?.(await measure(what ?? '', Number(count)));
    process.exit();
  }
}
