/** What certificates of the field have, should not have, or might be given by an attacker: each by its name. */
import { concat } from '../../src/bytes/bytes.ts';
import { derBitString, derElement, derInteger, derNull, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import * as b from '../../vectors/pki/builder.ts';
import type { Draft, Place } from './draft.ts';
import { behindKey, NOW, pairOf } from './draft.ts';
import { EXTENSION_ODDITIES } from './oddities-extensions.ts';
import type { Random } from './random.ts';

export interface Oddity {
  readonly name: string;
  /** Where it can stand. */
  readonly places: readonly Place[];
  readonly apply: (draft: Draft, random: Random, issuer: Draft | undefined) => void;
}

const ALL: readonly Place[] = ['leaf', 'middle', 'root'];
const BELOW: readonly Place[] = ['leaf', 'middle'];
const ABOVE: readonly Place[] = ['middle', 'root'];

const text = (tag: number, value: Uint8Array | string): Uint8Array =>
  derElement(tag, typeof value === 'string' ? Uint8Array.from(value, (c) => c.charCodeAt(0)) : value);
const attribute = (oid: string, value: Uint8Array): Uint8Array => derSequence(derOid(oid), value);
const rdn = (...attributes: readonly Uint8Array[]): Uint8Array => derElement(0x31, ...attributes);
const subject = (name: string, places: readonly Place[], value: Uint8Array): Oddity => ({
  name: `subject: ${name}`,
  places,
  apply: (draft) => {
    draft.subject = value;
  },
});
const spec = (name: string, places: readonly Place[], change: Draft['spec']): Oddity => ({
  name,
  places,
  apply: (draft) => Object.assign(draft.spec, change),
});
const time = (tag: number, value: string): Uint8Array => text(tag, value);
const validity = (name: string, from: Uint8Array, to: Uint8Array): Oddity =>
  spec(`validity: ${name}`, ALL, { validity: derSequence(from, to) });
const key = (name: string, kind: b.KeyKind): Oddity => ({
  name: `key: ${name}`,
  places: ALL,
  apply: (draft, random) => {
    draft.pair = pairOf(kind, random);
    if (draft.extensions.has('ski')) draft.extensions.set('ski', b.subjectKeyIdentifier(draft.pair.spki));
  },
});
const OLD = time(0x17, '200101000000Z');
const LATE = time(0x18, '20600101000000Z');
const latin = 'M\u00fcller';
const utf16 = Uint8Array.from([0, 0x56, 0, 0x6f, 0, 0x74, 0, 0x65]);

/** The key of a leaf as it stands there. */
function reshapeKey(
  name: string,
  places: readonly Place[],
  kind: b.KeyKind,
  change: (spki: Uint8Array) => Uint8Array,
): Oddity {
  return {
    name: `key: ${name}`,
    places,
    apply: (draft, random) => {
      draft.pair = pairOf(kind, random);
      draft.spec.spki = change(draft.pair.spki);
    },
  };
}

const rsaKey = (spki: Uint8Array, parameters: readonly Uint8Array[]): Uint8Array =>
  derSequence(derSequence(derOid('1.2.840.113549.1.1.1'), ...parameters), derBitString(b.keyBits(spki)));
const ecKey = (spki: Uint8Array, point: Uint8Array): Uint8Array =>
  concat(derSequence(spki.subarray(2, 23), derBitString(point)));

/** The algorithm of a signature, as it is written. */
function algorithm(name: string, kind: b.KeyKind, make: (plain: b.SigningAlgorithm) => b.SigningAlgorithm): Oddity {
  return {
    name: `signature: ${name}`,
    places: BELOW,
    apply: (draft, random, issuer) => {
      if (issuer === undefined) return;
      issuer.pair = pairOf(kind, random);
      if (issuer.extensions.has('ski')) issuer.extensions.set('ski', b.subjectKeyIdentifier(issuer.pair.spki));
      draft.spec.algorithm = make(b.algorithmOf(issuer.pair.privateKey));
      draft.algorithmFor = issuer.pair;
    },
  };
}

export const ODDITIES: readonly Oddity[] = [
  spec('version: 1 with extensions', ALL, { version: 0 }),
  spec('version: 2 with extensions', ALL, { version: 1 }),
  spec('version: 4', ALL, { version: 3 }),
  {
    name: 'version: 1',
    places: ALL,
    apply: (draft) => {
      draft.extensions.clear();
      draft.extensions.set('aki', new Uint8Array(0));
      draft.spec.version = 0;
    },
  },
  {
    name: 'no extensions',
    places: ALL,
    apply: (draft) => {
      draft.extensions.clear();
      draft.extensions.set('aki', new Uint8Array(0));
    },
  },
  ...[21, 37, 65].map((length) => spec(`serial: ${length} octets`, ALL, { serial: new Uint8Array(length).fill(0x7f) })),
  spec('serial: zero', ALL, { serial: Uint8Array.of(0) }),
  spec('serial: negative', ALL, { serial: Uint8Array.of(0x81, 1) }),
  spec('serial: not minimal', ALL, { serial: Uint8Array.of(0, 0, 1) }),
  spec('serial: empty', ALL, { serial: new Uint8Array(0) }),
  spec('signature: inner algorithm differs', ALL, { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.3')) }),
  spec('signature: inner parameters differ', ALL, {
    innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()),
  }),
  spec('signature: spoilt', ALL, { spoil: true }),
  algorithm('RSA without NULL', 'rsa-2048', (plain) => ({
    ...plain,
    identifier: derSequence(derOid('1.2.840.113549.1.1.11')),
  })),
  algorithm('RSA with SHA-1', 'rsa-2048', () => b.pkcs1With('1.2.840.113549.1.1.5', 'sha1')),
  algorithm('RSA with SHA-384', 'rsa-2048', () => b.pkcs1With('1.2.840.113549.1.1.12', 'sha384')),
  algorithm('RSA with SHA-224', 'rsa-2048', () => b.pkcs1With('1.2.840.113549.1.1.14', 'sha224')),
  algorithm('RSA with MD5', 'rsa-2048', () => b.pkcs1With('1.2.840.113549.1.1.4', 'md5')),
  algorithm('RSA of 1024 bits', 'rsa-1024', (plain) => plain),
  algorithm('PSS with SHA-256', 'rsa-2048', () => b.pssWith('sha256', 32)),
  algorithm('PSS with SHA-512', 'rsa-2048', () => b.pssWith('sha512', 64)),
  algorithm('PSS with the longest salt', 'rsa-2048', () => b.pssWith('sha256', 222)),
  algorithm('PSS with a short salt', 'rsa-2048', () => b.pssWith('sha256', 20)),
  algorithm('PSS by a key for PSS', 'rsa-pss', () => b.pssWith('sha256', 32)),
  algorithm('P-256 with SHA-384', 'ecdsa-p256', () => b.ecdsaWith('1.2.840.10045.4.3.3', 'sha384')),
  algorithm('P-256 with SHA-512', 'ecdsa-p256', () => b.ecdsaWith('1.2.840.10045.4.3.4', 'sha512')),
  algorithm('P-256 with SHA-1', 'ecdsa-p256', () => b.ecdsaWith('1.2.840.10045.4.1', 'sha1')),
  algorithm('P-384 with SHA-256', 'ecdsa-p384', () => b.ecdsaWith('1.2.840.10045.4.3.2', 'sha256')),
  algorithm('P-384', 'ecdsa-p384', (plain) => plain),
  algorithm('P-521', 'ecdsa-p521', (plain) => plain),
  algorithm('Ed25519', 'ed25519', (plain) => plain),
  algorithm('Ed448', 'ed448', (plain) => plain),
  algorithm('Ed25519 with NULL', 'ed25519', (plain) => ({
    ...plain,
    identifier: derSequence(derOid('1.3.101.112'), derNull()),
  })),
  algorithm('ECDSA with NULL', 'ecdsa-p256', (plain) => ({
    ...plain,
    identifier: derSequence(derOid('1.2.840.10045.4.3.2'), derNull()),
  })),
  validity('expired', time(0x17, '200101000000Z'), time(0x17, '291231235959Z')),
  validity('not yet', time(0x17, '300102000000Z'), LATE),
  validity('the last second', OLD, b.time(new Date(NOW))),
  validity('one second ago', OLD, b.time(new Date(NOW - 1000))),
  validity('the first second', b.time(new Date(NOW)), LATE),
  validity('GeneralizedTime before 2050', time(0x18, '20200101000000Z'), LATE),
  validity('no end', OLD, time(0x18, '99991231235959Z')),
  validity('UTCTime without seconds', time(0x17, '2001010000Z'), LATE),
  validity('UTCTime with an offset', time(0x17, '200101000000+0000'), LATE),
  validity('a fraction', time(0x18, '20200101000000.5Z'), LATE),
  validity('no Z', time(0x17, '200101000000'), LATE),
  validity('the 30th of February', time(0x17, '200230000000Z'), LATE),
  validity('second 60', time(0x17, '200101000060Z'), LATE),
  validity('the end before the beginning', time(0x17, '310101000000Z'), time(0x17, '200101000000Z')),
  validity('year 1950', time(0x17, '500101000000Z'), LATE),
  subject('empty', ALL, derSequence()),
  subject('an empty set', ALL, derSequence(rdn())),
  ...[
    ['an ampersand in PrintableString', 0x13, 'Smith & Sons'],
    ['an asterisk in PrintableString', 0x13, '*.server.example'],
    ['an at sign in PrintableString', 0x13, 'me@server.example'],
    ['an underscore in PrintableString', 0x13, 'a_b'],
    ['a NUL in PrintableString', 0x13, 'a\u0000b'],
    ['latin1 in UTF8String', 0x0c, latin],
    ['TeletexString', 0x14, latin],
    ['IA5String', 0x16, 'Vote'],
    ['8 bits in IA5String', 0x16, latin],
    ['BMPString of odd length', 0x1e, 'odd'],
    ['VisibleString', 0x1a, 'Vote'],
    ['NumericString', 0x12, '123'],
    ['letters in NumericString', 0x12, 'a'],
    ['an empty string', 0x0c, ''],
    ['an INTEGER', 0x02, '\u0001'],
    ['a long string', 0x0c, 'a'.repeat(300)],
  ].map(([name, tag, value]) =>
    subject(`${name}`, ALL, derSequence(rdn(attribute('2.5.4.10', text(Number(tag), `${value}`))))),
  ),
  subject('BMPString', ALL, derSequence(rdn(attribute('2.5.4.10', derElement(0x1e, utf16))))),
  subject(
    'UniversalString',
    ALL,
    derSequence(rdn(attribute('2.5.4.10', derElement(0x1c, Uint8Array.of(0, 0, 0, 0x56))))),
  ),
  subject(
    'an unsorted set',
    ALL,
    derSequence(rdn(attribute('2.5.4.3', text(0x0c, 'CN')), attribute('2.5.4.10', text(0x0c, 'O')))),
  ),
  subject(
    'a sorted set',
    ALL,
    derSequence(rdn(attribute('2.5.4.3', text(0x0c, 'O')), attribute('2.5.4.10', text(0x0c, 'CN')))),
  ),
  subject(
    'one attribute twice',
    ALL,
    derSequence(rdn(attribute('2.5.4.3', text(0x0c, 'O'))), rdn(attribute('2.5.4.3', text(0x0c, 'O')))),
  ),
  subject('a mailbox', ALL, b.name(['CN', 'x'], ['E', 'me@server.example'])),
  subject('another host as common name', ['leaf'], b.name(['CN', 'other.example'])),
  subject('trailing bytes', ALL, derSequence(rdn(attribute('2.5.4.3', text(0x0c, 'O'))), derNull())),
  {
    name: 'issuer: spelled otherwise',
    places: BELOW,
    apply: (draft, random, issuer) => {
      if (issuer === undefined) return;
      const written = random.pick([
        b.name(['O', 'VOTE'], ['CN', 'Spelled Otherwise']),
        b.name(['O', 'Vote', 0x13], ['CN', 'Spelled Otherwise', 0x13]),
        b.name(['O', 'Vote'], ['CN', ' Spelled  Otherwise ']),
      ]);
      issuer.subject = b.name(['O', 'Vote'], ['CN', 'Spelled Otherwise']);
      draft.spec.issuer = { subject: written, pair: issuer.pair };
    },
  },
  {
    name: 'issuer: empty',
    places: BELOW,
    apply: (_draft, _random, issuer) => {
      if (issuer === undefined) return;
      issuer.subject = derSequence();
    },
  },
  key('P-384', 'ecdsa-p384'),
  key('P-521', 'ecdsa-p521'),
  key('RSA of 2048 bits', 'rsa-2048'),
  key('RSA of 3072 bits', 'rsa-3072'),
  key('RSA of 1024 bits', 'rsa-1024'),
  key('Ed25519', 'ed25519'),
  key('Ed448', 'ed448'),
  reshapeKey('for PSS', ['leaf'], 'rsa-pss', (spki) => spki),
  reshapeKey('RSA without NULL', ['leaf'], 'rsa-2048', (spki) => rsaKey(spki, [])),
  reshapeKey('EC, compressed', ['leaf'], 'ecdsa-p256', (spki) => {
    const point = b.keyBits(spki);
    return ecKey(spki, concat(Uint8Array.of(2 + (point[64]! & 1)), point.subarray(1, 33)));
  }),
  reshapeKey('EC, off the curve', ['leaf'], 'ecdsa-p256', (spki) => {
    const point = Uint8Array.from(b.keyBits(spki));
    point[64]! ^= 1;
    return ecKey(spki, point);
  }),
  reshapeKey('of no known kind', ['leaf'], 'ecdsa-p256', (spki) =>
    derSequence(derSequence(derOid('1.2.3.4')), derBitString(b.keyBits(spki))),
  ),
  reshapeKey('with an even exponent', ['leaf'], 'rsa-2048', (spki) => {
    const bits = Uint8Array.from(b.keyBits(spki));
    bits[bits.length - 1] = 2;
    return rsaKey(derSequence(derSequence(), derBitString(bits)), [derNull()]);
  }),
  reshapeKey('with bits left over', ['leaf'], 'ecdsa-p256', (spki) => {
    const point = Uint8Array.from(b.keyBits(spki));
    point[64]! &= 0xfe;
    return derSequence(spki.subarray(2, 23), derBitString(point, 1));
  }),
  {
    name: 'unique identifiers',
    places: ALL,
    apply: (draft, random) => behindKey(draft, derElement(random.pick([0x81, 0x82]), Uint8Array.of(0, 1, 2))),
  },
  {
    name: 'DER: bytes behind it',
    places: ALL,
    apply: (draft) => {
      draft.after = (der) => concat(der, Uint8Array.of(0));
    },
  },
  {
    name: 'DER: a length that is too long',
    places: ALL,
    apply: (draft) => {
      draft.after = (der) => {
        const size = der.length - 4;
        return concat(Uint8Array.of(0x30, 0x83, 0, size >> 8, size & 255), der.subarray(4));
      };
    },
  },
  ...EXTENSION_ODDITIES,
  {
    name: 'extensions: an empty list',
    places: ALL,
    apply: (draft) => {
      draft.extensions.clear();
      draft.extensions.set('aki', new Uint8Array(0));
      draft.spec.extensions = [];
    },
  },
  {
    name: 'extensions: in another order',
    places: ALL,
    apply: (draft, random) => {
      const entries = random.shuffle([...draft.extensions]);
      draft.extensions.clear();
      for (const [name, der] of entries) draft.extensions.set(name, der);
    },
  },
  {
    name: 'path length: 0 above another authority',
    places: ABOVE,
    apply: (draft) => {
      draft.extensions.set('bc', b.basicConstraints(true, 0));
    },
  },
  {
    name: 'path length: written as a large number',
    places: ABOVE,
    apply: (draft, random) => {
      draft.extensions.set(
        'bc',
        b.extension(
          '2.5.29.19',
          true,
          derSequence(derElement(0x01, Uint8Array.of(0xff)), derInteger(random.pick([255, 256, 70000]))),
        ),
      );
    },
  },
];
