import * as tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derInteger, derOctetString, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  certificateVerifier,
  type CertificateVerifierOptions,
  parseCertificate,
  readPem,
  type Tolerance,
  TOLERANCES,
  type VerdictDetails,
} from '../../src/pki/index.ts';
import * as b from '../../vectors/pki/builder.ts';

/** What certificates of the field have that the rules do not allow: each by its name, taken or not. */

const signatures = nodeProvider().verifier;
const NOW = Date.parse('2030-01-01T00:00:00Z');
const ec = b.makePair('ecdsa-p256');
const rsa = b.makePair('rsa-2048');
const peer = b.makePair('ecdsa-p256');
const rsaPeer = b.makePair('rsa-2048');

interface Shape {
  readonly extensions?: { readonly [name: string]: Uint8Array | undefined };
  readonly spec?: Partial<b.CertificateSpec>;
}

const rootOf = (pair: b.Pair, { extensions = {}, spec = {} }: Shape = {}): Uint8Array =>
  b.issue({
    subject: b.name(['CN', 'Root']),
    pair,
    extensions: present({
      bc: b.basicConstraints(true),
      ku: b.keyUsage('keyCertSign', 'cRLSign'),
      ski: b.subjectKeyIdentifier(pair.spki),
      ...extensions,
    }),
    ...spec,
  });

const leafOf = (pair: b.Pair, { extensions = {}, spec = {} }: Shape = {}): Uint8Array =>
  b.issue({
    subject: b.name(['O', 'Leaf']),
    pair: peer,
    issuer: { subject: b.name(['CN', 'Root']), pair },
    extensions: present({
      bc: b.basicConstraints(false),
      ku: b.keyUsage('digitalSignature'),
      eku: b.extendedKeyUsage('serverAuth'),
      san: b.subjectAltName([b.dns('server.example')]),
      aki: b.authorityKeyIdentifier(pair.spki),
      ...extensions,
    }),
    ...spec,
  });

function present(extensions: NonNullable<Shape['extensions']>): Uint8Array[] {
  return Object.values(extensions).filter((value) => value !== undefined);
}

async function verdictOf(chain: readonly Uint8Array[], options: CertificateVerifierOptions) {
  return await certificateVerifier(options).verify({
    role: 'client',
    chain,
    serverName: 'server.example',
    ocspResponses: [],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now: NOW,
  });
}

async function judge(
  chain: readonly Uint8Array[],
  anchor: Uint8Array,
  options: Partial<CertificateVerifierOptions> = {},
): Promise<string> {
  const verdict = await verdictOf(chain, { anchors: [anchor], signatures, ...options });
  return verdict.ok ? 'accepted' : verdict.failure.code;
}

const printable = (oid: string, text: string, tag: number = 0x13) =>
  derElement(
    0x31,
    derSequence(
      derOid(oid),
      derElement(
        tag,
        Uint8Array.from(text, (c) => c.charCodeAt(0)),
      ),
    ),
  );
const zeros = (byte: number) => b.extension('2.5.29.15', true, derElement(0x03, Uint8Array.of(0, byte)));
const explicitFalse = (oid: string, value: Uint8Array) =>
  derSequence(derOid(oid), derElement(0x01, Uint8Array.of(0)), derOctetString(value));
const withoutNull = b.algorithmOf(rsa.privateKey);
const unsorted = (...values: readonly Uint8Array[]) => derSequence(derElement(0x31, concat(...values)));
const attribute = (oid: string, text: string) =>
  derSequence(derOid(oid), derElement(0x0c, new TextEncoder().encode(text)));
const rsaWithoutNull = derSequence(
  derSequence(derOid('1.2.840.113549.1.1.1')),
  rsaPeer.spki.subarray(rsaPeer.spki.length - 275),
);

/** A chain for each, that is right but for this. */
const CHAINS: { readonly [T in Tolerance]: readonly { readonly leaf: Uint8Array; readonly root: Uint8Array }[] } = {
  'absent-null': [
    {
      root: rootOf(rsa),
      leaf: leafOf(rsa, {
        spec: { algorithm: { ...withoutNull, identifier: derSequence(derOid('1.2.840.113549.1.1.11')) } },
      }),
    },
    { root: rootOf(ec), leaf: leafOf(ec, { spec: { spki: rsaWithoutNull } }) },
  ],
  'empty-list': ['1.3.6.1.5.5.7.1.1', '2.5.29.31', '2.5.29.32'].map((oid) => ({
    root: rootOf(ec),
    leaf: leafOf(ec, { extensions: { more: b.extension(oid, false, derSequence()) } }),
  })),
  'explicit-default': [
    { root: rootOf(ec), leaf: leafOf(ec, { extensions: { more: explicitFalse('1.2.3.4', derSequence()) } }) },
    {
      root: rootOf(ec),
      leaf: leafOf(ec, {
        extensions: { bc: b.extension('2.5.29.19', true, derSequence(derElement(0x01, Uint8Array.of(0)))) },
      }),
    },
  ],
  'large-path-length': [
    {
      root: rootOf(ec),
      leaf: leafOf(ec, {
        extensions: {
          bc: b.extension('2.5.29.19', true, derSequence(derElement(0x01, Uint8Array.of(255)), derInteger(256))),
        },
      }),
    },
  ],
  'long-pss-salt': [{ root: rootOf(rsa), leaf: leafOf(rsa, { spec: { algorithm: b.pssWith('sha256', 222) } }) }],
  'long-serial': [21, 37].map((size) => ({
    root: rootOf(ec),
    leaf: leafOf(ec, { spec: { serial: new Uint8Array(size).fill(0x7f) } }),
  })),
  'negative-serial': [{ root: rootOf(ec), leaf: leafOf(ec, { spec: { serial: Uint8Array.of(0x81, 1) } }) }],
  'odd-string': [
    printable('2.5.4.10', 'Smith & Sons'),
    printable('2.5.4.3', '*.server.example'),
    printable('2.5.4.3', 'me@server.example'),
    printable('2.5.4.3', 'a_b'),
    printable('2.5.4.10', 'M\u00fcller', 0x0c),
    printable('2.5.4.10', 'odd', 0x1e),
  ].map((part) => ({ root: rootOf(ec), leaf: leafOf(ec, { spec: { subject: derSequence(part) } }) })),
  'partial-authority-key-id': [
    derElement(0xa1, b.directory(b.name(['CN', 'Root']))),
    derElement(0x82, Uint8Array.of(1)),
  ].map((part) => ({
    root: rootOf(ec),
    leaf: leafOf(ec, {
      extensions: {
        aki: b.extension('2.5.29.35', false, derSequence(derElement(0x80, b.keyIdentifier(ec.spki)), part)),
      },
    }),
  })),
  'trailing-zeros': [{ root: rootOf(ec), leaf: leafOf(ec, { extensions: { ku: zeros(0x80) } }) }],
  'uncritical-names': [{ root: rootOf(ec), leaf: leafOf(ec, { spec: { subject: derSequence() } }) }],
  'unsorted-name': [
    {
      root: rootOf(ec),
      leaf: leafOf(ec, { spec: { subject: unsorted(attribute('2.5.4.3', 'CN'), attribute('2.5.4.10', 'O')) } }),
    },
  ],
};

describe.each(TOLERANCES)('the tolerance %s', (name) => {
  const cases = CHAINS[name];

  it('is taken by default, but for what has to be asked for', async () => {
    const expected = name === 'negative-serial' ? 'CERT_MALFORMED' : 'accepted';
    for (const { leaf, root } of cases) {
      expect(await judge([leaf], root)).toBe(expected);
      expect(await judge([leaf], root, { tolerances: [name] })).toBe('accepted');
    }
  });

  it('is refused by strict, and by every list without it, with its name in the advice', async () => {
    for (const { leaf, root } of cases) {
      expect(await judge([leaf], root, { profile: 'strict' })).toBe('CERT_MALFORMED');
      expect(await judge([leaf], root, { tolerances: TOLERANCES.filter((one) => one !== name) })).toBe(
        'CERT_MALFORMED',
      );
      const verdict = await verdictOf([leaf], { anchors: [root], signatures, tolerances: [] });
      expect(verdict.ok ? '' : verdict.failure.advice).toContain(`'${name}'`);
    }
  });

  it('is noted by the reader, which a strict one refuses', () => {
    for (const { leaf } of cases) {
      expect([...parseCertificate(leaf).slips]).toEqual([name]);
      if (name !== 'negative-serial') expect(() => parseCertificate(leaf, { strict: true })).toThrow();
    }
  });
});

describe('odd names', () => {
  it('are read for people, and compared byte for byte', async () => {
    const [ampersand, , , , latin1] = CHAINS['odd-string'];
    const subjectOf = async (leaf: Uint8Array): Promise<string | undefined> => {
      const verdict = await verdictOf([leaf], { anchors: [rootOf(ec)], signatures });
      return verdict.ok ? (verdict.details as VerdictDetails).identities.subject : undefined;
    };
    expect(await subjectOf(ampersand!.leaf)).toBe('O=Smith & Sons');
    expect(await subjectOf(latin1!.leaf)).toBe('O=M\u00fcller');
  });

  it('lead to their issuers, and cannot slip through beside constraints', async () => {
    const subject = derSequence(printable('2.5.4.10', 'M\u00fcller', 0x0c));
    const root = rootOf(ec, { spec: { subject } });
    const leaf = leafOf(ec, { spec: { issuer: { subject, pair: ec } } });
    expect(await judge([leaf], root)).toBe('accepted');
    const below = derSequence(printable('2.5.4.10', 'Evil'), printable('2.5.4.3', 'M\u00fcller', 0x0c));
    const limits = { nc: b.nameConstraints([], [b.directory(b.name(['O', 'evil']))]) };
    expect(await judge([leafOf(ec, { spec: { subject: below } })], rootOf(ec, { extensions: limits }))).toBe(
      'CERT_NAME_CONSTRAINT',
    );
  });
});

describe('tolerances', () => {
  it('are names that are known', () => {
    const make = (tolerances: readonly string[]) =>
      certificateVerifier({ anchors: [], signatures, tolerances: tolerances as readonly Tolerance[] });
    expect(() => make(['trailing-zero'])).toThrow(/tolerances/);
    expect(() => make(['trailing-zeros'])).not.toThrow();
  });

  it('hold for an anchor in every profile but strict: it is trusted because it was configured', async () => {
    const odd = rootOf(ec, { extensions: { ku: zeros(0x06) } });
    for (const profile of ['default', 'rfc5280', 'webpki'] as const)
      expect(await judge([leafOf(ec)], odd, { profile })).toBe('accepted');
    expect(await judge([leafOf(ec)], odd, { profile: 'strict' })).toBe('CERT_MALFORMED');
    expect(await judge([leafOf(ec)], odd, { profile: 'webpki', judgeAnchors: true })).toBe('accepted');
  });
});

describe('anchors', () => {
  it('serve whatever they are called, numbered or missing, in every profile that does not judge them', async () => {
    const shapes: readonly Shape[] = [
      { spec: { serial: Uint8Array.of(0) } },
      { extensions: { ski: undefined } },
      { extensions: { ku: undefined } },
      { extensions: { bc: b.basicConstraints(true, undefined, false) } },
    ];
    for (const shape of shapes) {
      for (const profile of ['default', 'rfc5280', 'webpki'] as const)
        expect(await judge([leafOf(ec)], rootOf(ec, shape), { profile })).toBe('accepted');
      expect(await judge([leafOf(ec)], rootOf(ec, shape), { profile: 'webpki', judgeAnchors: true })).toBe(
        'CERT_PROFILE',
      );
      expect(await judge([leafOf(ec)], rootOf(ec, shape), { profile: 'strict' })).toBe('CERT_PROFILE');
    }
  });

  it('that limit policies without naming one leave every policy', async () => {
    const limits = [
      b.extension('2.5.29.54', true, derInteger(0)),
      b.extension('2.5.29.54', true, derInteger(1)),
      b.extension('2.5.29.36', true, derSequence(derElement(0x80, Uint8Array.of(0)))),
      b.extension('2.5.29.36', true, derSequence(derElement(0x81, Uint8Array.of(0)))),
    ];
    for (const more of limits) {
      const leaf = leafOf(ec, { extensions: { policies: b.policies('1.2.3') } });
      expect(await judge([leaf], rootOf(ec, { extensions: { more } }))).toBe('accepted');
      const policies = { requireExplicit: true, acceptable: ['1.2.3'] };
      expect(await judge([leaf], rootOf(ec, { extensions: { more } }), { policies })).toBe('accepted');
    }
    // What is explicitly demanded is still not met by a leaf that names no policy.
    expect(await judge([leafOf(ec)], rootOf(ec, { extensions: { more: limits[2]! } }))).toBe('CERT_POLICY');
    // An anchor that names policies is held to them.
    const own = { own: b.policies('1.2.4'), more: limits[2]! };
    const leaf = leafOf(ec, { extensions: { policies: b.policies('1.2.3') } });
    expect(await judge([leaf], rootOf(ec, { extensions: own }))).toBe('CERT_POLICY');
  });

  it('of a bundle are read without those that cannot be, which are told', () => {
    const bad = '-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n';
    const cut = '-----BEGIN CERTIFICATE-----\nMIIB!\n';
    const good = b.pem('CERTIFICATE', rootOf(ec));
    const verifier = certificateVerifier({ anchors: bad + good + cut + good, signatures });
    expect(verifier.authorities?.length).toBe(2);
    expect(verifier.skippedAnchors.length).toBe(2);
    expect(certificateVerifier({ anchors: good, signatures }).skippedAnchors).toEqual([]);
    for (const text of [bad, cut, bad + bad, 'text'])
      expect(() => certificateVerifier({ anchors: text, signatures })).toThrow(/anchors|PEM/);
  });

  it('of the lists of Mozilla and Node are anchors in every profile', async () => {
    const { checkAnchor } = await import('../../src/pki/path/ends.ts');
    const { defaultRules, readAnchors } = await import('../../src/pki/index.ts');
    const anchors = readAnchors(tls.rootCertificates.join('\n'));
    expect(anchors.length).toBe(readPem(tls.rootCertificates.join('\n')).length);
    for (const profile of ['default', 'rfc5280', 'webpki'] as const)
      for (const anchor of anchors)
        expect(checkAnchor({ ...anchor, ignoreExpiry: true }, defaultRules(profile, NOW))).toBeUndefined();
  });
});

describe('a certificate that was sent and cannot be read', () => {
  it('is told of where an issuer is missing', async () => {
    const middle = { subject: b.name(['CN', 'Middle']), pair: b.makePair('ecdsa-p256') };
    const leaf = leafOf(ec, { spec: { issuer: middle } });
    const spoiled = b.issue({ ...middle, issuer: { subject: b.name(['CN', 'Root']), pair: ec }, version: 7 });
    const verdict = await verdictOf([leaf, spoiled], { anchors: [rootOf(ec)], signatures });
    expect(verdict.ok ? '' : verdict.failure.message).not.toContain('nor was it sent');
    expect(verdict.ok ? '' : verdict.failure.message).toContain('certificate 1 that was sent cannot be read');
  });
});

describe('public suffixes', () => {
  it('are those of registries: wildcards below what a company gives away are its own', async () => {
    const of = (name: string) =>
      judge(
        [leafOf(ec, { extensions: { san: b.subjectAltName([b.dns('server.example'), b.dns(name)]) } })],
        rootOf(ec),
        {
          profile: 'webpki',
        },
      );
    for (const name of ['*.s3.amazonaws.com', '*.github.io', '*.id.me', '*.go.de'])
      expect(await of(name), name).toBe('accepted');
    for (const name of ['*.co.uk', '*.com.au', '*.ne.jp']) expect(await of(name), name).toBe('CERT_PROFILE');
  });
});
