import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { sha256 } from '../../src/crypto/noble/hash.ts';
import { decodeSession, encodeSession, type ServerSession } from '../../src/handshake/authentication/server-session.ts';
import type { ClientSession } from '../../src/handshake/session.ts';
import { memoryReplayGuard, memoryServerSessions, memorySessions } from '../../src/resumption/stores.ts';
import { storedTickets, ticketSealer } from '../../src/resumption/tickets.ts';
import { noble } from '../support/credentials.ts';
import { toyProvider } from '../support/toy.ts';

const HOUR = 3_600_000;
const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

describe('sealed tickets', () => {
  const state = Uint8Array.from({ length: 300 }, (_, index) => index);
  const now = Date.UTC(2030, 0, 1, 12, 30);

  it('open to what was sealed, each to a different ticket', () => {
    const keeper = ticketSealer({ crypto: noble });
    const [one, two] = [keeper.seal(state, 100, now), keeper.seal(state, 100, now)] as [Uint8Array, Uint8Array];
    expect(keeper.open(one, now)).toEqual(state);
    expect(keeper.open(two, now)).toEqual(state);
    expect(one).not.toEqual(two);
  });

  it('open with any key of the same secret: other machines, later, and with clocks that differ', () => {
    const [here, there] = [1, 2].map((seed) => ticketSealer({ crypto: toyProvider(seed), secrets: [secret(1)] }));
    const ticket = here!.seal(state, 100, now) as Uint8Array;
    for (const passed of [-HOUR, 0, HOUR, 24 * HOUR, 7 * 24 * HOUR])
      expect(there!.open(ticket, now + passed), `${passed}`).toEqual(state);
    expect(there!.open(ticket, now - 3 * HOUR)).toBeUndefined();
    expect(there!.open(ticket, now + 7 * 24 * HOUR + 2 * HOUR)).toBeUndefined();
  });

  it('open while their secret is still one of several, which the first replaces', () => {
    const old = ticketSealer({ crypto: noble, secrets: [secret(1)] });
    const between = ticketSealer({ crypto: noble, secrets: [secret(2), secret(1)] });
    const later = ticketSealer({ crypto: noble, secrets: [secret(2)] });
    const [first, second] = [old.seal(state, 100, now), between.seal(state, 100, now)] as [Uint8Array, Uint8Array];
    expect(between.open(first, now)).toEqual(state);
    expect(later.open(first, now)).toBeUndefined();
    expect(later.open(second, now)).toEqual(state);
    expect(old.open(second, now)).toBeUndefined();
  });

  it('of one process do not open in another, unless it has the secret', () => {
    const ticket = ticketSealer({ crypto: toyProvider(1) }).seal(state, 100, now) as Uint8Array;
    expect(ticketSealer({ crypto: toyProvider(2) }).open(ticket, now)).toBeUndefined();
  });

  it('do not open when any byte was changed, cut off or added', () => {
    const keeper = ticketSealer({ crypto: noble });
    const ticket = keeper.seal(state, 100, now) as Uint8Array;
    for (let index = 0; index < ticket.length; index++) {
      const changed = ticket.slice();
      changed[index]! ^= 1;
      expect(keeper.open(changed, now), `byte ${index}`).toBeUndefined();
      expect(keeper.open(ticket.slice(0, index), now)).toBeUndefined();
    }
    expect(keeper.open(Uint8Array.from([...ticket, 0]), now)).toBeUndefined();
  });

  it('from anybody are no reason to fail', () => {
    const keeper = ticketSealer({ crypto: noble });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => keeper.open(bytes, now) === undefined));
  });

  it('refuse secrets and rotations that cannot be', () => {
    expect(() => ticketSealer({ crypto: noble, secrets: [] })).toThrow(/secrets/);
    expect(() => ticketSealer({ crypto: noble, secrets: [new Uint8Array(31)] })).toThrow(/secrets/);
    expect(() => ticketSealer({ crypto: noble, rotation: 59 })).toThrow(/rotation/);
  });
});

describe('stored tickets', () => {
  it('are keys to a store, each good for once', async () => {
    const keeper = storedTickets(memoryServerSessions(), noble);
    const ticket = (await keeper.seal(Uint8Array.of(1), 100, 0)) as Uint8Array;
    expect(ticket.length).toBe(32);
    expect(await keeper.open(ticket, 0)).toEqual(Uint8Array.of(1));
    expect(await keeper.open(ticket, 0)).toBeUndefined();
    expect(await keeper.open(new Uint8Array(31), 0)).toBeUndefined();
  });

  it('wait for a store that takes time', async () => {
    const slow = memoryServerSessions();
    const keeper = storedTickets({ take: async (key) => slow.take(key), put: async (...of) => slow.put(...of) }, noble);
    const ticket = (await keeper.seal(Uint8Array.of(1), 100, 0)) as Uint8Array;
    expect(await keeper.open(ticket, 0)).toEqual(Uint8Array.of(1));
  });

  it('fall out, the oldest first', () => {
    const store = memoryServerSessions({ maximum: 2 });
    for (const key of ['a', 'b', 'c']) store.put(key, Uint8Array.of(1), 0);
    expect([store.take('a'), store.take('b'), store.take('c')].map((state) => state !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('sessions in memory', () => {
  const session = (fill: number): ClientSession => ({ secret: secret(fill) }) as ClientSession;

  it('come back newest first, once, and only for their key', () => {
    const store = memorySessions();
    for (const fill of [1, 2, 3]) store.put('a', session(fill));
    expect(store.take('b')).toBeUndefined();
    expect([0, 0, 0, 0].map(() => (store.take('a') as ClientSession | undefined)?.secret[0])).toEqual([
      3,
      2,
      1,
      undefined,
    ]);
  });

  it('fall out where there are too many, and are overwritten', () => {
    const store = memorySessions({ maximum: 2, perServer: 2 });
    const all = [1, 2, 3].map(session);
    for (const one of all) store.put('a', one);
    expect(all[0]!.secret).toEqual(new Uint8Array(32));
    expect(all[1]!.secret).toEqual(secret(2));
    store.put('b', session(4));
    store.put('a', session(5));
    store.put('c', session(6));
    expect(store.take('b'), 'used least recently').toBeUndefined();
    expect(store.take('a')).toBeDefined();
    store.clear();
    expect(store.take('c')).toBeUndefined();
  });
});

describe('the guard', () => {
  const clock = { now: () => 1000 };
  const use = (fill: number, now: number): Parameters<ReturnType<typeof memoryReplayGuard>['firstUse']>[0] => ({
    key: secret(fill),
    from: now - 10,
    until: now + 10,
    now,
  });

  it('says yes once', () => {
    const guard = memoryReplayGuard({ clock });
    expect(guard.firstUse(use(1, 2000))).toBe(true);
    expect(guard.firstUse(use(1, 2000))).toBe(false);
    expect(guard.firstUse(use(2, 2000))).toBe(true);
  });

  it('says no to what may have been sent before it was there', () => {
    const guard = memoryReplayGuard({ clock });
    expect(guard.firstUse(use(1, 1005))).toBe(false);
    expect(guard.firstUse(use(1, 1010))).toBe(true);
  });

  it('says no when it can remember no more, until something has expired', () => {
    const guard = memoryReplayGuard({ clock, maximum: 2 });
    expect([1, 2, 3].map((fill) => guard.firstUse(use(fill, 2000)))).toEqual([true, true, false]);
    expect(guard.firstUse(use(4, 2011))).toBe(true);
  });
});

it('Buffers are as good as any bytes, and are not touched', () => {
  const now = Date.UTC(2030, 0, 1);
  const secrets = [Buffer.concat([Buffer.from('x'), Buffer.alloc(32, 7)]).subarray(1)];
  const one = ticketSealer({ crypto: noble, secrets });
  const other = ticketSealer({ crypto: noble, secrets });
  const ticket = one.seal(Uint8Array.of(1, 2, 3), 100, now) as Uint8Array;
  // From a pool: its bytes begin somewhere in the middle.
  const pooled = Buffer.from(Buffer.from(ticket).toString('base64'), 'base64');
  expect(other.open(pooled, now)).toEqual(Uint8Array.of(1, 2, 3));
  expect(secrets[0]!.every((byte) => byte === 7)).toBe(true);
});

describe('what a ticket holds', () => {
  const base: ServerSession = {
    version: 0x0304,
    suite: 0x1301,
    secret: secret(1),
    group: 0,
    issuedAt: Date.UTC(2030, 0, 1),
    since: Date.UTC(2029, 11, 31),
    ageAdd: 0xffff_ffff,
    lifetime: 604_800,
    maxEarlyData: 0,
    binding: sha256.digest(),
    peer: undefined,
  };

  it('is read as it was written', () => {
    expect(decodeSession(encodeSession(base))).toEqual(base);
    const chain = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    const nothing = [undefined, undefined];
    const peer = {
      presented: { chain, ocspResponses: nothing, sctLists: nothing },
      verdict: { ok: true, publicKey: Uint8Array.of(9), path: [chain[0]!, Uint8Array.of(7, 7)] },
    } as const;
    expect(decodeSession(encodeSession({ ...base, peer }))).toEqual({ ...base, peer });
  });

  it('of another format, version or maker is nothing', () => {
    const bytes = encodeSession(base);
    expect(decodeSession(Uint8Array.from([1, ...bytes.slice(1)]))).toBeUndefined();
    expect(decodeSession(Uint8Array.from([2, 3, 2, ...bytes.slice(3)]))).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => decodeSession(junk) === undefined));
  });
});
