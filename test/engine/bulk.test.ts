import { describe, expect, it } from 'vitest';
import type { Aead, AeadKey, BulkAead, CryptoProvider } from '../../src/crypto/types.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { AnyRequest } from '../../src/handshake/requests.ts';
import { client13, server13 } from '../../src/protocols.ts';
import { connected, type Pair } from '../support/pair.ts';
import { toyProvider } from '../support/toy.ts';

/**
 * The lane of many records against the lane of one: over any schedule of sending, receiving, changing keys and answering,
 * the same bytes go by and the same data comes out, whenever the batches are answered.
 */

/** What can do the work of a batch, when the test says so. */
const keys = new WeakMap<BulkAead, AeadKey>();

function withLane(provider: CryptoProvider, worthwhile: number): CryptoProvider {
  const lane = (aead: Aead): Aead => ({
    ...aead,
    key: (bytes) => {
      const key = aead.key(bytes);
      const bulk: BulkAead = {
        worthwhile,
        seal: () => Promise.reject(new Error('this test answers by itself')),
        open: () => Promise.reject(new Error('this test answers by itself')),
      };
      keys.set(bulk, key);
      // A batch that is answered when the keys have changed needs them all the same, as WebCrypto keeps its own.
      return { ...key, bulk, dispose: () => {} };
    },
  });
  return { ...provider, suites: provider.suites.map((suite) => ({ ...suite, aead: lane(suite.aead) })) };
}

type Side = 'client' | 'server';
const SIDES = ['client', 'server'] as const;
const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** Numbers that are the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Two engines, and the bytes between them that have not arrived yet. */
class Scene {
  readonly #pair: Pair;
  readonly wire: Record<Side, number[]> = { client: [], server: [] };
  readonly received: Record<Side, number[]> = { client: [], server: [] };
  readonly outcome: Record<Side, string> = { client: '', server: '' };
  readonly held: AnyRequest[] = [];
  batches = 0;
  #arrived: Record<Side, number> = { client: 0, server: 0 };
  /** The byte of this side's stream that is changed on its way. */
  readonly #damage: { readonly side: Side; readonly at: number } | undefined;

  constructor(version: '1.3' | '1.2', worthwhile: number | undefined, damage?: { side: Side; at: number }) {
    const crypto = (seed: number): CryptoProvider =>
      worthwhile === undefined ? toyProvider(seed) : withLane(toyProvider(seed), worthwhile);
    this.#pair = connected(
      { crypto: crypto(1), protocols: [version === '1.3' ? client13 : client12] },
      { crypto: crypto(2), protocols: [version === '1.3' ? server13 : server12] },
    );
    this.#damage = damage;
  }

  engine(side: Side): Engine {
    return this.#pair[side];
  }

  send(side: Side, bytes: Uint8Array): void {
    if (this.engine(side).status === 'open') this.engine(side).send(bytes);
    this.drain(side);
  }

  /** Up to `most` bytes of what `from` has sent reach the other side. */
  deliver(from: Side, most: number): boolean {
    const start = this.#arrived[from];
    const piece = Uint8Array.from(this.wire[from].slice(start, start + most));
    if (piece.length === 0) return false;
    if (this.#damage?.side === from && this.#damage.at >= start && this.#damage.at < start + piece.length)
      piece[this.#damage.at - start]! ^= 1;
    this.#arrived[from] += piece.length;
    this.engine(other(from)).receive(piece);
    this.drain(other(from));
    return true;
  }

  answer(which: number): boolean {
    const [request] = this.held.splice(which % Math.max(1, this.held.length), 1);
    if (request === undefined) return false;
    if (request.kind === 'sealRecords') {
      const key = keys.get(request.ask.bulk)!;
      request.answer(
        request.ask.jobs.map(({ nonce, additionalData, data, tail }) =>
          key.seal(nonce, additionalData, new Uint8Array(Buffer.concat([data, tail ?? new Uint8Array(0)]))),
        ),
      );
    } else if (request.kind === 'openRecords') {
      const key = keys.get(request.ask.bulk)!;
      request.answer(request.ask.jobs.map((job) => key.open(job.nonce, job.additionalData, job.data)));
    }
    for (const side of SIDES) this.drain(side);
    return true;
  }

  drain(side: Side): void {
    for (;;) {
      const event = this.engine(side).next();
      switch (event.type) {
        case 'wait':
          return;
        case 'write':
          for (const byte of event.bytes) this.wire[side].push(byte);
          break;
        case 'data':
          for (const byte of event.bytes) this.received[side].push(byte);
          break;
        case 'request':
          this.batches++;
          this.held.push(event.request);
          break;
        case 'failed':
          this.outcome[side] = event.error.code;
          break;
        case 'end':
          this.outcome[side] = 'end';
          break;
        default:
      }
    }
  }

  /** Until nothing moves any more. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = this.answer(0);
      for (const side of SIDES) moved = this.deliver(side, 50_000) || moved;
    }
  }
}

/** Plays one schedule; what depends on the lane is not asked. */
function play(
  scene: Scene,
  seed: number,
  updates: 'none' | 'own' | 'asking',
  version: '1.3' | '1.2',
): Record<Side, number[]> {
  const random = numbers(seed);
  const sent: Record<Side, number[]> = { client: [], server: [] };
  for (let step = 0; step < 30; step++) {
    const side = SIDES[random(2)]!;
    const [what, size, fill, which] = [
      random(10),
      random(3) === 0 ? random(36_000) : random(600),
      random(256),
      random(8),
    ];
    if (what < 4) {
      const bytes = new Uint8Array(size).map((_, at) => at + fill);
      if (scene.engine(side).status === 'open') sent[side].push(...bytes);
      scene.send(side, bytes);
    } else if (what < 7) scene.deliver(side, size);
    else if (what < 9) scene.answer(which);
    else if (updates !== 'none' && version === '1.3' && scene.engine(side).status === 'open') {
      scene.engine(side).updateKeys(updates === 'asking' && fill < 128);
      scene.drain(side);
    }
  }
  scene.settle();
  for (const side of SIDES) {
    scene.engine(side).close();
    scene.drain(side);
  }
  scene.settle();
  return sent;
}

describe.each(['1.3', '1.2'] as const)('the lane of many records, TLS %s', (version) => {
  it('gives the same bytes and the same data as the other, whenever it is answered', () => {
    let batches = 0;
    for (let seed = 1; seed <= 9; seed++) {
      const [one, many] = [new Scene(version, undefined), new Scene(version, [1, 300, 20_000][seed % 3]!)];
      const sent = play(one, seed, 'own', version);
      play(many, seed, 'own', version);
      expect(Buffer.from(many.wire.client).equals(Buffer.from(one.wire.client)), `client, seed ${seed}`).toBe(true);
      expect(Buffer.from(many.wire.server).equals(Buffer.from(one.wire.server)), `server, seed ${seed}`).toBe(true);
      for (const side of SIDES) {
        expect(Buffer.from(many.received[side]).equals(Buffer.from(sent[other(side)])), `${side}, seed ${seed}`).toBe(
          true,
        );
        expect(many.outcome[side]).toBe('end');
      }
      batches += many.batches;
    }
    expect(batches).toBeGreaterThan(30);
  });

  it('loses nothing when both sides ask each other to change keys', () => {
    for (let seed = 100; seed <= 104; seed++) {
      const scene = new Scene(version, 1);
      const sent = play(scene, seed, 'asking', version);
      for (const side of SIDES) {
        expect(Buffer.from(scene.received[side]).equals(Buffer.from(sent[other(side)])), `${side}, seed ${seed}`).toBe(
          true,
        );
        expect(scene.outcome[side]).toBe('end');
      }
    }
  });

  it('fails where the other fails, behind the same data', () => {
    const codes = new Set<string>();
    for (let seed = 200; seed <= 206; seed++) {
      const damage = { side: SIDES[seed % 2]!, at: 3 + ((seed * 7919) % 3000) };
      const [one, many] = [new Scene(version, undefined, damage), new Scene(version, 1, damage)];
      play(one, seed, 'none', version);
      play(many, seed, 'none', version);
      const side = other(damage.side);
      expect(many.outcome[side], `seed ${seed}`).toBe(one.outcome[side]);
      expect(Buffer.from(many.received[side]).equals(Buffer.from(one.received[side])), `seed ${seed}`).toBe(true);
      codes.add(many.outcome[side]);
    }
    expect(codes).toContain('ERR_BAD_RECORD_MAC');
  });
});

describe('a batch that is not answered', () => {
  const scene = (): Scene => {
    const made = new Scene('1.3', 1);
    made.send('client', new Uint8Array(40_000).fill(5));
    expect(made.held.map(({ kind }) => kind)).toEqual(['sealRecords']);
    expect([made.engine('client').maySend, made.engine('client').sealing]).toEqual([true, 1]);
    return made;
  };

  it('goes before an alert that ends the connection, and is not sent twice when it is answered after all', () => {
    const { engine, drain, wire, received, held } = bound(scene());
    engine('client').close();
    drain('client');
    const { length } = wire.client;
    expect(length).toBeGreaterThan(40_000);
    const late = held.shift();
    if (late?.kind === 'sealRecords') late.answer(late.ask.jobs.map(({ data }) => new Uint8Array(data.length + 17)));
    drain('client');
    expect(wire.client.length).toBe(length);
    engine('server').receive(Uint8Array.from(wire.client));
    drain('server');
    const opening = held.shift();
    if (opening?.kind === 'openRecords') {
      const key = keys.get(opening.ask.bulk)!;
      opening.answer(opening.ask.jobs.map((job) => key.open(job.nonce, job.additionalData, job.data)));
    }
    drain('server');
    expect(received.server).toEqual(new Array(40_000).fill(5));
  });

  it('lets others begin behind it, but not without end; they leave in order, however they are answered', () => {
    const made = scene();
    const { engine, drain, wire, held } = bound(made);
    made.send('client', new Uint8Array(100).fill(6));
    expect([held.length, engine('client').maySend]).toEqual([2, true]);
    made.send('client', new Uint8Array(20_000).fill(7));
    expect([held.length, engine('client').maySend]).toEqual([3, false]);
    made.answer(2);
    made.answer(1);
    expect([wire.client.length, engine('client').sealing]).toEqual([0, 3]);
    made.answer(0);
    expect([engine('client').sealing, engine('client').maySend]).toEqual([0, true]);
    for (const most of [20_000, 25_000, 50_000]) made.deliver('client', most);
    expect(held.length).toBe(3);
    made.answer(2);
    made.answer(1);
    expect(made.received.server).toEqual([]);
    expect([engine('server').isOpening, engine('server').mayReceive]).toEqual([true, false]);
    made.settle();
    drain('server');
    const expected = [new Array(40_000).fill(5), new Array(100).fill(6), new Array(20_000).fill(7)].flat();
    expect(Buffer.from(made.received.server).equals(Buffer.from(expected))).toBe(true);
  });

  it('is not an end of the data when the transport has ended', () => {
    const made = scene();
    made.answer(0);
    const { engine, drain, wire, outcome, received } = bound(made);
    engine('server').receive(Uint8Array.from(wire.client));
    engine('server').receiveEnd();
    drain('server');
    expect(outcome.server).toBe('');
    made.answer(0);
    expect(received.server).toHaveLength(40_000);
    expect(outcome.server).toBe('ERR_TRUNCATED');
  });

  it('ends the connection when the provider fails, or answers what cannot be', () => {
    for (const spoil of [
      (request: AnyRequest) => request.refuse(new Error('no')),
      (request: AnyRequest) => request.kind === 'sealRecords' && request.answer([]),
      (request: AnyRequest) =>
        request.kind === 'sealRecords' && request.answer(request.ask.jobs.map(() => new Uint8Array(0))),
    ]) {
      const { held, drain, outcome } = bound(scene());
      spoil(held.shift()!);
      drain('client');
      expect(outcome.client).toBe('ERR_INTERNAL');
    }
  });
});

function bound(scene: Scene): Pick<Scene, 'wire' | 'received' | 'outcome' | 'held'> & {
  readonly engine: (side: Side) => Engine;
  readonly drain: (side: Side) => void;
} {
  const { wire, received, outcome, held } = scene;
  return { wire, received, outcome, held, engine: (side) => scene.engine(side), drain: (side) => scene.drain(side) };
}
