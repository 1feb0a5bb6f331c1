/** Oddities of extensions. */
import { concat, fromAscii } from '../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
} from '../../src/bytes/der-writer.ts';
import * as b from '../../vectors/pki/builder.ts';
import type { Draft, Place } from './draft.ts';
import { HOST } from './draft.ts';
import type { Oddity } from './oddities.ts';
import type { Random } from './random.ts';

const ALL: readonly Place[] = ['leaf', 'middle', 'root'];
const BELOW: readonly Place[] = ['leaf', 'middle'];
const ABOVE: readonly Place[] = ['middle', 'root'];
const LEAF: readonly Place[] = ['leaf'];

const TRUE = derElement(0x01, Uint8Array.of(0xff));
const FALSE = derElement(0x01, Uint8Array.of(0));
const NOTHING = new Uint8Array(0);

/** Each value is an oddity, by its name. */
function of(
  slot: string,
  places: readonly Place[],
  values: {
    readonly [name: string]: Uint8Array | ((draft: Draft, random: Random, issuer: Draft | undefined) => Uint8Array);
  },
): readonly Oddity[] {
  return Object.entries(values).map(([name, value]) => ({
    name: `${slot}: ${name}`,
    places,
    apply: (draft, random, issuer) => {
      draft.extensions.set(slot, typeof value === 'function' ? value(draft, random, issuer) : value);
    },
  }));
}

const bc = (critical: boolean, ...fields: readonly Uint8Array[]): Uint8Array =>
  b.extension('2.5.29.19', critical, derSequence(...fields));
const ku = (value: Uint8Array, critical = true): Uint8Array => b.extension('2.5.29.15', critical, value);
const eku = (critical: boolean, ...oids: readonly string[]): Uint8Array =>
  b.extension('2.5.29.37', critical, derSequence(...oids.map(derOid)));
const san = (...names: readonly Uint8Array[]): Uint8Array => b.subjectAltName(names);
const own = b.dns(HOST);
const aki = (critical: boolean, ...fields: readonly Uint8Array[]): Uint8Array =>
  b.extension('2.5.29.35', critical, derSequence(...fields));
const issuerKeyId = (draft: Draft, issuer: Draft | undefined): Uint8Array =>
  derElement(0x80, b.keyIdentifier((issuer ?? draft).pair.spki));
const akiIssuer = (name: Uint8Array): Uint8Array => derElement(0xa1, b.directory(name));
const explicitFalse = (oid: string, value: Uint8Array): Uint8Array =>
  derSequence(derOid(oid), FALSE, derOctetString(value));
const policy = (oid: string, ...qualifiers: readonly Uint8Array[]): Uint8Array =>
  derSequence(derOid(oid), ...(qualifiers.length > 0 ? [derSequence(...qualifiers)] : []));
const cp = (critical: boolean, ...list: readonly Uint8Array[]): Uint8Array =>
  b.extension('2.5.29.32', critical, derSequence(...list));
const access = (method: string, location: Uint8Array): Uint8Array => derSequence(derOid(method), location);
const point = (name: Uint8Array): Uint8Array => derSequence(derElement(0xa0, derElement(0xa0, name)));
const mapping = (from: string, to: string): Uint8Array => derSequence(derOid(from), derOid(to));
const tree = (tag: number, ...bases: readonly Uint8Array[]): Uint8Array => derElement(tag, ...bases);

const latinHost = 'b\u00fccher.example';
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const ANY = '2.5.29.37.0';
const CPS = derSequence(derOid('1.3.6.1.5.5.7.2.1'), derElement(0x16, fromAscii('http://a.example/')));
const NOTICE = derSequence(derOid('1.3.6.1.5.5.7.2.2'), derSequence(derElement(0x0c, fromAscii('read this'))));
const ODD_QUALIFIER = derSequence(derOid('1.2.3.4.5'), derNull());

export const EXTENSION_ODDITIES: readonly Oddity[] = [
  ...of('bc', ALL, {
    missing: NOTHING,
    'bytes behind it': b.extension('2.5.29.19', true, concat(derSequence(TRUE), derNull())),
  }),
  ...of('bc', ABOVE, {
    'not critical': b.basicConstraints(true, undefined, false),
    'cA false': b.basicConstraints(false),
    'cA 01': bc(true, derElement(0x01, Uint8Array.of(1))),
    'a negative path length': bc(true, TRUE, derElement(0x02, Uint8Array.of(0xff))),
    'critical written twice': bc(true, TRUE, TRUE),
  }),
  ...of('bc', LEAF, {
    'cA FALSE written out': bc(true, FALSE),
    'critical FALSE written out': explicitFalse('2.5.29.19', derSequence()),
    'an authority as leaf': b.basicConstraints(true),
    'a path length without cA': bc(true, derInteger(0)),
    'not critical in a leaf': b.basicConstraints(false, undefined, false),
  }),
  ...of('ku', ALL, {
    missing: NOTHING,
    'all zero': ku(derBitString(Uint8Array.of(0), 7)),
    'no bits': ku(derBitString(NOTHING)),
    'bits left over are set': ku(derElement(0x03, Uint8Array.of(2, 0x87))),
    'an OCTET STRING': ku(derOctetString(Uint8Array.of(0x80))),
    'bytes behind it': ku(concat(derBitString(Uint8Array.of(0x86), 1), derNull())),
  }),
  ...of('ku', LEAF, {
    'not critical': ku(derBitString(Uint8Array.of(0x80), 7), false),
    'zeros at the end': ku(derElement(0x03, Uint8Array.of(0, 0x80))),
    'keyEncipherment alone': b.keyUsage('keyEncipherment'),
    'keyAgreement alone': b.keyUsage('keyAgreement'),
    'nonRepudiation alone': b.keyUsage('nonRepudiation'),
    'keyCertSign in a leaf': b.keyUsage('digitalSignature', 'keyCertSign'),
    'nine bits': ku(derElement(0x03, Uint8Array.of(7, 0x88, 0x80))),
    'seventeen bits': ku(derElement(0x03, Uint8Array.of(7, 0x80, 0x80, 0x80))),
  }),
  ...of('ku', ABOVE, {
    'no keyCertSign': b.keyUsage('digitalSignature', 'cRLSign'),
    'zeros at the end of an authority': ku(derElement(0x03, Uint8Array.of(0, 0x06))),
    'not critical in an authority': ku(derElement(0x03, Uint8Array.of(1, 0x06)), false),
  }),
  ...of('eku', ALL, {
    any: eku(false, ANY),
    'clientAuth alone': eku(false, CLIENT),
    'an empty list': eku(false),
    critical: eku(true, SERVER),
    'one twice': eku(false, SERVER, SERVER),
    'bytes behind it': b.extension('2.5.29.37', false, concat(derSequence(derOid(SERVER)), derNull())),
    'server-gated crypto': eku(false, '2.16.840.1.113730.4.1'),
    several: eku(false, CLIENT, SERVER, '1.3.6.1.5.5.7.3.4'),
    'any beside another': eku(false, CLIENT, ANY),
    'serverAuth and OCSPSigning': eku(false, SERVER, '1.3.6.1.5.5.7.3.9'),
    'an OID of its own': eku(false, '1.2.3.4.5.6.7'),
  }),
  ...of('eku', LEAF, { missing: NOTHING }),
  ...of('san', LEAF, {
    missing: NOTHING,
    'an empty list': san(),
    critical: b.subjectAltName([own], true),
    'an address of 5 octets': san(own, b.ip(1, 2, 3, 4, 5)),
    'an address of 16 octets': san(own, b.ip(...new Array<number>(16).fill(1))),
    'an underscore': san(own, b.dns('a_b.server.example')),
    'a dot at the end': san(own, b.dns('server.example.')),
    'a dot in front': san(own, b.dns('.server.example')),
    'an empty name': san(own, b.dns('')),
    'a space': san(own, b.dns('a b')),
    'a space alone': san(own, b.dns(' ')),
    'a NUL': san(own, b.dns('a\u0000.example')),
    '8 bits': san(
      own,
      derElement(
        0x82,
        Uint8Array.from(latinHost, (c) => c.charCodeAt(0)),
      ),
    ),
    'an address as a name': san(own, b.dns('192.0.2.1')),
    'a name as long as it may be': san(own, b.dns(`${'a'.repeat(63)}.${'b'.repeat(63)}.example`)),
    'a label of 64': san(own, b.dns(`${'a'.repeat(64)}.example`)),
    'a mailbox': san(own, b.email('me@server.example')),
    'no mailbox': san(own, b.email('me')),
    'a mailbox at an address': san(own, b.email('me@[192.0.2.1]')),
    'a URI': san(own, b.uri('https://server.example/')),
    'a URI without a host': san(own, b.uri('urn:a:b')),
    'a URI that is none': san(own, b.uri('//[')),
    'a URI of SPIFFE': san(own, b.uri('spiffe://server.example/a')),
    'a directory name': san(own, b.directory(b.name(['O', 'Vote']))),
    'an empty directory name': san(own, b.directory(derSequence())),
    'a registered OID': san(own, b.registeredId('1.2.3.4')),
    'another name': san(
      own,
      derElement(0xa0, derOid('1.3.6.1.4.1.311.20.2.3'), derElement(0xa0, derElement(0x0c, fromAscii('me@a')))),
    ),
    'another name, malformed': san(own, derElement(0xa0, derNull())),
    'an X.400 address': san(own, derElement(0xa3, derSequence())),
    'an EDI party': san(own, derElement(0xa5, derElement(0xa1, derElement(0x0c, fromAscii('x'))))),
    'a form that there is not': san(own, derElement(0x8a, fromAscii('x'))),
    'a name twice': san(own, own),
    capitals: san(b.dns('SERVER.Example')),
    'a wildcard': san(b.dns('*.example')),
    'a wildcard above': san(b.dns('*.server.example')),
    'a wildcard alone': san(own, b.dns('*')),
    'a wildcard in a label': san(b.dns('ser*.example')),
    'a wildcard in the middle': san(own, b.dns('a.*.example')),
    'two wildcards': san(own, b.dns('*.*.example')),
    'another name of a host': san(b.dns('other.example')),
    'an address alone': san(b.ip(192, 0, 2, 1)),
    'bytes behind it': b.extension('2.5.29.17', false, concat(derSequence(own), derNull())),
  }),
  ...of('san', ABOVE, { 'in an authority': san(b.dns('ca.example')) }),
  ...of('ski', ALL, {
    'missing or not': NOTHING,
    critical: (draft) => b.extension('2.5.29.14', true, derOctetString(b.keyIdentifier(draft.pair.spki))),
    empty: b.extension('2.5.29.14', false, derOctetString(NOTHING)),
    'of another key': b.extension('2.5.29.14', false, derOctetString(new Uint8Array(20).fill(9))),
    long: b.extension('2.5.29.14', false, derOctetString(new Uint8Array(64).fill(9))),
    malformed: b.extension('2.5.29.14', false, fromAscii('abcd')),
  }),
  ...of('aki', ALL, {
    missing: NOTHING,
    empty: aki(false),
    critical: (draft, _random, issuer) => aki(true, issuerKeyId(draft, issuer)),
    'of another key': aki(false, derElement(0x80, new Uint8Array(20).fill(9))),
    'with issuer and serial': (draft, _random, issuer) =>
      aki(false, issuerKeyId(draft, issuer), akiIssuer(b.name(['CN', 'x'])), derElement(0x82, Uint8Array.of(1))),
    'with issuer alone': (draft, _random, issuer) =>
      aki(false, issuerKeyId(draft, issuer), akiIssuer(b.name(['CN', 'x']))),
    'with serial alone': (draft, _random, issuer) =>
      aki(false, issuerKeyId(draft, issuer), derElement(0x82, Uint8Array.of(1))),
    malformed: b.extension('2.5.29.35', false, derOctetString(new Uint8Array(20))),
  }),
  ...of('nc', ABOVE, {
    'not critical': b.nameConstraints([b.dns('server.example')], [], false),
    empty: b.extension('2.5.29.30', true, derSequence()),
    'an empty list': b.extension('2.5.29.30', true, derSequence(tree(0xa0))),
    'minimum 0 written out': b.extension(
      '2.5.29.30',
      true,
      derSequence(tree(0xa0, derSequence(own, derElement(0x80, Uint8Array.of(0))))),
    ),
    'minimum 1': b.extension(
      '2.5.29.30',
      true,
      derSequence(tree(0xa0, derSequence(own, derElement(0x80, Uint8Array.of(1))))),
    ),
    'a maximum': b.extension(
      '2.5.29.30',
      true,
      derSequence(tree(0xa0, derSequence(own, derElement(0x81, Uint8Array.of(1))))),
    ),
    'a name of no known form': b.nameConstraints([own, derElement(0x8a, fromAscii('x'))], []),
  }),
  ...of('nc', LEAF, { 'in a leaf': b.nameConstraints([own], []) }),
  ...of('cp', BELOW, {
    'a policy': cp(false, policy('1.2.3')),
    any: cp(false, policy('2.5.29.32.0')),
    'an empty list': cp(false),
    'one twice': cp(false, policy('1.2.3'), policy('1.2.3')),
    critical: cp(true, policy('1.2.3')),
    'with a CPS': cp(false, policy('1.2.3', CPS)),
    'with a notice': cp(false, policy('1.2.3', NOTICE)),
    'with a qualifier of its own': cp(false, policy('1.2.3', ODD_QUALIFIER)),
    'critical, with a qualifier of its own': cp(true, policy('1.2.3', ODD_QUALIFIER)),
    'empty qualifiers': cp(false, derSequence(derOid('1.2.3'), derSequence())),
    malformed: b.extension('2.5.29.32', false, derNull()),
  }),
  ...of('pc', ABOVE, {
    'an explicit policy at once': b.extension('2.5.29.36', true, derSequence(derElement(0x80, Uint8Array.of(0)))),
    'an explicit policy later': b.extension('2.5.29.36', true, derSequence(derElement(0x80, Uint8Array.of(5)))),
    'no mapping': b.extension('2.5.29.36', true, derSequence(derElement(0x81, Uint8Array.of(0)))),
    'not critical': b.extension('2.5.29.36', false, derSequence(derElement(0x80, Uint8Array.of(0)))),
    empty: b.extension('2.5.29.36', true, derSequence()),
  }),
  ...of('iap', ABOVE, {
    'at once': b.extension('2.5.29.54', true, derInteger(0)),
    'not critical': b.extension('2.5.29.54', false, derInteger(0)),
    negative: b.extension('2.5.29.54', true, derElement(0x02, Uint8Array.of(0xff))),
  }),
  ...of('pm', ABOVE, {
    'a mapping': b.extension('2.5.29.33', true, derSequence(mapping('1.2.3', '1.2.4'))),
    'from any': b.extension('2.5.29.33', true, derSequence(mapping('2.5.29.32.0', '1.2.4'))),
    'an empty list': b.extension('2.5.29.33', true, derSequence()),
  }),
  ...of('aia', ALL, {
    'an issuer and a responder': b.extension(
      '1.3.6.1.5.5.7.1.1',
      false,
      derSequence(
        access('1.3.6.1.5.5.7.48.2', b.uri('http://a.example/')),
        access('1.3.6.1.5.5.7.48.1', b.uri('http://b.example/')),
      ),
    ),
    'an empty list': b.extension('1.3.6.1.5.5.7.1.1', false, derSequence()),
    critical: b.extension(
      '1.3.6.1.5.5.7.1.1',
      true,
      derSequence(access('1.3.6.1.5.5.7.48.1', b.uri('http://b.example/'))),
    ),
    'a URI that is none': b.extension(
      '1.3.6.1.5.5.7.1.1',
      false,
      derSequence(access('1.3.6.1.5.5.7.48.1', b.uri('//['))),
    ),
    malformed: b.extension('1.3.6.1.5.5.7.1.1', false, derNull()),
  }),
  ...of('cdp', ALL, {
    'an address': b.extension('2.5.29.31', false, derSequence(point(b.uri('http://a.example/c.crl')))),
    'an empty list': b.extension('2.5.29.31', false, derSequence()),
    'an empty point': b.extension('2.5.29.31', false, derSequence(derSequence())),
    critical: b.extension('2.5.29.31', true, derSequence(point(b.uri('http://a.example/c.crl')))),
    malformed: b.extension('2.5.29.31', false, derNull()),
  }),
  ...of('sct', LEAF, {
    'an empty list': b.extension('1.3.6.1.4.1.11129.2.4.2', false, derOctetString(Uint8Array.of(0, 0))),
    malformed: b.extension('1.3.6.1.4.1.11129.2.4.2', false, fromAscii('x')),
    'the poison of a precertificate': b.extension('1.3.6.1.4.1.11129.2.4.3', true, derNull()),
  }),
  ...of('feature', BELOW, {
    'must staple': b.tlsFeature(5),
    malformed: b.extension('1.3.6.1.5.5.7.1.24', false, derNull()),
    critical: b.extension('1.3.6.1.5.5.7.1.24', true, derSequence(derInteger(17))),
  }),
  ...of('other', ALL, {
    'not known': b.extension('1.2.3.4.5', false, fromAscii('anything')),
    'not known, and critical': b.extension('1.2.3.4.5', true, fromAscii('anything')),
    'not known, and empty': b.extension('1.2.3.4.5', false, NOTHING),
    'critical FALSE written out': explicitFalse('1.2.3.4.5', derNull()),
    'critical 01': derSequence(derOid('1.2.3.4.5'), derElement(0x01, Uint8Array.of(1)), derOctetString(derNull())),
    'basicConstraints twice': b.basicConstraints(false),
    'not known, twice': concat(b.extension('1.2.3.4.5', false, NOTHING), b.extension('1.2.3.4.5', false, NOTHING)),
    'of Netscape': b.extension('2.16.840.1.113730.1.1', false, derBitString(Uint8Array.of(0x40), 6)),
    'of Microsoft': b.extension('1.3.6.1.4.1.311.20.2', false, derElement(0x1e, Uint8Array.of(0, 0x43, 0, 0x41))),
    'private key usage period': b.extension(
      '2.5.29.16',
      false,
      derSequence(derElement(0x80, fromAscii('20200101000000Z'))),
    ),
    issuerAltName: b.extension('2.5.29.18', false, derSequence(b.dns('a.example'))),
    'issuerAltName, critical': b.extension('2.5.29.18', true, derSequence(b.dns('a.example'))),
    subjectInfoAccess: b.extension(
      '1.3.6.1.5.5.7.1.11',
      false,
      derSequence(access('1.3.6.1.5.5.7.48.5', b.uri('http://a.example/'))),
    ),
    freshestCRL: b.extension('2.5.29.46', false, derSequence(point(b.uri('http://a.example/d.crl')))),
    'of no check': b.extension('1.3.6.1.5.5.7.48.1.5', false, derNull()),
  }),
];
