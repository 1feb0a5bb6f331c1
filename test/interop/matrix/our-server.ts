import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { AcceptOptions } from '../../../src/index.ts';
import { server12 } from '../../../src/engine/protocols12.ts';
import { server13 } from '../../../src/handshake/tls13/server/server.ts';
import { createServer, type TlsSocket } from '../../../src/node/index.ts';
import { loadCredential } from '../../../src/pki/credentials/credential.ts';
import { memoryServerSessions } from '../../../src/resumption/stores.ts';
import { ticketSealer } from '../../../src/resumption/tickets.ts';
import { manyKems, noble, rootsVerifier } from '../../support/credentials.ts';
import { serverEntry } from '../../support/pki.ts';
import { check, equal, failure, within } from './judge.ts';
import { stapleBytes } from './material.ts';
import { LARGE, PROTOCOL } from './our-client.ts';
import { answer } from './talk.ts';
import type { ConnectOrder, ConnectReport, Peer, Running, Scenario, Version } from './types.ts';

/** Our server with a peer's client. */

const SMALL = 40_000;
const KEY_UPDATE = 24;

/** @throws what went wrong. Returns the alert where the scenario is about one. */
export async function asServer(
  peer: Peer,
  running: Running,
  version: Version,
  scenario: Scenario,
  large: number = LARGE,
): Promise<number | undefined> {
  const trial = (options: Partial<AcceptOptions>, order: Partial<ConnectOrder>): Promise<Trial> =>
    run(peer, running, version, options, order);
  // No names of authorities: a client that has none of theirs would rather show nothing.
  const guarded = { clientAuth: 'require', verifier: rootsVerifier, authorities: [] } as const;
  switch (scenario) {
    case 'oneWay':
      good(await trial({}, {}));
      return;
    case 'mutual': {
      const { info } = good(await trial(guarded, { shows: 'good' }));
      equal('certificate', info.peer?.verdict.ok, true);
      return;
    }
    case 'withoutCertificate':
      return refused(await trial(guarded, {}), version === '1.3' ? 116 : 40);
    case 'badCertificate':
      return refused(await trial(guarded, { shows: 'bad' }), 48);
    case 'retry': {
      const { info } = good(await trial({ groups: ['secp384r1'], retryCookie: true }, {}));
      equal('retried', info.retried, true);
      return;
    }
    case 'hybrid': {
      const { info } = good(await trial({ groups: ['X25519MLKEM768'] }, { group: 'X25519MLKEM768' }));
      equal('group', info.group?.name, 'X25519MLKEM768');
      return;
    }
    case 'kems':
      for (const group of peer.kems!) {
        const { info } = good(await trial({ crypto: manyKems, groups: [group] }, { group }));
        equal('group', info.group?.name, group);
      }
      return;
    case 'alpn': {
      const result = await trial({ alpn: ['one', PROTOCOL] }, { alpn: true });
      equal('protocol', good(result).info.alpn, PROTOCOL);
      if (result.report.alpn !== undefined) equal('protocol, says the peer', result.report.alpn, PROTOCOL);
      return;
    }
    case 'keyUpdate': {
      const result = await trial({}, { rekey: true });
      good(result);
      check(result.updates > 0, 'the peer did not change its keys');
      return;
    }
    case 'staple': {
      const { chain, key } = serverEntry();
      const credential = await loadCredential(
        { certificates: chain.join(''), privateKey: key, ocspResponse: stapleBytes() },
        noble,
      );
      const result = await trial({ credential }, { staple: true });
      good(result);
      equal('stapled, says the peer', result.report.staple, true);
      return;
    }
    case 'large':
      good(await trial({}, { bytes: large }));
      return;
    case 'close': {
      const result = await trial({}, {});
      good(result);
      const reason = await within(5_000, 'close_notify', result.ended[0]!);
      check(reason === undefined, `it ended with ${String(reason)}`);
      if (result.report.clean !== undefined) equal('clean, says the peer', result.report.clean, true);
      return;
    }
    case 'tickets':
    case 'ids': {
      const ids = scenario === 'ids';
      const memory = ids
        ? { resumption: { tickets: false as const, sessionIds: memoryServerSessions() } }
        : { resumption: { tickets: ticketSealer({ crypto: noble }) } };
      const result = await trial(memory, { times: 2, ids });
      good(result);
      const resumed = result.sockets.map(({ info }) => info.resumed);
      equal('resumed', resumed, [false, true]);
      return;
    }
  }
}

interface Trial {
  readonly version: Version;
  readonly report: ConnectReport;
  readonly sockets: TlsSocket[];
  readonly errors: unknown[];
  /** How each connection ended: undefined, as it should. */
  readonly ended: Promise<unknown>[];
  updates: number;
}

async function run(
  peer: Peer,
  running: Running,
  version: Version,
  options: Partial<AcceptOptions>,
  order: Partial<ConnectOrder>,
): Promise<Trial> {
  const result: Trial = { version, report: {}, sockets: [], errors: [], ended: [], updates: 0 };
  const { chain, key } = serverEntry();
  const listener = createServer(
    {
      credential: { certificates: chain.join(''), privateKey: key },
      protocols: [version === '1.3' ? server13 : server12],
      resumption: false,
      ...(peer.bindsSecret === false && { requireExtendedMasterSecret: false }),
      ...options,
      onTrace: (event) => {
        if (event.type === 'message' && event.from === 'client' && event.handshakeType === KEY_UPDATE) result.updates++;
      },
    },
    (socket) => {
      socket.on('error', (error) => result.errors.push(error));
      result.ended.push(failure(socket));
      result.sockets.push(socket);
      let asked = !order.rekey;
      const onPiece = (): void => {
        if (!asked) socket.updateKeys(true);
        asked = true;
      };
      answer(socket, peer.talk ?? 'echo', onPiece, peer.closes === 'after us' ? (order.bytes ?? SMALL) : undefined);
    },
  );
  listener.on('tlsClientError', (error) => result.errors.push(error));
  try {
    const port = await listen(listener);
    const whole: ConnectOrder = {
      version,
      port,
      alpn: false,
      staple: false,
      ids: false,
      bytes: SMALL,
      times: 1,
      rekey: false,
      ...order,
    };
    const report = await within(peer.slow ? 90_000 : 30_000, 'the peer', running.connect(whole));
    // What the peer has sent last is perhaps not read yet.
    if (report.error !== undefined && result.errors.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 200));
    return { ...result, report, updates: result.updates };
  } finally {
    for (const socket of result.sockets) setTimeout(() => socket.destroy(), 5_000).unref();
    listener.close();
  }
}

function good({ report, sockets, errors, version }: Trial): TlsSocket {
  if (report.error !== undefined || errors.length > 0)
    throw new Error(`the peer: ${report.error ?? 'is content'}; we: ${errors.map(String).join('; ') || 'are content'}`);
  const socket = sockets.at(-1);
  check(socket !== undefined, 'there was no connection');
  equal('version', socket!.info.version, version === '1.3' ? 'TLSv1.3' : 'TLSv1.2');
  return socket!;
}

function refused({ report, errors }: Trial, expected: number): number {
  const [error] = errors as { readonly alert?: number }[];
  equal(`alert (${String(error)})`, error?.alert, expected);
  check(report.error !== undefined, 'the peer did not notice');
  return expected;
}

async function listen(listener: Server): Promise<number> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return (listener.address() as AddressInfo).port;
}
