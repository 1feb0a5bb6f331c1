import { createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { readDer, TAG_SEQUENCE } from '../../src/bytes/der.ts';
import { derInteger, derNull, derOctetString, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { pbkdf2 } from '../../src/crypto/noble/password.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { TlsError } from '../../src/errors.ts';
import { berToDer } from '../../src/pki/formats/containers/ber.ts';
import { fastPbkdf2 } from '../../src/pki/formats/containers/fast-pbkdf2.ts';
import { desBlock, desKey, rc2DecryptBlock, rc2Key } from '../../src/pki/formats/containers/legacy-ciphers.ts';
import { decryptLegacyPem } from '../../src/pki/formats/containers/legacy-pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/pki/formats/containers/pkcs7.ts';
import { Effort } from '../../src/pki/formats/containers/password-based.ts';
import { decryptPkcs8, encryptPkcs8 } from '../../src/pki/formats/containers/pkcs8.ts';
import { type Pkcs12Options, readPkcs12 } from '../../src/pki/formats/containers/pkcs12.ts';
import { writePkcs12 } from '../../src/pki/formats/containers/pkcs12-writer.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import { encodePrivateKey, privateKeyFromDer, privateKeyFromPem } from '../../src/pki/formats/private-key.ts';
import { FORMATS_PASSWORD, formatFile, formatText } from '../support/formats.ts';

const password = FORMATS_PASSWORD;
const der = (file: string): Uint8Array => readPem(formatText(file))[0]!.der;
const plainKey = privateKeyFromPem(formatText('ec-pkcs8.pem'));
const chain = [der('leaf.pem'), der('intermediate.pem'), der('root.pem')].map(toHex);

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    return error instanceof TlsError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('encrypted PKCS#8', () => {
  it.each(['pkcs8-aes256-sha256.pem', 'pkcs8-aes128-sha512.der', 'pkcs8-aes192-sha1.pem', 'pkcs8-scrypt.pem'])(
    '%s',
    async (file) => {
      const bytes = file.endsWith('.der') ? formatFile(file) : der(file);
      expect(encodePrivateKey(privateKeyFromDer(await decryptPkcs8(bytes, { password })))).toEqual(
        encodePrivateKey(plainKey),
      );
      expect(await codeOf(() => decryptPkcs8(bytes, { password: 'wrong' }))).toBe('ERR_PASSWORD');
    },
  );

  it.each(['pkcs8-3des.pem', 'pkcs8-pkcs12-3des.pem', 'pkcs8-pkcs12-rc2-40.pem', 'pkcs8-pkcs12-rc2-128.pem'])(
    '%s only when asked for',
    async (file) => {
      expect(await codeOf(() => decryptPkcs8(der(file), { password }))).toBe('ERR_KEY');
      expect(
        encodePrivateKey(privateKeyFromDer(await decryptPkcs8(der(file), { password, allowLegacy: true }))),
      ).toEqual(encodePrivateKey(plainKey));
      expect(await codeOf(() => decryptPkcs8(der(file), { password: 'wrong', allowLegacy: true }))).toBe(
        'ERR_PASSWORD',
      );
    },
  );

  it.each(['pbkdf2', 'scrypt'] as const)('written with %s and read again', async (derivation) => {
    const plain = formatFile('ec-pkcs8.der');
    const sealed = await encryptPkcs8(plain, { password: 'ä', random: systemRandom, derivation, iterations: 1000 });
    expect(await decryptPkcs8(sealed, { password: 'ä' })).toEqual(plain);
    expect(await codeOf(() => decryptPkcs8(sealed, { password: 'a' }))).toBe('ERR_PASSWORD');
  });

  it('refuses more work than allowed', async () => {
    expect(await codeOf(() => decryptPkcs8(der('pkcs8-aes256-sha256.pem'), { password, maxIterations: 2047 }))).toBe(
      'ERR_LIMIT',
    );
    expect(await codeOf(() => decryptPkcs8(der('pkcs8-scrypt.pem'), { password, maxIterations: 1000 }))).toBe(
      'ERR_LIMIT',
    );
  });
});

describe('PBKDF2', () => {
  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
    '%s: the runtime, JavaScript and Node agree',
    async (hash) => {
      const [secret, salt] = [new TextEncoder().encode('geheim'), new Uint8Array(9).fill(9)];
      const expected = pbkdf2Sync(secret, salt, 77, 40, hash).toString('hex');
      expect(toHex(await fastPbkdf2(hash, secret, salt, 77, 40))).toBe(expected);
      expect(toHex(pbkdf2(hash, secret, salt, 77, 40))).toBe(expected);
      const runtime = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!;
      try {
        Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
        expect(toHex(await fastPbkdf2(hash, secret, salt, 77, 40))).toBe(expected);
      } finally {
        Object.defineProperty(globalThis, 'crypto', runtime);
      }
    },
  );
});

describe('PEM with Proc-Type', () => {
  it.each(['ec-sec1-proc-type-aes256.pem', 'rsa-pkcs1-proc-type-3des.pem'])('%s', async (file) => {
    const block = readPem(formatText(file))[0]!;
    expect(await codeOf(() => decryptLegacyPem(block, { password }))).toBe('ERR_KEY');
    const expected = file.startsWith('ec') ? plainKey : privateKeyFromPem(formatText('rsa-pkcs8.pem'));
    const key = privateKeyFromDer(decryptLegacyPem(block, { password, allowLegacy: true }), block.label);
    expect(encodePrivateKey(key)).toEqual(encodePrivateKey(expected));
    expect(await codeOf(() => decryptLegacyPem(block, { password: 'wrong', allowLegacy: true }))).toBe('ERR_PASSWORD');
  });
});

describe('PKCS#12', () => {
  const open = (file: string, options: Partial<Pkcs12Options> = {}) =>
    readPkcs12(formatFile(file), { password, ...options });

  it.each(['modern.p12', 'aes128-sha512.p12', 'certificates-plain.p12'])('%s', async (file) => {
    const { certificates, privateKeys } = await open(file);
    expect(certificates.map(toHex)).toEqual(chain);
    expect(privateKeys.map((key) => encodePrivateKey(privateKeyFromDer(key)))).toEqual([encodePrivateKey(plainKey)]);
    expect(await codeOf(() => open(file, { password: 'wrong' }))).toBe('ERR_PASSWORD');
  });

  it.each(['legacy-rc2-40.p12', 'legacy-3des.p12'])('%s only when asked for', async (file) => {
    expect(await codeOf(() => open(file))).toBe('ERR_KEY');
    const { certificates, privateKeys } = await open(file, { allowLegacy: true });
    expect(certificates.map(toHex)).toEqual(chain);
    expect(privateKeys.map((key) => encodePrivateKey(privateKeyFromDer(key)))).toEqual([encodePrivateKey(plainKey)]);
    expect(await codeOf(() => open(file, { allowLegacy: true, password: 'wrong' }))).toBe('ERR_PASSWORD');
  });

  it('without a MAC, and says so; not where one is required', async () => {
    const contents = await open('no-mac.p12');
    expect(contents.certificates.map(toHex)).toEqual(chain);
    expect(contents.hasMac).toBe(false);
    expect((await open('modern.p12', { requireMac: true })).hasMac).toBe(true);
    expect(await codeOf(() => open('no-mac.p12', { requireMac: true }))).toBe('ERR_KEY');
  });

  it('without a password where there is none, and says so where there is one', async () => {
    expect((await readPkcs12(formatFile('empty-password.p12'))).privateKeys.length).toBe(1);
    await expect(readPkcs12(formatFile('modern.p12'))).rejects.toMatchObject({
      code: 'ERR_PASSWORD',
      message: expect.stringMatching(/no password was given/),
    });
    await expect(readPkcs12(formatFile('no-mac.p12'))).rejects.toMatchObject({
      code: 'ERR_PASSWORD',
      message: expect.stringMatching(/no password was given/),
    });
  });

  it('with an empty password, and with one outside ASCII', async () => {
    expect((await open('empty-password.p12', { password: '' })).privateKeys.length).toBe(1);
    expect((await open('unicode-password.p12', { password: 'Grüße 🔑' })).privateKeys.length).toBe(1);
  });

  it('with certificates alone', async () => {
    expect(await open('certificates-only.p12')).toMatchObject({ privateKeys: [] });
    expect((await open('certificates-only.p12')).certificates.map(toHex)).toEqual(chain);
  });

  it('a changed file is a wrong password', async () => {
    const bytes = formatFile('modern.p12');
    bytes[600]! ^= 1;
    expect(await codeOf(() => readPkcs12(bytes, { password }))).toBe('ERR_PASSWORD');
  });

  it('with PBMAC1 in place of the old MAC, as RFC 9579 has it', async () => {
    const bytes = formatFile('modern.p12');
    const salt = new Uint8Array(8).fill(3);
    const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull());
    const pbmac1 = (
      content: Uint8Array,
      digest: (key: Buffer) => Buffer,
      size: number | undefined = 32,
    ): Uint8Array => {
      const derivation = derSequence(
        derOid('1.2.840.113549.1.5.12'),
        derSequence(derOctetString(salt), derInteger(2048), ...(size === 0 ? [] : [derInteger(size)]), prf),
      );
      const algorithm = derSequence(derOid('1.2.840.113549.1.5.14'), derSequence(derivation, prf));
      const mac = digest(pbkdf2Sync(password, salt, 2048, size || 32, 'sha256'));
      return derSequence(
        derInteger(3),
        content,
        derSequence(derSequence(algorithm, derOctetString(mac)), derOctetString(salt), derInteger(1)),
      );
    };
    const { info, data } = readDer(bytes, TAG_SEQUENCE, (pfx) => {
      pfx.small();
      const raw = pfx.raw(TAG_SEQUENCE);
      pfx.raw(TAG_SEQUENCE);
      const octets = readDer(raw, TAG_SEQUENCE, (fields) => {
        fields.oid();
        return fields.explicit(0, (content) => content.octetString());
      });
      return { info: raw, data: octets! };
    });
    const good = pbmac1(info, (key) => createHmac('sha256', key).update(data).digest());
    expect((await readPkcs12(good, { password })).certificates.map(toHex)).toEqual(chain);
    expect(await codeOf(() => readPkcs12(good, { password: 'wrong' }))).toBe('ERR_PASSWORD');
    const hmac = (key: Buffer): Buffer => createHmac('sha256', key).update(data).digest();
    for (const size of [20, 64]) expect((await readPkcs12(pbmac1(info, hmac, size), { password })).hasMac).toBe(true);
    // RFC 9579 section 4: the size has to be there, and be no less than 20.
    for (const size of [0, 19])
      expect(await codeOf(() => readPkcs12(pbmac1(info, hmac, size), { password }))).toBe('ERR_KEY');
    const bad = pbmac1(info, (key) => createHmac('sha256', key).update(data).update('x').digest());
    expect(await codeOf(() => readPkcs12(bad, { password }))).toBe('ERR_PASSWORD');
  });

  it('refuses more work than allowed', async () => {
    expect(await codeOf(() => open('modern.p12', { maxIterations: 2047 }))).toBe('ERR_LIMIT');
    expect((await open('modern.p12', { maxIterations: 2048 })).certificates).toHaveLength(3);
    // Before the password is tried: what it costs is counted first.
    expect(await codeOf(() => open('modern.p12', { maxIterations: 2047, password: 'wrong' }))).toBe('ERR_LIMIT');
    const effort = new Effort({ password, maxIterations: 1000 });
    for (let i = 0; i < 4; i++) effort.spend(1000);
    expect(() => effort.spend(1)).toThrow(/in all/);
  });

  it('written with PBMAC1, which holds by a calculation of its own, and read again', async () => {
    const certificates = [der('leaf.pem')];
    const options = { password: 'p\u00fc', random: systemRandom, iterations: 1000, mac: 'pbmac1' } as const;
    const bytes = await writePkcs12({ certificates, privateKey: formatFile('ec-pkcs8.der') }, options);
    const contents = await readPkcs12(bytes, { password: options.password });
    expect([contents.certificates.map(toHex), contents.hasMac]).toEqual([[chain[0]], true]);
    expect(await codeOf(() => readPkcs12(bytes, { password: 'p' }))).toBe('ERR_PASSWORD');
    const { data, salt, mac, unused } = readDer(bytes, TAG_SEQUENCE, (pfx) => {
      pfx.small();
      const content = pfx.sequence((info) => {
        info.oid();
        return info.explicit(0, (field) => field.octetString());
      });
      return pfx.sequence((macData) => {
        const digest = macData.sequence((info) => {
          const parameters = info.sequence((algorithm) => {
            expect(algorithm.oid()).toBe('1.2.840.113549.1.5.14');
            return algorithm.sequence((fields) => {
              const found = fields.sequence((derivation) => {
                expect(derivation.oid()).toBe('1.2.840.113549.1.5.12');
                return derivation.sequence((own) => {
                  const bytes = own.octetString();
                  expect([own.small(), own.small()]).toEqual([1000, 32]);
                  own.raw();
                  return bytes;
                });
              });
              fields.raw();
              return found;
            });
          });
          return { parameters, value: info.octetString() };
        });
        return { data: content!, salt: digest.parameters, mac: digest.value, unused: macData.octetString() };
      });
    });
    const key = pbkdf2Sync(options.password, salt, 1000, 32, 'sha256');
    expect(toHex(mac)).toBe(createHmac('sha256', key).update(data).digest('hex'));
    expect(new TextDecoder().decode(unused)).toBe('NOT USED');
    const other = { ...options, mac: 'hmac' as 'pbmac1' };
    expect(await codeOf(() => writePkcs12({ certificates, privateKey: formatFile('ec-pkcs8.der') }, other))).toBe(
      'ERR_OPTION',
    );
  });

  it('written and read again', async () => {
    const privateKey = formatFile('ec-pkcs8.der');
    const bytes = await writePkcs12(
      { certificates: [der('leaf.pem'), der('root.pem')], privateKey, friendlyName: 'Blatt' },
      { password: 'p', random: systemRandom, iterations: 1000 },
    );
    const contents = await readPkcs12(bytes, { password: 'p' });
    expect(contents.certificates.map(toHex)).toEqual([chain[0], chain[2]]);
    expect(contents.privateKeys).toEqual([privateKey]);
  });
});

describe('PKCS#7', () => {
  it('in DER and in PEM, whatever the order', async () => {
    const sorted = (list: readonly Uint8Array[]): string[] => list.map(toHex).sort();
    expect(sorted(readPkcs7(formatFile('chain.p7b')))).toEqual([...chain].sort());
    expect(sorted(readPkcs7(der('chain.p7b.pem')))).toEqual([...chain].sort());
    expect(sorted(readPkcs7(writePkcs7(chain.map(fromHex))))).toEqual([...chain].sort());
  });

  it('in BER with indefinite lengths', async () => {
    const bytes = formatFile('signed-indefinite.p7m');
    expect(bytes[1]).toBe(0x80);
    expect(readPkcs7(bytes).map(toHex).sort()).toEqual([chain[0]!, chain[1]!].sort());
  });

  it('refuses what is no bundle', async () => {
    expect(await codeOf(() => readPkcs7(formatFile('leaf.der')))).toBe('ERR_KEY');
    expect(await codeOf(() => readPkcs7(formatFile('modern.p12')))).toBe('ERR_KEY');
    expect(await codeOf(() => readPkcs7(writePkcs7([])))).toBe('ERR_KEY');
  });
});

describe('BER to DER', () => {
  it('leaves DER as it is', async () => {
    for (const file of ['leaf.der', 'ec-pkcs8.der', 'chain.p7b'])
      expect(berToDer(formatFile(file))).toEqual(formatFile(file));
  });

  it.each([
    ['a string in parts', '2480 0401aa 24050403bbccdd 0000', '0404aabbccdd'],
    ['long lengths', '3083000003 02 01 05', '3003020105'],
    ['indefinite lengths in each other', '3080 3080 0500 0000 0000', '300430020500'],
  ])('%s', (_, ber, expected) => {
    expect(toHex(berToDer(fromHex(ber.replaceAll(' ', ''))))).toBe(expected.replaceAll(' ', ''));
  });

  it.each([
    ['no end of contents', '30800500'],
    ['bytes behind the end', '300000'],
    ['a part of another type', '240302010a'],
    ['an indefinite primitive', '04800000'],
    ['a length of nine bytes', '30890000000000000000000500'],
  ])('refuses %s', (_, ber) => {
    expect(() => berToDer(fromHex(ber))).toThrow(expect.objectContaining({ name: 'DerError' }));
  });

  it('refuses deep nesting without running out of stack', async () => {
    expect(() => berToDer(new Uint8Array(100_000).fill(0x30).map((byte, i) => (i % 2 === 0 ? byte : 0x80)))).toThrow(
      /too deeply/,
    );
  });

  it('gives the strict reader something to read', async () => {
    expect(() =>
      readDer(berToDer(formatFile('signed-indefinite.p7m')), TAG_SEQUENCE, (fields) => {
        while (!fields.done) fields.element();
      }),
    ).not.toThrow();
  });
});

describe('old ciphers', () => {
  it('DES: FIPS 46-3 as worked through in the literature, and the validation of SP 800-17', async () => {
    const one = (key: string, plain: string, cipher: string): void => {
      expect(toHex(desBlock(fromHex(plain), desKey(fromHex(key)), false))).toBe(cipher);
      expect(toHex(desBlock(fromHex(cipher), desKey(fromHex(key)), true))).toBe(plain);
    };
    one('133457799bbcdff1', '0123456789abcdef', '85e813540f0ab405');
    // SP 800-17 table A.1 (variable plaintext) and A.2 (variable key), first rows.
    one('0101010101010101', '8000000000000000', '95f8a5e5dd31d900');
    one('0101010101010101', '4000000000000000', 'dd7f121ca5015619');
    one('8001010101010101', '0000000000000000', '95a8d72813daa94d');
    one('4001010101010101', '0000000000000000', '0eec1487dd8c26d5');
  });

  it.each([
    ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
    ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
    ['88', 64, '0000000000000000', '61a8a244adacccf0'],
    ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
    ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
    ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
    ['88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e', 129, '0000000000000000', '5b78d3a43dfff1f1'],
  ])('RC2: RFC 2268 section 5, key %s of %d bits', (key, bits, plain, cipher) => {
    expect(toHex(rc2DecryptBlock(fromHex(cipher), rc2Key(fromHex(key), bits)))).toBe(plain);
  });
});
