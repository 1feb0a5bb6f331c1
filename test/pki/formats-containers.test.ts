import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { readDer, TAG_SEQUENCE } from '../../src/bytes/der.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { TlsError } from '../../src/errors.ts';
import { berToDer } from '../../src/pki/containers/ber.ts';
import { desBlock, desKey, rc2DecryptBlock, rc2Key } from '../../src/pki/containers/legacy-ciphers.ts';
import { decryptLegacyPem } from '../../src/pki/containers/legacy-pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/pki/containers/pkcs7.ts';
import { decryptPkcs8, encryptPkcs8 } from '../../src/pki/containers/pkcs8.ts';
import { type Pkcs12Options, readPkcs12 } from '../../src/pki/containers/pkcs12.ts';
import { writePkcs12 } from '../../src/pki/containers/pkcs12-writer.ts';
import { readPem } from '../../src/pki/pem.ts';
import { privateKeyFromDer, privateKeyFromPem } from '../../src/pki/private-key.ts';
import { FORMATS_PASSWORD, formatFile, formatText } from '../support/formats.ts';

const password = FORMATS_PASSWORD;
const der = (file: string): Uint8Array => readPem(formatText(file))[0]!.der;
const plainKey = privateKeyFromPem(formatText('ec-pkcs8.pem'));
const chain = [der('leaf.pem'), der('intermediate.pem'), der('root.pem')].map(toHex);

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof TlsError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('encrypted PKCS#8', () => {
  it.each(['pkcs8-aes256-sha256.pem', 'pkcs8-aes128-sha512.der', 'pkcs8-aes192-sha1.pem', 'pkcs8-scrypt.pem'])(
    '%s',
    (file) => {
      const bytes = file.endsWith('.der') ? formatFile(file) : der(file);
      expect(privateKeyFromDer(decryptPkcs8(bytes, { password }))).toEqual(plainKey);
      expect(codeOf(() => decryptPkcs8(bytes, { password: 'wrong' }))).toBe('ERR_PASSWORD');
    },
  );

  it.each(['pkcs8-3des.pem', 'pkcs8-pkcs12-3des.pem', 'pkcs8-pkcs12-rc2-40.pem', 'pkcs8-pkcs12-rc2-128.pem'])(
    '%s only when asked for',
    (file) => {
      expect(codeOf(() => decryptPkcs8(der(file), { password }))).toBe('ERR_KEY');
      expect(privateKeyFromDer(decryptPkcs8(der(file), { password, allowLegacy: true }))).toEqual(plainKey);
      expect(codeOf(() => decryptPkcs8(der(file), { password: 'wrong', allowLegacy: true }))).toBe('ERR_PASSWORD');
    },
  );

  it.each(['pbkdf2', 'scrypt'] as const)('written with %s and read again', (derivation) => {
    const plain = formatFile('ec-pkcs8.der');
    const sealed = encryptPkcs8(plain, { password: 'ä', random: systemRandom, derivation, iterations: 1000 });
    expect(decryptPkcs8(sealed, { password: 'ä' })).toEqual(plain);
    expect(codeOf(() => decryptPkcs8(sealed, { password: 'a' }))).toBe('ERR_PASSWORD');
  });

  it('refuses more work than allowed', () => {
    expect(codeOf(() => decryptPkcs8(der('pkcs8-aes256-sha256.pem'), { password, maxIterations: 2047 }))).toBe(
      'ERR_LIMIT',
    );
    expect(codeOf(() => decryptPkcs8(der('pkcs8-scrypt.pem'), { password, maxIterations: 1000 }))).toBe('ERR_LIMIT');
  });
});

describe('PEM with Proc-Type', () => {
  it.each(['ec-sec1-proc-type-aes256.pem', 'rsa-pkcs1-proc-type-3des.pem'])('%s', (file) => {
    const block = readPem(formatText(file))[0]!;
    expect(codeOf(() => decryptLegacyPem(block, { password }))).toBe('ERR_KEY');
    const expected = file.startsWith('ec') ? plainKey : privateKeyFromPem(formatText('rsa-pkcs8.pem'));
    expect(privateKeyFromDer(decryptLegacyPem(block, { password, allowLegacy: true }), block.label)).toEqual(expected);
    expect(codeOf(() => decryptLegacyPem(block, { password: 'wrong', allowLegacy: true }))).toBe('ERR_PASSWORD');
  });
});

describe('PKCS#12', () => {
  const open = (file: string, options: Partial<Pkcs12Options> = {}) =>
    readPkcs12(formatFile(file), { password, ...options });

  it.each(['modern.p12', 'aes128-sha512.p12', 'certificates-plain.p12'])('%s', (file) => {
    const { certificates, privateKeys } = open(file);
    expect(certificates.map(toHex)).toEqual(chain);
    expect(privateKeys.map((key) => privateKeyFromDer(key))).toEqual([plainKey]);
    expect(codeOf(() => open(file, { password: 'wrong' }))).toBe('ERR_PASSWORD');
  });

  it.each(['legacy-rc2-40.p12', 'legacy-3des.p12'])('%s only when asked for', (file) => {
    expect(codeOf(() => open(file))).toBe('ERR_KEY');
    const { certificates, privateKeys } = open(file, { allowLegacy: true });
    expect(certificates.map(toHex)).toEqual(chain);
    expect(privateKeys.map((key) => privateKeyFromDer(key))).toEqual([plainKey]);
    expect(codeOf(() => open(file, { allowLegacy: true, password: 'wrong' }))).toBe('ERR_PASSWORD');
  });

  it('without a MAC only when asked for', () => {
    expect(codeOf(() => open('no-mac.p12'))).toBe('ERR_KEY');
    expect(open('no-mac.p12', { allowNoMac: true }).certificates.map(toHex)).toEqual(chain);
  });

  it('with an empty password, and with one outside ASCII', () => {
    expect(open('empty-password.p12', { password: '' }).privateKeys.length).toBe(1);
    expect(open('unicode-password.p12', { password: 'Grüße 🔑' }).privateKeys.length).toBe(1);
  });

  it('with certificates alone', () => {
    expect(open('certificates-only.p12')).toMatchObject({ privateKeys: [] });
    expect(open('certificates-only.p12').certificates.map(toHex)).toEqual(chain);
  });

  it('a changed file is a wrong password', () => {
    const bytes = formatFile('modern.p12');
    bytes[600]! ^= 1;
    expect(codeOf(() => readPkcs12(bytes, { password }))).toBe('ERR_PASSWORD');
  });

  it('refuses more work than allowed', () => {
    expect(codeOf(() => open('modern.p12', { maxIterations: 4000 }))).toBe('ERR_LIMIT');
  });

  it('written and read again', () => {
    const privateKey = formatFile('ec-pkcs8.der');
    const bytes = writePkcs12(
      { certificates: [der('leaf.pem'), der('root.pem')], privateKey, friendlyName: 'Blatt' },
      { password: 'p', random: systemRandom, iterations: 1000 },
    );
    const contents = readPkcs12(bytes, { password: 'p' });
    expect(contents.certificates.map(toHex)).toEqual([chain[0], chain[2]]);
    expect(contents.privateKeys).toEqual([privateKey]);
  });
});

describe('PKCS#7', () => {
  it('in DER and in PEM, whatever the order', () => {
    const sorted = (list: readonly Uint8Array[]): string[] => list.map(toHex).sort();
    expect(sorted(readPkcs7(formatFile('chain.p7b')))).toEqual([...chain].sort());
    expect(sorted(readPkcs7(der('chain.p7b.pem')))).toEqual([...chain].sort());
    expect(sorted(readPkcs7(writePkcs7(chain.map(fromHex))))).toEqual([...chain].sort());
  });

  it('in BER with indefinite lengths', () => {
    const bytes = formatFile('signed-indefinite.p7m');
    expect(bytes[1]).toBe(0x80);
    expect(readPkcs7(bytes).map(toHex).sort()).toEqual([chain[0]!, chain[1]!].sort());
  });

  it('refuses what is no bundle', () => {
    expect(codeOf(() => readPkcs7(formatFile('leaf.der')))).toBe('ERR_KEY');
    expect(codeOf(() => readPkcs7(formatFile('modern.p12')))).toBe('ERR_KEY');
    expect(codeOf(() => readPkcs7(writePkcs7([])))).toBe('ERR_KEY');
  });
});

describe('BER to DER', () => {
  it('leaves DER as it is', () => {
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

  it('refuses deep nesting without running out of stack', () => {
    expect(() => berToDer(new Uint8Array(100_000).fill(0x30).map((byte, i) => (i % 2 === 0 ? byte : 0x80)))).toThrow(
      /too deeply/,
    );
  });

  it('gives the strict reader something to read', () => {
    expect(() =>
      readDer(berToDer(formatFile('signed-indefinite.p7m')), TAG_SEQUENCE, (fields) => {
        while (!fields.done) fields.element();
      }),
    ).not.toThrow();
  });
});

describe('old ciphers', () => {
  it('DES: FIPS 46-3 as worked through in the literature, and the validation of SP 800-17', () => {
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
