import { inspect } from 'node:util';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/bytes.ts';
import { nobleProvider } from '../../../src/crypto/noble/index.ts';
import { nobleVerifierWithMlDsa } from '../../../src/crypto/noble/ml-dsa.ts';
import { nodeProvider } from '../../../src/crypto/node/index.ts';
import type { Signer } from '../../../src/crypto/types.ts';
import {
  type Authority,
  type CertificateOptions,
  createAuthority,
  createRequest,
  generateKeyPair,
  issueCertificate,
  type KeyAlgorithm,
  openAuthority,
  readRequest,
} from '../../../src/pki/issue/index.ts';
import {
  basicConstraints,
  certificateVerifier,
  extendedKeyUsage,
  loadCredential,
  keyUsage,
  mustStaple,
  readPem,
  subjectAltNames,
} from '../../../src/pki/index.ts';
import { nameText } from '../../../src/pki/x509/general-name-text.ts';

/** What is issued is read by our own strict reader, and judged by our own verifier. */

const provider = nobleProvider();
const DAY = 86_400_000;

async function verdict(
  anchor: Authority,
  chain: readonly Uint8Array[],
  role: 'client' | 'server',
  serverName?: string,
  more: Partial<Parameters<typeof certificateVerifier>[0]> = {},
): Promise<string> {
  const verifier = certificateVerifier({
    anchors: [anchor.der],
    signatures: provider.verifier,
    profile: 'rfc5280',
    ...more,
  });
  const answer = await verifier.verify({
    role,
    chain,
    serverName,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: Date.now(),
  });
  return answer.ok ? 'yes' : `${answer.failure.code}: ${answer.failure.message}`;
}

describe.each<KeyAlgorithm>(['P-256', 'P-384', 'P-521', 'Ed25519', 'Ed448', 'RSA-2048'])('%s', (algorithm) => {
  it('root, intermediate, server and client, with keys of this kind: a path that is accepted', async () => {
    const root = await createAuthority({ subject: 'Test Root', key: algorithm, crypto: provider });
    const intermediate = await createAuthority({ subject: 'Test Servers', issuer: root, key: algorithm });
    const server = await issueCertificate({
      issuer: intermediate,
      purpose: 'server',
      names: ['www.example.com', '192.0.2.7', '2001:db8::1'],
      key: algorithm,
    });
    const client = await issueCertificate({
      issuer: intermediate,
      purpose: 'client',
      names: ['spiffe://example.org/worker', 'a@example.com', 'www.example.com'],
      key: algorithm,
    });
    expect(server.chain).toHaveLength(2);
    expect(readPem(server.chainPem)).toHaveLength(2);
    expect(await verdict(root, server.chain, 'client', 'www.example.com')).toBe('yes');
    expect(await verdict(root, server.chain, 'client', '192.0.2.7')).toBe('yes');
    expect(await verdict(root, server.chain, 'client', '2001:db8::1')).toBe('yes');
    expect(await verdict(root, server.chain, 'client', 'other.example.com')).toMatch(/NAME_MISMATCH/);
    expect(await verdict(root, client.chain, 'server')).toBe('yes');
    expect(await verdict(root, client.chain, 'client', 'www.example.com')).toMatch(/EXTENDED_KEY_USAGE/);
    expect(await verdict(root, server.chain, 'server')).toMatch(/EXTENDED_KEY_USAGE/);
  });
});

describe('what is written', () => {
  it('by default: authority or not, usages, key identifiers, validity, a random serial', async () => {
    const root = await createAuthority({ subject: 'Root' });
    expect(basicConstraints(root.certificate)).toEqual({ ca: true, pathLength: undefined });
    expect([...(keyUsage(root.certificate) ?? [])]).toEqual(['digitalSignature', 'keyCertSign', 'cRLSign']);
    expect(extendedKeyUsage(root.certificate)).toBeUndefined();
    expect(root.chain).toEqual([]);
    const intermediate = await createAuthority({ subject: 'Intermediate', issuer: root });
    expect(basicConstraints(intermediate.certificate)).toEqual({ ca: true, pathLength: 0 });
    const leaf = await issueCertificate({ issuer: intermediate, names: 'a.example' });
    expect(basicConstraints(leaf.certificate)).toEqual({ ca: false, pathLength: undefined });
    expect([...(keyUsage(leaf.certificate) ?? [])]).toEqual(['digitalSignature']);
    expect(extendedKeyUsage(leaf.certificate)).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    const days = (leaf.certificate.notAfter - Date.now()) / DAY;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThan(90.1);
    expect(leaf.certificate.notBefore).toBeLessThan(Date.now());
    const other = await issueCertificate({ issuer: intermediate, names: 'a.example' });
    expect(toHex(other.certificate.serial)).not.toBe(toHex(leaf.certificate.serial));
    const rsa = await issueCertificate({ issuer: root, purpose: 'server', names: 'a.example', key: 'RSA-2048' });
    expect([...(keyUsage(rsa.certificate) ?? [])]).toEqual(['digitalSignature', 'keyEncipherment']);
  });

  it('names of every kind, and they are read again', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const { certificate } = await issueCertificate({
      issuer: root,
      subject: {
        country: 'JP',
        organization: ['One', 'Two, Ltd'],
        commonName: 'Bär',
        domainComponents: ['corp', 'example'],
      },
      names: [
        '*.example.com',
        'bücher.example',
        '10.0.0.1',
        '[2001:db8::1]',
        'user@example.com',
        'https://example.com/a?b',
        'spiffe://example.org/ns/a/sa/b',
        'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
        { directory: 'CN=Directory,O=Org' },
        { registeredId: '1.2.840.1' },
        { upn: 'user@corp.example' },
        { otherName: { oid: '1.2.3.4', value: Uint8Array.of(0x0c, 1, 0x41) } },
      ],
    });
    expect(nameText(certificate.subject)).toBe('CN=Bär,O=Two\\, Ltd,O=One,DC=corp,DC=example,C=JP');
    const names = subjectAltNames(certificate) ?? [];
    expect(names.map((name) => ('text' in name ? name.text : name.kind))).toEqual([
      '*.example.com',
      'xn--bcher-kva.example',
      'ip',
      'ip',
      'user@example.com',
      'https://example.com/a?b',
      'spiffe://example.org/ns/a/sa/b',
      'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      'directory',
      'registered-id',
      'other',
      'other',
    ]);
  });

  it('without a subject the names are critical; a name that is too long for a common name is not one', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const long = `${'a'.repeat(60)}.example.com`;
    const { certificate } = await issueCertificate({ issuer: root, names: long });
    expect(certificate.subject).toHaveLength(2);
    expect(certificate.extensions.get('2.5.29.17')?.critical).toBe(true);
    const spiffe = await issueCertificate({ issuer: root, names: 'spiffe://example.org/a' });
    expect(spiffe.certificate.subject).toHaveLength(2);
  });

  it('must-staple and addresses; an extension in full takes the place of the one that was made', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const { certificate } = await issueCertificate({
      issuer: root,
      names: 'a.example',
      mustStaple: true,
      ocspUrls: 'http://ocsp.example',
      issuerUrls: ['http://ca.example/root.crt'],
      crls: [
        'http://ca.example/root.crl',
        { urls: 'http://ca.example/keys.crl', reasons: ['keyCompromise', 'aACompromise'] },
      ],
      extensions: [
        { oid: '1.2.3.4.5', critical: false, value: Uint8Array.of(5, 0) },
        { oid: '2.5.29.15', critical: true, value: Uint8Array.of(3, 2, 3, 0x08) },
      ],
    });
    expect(mustStaple(certificate)).toBe(true);
    expect(certificate.extensions.get('1.2.3.4.5')?.value).toEqual(Uint8Array.of(5, 0));
    expect([...(keyUsage(certificate) ?? [])]).toEqual(['keyAgreement']);
    expect(certificate.extensions.has('1.3.6.1.5.5.7.1.1')).toBe(true);
    expect(certificate.extensions.has('2.5.29.31')).toBe(true);
  });

  it('times beyond 2049 are GeneralizedTime, those before are not', async () => {
    const root = await createAuthority({ subject: 'Root', notAfter: Date.UTC(2060, 0, 1, 2, 3, 4) });
    expect(root.certificate.notAfter).toBe(Date.UTC(2060, 0, 1, 2, 3, 4));
    expect(root.certificate.oddTimes).toBe(false);
  });
});

describe('what is issued is a credential', () => {
  it('as it is, without its key being printed', async () => {
    const issuer = await createAuthority({ subject: 'Root' });
    const issued = await issueCertificate({ issuer, names: 'a.example' });
    const { chain, signer } = await loadCredential(issued.credential, provider);
    expect(chain).toEqual(issued.chain);
    expect(signer.publicKey).toEqual(issued.certificate.publicKey);
    expect(inspect(issued, { depth: 9 })).not.toContain('PRIVATE KEY');
  });
  it('with a key that is elsewhere too, and not where the key is not ours', async () => {
    const issuer = await createAuthority({ subject: 'Root' });
    const { signer } = await generateKeyPair('P-256');
    const device: Signer = {
      publicKey: signer.publicKey,
      schemes: signer.schemes,
      sign: (...of) => signer.sign(...of),
    };
    const { credential } = await issueCertificate({ issuer, names: 'a.example', key: device });
    expect(credential.privateKey).toBe(device);
    const { publicKey } = signer;
    expect((await issueCertificate({ issuer, names: 'a.example', publicKey })).credential).toBeUndefined();
  });
});

describe('constraints that are written are those that are judged', () => {
  it('names outside are refused when they are issued, and when they are issued nevertheless', async () => {
    const root = await createAuthority({
      subject: 'Root',
      nameConstraints: {
        permitted: ['example.com', '10.0.0.0/8', '2001:db8::/32', { email: 'example.com' }, { uri: '.example.com' }],
        excluded: ['bad.example.com', { directory: 'O=Evil' }],
      },
    });
    const issue = (names: CertificateOptions['names'], more: Partial<CertificateOptions> = {}) =>
      issueCertificate({ issuer: root, purpose: 'server', names: names ?? [], ...more });
    for (const name of ['www.example.com', '10.1.2.3', '2001:db8::5', 'a@example.com', 'https://w.example.com/'])
      await issue(name, { subject: 'x' });
    for (const name of [
      'example.org',
      'x.bad.example.com',
      '11.0.0.1',
      '2001:db9::1',
      'a@example.org',
      'https://w.example.org/',
    ])
      await expect(issue(name, { subject: 'x' })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(issue('www.example.com', { subject: { organization: 'Evil' } })).rejects.toMatchObject({
      code: 'ERR_OPTION',
    });
    const outside = await issue('www.example.org', { allowInvalid: true });
    expect(await verdict(root, outside.chain, 'client', 'www.example.org')).toMatch(/NAME_CONSTRAINT/);
  });

  it('policies, mappings, and what inhibits them', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const intermediate = await createAuthority({
      subject: 'Intermediate',
      issuer: root,
      policies: ['1.2.3.4', { oid: '1.2.3.5', statement: 'https://example.com/cps', notice: 'For tests' }],
      policyMappings: [{ issuer: '1.2.3.4', subject: '1.2.3.9' }],
      policyConstraints: { requireExplicit: 0 },
      inhibitAnyPolicy: 0,
    });
    const good = await issueCertificate({
      issuer: intermediate,
      purpose: 'server',
      names: 'a.example',
      policies: ['1.2.3.9'],
    });
    const bad = await issueCertificate({
      issuer: intermediate,
      purpose: 'server',
      names: 'a.example',
      policies: ['1.2.3.7'],
    });
    const any = await issueCertificate({
      issuer: intermediate,
      purpose: 'server',
      names: 'a.example',
      policies: ['any'],
    });
    expect(
      await verdict(root, good.chain, 'client', 'a.example', {
        policies: { acceptable: ['1.2.3.4'], requireExplicit: true },
      }),
    ).toBe('yes');
    expect(await verdict(root, bad.chain, 'client', 'a.example')).toMatch(/POLICY/);
    expect(await verdict(root, any.chain, 'client', 'a.example')).toMatch(/POLICY/);
  });
});

describe('keys', () => {
  it('in a file, encrypted too; as a JWK; as a CryptoKeyPair; behind something that signs', async () => {
    const pair = await generateKeyPair('P-384');
    const spki = (await createAuthority({ subject: 'Root', key: pair })).certificate.spki;
    const { encryptPkcs8 } = await import('../../../src/pki/formats/containers/index.ts');
    const encrypted = await encryptPkcs8(pair.der, { password: 'word', random: provider.random, iterations: 1000 });
    const { privateKeyToJwk } = await import('../../../src/pki/index.ts');
    const device: Signer = {
      publicKey: pair.publicKey,
      schemes: pair.signer.schemes,
      sign: async (scheme, message) => await pair.signer.sign(scheme, message),
    };
    for (const [key, password] of [
      [pair.pem, undefined],
      [pair.der, undefined],
      [encrypted, 'word'],
      [pair.privateKey, undefined],
      [privateKeyToJwk(pair.privateKey, pair.publicKey), undefined],
      [device, undefined],
    ] as const) {
      const root = await createAuthority({ subject: 'Root', key, ...(password !== undefined && { password }) });
      expect(toHex(root.certificate.spki)).toBe(toHex(spki));
      const { chain } = await issueCertificate({ issuer: root, purpose: 'server', names: 'a.example' });
      expect(await verdict(root, chain, 'client', 'a.example')).toBe('yes');
    }
    await expect(createAuthority({ subject: 'Root', key: encrypted })).rejects.toMatchObject({ code: 'ERR_PASSWORD' });
    await expect(createAuthority({ subject: 'Root', key: encrypted, password: 'other' })).rejects.toMatchObject({
      code: 'ERR_PASSWORD',
    });
  });

  it.each([
    [{ name: 'ECDSA', namedCurve: 'P-256' }, ''],
    [
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-384' },
      'rsa-pkcs1',
    ],
    [{ name: 'RSA-PSS', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }, 'rsa-pss'],
  ])('a CryptoKeyPair that cannot be exported: $name', async (algorithm, kind) => {
    const key = (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
    const root = await createAuthority({ subject: 'Root', key });
    expect(root.keyPair).toBeUndefined();
    if (kind !== '') expect(root.certificate.signatureAlgorithm?.kind).toBe(kind);
    const { chain } = await issueCertificate({ issuer: root, purpose: 'server', names: 'a.example' });
    expect(await verdict(root, chain, 'client', 'a.example', { profile: 'default' })).toBe('yes');
    const certified = await issueCertificate({ issuer: root, names: 'b.example', publicKey: key.publicKey });
    expect(toHex(certified.certificate.spki)).toBe(toHex(root.certificate.spki));
  });

  it('are told from one another, and random', async () => {
    for (const crypto of [nobleProvider(), nodeProvider()]) {
      const [a, b] = [await generateKeyPair('P-521', { crypto }), await generateKeyPair('P-521', { crypto })];
      expect(a.pem).not.toBe(b.pem);
    }
    await expect(generateKeyPair('P-257' as never)).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(generateKeyPair('ML-DSA-65')).rejects.toMatchObject({ code: 'ERR_OPTION' });
  });

  it.each([
    ['ml-dsa-44', 0x0904, ml_dsa44],
    ['ml-dsa-65', 0x0905, ml_dsa65],
    ['ml-dsa-87', 0x0906, ml_dsa87],
  ] as const)('of a kind that no provider signs with, behind something that does: %s', async (kind, scheme, noble) => {
    const { publicKey, secretKey } = noble.keygen();
    const device: Signer = {
      publicKey: { kind, key: publicKey },
      schemes: [scheme],
      sign: (_, message) => noble.sign(message, secretKey),
    };
    const root = await createAuthority({ subject: 'Root', key: device });
    expect(root.certificate.signatureAlgorithm).toEqual({ kind });
    const { chain } = await issueCertificate({ issuer: root, purpose: 'server', names: 'a.example' });
    const signatures = nobleVerifierWithMlDsa;
    expect(await verdict(root, chain, 'client', 'a.example', { signatures })).toBe('yes');
    const other = await createAuthority({
      subject: 'Root',
      key: { ...device, publicKey: { kind, key: noble.keygen().publicKey } },
    });
    expect(await verdict(other, chain, 'client', 'a.example', { signatures })).not.toBe('yes');
  });

  it('are not printed with the rest', async () => {
    const pair = await generateKeyPair('Ed25519');
    const issued = await issueCertificate({ issuer: 'self', names: 'a.example', key: pair });
    for (const value of [pair, issued, { pair }])
      for (const text of [inspect(value, { depth: 9 }), JSON.stringify(value), JSON.stringify({ ...value })])
        expect(text).not.toMatch(/PRIVATE KEY|seed/);
  });

  it('of a signer that lies are found out', async () => {
    const [pair, other] = [await generateKeyPair(), await generateKeyPair()];
    const device: Signer = { ...other.signer, publicKey: pair.publicKey };
    await expect(createAuthority({ subject: 'Root', key: device })).rejects.toMatchObject({
      code: 'ERR_SIGNER_FAILED',
    });
    const failing: Signer = { ...pair.signer, sign: () => Promise.reject(new Error('locked')) };
    await expect(createAuthority({ subject: 'Root', key: failing })).rejects.toMatchObject({
      code: 'ERR_SIGNER_FAILED',
    });
  });

  it('sign as they are told', async () => {
    const root = await createAuthority({ subject: 'Root', key: 'RSA-2048', signature: 'rsa_pss_rsae_sha384' });
    expect(root.certificate.signatureAlgorithm).toEqual({ kind: 'rsa-pss', hash: 'sha384', saltLength: 48 });
    const leaf = await issueCertificate({ issuer: root, names: 'a.example', purpose: 'server' });
    expect(leaf.certificate.signatureAlgorithm).toEqual({ kind: 'rsa-pkcs1', hash: 'sha256' });
    await expect(createAuthority({ subject: 'Root', signature: 'ed25519' })).rejects.toThrow(
      /it makes ecdsa_secp256r1_sha256/,
    );
  });
});

describe('an authority that was made before', () => {
  it('is opened with its certificate and key, and issues', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const made = await createAuthority({ subject: 'Intermediate', issuer: root });
    const again = await openAuthority({ certificates: made.pem + root.pem, key: made.keyPair?.pem ?? '' });
    const { chain } = await issueCertificate({ issuer: again, purpose: 'server', names: 'a.example' });
    expect(await verdict(root, chain, 'client', 'a.example')).toBe('yes');
    await expect(openAuthority({ certificates: root.pem, key: made.keyPair?.pem ?? '' })).rejects.toMatchObject({
      code: 'ERR_KEY',
    });
    const leaf = await issueCertificate({ issuer: root, names: 'a.example' });
    await expect(openAuthority({ certificates: leaf.pem, key: leaf.keyPair?.pem ?? '' })).rejects.toMatchObject({
      code: 'ERR_OPTION',
    });
  });
});

describe('requests', () => {
  it('are certified for the names that were given, or that were asked for', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const request = await createRequest({
      names: ['a.example', '10.0.0.1', { directory: 'CN=x' }],
      subject: 'a.example',
    });
    expect(readRequest(request.pem).names).toHaveLength(3);
    await expect(issueCertificate({ issuer: root, request: request.pem })).rejects.toThrow(/names/);
    const own = await issueCertificate({ issuer: root, request: request.der, names: 'b.example' });
    expect(subjectAltNames(own.certificate)).toEqual([{ kind: 'dns', text: 'b.example' }]);
    expect(own.keyPair).toBeUndefined();
    const asked = await issueCertificate({ issuer: root, request: readRequest(request.der), namesFromRequest: true });
    expect(subjectAltNames(asked.certificate)).toHaveLength(3);
    expect(toHex(asked.certificate.spki)).toBe(toHex(readRequest(request.der).spki));
  });

  it('with a signature of another key are refused', async () => {
    const root = await createAuthority({ subject: 'Root' });
    const { der } = await createRequest({ names: 'a.example' });
    for (const at of [der.length - 1, 60]) {
      const changed = der.slice();
      changed[at] = changed[at]! ^ 1;
      await expect(issueCertificate({ issuer: root, request: changed, names: 'a.example' })).rejects.toMatchObject({
        code: 'ERR_KEY',
      });
    }
  });

  it('that are none are refused with TlsError alone', async () => {
    const { der } = await createRequest({ names: 'a.example' });
    for (let i = 0; i < der.length; i++) {
      for (const bytes of [der.subarray(0, i), der.map((byte, at) => (at === i ? byte ^ 0x55 : byte))]) {
        try {
          readRequest(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'TlsError' });
        }
      }
    }
    expect(() => readRequest('/etc/ssl/request.csr')).toThrow(/path and not the content/);
    expect(() => readRequest(42 as never)).toThrow(/PEM or DER/);
  });
});
