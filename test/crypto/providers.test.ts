import { describe, expect, it } from 'vitest';
import { autoProvider } from '../../src/crypto/auto.ts';
import { client12 } from '../../src/handshake/client/client12.ts';
import { client13 } from '../../src/handshake/client/client13.ts';
import { server12 } from '../../src/handshake/server/server12.ts';
import { server13 } from '../../src/handshake/server/server13.ts';
import { nobleProvider, nobleVerifier } from '../../src/crypto/noble/index.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { privateKeyFromPem } from '../../src/pki/private-key.ts';
import { makePair, run } from '../support/pair.ts';
import { KEY_KINDS, serverEntry } from '../support/pki.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** Two providers are two ways to the same bytes. */

const noble = nobleProvider();
const node = nodeProvider();
const text = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0));

it('node:crypto is chosen where there is one', () => {
  expect(autoProvider().name).toBe('node');
});

it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s', (name) => {
  const [a, b] = [noble.hash(name), node.hash(name)];
  for (const length of [0, 1, 55, 56, 64, 1000]) {
    const bytes = new Uint8Array(length).fill(length);
    expect(b.digest(bytes, text('x'))).toEqual(a.digest(bytes, text('x')));
    expect(b.hmac(bytes, text('a'), text('b'))).toEqual(a.hmac(bytes, text('ab')));
    for (const hash of [a, b]) {
      const state = hash.start();
      state.update(bytes);
      const fork = state.fork();
      fork.update(text('more'));
      expect(state.digest()).toEqual(a.digest(bytes));
      expect(fork.digest()).toEqual(a.digest(bytes, text('more')));
    }
  }
});

describe('ciphers', () => {
  it.each(noble.suites.map(({ name }) => name))('%s', (name) => {
    const [a, b] = [noble, node].map((provider) => provider.suites.find((suite) => suite.name === name)!.aead) as [
      never,
      never,
    ];
    const keyOf = (aead: (typeof noble.suites)[0]['aead']) => aead.key(new Uint8Array(aead.keyLength).fill(1));
    const [ours, theirs] = [keyOf(a), keyOf(b)];
    const nonce = new Uint8Array(12).fill(2);
    for (const length of [0, 1, 15, 16, 17, 16_385]) {
      const plain = new Uint8Array(length).fill(3);
      const sealed = ours.seal(nonce, text('head'), plain);
      expect(theirs.seal(nonce, text('head'), plain)).toEqual(sealed);
      expect(theirs.open(nonce, text('head'), sealed)).toEqual(plain);
      for (const key of [ours, theirs]) {
        expect(key.open(nonce, text('tail'), sealed)).toBeUndefined();
        expect(key.open(nonce, text('head'), sealed.slice(1))).toBeUndefined();
        expect(key.open(nonce, text('head'), new Uint8Array(3))).toBeUndefined();
      }
    }
  });
});

describe('groups', () => {
  it.each(noble.groups.map(({ name }) => name))('%s', async (name) => {
    for (const [from, to] of [
      [noble, node],
      [node, noble],
    ] as const) {
      const of = (provider: CryptoProvider) => provider.groups.find((group) => group.name === name)!;
      const offer = await of(from).offer(from.random);
      const { share, secret } = await of(to).accept(offer.share, to.random);
      expect(await offer.agree(share)).toEqual(secret);
      for (const bad of [share.slice(1), new Uint8Array(share.length), new Uint8Array(0)]) {
        if (name.includes('MLKEM') && bad.length === share.length) continue;
        await expect((async () => await offer.agree(bad))()).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
        await expect((async () => await of(to).accept(bad, to.random))()).rejects.toMatchObject({
          code: 'ERR_BAD_KEY_SHARE',
        });
      }
    }
  });
});

describe('signatures', () => {
  it.each(KEY_KINDS)('%s', async (kind) => {
    const key = privateKeyFromPem(serverEntry(kind).key);
    const [ours, theirs] = [await noble.signer(key), await node.signer(key)];
    expect(theirs.publicKey).toEqual(ours.publicKey);
    expect(theirs.schemes).toEqual(ours.schemes);
    expect(ours.schemes.length).toBeGreaterThan(0);
    for (const id of ours.schemes) {
      const { algorithm } = noble.signatures.find((scheme) => scheme.id === id)!;
      for (const signer of [ours, theirs]) {
        const signature = await signer.sign(id, text('message'));
        for (const verifier of [nobleVerifier, node.verifier]) {
          expect(verifier.verify(algorithm, ours.publicKey, text('message'), signature)).toBe(true);
          expect(verifier.verify(algorithm, ours.publicKey, text('messagf'), signature)).toBe(false);
        }
      }
    }
    await expect((async () => await theirs.sign(0x0101, text('')))()).rejects.toMatchObject({
      code: 'ERR_SIGNER_FAILED',
    });
  });
});

it.each([
  [noble, node],
  [node, noble],
  [node, node],
] as const)('a handshake between two providers, every suite of both versions', (client, server) => {
  for (const suite of noble.suites) {
    const tls12 = suite.version === 0x0303;
    if (tls12 && suite.name.includes('_RSA_')) continue;
    const pair = makePair(
      {
        protocols: [tls12 ? client12 : client13],
        crypto: { ...client, signatures: toySignatures, verifier: toyChecks },
        suites: [suite.name],
        verifier: toyVerifier,
      },
      {
        protocols: [tls12 ? server12 : server13],
        crypto: { ...server, signatures: toySignatures, verifier: toyChecks },
        credential: toyCredential,
      },
    );
    run(pair);
    expect(pair.client.status).toBe('open');
    expect(pair.server.exportKey('EXPORTER-x', undefined, 16)).toEqual(
      pair.client.exportKey('EXPORTER-x', undefined, 16),
    );
  }
});

const toySignatures = toyProvider().signatures;
const toyChecks = toyProvider().verifier;
