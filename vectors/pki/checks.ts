/**
 * Writes checks.json: for each check that a chain can show, chains that are right and chains that are wrong in just this
 * one thing. `npx tsx vectors/pki/checks.ts`; the keys are new every time, the layout is always the same. The numbers are
 * those of the list in README.md beside this file.
 */
import { writeFileSync } from 'node:fs';
import { concat } from '../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
} from '../../src/bytes/der-writer.ts';
import * as b from './builder.ts';

type Code = `CERT_${string}`;

interface Expectation {
  readonly check: number;
  readonly name: string;
  /** DER, leaf first, as sent. */
  readonly chain: readonly Uint8Array[];
  /** Default: the root. */
  readonly anchors?: readonly Uint8Array[];
  /** ISO 8601. */
  readonly time?: string;
  /** Our own role. Default: client. */
  readonly role?: 'client' | 'server';
  /** Default: server.example for a client. */
  readonly serverName?: string;
  readonly keyUse?: 'digitalSignature' | 'keyEncipherment';
  readonly certificateSchemes?: readonly number[];
  readonly maxIntermediates?: number;
  /** Only in this profile; without it in all. */
  readonly profile?: 'rfc5280' | 'webpki';
  /** Codes with which it may be refused, the most fitting first; none: it has to be accepted. */
  readonly codes: readonly Code[];
  /** The certificate that the failure has to name. */
  readonly position?: number;
}

const cases: Expectation[] = [];
type Rest = Omit<Expectation, 'check' | 'name' | 'chain' | 'codes' | 'position'>;
const right = (check: number, name: string, chain: readonly Uint8Array[], rest: Rest = {}): void => {
  cases.push({ check, name, chain, codes: [], ...rest });
};
const wrong = (
  check: number,
  name: string,
  codes: Code | readonly Code[],
  chain: readonly Uint8Array[],
  rest: Rest & { readonly position?: number } = {},
): void => {
  cases.push({ check, name, chain, codes: typeof codes === 'string' ? [codes] : codes, ...rest });
};

// ---- The chain that everything is a variation of ----

const pairs = {
  root: b.makePair('ecdsa-p256'),
  middle: b.makePair('ecdsa-p256'),
  lower: b.makePair('ecdsa-p256'),
  leaf: b.makePair('ecdsa-p256'),
};
const called = (title: string): Uint8Array => b.name(['O', 'Checks'], ['CN', title]);
const rootIssuer: b.Issuer = { subject: called('Root'), pair: pairs.root };
const middleIssuer: b.Issuer = { subject: called('Intermediate'), pair: pairs.middle };

/** Extensions by name: replaced by bytes, left out by null. */
type Changes = { readonly [extension: string]: Uint8Array | null };

interface Variation extends Partial<Omit<b.CertificateSpec, 'extensions'>> {
  readonly extensions?: Changes;
}

function certificate(
  base: b.CertificateSpec,
  extensions: Changes,
  { extensions: changes, ...rest }: Variation,
): Uint8Array {
  const all = Object.values({ ...extensions, ...changes }).filter((value) => value !== null);
  return b.issue({ ...base, ...rest, ...(all.length > 0 && { extensions: all }) });
}

function root(variation: Variation = {}): Uint8Array {
  const { subject, pair } = rootIssuer;
  return certificate(
    { subject, pair },
    { bc: b.basicConstraints(true), ku: b.keyUsage('keyCertSign', 'cRLSign'), ski: b.subjectKeyIdentifier(pair.spki) },
    variation,
  );
}

function middle(variation: Variation = {}): Uint8Array {
  const { subject, pair } = { ...middleIssuer, ...variation };
  const issuer = variation.issuer ?? rootIssuer;
  return certificate(
    { subject, pair, issuer },
    {
      bc: b.basicConstraints(true),
      ku: b.keyUsage('keyCertSign', 'cRLSign'),
      ski: b.subjectKeyIdentifier(pair.spki),
      aki: b.authorityKeyIdentifier(issuer.pair.spki),
    },
    variation,
  );
}

function leaf(variation: Variation = {}): Uint8Array {
  const { subject, pair } = { subject: called('Leaf'), pair: pairs.leaf, ...variation };
  const issuer = variation.issuer ?? middleIssuer;
  return certificate(
    { subject, pair, issuer },
    {
      bc: b.basicConstraints(false),
      ku: b.keyUsage('digitalSignature'),
      eku: b.extendedKeyUsage('serverAuth'),
      san: b.subjectAltName([b.dns('server.example')]),
      ski: b.subjectKeyIdentifier(pair.spki),
      aki: b.authorityKeyIdentifier(issuer.pair.spki),
    },
    variation,
  );
}

const san = (...names: readonly b.GeneralName[]): Variation => ({ extensions: { san: b.subjectAltName(names) } });
const ROOT = root();
const MIDDLE = middle();
const chain = (variation: Variation = {}): Uint8Array[] => [leaf(variation), MIDDLE];
const below = (variation: Variation, leafVariation: Variation = {}): Uint8Array[] => [
  leaf(leafVariation),
  middle(variation),
];
const withExtension = (extension: Uint8Array): Variation => ({ extensions: { more: extension } });
const UNTRUSTED: readonly Code[] = ['CERT_UNTRUSTED', 'CERT_MISSING_INTERMEDIATE'];
const OID_UNKNOWN = '1.3.6.1.4.1.55555.1';

// ---- Parsing ----

right(1, 'the chain that everything else is a variation of', chain());
wrong(1, 'a byte behind the certificate', 'CERT_MALFORMED', [concat(leaf(), Uint8Array.of(0)), MIDDLE]);
wrong(
  1,
  'a BOOLEAN of 01',
  'CERT_MALFORMED',
  chain(withExtension(derSequence(derOid(OID_UNKNOWN), derElement(1, Uint8Array.of(1)), derOctetString(derNull())))),
);
wrong(1, 'a serial number with a needless zero', 'CERT_MALFORMED', chain({ serial: Uint8Array.of(0, 1) }));
wrong(
  1,
  'a default that is written out',
  'CERT_MALFORMED',
  chain(withExtension(derSequence(derOid(OID_UNKNOWN), derElement(1, Uint8Array.of(0)), derOctetString(derNull())))),
  { profile: 'rfc5280' },
);
wrong(
  2,
  'two signature algorithms',
  'CERT_MALFORMED',
  chain({ innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.3')) }),
);
wrong(
  2,
  'parameters in one of the two signature algorithms',
  'CERT_MALFORMED',
  chain({ innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()) }),
);
wrong(3, 'extensions in version 1', 'CERT_MALFORMED', chain({ version: 0 }));
wrong(3, 'version 4', 'CERT_MALFORMED', chain({ version: 3 }));
wrong(
  3,
  'an authority of version 1',
  ['CERT_NOT_A_CA', 'CERT_PROFILE'],
  below({ version: 0, extensions: { bc: null, ku: null, ski: null, aki: null } }),
  { position: 1 },
);
right(4, 'a serial number of 20 bytes', chain({ serial: new Uint8Array(20).fill(0x7f) }));
wrong(
  4,
  'a serial number of 24 bytes',
  ['CERT_MALFORMED', 'CERT_PROFILE'],
  chain({ serial: new Uint8Array(24).fill(0x7f) }),
  { profile: 'rfc5280' },
);
wrong(4, 'a serial number of zero', ['CERT_PROFILE', 'CERT_MALFORMED'], chain({ serial: Uint8Array.of(0) }), {
  profile: 'webpki',
});
const utc = (text: string): Uint8Array => derElement(0x17, new TextEncoder().encode(text));
const generalized = (text: string): Uint8Array => derElement(0x18, new TextEncoder().encode(text));
right(5, 'GeneralizedTime from 2050 on', chain({ notAfter: new Date('2050-01-01T00:00:00Z') }));
wrong(
  5,
  'UTCTime without seconds',
  'CERT_MALFORMED',
  chain({ validity: derSequence(utc('2001010000Z'), utc('490101000000Z')) }),
);
wrong(
  5,
  'UTCTime with an offset',
  'CERT_MALFORMED',
  chain({ validity: derSequence(utc('200101000000+0000'), utc('490101000000Z')) }),
);
wrong(
  5,
  'GeneralizedTime with a fraction',
  'CERT_MALFORMED',
  chain({ validity: derSequence(utc('200101000000Z'), generalized('20600101000000.5Z')) }),
);
wrong(
  5,
  'the 31st of February',
  'CERT_MALFORMED',
  chain({ validity: derSequence(utc('200231000000Z'), utc('490101000000Z')) }),
);
wrong(6, 'an extension twice', 'CERT_MALFORMED', chain(withExtension(b.subjectAltName([b.dns('other.example')]))));
wrong(7, 'a subjectAltName without names', 'CERT_MALFORMED', chain({ extensions: { san: b.subjectAltName([]) } }));
wrong(
  7,
  'an extended key usage without purposes',
  'CERT_MALFORMED',
  chain({ extensions: { eku: b.extendedKeyUsage() } }),
);
wrong(7, 'a key usage without uses', 'CERT_MALFORMED', chain({ extensions: { ku: b.keyUsage() } }));
wrong(
  7,
  'basicConstraints of an authority not critical',
  'CERT_PROFILE',
  below({ extensions: { bc: b.basicConstraints(true, undefined, false) } }),
  { profile: 'rfc5280' },
);
right(
  8,
  'no subject, subjectAltName critical',
  chain({ subject: b.name(), extensions: { san: b.subjectAltName([b.dns('server.example')], true) } }),
);
wrong(8, 'no subject, subjectAltName not critical', ['CERT_PROFILE', 'CERT_MALFORMED'], chain({ subject: b.name() }), {
  profile: 'rfc5280',
});
wrong(
  9,
  'a dNSName that is not ASCII',
  'CERT_NO_NAME',
  chain(san(derElement(0x82, new TextEncoder().encode('bücher.example')))),
);
wrong(10, 'eighty certificates', 'CERT_TOO_LARGE', [leaf(), ...new Array<Uint8Array>(79).fill(MIDDLE)]);

// ---- Path building ----

const spelled = (text: string, tag?: number): b.Issuer => ({
  subject: b.name(['O', 'Checks', tag], ['CN', text, tag]),
  pair: pairs.middle,
});
right(11, 'the issuer in other letters', chain({ issuer: spelled('INTERMEDIATE') }));
right(11, 'the issuer in a PrintableString', chain({ issuer: spelled('Intermediate', 0x13) }));
right(11, 'the issuer with more spaces', [
  leaf({ issuer: spelled(' Inter  mediate ') }),
  middle({ subject: called('Inter mediate') }),
]);
wrong(11, 'the issuer with one letter more', UNTRUSTED, chain({ issuer: spelled('Intermediates') }));
wrong(11, 'the issuer with a zero in its name', UNTRUSTED, chain({ issuer: spelled('Intermediate\u0000') }));
right(
  12,
  'an authority key identifier of another key',
  chain({ extensions: { aki: b.authorityKeyIdentifier(pairs.leaf.spki) } }),
);
right(
  12,
  'no key identifiers at all',
  below({ extensions: { ski: null, aki: null } }, { extensions: { ski: null, aki: null } }),
);
const expiredMiddle = middle({ notAfter: new Date('2021-01-01T00:00:00Z') });
const strangerIssuer: b.Issuer = { subject: called('Stranger'), pair: b.makePair('ecdsa-p256') };
right(13, 'a way past an intermediate that expired', [leaf(), expiredMiddle, MIDDLE]);
right(13, 'a way past an intermediate of a stranger', [leaf(), middle({ issuer: strangerIssuer }), MIDDLE]);
right(13, 'a way past an intermediate with another key', [leaf(), middle({ pair: pairs.lower }), MIDDLE]);
right(13, 'a way past an intermediate for another purpose', [
  leaf(),
  middle({ extensions: { eku: b.extendedKeyUsage('emailProtection') } }),
  MIDDLE,
]);
wrong(13, 'no other way than the one that expired', 'CERT_EXPIRED', [leaf(), expiredMiddle], { position: 1 });
const lowerIssuer: b.Issuer = { subject: called('Lower'), pair: pairs.lower };
wrong(
  14,
  'two authorities that sign each other',
  [...UNTRUSTED, 'CERT_BUDGET'],
  [leaf(), middle({ issuer: lowerIssuer }), middle({ ...lowerIssuer, issuer: middleIssuer })],
);
right(14, 'two authorities that sign each other, and a way out', [
  leaf(),
  middle({ issuer: lowerIssuer }),
  middle({ ...lowerIssuer, issuer: middleIssuer }),
  MIDDLE,
]);
right(16, 'an intermediate as the anchor', chain(), { anchors: [MIDDLE] });
wrong(16, 'no anchor', UNTRUSTED, chain(), { anchors: [] });
wrong(16, 'an anchor of the same name with another key', ['CERT_BAD_SIGNATURE', ...UNTRUSTED], chain(), {
  anchors: [root({ pair: pairs.lower })],
});
const own: Variation = { issuer: { subject: called('Leaf'), pair: pairs.leaf } };
wrong(17, 'a self-signed certificate', ['CERT_SELF_SIGNED', 'CERT_UNTRUSTED'], [leaf(own)], { position: 0 });
right(18, 'an odd order, strangers, and the root', [leaf(), middle(strangerIssuer), ROOT, MIDDLE]);
wrong(
  18,
  'the leaf not first',
  ['CERT_NAME_MISMATCH', 'CERT_NO_NAME', 'CERT_IS_A_CA', 'CERT_KEY_USAGE'],
  [MIDDLE, leaf()],
);

// ---- Path validation ----

wrong(19, 'a bad signature on the leaf', 'CERT_BAD_SIGNATURE', chain({ spoil: true }), { position: 0 });
wrong(19, 'a bad signature on the intermediate', 'CERT_BAD_SIGNATURE', below({ spoil: true }), { position: 1 });
wrong(
  20,
  'ECDSA with SHA-1',
  ['CERT_WEAK_ALGORITHM', 'CERT_UNSUPPORTED_ALGORITHM'],
  chain({ algorithm: b.ecdsaWith('1.2.840.10045.4.1', 'sha1') }),
);
const rsaIssuer: b.Issuer = { subject: called('RSA Root'), pair: b.makePair('rsa-2048') };
const rsaRoot = b.issue({ ...rsaIssuer, extensions: [b.basicConstraints(true), b.keyUsage('keyCertSign')] });
const fromRsa = (algorithm: b.SigningAlgorithm): Uint8Array[] => [leaf({ issuer: rsaIssuer, algorithm })];
right(20, 'RSA with SHA-256', fromRsa(b.pkcs1With('1.2.840.113549.1.1.11', 'sha256')), { anchors: [rsaRoot] });
right(20, 'RSASSA-PSS with SHA-384', fromRsa(b.pssWith('sha384', 48)), { anchors: [rsaRoot] });
wrong(
  20,
  'RSA with SHA-1',
  ['CERT_WEAK_ALGORITHM', 'CERT_UNSUPPORTED_ALGORITHM'],
  fromRsa(b.pkcs1With('1.2.840.113549.1.1.5', 'sha1')),
  { anchors: [rsaRoot] },
);
wrong(
  20,
  'RSA with MD5',
  ['CERT_UNSUPPORTED_ALGORITHM', 'CERT_WEAK_ALGORITHM'],
  fromRsa(b.pkcs1With('1.2.840.113549.1.1.4', 'md5')),
  { anchors: [rsaRoot] },
);
wrong(20, 'an RSA key of 1024 bits', 'CERT_WEAK_KEY', chain({ pair: b.makePair('rsa-1024') }), { position: 0 });
const explicitCurve = derSequence(
  derSequence(derOid('1.2.840.10045.2.1'), derSequence(derInteger(1))),
  derBitString(b.keyBits(pairs.leaf.spki)),
);
wrong(
  20,
  'a curve that is not named',
  ['CERT_UNSUPPORTED_ALGORITHM', 'CERT_WEAK_KEY', 'CERT_MALFORMED'],
  chain({ spki: explicitCurve }),
);
const otherCurve = derSequence(
  derSequence(derOid('1.2.840.10045.2.1'), derOid('1.3.132.0.10')),
  derBitString(b.keyBits(pairs.leaf.spki)),
);
wrong(
  20,
  'a curve that TLS 1.3 does not know',
  ['CERT_UNSUPPORTED_ALGORITHM', 'CERT_WEAK_KEY'],
  chain({ spki: otherCurve }),
);
const claimsEcdsa: b.SigningAlgorithm = {
  ...b.pkcs1With('1.2.840.113549.1.1.11', 'sha256'),
  identifier: derSequence(derOid('1.2.840.10045.4.3.2')),
};
wrong(
  21,
  'an ECDSA signature by an RSA key',
  ['CERT_BAD_SIGNATURE', 'CERT_UNSUPPORTED_ALGORITHM'],
  fromRsa(claimsEcdsa),
  { anchors: [rsaRoot] },
);
right(22, 'a signature algorithm that was offered', chain(), { certificateSchemes: [0x0403] });
wrong(
  22,
  'a signature algorithm that was not offered',
  ['CERT_UNSUPPORTED_ALGORITHM', 'CERT_WEAK_ALGORITHM'],
  chain(),
  { certificateSchemes: [0x0804, 0x0401] },
);
const short: Variation = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2025-12-31T23:59:59Z') };
right(23, 'the first second', chain(short), { time: '2025-01-01T00:00:00Z' });
right(23, 'the last second', chain(short), { time: '2025-12-31T23:59:59Z' });
wrong(23, 'a second too early', 'CERT_NOT_YET_VALID', chain(short), { time: '2024-12-31T23:59:59Z', position: 0 });
wrong(23, 'a second too late', 'CERT_EXPIRED', chain(short), { time: '2026-01-01T00:00:00Z', position: 0 });
wrong(
  23,
  'an intermediate that is not valid yet',
  'CERT_NOT_YET_VALID',
  below({ notBefore: new Date('2059-01-01T00:00:00Z') }),
  { position: 1 },
);
wrong(
  25,
  'an authority without basicConstraints',
  ['CERT_NOT_A_CA', 'CERT_PROFILE'],
  below({ extensions: { bc: null } }),
  { position: 1 },
);
wrong(
  25,
  'an authority whose basicConstraints say that it is none',
  'CERT_NOT_A_CA',
  below({ extensions: { bc: b.basicConstraints(false), ku: b.keyUsage('digitalSignature') } }),
  { position: 1 },
);
const four = (variation: Variation): Uint8Array[] => [
  leaf({ issuer: lowerIssuer }),
  middle({ ...lowerIssuer, issuer: middleIssuer }),
  middle(variation),
];
right(
  26,
  'two intermediates, as many as the upper one allows',
  four({ extensions: { bc: b.basicConstraints(true, 1) } }),
);
wrong(
  26,
  'one intermediate more than the upper one allows',
  'CERT_PATH_LENGTH',
  four({ extensions: { bc: b.basicConstraints(true, 0) } }),
);
const newKey: b.Issuer = { subject: middleIssuer.subject, pair: pairs.lower };
right(26, 'an authority that signed its own next key does not count', [
  leaf({ issuer: newKey }),
  middle({ ...newKey, issuer: middleIssuer }),
  middle({ extensions: { bc: b.basicConstraints(true, 0) } }),
]);
wrong(
  26,
  'a path length without an authority',
  ['CERT_MALFORMED', 'CERT_PROFILE'],
  chain({ extensions: { bc: b.basicConstraints(false, 0) } }),
  { profile: 'rfc5280' },
);
right(27, 'as many intermediates as we allow', four({}), { maxIntermediates: 2 });
wrong(27, 'more intermediates than we allow', 'CERT_PATH_LENGTH', four({}), { maxIntermediates: 1 });
wrong(
  28,
  'an authority that may not sign certificates',
  'CERT_KEY_USAGE',
  below({ extensions: { ku: b.keyUsage('cRLSign', 'digitalSignature') } }),
  { position: 1 },
);
right(28, 'an authority that does not say its key usage', below({ extensions: { ku: null } }));
right(
  29,
  'a key for key transport, used so',
  chain({ pair: rsaIssuer.pair, extensions: { ku: b.keyUsage('keyEncipherment') } }),
  { keyUse: 'keyEncipherment' },
);
wrong(
  29,
  'a key for key transport, used to sign',
  'CERT_KEY_USAGE',
  chain({ pair: rsaIssuer.pair, extensions: { ku: b.keyUsage('keyEncipherment') } }),
  { position: 0 },
);
wrong(29, 'a key to sign, used for key transport', 'CERT_KEY_USAGE', chain({ pair: rsaIssuer.pair }), {
  keyUse: 'keyEncipherment',
  position: 0,
});
right(29, 'no key usage', chain({ extensions: { ku: null } }));
right(30, 'both purposes', chain({ extensions: { eku: b.extendedKeyUsage('clientAuth', 'serverAuth') } }));
wrong(
  30,
  'a client certificate as a server',
  'CERT_EXTENDED_KEY_USAGE',
  chain({ extensions: { eku: b.extendedKeyUsage('clientAuth') } }),
  { position: 0 },
);
right(31, 'an authority for servers', below({ extensions: { eku: b.extendedKeyUsage('serverAuth') } }));
wrong(
  31,
  'an authority for e-mail alone',
  'CERT_EXTENDED_KEY_USAGE',
  below({ extensions: { eku: b.extendedKeyUsage('emailProtection') } }),
  { position: 1 },
);
wrong(
  32,
  'an authority as the leaf',
  ['CERT_IS_A_CA', 'CERT_PROFILE'],
  chain({ extensions: { bc: b.basicConstraints(true), ku: b.keyUsage('digitalSignature', 'keyCertSign') } }),
  { profile: 'webpki' },
);
right(33, 'an unknown extension', chain(withExtension(b.extension(OID_UNKNOWN, false, derNull()))));
wrong(
  33,
  'an unknown critical extension in the leaf',
  'CERT_UNKNOWN_CRITICAL_EXTENSION',
  chain(withExtension(b.extension(OID_UNKNOWN, true, derNull()))),
  { position: 0 },
);
wrong(
  33,
  'an unknown critical extension in the intermediate',
  'CERT_UNKNOWN_CRITICAL_EXTENSION',
  below(withExtension(b.extension(OID_UNKNOWN, true, derNull()))),
  { position: 1 },
);

// ---- Name constraints ----

const nc = (permitted: readonly b.GeneralName[], excluded: readonly b.GeneralName[] = []): Variation => ({
  extensions: { nc: b.nameConstraints(permitted, excluded) },
});
const constrained = (
  permitted: readonly b.GeneralName[],
  excluded: readonly b.GeneralName[],
  ...names: readonly b.GeneralName[]
): Uint8Array[] => below(nc(permitted, excluded), san(...names));
right(
  34,
  'a name within the constraint of the intermediate',
  constrained([b.dns('example')], [], b.dns('server.example')),
);
wrong(
  34,
  'a second name outside',
  'CERT_NAME_CONSTRAINT',
  constrained([b.dns('server.example')], [], b.dns('server.example'), b.dns('other.example')),
  { position: 0 },
);
wrong(34, 'within the upper constraint, outside the lower', 'CERT_NAME_CONSTRAINT', [
  leaf({ issuer: lowerIssuer }),
  middle({ ...lowerIssuer, issuer: middleIssuer, ...nc([b.dns('other.example')]) }),
  middle(nc([b.dns('example')])),
]);
wrong(34, 'excluded by the anchor', 'CERT_NAME_CONSTRAINT', chain(), {
  anchors: [root(nc([], [b.dns('server.example')]))],
});
right(
  34,
  'other kinds of names are free',
  constrained([b.dns('server.example')], [], b.dns('server.example'), b.ip(192, 0, 2, 1)),
);
wrong(
  35,
  'a constraint that ends within a label',
  'CERT_NAME_CONSTRAINT',
  constrained([b.dns('rver.example')], [], b.dns('server.example')),
);
right(35, 'letters of either case', constrained([b.dns('SERVER.Example')], [], b.dns('server.example')));
wrong(
  35,
  'a wildcard over what is excluded',
  'CERT_NAME_CONSTRAINT',
  constrained([], [b.dns('secret.wild.example')], b.dns('server.example'), b.dns('*.wild.example')),
);
wrong(
  35,
  'a wildcard wider than what is permitted',
  'CERT_NAME_CONSTRAINT',
  constrained([b.dns('server.example'), b.dns('a.wild.example')], [], b.dns('server.example'), b.dns('*.wild.example')),
);
right(
  36,
  'an address within',
  constrained([b.ip(192, 0, 2, 0, 255, 255, 255, 0)], [], b.dns('server.example'), b.ip(192, 0, 2, 77)),
);
wrong(
  36,
  'an address outside',
  'CERT_NAME_CONSTRAINT',
  constrained([b.ip(192, 0, 2, 0, 255, 255, 255, 0)], [], b.dns('server.example'), b.ip(198, 51, 100, 1)),
);
wrong(
  36,
  'an IPv6 address under a constraint of IPv4',
  'CERT_NAME_CONSTRAINT',
  constrained(
    [b.ip(192, 0, 2, 0, 255, 255, 255, 0)],
    [],
    b.dns('server.example'),
    b.ip(...new Array<number>(15).fill(0), 1),
  ),
);
wrong(
  36,
  'a mask with holes',
  ['CERT_NAME_CONSTRAINT', 'CERT_MALFORMED'],
  constrained([b.ip(192, 0, 2, 0, 255, 0, 255, 0)], [], b.dns('server.example'), b.ip(192, 0, 2, 1)),
);
right(
  37,
  'a mailbox of the host',
  constrained([b.email('client.example')], [], b.dns('server.example'), b.email('a@Client.example')),
);
wrong(
  37,
  'a mailbox of a host below, where only the host is permitted',
  'CERT_NAME_CONSTRAINT',
  constrained([b.email('client.example')], [], b.dns('server.example'), b.email('a@sub.client.example')),
);
wrong(
  37,
  'a mailbox of the domain itself, where only hosts below are permitted',
  'CERT_NAME_CONSTRAINT',
  constrained([b.email('.client.example')], [], b.dns('server.example'), b.email('a@client.example')),
);
right(
  38,
  'a URI of the host',
  constrained([b.uri('client.example')], [], b.dns('server.example'), b.uri('spiffe://client.example/worker')),
);
wrong(
  38,
  'a URI of another host',
  'CERT_NAME_CONSTRAINT',
  constrained([b.uri('client.example')], [], b.dns('server.example'), b.uri('spiffe://other.example/worker')),
);
wrong(
  38,
  'a URI of an address',
  'CERT_NAME_CONSTRAINT',
  constrained([b.uri('client.example')], [], b.dns('server.example'), b.uri('https://192.0.2.1/')),
);
right(39, 'a subject within', below(nc([b.directory(b.name(['O', 'checks']))])));
wrong(39, 'a subject outside', 'CERT_NAME_CONSTRAINT', below(nc([b.directory(b.name(['O', 'Others']))])));
wrong(
  40,
  'a constraint on a kind of name that is not known, and such a name',
  'CERT_NAME_CONSTRAINT',
  constrained([], [b.registeredId('1.2.3.4')], b.dns('server.example'), b.registeredId('1.2.3.4')),
);

// ---- Policies ----

const policyConstraints = b.extension('2.5.29.36', true, derSequence(derElement(0x80, Uint8Array.of(0))));
const demanding = middle({ extensions: { pc: policyConstraints, cp: b.policies('1.3.6.1.4.1.55555.2.1') } });
right(41, 'a policy is demanded, and is there', [leaf(withExtension(b.policies('1.3.6.1.4.1.55555.2.1'))), demanding]);
wrong(41, 'a policy is demanded, and there is none', 'CERT_POLICY', [leaf(), demanding]);
wrong(41, 'a policy is demanded, and there is another', 'CERT_POLICY', [
  leaf(withExtension(b.policies('1.3.6.1.4.1.55555.2.2'))),
  demanding,
]);

// ---- Names ----

wrong(
  43,
  'the name in the subject alone',
  'CERT_NAME_MISMATCH',
  chain({ subject: b.name(['CN', 'server.example']), ...san(b.dns('other.example')) }),
  { position: 0 },
);
wrong(
  43,
  'the name in the subject, no subjectAltName',
  ['CERT_NO_NAME', 'CERT_NAME_MISMATCH'],
  chain({ subject: b.name(['CN', 'server.example']), extensions: { san: null } }),
);
right(44, 'a wildcard', chain(san(b.dns('*.wild.example'))), { serverName: 'a.wild.example' });
wrong(44, 'a wildcard for two labels', 'CERT_NAME_MISMATCH', chain(san(b.dns('*.wild.example'))), {
  serverName: 'a.b.wild.example',
});
wrong(44, 'a wildcard for no label', 'CERT_NAME_MISMATCH', chain(san(b.dns('*.wild.example'))), {
  serverName: 'wild.example',
});
wrong(44, 'a wildcard within a label', 'CERT_NAME_MISMATCH', chain(san(b.dns('s*.wild.example'))), {
  serverName: 'server.wild.example',
});
wrong(44, 'a wildcard further in', 'CERT_NAME_MISMATCH', chain(san(b.dns('a.*.example'))), {
  serverName: 'a.b.example',
});
wrong(44, 'a wildcard alone', 'CERT_NAME_MISMATCH', chain(san(b.dns('*'))), { serverName: 'localhost' });
right(46, 'a name in Unicode, presented in ASCII', chain(san(b.dns('xn--bcher-kva.example'))), {
  serverName: 'bücher.example',
});
right(46, 'letters of either case', chain(san(b.dns('SERVER.example'))), { serverName: 'Server.EXAMPLE' });
right(47, 'a dot at the end of what was asked for', chain(), { serverName: 'server.example.' });
wrong(
  47,
  'a dot at the end of what is presented',
  ['CERT_NAME_MISMATCH', 'CERT_MALFORMED'],
  chain(san(b.dns('server.example.'))),
);
right(48, 'an address', chain(san(b.ip(127, 0, 0, 1))), { serverName: '127.0.0.1' });
right(48, 'an address of version 6', chain(san(b.ip(...new Array<number>(15).fill(0), 1))), { serverName: '::1' });
wrong(48, 'an address as a dNSName', 'CERT_NAME_MISMATCH', chain(san(b.dns('127.0.0.1'))), { serverName: '127.0.0.1' });
wrong(
  48,
  'an address that is embedded in one of version 6',
  'CERT_NAME_MISMATCH',
  chain(san(b.ip(...new Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1))),
  { serverName: '127.0.0.1' },
);
right(49, 'an underscore', chain(san(b.dns('my_server.example'))), { serverName: 'my_server.example' });
wrong(49, 'an empty label', ['CERT_NAME_MISMATCH', 'CERT_MALFORMED'], chain(san(b.dns('server..example'))));
wrong(
  49,
  'a zero in the name',
  ['CERT_NAME_MISMATCH', 'CERT_MALFORMED'],
  chain(san(b.dns('server.example\u0000.other.example'))),
);
const someone = { san: b.subjectAltName([b.email('a@client.example')]) };
right(
  52,
  'a client, without a name to look for',
  chain({ extensions: { ...someone, eku: b.extendedKeyUsage('clientAuth') } }),
  { role: 'server' },
);
wrong(52, 'a server as a client', 'CERT_EXTENDED_KEY_USAGE', chain({ extensions: someone }), {
  role: 'server',
  position: 0,
});
wrong(
  70,
  'a precertificate',
  ['CERT_UNKNOWN_CRITICAL_EXTENSION', 'CERT_TRANSPARENCY', 'CERT_PROFILE', 'CERT_REFUSED'],
  chain(withExtension(b.extension('1.3.6.1.4.1.11129.2.4.3', true, derNull()))),
  { position: 0 },
);

// ---- Written with every certificate once ----

const pool: string[] = [];
const position = new Map<string, number>();
const place = (der: Uint8Array): number => {
  const text = Buffer.from(der).toString('base64');
  const known = position.get(text);
  if (known !== undefined) return known;
  position.set(text, pool.length);
  return pool.push(text) - 1;
};
const written = cases.map(
  ({ chain: certificates, anchors = [ROOT], time = '2030-01-01T00:00:00Z', role = 'client', ...rest }) => ({
    ...rest,
    role,
    ...(role === 'client' && { serverName: rest.serverName ?? 'server.example' }),
    time,
    chain: certificates.map(place),
    anchors: anchors.map(place),
  }),
);
const file = {
  note: 'Made by vectors/pki/checks.ts. chain and anchors are positions in certificates (base64 of DER).',
  certificates: pool,
  cases: written,
};
writeFileSync(new URL('checks.json', import.meta.url), `${JSON.stringify(file, null, 1)}\n`);
