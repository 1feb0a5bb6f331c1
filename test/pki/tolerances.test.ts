import * as tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derInteger, derOctetString, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { polluted } from '../support/polluted.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { nodeProvider } from '../../src/crypto/node/index.ts';
import {
  certificateVerifier,
  type CertificateVerifierOptions,
  parseCertificate,
  readPem,
  revocationChecker,
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
  'empty-list': [
    ...[
      b.extension('1.3.6.1.5.5.7.1.1', false, derSequence()),
      b.extension('2.5.29.31', false, derSequence()),
      // A distribution point with nothing in it.
      b.extension('2.5.29.31', false, derSequence(derSequence())),
      b.extension('2.5.29.32', false, derSequence()),
      // A policy with a list of qualifiers that has none.
      b.extension('2.5.29.32', false, derSequence(derSequence(derOid('1.2.3'), derSequence()))),
    ].map((more) => ({ root: rootOf(ec), leaf: leafOf(ec, { extensions: { more } }) })),
    { root: rootOf(ec), leaf: leafOf(ec, { spec: { subject: derSequence(derElement(0x31)) } }) },
  ],
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
  'odd-name': [
    b.ip(192, 0, 2, 1, 5),
    derElement(0x82, Uint8Array.of(0x62, 0xfc)),
    derElement(0x81, Uint8Array.of(0x62, 0xfc, 0x40, 0x61)),
    derElement(0x86, Uint8Array.of(0x61, 0x3a, 0xfc)),
  ].map((odd) => ({
    root: rootOf(ec),
    leaf: leafOf(ec, { extensions: { san: b.subjectAltName([odd, b.dns('server.example')]) } }),
  })),
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

describe('an alternative name that is none of its form', () => {
  it('is refused where its form is limited, and let be where another is', async () => {
    const limited = (base: Uint8Array, list: 'permitted' | 'excluded') =>
      rootOf(ec, {
        extensions: {
          nc: b.nameConstraints(
            ...((list === 'permitted' ? [[base], []] : [[], [base]]) as [Uint8Array[], Uint8Array[]]),
          ),
        },
      });
    const everything = {
      ip: b.ip(0, 0, 0, 0, 0, 0, 0, 0),
      dns: b.dns('server.example'),
      email: b.email('a'),
      uri: b.uri('a'),
    };
    const elsewhere = {
      ip: b.ip(10, 0, 0, 0, 255, 0, 0, 0),
      dns: b.dns('other.example'),
      email: b.email('a'),
      uri: b.uri('a'),
    };
    for (const [index, form] of (['ip', 'dns', 'email', 'uri'] as const).entries()) {
      const { leaf } = CHAINS['odd-name'][index]!;
      expect(await judge([leaf], limited(everything[form], 'permitted')), form).toBe('CERT_NAME_CONSTRAINT');
      expect(await judge([leaf], limited(elsewhere[form], 'excluded')), form).toBe('CERT_NAME_CONSTRAINT');
      expect(await judge([leaf], limited(b.directory(b.name(['O', 'Leaf'])), 'permitted')), form).toBe('accepted');
    }
  });

  it('is no reason to take a constraint for one on nothing', async () => {
    for (const base of [b.ip(10, 0, 0, 255), derElement(0x82, Uint8Array.of(0x62, 0xfc))])
      expect(await judge([leafOf(ec)], rootOf(ec, { extensions: { nc: b.nameConstraints([], [base]) } }))).toBe(
        'CERT_MALFORMED',
      );
  });
});

describe('a default that is written out', () => {
  it('is taken of constraints too', async () => {
    const base = derSequence(b.dns('server.example'), derElement(0x80, Uint8Array.of(0)));
    const nc = b.extension('2.5.29.30', true, derSequence(derElement(0xa0, base)));
    const constrained = (limits: Uint8Array) =>
      b.issue({
        subject: b.name(['CN', 'Middle']),
        pair: peer,
        issuer: { subject: b.name(['CN', 'Root']), pair: ec },
        extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign'), limits],
      });
    const leaf = leafOf(ec, { spec: { issuer: { subject: b.name(['CN', 'Middle']), pair: peer }, pair: rsaPeer } });
    expect(await judge([leaf, constrained(nc)], rootOf(ec))).toBe('accepted');
    expect(await judge([leaf, constrained(nc)], rootOf(ec), { tolerances: [] })).toBe('CERT_MALFORMED');
    // A minimum that is not zero would mean something else.
    const one = derSequence(b.dns('server.example'), derElement(0x80, Uint8Array.of(1)));
    const other = b.extension('2.5.29.30', true, derSequence(derElement(0xa0, one)));
    expect(await judge([leaf, constrained(other)], rootOf(ec))).toBe('CERT_MALFORMED');
  });
});

describe('a version that should not be written', () => {
  it('is read as what it says, and noted', async () => {
    const root = b.issue({ subject: b.name(['CN', 'Root']), pair: ec, version: 1 });
    // SEQUENCE, SEQUENCE, [0], INTEGER: nothing checks what an anchor was signed with.
    const at = root.findIndex((byte, index) => byte === 0xa0 && root[index + 1] === 3) + 4;
    root[at] = 0;
    const { version, slips } = parseCertificate(root);
    expect([version, [...slips]]).toEqual([1, ['explicit-default']]);
    expect(await judge([leafOf(ec)], root)).toBe('accepted');
    expect(await judge([leafOf(ec)], root, { profile: 'strict', judgeAnchors: true })).toBe('CERT_MALFORMED');
    expect(() => parseCertificate(root, { strict: true })).toThrow('a default written out');
  });
});

describe('what a certificate demands of TLS', () => {
  it('is an unknown extension where revocation is not looked into, if it is critical', async () => {
    const demand = (critical: boolean) => b.extension('1.3.6.1.5.5.7.1.24', critical, derSequence(derInteger(17)));
    const leaf = leafOf(ec, { extensions: { demand: demand(true) } });
    expect(await judge([leaf], rootOf(ec))).toBe('CERT_UNKNOWN_CRITICAL_EXTENSION');
    expect(await judge([leafOf(ec, { extensions: { demand: demand(false) } })], rootOf(ec))).toBe('accepted');
    const revocation = revocationChecker({ hash: nobleProvider().hash, crls: [], whenMissing: 'accept' });
    expect(await judge([leaf], rootOf(ec), { revocation })).toBe('CERT_STAPLE_REQUIRED');
  });
});

describe('tolerances', () => {
  it('are names that are known', () => {
    const make = (tolerances: readonly string[]) =>
      certificateVerifier({ anchors: [], signatures, tolerances: tolerances as readonly Tolerance[] });
    expect(() => make(['trailing-zero'])).toThrow(/tolerances/);
    expect(() => make(['trailing-zeros'])).not.toThrow();
  });

  it('hold for an anchor in every profile: it is trusted because it was configured', async () => {
    const odd = rootOf(ec, { extensions: { ku: zeros(0x06) } });
    for (const profile of ['default', 'rfc5280', 'webpki', 'strict'] as const)
      expect(await judge([leafOf(ec)], odd, { profile })).toBe('accepted');
    expect(await judge([leafOf(ec)], odd, { profile: 'strict', judgeAnchors: true })).toBe('CERT_MALFORMED');
    const tolerances = ['trailing-zeros'] as const;
    expect(await judge([leafOf(ec)], odd, { profile: 'strict', judgeAnchors: true, tolerances })).toBe('accepted');
    expect(await judge([leafOf(ec)], odd, { profile: 'webpki', judgeAnchors: true })).toBe('accepted');
  });
});

describe('what is on the prototype of all objects', () => {
  it('is no option of a verifier, an anchor or a checker', async () => {
    const odd = leafOf(ec, { extensions: { ku: zeros(0x80) } });
    const root = rootOf(ec, { spec: { notAfter: new Date(NOW - 1_000) } });
    expect(await judge([odd], rootOf(ec), { profile: 'strict' })).toBe('CERT_MALFORMED');
    const evil = { tolerances: TOLERANCES, profile: 'default', ignoreExpiry: true, check: () => undefined };
    expect(await polluted(evil, () => judge([odd], rootOf(ec), { tolerances: [] }))).toBe('CERT_MALFORMED');
    expect(await polluted(evil, () => judge([leafOf(ec)], root))).not.toBe('accepted');
    const checker = await polluted({ whenMissing: 'accept' }, () =>
      revocationChecker({ hash: nobleProvider().hash, crls: [] }),
    );
    expect(await judge([leafOf(ec)], rootOf(ec), { revocation: checker })).not.toBe('accepted');
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
      for (const profile of ['default', 'rfc5280', 'webpki', 'strict'] as const)
        expect(await judge([leafOf(ec)], rootOf(ec, shape), { profile })).toBe('accepted');
      for (const profile of ['webpki', 'strict'] as const)
        expect(await judge([leafOf(ec)], rootOf(ec, shape), { profile, judgeAnchors: true })).toBe('CERT_PROFILE');
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
    const { ALL_PARTS } = await import('../../src/pki/path/all-parts.ts');
    const { defaultRules, readAnchors } = await import('../../src/pki/index.ts');
    const anchors = readAnchors(tls.rootCertificates.join('\n'));
    expect(anchors.length).toBe(readPem(tls.rootCertificates.join('\n')).length);
    for (const profile of ['default', 'rfc5280', 'webpki', 'strict'] as const)
      for (const anchor of anchors)
        expect(checkAnchor({ ...anchor, ignoreExpiry: true }, defaultRules(profile, NOW), ALL_PARTS)).toBeUndefined();
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
