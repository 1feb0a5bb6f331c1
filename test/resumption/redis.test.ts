import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisReplayGuard, redisSessions } from '../../examples/redis-sessions.ts';
import type { TlsSocket } from '../../src/node/index.ts';
import type { EarlyDataOptions } from '../../src/engine/config/index.ts';
import type { AcceptOptions, ConnectOptions } from '../../src/index.ts';
import type { ClientSession, ClientSessionStore, EarlyDataUse } from '../../src/handshake/session.ts';
import { storedTickets, ticketSealer } from '../../src/resumption/tickets.ts';
import { type Child, Files, isInstalled, startChild } from '../support/child.ts';
import { noble } from '../support/credentials.ts';
import { drain, makeServer, written } from '../support/pair.ts';
import { connect, finish, line, listen, stopAfterEach } from '../support/session-peers.ts';
import { ends } from '../support/sessions.ts';

stopAfterEach();

/** The example with Redis, and a real Redis. Two servers that know nothing of each other but the secret and the store. */

const present = isInstalled('redis-server');
if (!present) console.log('skipped: redis-server not present');

type Redis = ReturnType<typeof createClient>;
const secrets = [new Uint8Array(32).fill(5)];
const clients: Redis[] = [];
let server: Child | undefined;
let socket = '';

beforeAll(async () => {
  if (present) await startRedis();
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await server?.stop();
});

describe.skipIf(!present)('several servers and one Redis', () => {
  it.each([
    ['tickets of TLS 1.3', {}],
    ['tickets of TLS 1.2', { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }],
  ])('%s that are keys to it: another server resumes, each ticket works once', async (_, client) => {
    const [one, other] = [await start(), await start()];
    const sessions = keeping();
    expect(await resumed(one, { ...client, resumption: { store: sessions } })).toBe(false);
    const stolen = sessions.kept.at(-1)!;
    expect(await resumed(other, { ...client, resumption: { store: sessions } })).toBe(true);
    expect(await resumed(one, { ...client, resumption: { store: always(stolen) } })).toBe(false);
  });

  it('ids of TLS 1.2: another server resumes', async () => {
    const make = async (): Promise<Port> =>
      start({ resumption: { tickets: false, sessionIds: await sessionsIn(await redis()) } });
    const [one, other] = [await make(), await make()];
    const sessions = keeping();
    const client = { resumption: { store: sessions }, suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] };
    expect(await resumed(one, client)).toBe(false);
    for (const port of [other, one, other]) expect(await resumed(port, client)).toBe(true);
  });

  it('what it holds is sealed: another secret opens nothing', async () => {
    const one = await start();
    const sessions = keeping();
    await resumed(one, { resumption: { store: sessions } });
    const stranger = await start({}, [new Uint8Array(32).fill(6)]);
    expect(await resumed(stranger, { resumption: { store: always(sessions.kept.pop()!) } })).toBe(false);
    const rotated = await start({}, [new Uint8Array(32).fill(7), ...secrets]);
    expect(await resumed(rotated, { resumption: { store: sessions } }), 'the old secret is still in the list').toBe(
      true,
    );
  });

  it('early data is taken by one of them, once', async () => {
    const tickets = ticketSealer({ crypto: noble, secrets });
    const early = async (): Promise<EarlyDataOptions> => ({
      guard: redisReplayGuard({ redis: await redis() }),
      tolerance: 1000,
    });
    const [one, other] = [
      await start({ resumption: { tickets, earlyData: await early() } }),
      await start({ resumption: { tickets, earlyData: await early() } }),
    ];
    const guard = redisReplayGuard({ redis: await redis() });
    const long = { key: new Uint8Array(32).fill(1), until: Date.now() + 10_000, now: Date.now() };
    // The first to ask starts the clock of the store; nothing from before is taken.
    expect(await guard.firstUse({ ...long, from: 0 })).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const sessions = keeping();
    await resumed(one, { resumption: { store: sessions } });
    const session = sessions.kept.at(-1)!;
    const options = { resumption: { store: always(session) }, earlyData: Uint8Array.of(1, 2, 3) };
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const first = await open(other, options);
    expect(first.info.earlyData).toMatchObject({ accepted: true, bytes: 3 });
    await finish(first);
    // Of two that ask at once, one is told yes.
    const use = { key: new Uint8Array(32).fill(2), from: Date.now(), until: Date.now() + 10_000, now: Date.now() };
    const answers = await Promise.all([guard.firstUse(use), redisReplayGuard({ redis: await redis() }).firstUse(use)]);
    expect(answers.sort()).toEqual([false, true]);
    expect(await guard.firstUse(use)).toBe(false);
  });

  it('a first flight that was recorded, and is sent to both of them: one takes its early data', async () => {
    const { client, tickets, connect: once } = ends({}, { earlyData: { guard: { firstUse: () => true } } });
    const clock = { now: () => Date.now() };
    const redisGuard = async (): Promise<EarlyDataOptions> => ({
      guard: redisReplayGuard({ redis: await redis(), prefix: 'copies:' }),
      tolerance: 1000,
    });
    const rules = [await redisGuard(), await redisGuard()];
    // The store is older than the tickets.
    const now = Date.now();
    await rules[0]!.guard.firstUse({ key: new Uint8Array(32), from: now, until: now + 1000, now });
    await new Promise((resolve) => setTimeout(resolve, 2100));
    once({ clock }, { clock });
    const engine = client({ clock, earlyData: Uint8Array.of(1, 2, 3) });
    engine.start();
    const flight = written(drain(engine));
    const taken: (boolean | undefined)[] = [];
    for (const earlyData of [rules[0]!, rules[1]!, rules[0]!]) {
      const one = makeServer({ tickets, clock, earlyData });
      one.start();
      for (const bytes of flight) one.receive(bytes);
      for (let step = one.next(); step.type !== 'wait'; step = one.next())
        if (step.type === 'request') await one.answer(step.request);
      expect(one.status).not.toBe('failed');
      taken.push(one.info.earlyData?.accepted);
    }
    expect(taken).toEqual([true, false, false]);
  });

  it('early data that was forgotten is not new again when the clock goes back', async () => {
    const guard = redisReplayGuard({ redis: await redis(), prefix: 'clock:' });
    const use = (fill: number, now: number): EarlyDataUse => ({
      key: new Uint8Array(32).fill(fill),
      from: now - 10,
      until: now + 10,
      now,
    });
    expect(await guard.firstUse(use(0, 1000)), 'it begins').toBe(false);
    expect(await guard.firstUse(use(1, 2000))).toBe(true);
    expect(await guard.firstUse(use(2, 3000))).toBe(true);
    for (const now of [1990, 2000, 2010]) expect(await guard.firstUse({ ...use(1, 2000), now })).toBe(false);
    expect(await guard.firstUse({ ...use(3, 3000), now: Number.NaN })).toBe(false);
    expect(await guard.firstUse(use(3, 2995))).toBe(true);
  });

  it('Redis is lost: full handshakes, no early data, and nothing else happens', async () => {
    const notes: string[] = [];
    const onTrace: AcceptOptions['onTrace'] = (event) => {
      if (event.type === 'note') notes.push(event.text);
    };
    const guard = redisReplayGuard({ redis: await redis() });
    const tickets = ticketSealer({ crypto: noble, secrets });
    const sealed = await start({ resumption: { tickets, earlyData: { guard } }, onTrace });
    const stored = await start({ onTrace });
    const [a, b] = [keeping(), keeping()];
    await resumed(sealed, { resumption: { store: a } });
    await resumed(stored, { resumption: { store: b } });
    await server!.stop();
    server = undefined;
    expect(await resumed(stored, { resumption: { store: b } })).toBe(false);
    expect(notes.join()).toMatch(/openTicket failed/);
    const early = await open(sealed, { resumption: { store: a }, earlyData: Uint8Array.of(1) });
    expect(early.info).toMatchObject({ resumed: true, earlyData: { accepted: false } });
    await finish(early);
    expect(notes.join()).toMatch(/firstUse failed/);
    await startRedis();
    const again = await start({ onTrace });
    const fresh = keeping();
    await resumed(again, { resumption: { store: fresh } });
    expect(await resumed(again, { resumption: { store: fresh } })).toBe(true);
  });
});

type Port = Awaited<ReturnType<typeof listen>>;

/** A server with a connection to Redis of its own. */
async function start(options: Partial<AcceptOptions> = {}, keys: readonly Uint8Array[] = secrets): Promise<Port> {
  const { resumption } = options;
  const given = typeof resumption === 'object' ? resumption : {};
  const tickets = 'tickets' in given ? given.tickets : storedTickets(await sessionsIn(await redis(), keys), noble);
  return await listen({ ...options, resumption: { context: 'the fleet', ...given, tickets } });
}

async function sessionsIn(
  client: Redis,
  keys: readonly Uint8Array[] = secrets,
): Promise<ReturnType<typeof redisSessions>> {
  return redisSessions({ redis: client, sealer: ticketSealer({ crypto: noble, secrets: keys }) });
}

async function startRedis(): Promise<void> {
  const files = new Files();
  socket = files.path('redis.sock');
  server = startChild('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'], {
    files,
  });
  await server.waitFor(/[Rr]eady to accept connections|ready to accept/);
}

async function redis(): Promise<Redis> {
  const client = createClient({ socket: { path: socket, reconnectStrategy: false }, disableOfflineQueue: true });
  // Without a listener it would end the process.
  client.on('error', () => {});
  clients.push(client as Redis);
  await client.connect();
  return client as Redis;
}

async function resumed(port: Port, options: Partial<ConnectOptions>): Promise<boolean> {
  const connection = await open(port, options);
  const answer = connection.info.resumed ?? false;
  await finish(connection);
  return answer;
}

/** A connection over which a line has gone both ways: so tickets have come. */
async function open(port: Port, options: Partial<ConnectOptions>): Promise<TlsSocket> {
  const [client, accepted] = await Promise.all([connect(port, options), port.next()]);
  accepted.on('data', (bytes: Buffer) => void accepted.write(bytes));
  accepted.on('end', () => accepted.end());
  client.write('warifu\n');
  expect(await line(client)).toBe('warifu');
  // Tickets come when the store has answered, and are not waited for.
  await new Promise((resolve) => setTimeout(resolve, 30));
  return client;
}

function keeping(): ClientSessionStore & { readonly kept: ClientSession[] } {
  const kept: ClientSession[] = [];
  return { kept, take: () => kept.pop(), put: (_key, session) => void kept.push(session) };
}

function always(session: ClientSession): ClientSessionStore {
  return { take: () => session, put: () => {} };
}
