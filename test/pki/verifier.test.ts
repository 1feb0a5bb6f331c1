import { describe, expect, it } from 'vitest';
import { concat, fromAscii } from '../../src/bytes/bytes.ts';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import {
  type CertificateVerifierOptions,
  certificateVerifier,
  extendedKeyUsage,
  parseCertificate,
} from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** What the options of a verifier change, and what its profiles make of the same chain. */

const signatures = nobleProvider().verifier;
const NOW = Date.parse('2030-01-01T00:00:00Z');
const pairs = { root: b.makePair('ecdsa-p256'), leaf: b.makePair('ecdsa-p256') };
const ROOT_NAME = b.name(['CN', 'Root']);

type Extensions = { readonly [name: string]: Uint8Array | undefined };

function root(extensions: Extensions = {}, spec: Partial<b.CertificateSpec> = {}): Uint8Array {
  const all = {
    bc: b.basicConstraints(true),
    ku: b.keyUsage('keyCertSign', 'cRLSign'),
    ski: b.subjectKeyIdentifier(pairs.root.spki),
    ...extensions,
  };
  return b.issue({ subject: ROOT_NAME, pair: pairs.root, extensions: present(all), ...spec });
}

function leaf(extensions: Extensions = {}, spec: Partial<b.CertificateSpec> = {}): Uint8Array {
  const all = {
    bc: b.basicConstraints(false),
    ku: b.keyUsage('digitalSignature'),
    eku: b.extendedKeyUsage('serverAuth'),
    san: b.subjectAltName([b.dns('server.example')]),
    aki: b.authorityKeyIdentifier(pairs.root.spki),
    ...extensions,
  };
  const issuer = { subject: ROOT_NAME, pair: pairs.root };
  return b.issue({ subject: b.name(['O', 'Leaf']), pair: pairs.leaf, issuer, extensions: present(all), ...spec });
}

function present(extensions: Extensions): readonly Uint8Array[] {
  return Object.values(extensions).filter((value) => value !== undefined);
}

interface Asked {
  readonly now?: number;
  readonly serverName?: string;
}

async function judge(
  chain: readonly Uint8Array[],
  options: Partial<CertificateVerifierOptions> = {},
  { now = NOW, serverName = 'server.example' }: Asked = {},
): Promise<string> {
  const verifier = certificateVerifier({ anchors: [ROOT], signatures, ...options });
  const verdict = await verifier.verify({
    role: 'client',
    chain,
    serverName,
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now,
  });
  return verdict.ok ? 'accepted' : verdict.failure.code;
}

const ROOT = root();

describe('what a key is for', () => {
  const encrypts = leaf({ ku: b.keyUsage('keyEncipherment') });

  // RFC 9846 §4.5.1.2-3
  it('is what TLS does with it, unless something else was said', async () => {
    expect(await judge([encrypts])).toBe('CERT_KEY_USAGE');
    expect(await judge([encrypts], { keyUsages: [] })).toBe('accepted');
    expect(await judge([encrypts], { keyUsages: ['keyEncipherment'] })).toBe('accepted');
    expect(await judge([encrypts], { keyUsages: ['keyEncipherment', 'digitalSignature'] })).toBe('CERT_KEY_USAGE');
    expect(await judge([leaf({ ku: undefined })], { keyUsages: ['keyEncipherment'] })).toBe('accepted');
  });

  it('has a name that is known', () => {
    expect(() => certificateVerifier({ anchors: [], signatures, keyUsages: ['signing' as 'cRLSign'] })).toThrow(
      /ERR_OPTION.*keyUsages/,
    );
  });
});

describe('an anchor', () => {
  const self = b.issue({
    subject: ROOT_NAME,
    pair: pairs.root,
    extensions: [b.subjectAltName([b.dns('server.example')])],
  });

  it('that may vouch for others only does not vouch for itself', async () => {
    expect(await judge([self], { anchors: [self] })).toBe('accepted');
    expect(await judge([self], { anchors: [{ certificate: self, use: 'leaf' }] })).toBe('accepted');
    expect(await judge([self], { anchors: [{ certificate: self, use: 'authority' }] })).toBe('CERT_SELF_SIGNED');
    expect(await judge([leaf()], { anchors: [{ certificate: self, use: 'leaf' }] })).not.toBe('accepted');
  });
});

describe('a validity', () => {
  it('ends with its last second, not with the beginning of it', async () => {
    const notAfter = new Date('2030-01-01T00:00:00Z');
    const late = leaf({}, { notAfter });
    expect(await judge([late], {}, { now: notAfter.getTime() })).toBe('accepted');
    expect(await judge([late], {}, { now: notAfter.getTime() + 999 })).toBe('accepted');
    expect(await judge([late], {}, { now: notAfter.getTime() + 1000 })).toBe('CERT_EXPIRED');
    const notBefore = new Date('2029-01-01T00:00:00Z');
    const early = leaf({}, { notBefore });
    expect(await judge([early], {}, { now: notBefore.getTime() })).toBe('accepted');
    expect(await judge([early], {}, { now: notBefore.getTime() - 1 })).toBe('CERT_NOT_YET_VALID');
  });
});

describe('a certificate that names two signature algorithms', () => {
  const two = leaf({}, { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.3')) });

  it('can be looked at, and is not relied on', async () => {
    const read = parseCertificate(two);
    expect(read.twoAlgorithms).toBe(true);
    expect(read.signatureAlgorithm).toBeUndefined();
    expect(parseCertificate(leaf()).twoAlgorithms).toBe(false);
    expect(await judge([two])).toBe('CERT_MALFORMED');
    const anchor = root({}, { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.3')) });
    expect(await judge([leaf()], { anchors: [anchor] })).toBe('CERT_MALFORMED');
    expect(await judge([leaf()], { anchors: [{ certificate: anchor, ignoreConstraints: true }] })).toBe('accepted');
  });
});

describe('a hook', () => {
  it('reads the certificates it is asked about, and refuses them', async () => {
    const seen: string[] = [];
    const check: CertificateVerifierOptions['check'] = (certificate, place) => {
      seen.push(`${place}: ${extendedKeyUsage(certificate)?.length ?? 'none'}`);
      return place === 'anchor' ? { code: 'CERT_REFUSED', what: 'it is refused' } : undefined;
    };
    expect(await judge([leaf()], { check })).toBe('CERT_REFUSED');
    expect(seen).toEqual(['leaf: 1', 'anchor: none']);
  });

  it('may let a critical extension pass that it knows', async () => {
    const own = leaf({ own: b.extension('1.3.6.1.4.1.55555.1', true, Uint8Array.of(5, 0)) });
    const options = { processedExtensions: ['1.3.6.1.4.1.55555.1'], check: () => undefined };
    expect(await judge([own])).toBe('CERT_UNKNOWN_CRITICAL_EXTENSION');
    expect(await judge([own], options)).toBe('accepted');
  });
});

describe('profiles', () => {
  const inAll = async (
    chain: readonly Uint8Array[],
    options: Partial<CertificateVerifierOptions> = {},
    asked: Asked = {},
  ): Promise<readonly string[]> =>
    Promise.all(
      (['default', 'rfc5280', 'webpki'] as const).map((profile) => judge(chain, { profile, ...options }, asked)),
    );
  const YES = ['accepted', 'accepted', 'accepted'];

  it('accept what is right in all of them', async () => {
    expect(await inAll([leaf()])).toEqual(YES);
  });

  it('webpki holds the common name against alternative names of its own sort', async () => {
    const called = (cn: string, ...names: readonly Uint8Array[]) =>
      inAll([leaf({ san: b.subjectAltName([b.dns('server.example'), ...names]) }, { subject: b.name(['CN', cn]) })]);
    const ONLY_WEBPKI = ['accepted', 'accepted', 'CERT_PROFILE'];
    expect(await called('server.example')).toEqual(YES);
    expect(await called('Server.example')).toEqual(ONLY_WEBPKI);
    expect(await called('other.example')).toEqual(ONLY_WEBPKI);
    expect(await called('a server')).toEqual(YES);
    expect(await called('192.0.2.1')).toEqual(YES);
    expect(await called('192.0.2.1', b.ip(192, 0, 2, 1))).toEqual(YES);
    expect(await called('192.000.002.001', b.ip(192, 0, 2, 1))).toEqual(ONLY_WEBPKI);
    expect(await called('0xc0.0x00.0x02.0x01', b.ip(192, 0, 2, 1))).toEqual(ONLY_WEBPKI);
    expect(await called('2001:DB8::1', b.ip(0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1))).toEqual(
      ONLY_WEBPKI,
    );
    expect(await called('*.other.example', b.dns('*.server.example'))).toEqual(ONLY_WEBPKI);
  });

  it('the strict ones refuse constraints on what is no host, and names of no known form', async () => {
    const limited = (...permitted: readonly Uint8Array[]) => [root({ nc: b.nameConstraints(permitted, []) })];
    const strict = ['accepted', 'CERT_PROFILE', 'CERT_PROFILE'];
    expect(await inAll([leaf()], { anchors: limited(b.dns('example')) })).toEqual(YES);
    expect(await inAll([leaf()], { anchors: limited(b.dns('.example')), judgeAnchors: true })).toEqual(strict);
    const unknown = derElement(0x89, Uint8Array.of(1));
    expect(await inAll([leaf({ san: b.subjectAltName([b.dns('server.example'), unknown]) })])).toEqual(strict);
    expect(await inAll([leaf()], { anchors: limited(b.dns('example'), unknown), judgeAnchors: true })).toEqual(strict);
    // A form that is known, dressed as if it were constructed.
    const dressed = derElement(0xa2, fromAscii('server.example'));
    expect(await inAll([leaf({ san: b.subjectAltName([dressed]) })])).toEqual([
      'CERT_MALFORMED',
      'CERT_MALFORMED',
      'CERT_MALFORMED',
    ]);
  });

  it('the strict ones want authorities to say what their keys are for', async () => {
    expect(await inAll([leaf()], { anchors: [root({ ku: undefined })] })).toEqual(YES);
    expect(await inAll([leaf()], { anchors: [root({ ku: undefined })], judgeAnchors: true })).toEqual([
      'accepted',
      'CERT_PROFILE',
      'CERT_PROFILE',
    ]);
  });

  it('webpki wants roots to be signed with what is known, where it judges them at all', async () => {
    const odd = { identifier: derSequence(derOid('1.2.840.10045.4.3.1')), sign: () => new Uint8Array(70) };
    const anchors = [root({}, { algorithm: odd })];
    expect(await inAll([leaf()], { anchors })).toEqual(YES);
    expect(await inAll([leaf()], { anchors, judgeAnchors: true })).toEqual(['accepted', 'accepted', 'CERT_PROFILE']);
  });

  it('no profile takes a precertificate', async () => {
    const poison = b.extension('1.3.6.1.4.1.11129.2.4.3', true, Uint8Array.of(5, 0));
    expect(await inAll([leaf({ poison })])).toEqual(['CERT_REFUSED', 'CERT_REFUSED', 'CERT_REFUSED']);
  });
});

describe('what was sent', () => {
  it('may be many certificates in any order, up to 64', async () => {
    const middle = b.makePair('ecdsa-p256');
    const authority = (issuer: b.Issuer, pair: b.Pair, title: string, serial: number) =>
      b.issue({
        subject: b.name(['CN', title]),
        pair,
        issuer,
        serial: Uint8Array.of(1, serial),
        extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign')],
      });
    const good = authority({ subject: ROOT_NAME, pair: pairs.root }, middle, 'Middle', 1);
    const stranger = { subject: b.name(['CN', 'Stranger']), pair: b.makePair('ecdsa-p256') };
    const strange = Array.from({ length: 62 }, (_, i) => authority(stranger, middle, 'Middle', i));
    const end = leaf({ aki: undefined }, { issuer: { subject: b.name(['CN', 'Middle']), pair: middle } });
    expect(await judge([end, ...strange, good])).toBe('accepted');
    expect(await judge([end, good, ...strange])).toBe('accepted');
    expect(await judge([end, ...strange, good, good])).toBe('CERT_TOO_LARGE');
  });

  it('tells whom it names', async () => {
    const many = leaf({
      san: b.subjectAltName([
        b.dns('server.example'),
        b.email('me@server.example'),
        b.uri('spiffe://server.example/a'),
        b.uri('https://server.example/'),
        b.ip(192, 0, 2, 1),
        b.directory(b.name(['CN', 'Subject'])),
      ]),
    });
    const verdict = await certificateVerifier({ anchors: [ROOT], signatures }).verify({
      role: 'client',
      chain: [many],
      serverName: '192.0.2.1',
      ocspResponses: [],
      sctLists: [],
      certificateSchemes: [],
      keyUse: 'digitalSignature',
      now: NOW,
    });
    expect(verdict.ok && verdict.path).toEqual([many, ROOT]);
    expect(verdict.ok && verdict.details?.identities).toEqual({
      verified: true,
      subject: 'O=Leaf',
      dns: ['server.example'],
      addresses: [Uint8Array.of(192, 0, 2, 1)],
      emails: ['me@server.example'],
      uris: ['spiffe://server.example/a', 'https://server.example/'],
      spiffe: ['spiffe://server.example/a'],
      directory: ['CN=Subject'],
    });
  });

  it('is no certificate: that is a refusal, not an error', async () => {
    expect(await judge([concat(leaf(), Uint8Array.of(0))])).toBe('CERT_MALFORMED');
    expect(await judge([new Uint8Array(0)])).toBe('CERT_MALFORMED');
  });
});
