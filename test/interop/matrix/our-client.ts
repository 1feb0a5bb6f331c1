import { once } from 'node:events';
import type { ConnectOptions } from '../../../src/index.ts';
import { client12 } from '../../../src/engine/protocols12.ts';
import { client13 } from '../../../src/handshake/tls13/client/client.ts';
import { connect, type TlsSocket } from '../../../src/node/index.ts';
import { memorySessions } from '../../../src/resumption/stores.ts';
import { clientCredential, credentialOf, manyKems, rootsVerifier } from '../../support/credentials.ts';
import { faultyEntry } from '../../support/pki.ts';
import { check, equal, failure, within } from './judge.ts';
import { stapleBytes } from './material.ts';
import { payload, Reader, returned, roundTrip } from './talk.ts';
import type { Peer, Running, Scenario, ServeOrder, Serving, Version } from './types.ts';

/** Our client with a peer's server: what each scenario does, and what has to be true afterwards. */

export const PROTOCOL = 'http/1.1';
const SMALL = 40_000;
export const LARGE = 10_500_000;
/** In the tests, where every cell is filled too: more than any buffer on the way holds. */
export const LARGE_QUICK = 2_100_000;
const KEY_UPDATE = 24;

/** Servers are started when the first scenario wants them; scenarios that want the same one share it. */
export class Servers {
  readonly #running: Running;
  readonly #serving = new Map<string, Promise<Serving>>();

  readonly #bindsSecret: false | undefined;

  constructor(running: Running, { bindsSecret }: Peer) {
    this.#running = running;
    this.#bindsSecret = bindsSecret;
  }

  serve(order: ServeOrder): Promise<Serving> {
    const name = JSON.stringify(order);
    let serving = this.#serving.get(name);
    if (serving === undefined) {
      serving = this.#running
        .serve(order)
        .then((one) => ({ ...one, ...(this.#bindsSecret === false && { bindsSecret: false as const }) }));
      this.#serving.set(name, serving);
    }
    return serving;
  }

  async stop(): Promise<void> {
    for (const serving of this.#serving.values()) await serving.then((one) => one.stop()).catch(() => {});
  }
}

/** @throws what went wrong. Returns the alert where the scenario is about one. */
export async function asClient(
  peer: Peer,
  servers: Servers,
  version: Version,
  scenario: Scenario,
  large: number = LARGE,
): Promise<number | undefined> {
  const plain: ServeOrder = { version, alpn: true, auth: false, staple: true, ids: false };
  if (!canDo(peer, version, 'staple')) Object.assign(plain, { staple: false });
  if (!canDo(peer, version, 'alpn')) Object.assign(plain, { alpn: false });
  const serve = (more: Partial<ServeOrder> = {}): Promise<Serving> => servers.serve({ ...plain, ...more });
  const guarded = (): Promise<Serving> => serve({ auth: true, alpn: false, staple: false });
  switch (scenario) {
    case 'oneWay':
      return await talked(await serve(), version, {}, ({ info }) => {
        equal('certificate', info.peer?.verdict.ok, true);
        equal('resumed', info.resumed, false);
      });
    case 'mutual':
      return await talked(await guarded(), version, { credential: await clientCredential() }, ({ info }) => {
        equal('certificate requested', info.certificateRequested, true);
        equal('authenticated', info.authenticated, true);
      });
    case 'withoutCertificate':
      return await refused(await guarded(), version, {}, [116, 40, 42, 50]);
    case 'badCertificate': {
      const credential = await credentialOf(faultyEntry('untrustedClient'));
      return await refused(await guarded(), version, { credential }, [48, 42, 46, 43, 45, 49]);
    }
    case 'retry': {
      const serving = peer.retryGroups === undefined ? await serve({ group: 'secp384r1' }) : await serve();
      const groups = peer.retryGroups ?? ['X25519', 'secp384r1'];
      return await talked(serving, version, { groups }, ({ info }) => {
        equal('retried', info.retried, true);
        equal('group', info.group?.name, groups[1]);
      });
    }
    case 'hybrid':
      return await talked(await serve(), version, { groups: ['X25519MLKEM768'] }, ({ info }) =>
        equal('group', info.group?.name, 'X25519MLKEM768'),
      );
    case 'kems':
      for (const group of peer.kems!) {
        const serving = await serve({ group });
        await talked(serving, version, { crypto: manyKems, groups: [group] }, ({ info }) =>
          equal('group', info.group?.name, group),
        );
      }
      return;
    case 'alpn':
      return await talked(await serve(), version, { alpn: ['one', PROTOCOL] }, ({ info }) =>
        equal('protocol', info.alpn, PROTOCOL),
      );
    case 'keyUpdate':
      return await updated(await serve(), version);
    case 'staple': {
      const verifier = { wantsOcsp: true, verify: rootsVerifier.verify.bind(rootsVerifier) };
      return await talked(await serve(), version, { verifier }, ({ info }) => {
        const staple = info.peer?.ocspResponse;
        check(staple !== undefined, 'no response was stapled');
        if (peer.staples !== 'its own') equal('staple', Buffer.from(staple!), Buffer.from(stapleBytes()));
      });
    }
    case 'large':
      return await talked(await serve(), version, {}, () => {}, large);
    case 'close':
      return await closed(await serve(), version);
    case 'tickets':
    case 'ids': {
      const serving = await serve(scenario === 'ids' ? { ids: true } : {});
      const sessions = memorySessions();
      await talked(serving, version, { resumption: { store: sessions } }, ({ info }) =>
        equal('resumed', info.resumed, false),
      );
      return await talked(serving, version, { resumption: { store: sessions } }, ({ info }) =>
        equal('resumed', info.resumed, true),
      );
    }
  }
}

function canDo(peer: Peer, version: Version, scenario: Scenario): boolean {
  return peer.cannot('client', version, scenario) === undefined;
}

async function talked(
  serving: Serving,
  version: Version,
  options: Partial<ConnectOptions>,
  judge: (socket: TlsSocket) => void,
  bytes: number = SMALL,
): Promise<undefined> {
  const socket = await open(serving, version, options);
  try {
    equal('version', socket.info.version, version === '1.3' ? 'TLSv1.3' : 'TLSv1.2');
    await within(20_000, 'the talk', roundTrip(socket, serving.talk, bytes));
    judge(socket);
  } finally {
    await leave(socket);
  }
}

/** Says goodbye, and waits for a moment for what is still on its way: with it, tickets. */
async function leave(socket: TlsSocket): Promise<void> {
  if (!socket.destroyed) {
    socket.resume();
    socket.end();
    const patience = AbortSignal.timeout(1_000);
    if (!socket.readableEnded) await once(socket, 'end', { signal: patience }).catch(() => {});
  }
  socket.destroy();
}

async function closed(serving: Serving, version: Version): Promise<undefined> {
  const socket = await open(serving, version, {});
  try {
    await within(20_000, 'the talk', roundTrip(socket, serving.talk, SMALL));
    const end = failure(socket);
    if (serving.talk === 'reverse') socket.write('CLOSE\n'); // s_server ends first, or not at all
    socket.resume();
    socket.end();
    const reason = await within(5_000, 'close_notify', end);
    check(reason === undefined, `it ended with ${String(reason)}`);
  } finally {
    socket.destroy();
  }
}

async function updated(serving: Serving, version: Version): Promise<undefined> {
  let updates = 0;
  const socket = await open(serving, version, {
    onTrace: (event) => {
      if (event.type === 'message' && event.from === 'server' && event.handshakeType === KEY_UPDATE) updates++;
    },
  });
  try {
    if (serving.talk === 'http' || serving.talk === 'page') {
      // One request each connection: new keys come before it, and its answer under the peer's.
      socket.updateKeys(true);
      await within(20_000, 'the talk', roundTrip(socket, serving.talk, SMALL));
    } else {
      const reader = new Reader(socket);
      for (let round = 0; round < 3; round++) {
        const piece = payload(4_096, round);
        socket.write(piece);
        const back = await within(10_000, 'the talk', reader.take(piece.length));
        check(returned(piece, serving.talk).equals(back), 'what came back is not what was sent');
        socket.updateKeys(true);
      }
    }
    check(updates > 0, 'the peer did not change its keys');
  } finally {
    await leave(socket);
  }
}

async function refused(
  serving: Serving,
  version: Version,
  options: Partial<ConnectOptions>,
  alerts: readonly number[],
): Promise<number> {
  const reason = await open(serving, version, options).then(
    async (socket) => {
      const ended = failure(socket);
      socket.resume();
      socket.write('x');
      return await within(5_000, 'the alert', ended).finally(() => socket.destroy());
    },
    (error: unknown) => error,
  );
  const alert = (reason as { alertReceived?: number } | undefined)?.alertReceived;
  check(alert !== undefined && alerts.includes(alert), `it ended with ${String(reason)}`);
  return alert!;
}

async function open(serving: Serving, version: Version, options: Partial<ConnectOptions>): Promise<TlsSocket> {
  const socket = await within(
    10_000,
    'the handshake',
    connect(
      { host: '127.0.0.1', port: serving.port },
      {
        serverName: 'server.example',
        verifier: rootsVerifier,
        ...(serving.bindsSecret === false && { requireExtendedMasterSecret: false }),
        protocols: [version === '1.3' ? client13 : client12],
        resumption: false,
        ...options,
      },
    ).secured(),
  );
  // A failure is heard where it is waited for.
  socket.on('error', () => {});
  return socket;
}
