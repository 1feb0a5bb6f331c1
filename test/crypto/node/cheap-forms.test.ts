import * as crypto from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { NodeCryptoModule } from '../../../src/crypto/node/builtin.ts';
import { nodeX25519 } from '../../../src/crypto/node/groups.ts';
import { nodeHash } from '../../../src/crypto/node/primitives.ts';
import { systemRandom } from '../../../src/crypto/random.ts';

/** node:crypto, with some of it done otherwise. */
function changed(changes: object): NodeCryptoModule {
  return { ...crypto, ...changes } as unknown as NodeCryptoModule;
}

describe('HMAC over hashes in one call', () => {
  const hash: (...given: Parameters<typeof crypto.hash>) => unknown = crypto.hash;
  for (const [name, size] of [
    ['sha256', 32],
    ['sha384', 48],
  ] as const)
    for (const way of ['in one call', 'by an object'])
      test(`${name} ${way}: keys and messages of any length, in any number of parts`, () => {
        const { hmac } = nodeHash(changed(way === 'by an object' ? { hash: undefined } : {}), name, size);
        for (const key of [0, 1, size, 64, 65, 128, 129, 300])
          for (const parts of [[0], [1, 0, 3], [500, 12], [500, 13], [2000]]) {
            const secret = crypto.randomBytes(key);
            const texts = parts.map((length) => crypto.randomBytes(length));
            const expected = crypto.createHmac(name, secret);
            for (const text of texts) expected.update(text);
            expect(hmac(secret, ...texts)).toEqual(new Uint8Array(expected.digest()));
          }
      });

  test('nothing of a key, a message or an inner digest stays in the arrays that were hashed', () => {
    const hashed: Uint8Array[] = [];
    const node = changed({
      hash: (...given: Parameters<typeof crypto.hash>) => {
        hashed.push(given[1] as Uint8Array);
        return hash(...given);
      },
    });
    const { hmac } = nodeHash(node, 'sha256', 32);
    hmac(new Uint8Array(32).fill(7), new Uint8Array(20).fill(9));
    hmac(new Uint8Array(32).fill(7), new Uint8Array(3000).fill(9));
    expect(hashed).toHaveLength(4);
    for (const bytes of hashed) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('the form in which a share of X25519 is read', () => {
  const readBy = (change: (given: unknown) => void) => {
    const forms: string[] = [];
    const node = changed({
      createPublicKey: (given: crypto.PublicKeyInput) => {
        forms.push(typeof given === 'string' ? 'PEM' : 'JWK');
        change(given);
        return crypto.createPublicKey(given);
      },
    });
    return { group: nodeX25519(node), forms };
  };
  const wait = (): void => {
    for (const end = performance.now() + 3; performance.now() < end; );
  };

  for (const [slow, quick] of [
    ['JWK', 'PEM'],
    ['PEM', 'JWK'],
  ])
    test(`is ${quick} where ${slow} is slow, and the secret is the same`, async () => {
      const { group, forms } = readBy((given) => {
        if ((typeof given === 'string') === (slow === 'PEM')) wait();
      });
      for (let round = 0; round < 3; round++) {
        const offer = await nodeX25519(changed({})).offer(systemRandom);
        forms.length = 0;
        const { share, secret } = await group.accept(offer.share, systemRandom);
        expect(await offer.agree(share)).toEqual(secret);
        if (round > 0) expect(forms).toEqual([quick]);
      }
    });

  test('is JWK where PEM is not understood', async () => {
    const { group, forms } = readBy((given) => {
      if (typeof given === 'string') throw new Error('no PEM here');
    });
    const offer = await group.offer(systemRandom);
    await group.accept(offer.share, systemRandom);
    forms.length = 0;
    await group.accept(offer.share, systemRandom);
    expect(forms).toEqual(['JWK']);
  });
});
