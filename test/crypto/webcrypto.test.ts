import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromAscii } from '../../src/bytes/bytes.ts';
import { conformanceKeys } from '../../src/crypto/conformance/keys.ts';
import { signatureAnswer } from '../../src/crypto/known-answers.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { AeadJob, AeadKey, BulkAead, PublicKey, SignatureAlgorithm } from '../../src/crypto/types.ts';
import { cryptoKeySigner, webCryptoProvider } from '../../src/crypto/webcrypto/index.ts';
import { Pace } from '../../src/crypto/webcrypto/pace.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { makePair, runLater } from '../support/pair.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';

const subtle = webcrypto.subtle as SubtleCrypto;
const text = fromAscii('warifu');
const noble = nobleProvider();

/** WebCrypto that counts what it is asked, and can be told to break. */
function counting(): { readonly subtle: SubtleCrypto; readonly calls: string[]; breakAt(method: string): void } {
  const calls: string[] = [];
  const broken = new Set<string>();
  const proxy = new Proxy(subtle, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        calls.push(String(method));
        if (broken.has(String(method))) return Promise.reject(new DOMException('no', 'NotSupportedError'));
        return Reflect.apply(value, target, given);
      };
    },
  });
  return { subtle: proxy, calls, breakAt: (method) => broken.add(method) };
}

const EMPTY = new Uint8Array(0);
const KINDS: readonly (readonly [string, SignatureAlgorithm, PublicKey])[] = [
  ['ecdsa', { kind: 'ecdsa', hash: 'sha256' }, { kind: 'ec', curve: 'P-256', point: EMPTY }],
  ['rsa-pkcs1', { kind: 'rsa-pkcs1', hash: 'sha256' }, { kind: 'rsa', modulus: EMPTY, exponent: EMPTY }],
  ['rsa-pss', { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }, { kind: 'rsa', modulus: EMPTY, exponent: EMPTY }],
  ['ed25519', { kind: 'ed25519' }, { kind: 'ed25519', key: EMPTY }],
];

describe.each(KINDS)('signatures, %s', (_, kind, like) => {
  const { algorithm, key, signature } = signatureAnswer(kind, like)!;

  it('reads a key once, however often it comes, at once or one after the other', async () => {
    const counted = counting();
    const { verifier } = webCryptoProvider({ subtle: counted.subtle });
    const all = Array.from({ length: 4 }, () => verifier.verify(algorithm, structuredClone(key), text, signature));
    expect(await Promise.all(all)).toEqual([true, true, true, true]);
    expect(await verifier.verify(algorithm, structuredClone(key), fromAscii('x'), signature)).toBe(false);
    expect(counted.calls.filter((method) => method === 'importKey').length).toBe(1);
    if ('hash' in algorithm && key.kind === 'rsa') {
      await verifier.verify({ ...algorithm, hash: 'sha384' }, key, text, signature);
      expect(counted.calls.filter((method) => method === 'importKey').length).toBe(2);
    }
  });

  it.each(['importKey', 'verify'])('a runtime that fails at %s is no verdict', async (method) => {
    const counted = counting();
    counted.breakAt(method);
    const { verifier } = webCryptoProvider({ subtle: counted.subtle });
    for (let i = 0; i < 2; i++)
      await expect(verifier.verify(algorithm, key, text, signature)).rejects.toMatchObject({
        code: 'ERR_INTERNAL',
        cause: { name: 'NotSupportedError' },
      });
    expect(await verifier.verify(algorithm, key, text, EMPTY)).toBe(false);
  });
});

it('groups: a runtime that fails is no bad share', async () => {
  for (const method of ['generateKey', 'exportKey', 'deriveBits', 'importKey']) {
    const counted = counting();
    const [, x25519] = webCryptoProvider({ subtle: counted.subtle }).groups;
    const other = await x25519!.offer(noble.random);
    counted.breakAt(method);
    await expect((async () => await x25519!.accept(other.share, noble.random))()).rejects.toMatchObject({
      code: 'ERR_INTERNAL',
    });
  }
});

it('is not made where there is no WebCrypto, nor with an option that does not exist', () => {
  expect(() => webCryptoProvider({ suites: [] } as object)).toThrowError(
    expect.objectContaining({
      code: 'ERR_OPTION',
      message: expect.stringContaining('suites: there is no such option'),
    }),
  );
});

it.each([
  ['1.3', client13, server13],
  ['1.2', client12, server12],
] as const)('carries a handshake of TLS %s', async (_, client, server) => {
  const crypto = { ...webCryptoProvider(), signatures: toyProvider().signatures, verifier: toyProvider().verifier };
  const pair = makePair(
    { crypto, protocols: [client], verifier: toyVerifier },
    { crypto, protocols: [server], credential: toyCredential },
  );
  await runLater(pair);
  expect([pair.client.status, pair.server.status]).toEqual(['open', 'open']);
  expect(pair.client.exportKey('EXPORTER-x', undefined, 16)).toEqual(
    pair.server.exportKey('EXPORTER-x', undefined, 16),
  );
});

describe('the lane for many records', () => {
  const aead = (crypto: SubtleCrypto = subtle): AeadKey => {
    const { suites } = webCryptoProvider({ subtle: crypto });
    return suites.find((suite) => suite.aead.name === 'AES-128-GCM')!.aead.key(new Uint8Array(16).fill(1));
  };
  const bulkOf = (key: AeadKey): BulkAead => {
    if (key.bulk === undefined) throw new Error('there has to be one');
    return key.bulk;
  };
  const job = (n: number, data: Uint8Array): AeadJob => ({
    nonce: new Uint8Array(12).fill(n),
    additionalData: Uint8Array.of(n),
    data,
  });

  it('is the same as the other lane, whatever is in a batch', async () => {
    const key = aead();
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 30; round++) {
      const jobs = Array.from({ length: random(12) }, (_, i) =>
        job(
          i,
          Uint8Array.from({ length: random(round < 25 ? 200 : 17_000) }, () => random(256)),
        ),
      );
      const here = jobs.map(({ nonce, additionalData, data }) => key.seal(nonce, additionalData, data));
      expect(await bulkOf(key).seal(jobs)).toEqual(here);
      const received = jobs.map((one, i) => {
        const sealed = here[i]!.slice();
        if (random(4) === 0) sealed[random(sealed.length)]! ^= 1;
        return { ...one, data: sealed };
      });
      expect(await bulkOf(key).open(received)).toEqual(
        received.map(({ nonce, additionalData, data }) => key.open(nonce, additionalData, data)),
      );
    }
  });

  it('reads the key with the first batch, and once', async () => {
    const counted = counting();
    const key = aead(counted.subtle);
    key.seal(new Uint8Array(12), EMPTY, EMPTY);
    expect(counted.calls).toEqual([]);
    await Promise.all([bulkOf(key).seal([job(1, text)]), bulkOf(key).seal([job(2, text)])]);
    expect(counted.calls.filter((method) => method === 'importKey')).toEqual(['importKey']);
  });

  it('says that it failed, and not that a tag was wrong', async () => {
    const sealed = aead().seal(new Uint8Array(12).fill(1), Uint8Array.of(1), text);
    for (const method of ['decrypt', 'importKey']) {
      const counted = counting();
      counted.breakAt(method);
      await expect(bulkOf(aead(counted.subtle)).open([job(1, sealed)])).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
    }
  });

  it('does nothing under a key that has been overwritten', async () => {
    const key = aead();
    key.dispose();
    await expect(bulkOf(key).seal([job(1, text)])).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
  });
});

describe('from when on the lane is worth while', () => {
  const own = noble.suites.find((suite) => suite.aead.name === 'AES-128-GCM')!.aead;
  /** A clock that advances by what each call costs: `here` per byte sealed at once, `there` per call of WebCrypto. */
  const paceOf = (here: number, there: number): Pace => {
    let now = 0;
    const slow = {
      ...own,
      key: (bytes: Uint8Array): AeadKey => ({
        ...own.key(bytes),
        seal: (_nonce, _head, data) => {
          now += here * data.length;
          return data;
        },
      }),
    };
    const timed = {
      importKey: (...given: Parameters<SubtleCrypto['importKey']>) => subtle.importKey(...given),
      encrypt: async () => {
        now += there;
        return new ArrayBuffer(0);
      },
    };
    return new Pace(timed as unknown as SubtleCrypto, slow, () => now);
  };

  it.each([
    [1, 100, 1024],
    [1, 2000, 4096],
    [1, 10_000, 16_384],
    [1, 50_000, 65_536],
    [1, 100_000, Number.POSITIVE_INFINITY],
  ])('%d a byte against %d a call: %d', async (here, there, right) => {
    const pace = paceOf(here, there);
    await pace.measure();
    expect(pace.worthwhile).toBe(right);
  });

  it('is a cautious figure until it is known, where the clock stands still, and never where WebCrypto fails', async () => {
    expect(new Pace(subtle, own).worthwhile).toBe(16_384);
    const still = new Pace(subtle, own, () => 0);
    await still.measure();
    expect(still.worthwhile).toBe(16_384);
    const counted = counting();
    counted.breakAt('encrypt');
    const failing = new Pace(counted.subtle, own);
    await failing.measure();
    expect(failing.worthwhile).toBe(Number.POSITIVE_INFINITY);
  });

  it('uses memory again only where what was given has been copied', async () => {
    const proper = new Pace(subtle, own);
    expect(proper.copies).toBe(false);
    await proper.measure();
    expect(proper.copies).toBe(true);
    const encrypt: SubtleCrypto['encrypt'] = async (...given) => {
      await Promise.resolve();
      return subtle.encrypt(...given);
    };
    const late = new Pace({ importKey: subtle.importKey.bind(subtle), encrypt } as unknown as SubtleCrypto, own);
    await late.measure();
    expect(late.copies).toBe(false);
  });

  it('is measured once', async () => {
    const counted = counting();
    const pace = new Pace(counted.subtle, own);
    for (let i = 0; i < 5; i++) void pace.worthwhile;
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(counted.calls.filter((method) => method === 'importKey').length).toBe(1);
  });
});

describe('a CryptoKey that cannot be read', () => {
  it('signs for its certificate, and for no other', async () => {
    const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    const point = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
    const publicKey: PublicKey = { kind: 'ec', curve: 'P-256', point };
    const signer = cryptoKeySigner(pair.privateKey, publicKey);
    expect(signer.schemes).toEqual([0x0403]);
    const signature = await signer.sign(0x0403, text);
    expect(await noble.verifier.verify({ kind: 'ecdsa', hash: 'sha256' }, publicKey, text, signature)).toBe(true);
    await expect((async () => await signer.sign(0x0804, text))()).rejects.toMatchObject({ code: 'ERR_SIGNER_FAILED' });
    expect(() => cryptoKeySigner(pair.publicKey, publicKey)).toThrowError(expect.objectContaining({ code: 'ERR_KEY' }));
    expect(() => cryptoKeySigner(pair.privateKey, { kind: 'ed25519', key: point })).toThrowError(
      expect.objectContaining({ code: 'ERR_KEY' }),
    );
  });
});

it('a signer of a private key says when the runtime fails, and overwrites its copy', async () => {
  const [, key] = conformanceKeys()[0]!;
  const counted = counting();
  counted.breakAt('sign');
  const signer = await webCryptoProvider({ subtle: counted.subtle }).signer(key);
  await expect((async () => await signer.sign(0x0403, text))()).rejects.toMatchObject({
    code: 'ERR_SIGNER_FAILED',
    cause: { name: 'NotSupportedError' },
  });
  signer.dispose?.();
  if (key.kind === 'ec') expect(key.scalar.some((byte) => byte !== 0)).toBe(true);
});
