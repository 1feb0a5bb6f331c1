import { pipe } from '../../demo/pipe.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { TlsError } from '../../src/errors.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { drive } from '../../src/transport/index.ts';
import { type Generator, generator } from '../engine/mutate.ts';
import { type ClientParts, makeClient, makeServer, type ServerParts } from '../support/pair.ts';
import { reach12, reach13 } from '../support/states.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';
import { answered } from './answered.ts';

/** What a program may do wrong: answers of its callbacks, chunks of any type; and alerts of the peer in every state. */

const boom = (): never => {
  throw new Error('boom');
};

/** A value of any kind, of moderate size. */
function anything(random: Generator, depth = 2): unknown {
  const pool: readonly (() => unknown)[] = [
    () => undefined,
    () => null,
    () => random.next(2) === 1,
    () => [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, random.next(1000)][random.next(6)],
    () => ['', 'text', 'x'.repeat(random.next(300)), '\u001b[31m\u202e\n'][random.next(4)],
    () => BigInt(random.next(1000)),
    () => Symbol('s'),
    () => new Date(random.next(2) === 1 ? Number.NaN : 0),
    () => new Uint8Array(random.next(70_000)),
    () => new Uint8Array(random.next(64)).buffer,
    () => new DataView(new ArrayBuffer(random.next(64))),
    () => new Uint16Array(random.next(64)),
    () => new Proxy({}, { get: boom, has: boom, ownKeys: boom }),
    () => boom,
    () => new Error('boom'),
    () => Array.from({ length: random.next(4) }, () => (depth > 0 ? anything(random, depth - 1) : 0)),
    () =>
      Object.fromEntries(
        NAMES.filter(() => random.next(3) === 0).map((name) => [name, depth > 0 ? anything(random, depth - 1) : 0]),
      ),
  ];
  return pool[random.next(pool.length)]!();
}

const NAMES = [
  'ok',
  'publicKey',
  'path',
  'failure',
  'chain',
  'signer',
  'schemes',
  'sign',
  'secret',
  'identity',
  'hash',
  'alpn',
  'clientAuth',
  'verifier',
  'credential',
  'name',
  'then',
  'ticket',
  'peer',
  'version',
  'message',
  'alert',
];

/** A callback that gives, throws or promises something. */
function callback(random: Generator): () => never {
  const value = anything(random);
  const how = random.next(4);
  return (() => {
    if (how === 0) throw value;
    if (how === 1 || how === 2) {
      const promised = how === 1 ? Promise.resolve(value) : Promise.reject(value);
      // What nothing waits for (a key log) is the program's to catch.
      promised.catch(() => {});
      return promised;
    }
    return value;
  }) as () => never;
}

type Parts = { readonly client?: ClientParts; readonly server?: ServerParts };

const PLACES: readonly ((answer: () => never) => Parts)[] = [
  (verify) => ({ client: { verifier: { verify } } }),
  (verify) => ({ client: { credential: toyCredential }, server: { clientAuth: 'require', verifier: { verify } } }),
  (credential) => ({ client: { credential }, server: { clientAuth: 'optional', verifier: toyVerifier } }),
  (credential) => ({ server: { credential } }),
  (sign) => ({ server: { credential: { ...toyCredential, signer: { ...toyCredential.signer, sign } } } }),
  (selectContext) => ({ server: { selectContext } }),
  (take) => ({ client: { sessions: { take, put: take } } }),
  (seal) => ({ client: { sessions: { take: () => undefined, put: seal } }, server: { tickets: { seal, open: seal } } }),
  (psks) => ({ client: { psks: [{ identity: Uint8Array.of(1), secret: new Uint8Array(32) }] }, server: { psks } }),
  (keyLog) => ({ client: { keyLog }, server: { onTrace: keyLog } }),
];

/** One case of this seed. @throws Error, with the seed, for anything but a good end or a TlsError. */
export async function tryProgram(seed: number): Promise<string> {
  const random = generator(seed);
  const [what, run] = (
    [
      ['callback', answers],
      ['chunks', chunks],
      ['alert', alerts],
    ] as const
  )[random.next(3)]!;
  return await answered(what, seed, 5_000, () => run(random));
}

async function answers(random: Generator): Promise<string> {
  const old = random.next(2) === 1;
  const { client = {}, server = {} } = PLACES[random.next(PLACES.length)]!(callback(random));
  const both = {
    client: makeClient({ crypto: toyProvider(1), protocols: old ? [client12] : [client13], ...client }),
    server: makeServer({ crypto: toyProvider(2), protocols: old ? [server12] : [server13], ...server }),
  };
  both.client.start();
  both.server.start();
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [both.client, both.server],
      [both.server, both.client],
    ] as const) {
      for (let event = from.next(); event.type !== 'wait'; event = from.next()) {
        moved = true;
        if (event.type === 'write') to.receive(event.bytes);
        else if (event.type === 'request') await from.answer(event.request);
        else if (event.type === 'failed' && event.error.code === 'ERR_INTERNAL') throw event.error;
      }
    }
  }
  return `${both.client.status}, ${both.server.status}`;
}

/** Chunks of any type, written by the program and brought by the pipe. */
async function chunks(random: Generator): Promise<string> {
  const [a, b] = pipe();
  const foreign = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk);
      if (strange && random.next(8) === 0) controller.enqueue(anything(random) as Uint8Array);
    },
  });
  const strange = random.next(2) === 1;
  const broken = { readable: a.readable.pipeThrough(foreign), writable: a.writable };
  const ends = await Promise.allSettled([
    drive(makeClient({ crypto: toyProvider(3) }), broken, { handshakeTimeout: 100 }),
    drive(makeServer({ crypto: toyProvider(4) }), b, { handshakeTimeout: 100 }),
  ]);
  const outcomes: string[] = [];
  const note = (reason: unknown): void => {
    if (!(reason instanceof TlsError || reason instanceof TypeError) || (reason as TlsError).code === 'ERR_INTERNAL')
      throw reason;
    outcomes.push(reason instanceof TlsError ? reason.code : 'TypeError');
  };
  for (const end of ends) {
    if (end.status === 'rejected') {
      note(end.reason);
      continue;
    }
    const writer = end.value.writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(anything(random) as Uint8Array).catch(note);
    await writer.abort(new TlsError('ERR_ABORTED')).catch(() => {});
    await end.value.readable.cancel().catch(() => {});
  }
  return outcomes.join();
}

/** An alert of any kind in any state, and something behind it. */
function alerts(random: Generator): string {
  const tables = [
    [client13.table, 'client', reach13],
    [server13.table, 'server', reach13],
    [client12.table, 'client', reach12],
    [server12.table, 'server', reach12],
  ] as const;
  const [table, role, reach] = tables[random.next(tables.length)]!;
  const states = Object.keys(table);
  const middle = reach(role, states[random.next(states.length)]!);
  for (let count = 1 + random.next(3); count > 0; count--) {
    const content = Uint8Array.of(
      1 + random.next(3),
      random.next(256),
      ...new Uint8Array(random.next(8) === 0 ? 1 : 0),
    );
    middle.target.receive(middle.record(21, content));
    middle.target.receive(middle.record(20 + random.next(5), new Uint8Array(random.next(4))));
    middle.settle();
  }
  middle.target.receiveEnd();
  middle.settle();
  for (const event of middle.said)
    if (event.type === 'failed' && event.error.code === 'ERR_INTERNAL') throw event.error;
  return middle.target.status;
}
