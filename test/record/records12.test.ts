import { createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aes128Cbc, aes256Cbc } from '../../src/crypto/noble/cbc.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { AeadSuite12, CbcSuite12, CipherSuite12 } from '../../src/crypto/types.ts';
import { legacySuites } from '../../src/legacy.ts';
import { Cbc12 } from '../../src/record/cbc12.ts';
import { additionalData, Protector12 } from '../../src/record/protect12.ts';
import type { RecordProtector } from '../../src/keys/protection.ts';
import { seededRandom } from '../support/toy.ts';

const crypto = nobleProvider();
const aead = crypto.suites.filter((suite): suite is AeadSuite12 => suite.version === 0x0303);
const cbc = legacySuites(crypto).filter((suite): suite is CbcSuite12 => suite.protection === 'cbc');

const keysFor = (suite: CipherSuite12) =>
  suite.protection === 'aead'
    ? {
        macKey: new Uint8Array(0),
        key: new Uint8Array(suite.aead.keyLength).fill(1),
        iv: new Uint8Array(suite.fixedIvLength).fill(2),
      }
    : {
        macKey: new Uint8Array(suite.mac.size).fill(3),
        key: new Uint8Array(suite.cipher.keyLength).fill(1),
        iv: new Uint8Array(0),
      };
const kinds: readonly (readonly [string, () => RecordProtector])[] = [
  ...aead.map((suite) => [suite.name, () => new Protector12(suite, keysFor(suite))] as const),
  ...cbc.flatMap((suite) =>
    [false, true].map(
      (outer) =>
        [
          `${suite.name}, ${outer ? 'encrypt-then-MAC' : 'MAC-then-encrypt'}`,
          () => new Cbc12(suite, keysFor(suite), outer, seededRandom(5)),
        ] as const,
    ),
  ),
];

const parts = (record: Uint8Array): [Uint8Array, Uint8Array] => [record.subarray(0, 5), record.subarray(5)];

describe.each(kinds)('%s', (_name, make) => {
  // RFC 5246 ¶6.1-1
  it('gives back what was sealed, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 4 }), (contents) => {
        const [seal, open] = [make(), make()];
        for (const content of contents) {
          const opened = open.open(...parts(seal.seal(23, content, 0)), 16_384);
          expect(opened.type).toBe(23);
          expect(Uint8Array.from(opened.content)).toEqual(content);
        }
      }),
      { numRuns: 25 },
    );
  });

  // RFC 5246 ¶6.2.1-1, ¶6.2.3-1
  it('stays within the overhead it names, and fills the largest record', () => {
    const record = make().seal(23, new Uint8Array(16_384), 0);
    expect(record.length - 5 - 16_384).toBeLessThanOrEqual(make().overhead);
    expect(make().open(...parts(record), 16_384).content.length).toBe(16_384);
    expect(() => make().open(...parts(record), 16_383)).toThrow(/ERR_RECORD_OVERFLOW/);
  });

  // RFC 5246 ¶6.2.3.3-3
  it('refuses any changed byte, header and order included', () => {
    const record = make().seal(
      23,
      Uint8Array.from({ length: 40 }, (_, i) => i),
      0,
    );
    for (let at = 0; at < record.length; at++) {
      if (at === 3 || at === 4) continue; // the length: the deframer's affair
      const changed = record.slice();
      changed[at]! ^= 1;
      expect(() => make().open(...parts(changed), 16_384), `byte ${at}`).toThrow(
        /ERR_BAD_RECORD_MAC|ERR_RECORD_VERSION/,
      );
    }
    const seal = make();
    seal.seal(23, Uint8Array.of(1), 0);
    expect(() => make().open(...parts(seal.seal(23, Uint8Array.of(1), 0)), 16_384)).toThrow(/ERR_BAD_RECORD_MAC/);
  });

  it('refuses every record that is too short', () => {
    const record = make().seal(23, Uint8Array.of(1, 2, 3), 0);
    for (let length = 0; length < record.length - 5; length++)
      expect(() => make().open(record.subarray(0, 5), record.subarray(5, 5 + length), 16_384)).toThrow(
        /ERR_BAD_RECORD_MAC/,
      );
  });
});

describe('padding of CBC', () => {
  const suite = cbc.find(({ name }) => name === 'TLS_RSA_WITH_AES_128_CBC_SHA')!;

  /** A record of our own making: content, the right MAC, and this tail in place of the padding. */
  function forge(content: Uint8Array, tail: Uint8Array): [Uint8Array, Uint8Array] {
    const keys = keysFor(suite);
    const mac = suite.mac.hmac(keys.macKey, additionalData(new Uint8Array(8), 23, content.length), content);
    const inner = Uint8Array.from([...content, ...mac, ...tail]);
    const iv = new Uint8Array(16).fill(8);
    const sealed = aes128Cbc.key(keys.key).encrypt(iv, inner);
    return [Uint8Array.of(23, 3, 3, 0, 0), Uint8Array.from([...iv, ...sealed])];
  }
  const open = (record: [Uint8Array, Uint8Array]) =>
    new Cbc12(suite, keysFor(suite), false, seededRandom(1)).open(...record, 16_384);

  // RFC 5246 ¶6.2.3.2-4
  it('may be of any length up to 256 bytes', () => {
    for (let count = 1; count <= 256; count++) {
      const content = new Uint8Array((16 - ((20 + count) % 16)) % 16);
      expect(open(forge(content, new Uint8Array(count).fill(count - 1))).content.length).toBe(content.length);
    }
  });

  // RFC 5246 ¶6.2.3.2-2, ¶6.2.3.2-3, ¶7.2.2-5
  it('has to say the same in every byte', () => {
    for (let count = 2; count <= 256; count++) {
      const content = new Uint8Array((16 - ((20 + count) % 16)) % 16);
      const tail = new Uint8Array(count).fill(count - 1);
      tail[count % (count - 1)]! ^= 0x40;
      expect(() => open(forge(content, tail)), `${count} bytes`).toThrow(/ERR_BAD_RECORD_MAC/);
    }
  });

  it('cannot be longer than the record', () => {
    const tail = new Uint8Array(12).fill(200);
    expect(() => open(forge(new Uint8Array(0), tail))).toThrow(/ERR_BAD_RECORD_MAC/);
  });
});

describe('AES-CBC', () => {
  it.each([
    ['aes-128-cbc', aes128Cbc],
    ['aes-256-cbc', aes256Cbc],
  ] as const)('%s is what OpenSSL takes for it', (name, cipher) => {
    const key = new Uint8Array(cipher.keyLength).fill(7);
    const iv = new Uint8Array(16).fill(9);
    const text = Uint8Array.from({ length: 64 }, (_, i) => i);
    const theirs = createDecipheriv(name, key, iv).setAutoPadding(false);
    const sealed = cipher.key(key).encrypt(iv, text);
    expect(Uint8Array.from(Buffer.concat([theirs.update(sealed), theirs.final()]))).toEqual(text);
    expect(cipher.key(key).decrypt(iv, sealed)).toEqual(text);
  });
});
