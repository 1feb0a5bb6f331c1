import { describe, expect, it } from 'vitest';
import { derElement } from '../../src/bytes/der-writer.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import type { PresentedPeer } from '../../src/handshake/peer.ts';
import {
  certificateFacts,
  parseSpiffeId,
  readSpiffeBundle,
  type SpiffeOptions,
  spiffeVerifier,
} from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** X.509-SVIDs, trust domains with bundles of their own, and what certificates say of themselves. */

const provider = nodeProvider();
const NOW = Date.parse('2030-01-01T00:00:00Z');
const pair = b.makePair('ecdsa-p256');
const domain = (title: string) => {
  const issuer = { subject: b.name(['O', title]), pair: b.makePair('ecdsa-p256') };
  const der = b.issue({ ...issuer, extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign', 'cRLSign')] });
  return { issuer, der };
};
const home = domain('example.org');
const partner = domain('partner.example');
const ID = 'spiffe://example.org/ns/prod/web';

function svid(
  uris: readonly string[] = [ID],
  { issuer = home.issuer, usage = b.keyUsage('digitalSignature'), more = [] as Uint8Array[] } = {},
): Uint8Array {
  return b.issue({
    subject: b.name(['O', 'workload']),
    pair,
    issuer,
    extensions: [
      b.subjectAltName([...uris.map(b.uri), b.dns('web.example')]),
      b.extendedKeyUsage('serverAuth', 'clientAuth'),
      usage,
      ...more,
    ],
  });
}

const OPTIONS: SpiffeOptions = {
  signatures: provider.verifier,
  bundles: { 'example.org': [home.der], 'partner.example': b.pem('CERTIFICATE', partner.der) },
  accept: () => true,
};

async function judge(
  leaf: Uint8Array,
  options: Partial<SpiffeOptions> = {},
  role: PresentedPeer['role'] = 'client',
): Promise<string> {
  const verdict = await spiffeVerifier({ ...OPTIONS, ...options }).verify({
    role,
    chain: [leaf],
    serverName: 'something.else.example',
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: NOW,
  });
  return verdict.ok ? 'accepted' : verdict.failure.code;
}

describe('an X.509-SVID', () => {
  it('is taken in both roles, whatever name was dialled', async () => {
    expect(await judge(svid())).toBe('accepted');
    expect(await judge(svid(), {}, 'server')).toBe('accepted');
  });

  it('has exactly one URI, which is the id of a workload', async () => {
    expect(await judge(svid([]))).toBe('CERT_NO_NAME');
    expect(await judge(svid([ID, ID]))).toBe('CERT_NO_NAME');
    expect(await judge(svid([ID, 'https://example.org/']))).toBe('CERT_NO_NAME');
    for (const uri of [
      'https://example.org/web',
      'spiffe://example.org',
      'spiffe://Example.org/web',
      'spiffe://example.org//web',
    ])
      expect(await judge(svid([uri])), uri).toBe('CERT_NAME_MISMATCH');
  });

  it('is no authority, and its key signs neither certificates nor lists', async () => {
    expect(await judge(svid([ID], { more: [b.basicConstraints(true)] }))).toBe('CERT_IS_A_CA');
    expect(await judge(svid([ID], { more: [b.basicConstraints(false)] }))).toBe('accepted');
    expect(await judge(svid([ID], { usage: b.keyUsage('digitalSignature', 'keyCertSign') }))).toBe('CERT_KEY_USAGE');
    expect(await judge(svid([ID], { usage: b.keyUsage('digitalSignature', 'cRLSign') }))).toBe('CERT_KEY_USAGE');
    expect(await judge(svid([ID], { usage: b.keyUsage('keyEncipherment') }))).toBe('CERT_KEY_USAGE');
    expect(await judge(svid([ID], { usage: b.extension('1.2.3.4', false, derElement(5)) }))).toBe('CERT_KEY_USAGE');
  });
});

describe('trust domains', () => {
  const abroad = (uri: string, issuer: b.Issuer) => svid([uri], { issuer });

  it('vouch for themselves, and never for each other', async () => {
    expect(await judge(abroad('spiffe://partner.example/api', partner.issuer))).toBe('accepted');
    expect(await judge(abroad('spiffe://partner.example/api', home.issuer))).toBe('CERT_MISSING_INTERMEDIATE');
    expect(await judge(abroad(ID, partner.issuer))).toBe('CERT_MISSING_INTERMEDIATE');
    expect(await judge(abroad('spiffe://other.example/api', home.issuer))).toBe('CERT_UNTRUSTED');
  });

  it('are replaced while the verifier is in use', async () => {
    const verifier = spiffeVerifier(OPTIONS);
    const peer: PresentedPeer = {
      role: 'server',
      chain: [svid()],
      serverName: undefined,
      ocspResponses: [],
      sctLists: [],
      certificateSchemes: [],
      keyUse: 'digitalSignature',
      now: NOW,
    };
    const before = await verifier.verify(peer);
    expect(before.ok).toBe(true);
    expect(before.ok && (await verifier.recheck!(peer, before)).ok).toBe(true);
    const { policy } = verifier;
    expect(verifier.authorities?.length).toBe(2);
    verifier.update({ 'partner.example': [partner.der] });
    expect(verifier.policy).not.toBe(policy);
    expect((await verifier.verify(peer)).ok).toBe(false);
    expect(() => verifier.update({})).toThrow(/bundles/);
  });
});

describe('who is accepted', () => {
  it('is said by ids, by trust domains or by a function', async () => {
    expect(await judge(svid(), { accept: [ID] })).toBe('accepted');
    expect(await judge(svid(), { accept: ['spiffe://example.org'] })).toBe('accepted');
    expect(await judge(svid(), { accept: ['spiffe://example.org/ns/prod'] })).toBe('CERT_REFUSED');
    expect(await judge(svid(), { accept: ({ path }) => path === '/ns/prod/web' })).toBe('accepted');
    expect(await judge(svid(), { accept: () => false })).toBe('CERT_REFUSED');
    expect(await judge(svid(), { accept: (() => 1) as never })).toBe('CERT_REFUSED');
  });

  it('options that cannot be are refused', () => {
    const make = (options: object) => () => spiffeVerifier({ ...OPTIONS, ...options } as SpiffeOptions);
    for (const bad of [
      { bundles: {} },
      { bundles: { 'spiffe://example.org': [home.der] } },
      { bundles: { 'Example.org': [home.der] } },
      { accept: [] },
      { accept: ['example.org'] },
      { accept: undefined },
      { signatures: undefined },
      { trustDomains: {} },
    ])
      expect(make(bad), JSON.stringify(bad)).toThrow(/bundles|accept|signatures|trustDomains/);
  });
});

describe('a SPIFFE id', () => {
  it('has a trust domain and a path', () => {
    expect(parseSpiffeId(ID)).toEqual({ uri: ID, trustDomain: 'example.org', path: '/ns/prod/web' });
    expect(parseSpiffeId('spiffe://example.org')?.path).toBe('');
    for (const bad of [
      ...['spiffe:///web', 'spiffe://a/', 'spiffe://a/../b', 'spiffe://a/./b', 'spiffe://a:1/b', 'spiffe://u@a/b'],
      ...['spiffe://a/b?c', 'spiffe://a/b#c', 'SPIFFE://a/b', 'spiffe://a/%62', `spiffe://a/${'b'.repeat(2048)}`],
      `spiffe://${'a'.repeat(256)}/b`,
    ])
      expect(parseSpiffeId(bad), bad).toBeUndefined();
  });
});

describe('a bundle in JSON', () => {
  const bundle = (keys: unknown) => JSON.stringify({ spiffe_sequence: 7, spiffe_refresh_hint: 300, keys });
  const x5c = [Buffer.from(home.der).toString('base64')];

  it('holds the authorities of X.509-SVIDs, and other keys that are ignored', async () => {
    const { anchors, sequence, refreshHint } = readSpiffeBundle(
      bundle([{ kty: 'EC', use: 'x509-svid', x5c }, { kty: 'EC', use: 'jwt-svid', kid: '1' }, { use: 'new' }]),
    );
    expect(anchors.length).toBe(1);
    expect([sequence, refreshHint]).toEqual([7, 300]);
    expect(await judge(svid(), { bundles: { 'example.org': anchors } })).toBe('accepted');
  });

  it('is refused when it is none', () => {
    for (const bad of [
      '',
      '[]',
      '{}',
      bundle({}),
      bundle([{ use: 'x509-svid' }]),
      bundle([{ use: 'x509-svid', x5c: [...x5c, ...x5c] }]),
    ])
      expect(() => readSpiffeBundle(bad), bad).toThrow(/SPIFFE bundle/);
  });
});

describe('facts of a certificate', () => {
  it('are typed, and readable', () => {
    const rsa = b.makePair('rsa-2048');
    const der = b.issue({
      subject: b.name(['O', 'Leaf'], ['CN', 'x']),
      pair: rsa,
      issuer: home.issuer,
      serial: Uint8Array.of(0, 0xab, 1),
      notAfter: new Date('2030-01-31T12:00:00Z'),
      extensions: [
        b.subjectAltName([
          b.dns('a.example'),
          b.ip(192, 0, 2, 1),
          b.email('me@a.example'),
          b.uri(ID),
          b.directory(b.name(['CN', 'd'])),
        ]),
      ],
    });
    const facts = certificateFacts(der, { hash: provider.hash, now: NOW });
    expect(facts).toMatchObject({
      subject: 'CN=x,O=Leaf',
      issuer: 'O=example.org',
      serial: 'AB01',
      names: {
        dns: ['a.example'],
        addresses: ['192.0.2.1'],
        emails: ['me@a.example'],
        uris: [ID],
        directory: ['CN=d'],
      },
      daysLeft: 30,
      key: 'RSA 2048',
      isAuthority: false,
    });
    expect(facts.notAfter.toISOString()).toBe('2030-01-31T12:00:00.000Z');
    expect(facts.sha256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(certificateFacts(home.der, { hash: provider.hash, now: NOW })).toMatchObject({
      key: 'P-256',
      isAuthority: true,
    });
    expect(certificateFacts(home.der, { hash: provider.hash, now: Date.parse('2070-01-01') }).daysLeft).toBeLessThan(0);
    expect(() => certificateFacts(new Uint8Array(3), { hash: provider.hash })).toThrow(/certificate/);
  });
});
