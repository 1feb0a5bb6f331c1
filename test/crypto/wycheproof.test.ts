import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { aes128gcm, aes256gcm, chacha20Poly1305 } from '../../src/crypto/noble/aead.ts';
import { aes128Ccm, aes128Ccm8 } from '../../src/crypto/noble/ccm.ts';
import { secp256r1, secp384r1, secp521r1, x448, x25519 } from '../../src/crypto/noble/groups.ts';
import { hashByName } from '../../src/crypto/noble/hash.ts';
import { nobleVerifierWithMlDsa } from '../../src/crypto/noble/ml-dsa.ts';
import { mlKem768, mlKem1024 } from '../../src/crypto/noble/kem.ts';
import { nobleSigner } from '../../src/crypto/noble/signatures.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import { decryptRaw } from '../../src/crypto/rsa.ts';
import { decodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import type { Aead, HashName, KeyExchange, Random, SignatureAlgorithm } from '../../src/crypto/types.ts';
import { TlsError } from '../../src/errors.ts';
import { hkdfExpand, hkdfExtract } from '../../src/keys/expand.ts';
import { privateKeyFromDer } from '../../src/pki/formats/private-key.ts';
import { sampleOf } from '../support/thorough.ts';

/**
 * Wycheproof, through the very functions that the handshake and the validator call. Ten of each kind of test; all of them
 * are in `npm run test:full`.
 */

const node = nodeProvider();

const folder = new URL('../../../shared/vectors/wycheproof/', import.meta.url);
const present = existsSync(folder);
if (!present) console.log('skipped: vectors not present');

// RFC 5246 ¶4.7-2
// RFC 9846 §4.3.8.2-1, §7.4.2-1, §7.4.2-2, §9.1-3
// biome-ignore lint/suspicious/noExplicitAny: every file has a form of its own.
type Any = any;

/** True: the test's answer was "valid". Undefined: this test is about something that TLS has no use for. */
type Judge = (test: Any, group: Any) => boolean | undefined;

const hex = (text: string): Uint8Array => fromHex(text);
const hashOf = (name: string): HashName | undefined =>
  ({ 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' })[name] as HashName | undefined;
const same = (a: Uint8Array, b: string): boolean => Buffer.from(a).toString('hex') === b;

/** Gives these bytes, in pieces as they are asked for. */
function fixed(...parts: Uint8Array[]): Random {
  return {
    fill: (bytes) => {
      const part = parts.shift() ?? new Uint8Array(bytes.length);
      bytes.set(part.subarray(0, bytes.length));
    },
  };
}

const verifies =
  (
    algorithmOf: (group: Any, test: Any) => SignatureAlgorithm | undefined,
    keyOf: (group: Any) => string = (group) => group.publicKeyDer,
  ): Judge =>
  (test, group) => {
    const algorithm = algorithmOf(group, test);
    const key = decodeSubjectPublicKeyInfo(hex(keyOf(group)));
    if (algorithm === undefined) return undefined;
    if (key === undefined) return false;
    const answer = nobleVerifierWithMlDsa.verify(algorithm, key, hex(test.msg), hex(test.sig));
    // The runtime's own has to think the same; it has no ML-DSA, and no reason to be asked for it.
    if (!algorithm.kind.startsWith('ml-dsa'))
      expect(node.verifier.verify(algorithm, key, hex(test.msg), hex(test.sig)), `node, test ${test.tcId}`).toBe(
        answer,
      );
    return answer;
  };

const agrees =
  (group: KeyExchange, seedOf: (secret: Uint8Array) => Uint8Array): Judge =>
  (test) => {
    const offer = group.offer(fixed(seedOf(hex(test.private))));
    if (offer instanceof Promise) throw new Error('noble answers at once');
    const native = node.groups.find(({ id }) => id === group.id);
    const secretOf = (agree: () => unknown): string | undefined => {
      try {
        return toHex(agree() as Uint8Array);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_BAD_KEY_SHARE' });
        return undefined;
      }
    };
    const secret = secretOf(() => offer.agree(hex(test.public)));
    // The runtime's own has to think the same.
    if (native?.agreeAs !== undefined)
      expect(
        secretOf(() => native.agreeAs?.(scalarOf(hex(test.private), group), hex(test.public))),
        `node, test ${test.tcId}`,
      ).toBe(secret);
    return secret === test.shared;
  };

/** As long as the field: Wycheproof's numbers come as in DER. */
function scalarOf(secret: Uint8Array, { name }: KeyExchange): Uint8Array {
  const size = { secp256r1: 32, secp384r1: 48, secp521r1: 66 }[name];
  if (size === undefined) return secret;
  const scalar = new Uint8Array(size);
  scalar.set(secret.subarray(-size), size - Math.min(size, secret.length));
  return scalar;
}

/** noble makes a scalar from a longer seed: the one that gives this scalar is it minus one. */
const weierstrass =
  (size: number) =>
  (secret: Uint8Array): Uint8Array => {
    const scalar = BigInt(`0x${Buffer.from(secret).toString('hex')}`) - 1n;
    const length = size === 32 ? 48 : size === 48 ? 72 : 99;
    return fromHex(scalar.toString(16).padStart(2 * length, '0'));
  };

const opens =
  (ciphers: (group: Any) => Aead | undefined): Judge =>
  (test, group) => {
    const aead = group.ivSize === 96 ? ciphers(group) : undefined;
    if (aead === undefined || test.iv.length !== 24) return undefined;
    const key = aead.key(hex(test.key));
    const opened = key.open(hex(test.iv), hex(test.aad), hex(test.ct + test.tag));
    const native = node.suites.find((suite) => suite.aead.name === aead.name)?.aead.key(hex(test.key));
    if (native !== undefined) {
      expect(native.open(hex(test.iv), hex(test.aad), hex(test.ct + test.tag))).toEqual(opened);
      if (opened !== undefined)
        expect(native.seal(hex(test.iv), hex(test.aad), opened)).toEqual(key.seal(hex(test.iv), hex(test.aad), opened));
    }
    if (opened !== undefined && test.result === 'valid') {
      expect(Buffer.from(key.seal(hex(test.iv), hex(test.aad), hex(test.msg))).toString('hex')).toBe(
        test.ct + test.tag,
      );
    }
    return opened !== undefined && same(opened, test.msg);
  };

const kem =
  (noble: typeof mlKem768): Judge =>
  (test, group) => {
    switch (group.type) {
      case 'MLKEMEncapsTest':
        try {
          const { ciphertext, secret } = noble.encapsulate(hex(test.ek), fixed(hex(test.m)));
          return same(ciphertext, test.c) && same(secret, test.K);
        } catch {
          return false;
        }
      case 'MLKEMKeyGen': {
        // The expanded private key is the library's own business.
        const { publicKey } = noble.keygen(fixed(hex(test.seed)));
        return same(publicKey, test.ek);
      }
      default: {
        if (test.seed.length !== 128) return false;
        const pair = noble.fromSeed(hex(test.seed));
        try {
          return same(pair.publicKey, test.ek) && same(pair.decapsulate(hex(test.c)), test.K);
        } catch {
          return false;
        }
      }
    }
  };

const pss: Judge = (test, group) => {
  const hash = hashOf(group.sha);
  if (hash === undefined || group.mgfSha !== group.sha) return undefined;
  return verifies(() => ({ kind: 'rsa-pss', hash, saltLength: group.sLen }))(test, group);
};

const FILES: readonly (readonly [pattern: RegExp, judge: Judge])[] = [
  [/^aes_gcm/, opens((group) => ({ 128: aes128gcm, 256: aes256gcm })[group.keySize as 128])],
  [/^chacha20/, opens(() => chacha20Poly1305)],
  [
    /^aes_ccm/,
    opens((group) => (group.keySize !== 128 ? undefined : { 128: aes128Ccm, 64: aes128Ccm8 }[group.tagSize as 128])),
  ],
  [/^ecdh_secp256r1_ecpoint/, agrees(secp256r1, weierstrass(32))],
  [/^ecdh_secp384r1_ecpoint/, agrees(secp384r1, weierstrass(48))],
  [/^ecdh_secp521r1_ecpoint/, agrees(secp521r1, weierstrass(66))],
  [/^x25519/, agrees(x25519, (secret) => secret)],
  [/^x448/, agrees(x448, (secret) => secret)],
  [/^ecdsa_.*_sha\d+_test/, verifies((group) => ({ kind: 'ecdsa', hash: hashOf(group.sha)! }))],
  [/^ed25519/, verifies(() => ({ kind: 'ed25519' }))],
  [/^ed448/, verifies(() => ({ kind: 'ed448' }))],
  [/^rsa_signature/, verifies((group) => ({ kind: 'rsa-pkcs1', hash: hashOf(group.sha)! }))],
  [/^rsa_pss/, pss],
  [
    /^mldsa_(44|65|87)/,
    (test, group) =>
      test.ctx !== undefined || group.publicKeyDer === undefined || group.publicKeyDer === null
        ? undefined
        : verifies((g) => ({ kind: `ml-dsa-${/\d\d/.exec(g.file)![0]}` as 'ml-dsa-44' }))(test, group),
  ],
  [/^mlkem_768/, kem(mlKem768)],
  [/^mlkem_1024/, kem(mlKem1024)],
  [
    /^hmac_/,
    (test, group) => {
      const name = `sha${/hmac_sha(\d+)/.exec(group.file)![1]}` as HashName;
      const [ours, theirs] = [hashByName(name), node.hash(name)].map((hash) => hash.hmac(hex(test.key), hex(test.msg)));
      expect(theirs).toEqual(ours);
      return same(ours!.subarray(0, group.tagSize / 8), test.tag);
    },
  ],
  [
    /^hkdf_/,
    (test, group) => {
      const hash = hashByName(`sha${/hkdf_sha(\d+)/.exec(group.file)![1]}` as HashName);
      try {
        const salt = test.salt === '' ? new Uint8Array(hash.size) : hex(test.salt);
        return same(hkdfExpand(hash, hkdfExtract(hash, salt, hex(test.ikm)), hex(test.info), test.size), test.okm);
      } catch (error) {
        expect(error).toBeInstanceOf(TlsError);
        return false;
      }
    },
  ],
  [
    /^rsa_pkcs1_\d+_sig_gen/,
    (test, group) => {
      const hash = hashOf(group.sha);
      const scheme = { sha256: 0x0401, sha384: 0x0501, sha512: 0x0601 }[hash as 'sha256'];
      if (scheme === undefined) return undefined;
      const signer = nobleSigner(privateKeyFromDer(hex(group.privateKeyPkcs8)), fixed(new Uint8Array(1000).fill(3)));
      return same(signer.sign(scheme, hex(test.msg)) as Uint8Array, test.sig);
    },
  ],
  [
    /^rsa_pkcs1_\d+_test/,
    (test, group) => {
      const key = privateKeyFromDer(hex(group.privateKeyPkcs8));
      if (key.kind !== 'rsa') throw new Error(key.kind);
      const encoded = decryptRaw(key, hex(test.ct), fixed(new Uint8Array(1000).fill(5)));
      if (encoded === undefined) return false;
      const end = encoded.indexOf(0, 2);
      return encoded[0] === 0 && encoded[1] === 2 && end >= 10 && same(encoded.slice(end + 1), test.msg);
    },
  ],
];

/** ECDH over SubjectPublicKeyInfo, P1363 signatures, expanded keys of ML-KEM: TLS has none of them. */
const ELSEWHERE = /^ecdh_secp256r1_test|_p1363_|_semi_expanded_/;

describe.skipIf(!present)('wycheproof', () => {
  const names = present ? readdirSync(folder).filter((name) => name.endsWith('.json') && !ELSEWHERE.test(name)) : [];

  it.each(names)(
    '%s',
    (name) => {
      const [, judge] = FILES.find(([pattern]) => pattern.test(name)) ?? [];
      if (judge === undefined) throw new Error(`no judge for ${name}`);
      const { testGroups } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
      const disagreements: unknown[] = [];
      let judged = 0;
      const cases: Any[] = testGroups.flatMap((group: Any) => group.tests.map((test: Any) => ({ test, group })));
      // A kind is what the test is about and what the answer has to be.
      for (const { test, group } of sampleOf(
        cases,
        10,
        (one) => `${one.test.result} ${(one.test.flags ?? []).toSorted()}`,
      )) {
        const answer = judge(test, { ...group, file: name });
        if (answer === undefined) continue;
        judged++;
        if (answer !== expected(test, name))
          disagreements.push({
            tcId: test.tcId,
            comment: test.comment,
            flags: test.flags,
            result: test.result,
            answer,
          });
      }
      expect(disagreements).toEqual([]);
      expect(judged).toBeGreaterThan(0);
    },
    240_000,
  ); // P-521 in JavaScript, on a machine that has other things to do
});

/** What "acceptable" has to be in TLS: no compressed points, no all-zero secrets, no missing NULL; twists are taken. */
function expected(test: Any, name: string): boolean {
  if (test.result !== 'acceptable') return test.result === 'valid';
  if (/^ecdh/.test(name) || /^rsa_signature/.test(name)) return false;
  if (/^x(25519|448)/.test(name))
    return !/^0*$/.test(test.shared) && !test.flags.includes('ZeroSharedSecret') && test.shared !== '';
  return true;
}
