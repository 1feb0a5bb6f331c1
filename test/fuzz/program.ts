import { memoryPipe } from '../../src/pipes/index.ts';
import { bytesOf, equalBytes } from '../../src/bytes/bytes.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { TlsError } from '../../src/errors.ts';
import type { Credential } from '../../src/handshake/peer.ts';
import type { ExternalPsk } from '../../src/handshake/session.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { TlsSocket } from '../../src/node/index.ts';
import { drive } from '../../src/transport/index.ts';
import type { Generator } from '../engine/mutate.ts';
import { wire } from '../support/duplex.ts';
import { type ClientParts, makeClient, makeServer, type Pair, type ServerParts } from '../support/pair.ts';
import { reach12, reach13 } from '../support/states.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';
import { anything, boom, NAMES } from './anything.ts';
import { sidesOf, TARGETS } from './targets.ts';

/** What a program may do wrong: answers of its callbacks, chunks of any type; and alerts of the peer in every state. */

/** A right answer with one thing in it that is not. */
function nearly(random: Generator, right: unknown): unknown {
  if (right instanceof Uint8Array) return right.subarray(0, random.next(right.length + 1));
  if (typeof right !== 'object' || right === null) return anything(random);
  const keys = Object.keys(right);
  const key = random.next(4) === 0 ? NAMES[random.next(NAMES.length)]! : (keys[random.next(keys.length)] ?? 'ok');
  const old: unknown = Object.getOwnPropertyDescriptor(right, key)?.value;
  const wrong = random.next(2) === 0 ? anything(random) : nearly(random, old);
  if (Array.isArray(right)) return right.map((item: unknown, at) => (String(at) === key ? wrong : item));
  return random.next(8) === 0
    ? Object.defineProperty({ ...right }, key, { get: boom, enumerable: true })
    : { ...right, [key]: wrong };
}

type Callback = (...values: never[]) => unknown;

/** A callback that now and then throws, promises or answers something else; `right` is what it should do. */
function wrong<F extends Callback>(random: Generator, right: F): F {
  const often = 1 + random.next(3);
  const answer: Callback = (...values) => {
    if (random.next(often) > 0) return right(...values);
    const value = random.next(2) === 0 ? anything(random) : nearly(random, right(...values));
    const how = random.next(5);
    if (how === 0) throw value;
    if (how > 2) return value;
    const promised = how === 1 ? Promise.resolve(value) : Promise.reject(value);
    // What nothing waits for (a key log) is the program's to catch.
    promised.catch(() => {});
    return promised;
  };
  // The same parameters; what comes back is what it should not be.
  return answer as F;
}

/** Every callback of an object replaced, or one of them. */
function wrongMethods<T extends object>(random: Generator, object: T): T {
  const all = Object.entries(object).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' && random.next(2) === 0 ? wrong(random, value.bind(object) as Callback) : value,
  ]);
  return Object.fromEntries(all) as T;
}

/** The callbacks that a client can be given. */
const CLIENT: readonly ((random: Generator, parts: ClientParts) => ClientParts)[] = [
  (random, { verifier = toyVerifier }) => ({
    verifier: wrongMethods(random, { recheck: verifier.verify, policy: 'p', ...verifier }),
  }),
  (random, { credential }) => ({ credential: wrong(random, () => credential as never) }),
  (random, { credential }) => ({ credential: badSigner(random, credential) }),
  (random, { sessions }) => ({
    sessions: wrongMethods(random, { take: () => undefined, put: () => {}, forget: () => {}, ...sessions }),
  }),
  (random) => ({ keyLog: wrong(random, () => {}) }),
  (random) => ({ onTrace: wrong(random, () => {}) }),
  (random, { clock = Date }) => ({ clock: { now: wrong(random, () => clock.now()) } }),
];

/** And a server. */
const SERVER: readonly ((random: Generator, parts: ServerParts) => ServerParts)[] = [
  (random, { verifier = toyVerifier }) => ({
    verifier: wrongMethods(random, { recheck: verifier.verify, policy: 'p', ...verifier }),
    clientAuth: (['request', 'optional', 'require'] as const)[random.next(3)],
  }),
  (random, { credential }) => ({ credential: wrong(random, () => credential as never) }),
  (random, { credential }) => ({ credential: badSigner(random, credential) ?? toyCredential }),
  (random, { credential, verifier = toyVerifier, alpn }) => ({
    selectContext: wrong(random, () => ({ credential, verifier, clientAuth: 'optional', alpn, name: 'n' })),
  }),
  (random, { tickets }) => ({
    tickets: wrongMethods(random, {
      seal: () => undefined,
      open: () => undefined,
      ...(tickets === false ? {} : tickets),
    }),
  }),
  (random, { sessionIds }) => ({
    sessionIds: wrongMethods(random, { take: () => undefined, put: () => {}, ...sessionIds }),
  }),
  (random, { psks }) => ({
    psks: wrong(random, (identity: Uint8Array) =>
      Array.isArray(psks)
        ? (psks as readonly ExternalPsk[]).find((psk) => equalBytes(psk.identity, identity))
        : undefined,
    ),
  }),
  (random) => ({
    earlyData: { guard: { firstUse: wrong(random, () => true) }, allow: wrong(random, () => true) },
  }),
  (random) => ({ keyLog: wrong(random, () => {}) }),
  (random) => ({ onTrace: wrong(random, () => {}) }),
  (random, { clock = Date }) => ({ clock: { now: wrong(random, () => clock.now()) } }),
];

function badSigner(random: Generator, credential: ClientParts['credential']): Credential | undefined {
  if (typeof credential !== 'object' || !('signer' in credential)) return undefined;
  const { chain, signer } = credential as Credential;
  return {
    chain,
    signer: { ...signer, sign: wrong(random, (scheme: number, input: Uint8Array) => signer.sign(scheme, input)) },
  };
}

/** Whom the callbacks are of: with keys that cost nothing, and both sides as they should be otherwise. */
const SIDES = TARGETS.filter((name) => !name.endsWith('real 1.3') && !name.endsWith('classic 1.2'));

/** A handshake and a little data, with callbacks of which some answer what is wrong. */
export async function callbacks(random: Generator): Promise<string> {
  const sides = sidesOf(SIDES[random.next(SIDES.length)]!);
  let { client, server } = sides;
  for (let count = 1 + random.next(3); count > 0; count--) {
    if (random.next(2) === 0) client = { ...client, ...CLIENT[random.next(CLIENT.length)]!(random, client) };
    else server = { ...server, ...SERVER[random.next(SERVER.length)]!(random, server) };
  }
  const both = { client: makeClient(client), server: makeServer(server) };
  both.client.start();
  both.server.start();
  const codes = await exchange(both);
  for (const engine of [both.client, both.server]) {
    if (engine.status !== 'open') continue;
    engine.send(new Uint8Array(10));
    if (engine.info.version === 'TLSv1.3' && random.next(2) === 0) engine.updateKeys(true);
    if (engine.config.role === 'server' && client.postHandshakeAuth === true && engine.config.clientAuth !== 'none')
      if (engine.info.version === 'TLSv1.3') engine.requestCertificate();
  }
  codes.push(...(await exchange(both)));
  return `${both.client.status}, ${both.server.status} ${codes.join()}`;
}

/** Passes bytes to and fro until both are silent. Returns how they failed. */
async function exchange({ client, server }: Pair): Promise<string[]> {
  const codes: string[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      for (let event = from.next(); event.type !== 'wait'; event = from.next()) {
        moved = true;
        if (event.type === 'write') to.receive(event.bytes);
        else if (event.type === 'request') await from.answer(event.request);
        else if (event.type === 'failed') {
          if (event.error.code === 'ERR_INTERNAL') throw event.error;
          codes.push(event.error.code);
        }
      }
    }
  }
  return codes;
}

/** Chunks of any type, written by the program and brought by the transport, in both skins. */
export async function chunks(random: Generator): Promise<string> {
  return await (random.next(2) === 0 ? webChunks(random) : nodeChunks(random));
}

/** @throws whatever is not for a program to be told. */
function codeOf(reason: unknown): string {
  if (reason instanceof TlsError && reason.code !== 'ERR_INTERNAL') return reason.code;
  if (reason instanceof TypeError) return 'TypeError';
  throw reason;
}

const TIMES = { handshakeTimeout: 1_000, closeTimeout: 100 };

async function webChunks(random: Generator): Promise<string> {
  const [a, b] = memoryPipe();
  const strange = random.next(2) === 1;
  const foreign = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk);
      if (strange && random.next(8) === 0) controller.enqueue(anything(random) as Uint8Array);
    },
  });
  const broken = { readable: a.readable.pipeThrough(foreign), writable: a.writable };
  const ends = await Promise.allSettled([
    drive(makeClient({ crypto: toyProvider(3) }), broken, TIMES),
    drive(makeServer({ crypto: toyProvider(4) }), b, TIMES),
  ]);
  const outcomes = new Set<string>();
  const note = (reason: unknown): void => void outcomes.add(codeOf(reason));
  for (const end of ends) {
    if (end.status === 'rejected') {
      note(end.reason);
      continue;
    }
    const writer = end.value.writable.getWriter();
    writer.closed.catch(() => {});
    const chunk = anything(random);
    await writer.write(chunk as Uint8Array).catch(note);
    // What was no chunk is the mistake of one call.
    if (!strange && bytesOf(chunk) === undefined && end === ends[0]) await writer.write(Uint8Array.of(1));
    await writer.abort(new TlsError('ERR_ABORTED')).catch(() => {});
    await end.value.readable.cancel().catch(() => {});
  }
  return [...outcomes].sort().join();
}

async function nodeChunks(random: Generator): Promise<string> {
  const [a, b] = wire();
  // A wire in memory does not tell one end that the other is gone.
  a.once('close', () => b.destroy());
  b.once('close', () => a.destroy());
  const strange = random.next(2) === 1;
  const outcomes = new Set<string>();
  const note = (reason: unknown): void => void outcomes.add(codeOf(reason));
  const client = new TlsSocket(makeClient({ crypto: toyProvider(3) }), a, TIMES).on('error', note);
  const server = new TlsSocket(makeServer({ crypto: toyProvider(4) }), b, TIMES).on('error', note);
  // Not by `once` of node:events, which fails with the first error.
  const closed = Promise.all(
    [client, server].map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
  );
  server.resume();
  const early = strange && random.next(2) === 0;
  if (early) a.emit('data', anything(random));
  await client.secured().catch(note);
  if (strange && !early) a.emit('data', anything(random));
  const value = anything(random);
  // A function would be a callback, and what it throws the program's own.
  const chunk = typeof value === 'function' ? undefined : value;
  const write = [
    () => client.write(chunk),
    () => client.write('text', chunk as BufferEncoding),
    () => client.end(chunk),
  ][random.next(3)]!;
  try {
    write();
  } catch (reason) {
    note(reason);
  }
  client.end();
  client.resume();
  await closed;
  return [...outcomes].sort().join();
}

/** An alert of any kind in any state, and something behind it. */
export function alerts(random: Generator): string {
  const tables = [
    [client13.table, 'client', reach13],
    [server13.table, 'server', reach13],
    [client12.table, 'client', reach12],
    [server12.table, 'server', reach12],
  ] as const;
  const [table, role, reach] = tables[random.next(tables.length)]!;
  const states = Object.keys(table);
  const state = states[random.next(states.length)]!;
  const middle = reach(role, state);
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
  const codes: string[] = [];
  for (const event of middle.said) {
    if (event.type !== 'failed') continue;
    if (event.error.code === 'ERR_INTERNAL') throw event.error;
    codes.push(event.error.code);
  }
  return `${state}: ${[middle.target.status, ...codes].join(', ')}`;
}
