import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { accept, connect, createClientContext, createServerContext } from '../src/index.ts';
import { createServer } from '../src/node/index.ts';
import { memoryPipe } from '../src/pipes/index.ts';
import { basicPki, serverEntry } from '../test/support/pki.ts';

/** Heap of an idle connection at a server, in KiB: in a process of its own, which collects its garbage when told to. */
export async function memoryOf(count: number): Promise<{ readonly what: string; readonly heap: number }[]> {
  const found: { what: string; heap: number }[] = [];
  for (const what of ['node:tls', 'warifu', 'warifu, Web Streams over a pipe in memory']) {
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
  if (what.includes('Streams')) return await ofStreams(pem, count);
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

/** Both ends of each connection are here, and the pipe between them: half of it is shown. */
async function ofStreams(
  pem: { readonly certificates: string; readonly privateKey: string },
  count: number,
): Promise<number> {
  const server = createServerContext({ credential: pem });
  const client = createClientContext({ anchors: basicPki().ca.ecRoot.certificate });
  const kept: unknown[] = [];
  const open = async (many: number): Promise<number> => {
    for (let i = 0; i < many; i++) {
      const [here, there] = memoryPipe();
      kept.push(
        await Promise.all([
          connect(here, { context: client, serverName: 'server.example' }),
          accept(there, { context: server }),
        ]),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = await open(30);
  return ((await open(count)) - before) / count / 1024 / 2;
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
