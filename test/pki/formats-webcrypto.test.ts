import { createPublicKey, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { PrivateKey, PublicKey } from '../../src/crypto/types.ts';
import {
  encodePrivateKey,
  privateKeyFromCryptoKey,
  privateKeyFromDer,
  privateKeyFromJwk,
  privateKeyToCryptoKey,
  privateKeyToJwk,
  publicKeyFromCryptoKey,
  publicKeyFromJwk,
  publicKeyToCryptoKey,
  publicKeyToJwk,
} from '../../src/pki/index.ts';
import { KEY_KINDS, keyOf, serverEntry } from '../support/pki.ts';

/** Keys in memory, as JWK and in WebCrypto, there and back, of every kind. */

const provider = nobleProvider();
const { subtle } = webcrypto;

describe.each(KEY_KINDS)('%s', (kind) => {
  const key = privateKeyFromDer(keyOf(serverEntry(kind)));
  const publicOf = async (): Promise<PublicKey> => (await provider.signer(key)).publicKey;
  // Neither JWK nor WebCrypto can say that a key is for PSS alone.
  const plain = key.kind === 'rsa' ? commonRsa(key) : key;

  it('JWK: there and back, and as node:crypto reads it', async () => {
    const publicKey = await publicOf();
    const jwk = privateKeyToJwk(key, publicKey);
    expect(encodePrivateKey(privateKeyFromJwk(jwk))).toEqual(encodePrivateKey(plain));
    const open = publicKeyToJwk(publicKey);
    expect('d' in open).toBe(false);
    const again = publicKeyFromJwk(open);
    expect(publicKeyFromJwk(jwk)).toEqual(again);
    const spki = createPublicKey({ key: open as never, format: 'jwk' }).export({ type: 'spki', format: 'der' });
    expect(decodeSubjectPublicKeyInfo(new Uint8Array(spki))).toEqual(again);
  });

  it('CryptoKey: there and back, and what it signs is good', async () => {
    const publicKey = await publicOf();
    const made = await privateKeyToCryptoKey(key, publicKey, { extractable: true });
    const open = await publicKeyToCryptoKey(publicKey);
    const back = await privateKeyFromCryptoKey(made);
    expect(encodePrivateKey(back)).toEqual(encodePrivateKey(plain));
    const { pss: _, ...bare } = publicKey as PublicKey & { readonly pss?: unknown };
    expect(await publicKeyFromCryptoKey(open)).toEqual(bare);
    const algorithm = { name: made.algorithm.name, hash: 'SHA-256', saltLength: 32 };
    const signature = await subtle.sign(algorithm, made, Uint8Array.of(1, 2, 3));
    expect(await subtle.verify(algorithm, open, signature, Uint8Array.of(1, 2, 3))).toBe(true);
    const kept = await privateKeyToCryptoKey(key, publicKey);
    expect(kept.extractable).toBe(false);
    await expect(privateKeyFromCryptoKey(kept)).rejects.toThrow(/cryptoKeySigner/);
    await expect(privateKeyFromCryptoKey(open)).rejects.toThrow(/public/);
    await expect(publicKeyFromCryptoKey(made)).rejects.toThrow(/private/);
  });
});

describe('RSA', () => {
  it('for another way to sign', async () => {
    const key = privateKeyFromDer(keyOf(serverEntry('rsa-2048')));
    const { publicKey } = await provider.signer(key);
    const made = await privateKeyToCryptoKey(key, publicKey, { algorithm: 'RSA-PSS', hash: 'sha384' });
    expect(made.algorithm).toMatchObject({ name: 'RSA-PSS', hash: { name: 'SHA-384' } });
    const pss = privateKeyFromDer(keyOf(serverEntry('rsa-pss')));
    const own = await privateKeyToCryptoKey(pss, (await provider.signer(pss)).publicKey);
    expect(own.algorithm.name).toBe('RSA-PSS');
  });
});

describe('ML-DSA', () => {
  it.each([
    ['ml-dsa-44', 1312],
    ['ml-dsa-65', 1952],
    ['ml-dsa-87', 2592],
  ] as const)('%s: public keys as JWK', (kind, size) => {
    const key: PublicKey = { kind, key: new Uint8Array(size).map((_, i) => i) };
    const jwk = publicKeyToJwk(key);
    expect(jwk).toMatchObject({ kty: 'AKP', alg: kind.toUpperCase() });
    expect(publicKeyFromJwk(jwk)).toEqual(key);
    expect(decodeSubjectPublicKeyInfo(encodeSubjectPublicKeyInfo(key))).toEqual(key);
  });

  it('is refused, in words, by a runtime that does not know it', async () => {
    const key: PublicKey = { kind: 'ml-dsa-44', key: new Uint8Array(1312) };
    const made = await publicKeyToCryptoKey(key).catch((error: unknown) => error);
    if (made instanceof Error)
      expect(made).toMatchObject({ code: 'ERR_KEY', message: expect.stringMatching(/ml-dsa-44/) });
  });
});

describe('JWK that are none', () => {
  it.each([
    [{}, /kty/],
    [{ kty: 'oct' }, /kty/],
    [{ kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' }, /crv/],
    [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, /x: 1 bytes where 32/],
    [{ kty: 'OKP', crv: 'X25519', x: 'AA' }, /crv/],
    [{ kty: 'OKP', crv: 'Ed25519' }, /x: it is missing/],
    [{ kty: 'RSA', n: '!', e: 'AQAB' }, /n: not base64url/],
    [{ kty: 'RSA', n: 'AA', e: 'AQAB' }, /n: not a number/],
    [{ kty: 'AKP', alg: 'ML-DSA-45', pub: 'AA' }, /alg/],
    [{ kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }, /pub: 1 bytes/],
  ])('%o', (jwk, message) => {
    expect(() => publicKeyFromJwk(jwk)).toThrow(message);
  });
});

/** What is secret in a key is there by its name, and not when the key is spread. */
function commonRsa(key: Extract<PrivateKey, { kind: 'rsa' }>): PrivateKey {
  const { modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient } = key;
  const numbers = { modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient };
  return { kind: 'rsa', pss: false, ...numbers };
}
