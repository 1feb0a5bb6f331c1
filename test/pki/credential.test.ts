import { webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { schemeById } from '../../src/crypto/schemes.ts';
import { decodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import { TlsError } from '../../src/errors.ts';
import type { Credential } from '../../src/handshake/peer.ts';
import type { BundleProblem } from '../../src/pki/credentials/bundle-order.ts';
import { readCertificate } from '../../src/pki/x509/certificate.ts';
import { writePkcs12 } from '../../src/pki/formats/containers/pkcs12-writer.ts';
import { type CredentialSource, loadCredential } from '../../src/pki/credentials/credential.ts';
import { describeBundle } from '../../src/pki/credentials/describe-bundle.ts';
import { toPem } from '../../src/pki/formats/to-pem.ts';
import { writePem } from '../../src/pki/x509/pem.ts';
import { privateKeyFromPem } from '../../src/pki/formats/private-key.ts';
import { issue, name, privatePem, makePair, subjectAltName, dns } from '../../vectors/pki/builder.ts';
import { FORMATS_PASSWORD, formatFile, formatText } from '../support/formats.ts';
import {
  authorityPem,
  chainOf,
  clientEntry,
  faultyEntry,
  KEY_KINDS,
  keyOf,
  pemToDer,
  serverEntry,
} from '../support/pki.ts';

const crypto = nobleProvider();
const password = FORMATS_PASSWORD;
const load = (source: CredentialSource): Promise<Credential> => loadCredential(source, crypto);
const hex = (chain: readonly Uint8Array[]): string[] => chain.map(toHex);
const failure = async (source: CredentialSource): Promise<{ code: string; message: string }> => {
  try {
    await load(source);
  } catch (error) {
    return error instanceof TlsError ? error : { code: String(error), message: String(error) };
  }
  return { code: 'nothing thrown', message: '' };
};
const problemsOf = async (source: CredentialSource): Promise<string[]> => {
  const problems: BundleProblem[] = [];
  await load({ ...source, onProblem: (problem) => problems.push(problem) });
  return problems.map(({ code }) => code);
};
/** Every scheme that the signer names signs, and the certificate's key verifies. */
const expectSigns = async ({ chain, signer }: Credential): Promise<void> => {
  const key = readCertificate(chain[0]!).publicKey!;
  const message = new TextEncoder().encode('message');
  expect(signer.schemes.length).toBeGreaterThan(0);
  for (const id of signer.schemes) {
    const signature = await signer.sign(id, message);
    expect(await crypto.verifier.verify(schemeById(id)!.algorithm, key, message, signature)).toBe(true);
  }
};

describe('loadCredential', () => {
  it.each(KEY_KINDS)('%s: PEM, and a signer that works', async (kind) => {
    const entry = serverEntry(kind);
    const credential = await load({ certificates: entry.chain.join(''), privateKey: entry.key });
    expect(hex(credential.chain)).toEqual(hex(chainOf(entry)));
    await expectSigns(credential);
  });

  it('takes DER, key objects, lists, bytes of PEM', async () => {
    const entry = serverEntry();
    const expected = hex(chainOf(entry));
    const bytes = new TextEncoder().encode(entry.chain.join(''));
    for (const certificates of [chainOf(entry), entry.chain, bytes, [bytes]]) {
      for (const privateKey of [
        keyOf(entry),
        privateKeyFromPem(entry.key),
        await crypto.signer(privateKeyFromPem(entry.key)),
      ]) {
        expect(hex((await load({ certificates, privateKey })).chain)).toEqual(expected);
      }
    }
  });

  it('puts certificates in order and leaves the root out, and says so', async () => {
    const entry = serverEntry();
    const [leaf, intermediate] = entry.chain as [string, string];
    const certificates = authorityPem('ecRoot') + intermediate + leaf + authorityPem('rsaRoot') + leaf;
    expect(hex((await load({ certificates, privateKey: entry.key })).chain)).toEqual(hex(chainOf(entry)));
    expect(await problemsOf({ certificates, privateKey: entry.key })).toEqual([
      'DUPLICATE',
      'WRONG_ORDER',
      'ANCHOR_INCLUDED',
      'ANCHOR_INCLUDED',
    ]);
    expect(await problemsOf({ certificates: entry.chain, privateKey: entry.key })).toEqual([]);
  });

  it.each([
    ['expired', ['EXPIRED']],
    ['notYetValid', ['NOT_YET_VALID']],
    ['missingIntermediate', ['MISSING_INTERMEDIATE']],
    ['selfSigned', ['SELF_SIGNED']],
    ['badSignature', ['BAD_SIGNATURE']],
  ] as const)('%s is loaded, and reported', async (fault, codes) => {
    const { chain, key } = faultyEntry(fault);
    expect(await problemsOf({ certificates: chain, privateKey: key })).toEqual(codes);
  });

  it('prefers the issuer that did sign among several of one name', async () => {
    const entry = serverEntry();
    const real = readCertificate(chainOf(entry)[1]!);
    const impostor = issue({
      subject: real.subject,
      pair: makePair('ecdsa-p256'),
      issuer: { subject: real.issuer, pair: makePair('ecdsa-p256') },
    });
    const credential = await load({ certificates: [chainOf(entry)[0]!, impostor, real.der], privateKey: entry.key });
    expect(hex(credential.chain)).toEqual(hex(chainOf(entry)));
  });

  it('says what is wrong', async () => {
    const entry = serverEntry();
    const other = clientEntry();
    expect(await failure({ certificates: entry.chain, privateKey: other.key })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('belongs to none of the certificates (CN=server.example'),
    });
    expect(await failure({ certificates: '', privateKey: other.key })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('no certificate'),
    });
    expect(await failure({ certificates: entry.chain })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('no private key'),
    });
    expect(await failure({ certificates: entry.chain, privateKey: entry.chain[0]! })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('privateKey'),
    });
    expect(await failure({ certificates: [Uint8Array.of(0x30, 3, 2, 1)] })).toMatchObject({ code: 'ERR_KEY' });
    expect(
      await failure({ certificates: entry.chain, privateKey: entry.key, pasword: 'x' } as CredentialSource),
    ).toMatchObject({ code: 'ERR_OPTION' });
    expect(await failure({ certificates: entry.chain, privateKey: {} as never })).toMatchObject({ code: 'ERR_OPTION' });
  });

  it('refuses a key whose public half is another one', async () => {
    const sec1 = formatFile('ec-sec1.der');
    sec1[sec1.length - 1]! ^= 1;
    expect(await failure({ certificates: formatText('chain.pem'), privateKey: sec1 })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('public key in the file'),
    });
  });

  it('takes one file with everything', async () => {
    const credential = await load({ certificates: formatText('everything-crlf.pem') });
    expect(credential.chain.length).toBe(2);
    await expectSigns(credential);
  });

  it.each(['pkcs8-aes256-sha256.pem', 'pkcs8-aes128-sha512.der', 'pkcs8-scrypt.pem'])(
    'takes the encrypted key %s',
    async (file) => {
      const privateKey = formatFile(file);
      await expectSigns(await load({ certificates: formatText('chain.pem'), privateKey, password }));
      expect(await failure({ certificates: formatText('chain.pem'), privateKey })).toMatchObject({
        code: 'ERR_PASSWORD',
      });
      expect(await failure({ certificates: formatText('chain.pem'), privateKey, password: 'x' })).toMatchObject({
        code: 'ERR_PASSWORD',
      });
    },
  );

  it('takes PKCS#12 and PKCS#7', async () => {
    const expected = [formatText('leaf.pem'), formatText('intermediate.pem')].map(pemToDer);
    const p12 = await load({ certificates: formatFile('modern.p12'), password });
    expect(hex(p12.chain)).toEqual(hex(expected));
    await expectSigns(p12);
    expect(await failure({ certificates: formatFile('legacy-rc2-40.p12'), password })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('allowLegacy'),
    });
    expect(
      hex((await load({ certificates: formatFile('legacy-rc2-40.p12'), password, allowLegacy: true })).chain),
    ).toEqual(hex(expected));
    for (const bundle of [formatFile('chain.p7b'), formatText('chain.p7b.pem')]) {
      expect(hex((await load({ certificates: bundle, privateKey: formatText('ec-sec1.pem') })).chain)).toEqual(
        hex(expected),
      );
    }
  });

  it('takes a JWK', async () => {
    const entry = serverEntry();
    const key = await webcrypto.subtle.importKey('pkcs8', keyOf(entry), { name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ]);
    const jwk = await webcrypto.subtle.exportKey('jwk', key);
    await expectSigns(await load({ certificates: entry.chain, privateKey: jwk }));
  });

  it('a PSS certificate makes the key one for PSS alone, whatever its file says', async () => {
    const pair = makePair('rsa-2048');
    const pssSpki = new Uint8Array(pair.spki);
    // rsaEncryption with NULL becomes id-RSASSA-PSS without parameters.
    const at = Buffer.from(pssSpki).indexOf(Buffer.from('06092a864886f70d0101010500', 'hex'));
    const bits = pssSpki.subarray(at + 13);
    const algorithm = Buffer.from('300b06092a864886f70d01010a', 'hex');
    const body = Buffer.concat([algorithm, bits]);
    const spki = new Uint8Array(Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 255]), body]));
    expect(decodeSubjectPublicKeyInfo(spki)).toMatchObject({ kind: 'rsa', pss: {} });
    const certificate = issue({
      subject: name(['CN', 'pss']),
      pair,
      spki,
      extensions: [subjectAltName([dns('pss.example')])],
    });
    const credential = await load({ certificates: [certificate], privateKey: privatePem(pair) });
    expect(credential.signer.schemes).toEqual([0x0809, 0x080a, 0x080b]);
    await expectSigns(credential);
  });
});

describe('CryptoKey', () => {
  const importAs = (kind: (typeof KEY_KINDS)[number], algorithm: object, usages: ('sign' | 'verify')[] = ['sign']) =>
    webcrypto.subtle.importKey(
      'pkcs8',
      keyOf(serverEntry(kind)),
      algorithm as never,
      false,
      usages,
    ) as unknown as Promise<CryptoKey>;

  it.each([
    ['ecdsa-p256', { name: 'ECDSA', namedCurve: 'P-256' }, [0x0403]],
    ['ecdsa-p384', { name: 'ECDSA', namedCurve: 'P-384' }, [0x0503]],
    ['ecdsa-p521', { name: 'ECDSA', namedCurve: 'P-521' }, [0x0603]],
    ['rsa-2048', { name: 'RSA-PSS', hash: 'SHA-256' }, [0x0804]],
    ['rsa-2048', { name: 'RSA-PSS', hash: 'SHA-512' }, [0x0806]],
    ['rsa-2048', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, [0x0401]],
    ['ed25519', { name: 'Ed25519' }, [0x0807]],
    ['ed448', { name: 'Ed448' }, [0x0808]],
  ] as const)('%s, not extractable, %o', async (kind, algorithm, schemes) => {
    const credential = await load({
      certificates: serverEntry(kind).chain,
      privateKey: await importAs(kind, algorithm),
    });
    expect(credential.signer.schemes).toEqual(schemes);
    await expectSigns(credential);
  });

  it('of another certificate is refused', async () => {
    const key = await importAs('ecdsa-p256', { name: 'ECDSA', namedCurve: 'P-256' });
    expect(await failure({ certificates: clientEntry().chain, privateKey: key })).toMatchObject({
      code: 'ERR_KEY',
      message: expect.stringContaining('belongs to none'),
    });
    expect(await failure({ certificates: serverEntry('rsa-2048').chain, privateKey: key })).toMatchObject({
      code: 'ERR_KEY',
    });
  });
});

describe('toPem', () => {
  it('writes everything that can be read, and it can be read again', async () => {
    const text = await toPem([formatFile('modern.p12'), formatFile('pkcs8-aes128-sha512.der')], { password });
    expect(text).toContain(
      'CN=formats.example,O=Formats\nissued by CN=Intermediate,O=Formats\n-----BEGIN CERTIFICATE-----\n',
    );
    expect(text.match(/BEGIN PRIVATE KEY/g)?.length).toBe(2);
    expect((await load({ certificates: text })).chain.map(toHex)).toEqual(
      ['leaf.pem', 'intermediate.pem'].map((file) => toHex(pemToDer(formatText(file)))),
    );
    expect(await toPem(formatFile('rsa-pkcs1.der'))).toBe(formatText('rsa-pkcs8.pem'));
  });

  it('cannot be led astray by a name with lines of PEM in it', async () => {
    const pair = makePair('ecdsa-p256');
    const evil = issue({
      subject: name(['CN', 'x\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']),
      pair,
    });
    const text = await toPem(evil);
    expect(text.match(/^-----BEGIN/gm)?.length).toBe(1);
    expect(await toPem(text)).toBe(text);
  });
});

describe('describeBundle', () => {
  it('reports what is there, in words', async () => {
    const { text, problems, chain, certificates } = await describeBundle(formatText('everything-crlf.pem'), crypto, {
      now: Date.UTC(2030, 0),
    });
    expect(chain).toEqual([1, 2]);
    expect(certificates.map(({ key }) => key)).toEqual(['RSA, 2048 bits', 'P-256', 'P-521']);
    expect(problems.map(({ code }) => code)).toEqual(['ANCHOR_INCLUDED']);
    expect(text).toContain('3 certificates, 1 private key\n0. CN=Root,O=Formats\n');
    expect(text).toContain(
      '1. CN=formats.example,O=Formats\n   issued by CN=Intermediate,O=Formats; P-256; valid from 2026-',
    );
    expect(text).toContain('sent first: the private key is its own');
    expect(text).toContain('- ANCHOR_INCLUDED: the root (CN=Root,O=Formats)');
  });

  it.each([
    [[], ['NO_CERTIFICATE', 'NO_KEY']],
    [[serverEntry().chain.join('')], ['NO_KEY']],
    [[serverEntry().key], ['NO_CERTIFICATE']],
    [[...serverEntry().chain, clientEntry().key], ['KEY_MISMATCH']],
    [
      ['-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----', ...serverEntry().chain, serverEntry().key],
      ['UNREADABLE'],
    ],
  ])('does not reject: case %#', async (files, codes) => {
    expect((await describeBundle(files, crypto)).problems.map(({ code }) => code)).toEqual(codes);
  });

  it('reads what was written as PKCS#12', async () => {
    const entry = serverEntry('ed25519');
    const p12 = await writePkcs12(
      { certificates: chainOf(entry), privateKey: keyOf(entry) },
      { password: 'p', random: systemRandom, iterations: 100 },
    );
    expect((await describeBundle([p12], crypto, { password: 'p' })).problems).toEqual([]);
    expect((await describeBundle([p12], crypto, { password: 'q' })).problems[0]).toMatchObject({
      code: 'UNREADABLE',
      message: expect.stringContaining('ERR_PASSWORD'),
    });
    expect((await describeBundle(writePem('PKCS12', p12), crypto, { password: 'p' })).problems).toEqual([]);
  });
});
