import * as nodeCrypto from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromAscii, fromHex, toHex } from '../../src/bytes/bytes.ts';
import { readEcdsaSignature, writeEcdsaSignature } from '../../src/crypto/ecdsa-signature.ts';
import { KeyCache } from '../../src/crypto/key-cache.ts';
import { signatureAnswer } from '../../src/crypto/known-answers.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { nodeVerifier } from '../../src/crypto/node/signatures.ts';
import { defaultSchemes } from '../../src/crypto/schemes.ts';
import type { PublicKey, SignatureAlgorithm, SignatureVerifier } from '../../src/crypto/types.ts';
import { certificateVerifier, loadCredential } from '../../src/pki/index.ts';
import { makePair, runLater } from '../support/pair.ts';
import { chainOf, serverEntry, trustedRoots } from '../support/pki.ts';
import { toyProvider } from '../support/toy.ts';

const MESSAGE = fromAscii('warifu');

const KINDS: readonly (readonly [string, SignatureAlgorithm, PublicKey])[] = [
  ...(['P-256', 'P-384', 'P-521'] as const).map(
    (curve) => [curve, { kind: 'ecdsa', hash: 'sha256' }, { kind: 'ec', curve, point: new Uint8Array(0) }] as const,
  ),
  ...(['rsa-pkcs1', 'rsa-pss'] as const).map(
    (kind) =>
      [
        kind,
        { kind, hash: 'sha256', saltLength: 32 },
        { kind: 'rsa', modulus: new Uint8Array(0), exponent: new Uint8Array(0) },
      ] as const,
  ),
  ['ed25519', { kind: 'ed25519' }, { kind: 'ed25519', key: new Uint8Array(0) }],
  ['ed448', { kind: 'ed448' }, { kind: 'ed448', key: new Uint8Array(0) }],
];

/** node:crypto that counts the keys it reads, and can be told to break. */
function counting(): { node: typeof nodeCrypto; reads: () => number; break: () => void } {
  let reads = 0;
  let broken = false;
  const node = {
    ...nodeCrypto,
    createPublicKey: (key: nodeCrypto.JsonWebKeyInput) => {
      reads++;
      return nodeCrypto.createPublicKey(key);
    },
    verify: (...given: Parameters<typeof nodeCrypto.verify>) => {
      if (broken) throw new Error('this runtime cannot');
      return nodeCrypto.verify(...given);
    },
  } as unknown as typeof nodeCrypto;
  return {
    node,
    reads: () => reads,
    break: () => {
      broken = true;
    },
  };
}

describe.each(KINDS)('node provider, %s', (_, kind, like) => {
  const { algorithm, key, signature } = signatureAnswer(kind, like)!;

  it('reads a key once, however often it comes and in however many objects', () => {
    const { node, reads } = counting();
    const verifier = nodeVerifier(node);
    for (let i = 0; i < 3; i++) {
      expect(verifier.verify(algorithm, structuredClone(key), MESSAGE, signature)).toBe(true);
      expect(verifier.verify(algorithm, structuredClone(key), fromAscii('other'), signature)).toBe(false);
    }
    expect(reads()).toBe(1);
    // What a provider keeps is its own.
    expect(nodeVerifier(node).verify(algorithm, key, MESSAGE, signature)).toBe(true);
    expect(reads()).toBe(2);
  });

  it('does not answer when the runtime failed: that is no verdict', () => {
    const broken = counting();
    broken.break();
    const verifier = nodeVerifier(broken.node);
    expect(() => verifier.verify(algorithm, key, MESSAGE, signature)).toThrowError(
      expect.objectContaining({ code: 'ERR_INTERNAL' }),
    );
    // What is malformed is found before the runtime is asked.
    expect(verifier.verify(algorithm, key, MESSAGE, signature.subarray(1))).toBe(false);
    expect(verifier.verify(algorithm, key, MESSAGE, new Uint8Array(0))).toBe(false);
  });
});

describe('a handshake whose provider throws while it checks the signature', () => {
  it.each([
    [
      'at once',
      () => {
        throw new Error('not here');
      },
    ],
    ['later', () => Promise.reject(new Error('not here'))],
  ])('%s: an internal error, not a bad signature', async (_, verify) => {
    const crypto = { ...toyProvider(), verifier: { verify } };
    const { steps } = await runLater(makePair({ crypto }, {}));
    const [failed] = steps.filter((step) => step.type === 'failed');
    expect(failed?.error).toMatchObject({ code: 'ERR_INTERNAL', alert: 80, cause: { message: 'not here' } });
  });
});

it.each([
  [
    'at once',
    () => {
      throw new Error('not here');
    },
  ],
  ['later', () => Promise.reject(new Error('not here'))],
])('%s: nor is a certificate refused when the provider throws while it is checked', async (_, verify) => {
  const crypto = nodeProvider();
  const entry = serverEntry();
  const credential = await loadCredential({ certificates: entry.chain, privateKey: entry.key }, crypto);
  const verifier = certificateVerifier({ anchors: trustedRoots(), signatures: { verify } });
  const pair = makePair({ crypto, verifier, serverName: 'server.example' }, { crypto, credential });
  const { steps } = await runLater(pair);
  const [failed] = steps.filter((step) => step.type === 'failed');
  expect(failed?.error).toMatchObject({ alert: 80, cause: { message: 'not here' } });
  expect(['ERR_INTERNAL', 'ERR_VERIFIER_FAILED']).toContain(failed?.error.code);
});

describe('a provider that answers with something else', () => {
  it.each([1, 'true', {}, [], null, undefined])('%j to a signature: nothing is opened by it', async (answer) => {
    const verifier = { verify: () => answer as unknown as boolean };
    const { steps } = await runLater(makePair({ crypto: { ...toyProvider(), verifier } }, {}));
    const [failed] = steps.filter((step) => step.type === 'failed');
    // It is no answer at all, and that is the provider's fault.
    expect(failed?.error).toMatchObject({ code: 'ERR_INTERNAL' });

    const judge = (signatures: SignatureVerifier) =>
      certificateVerifier({ anchors: trustedRoots(), signatures }).verify({
        role: 'client',
        chain: chainOf(serverEntry()),
        serverName: 'server.example',
        ocspResponses: [],
        sctLists: [],
        certificateSchemes: defaultSchemes().map(({ id }) => id),
        keyUse: 'digitalSignature',
        now: Date.now(),
      });
    expect(await judge(nodeVerifier(nodeCrypto))).toMatchObject({ ok: true });
    const verdict = await judge(verifier);
    expect(verdict).toMatchObject({ ok: false });
  });

  it.each([Number.NaN, undefined])('%j as the limit of a key: nothing is sealed under it', async (sealLimit) => {
    const toy = toyProvider();
    const crypto = {
      ...toy,
      suites: toy.suites.map((suite) => ({ ...suite, aead: { ...suite.aead, sealLimit: sealLimit as number } })),
    };
    const { steps } = await runLater(makePair({}, { crypto }));
    const [failed] = steps.filter((step) => step.type === 'failed');
    expect(failed?.error).toMatchObject({ code: 'ERR_SEAL_LIMIT' });
  });
});

describe('the cache of keys', () => {
  const digest = (...parts: readonly Uint8Array[]): string => parts.map(toHex).join('/');
  const keyOf = (n: number): PublicKey => ({ kind: 'ed25519', key: Uint8Array.of(n) });

  it('keeps a bounded number, and lets go of the one used longest ago', () => {
    const cache = new KeyCache<number>(digest, 3);
    let made = 0;
    const get = (n: number): number | undefined => cache.get(keyOf(n), '', () => ++made);
    for (const n of [1, 2, 3]) get(n);
    get(1);
    get(4); // 2 goes
    expect([get(1), get(3), get(4)]).toEqual([1, 3, 4]);
    expect(get(2)).toBe(5);
    expect(cache.size).toBe(3);
  });

  it('tells apart uses, kinds, curves, and where the modulus ends', () => {
    const cache = new KeyCache<number>(digest);
    let made = 0;
    const bytes = Uint8Array.of(1, 2, 3);
    const keys: readonly PublicKey[] = [
      { kind: 'ed25519', key: bytes },
      { kind: 'ed448', key: bytes },
      { kind: 'ec', curve: 'P-256', point: bytes },
      { kind: 'ec', curve: 'P-384', point: bytes },
      { kind: 'rsa', modulus: bytes, exponent: Uint8Array.of(4) },
      { kind: 'rsa', modulus: bytes.subarray(0, 2), exponent: Uint8Array.of(3, 4) },
    ];
    for (const use of ['a', 'b']) for (const key of keys) cache.get(key, use, () => ++made);
    expect(made).toBe(12);
  });

  it('keeps no failure, whether thrown, said or promised', async () => {
    const cache = new KeyCache<number | Promise<number>>(digest);
    expect(() =>
      cache.get(keyOf(1), '', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(cache.get(keyOf(1), '', () => undefined)).toBeUndefined();
    await expect(cache.get(keyOf(1), '', () => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(cache.size).toBe(0);
    expect(cache.get(keyOf(1), '', () => 7)).toBe(7);
  });
});

describe('Ecdsa-Sig-Value', () => {
  it.each([
    ['30060201010201ff', 'a negative s'],
    ['3006020100020101', 'r is zero'],
    ['300702020001020101', 'r is not minimal'],
    ['3006020101020101ff', 'a byte behind it'],
    ['300702010102010100', 'a byte inside, behind s'],
    ['3005020101020100', 'a length that is too short'],
    ['308106020101020101', 'the long form for a short length'],
    ['3080020101020101', 'an indefinite length'],
    ['3103020101', 'a SET'],
    ['30060201010301ff', 's is no INTEGER'],
    ['3003020101', 'no s'],
    ['3004020102', 'r ends too late'],
    ['30020200', 'an empty r'],
    ['3000', 'nothing'],
    ['30', 'half of nothing'],
    ['', 'no bytes'],
    [`3026022100${'ff'.repeat(32)}02${'01'.repeat(2)}ff`, 's with the wrong length'],
    [`302502${'21'}01${'ff'.repeat(32)}`, 'r longer than the field'],
  ])('%s: %s', (hex) => {
    expect(readEcdsaSignature(32, fromHex(hex))).toBeUndefined();
  });

  it('is read as it is written, for every length', () => {
    for (const size of [32, 48, 66]) {
      for (const [first, second] of [
        [1, 255],
        [0x7f, 0x80],
        [255, 255],
      ] as const) {
        for (let zeros = 0; zeros < size; zeros += 7) {
          const halves = new Uint8Array(2 * size);
          halves.fill(first, zeros, size);
          halves.fill(second, size + zeros);
          expect(readEcdsaSignature(size, writeEcdsaSignature(halves))).toEqual(halves);
        }
      }
    }
  });
});
