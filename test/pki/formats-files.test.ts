import { afterAll, describe, expect, it } from 'vitest';
import { concat, toHex } from '../../src/bytes/bytes.ts';
import { derInteger, derSequence } from '../../src/bytes/der-writer.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import {
  type BundleProblem,
  CrlStore,
  loadCredential,
  readCertificates,
  readPem,
  writePem,
} from '../../src/pki/index.ts';
import { createAuthority, createCrl, createRequest, readRequest } from '../../src/pki/issue/index.ts';
import { readBundle } from '../../src/pki/formats/bundle.ts';
import { readPkcs12 } from '../../src/pki/formats/containers/index.ts';
import { type FileProblem, type PartKind, readParts } from '../../src/pki/x509/file-parts.ts';
import { isInstalled } from '../support/child.ts';
import { formatFile, formatText } from '../support/formats.ts';
import { Folder, mustRun, runProgram } from '../support/programs.ts';

/** Everything that takes a file takes it by one reader: text or bytes, PEM or DER, and the same words when it cannot be. */

const provider = nobleProvider();
const leaf = formatText('leaf.pem');
const key = formatText('ec-pkcs8.pem');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const utf16 = (text: string, isBig: boolean): Uint8Array => {
  const out = new Uint8Array(2 * text.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), !isBig);
  return out;
};

const open = (certificates: string | Uint8Array, privateKey: string | Uint8Array = key) =>
  loadCredential({ certificates, privateKey }, provider);

describe('what is read', () => {
  const forms: readonly [what: string, file: string | Uint8Array][] = [
    ['text', leaf],
    ['text with a mark at the beginning', `\uFEFF${leaf}`],
    ['bytes', bytes(leaf)],
    ['bytes with a mark', concat(Uint8Array.of(0xef, 0xbb, 0xbf), bytes(leaf))],
    ['DER', readPem(leaf)[0]!.der],
    ['a Buffer', Buffer.from(leaf)],
    ['text with Windows line ends', leaf.replaceAll('\n', '\r\n')],
    ['text with line ends of old Macs', leaf.replaceAll('\n', '\r')],
    ['lines with blanks around them', leaf.replaceAll('\n', ' \n\t')],
    ['comments in latin1', concat(Uint8Array.of(0x53, 0xfc, 0xdf, 0x0a), bytes(leaf))],
    ['comments that begin like DER', `0 s:CN = formats.example\n${leaf}`],
    ['comments that begin like DER, as bytes', bytes(`0 s:CN = formats.example\n${leaf}`)],
    ['the certificate that OpenSSL calls trusted', leaf.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')],
    ['a certificate of old', leaf.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
  ];
  it.each(forms)('%s', async (_, file) => {
    expect((await open(file)).chain).toHaveLength(1);
    expect(readCertificates([file])).toHaveLength(1);
    expect(readCertificates([file, file])).toHaveLength(2);
  });

  it('of lists and requests, in the same forms', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const crl = await createCrl({ issuer: root, number: 1 });
    for (const file of [crl.pem, `\uFEFF${crl.pem}`, bytes(crl.pem), crl.der, [crl.der, crl.pem]])
      expect(new CrlStore(file).lists).toHaveLength(1);
    expect(new CrlStore([]).lists).toEqual([]);
    const request = await createRequest({ names: 'a.example' });
    for (const file of [request.pem, bytes(request.pem), request.der]) expect(readRequest(file).names).toHaveLength(1);
  });

  it.skipIf(!isInstalled('openssl'))(
    'TRUSTED CERTIFICATE as OpenSSL writes it: its purposes are said not to be looked at, and a refusal is kept',
    async () => {
      const folder = new Folder();
      afterAll(() => folder.remove());
      folder.write('leaf.pem', leaf);
      const make = (...more: readonly string[]): string =>
        mustRun('openssl', ['x509', '-in', folder.path('leaf.pem'), '-trustout', ...more]);
      const problems: BundleProblem[] = [];
      const limited = make('-addtrust', 'serverAuth', '-setalias', 'foo');
      await loadCredential(
        { certificates: limited, privateKey: key, onProblem: (problem) => problems.push(problem) },
        provider,
      );
      expect(problems.map(({ code }) => code)).toContain('TRUST_SETTINGS');
      expect(toHex(readCertificates(limited)[0]!.der)).toBe(toHex(readPem(leaf)[0]!.der));
      expect(() => readCertificates(make('-addreject', 'serverAuth'))).toThrow(/not to be trusted for/);
      folder.remove();
    },
  );
});

describe('what is not read is named, with what to do', () => {
  const cases: readonly [what: string, file: string | Uint8Array, message: RegExp][] = [
    ['nothing', '', /it is empty/],
    ['no bytes', new Uint8Array(0), /it is empty/],
    ['a path', '/etc/ssl/certs/server.crt', /path and not the content.*readFileSync/],
    ['a path of Windows', 'C:\\certs\\server.pfx', /path and not the content/],
    ['a name of a file', 'server.crt', /path and not the content/],
    ['a URL of a file', 'file:///etc/ssl/a.pem', /path and not the content/],
    [
      'a Java key store',
      concat(Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2), new Uint8Array(40)),
      /JKS.*keytool -importkeystore/,
    ],
    [
      'a Java key store of the other kind',
      concat(Uint8Array.of(0xce, 0xce, 0xce, 0xce), new Uint8Array(40)),
      /JCEKS.*keytool/,
    ],
    [
      'a key of OpenSSH',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----',
      /OpenSSH.*ssh-keygen -p -m PKCS8/,
    ],
    ['a public key of SSH', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@host', /public key of SSH/],
    ['a key of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none', /PuTTY.*puttygen/],
    ['UTF-16 with a mark', concat(Uint8Array.of(0xff, 0xfe), utf16(leaf, false)), /UTF-16.*UTF-8/],
    ['UTF-16 without a mark', utf16(leaf, false), /UTF-16/],
    ['UTF-16, the other way round', utf16(leaf, true), /UTF-16/],
    ['UTF-16 read as text', [...leaf].join('\0'), /UTF-16/],
    ['line breaks that are spelled out', leaf.replaceAll('\n', '\\n'), /spelled out as \\n.*replaceAll/],
    ['the same in quotation marks', JSON.stringify(leaf), /spelled out as \\n/],
    ['END and BEGIN on one line', leaf.trimEnd() + leaf, /line \d+: END and BEGIN are on one line: put a line break/],
    ['everything on one line', leaf.replaceAll('\n', ''), /line 1: something stands behind BEGIN/],
    ['four dashes', leaf.replaceAll('-----', '----'), /five plain dashes/],
    ['dashes of a word processor', leaf.replaceAll('-----', '—————'), /five plain dashes/],
    ['base64 alone', leaf.split('\n').slice(1, -2).join('\n'), /base64 without lines around it/],
    ['a page of HTML', '<!DOCTYPE html><html>Not found</html>', /HTML/],
    ['JSON', '{"kty":"EC"}', /JSON\.parse/],
    ['PGP', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ', /PGP/],
    ['an archive', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /ZIP/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
    ['words', 'no certificate here', /neither PEM .* nor DER/],
    [
      'a request',
      '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----',
      /CSR.*authority makes/,
    ],
    ['a list', '-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----', /list of revoked certificates/],
    ['a block that is cut off', leaf.slice(0, 200), /line 1 has no end/],
    [
      'a block that is no base64',
      '-----BEGIN CERTIFICATE-----\nMII*\n-----END CERTIFICATE-----',
      /line 1 is not base64/,
    ],
  ];
  it.each(cases)('%s', async (_, file, message) => {
    await expect(open(file)).rejects.toMatchObject({ name: 'TlsError', message: expect.stringMatching(message) });
    expect(() => readCertificates([file])).toThrow(message);
    await expect(open(leaf, file)).rejects.toMatchObject({ name: 'TlsError' });
    expect(() => new CrlStore(file).lists.length).toThrow(/crls/);
  });

  it('a key where a certificate belongs, and the other way round', async () => {
    expect(() => readCertificates(key)).toThrow(/no certificate in it, but a block "PRIVATE KEY"/);
    await expect(open(leaf, leaf)).rejects.toThrow(/no private key/);
    expect(() => new CrlStore(leaf)).toThrow(
      /no list of revoked certificates \(CRL\) in it, but a block "CERTIFICATE"/,
    );
    expect(() => new CrlStore(readPem(leaf)[0]!.der)).toThrow(/seems to be a certificate/);
  });

  it('what is no file at all', () => {
    for (const value of [7, null, undefined, {}, [7], new ArrayBuffer(3)])
      expect(() => readParts(value as never, { what: 'anchors', kinds: ['certificate'] })).toThrow(
        /ERR_OPTION.*anchors/,
      );
  });

  it('without work out of proportion, and with nothing but TlsError', () => {
    for (const piece of ['-----BEGIN A-----', '-----END A-----', '-----BEGIN ', '-----BEGIN A-----\n', 'a\\n', '-'])
      for (const text of [piece.repeat(200_000), `-----BEGIN CERTIFICATE-----\n${piece.repeat(200_000)}`])
        expect(() => readParts(text, { what: 'anchors', kinds: ['certificate'] })).toThrow(/ERR_KEY/);
  });
});

describe('one bad block', () => {
  const bad = '-----BEGIN CERTIFICATE-----\nMII*\n-----END CERTIFICATE-----\n';
  const unreadable = writePem('CERTIFICATE', derSequence(derInteger(1)));

  it.each([bad, unreadable, '-----END CERTIFICATE-----\n', leaf.slice(0, 300)])(
    'is reported, and an error where it is to be strict: %#',
    async (block) => {
      const problems: FileProblem[] = [];
      const source = `${leaf}\n${block}\n${formatText('intermediate.pem')}`;
      const credential = { certificates: source, privateKey: key };
      const { chain } = await loadCredential(
        { ...credential, onProblem: (problem) => problems.push(problem as never) },
        provider,
      );
      expect(chain).toHaveLength(2);
      expect(problems.filter(({ code }) => code === 'BAD_BLOCK')).toHaveLength(1);
      await expect(loadCredential({ ...credential, strict: true }, provider)).rejects.toMatchObject({
        code: 'ERR_KEY',
      });
    },
  );

  it('is an error where it would not be heard of: lists of what is distrusted or revoked must be whole', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const { pem } = await createCrl({ issuer: root, number: 1 });
    expect(() => new CrlStore(pem + bad.replaceAll('CERTIFICATE', 'X509 CRL'))).toThrow(/is not base64/);
    expect(() => readCertificates(root.pem + bad)).toThrow(/is not base64/);
    const problems: FileProblem[] = [];
    expect(readCertificates(root.pem + bad, 'intermediates', (problem) => problems.push(problem))).toHaveLength(1);
    expect(problems).toMatchObject([
      { code: 'BAD_BLOCK', message: expect.stringMatching(/^intermediates: .*not base64/) },
    ]);
  });

  it('alone is an error', async () => {
    await expect(open(bad)).rejects.toMatchObject({ code: 'ERR_KEY' });
    await expect(open(unreadable)).rejects.toMatchObject({ code: 'ERR_KEY' });
    await expect(open(bad + unreadable)).rejects.toMatchObject({ code: 'ERR_KEY' });
  });
});

describe('DER is told apart', () => {
  const kinds: readonly PartKind[] = [
    'certificate',
    'private-key',
    'encrypted-key',
    'pkcs7',
    'pkcs12',
    'crl',
    'public-key',
    'request',
  ];
  it('by its first elements', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const files: readonly [PartKind, Uint8Array][] = [
      ['certificate', root.der],
      ['certificate', formatFile('leaf.der')],
      ['private-key', formatFile('ec-pkcs8.der')],
      ['private-key', formatFile('ec-sec1.der')],
      ['private-key', formatFile('rsa-pkcs1.der')],
      ['encrypted-key', formatFile('pkcs8-aes128-sha512.der')],
      ['pkcs7', formatFile('chain.p7b')],
      ['pkcs7', formatFile('signed-indefinite.p7m')],
      ['pkcs12', formatFile('modern.p12')],
      ['crl', (await createCrl({ issuer: root, number: 1 })).der],
      ['public-key', root.certificate.spki],
      ['request', (await createRequest({ names: 'a.example' })).der],
    ];
    for (const [kind, file] of files)
      expect(
        readParts(file, { what: 'file', kinds }).map((part) => part.kind),
        kind,
      ).toEqual([kind]);
  });
});

describe('PKCS#12 of other programs', () => {
  const folder = new Folder();
  afterAll(() => folder.remove());
  folder.write('leaf.pem', leaf);
  folder.write('key.pem', key);
  folder.write('chain.pem', formatText('intermediate.pem'));

  it('several entries, with their names', async () => {
    if (!isInstalled('keytool')) return;
    const store = ['-keystore', folder.path('java.p12'), '-storetype', 'pkcs12', '-storepass', 'password'];
    for (const alias of ['first', 'second'])
      mustRun('keytool', [
        '-genkeypair',
        '-alias',
        alias,
        '-keyalg',
        'EC',
        '-groupname',
        'secp256r1',
        '-dname',
        `CN=${alias}.example`,
        ...store,
      ]);
    const { entries, hasMac } = await readPkcs12(folder.bytes('java.p12'), { password: 'password' });
    expect(hasMac).toBe(true);
    expect(entries.map(({ friendlyName }) => friendlyName).toSorted()).toEqual(['first', 'second']);
    for (const { certificate, privateKey } of entries) {
      const { keys, certificates } = await readBundle([certificate!, privateKey], {});
      expect(keys.length + certificates.length).toBe(2);
      await loadCredential({ certificates: certificate!, privateKey }, provider);
    }
    expect(
      (await loadCredential({ certificates: folder.bytes('java.p12'), password: 'password' }, provider)).chain,
    ).toHaveLength(1);
  }, 120_000);

  it('without a password and without a MAC, as Java can write it', async () => {
    if (!isInstalled('keytool')) return;
    const options = ['-J-Dkeystore.pkcs12.macAlgorithm=NONE', '-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE'];
    folder.write('root.pem', formatText('root.pem'));
    mustRun('keytool', [
      ...options,
      '-importcert',
      '-noprompt',
      '-alias',
      'root',
      '-file',
      folder.path('root.pem'),
      '-keystore',
      folder.path('open.p12'),
      '-storetype',
      'pkcs12',
      '-storepass',
      'password',
    ]);
    const { certificates, problems } = await readBundle(folder.bytes('open.p12'), {});
    expect(certificates).toHaveLength(1);
    expect(problems.map(({ code }) => code)).toEqual(['NO_MAC']);
  }, 120_000);

  it('of certtool, as it comes', async () => {
    if (!isInstalled('certtool')) return;
    mustRun('certtool', [
      '--to-p12',
      '--load-privkey',
      folder.path('key.pem'),
      '--load-certificate',
      folder.path('leaf.pem'),
      '--load-ca-certificate',
      folder.path('chain.pem'),
      '--p12-name',
      'me',
      '--password',
      'secret',
      '--outder',
      '--outfile',
      folder.path('certtool.p12'),
    ]);
    const { chain } = await loadCredential(
      { certificates: folder.bytes('certtool.p12'), password: 'secret' },
      provider,
    );
    expect(chain).toHaveLength(2);
  }, 60_000);

  it('of pk12util, as it comes', async () => {
    if (!isInstalled('pk12util')) return;
    const db = new Folder();
    try {
      mustRun('openssl', [
        'pkcs12',
        '-export',
        '-in',
        folder.path('leaf.pem'),
        '-inkey',
        folder.path('key.pem'),
        '-name',
        'me',
        '-passout',
        'pass:secret',
        '-out',
        db.path('in.p12'),
      ]);
      mustRun('certutil', ['-N', '-d', `sql:${db.directory}`, '--empty-password']);
      mustRun('pk12util', ['-i', db.path('in.p12'), '-d', `sql:${db.directory}`, '-W', 'secret']);
      mustRun('pk12util', ['-o', db.path('out.p12'), '-n', 'me', '-d', `sql:${db.directory}`, '-W', 'secret']);
      const { chain } = await loadCredential({ certificates: db.bytes('out.p12'), password: 'secret' }, provider);
      expect(chain).toHaveLength(1);
      expect(runProgram('pk12util', ['-l', db.path('out.p12'), '-W', 'secret']).status).toBe(0);
    } finally {
      db.remove();
    }
  }, 60_000);
});
