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
    const sealer = ticketSealer({ crypto: noble });
    const [one, two] = [sealer.seal(state, 100, now), sealer.seal(state, 100, now)] as [Uint8Array, Uint8Array];
    expect(sealer.open(one, now)).toEqual(state);
    expect(sealer.open(two, now)).toEqual(state);
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
    const sealer = ticketSealer({ crypto: noble });
    const ticket = sealer.seal(state, 100, now) as Uint8Array;
    for (let index = 0; index < ticket.length; index++) {
      const changed = ticket.slice();
      changed[index]! ^= 1;
      expect(sealer.open(changed, now), `byte ${index}`).toBeUndefined();
      expect(sealer.open(ticket.slice(0, index), now)).toBeUndefined();
    }
    expect(sealer.open(Uint8Array.from([...ticket, 0]), now)).toBeUndefined();
  });

  it('of strangers are no reason to fail', () => {
    const sealer = ticketSealer({ crypto: noble });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => sealer.open(bytes, now) === undefined));
  });

  it('refuse secrets and rotations that cannot be', () => {
    expect(() => ticketSealer({ crypto: noble, secrets: [] })).toThrow(/secrets/);
    expect(() => ticketSealer({ crypto: noble, secrets: [new Uint8Array(31)] })).toThrow(/secrets/);
    expect(() => ticketSealer({ crypto: noble, rotation: 59 })).toThrow(/rotation/);
  });
});

describe('stored tickets', () => {
  it('are keys to a store, each good for once', async () => {
    const sealer = storedTickets(memoryServerSessions(), noble);
    const ticket = (await sealer.seal(Uint8Array.of(1), 100, 0)) as Uint8Array;
    expect(ticket.length).toBe(32);
    expect(await sealer.open(ticket, 0)).toEqual(Uint8Array.of(1));
    expect(await sealer.open(ticket, 0)).toBeUndefined();
    expect(await sealer.open(new Uint8Array(31), 0)).toBeUndefined();
  });

  it('wait for a store that takes time', async () => {
    const slow = memoryServerSessions();
    const sealer = storedTickets({ take: async (key) => slow.take(key), put: async (...of) => slow.put(...of) }, noble);
    const ticket = (await sealer.seal(Uint8Array.of(1), 100, 0)) as Uint8Array;
    expect(await sealer.open(ticket, 0)).toEqual(Uint8Array.of(1));
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
  const session = oneSession;

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

describe('the bytes of sessions in memory have a bound', () => {
  const big = (length: number): ClientSession => ({ ...oneSession(), ticket: new Uint8Array(length) });

  it('of a client: what was used least recently falls out and is overwritten', () => {
    const store = memorySessions({ maxBytes: 100_000 });
    const all = Array.from({ length: 10 }, () => big(20_000));
    for (const [index, one] of all.entries()) store.put(`server ${index}`, one);
    expect(all.map(({ secret: [byte] }) => byte === 1)).toEqual([...Array(6).fill(false), ...Array(4).fill(true)]);
    expect(store.take('server 0')).toBeUndefined();
    expect(store.take('server 9')).toBeDefined();
    // What was taken leaves room.
    store.put('server 10', big(20_000));
    expect(store.take('server 6')).toBeDefined();
  });

  it('of one server in the same way, and one session that is larger than all of it is not kept', () => {
    const store = memorySessions({ maxBytes: 100_000, perServer: 64 });
    const huge = big(100_000);
    store.put('a', big(50_000));
    store.put('a', huge);
    expect(huge.secret).toEqual(new Uint8Array(32));
    expect((store.take('a') as ClientSession | undefined)?.ticket.length).toBe(50_000);
    for (let index = 0; index < 20; index++) store.put('a', big(30_000));
    expect(Array.from({ length: 20 }, () => store.take('a')).filter((one) => one !== undefined)).toHaveLength(3);
  });

  it('certificates count, however many there are, and no view keeps the message alive that it came in', () => {
    const message = new Uint8Array(1_000_000);
    const chain = Array.from({ length: 100 }, (_, index) => message.subarray(index * 300, index * 300 + 300));
    const base = oneSession();
    const shown = {
      chain,
      ocspResponses: chain.map(() => message.subarray(5, 10)),
      sctLists: chain.map(() => undefined),
    };
    const session: ClientSession = {
      ...base,
      ticket: message.subarray(7, 39),
      peer: { presented: shown, verdict: { ok: true, publicKey: message.subarray(1, 33), path: chain } },
    };
    const store = memorySessions({ maxBytes: 300_000 });
    store.put('a', session);
    store.put('b', session);
    store.put('c', session);
    expect(store.take('a')).toBeUndefined();
    const found = store.take('c') as ClientSession;
    expect(found.peer).toEqual(session.peer);
    const { presented, verdict } = found.peer;
    for (const part of [found.ticket, verdict.publicKey, ...verdict.path, ...presented.chain])
      expect(part.buffer.byteLength).toBe(part.length);
    expect(presented.ocspResponses[0]!.buffer.byteLength).toBe(5);
  });

  it('of a server: the oldest fall out and are overwritten', () => {
    const store = memoryServerSessions({ maxBytes: 100_000 });
    const all = Array.from({ length: 10 }, () => new Uint8Array(16_000).fill(1));
    for (const [index, state] of all.entries()) store.put(`${index}`, state, 0);
    expect(all.map(([byte]) => byte === 1)).toEqual([...Array(4).fill(false), ...Array(6).fill(true)]);
    store.put('again', new Uint8Array(16_000), 0);
    store.put('again', new Uint8Array(16_000), 0);
    expect(all.map(([byte]) => byte === 1)).toEqual([...Array(5).fill(false), ...Array(5).fill(true)]);
    const huge = new Uint8Array(100_000).fill(1);
    store.put('huge', huge, 0);
    expect(huge[0]).toBe(0);
    expect(store.take('9'), 'nothing else had to go for it').toBe(all[9]);
  });

  it.each(['maxBytes', 'maximum', 'perServer'])('%s has to be a number that makes sense', (name) => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1000', 2 ** 41] as number[])
      expect(() => memorySessions({ [name]: wrong }), String(wrong)).toThrow(name);
  });

  it('a misspelt option is not ignored', () => {
    const misspelt = { maxbytes: 1 } as object;
    for (const make of [memorySessions, memoryServerSessions, memoryReplayGuard])
      expect(() => make(misspelt)).toThrow('maxbytes');
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

  it('says no to what it has forgotten when the clock goes back, however far and often', () => {
    const guard = memoryReplayGuard({ clock });
    expect(guard.firstUse(use(1, 2000))).toBe(true);
    expect(guard.firstUse(use(2, 2500))).toBe(true);
    expect(guard.firstUse(use(3, 3000)), 'by now the others are forgotten').toBe(true);
    for (const [fill, then] of [
      [1, 2000],
      [2, 2500],
      [1, 2000],
    ] as const) {
      for (const now of [then - 10, then, then + 10])
        expect(guard.firstUse({ ...use(fill, then), now }), `${fill} at ${now}`).toBe(false);
    }
    expect(guard.firstUse(use(4, 2600)), 'what is later than all that was forgotten').toBe(true);
    expect(guard.firstUse(use(4, 2600))).toBe(false);
  });

  it('says no where a time is no number, and forgets nothing for it', () => {
    const guard = memoryReplayGuard({ clock });
    expect(guard.firstUse(use(1, 2000))).toBe(true);
    for (const wrong of [Number.NaN, undefined, 'now', {}] as number[])
      for (const name of ['from', 'until', 'now'] as const)
        expect(guard.firstUse({ ...use(2, 2000), [name]: wrong }), `${name}: ${String(wrong)}`).toBe(false);
    expect(guard.firstUse(use(1, 2000))).toBe(false);
    expect(() => memoryReplayGuard({ clock: { now: () => Number.NaN } })).toThrow('clock');
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

function oneSession(fill: number = 1): ClientSession {
  const chain = [secret(fill)];
  return {
    version: 0x0304,
    suite: 0x1301,
    receivedAt: 0,
    lifetime: 100,
    alpn: undefined,
    authenticated: false,
    ticket: secret(fill),
    secret: secret(fill),
    hash: 'sha256',
    ageAdd: 0,
    maxEarlyData: 0,
    peer: {
      presented: { chain, ocspResponses: [undefined], sctLists: [undefined] },
      verdict: { ok: true, publicKey: secret(fill), path: chain },
    },
  };
}
