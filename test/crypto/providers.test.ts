import { describe, expect, it } from 'vitest';
import { autoProvider } from '../../src/crypto/auto.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import {
  nobleProvider,
  nobleVerifier,
  pureMlKem768,
  pureMlKem1024,
  secp256r1MlKem768,
  secp384r1MlKem1024,
  x25519,
  x448,
} from '../../src/crypto/noble/index.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { privateKeyFromPem } from '../../src/pki/formats/private-key.ts';
import { makePair, run } from '../support/pair.ts';
import { KEY_KINDS, serverEntry } from '../support/pki.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

/** Two providers are two ways to the same bytes. */

const noble = nobleProvider();
const node = nodeProvider();
const text = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0));

it('node:crypto is chosen where there is one', () => {
  expect(autoProvider().name).toBe('node, webcrypto, noble');
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

describe('groups that are asked for', () => {
  // Sizes of draft-ietf-tls-mlkem and RFC 10024; RFC 7748 for the last.
  it.each([
    [pureMlKem768, 0x0201, 1184, 1088, 32],
    [pureMlKem1024, 0x0202, 1568, 1568, 32],
    [secp256r1MlKem768, 0x11eb, 1249, 1153, 64],
    [secp384r1MlKem1024, 0x11ed, 1665, 1665, 80],
    [x448, 0x001e, 56, 56, 56],
  ] as const)('$name', async (group, id, offered, accepted, secretSize) => {
    expect(group.id).toBe(id);
    expect(noble.groups).not.toContain(group);
    const offer = await group.offer(noble.random);
    const { share, secret } = await group.accept(offer.share, noble.random);
    expect([offer.share.length, share.length, secret.length]).toEqual([offered, accepted, secretSize]);
    expect(await offer.agree(share)).toEqual(secret);
    for (const bad of [share.slice(1), new Uint8Array(share.length + 1), new Uint8Array(0)]) {
      await expect((async () => await offer.agree(bad))()).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
      await expect((async () => await group.accept(bad, noble.random))()).rejects.toMatchObject({
        code: 'ERR_BAD_KEY_SHARE',
      });
    }
    // FIPS 203 section 7.2: coefficients that are not reduced.
    if (group !== x448)
      await expect(
        (async () => await group.accept(new Uint8Array(offered).fill(0xff), noble.random))(),
      ).rejects.toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
  });

  it.each([pureMlKem768, pureMlKem1024])(
    '$name carries a handshake, by itself and after HelloRetryRequest',
    (group) => {
      const crypto = { ...toyProvider(), groups: [x25519, group] };
      for (const keyShares of [[group.name], [x25519.name]]) {
        const pair = makePair({ crypto, keyShares }, { crypto, groups: [group.name] });
        run(pair);
        expect([pair.client.status, pair.server.status]).toEqual(['open', 'open']);
        expect(pair.client.info.group?.name).toBe(group.name);
      }
    },
  );
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
