import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import {
  type Authority,
  createAuthority,
  createCrl,
  createRequest,
  type IssuedCertificate,
  issueCertificate,
} from '../../src/pki/issue/index.ts';
import { readPem } from '../../src/pki/index.ts';
import { isInstalled } from '../support/child.ts';
import { Folder, mustRun } from '../support/programs.ts';
import { commandsIn } from './commands.ts';
import { buildWarifu, type Warifu } from './warifu.ts';

/** `warifu cert`: what is in files, whether it is fit, and the same in other forms. */

let warifu: Warifu;
let root: Authority;
let server: IssuedCertificate;
const folder = new Folder();
const { run, json } = commandsIn(folder.directory);

beforeAll(async () => {
  warifu = await buildWarifu('cert');
  root = await createAuthority({ subject: 'Root' });
  const intermediate = await createAuthority({ subject: 'Intermediate', issuer: root });
  server = await issueCertificate({
    issuer: intermediate,
    purpose: 'server',
    names: ['a.example.test', '192.0.2.1'],
    days: 20,
    mustStaple: true,
    ocspUrls: 'http://ocsp.example.test',
  });
  const rsa = await issueCertificate({
    issuer: intermediate,
    purpose: 'client',
    names: 'b@example.test',
    key: 'RSA-2048',
  });
  folder.write('root.crt', root.pem);
  folder.write('intermediate.crt', intermediate.pem);
  folder.write('server.crt', server.chainPem);
  folder.write('leaf.crt', server.pem);
  folder.write('reversed.crt', intermediate.pem + server.pem);
  folder.write('server.key', server.keyPair?.pem ?? '');
  folder.write('rsa.crt', rsa.chainPem);
  folder.write('rsa.key', rsa.keyPair?.pem ?? '');
  folder.write('request.csr', (await createRequest({ names: ['a.example.test'] })).pem);
  folder.write(
    'none.crl',
    (await createCrl({ issuer: intermediate, number: 1 })).pem + (await createCrl({ issuer: root, number: 1 })).pem,
  );
  folder.write(
    'all.crl',
    (
      await createCrl({
        issuer: intermediate,
        number: 2,
        entries: [{ serial: server.certificate, reason: 'superseded' }],
      })
    ).pem + (await createCrl({ issuer: root, number: 1 })).pem,
  );
  folder.write('password', 'secret\n');
}, 120_000);
afterAll(() => {
  folder.remove();
  warifu?.remove();
});

describe('cert show', () => {
  interface Shown {
    readonly certificates: readonly {
      readonly subject: string;
      readonly names: readonly object[];
      readonly daysLeft: number;
      readonly mustStaple: boolean;
      readonly sha256: string;
    }[];
    readonly privateKeys: readonly { readonly key: string; readonly pin: string }[];
    readonly requests: readonly { readonly names: readonly object[] }[];
    readonly crls: readonly { readonly entries: number }[];
  }

  it('certificates, keys, requests, lists, of several files', async () => {
    const shown = await json<Shown>('cert', 'show', 'server.crt', 'server.key', 'request.csr', 'all.crl');
    expect(shown.certificates.map(({ subject }) => subject)).toEqual(['CN=a.example.test', 'CN=Intermediate']);
    expect(shown.certificates[0]).toMatchObject({
      names: [
        { kind: 'dns', value: 'a.example.test' },
        { kind: 'ip', value: '192.0.2.1' },
      ],
      mustStaple: true,
      daysLeft: 19,
    });
    expect(shown.privateKeys).toMatchObject([{ key: 'P-256' }]);
    expect(shown.requests).toMatchObject([{ names: [{ kind: 'dns', value: 'a.example.test' }] }]);
    expect(shown.crls.map(({ entries }) => entries)).toEqual([1, 0]);
    const text = await run('cert', 'show', 'server.crt', 'server.key');
    expect(text.output).toMatch(/Certificate 0[\s\S]*dns a\.example\.test[\s\S]*demanded[\s\S]*Private key/);
    expect(text.output).not.toMatch(/BEGIN PRIVATE|[0-9a-f]{100}/);
  });

  it('standard input', () => {
    expect(warifu.runWith(folder.directory, root.pem, 'cert', 'show', '-').output).toMatch(/subject +CN=Root/);
  });

  it('the fingerprint is that of OpenSSL', async () => {
    if (!isInstalled('openssl')) return;
    const { certificates } = await json<Shown>('cert', 'show', 'leaf.crt');
    const line = mustRun('openssl', ['x509', '-in', folder.path('leaf.crt'), '-noout', '-fingerprint', '-sha256']);
    expect(certificates[0]?.sha256).toBe(line.trim().replace(/^.*=/, '').replaceAll(':', '').toLowerCase());
  });

  it('what cannot be read is said in words', async () => {
    folder.write('page.html', '<html>');
    expect(await run('cert', 'show', 'page.html')).toMatchObject({ status: 3, output: expect.stringMatching(/HTML/) });
    expect(await run('cert', 'show', 'missing.crt')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/no such file/),
    });
    expect(await run('cert', 'show')).toMatchObject({ status: 2 });
  });
});

describe('cert check', () => {
  interface Checked {
    readonly ok: boolean;
    readonly requirements: readonly { readonly requirement: string; readonly outcome: string; readonly text: string }[];
  }
  const outcomes = (checked: Checked): { readonly [requirement: string]: string } =>
    Object.fromEntries(checked.requirements.map(({ requirement, outcome }) => [requirement, outcome]));
  const check = (...args: readonly string[]): Promise<Checked> => json<Checked>('cert', 'check', ...args);

  it('all that is right', async () => {
    const checked = await check(
      'server.crt',
      'server.key',
      '--server-name',
      'a.example.test',
      '--server-name',
      '192.0.2.1',
      '--anchors',
      'root.crt',
      '--crl',
      'none.crl',
    );
    expect(checked.ok).toBe(true);
    expect(outcomes(checked)).toEqual({
      key: 'yes',
      order: 'yes',
      strength: 'yes',
      dates: 'yes',
      name: 'yes',
      trusted: 'yes',
      revocation: 'yes',
    });
    expect((await run('cert', 'check', 'server.crt', 'server.key', '--anchors', 'root.crt')).status).toBe(0);
  });

  const wrong: readonly [what: string, args: readonly string[], requirement: string, text: RegExp][] = [
    ['a key of another', ['server.crt', 'rsa.key'], 'key', /belongs to none/],
    ['no key', ['server.crt'], 'key', /no private key/],
    ['another name', ['server.crt', 'server.key', '--server-name', 'b.example.test'], 'name', /b\.example\.test/],
    ['too few days', ['server.crt', 'server.key', '--days', '30'], 'dates', /in 19 days, and 30 are wanted/],
    [
      'another purpose',
      ['server.crt', 'server.key', '--purpose', 'client', '--anchors', 'root.crt'],
      'trusted',
      /purpose|extended|client/i,
    ],
    ['a missing intermediate', ['leaf.crt', 'server.key', '--anchors', 'root.crt'], 'trusted', /issuer|Intermediate/],
    ['anchors of others', ['server.crt', 'server.key', '--anchors', 'system'], 'trusted', /trust|issuer|root/],
    [
      'a list that names it',
      ['server.crt', 'server.key', '--anchors', 'root.crt', '--crl', 'all.crl'],
      'revocation',
      /revoked/,
    ],
  ];
  it.each(wrong)('%s: no, and exit code 1', async (_, args, requirement, text) => {
    const checked = await check(...args);
    expect(checked.ok).toBe(false);
    const row = checked.requirements.find((item) => item.requirement === requirement && item.outcome === 'no');
    expect(row?.text).toMatch(text);
    expect(await run('cert', 'check', ...args)).toMatchObject({ status: 1, output: expect.stringMatching(/^NO/m) });
  });

  it('what is odd and harmless is a note; what cannot be known is said', async () => {
    const checked = await check('reversed.crt', 'server.key', 'root.crt');
    expect(checked.ok).toBe(true);
    expect(outcomes(checked)).toMatchObject({ order: 'remark', trusted: 'yes' });
    expect(outcomes(await check('server.crt', 'server.key'))).toMatchObject({ trusted: 'unknown' });
    // As it must not be uploaded to some: blank lines between, and lines of another length.
    const text = folder.text('server.crt');
    folder.write('spaced.crt', text.replace('-----\n-----BEGIN', '-----\n\n-----BEGIN'));
    folder.write('uneven.crt', text.replaceAll(/(\S{64})\n(\S{12})/g, '$1$2\n'));
    for (const [name, found] of [
      ['spaced.crt', /blank lines between blocks/],
      ['uneven.crt', /64 characters/],
    ] as const) {
      const { ok, requirements } = await check(name, 'server.key', 'root.crt');
      expect(ok).toBe(true);
      expect(requirements.find(({ requirement }) => requirement === 'form')?.text).toMatch(found);
      const anew = (await run('cert', 'convert', name, '--to', 'pem')).output;
      expect(anew.trimEnd()).toBe(text.trimEnd());
    }
  });
});

describe('cert convert', () => {
  const convert = (...args: readonly string[]) => run('cert', 'convert', ...args);
  const protectedBy = ['--out-password-file', 'password'];

  it('there and back: PEM, DER, PKCS#7, PKCS#8, PKCS#12, JWK', async () => {
    const leaf = toHex(server.der);
    expect((await convert('leaf.crt', '--to', 'der', '-o', 'leaf.der')).status).toBe(0);
    expect(toHex(folder.bytes('leaf.der'))).toBe(leaf);
    expect((await convert('server.crt', '--to', 'p7b', '-o', 'chain.p7b')).status).toBe(0);
    expect(
      (await convert('server.crt', 'server.key', '--to', 'p12', '-o', 'server.p12', '--name', 'me', ...protectedBy))
        .status,
    ).toBe(0);
    expect((await convert('server.key', '--to', 'p8', '-o', 'server.p8', ...protectedBy)).status).toBe(0);
    expect((await convert('server.key', '--to', 'jwk', '-o', 'server.jwk')).status).toBe(0);
    const back = async (file: string, ...more: readonly string[]): Promise<readonly string[]> =>
      readPem((await convert(file, '--to', 'pem', ...more)).output).map(({ der }) => toHex(der));
    const key = toHex(server.keyPair?.der ?? new Uint8Array(0));
    expect(await back('leaf.der')).toEqual([leaf]);
    expect((await back('chain.p7b')).toSorted()).toEqual(server.chain.map(toHex).toSorted());
    expect(await back('server.p12', '--password-file', 'password')).toEqual([...server.chain.map(toHex), key]);
    expect(await back('server.p8', '--password-file', 'password')).toEqual([key]);
    expect(await back('server.jwk')).toEqual([key]);
    expect(await back('server.p12', '--password-file', 'password', '--certificates-only')).toHaveLength(2);
  });

  it('as others read it', async () => {
    expect(
      (await convert('rsa.crt', 'rsa.key', '--to', 'p12', '-o', 'rsa.p12', '--name', 'me', ...protectedBy)).status,
    ).toBe(0);
    expect(
      (await convert('root.crt', '--to', 'truststore', '-o', 'trust.p12', '--name', 'root', ...protectedBy)).status,
    ).toBe(0);
    if (isInstalled('openssl'))
      expect(
        mustRun('openssl', ['pkcs12', '-in', folder.path('rsa.p12'), '-passin', 'pass:secret', '-nodes', '-info']),
      ).toMatch(/friendlyName: me/);
    if (isInstalled('certtool'))
      expect(
        mustRun('certtool', ['--p12-info', '--infile', folder.path('rsa.p12'), '--inder', '--password', 'secret']),
      ).toMatch(/BEGIN CERTIFICATE/);
    if (!isInstalled('keytool')) return;
    expect(mustRun('keytool', ['-list', '-keystore', folder.path('rsa.p12'), '-storepass', 'secret'])).toMatch(
      /me, .*PrivateKeyEntry/,
    );
    expect(mustRun('keytool', ['-list', '-keystore', folder.path('trust.p12'), '-storepass', 'secret'])).toMatch(
      /root, .*trustedCertEntry/,
    );
  }, 120_000);

  it('does not write over files, nor half of what is asked', async () => {
    expect(await convert('leaf.crt', '--to', 'der', '-o', 'root.crt')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/--force/),
    });
    expect((await convert('leaf.crt', '--to', 'der', '-o', 'leaf.der', '--force')).status).toBe(0);
    expect(await convert('server.crt', '--to', 'der')).toMatchObject({
      status: 3,
      output: expect.stringMatching(/one thing/),
    });
    expect(await convert('server.crt', '--to', 'p12', ...protectedBy)).toMatchObject({
      status: 3,
      output: expect.stringMatching(/one private key/),
    });
    expect(await convert('server.crt', 'rsa.key', '--to', 'p12', ...protectedBy)).toMatchObject({
      status: 3,
      output: expect.stringMatching(/none of the certificates/),
    });
    expect(await convert('server.crt', 'server.key', '--to', 'p12')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/--out-password-file/),
    });
    expect(await convert('server.crt', '--to', 'pem', ...protectedBy)).toMatchObject({
      status: 2,
      output: expect.stringMatching(/cannot be protected/),
    });
    expect(await convert('server.crt', '--to', 'pkcs13')).toMatchObject({
      status: 2,
      output: expect.stringMatching(/truststore/),
    });
    expect(await convert('server.crt', '--to', 'jks')).toMatchObject({ status: 2 });
    expect(await convert('server.crt', '--to', 'p7b', '--name', 'x')).toMatchObject({ status: 2 });
    expect(await convert('server.crt')).toMatchObject({ status: 2 });
  });
});

describe('cert lint', () => {
  interface Linted {
    readonly remarks: readonly { readonly level: string; readonly text: string }[];
  }
  const lint = (...args: readonly string[]): Promise<Linted> => json<Linted>('cert', 'lint', ...args);

  it('has nothing to say of what is issued here', async () => {
    expect((await lint('server.crt', 'root.crt')).remarks).toEqual([]);
    expect(await run('cert', 'lint', 'server.crt')).toMatchObject({ status: 0 });
  });

  it('finds what verifiers and browsers will not like', async () => {
    const odd = await issueCertificate({
      issuer: root,
      purpose: 'server',
      subject: { commonName: 'other.example.test' },
      names: ['a_b.example.test', '*.co.uk'],
      days: 900,
      serial: Uint8Array.of(7),
      mustStaple: true,
      keyUsage: ['digitalSignature', 'keyEncipherment'],
    });
    folder.write('odd.crt', odd.pem);
    const texts = (await lint('odd.crt')).remarks.map(({ text }) => text).join('\n');
    for (const text of [
      /900 days/,
      /56 bits/,
      /underscore/,
      /public suffix/,
      /not among its names/,
      /no responder/,
      /keyEncipherment/,
    ])
      expect(texts).toMatch(text);
    expect((await run('cert', 'lint', 'odd.crt')).status).toBe(0);
    expect((await run('cert', 'lint', 'odd.crt', '--strict')).status).toBe(1);
    const bare = await issueCertificate({ issuer: 'self', subject: 'bare', purpose: [], authorityKeyId: false });
    folder.write('bare.crt', bare.pem);
    expect((await lint('bare.crt')).remarks.map(({ text }) => text).join('\n')).toMatch(/no subjectAltName/);
    const unsigned = await issueCertificate({ issuer: root, names: 'c.example.test', authorityKeyId: false });
    folder.write('unsigned.crt', unsigned.pem);
    expect(await run('cert', 'lint', 'unsigned.crt')).toMatchObject({
      status: 1,
      output: expect.stringMatching(/^error/m),
    });
    expect((await run('cert', 'lint', 'server.crt', '--profile', 'webpki')).status).toBeGreaterThanOrEqual(0);
  });
});
