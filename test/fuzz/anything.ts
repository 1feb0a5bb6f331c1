import type { Generator } from '../engine/mutate.ts';

/** Values of any kind, for what takes one. */

export const boom = (): never => {
  throw new Error('boom');
};

/** A value of any kind, of moderate size. */
export function anything(random: Generator, depth = 2): unknown {
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
    () => new Proxy({}, { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom }),
    () => Object.create(Uint8Array.prototype),
    () => new Proxy(boom, { get: boom }),
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

export const NAMES = [
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
