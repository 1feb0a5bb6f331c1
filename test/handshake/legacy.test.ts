import { checkPrimeSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bitLength } from '../../src/bytes/bigint.ts';
import { encryptPkcs1 } from '../../src/crypto/rsa.ts';
import { ffdhe2048, safePrime } from '../../src/crypto/ffdhe.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { takeSecret } from '../../src/handshake/tls12/key-exchange/rsa.ts';
import type { Credential } from '../../src/handshake/peer.ts';
import { legacyClient12, legacyServer12, legacySuites } from '../../src/legacy.ts';
import { clientCredential, noble, rootsVerifier, serverCredential } from '../support/credentials.ts';
import { makePair, run } from '../support/pair.ts';
import { seededRandom } from '../support/toy.ts';

/** RSA key exchange: what a server gives away about a secret that is not what it has to be, which is nothing. */

describe('the secret in an encoding', () => {
  const substitute = new Uint8Array(48).fill(0xee);
  const good = (size = 256): Uint8Array => {
    const encoding = new Uint8Array(size).fill(0x5a);
    encoding.set([0, 2]);
    encoding.set([0, 3, 3], size - 49);
    return encoding;
  };

  // RFC 5246 ¶7.4.7.1-2
  it('is taken when everything is in its place', () => {
    expect(takeSecret(good(), substitute, 0x0303)).toEqual(good().slice(-48));
    // The version is the one that was offered.
    expect(takeSecret(good(), substitute, 0x0304)).toEqual(substitute);
    expect(takeSecret(good(128), substitute, 0x0303)).toEqual(good(128).slice(-48));
  });

  it.each([
    ['the first byte', 0, 1],
    ['the block type', 1, 1],
    ['a zero in the padding', 10, 0],
    ['a zero in the last byte of the padding', 206, 0],
    ['no zero after the padding', 207, 1],
    ['the version, first byte', 208, 2],
    ['the version, second byte', 209, 1],
  ])('gives the substitute for a fault in %s', (_name, at, value) => {
    const encoding = good();
    encoding[at] = value;
    expect(takeSecret(encoding, substitute, 0x0303)).toEqual(substitute);
  });

  // RFC 5246 ¶7.4.7.1-3, ¶7.4.7.1-4
  it('gives the substitute for nothing but zeros', () => {
    expect(takeSecret(new Uint8Array(256), substitute, 0x0303)).toEqual(substitute);
  });
});

const suites = ['TLS_RSA_WITH_AES_128_GCM_SHA256'];

async function classic(credential: Credential, mutual = false) {
  const pair = makePair(
    {
      crypto: noble,
      protocols: [legacyClient12(noble)],
      suites,
      verifier: rootsVerifier,
      ...(mutual && { credential: await clientCredential('rsa-2048') }),
    },
    {
      crypto: noble,
      protocols: [legacyServer12(noble)],
      suites,
      credential,
      ...(mutual && { clientAuth: 'require', verifier: rootsVerifier }),
    },
  );
  const steps = run(pair);
  const errors = [...steps.client, ...steps.server].flatMap((step) => (step.type === 'failed' ? [step.error] : []));
  return { ...pair, steps, errors };
}

describe('RSA key exchange', () => {
  it.each([false, true])('connects (mutual: %s)', async (mutual) => {
    const { client, server, errors } = await classic(await serverCredential('rsa-2048'), mutual);
    expect(errors).toEqual([]);
    expect([client.status, server.status]).toEqual(['open', 'open']);
    expect(client.info.group).toBeUndefined();
    expect(client.info.peerSignatureScheme).toBeUndefined();
    expect(server.info.peer?.verdict.ok).toBe(mutual ? true : undefined);
  });

  it.each([
    ['a wrong encoding', () => new Uint8Array(256).fill(1)],
    ['nothing at all', () => undefined],
    ['an encoding of another length', () => new Uint8Array(10)],
  ])('a secret that decrypts to %s fails at Finished, with the alert of any other', async (_name, decryptRaw) => {
    const real = await serverCredential('rsa-2048');
    const { errors, steps } = await classic({ ...real, signer: { ...real.signer, decryptRaw } });
    expect(errors.map(({ code }) => code)).toContain('ERR_BAD_RECORD_MAC');
    expect(steps.server.filter((step) => step.type === 'failed')).toMatchObject([
      { error: { code: 'ERR_BAD_RECORD_MAC', alert: 20 } },
    ]);
  });

  // RFC 5246 ¶A.5-1, ¶A.5-2
  // RFC 9846 §E.5-1, §E.5-2
  it('is in no default list', () => {
    expect(
      nobleProvider()
        .suites.map(({ name }) => name)
        .filter((name) => /_RSA_WITH|CBC/.test(name) && !name.includes('ECDHE')),
    ).toEqual([]);
    expect(legacySuites(noble).length).toBeGreaterThan(15);
  });

  it('cannot be had with a key that only signs', async () => {
    const { errors } = await classic(await serverCredential('rsa-pss'));
    expect(errors.at(-1)).toMatchObject({ code: 'ERR_NO_CREDENTIAL', alert: 40 });
  });

  it('noble encrypts what noble decrypts', async () => {
    const { signer } = await serverCredential('rsa-2048');
    const key = signer.publicKey;
    if (key.kind !== 'rsa') throw new Error('not RSA');
    const secret = Uint8Array.from({ length: 48 }, (_, i) => (i < 2 ? 3 : i));
    const text = encryptPkcs1(key.modulus, key.exponent, secret, seededRandom(3));
    const encoding = (await signer.decryptRaw!(text))!;
    expect(takeSecret(encoding, new Uint8Array(48), 0x0303)).toEqual(secret);
  });
});

describe('finite fields (RFC 7919)', () => {
  it.each([
    [2048, 560_316n],
    [3072, 2_625_351n],
  ])('the prime of %i bits is one, and so is half of it', (bits, offset) => {
    const prime = safePrime(bits, offset);
    expect(bitLength(prime)).toBe(bits);
    expect(prime.toString(16).startsWith('ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1')).toBe(true);
    expect(prime.toString(16).endsWith('ffffffffffffffff')).toBe(true);
    expect(checkPrimeSync(prime, { checks: 8 })).toBe(true);
    expect(checkPrimeSync((prime - 1n) / 2n, { checks: 8 })).toBe(true);
  });

  // RFC 9846 §4.3.8.1-1
  it('agree, and refuse 0, 1 and p - 1', async () => {
    const group = ffdhe2048();
    const random = seededRandom(4);
    const offer = await group.offer(random);
    const { share, secret } = await group.accept(offer.share, random);
    expect(await offer.agree(share)).toEqual(secret);
    const prime = safePrime(2048, 560_316n);
    for (const bad of [0n, 1n, prime - 1n, prime]) {
      const bytes = Uint8Array.from(Buffer.from(bad.toString(16).padStart(512, '0'), 'hex'));
      expect(() => group.accept(bytes, random)).toThrow(/ERR_BAD_KEY_SHARE/);
    }
  });
});
