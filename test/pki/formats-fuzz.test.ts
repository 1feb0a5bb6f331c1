import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TlsError } from '../../src/errors.ts';
import { readBundle } from '../../src/pki/formats/bundle.ts';
import { readPkcs7 } from '../../src/pki/formats/containers/pkcs7.ts';
import { decryptPkcs8 } from '../../src/pki/formats/containers/pkcs8.ts';
import { readPkcs12 } from '../../src/pki/formats/containers/pkcs12.ts';
import { readPem } from '../../src/pki/x509/pem.ts';
import { readPrivateKey } from '../../src/pki/formats/private-key.ts';
import { FORMATS_PASSWORD, formatFile, formatText } from '../support/formats.ts';

/** Files cut short at each byte, and changed anywhere: whatever comes, it is a TlsError or something that was read. */

// Few rounds, so that a changed number of rounds is refused and not worked off.
const options = { password: FORMATS_PASSWORD, allowLegacy: true, maxIterations: 10_000 };
const block = (file: string): Uint8Array => readPem(formatText(file))[0]!.der;

const READERS: readonly (readonly [file: string, bytes: Uint8Array, read: (bytes: Uint8Array) => unknown])[] = [
  ['modern.p12', formatFile('modern.p12'), (bytes) => readPkcs12(bytes, options)],
  ['legacy-rc2-40.p12', formatFile('legacy-rc2-40.p12'), (bytes) => readPkcs12(bytes, options)],
  ['no-mac.p12', formatFile('no-mac.p12'), (bytes) => readPkcs12(bytes, options)],
  ['chain.p7b', formatFile('chain.p7b'), readPkcs7],
  ['signed-indefinite.p7m', formatFile('signed-indefinite.p7m'), readPkcs7],
  ['pkcs8-aes128-sha512.der', formatFile('pkcs8-aes128-sha512.der'), (bytes) => decryptPkcs8(bytes, options)],
  ['pkcs8-pkcs12-rc2-40.pem', block('pkcs8-pkcs12-rc2-40.pem'), (bytes) => decryptPkcs8(bytes, options)],
  ['pkcs8-scrypt.pem', block('pkcs8-scrypt.pem'), (bytes) => decryptPkcs8(bytes, options)],
  ['ec-sec1.der', formatFile('ec-sec1.der'), (bytes) => readPrivateKey(bytes)],
  ['ec-pkcs8.der', formatFile('ec-pkcs8.der'), (bytes) => readPrivateKey(bytes)],
  ['rsa-pkcs1.der', formatFile('rsa-pkcs1.der'), (bytes) => readPrivateKey(bytes)],
  ['ed448.pem', block('ed448.pem'), (bytes) => readPrivateKey(bytes)],
];

const refusal = async (run: () => unknown): Promise<string | undefined> => {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    return error.code;
  }
};

describe.each(READERS)('%s', (file, bytes, read) => {
  it('cut short anywhere is refused with a TlsError', async () => {
    // A MAC over thousands of rounds for every byte would take minutes; the first thousand bytes hold every structure.
    const step = bytes.length > 1_000 ? 7 : 1;
    for (let length = 0; length < bytes.length; length += step)
      expect(await refusal(() => read(bytes.subarray(0, length)))).toMatch(/^ERR_(KEY|PASSWORD|LIMIT)$/);
  });

  it('changed anywhere is read, or refused with a TlsError', async () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const copy = bytes.slice();
        for (const { at, byte } of changes) copy[at] = byte;
        await refusal(() => read(copy));
      }),
      { numRuns: file.endsWith('.p12') ? 150 : 400 },
    );
  });
});

describe('readBundle', () => {
  it('takes any bytes and any text, and says ERR_… about all of them', async () => {
    const texts = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.string(),
      fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(0x30, rest.length, ...rest)),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (file) => {
        await readBundle(file, options).catch((error: unknown) => {
          if (!(error instanceof TlsError)) throw error;
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes lines of PEM in any order', async () => {
    const lines = formatText('everything-crlf.pem')
      .split('\r\n')
      .filter((line) => line.startsWith('-----') || line.length === 64);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines, { maxLength: 12 }), async (some) => {
        await readBundle(some.join('\n'), options).catch((error: unknown) => {
          if (!(error instanceof TlsError)) throw error;
        });
      }),
      { numRuns: 500 },
    );
  });
});
