import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { autoProvider } from '../../src/crypto/auto.ts';
import { checkProvider } from '../../src/crypto/conformance/index.ts';
import { isPromise } from '../../src/bytes/promise.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { lateNobleProvider } from '../../src/crypto/noble/late.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { Aead, AeadKey, CryptoProvider, Hash, HashState, KeyExchange } from '../../src/crypto/types.ts';
import { webCryptoProvider } from '../../src/crypto/webcrypto/index.ts';

/** Every provider of ours does what a provider has to do, and a provider that does not is found out. */

const PROVIDERS: readonly (readonly [string, CryptoProvider])[] = [
  ['noble', nobleProvider()],
  ['node', nodeProvider()],
  ['webcrypto', webCryptoProvider({ subtle: webcrypto.subtle as SubtleCrypto })],
  ['noble, its curves loaded late', lateNobleProvider()],
  ['auto', autoProvider()],
];

describe.each(PROVIDERS)('%s', async (name, provider) => {
  const checks = await checkProvider(provider);

  it.each(checks.map((check) => [check.name, check] as const))('%s', (_, check) => {
    expect(check).toMatchObject({ ok: true });
  });

  it('nothing is left out but what it does not have', () => {
    const skipped = checks.filter((check) => check.skipped === true).map((check) => check.name);
    const others = { webcrypto: /ChaCha20-Poly1305: many records at once|sealing apart/ };
    const missing = name.startsWith('noble')
      ? /many records at once|sealing apart/
      : (others[name as keyof typeof others] ?? /many records at once/);
    expect(skipped.filter((what) => !missing.test(what))).toEqual([]);
    expect(checks.length).toBeGreaterThan(300);
    expect(new Set(checks.map((check) => check.name)).size).toBe(checks.length);
  });
});

/** What fails, as names, of a provider that is the node one but for this. */
async function failures(change: Partial<CryptoProvider>): Promise<readonly string[]> {
  const checks = await checkProvider({ ...nodeProvider(), ...change });
  return checks.filter(({ ok }) => !ok).map(({ name, why }) => `${name}: ${why}`);
}

const node = nodeProvider();

function withAead(change: (key: AeadKey) => Partial<AeadKey>): Partial<CryptoProvider> {
  const changed = (aead: Aead): Aead => ({
    ...aead,
    key: (bytes) => {
      const key = aead.key(bytes);
      return { ...key, ...change(key) };
    },
  });
  return { suites: node.suites.map((suite) => ({ ...suite, aead: changed(suite.aead) })) };
}

function withGroup(name: string, change: (group: KeyExchange) => Partial<KeyExchange>): Partial<CryptoProvider> {
  return { groups: node.groups.map((group) => (group.name === name ? { ...group, ...change(group) } : group)) };
}

function withHash(change: (hash: Hash) => Partial<Hash>): Partial<CryptoProvider> {
  return {
    hash: (name) => {
      const hash = node.hash(name);
      return { ...hash, ...change(hash) };
    },
  };
}

const verify = node.verifier.verify.bind(node.verifier);

describe('a provider that', () => {
  it.each<readonly [string, Partial<CryptoProvider>, RegExp]>([
    ['believes every signature', { verifier: { verify: () => true } }, /wherever it is/],
    ['believes none', { verifier: { verify: () => false } }, /a known signature is good/],
    [
      'throws for a malformed signature',
      {
        verifier: {
          verify: (algorithm, key, message, signature) => {
            if (signature.length === 0) throw new Error('no signature');
            return verify(algorithm, key, message, signature);
          },
        },
      },
      /nothing is not good: threw/,
    ],
    [
      'takes keys of small order',
      {
        verifier: {
          verify: (algorithm, key, message, signature) =>
            (key.kind === 'ed25519' && signature.subarray(32).every((byte) => byte === 0)) ||
            verify(algorithm, key, message, signature),
        },
      },
      /small order/,
    ],
    [
      'does not look at the salt',
      {
        verifier: {
          verify: (algorithm, ...rest) =>
            verify(algorithm.kind === 'rsa-pss' ? { ...algorithm, saltLength: 32 } : algorithm, ...rest),
        },
      },
      /the salt has to be/,
    ],
    [
      'opens whatever comes',
      withAead(() => ({ open: (_nonce, _head, sealed) => sealed.slice(0, -16) })),
      /whatever is changed is not opened/,
    ],
    [
      'throws for a record that is too short',
      withAead((key) => ({
        open: (nonce, head, sealed) => {
          if (sealed.length < 16) throw new Error('too short');
          return key.open(nonce, head, sealed);
        },
      })),
      /too short or too long/,
    ],
    [
      'seals at the wrong place',
      withAead((key) => ({
        sealInto: (nonce, head, parts, out, at) => key.sealInto?.(nonce, head, parts, out, Math.max(0, at - 1)),
      })),
      /sealing in place/,
    ],
    [
      'opens where it lies',
      withAead((key) => ({
        open: (nonce, head, sealed) => {
          const opened = key.open(nonce, head, sealed);
          if (opened === undefined) return undefined;
          const place = sealed.subarray(0, opened.length);
          place.set(opened);
          return place;
        },
      })),
      /memory of its own/,
    ],
    [
      'writes the tag at the wrong place',
      withAead((key) => ({
        sealApart: (nonce, head, parts, tag) => {
          const sealed = key.seal(nonce, head, parts[1] ?? new Uint8Array(0));
          tag.set(sealed.subarray(0, tag.length));
          return sealed.subarray(tag.length);
        },
      })),
      /sealing apart/,
    ],
    [
      'mixes up the records of a batch',
      withAead((key) => ({
        bulk: {
          worthwhile: 1,
          seal: async (jobs) =>
            jobs
              .map(({ nonce, additionalData, data, tail = new Uint8Array(0) }) =>
                key.seal(nonce, additionalData, Buffer.concat([data, tail])),
              )
              .reverse(),
          open: async (jobs) => jobs.map((job) => key.open(job.nonce, job.additionalData, job.data)),
        },
      })),
      /many records at once, sealed/,
    ],
    [
      'forgets the rest of a plaintext',
      withAead((key) => ({
        bulk: {
          worthwhile: 1,
          seal: async (jobs) => jobs.map((job) => key.seal(job.nonce, job.additionalData, job.data)),
          open: async (jobs) => jobs.map((job) => key.open(job.nonce, job.additionalData, job.data)),
        },
      })),
      /many records at once, sealed/,
    ],
    [
      'keeps the key it was given',
      {
        suites: node.suites.map((suite) => ({
          ...suite,
          aead: {
            ...suite.aead,
            key: (bytes: Uint8Array): AeadKey => ({
              seal: (...rest) => suite.aead.key(bytes).seal(...rest),
              open: (...rest) => suite.aead.key(bytes).open(...rest),
              dispose: () => {},
            }),
          },
        })),
      },
      /the key is copied/,
    ],
    [
      'says "internal error" of a bad share',
      withGroup('X25519', (group) => ({
        accept: (share, random) => {
          if (share.length !== 32) throw new Error('no share');
          return group.accept(share, random);
        },
      })),
      /X25519: nothing is not accepted: threw Error: no share where ERR_BAD_KEY_SHARE/,
    ],
    [
      'has one key for all',
      withGroup('secp256r1', (group) => {
        const only = group.offer(node.random);
        return { offer: () => only };
      }),
      /secp256r1: no two keys are alike/,
    ],
    [
      'makes another secret',
      withGroup('secp256r1', () => ({ agreeAs: () => new Uint8Array(32) })),
      /secp256r1: a known answer/,
    ],
    [
      'forks a hash that is the same one',
      withHash((hash) => ({
        start: () => {
          const state = hash.start();
          const same: HashState = { ...state, fork: () => same };
          return same;
        },
      })),
      /a fork goes its own way/,
    ],
    ['has another digest', withHash((hash) => ({ digest: () => new Uint8Array(hash.size) })), /a known digest/],
    ['has no random numbers', { random: { fill: (bytes) => bytes.fill(7) } }, /never alike/],
    ['has half of them', { random: { fill: (bytes) => node.random.fill(bytes.subarray(0, 65_536)) } }, /fills all/],
    [
      'signs with something else',
      { signer: async (key) => ({ ...(await node.signer(key)), sign: () => new Uint8Array(70) }) },
      /is not good/,
    ],
    [
      'promises schemes that it does not have',
      { signer: async (key) => ({ ...(await node.signer(key)), schemes: [] }) },
      /every scheme it promises/,
    ],
    [
      'cannot even be asked',
      {
        signer: () => {
          throw new Error('no');
        },
        groups: [],
      },
      /signs: .*threw/,
    ],
  ])('%s is found out', async (_, change, found) => {
    const failed = await failures(change);
    expect(failed.join('\n')).toMatch(found);
  });
});

it('the node provider and auto answer at once, so that a handshake runs without a promise', async () => {
  for (const provider of [nodeProvider(), autoProvider()])
    for (const group of provider.groups) expect(isPromise(group.offer(provider.random)), group.name).toBe(false);
});
