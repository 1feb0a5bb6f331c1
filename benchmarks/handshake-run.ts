/** One contender in one role, in a fresh process: told what to do by its argument, says what it took. Started by handshakes.ts. */
import { fork } from 'node:child_process';
import { autoProvider } from '../src/crypto/auto.ts';
import type { PemCredential } from '../test/support/openssl.ts';
import type { ClientSide, ServerSide, Terms } from './contender.ts';
import { nodeTls } from './node-tls.ts';
import { answer, ask } from './protocol.ts';
import { warifuSocket } from './socket.ts';

export interface HandshakeOrder {
  readonly who: 'node:tls' | 'warifu' | 'peer';
  readonly role: 'client' | 'server';
  readonly version: Terms['version'];
  readonly mutual: boolean;
  readonly resume: boolean;
  readonly anchors: string;
  readonly server: PemCredential;
  readonly client: PemCredential;
  /** After how many handshakes it is measured, in ascending order, and how many are measured then. */
  readonly marks: readonly (readonly [after: number, count: number])[];
}

/** CPU milliseconds of a handshake, for each mark. */
export type HandshakeCosts = readonly number[];

const argument = process.argv[2];
if (argument === undefined) throw new Error('this file is started by handshakes.ts');
const order: HandshakeOrder = JSON.parse(argument);
const terms: Terms = {
  version: order.version,
  suite: 'TLS_AES_128_GCM_SHA256',
  group: 'X25519',
  ...(order.resume && { resume: true }),
};
const clientSide: ClientSide = {
  ...terms,
  anchors: order.anchors,
  serverName: 'server.example',
  ...(order.mutual && { credential: order.client }),
};
const serverSide: ServerSide = {
  ...terms,
  credential: order.server,
  ...(order.mutual && { clientAnchors: order.anchors }),
};
const contender = order.who === 'warifu' ? warifuSocket(autoProvider(), 'warifu') : nodeTls;

async function connectTimes(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const connection = await contender.connect(port, clientSide);
    await ask(connection, 'hello', 0);
    connection.close();
  }
}

/** The other side: node:tls, told by messages how many connections to make. */
async function bePeer(): Promise<void> {
  process.on('disconnect', () => process.exit());
  if (order.role === 'server') {
    process.send?.({ port: (await contender.listen(serverSide, answer)).port });
    return;
  }
  process.on('message', ({ port, count }: { readonly port: number; readonly count: number }) => {
    connectTimes(port, count).then(
      () => process.send?.({}),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.send?.({});
}

async function measure(): Promise<HandshakeCosts> {
  const other: HandshakeOrder = { ...order, who: 'peer', role: order.role === 'client' ? 'server' : 'client' };
  const peer = fork(process.argv[1]!, [JSON.stringify(other)]);
  const heard = (): Promise<number> =>
    new Promise((resolve, reject) => {
      peer.once('message', ({ port = 0, error }: { readonly port?: number; readonly error?: string }) =>
        error === undefined ? resolve(port) : reject(new Error(error)),
      );
    });
  const there = await heard();
  const here = order.role === 'client' ? 0 : (await contender.listen(serverSide, answer)).port;
  const handshakes = async (count: number): Promise<void> => {
    if (order.role === 'client') return await connectTimes(there, count);
    const done = heard();
    peer.send({ port: here, count });
    await done;
  };
  const costs: number[] = [];
  let made = 0;
  for (const [after, count] of order.marks) {
    await handshakes(after - made);
    const before = process.cpuUsage();
    await handshakes(count);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000 / count);
    made = after + count;
  }
  peer.disconnect();
  return costs;
}

if (order.who === 'peer') await bePeer();
else {
  process.stdout.write(JSON.stringify(await measure()));
  process.exit();
}
