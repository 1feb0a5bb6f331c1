import * as nodeCrypto from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromAscii } from '../../src/bytes/bytes.ts';
import { checkProvider } from '../../src/crypto/conformance/index.ts';
import { conformanceKeys } from '../../src/crypto/conformance/keys.ts';
import { withFallback } from '../../src/crypto/fallback.ts';
import { signatureAnswer } from '../../src/crypto/known-answers.ts';
import { isPromise } from '../../src/bytes/promise.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { nodeSigner, nodeVerifier } from '../../src/crypto/node/signatures.ts';
import type { Aead, CryptoProvider, KeyExchange, PrivateKey, Signer } from '../../src/crypto/types.ts';

/** Each operation is the first provider's where it proves to be there, and the second one's where it does not. */

const noble = nobleProvider();
const node = nodeProvider();
const text = fromAscii('warifu');

/** A provider whose every operation is counted, and breaks in the way that is asked for. */
function counted(like: CryptoProvider): { readonly provider: CryptoProvider; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const count = (what: string): void => {
    calls.set(what, (calls.get(what) ?? 0) + 1);
  };
  const aeads = new Map<Aead, Aead>();
  const aead = (own: Aead): Aead => {
    const made = aeads.get(own) ?? {
      ...own,
      key: (bytes: Uint8Array) => {
        count(`aead ${own.name}`);
        return own.key(bytes);
      },
    };
    aeads.set(own, made);
    return made;
  };
  const group = (own: KeyExchange): KeyExchange => ({
    ...own,
    offer: (random) => {
      count(`offer ${own.name}`);
      return own.offer(random);
    },
    accept: (share, random) => {
      count(`accept ${own.name}`);
      return own.accept(share, random);
    },
    agreeAs: (key, share) => {
      count(`known answer ${own.name}`);
      return own.agreeAs!(key, share);
    },
  });
  const provider: CryptoProvider = {
    ...like,
    suites: like.suites.map((suite) => ({ ...suite, aead: aead(suite.aead) })),
    groups: like.groups.map(group),
    hash: (name) => {
      count(`hash ${name}`);
      return like.hash(name);
    },
    verifier: {
      verify: (algorithm, key, message, signature) => {
        count(`verify ${algorithm.kind}`);
        return like.verifier.verify(algorithm, key, message, signature);
      },
    },
    signer: (key) => {
      count(`signer ${key.kind}`);
      return like.signer(key);
    },
  };
  return { provider, calls };
}

const broken = (): never => {
  throw new Error('this runtime cannot');
};

/** node:crypto as workerd has it: a key object with options beside it is refused. */
const workerd = {
  ...nodeCrypto,
  verify: (hash: string | null, message: Uint8Array, key: object, signature: Uint8Array) => {
    if ('key' in key) throw new TypeError('The "options.key" argument must be a key or a string');
    return nodeCrypto.verify(hash, message, key as nodeCrypto.KeyObject, signature);
  },
  sign: (hash: string | null, message: Uint8Array, key: object) => {
    if ('key' in key) throw new TypeError('The "options.key" argument must be a key or a string');
    return nodeCrypto.sign(hash, message, key as nodeCrypto.KeyObject);
  },
} as unknown as typeof nodeCrypto;

const likeWorkerd: CryptoProvider = {
  ...node,
  verifier: nodeVerifier(workerd),
  signer: (key) => nodeSigner(workerd, key),
};

describe('a runtime like workerd, whose node:crypto throws for key objects with options', () => {
  it('has all operations nevertheless', async () => {
    const failed = (await checkProvider(withFallback(likeWorkerd, noble))).filter(({ ok }) => !ok);
    expect(failed).toEqual([]);
  });

  it('while alone it fails, and says so instead of "a wrong signature"', () => {
    const known = signatureAnswer({ kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }, RSA)!;
    expect(() => likeWorkerd.verifier.verify(known.algorithm, known.key, text, known.signature)).toThrowError(
      expect.objectContaining({ code: 'ERR_INTERNAL' }),
    );
  });
});

const BROKEN_GROUP: Partial<KeyExchange> = { offer: broken, accept: broken, agreeAs: broken };

/** Would be found out by nothing but the known answer: the secret is the same on both sides. */
const OTHER_SECRET: Partial<KeyExchange> = {
  agreeAs: () => new Uint8Array(32),
  accept: async (peerShare, random) => ({
    ...(await node.groups[1]!.accept(peerShare, random)),
    secret: new Uint8Array(32),
  }),
};

const RSA = { kind: 'rsa', modulus: new Uint8Array(0), exponent: new Uint8Array(0) } as const;
const ED = { kind: 'ed25519', key: new Uint8Array(0) } as const;

describe.each<readonly [string, Partial<CryptoProvider>]>([
  ['verifies nothing', { verifier: { verify: () => false } }],
  ['believes everything', { verifier: { verify: () => true } }],
  ['rejects', { verifier: { verify: () => Promise.reject(new Error('later')) } }],
  ['answers with something else', { verifier: { verify: () => 1 as unknown as boolean } }],
  ['has no hashes', { hash: broken }],
  ['has other hashes', { hash: (name) => ({ ...node.hash(name), digest: () => new Uint8Array(4) }) }],
  ['cannot sign', { signer: broken }],
  ['signs nonsense', { signer: async (key) => ({ ...(await node.signer(key)), sign: () => new Uint8Array(70) }) }],
  ['fails when it signs', { signer: async (key) => ({ ...(await node.signer(key)), sign: broken }) }],
  [
    'has ciphers that open everything',
    {
      suites: node.suites.map((suite) => ({
        ...suite,
        aead: {
          ...suite.aead,
          key: (bytes: Uint8Array) => ({ ...suite.aead.key(bytes), open: (_n, _h, sealed) => sealed.slice(0, -16) }),
        },
      })),
    },
  ],
  [
    'has ciphers by name only',
    { suites: node.suites.map((suite) => ({ ...suite, aead: { ...suite.aead, key: broken } })) },
  ],
  [
    'has groups by name only',
    {
      groups: node.groups.map((group) => ({
        ...group,
        ...BROKEN_GROUP,
        ...(group.classical !== undefined && { classical: { ...group.classical, ...BROKEN_GROUP } }),
      })),
    },
  ],
  [
    'agrees on something else',
    { groups: node.groups.filter(({ kind }) => kind === 'ecdhe').map((group) => ({ ...group, ...OTHER_SECRET })) },
  ],
  [
    'agrees on something else in the half of a hybrid',
    {
      groups: node.groups.map((group) =>
        group.classical === undefined ? group : { ...group, classical: { ...group.classical, ...OTHER_SECRET } },
      ),
    },
  ],
])('a first provider that %s', (_, change) => {
  it('is not used for that', async () => {
    const both = withFallback({ ...node, ...change }, noble);
    const failed = (await checkProvider(both)).filter(({ ok }) => !ok);
    expect(failed).toEqual([]);
  });
});

describe('proving', () => {
  it('is done on first use, once, and then the second provider is not asked', async () => {
    const first = counted(node);
    const second = counted(noble);
    const both = withFallback(first.provider, second.provider);
    expect([...first.calls]).toEqual([]);
    const known = signatureAnswer({ kind: 'ed25519' }, ED)!;
    for (let i = 0; i < 3; i++) {
      expect(both.verifier.verify(known.algorithm, known.key, text, known.signature)).toBe(true);
      expect(both.hash('sha256').digest(fromAscii('abc')).length).toBe(32);
      for (const suite of both.suites) suite.aead.key(new Uint8Array(suite.aead.keyLength)).dispose();
      for (const group of both.groups) {
        const offer = await group.offer(both.random);
        await group.accept(offer.share, both.random);
      }
    }
    // Two for the proof, and the three that were asked for.
    expect(first.calls.get('verify ed25519')).toBe(5);
    expect(first.calls.get('known answer X25519')).toBe(1);
    expect(first.calls.get('offer X25519')).toBe(3);
    // Three suites in 1.3 and 1.2 share each cipher: three times three, and once for the proof.
    expect(first.calls.get('aead AES-128-GCM')).toBe(10);
    expect([...second.calls]).toEqual([]);
  });

  it('what answers at once keeps answering at once', async () => {
    const both = withFallback(node, noble);
    const known = signatureAnswer({ kind: 'ed25519' }, ED)!;
    expect(both.verifier.verify(known.algorithm, known.key, text, known.signature)).toBe(true);
    for (const group of both.groups) expect(isPromise(group.offer(both.random))).toBe(false);
    const signer = both.signer(conformanceKeys()[0]![1]);
    expect(isPromise(signer)).toBe(false);
    expect(isPromise((await signer).sign(0x0403, text))).toBe(false);
  });

  it('a failure behind the proof is no verdict either: the second provider answers', () => {
    let failing = false;
    const first: CryptoProvider = {
      ...node,
      verifier: { verify: (...given) => (failing ? broken() : node.verifier.verify(...given)) },
    };
    const { verifier } = withFallback(first, noble);
    const known = signatureAnswer({ kind: 'ed25519' }, ED)!;
    expect(verifier.verify(known.algorithm, known.key, text, known.signature)).toBe(true);
    failing = true;
    expect(verifier.verify(known.algorithm, known.key, text, known.signature)).toBe(true);
    expect(verifier.verify(known.algorithm, known.key, fromAscii('x'), known.signature)).toBe(false);
  });

  it('where both fail it is a failure', () => {
    const { verifier } = withFallback(
      { ...node, verifier: { verify: broken } },
      { ...noble, verifier: { verify: broken } },
    );
    const known = signatureAnswer({ kind: 'ed25519' }, ED)!;
    expect(() => verifier.verify(known.algorithm, known.key, text, known.signature)).toThrow('this runtime cannot');
  });
});

describe('a signer', () => {
  const [, key] = conformanceKeys().find(([name]) => name === 'RSA') as readonly [string, PrivateKey];

  it('is checked with the first signature of each scheme, and no more', async () => {
    const first = counted(node);
    const signer = await withFallback(first.provider, noble).signer(key);
    await signer.sign(0x0804, text);
    const once = first.calls.get('verify rsa-pss');
    await signer.sign(0x0804, text);
    expect(first.calls.get('verify rsa-pss')).toBe(once);
    await signer.sign(0x0805, text);
    expect(first.calls.get('verify rsa-pss')).toBeGreaterThan(once!);
  });

  it('reads the key for the second provider only when it is needed, and overwrites both', async () => {
    const second = counted(noble);
    const good = await withFallback(node, second.provider).signer(key);
    await good.sign(0x0804, text);
    good.dispose?.();
    expect(second.calls.get('signer rsa')).toBeUndefined();

    const disposed: string[] = [];
    const named = (name: string, from: CryptoProvider, change: Partial<Signer> = {}): CryptoProvider => ({
      ...from,
      signer: async (given) => ({ ...(await from.signer(given)), ...change, dispose: () => disposed.push(name) }),
    });
    const bad = await withFallback(named('first', node, { sign: broken }), named('second', noble)).signer(key);
    await bad.sign(0x0804, text);
    bad.dispose?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(disposed).toEqual(['first', 'second']);
  });

  it('decrypts without padding by the one that can', async () => {
    const ciphertext = new Uint8Array(256).fill(1);
    const right = await (await noble.signer(key)).decryptRaw?.(ciphertext);
    const { decryptRaw: _, ...without } = await node.signer(key);
    for (const own of [without, { ...without, decryptRaw: broken }]) {
      const both = withFallback({ ...node, signer: () => own }, noble);
      expect(await (await both.signer(key)).decryptRaw?.(ciphertext)).toEqual(right);
    }
  });
});
