import { describe, expect, it } from 'vitest';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { EngineEvent } from '../../src/engine/event.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { PresentedPeer, Verdict } from '../../src/handshake/peer.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { type ClientParts, drain, makeClient, makeServer, run, type ServerParts } from '../support/pair.ts';
import { ends } from '../support/sessions.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';

/**
 * What the program's callbacks answer is the program's fault: whatever it is, the engine neither throws nor calls it an
 * internal error, no wrong answer lets a peer in, and the connection fails by the name of the callback or does without.
 */

const boom = (): never => {
  throw new Error('boom');
};
/** What nothing waits for (a key log, a trace) is the program's to catch. */
const refusing = (reason: unknown): Promise<never> => {
  const refused = Promise.reject(reason);
  refused.catch(() => {});
  return refused;
};
const rejected = (): Promise<never> => refusing(new Error('boom'));
const ANSWERS: readonly (readonly [string, () => unknown])[] = [
  ['throws', boom],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
  ],
  ['rejects', rejected],
  ['null', () => null],
  ['a number', () => 5],
  ['NaN', () => Number.NaN],
  ['text', () => 'text'],
  ['true', () => true],
  ['an object', () => ({})],
  ['a list', () => [1, 2]],
  ['a function', () => boom],
  ['a promise of nonsense', () => Promise.resolve({ ok: 'yes', chain: 5, signer: 7 })],
  [
    'something that is nearly right',
    () => ({ ok: true, chain: [new Uint8Array(3)], signer: {}, secret: 'x', identity: 3 }),
  ],
  [
    'something that throws when it is looked at',
    () => new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom }),
  ],
  ['a function that does', () => new Proxy(() => {}, { get: boom, getPrototypeOf: boom })],
];

/** Where an answer is put, and whether a connection can do without it. */
const PLACES: readonly (readonly [
  string,
  (answer: () => never) => { readonly client?: ClientParts; readonly server?: ServerParts },
])[] = [
  ['verifier.verify of a client', (answer) => ({ client: { verifier: { verify: answer } } })],
  [
    'verifier.verify of a server',
    (answer) => ({
      client: { credential: toyCredential },
      server: { clientAuth: 'require', verifier: { verify: answer } },
    }),
  ],
  [
    'credential of a client',
    (answer) => ({
      client: { credential: answer },
      server: { clientAuth: 'optional', verifier: toyVerifier },
    }),
  ],
  ['credential of a server', (answer) => ({ server: { credential: answer } })],
  [
    'signer.sign of a server',
    (answer) => ({
      server: { credential: { ...toyCredential, signer: { ...toyCredential.signer, sign: answer } } },
    }),
  ],
  ['selectContext', (answer) => ({ server: { selectContext: answer } })],
  ['sessions.take', (answer) => ({ client: { sessions: { take: answer, put: () => {} } } })],
  ['sessions.put', (answer) => ({ client: { sessions: { take: () => undefined, put: answer } }, server: tickets() })],
  ['tickets.seal', (answer) => ({ server: { tickets: { seal: answer, open: () => undefined } } })],
  ['tickets.open', (answer) => ({ ...offered(), server: { tickets: { seal: () => undefined, open: answer } } })],
  [
    'psks',
    (answer) => ({
      client: { psks: [{ identity: Uint8Array.of(1), secret: new Uint8Array(32).fill(1) }] },
      server: { psks: answer },
    }),
  ],
  ['keyLog', (answer) => ({ client: { keyLog: answer }, server: { keyLog: answer } })],
  ['onTrace', (answer) => ({ client: { onTrace: answer }, server: { onTrace: answer } })],
  ['clock.now', (answer) => ({ client: { clock: { now: answer } }, server: { clock: { now: answer }, ...tickets() } })],
];

const CODES = [
  'ERR_CALLBACK_FAILED',
  'ERR_VERIFIER_FAILED',
  'ERR_SIGNER_FAILED',
  'ERR_NO_CREDENTIAL',
  'ERR_ALERT_RECEIVED',
  'ERR_BAD_SIGNATURE',
  'ERR_PEER_REFUSED',
  'ERR_CERTIFICATE_UNREADABLE',
  'ERR_OPTION',
];
const VERSIONS = [
  ['1.3', [client13], [server13]],
  ['1.2', [client12], [server12]],
] as const;

describe.each(VERSIONS)('TLS %s', (_, clients, servers) => {
  describe.each(PLACES)('%s', (place, put) => {
    it.each(ANSWERS)('%s', async (_name, answer) => {
      const { client = {}, server = {} } = put(answer as () => never);
      let pair: { readonly client: Engine; readonly server: Engine };
      try {
        pair = {
          client: makeClient({ protocols: clients, ...client }),
          server: makeServer({ protocols: servers, ...server }),
        };
      } catch (error) {
        // What can be tried where it is given is refused there.
        expect(place).toBe('clock.now');
        expect(error).toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining('clock') });
        return;
      }
      const { client: ours, server: theirs } = await talkAll(pair);
      const errors = [...ours, ...theirs].flatMap((event) => (event.type === 'failed' ? [event.error] : []));
      for (const error of errors) {
        expect(CODES, `${error.message} ${String((error.cause as Error | undefined)?.stack ?? '')}`).toContain(
          error.code,
        );
      }
      // Both ends know: neither is left hanging.
      if (errors.length > 0) expect([pair.client.status, pair.server.status]).not.toContain('handshaking');
      if (place.startsWith('verifier')) expect([pair.client.status, pair.server.status]).toContain('failed');
    });
  });
});

/** Lets two engines talk, whatever they have to wait for. */
async function talkAll(pair: { readonly client: Engine; readonly server: Engine }) {
  const steps = { client: [] as EngineEvent[], server: [] as EngineEvent[] };
  pair.client.start();
  pair.server.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      for (let event = from.next(); event.type !== 'wait'; event = from.next()) {
        moved = true;
        steps[from.role].push(event);
        if (event.type === 'request') await from.answer(event.request);
        else if (event.type === 'write') to.receive(event.bytes);
      }
    }
  }
  return steps;
}

function tickets(): ServerParts {
  return { tickets: { seal: () => Uint8Array.of(1, 2, 3), open: () => undefined } };
}

function offered(): { readonly client: ClientParts } {
  const all = ends();
  all.connect();
  return { client: { sessions: all.sessions, clock: all.clock } };
}

it('what a callback throws need not let itself be looked at', () => {
  const verify = (): never => {
    throw new Proxy({}, { get: boom, getPrototypeOf: boom });
  };
  const client = makeClient({ verifier: { verify } });
  const codes = run({ client, server: makeServer() }).client.map(
    (event) => event.type === 'failed' && event.error.code,
  );
  expect(codes.at(-1)).toBe('ERR_VERIFIER_FAILED');
});

it.each<readonly [string, object]>([
  ['a path with what throws when it is looked at', { path: [new Proxy({}, { get: boom, getPrototypeOf: boom })] }],
  ['a path with a number', { path: [5] }],
  ['checks that are no texts', { checks: [5] }],
  ['details that are none', { details: 5 }],
])('a verdict is looked at in every part: %s', (_name, part) => {
  const { verify } = toyVerifier;
  const verifier = { verify: (peer: PresentedPeer) => ({ ...(verify(peer) as Verdict), ...part }) };
  const client = run({ client: makeClient({ verifier }), server: makeServer(tickets()) }).client;
  const server = run({
    client: makeClient({ credential: toyCredential, protocols: [client12] }),
    server: makeServer({ clientAuth: 'require', verifier, protocols: [server12], ...tickets() }),
  }).server;
  for (const events of [client, server])
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'ERR_VERIFIER_FAILED' } });
});

it.each<readonly [string, PropertyDescriptor]>([
  ['throws', { get: boom }],
  ['throws when it is looked at', { value: new Proxy({}, { get: boom, getPrototypeOf: boom }) }],
  ['is a number', { value: 5 }],
])('the name of a verifier’s rules that %s fails the connection by its name', (_name, policy) => {
  const verifier = Object.defineProperty({ ...toyVerifier }, 'policy', policy);
  const server = run({
    client: makeClient({ credential: toyCredential, protocols: [client12] }),
    server: makeServer({
      protocols: [server12],
      selectContext: () => ({ verifier, clientAuth: 'require' }),
      ...tickets(),
    }),
  }).server;
  expect(server.at(-1)).toMatchObject({ type: 'failed', error: { code: 'ERR_CALLBACK_FAILED' } });
  expect(String((server.at(-1) as { error?: unknown }).error)).toMatch(/verifier\.policy/);
});

it('a trace that throws when it hears of a store that failed later fails the connection, and not the process', async () => {
  const escaped: unknown[] = [];
  const note = (reason: unknown): void => void escaped.push(reason);
  process.on('unhandledRejection', note);
  const put = (): Promise<never> => refusing(new Error('no room'));
  const onTrace: ClientParts['onTrace'] = (event) => {
    if (event.type === 'note' && event.text.includes('no room')) throw new Error('boom');
  };
  const client = makeClient({ sessions: { take: () => undefined, put }, onTrace });
  run({ client, server: makeServer(tickets()) });
  expect(client.status).toBe('open');
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('unhandledRejection', note);
  expect(escaped).toEqual([]);
  expect(client.status).toBe('failed');
  expect(drain(client).at(-1)).toMatchObject({ type: 'failed', error: { code: 'ERR_CALLBACK_FAILED' } });
});

it.each<readonly [string, object]>([
  ['no public key', { publicKey: null }],
  ['a public key of no kind', { publicKey: {} }],
  ['a public key without bytes', { publicKey: { kind: 'ec', curve: 'P-256', point: 'x' } }],
  ['a public key that throws when it is looked at', { publicKey: new Proxy({}, { get: boom }) }],
  ['schemes that are no numbers', { schemes: ['rsa'] }],
])('a signer that a program answers with is looked at: %s', (_name, part) => {
  const credential = { ...toyCredential, signer: { ...toyCredential.signer, ...part } };
  const client = run({
    client: makeClient({ credential: () => credential }),
    server: makeServer({ clientAuth: 'require', verifier: toyVerifier }),
  }).client;
  expect(client.at(-1)).toMatchObject({ type: 'failed', error: { code: 'ERR_CALLBACK_FAILED' } });
});
