import { ed25519 } from '@noble/curves/ed25519.js';
import { ed448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { concat, fromAscii, fromHex, toHex } from '../../src/bytes/bytes.ts';
import { nobleProvider, x448 } from '../../src/crypto/noble/index.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  isCurvePoint,
  isEdwardsKey,
  isEncapsulationKey,
  isMontgomeryShare,
  isValidPublicKey,
} from '../../src/crypto/public-values.ts';
import type { CryptoProvider, NamedCurve } from '../../src/crypto/types.ts';

/** What must be refused whatever library does the arithmetic. */

const PROVIDERS = [nobleProvider(), nodeProvider()];

const P25519 = 2n ** 255n - 19n;
const P448 = 2n ** 448n - 2n ** 224n - 1n;

function littleEndian(value: bigint, size: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * size, '0')).reverse();
}

/** y of the eight points whose order divides 8: found with the library, not copied. */
function smallOrderY(): bigint[] {
  const found = new Set<bigint>([0n, 1n, P25519 - 1n]);
  // The order of the subgroup times any point leaves what is of small order.
  for (let y = 2n; found.size < 5; y++) {
    try {
      const point = ed25519.Point.fromBytes(littleEndian(y, 32)).multiplyUnsafe(ed25519.Point.Fn.ORDER - 1n);
      const torsion = point.add(ed25519.Point.fromBytes(littleEndian(y, 32)));
      if (!torsion.is0()) found.add(torsion.toAffine().y);
    } catch {
      // Not on the curve.
    }
  }
  return [...found];
}

const smallKeys25519: Uint8Array[] = [];
for (const y of smallOrderY())
  for (const written of [y, y + P25519])
    for (const sign of [0n, 1n])
      if (written < 2n ** 255n) smallKeys25519.push(littleEndian(written + sign * 2n ** 255n, 32));

const smallKeys448: Uint8Array[] = [];
for (const y of [0n, 1n, P448 - 1n, P448, P448 + 1n])
  for (const sign of [0n, 1n]) smallKeys448.push(littleEndian(y + sign * 2n ** 455n, 57));

describe.each(PROVIDERS)('$name: keys of small order', (provider: CryptoProvider) => {
  const message = fromAscii('any message');

  it.each(smallKeys25519.map(toHex))('Ed25519 %s', async (hex) => {
    const key = { kind: 'ed25519', key: fromHex(hex) } as const;
    // With S = 0 the equation is R = -kA, which a key of order 1, 2, 4 or 8 fulfils for one R in 1, 2, 4 or 8.
    for (const r of smallKeys25519)
      expect(await provider.verifier.verify({ kind: 'ed25519' }, key, message, concat(r, new Uint8Array(32)))).toBe(
        false,
      );
  });

  it.each(smallKeys448.map(toHex))('Ed448 %s', async (hex) => {
    const key = { kind: 'ed448', key: fromHex(hex) } as const;
    for (const r of smallKeys448)
      expect(await provider.verifier.verify({ kind: 'ed448' }, key, message, concat(r, new Uint8Array(57)))).toBe(
        false,
      );
  });

  it('X25519', async () => {
    const group = provider.groups.find(({ name }) => name === 'X25519')!;
    const offer = await group.offer(provider.random);
    for (const share of smallShares25519()) {
      for (const attempt of [() => offer.agree(share), () => group.accept(share, provider.random)])
        await expect((async () => await attempt())()).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE', alert: 47 });
    }
  });
});

function smallShares25519(): Uint8Array[] {
  const orderEight = fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800');
  const other = fromHex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157');
  const plain = [0n, 1n, P25519 - 1n, P25519, P25519 + 1n].map((u) => littleEndian(u, 32));
  const all = [orderEight, other, ...plain];
  // RFC 7748 section 5: the highest bit is ignored.
  return [...all, ...all.map((share) => Uint8Array.from(share, (byte, i) => (i === 31 ? byte | 0x80 : byte)))];
}

it('X448: shares of small order', async () => {
  const random = nobleProvider().random;
  const offer = await x448.offer(random);
  for (const u of [0n, 1n, P448 - 1n, P448, P448 + 1n]) {
    const share = littleEndian(u, 56);
    await expect((async () => await offer.agree(share))()).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
    await expect((async () => await x448.accept(share, random))()).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
  }
});

it('y of an Edwards key has to be reduced', () => {
  for (let y = 2n; y < 19n; y++) expect(isEdwardsKey('ed25519', littleEndian(P25519 + y, 32))).toBe(false);
  expect(isEdwardsKey('ed448', littleEndian(P448 + 2n, 57))).toBe(false);
  // Bits between the field and the sign have to be zero.
  expect(isEdwardsKey('ed448', littleEndian(5n + 2n ** 450n, 57))).toBe(false);
  for (const wrong of [31, 33]) expect(isEdwardsKey('ed25519', new Uint8Array(wrong).fill(3))).toBe(false);
});

it('every good key is taken', () => {
  for (let i = 1; i < 50; i++) {
    const seed = new Uint8Array(57).fill(i);
    expect(isEdwardsKey('ed25519', ed25519.getPublicKey(seed.slice(0, 32)))).toBe(true);
    expect(isEdwardsKey('ed448', ed448.getPublicKey(seed))).toBe(true);
    expect(isMontgomeryShare('X25519', littleEndian(BigInt(i + 1), 32))).toBe(true);
  }
});

describe.each([
  ['P-256', p256],
  ['P-384', p384],
  ['P-521', p521],
] as const)('%s', (name: NamedCurve, curve) => {
  const size = curve.Point.Fp.BYTES;
  const p = curve.Point.Fp.ORDER;
  const bytes = (x: bigint, y: bigint): Uint8Array =>
    concat(Uint8Array.of(4), littleEndian(x, size).reverse(), littleEndian(y, size).reverse());

  it('takes the points of the curve', () => {
    for (let i = 1n; i < 20n; i++) expect(isCurvePoint(name, curve.Point.BASE.multiply(i).toBytes(false))).toBe(true);
  });

  it('and nothing else', () => {
    const { x, y } = curve.Point.BASE.toAffine();
    const compressed = curve.Point.BASE.toBytes(true);
    const hybridForm = Uint8Array.from(bytes(x, y), (byte, i) => (i === 0 ? 6 + Number(y & 1n) : byte));
    const refused = [
      bytes(x, y + 1n),
      bytes(x + 1n, y),
      bytes(0n, 0n),
      compressed,
      hybridForm,
      Uint8Array.of(0),
      new Uint8Array(0),
      concat(bytes(x, y), Uint8Array.of(0)),
      bytes(x, y).subarray(0, -1),
    ];
    // x not reduced: found by looking for a point whose x is so small that x + p still fits.
    const spare = 2n ** BigInt(8 * size) - p;
    for (let small = 0n; small < 100n && small < spare; small++) {
      const square = curve.Point.Fp.create(small ** 3n - 3n * small + curve.Point.CURVE().b);
      try {
        const root = curve.Point.Fp.sqrt(square);
        expect(isCurvePoint(name, bytes(small, root))).toBe(true);
        refused.push(bytes(small + p, root));
        break;
      } catch {
        // Not a square.
      }
    }
    for (const point of refused) {
      expect(isCurvePoint(name, point)).toBe(false);
      expect(isValidPublicKey({ kind: 'ec', curve: name, point })).toBe(false);
    }
  });
});

it('ML-KEM: coefficients have to be reduced, each of them', () => {
  const size = 1184;
  expect(isEncapsulationKey(new Uint8Array(size), size)).toBe(true);
  expect(isEncapsulationKey(new Uint8Array(size - 1), size)).toBe(false);
  for (const at of [0, 1, 500, 767]) {
    for (const [value, good] of [
      [3328, true],
      [3329, false],
      [4095, false],
    ] as const) {
      const key = new Uint8Array(size);
      const first = Math.floor((at * 3) / 2);
      if (at % 2 === 0) key.set([value & 255, value >> 8], first);
      else key.set([(value & 15) << 4, value >> 4], first);
      expect(isEncapsulationKey(key, size), `coefficient ${at} = ${value}`).toBe(good);
    }
  }
  // The last 32 bytes are a seed: any will do.
  expect(
    isEncapsulationKey(
      Uint8Array.from({ length: size }, (_, i) => (i < size - 32 ? 0 : 255)),
      size,
    ),
  ).toBe(true);
});
