import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { TlsError } from '../../src/errors.ts';
import type { TraceEvent } from '../../src/handshake/config.ts';
import type { ClientSession, ClientSessionStore } from '../../src/handshake/session.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { memorySessions } from '../../src/resumption/stores.ts';
import { drain, run, written } from '../support/pair.ts';
import { ends, type Ends } from '../support/sessions.ts';

/** A server that fails over a session would fail over the next one too: all of its sessions go. */

const VERSIONS = [
  ['1.3', [client13], [server13]],
  ['1.2', [client12], [server12]],
] as const;

/** A store with some sessions of one server, and one of another. */
function filled(
  clients: (typeof VERSIONS)[number][1],
  servers: (typeof VERSIONS)[number][2],
  store = memorySessions(),
): Ends {
  const all = ends({ protocols: clients, sessions: store }, { protocols: servers });
  for (let count = 0; count < 2; count++) all.connect();
  all.connect({ serverName: 'other.example' });
  return all;
}

/** How a server refuses; the client has said its hello. */
const REFUSALS: readonly (readonly [string, (client: ReturnType<Ends['client']>) => void])[] = [
  ['an alert', (client) => client.receive(Uint8Array.of(21, 3, 3, 0, 2, 2, 40))],
  ['close_notify', (client) => client.receive(Uint8Array.of(21, 3, 3, 0, 2, 1, 0))],
  ['the end of the transport', (client) => client.receiveEnd()],
  ['a transport that fails', (client) => client.abort(new TlsError('ERR_TRANSPORT'))],
  ['nonsense', (client) => client.receive(Uint8Array.of(22, 3, 3, 0, 4, 2, 0, 0, 0))],
  ['silence, until the program gives up', (client) => client.abort(new TlsError('ERR_ABORTED'))],
];

describe.each(VERSIONS)('TLS %s', (_, clients, servers) => {
  it.each(REFUSALS)(
    'refused by %s: the next connection is full, and those to other servers are not',
    (_name, refuse) => {
      const all = filled(clients, servers);
      const client = all.client();
      client.start();
      drain(client);
      refuse(client);
      drain(client);
      expect(client.status).toBe('failed');
      expect(resumed(all.connect())).toBe(false);
      expect(resumed(all.connect({ serverName: 'other.example' }))).toBe(true);
      expect(resumed(all.connect()), 'and the one behind it is resumed again').toBe(true);
    },
  );

  it('a server that does without is no refusal, and neither is a connection that was open', () => {
    const all = filled(clients, servers);
    const lost = all.connect({}, { tickets: { seal: () => undefined, open: () => undefined } });
    expect(resumed(lost)).toBe(false);
    lost.client.receiveEnd();
    drain(lost.client);
    // A session of TLS 1.2 was the only one, and is used up.
    all.connect();
    const pair = all.connect();
    expect(resumed(pair)).toBe(true);
    pair.server.send(Uint8Array.of(1));
    run(pair);
    pair.client.receiveEnd();
    drain(pair.client);
    expect(pair.client.status).toBe('failed');
    expect(resumed(all.connect())).toBe(true);
  });

  it.each(['sync', 'async', 'broken'] as const)('a store that cannot forget in one act is emptied: %s', async (how) => {
    const kept: ClientSession[] = [];
    const notes: string[] = [];
    const onTrace = (event: TraceEvent): void => {
      if (event.type === 'note') notes.push(event.text);
    };
    let broken = false;
    const store: ClientSessionStore = {
      take: () => {
        if (broken) throw new Error('down');
        return kept.pop();
      },
      put: (_key, session) => void kept.push(session),
    };
    const all = filled(clients, servers, store as ReturnType<typeof memorySessions>);
    for (let count = 0; count < 3; count++) kept.push(kept[0]!);
    const client = all.client({ onTrace });
    client.start();
    drain(client);
    const { take } = store;
    if (how === 'async') store.take = async (key) => await take(key);
    broken = how === 'broken';
    client.receiveEnd();
    drain(client);
    expect(client.status).toBe('failed');
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    if (how === 'broken') expect(notes.join()).toMatch(/sessions could not be forgotten: Error: down/);
    else expect(kept).toEqual([]);
  });
});

describe('TLS 1.3, where the server can refuse behind the handshake', () => {
  it('an alert as the first thing that it says is a refusal', () => {
    const all = filled([client13], [server13]);
    const [client, server] = [all.client(), all.server()];
    client.start();
    server.start();
    for (const bytes of written(drain(client))) server.receive(bytes);
    for (const bytes of written(drain(server))) client.receive(bytes);
    drain(client);
    expect([client.status, client.info.resumed]).toEqual(['open', true]);
    client.abort(new TlsError('ERR_TRANSPORT'));
    drain(client);
    expect(resumed(all.connect())).toBe(false);
  });

  it('what the program gives up itself is none', () => {
    const all = filled([client13], [server13]);
    const pair = all.connect();
    pair.client.abort(new TlsError('ERR_ABORTED'));
    drain(pair.client);
    expect(resumed(all.connect())).toBe(true);
  });
});

const resumed = ({ client }: { readonly client: ReturnType<Ends['client']> }): boolean => client.info.resumed ?? false;
