import { concat, fromAscii } from '../../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
} from '../../../src/bytes/der-writer.ts';
import type { CertificateVerifierOptions } from '../../../src/pki/index.ts';
import * as b from '../../../vectors/pki/builder.ts';
import * as p from './parts.ts';
import { revocationBombs } from './revocation-bombs.ts';

/** What may be sent to keep a peer busy, by kind. Each is as large as a handshake message may be. */
export interface Bomb {
  readonly kind: string;
  readonly name: string;
  readonly chain: readonly Uint8Array[];
  readonly ocspResponses?: readonly Uint8Array[];
  readonly sctLists?: readonly Uint8Array[];
  /** Is the verifier told to look at revocation, and at logs? */
  readonly lists?: readonly Uint8Array[];
  readonly profile?: CertificateVerifierOptions['profile'];
}

type Make = () => Bomb;

/** Every bomb; each is made when it is asked for. */
export function* bombs(): Generator<Bomb> {
  for (const make of [
    ...nameBombs(),
    ...constraintBombs(),
    ...crossBombs(),
    ...keyBombs(),
    ...policyBombs(),
    ...extensionBombs(),
    ...oddBombs(),
    ...revocationBombs(),
  ])
    yield make();
}

/** Authorities of one name and key, of which each may have issued each, and none leads to an anchor. */
function* nameBombs(): Generator<Make> {
  for (const kind of Object.keys(p.names)) {
    yield () => {
      const size = p.names[kind]!(999).length;
      const many = p.leaf(p.times(Math.min(4_000, 100_000 / size), p.names[kind]!));
      const constraint = b.nameConstraints([b.ip(10, 0, 0, 0, 255, 0, 0, 0)], []);
      return {
        kind: 'names of each form, below authorities that each may have issued each',
        name: kind,
        chain: p.filled([many], (n) => p.crossSigned(n, n % 2 === 0 ? [constraint] : []), 50),
      };
    };
  }
}

/** Constraints of each form, over names of the same, on many paths that all reach the anchor. */
function* constraintBombs(): Generator<Make> {
  for (const kind of Object.keys(p.names)) {
    for (const list of ['permitted', 'excluded'] as const) {
      yield () => {
        const size = p.names[kind]!(999).length;
        const count = Math.min(4_000, 60_000 / (size + 6));
        const bases = p.times(count, (n) => p.base(kind, n + 5_000));
        const limits = b.nameConstraints(list === 'permitted' ? bases : [], list === 'excluded' ? bases : []);
        const top = b.issue({ ...p.x(), issuer: p.root, serial: p.serial(1), extensions: p.authority(limits) });
        const chain = p.filled([p.leaf(p.times(count, p.names[kind]!)), top], (n) => p.crossSigned(n), 40);
        return { kind: 'names × constraints of their form', name: `${kind}, ${list}`, chain };
      };
    }
  }
  yield () => {
    const limits = (n: number) =>
      b.nameConstraints(
        [],
        p.times(120, (i) => b.dns(`c${n}x${i}.example`)),
      );
    const many = p.leaf(p.times(1_500, p.names.dNSName!));
    const top = b.issue({ ...p.x(), issuer: p.root, serial: p.serial(1), extensions: p.authority(limits(0)) });
    const chain = p.filled([many, top], (n) => p.crossSigned(n, [limits(n)]), 50);
    return { kind: 'names × constraints of their form', name: 'many authorities with constraints', chain };
  };
}

/** Layers of authorities, each layer cross-signed by the whole of the next. */
function* crossBombs(): Generator<Make> {
  for (const [layers, width] of [
    [8, 7],
    [4, 15],
    [2, 31],
  ] as const) {
    for (const end of ['nowhere', 'an anchor that does not let it'] as const) {
      yield () => {
        const pairs = p.times(layers + 1, () => b.makePair('ecdsa-p256'));
        const issuer = (layer: number): b.Issuer =>
          layer === layers && end !== 'nowhere'
            ? p.root
            : { subject: b.name(['CN', `L${layer}`]), pair: pairs[layer]! };
        const limit = end === 'nowhere' ? [] : [b.nameConstraints([b.dns('other.example')], [])];
        const chain = [p.leaf([], [], issuer(0))];
        for (let layer = 0; layer < layers; layer++)
          for (let n = 0; n < width; n++)
            chain.push(
              b.issue({
                ...issuer(layer),
                issuer: issuer(layer + 1),
                serial: p.serial(layer * 256 + n),
                extensions: p.authority(b.subjectAltName([b.uri(`u:${n}`)]), ...(layer === layers - 1 ? limit : [])),
              }),
            );
        return { kind: 'layers × cross-signing', name: `${layers} layers of ${width}, to ${end}`, chain };
      };
    }
  }
  yield () => {
    const alike = b.subjectAltName([b.uri(`u:${'a'.repeat(3_500)}`)]);
    const last = (n: number) => b.subjectAltName([b.uri(`u:${'a'.repeat(3_500)}${String(n).padStart(4, '0')}`)]);
    return {
      kind: 'layers × cross-signing',
      name: 'authorities that are nearly the same',
      chain: p.filled([p.leaf([], [alike])], (n) =>
        b.issue({ ...p.x(), serial: p.serial(n), extensions: p.authority(last(n)) }),
      ),
    };
  };
  yield () => ({
    kind: 'layers × cross-signing',
    name: 'self-issued, one key',
    chain: p.filled([p.leaf()], (n) => p.crossSigned(n)),
  });
}

const STRANGE: readonly p.StrangeKind[] = [
  ...(['ecdsa-p256', 'ecdsa-p384', 'ecdsa-p521', 'ed25519', 'ed448'] as const),
  ...(['rsa-8192', 'rsa-8192 with a long exponent', 'ml-dsa-44', 'ml-dsa-87'] as const),
];

/** Issuers of the right name, each with another key, none of which signed. */
function* keyBombs(): Generator<Make> {
  for (const kind of STRANGE) {
    for (const [size, text] of [
      [0, 'a small certificate'],
      [60_000, 'a large certificate'],
    ] as const) {
      yield () => {
        const padding = size === 0 ? [] : [b.extension('1.2.3.4', false, derOctetString(new Uint8Array(size)))];
        const first = b.issue({
          subject: b.name(['CN', 'leaf']),
          pair: p.LEAF,
          issuer: p.x(),
          algorithm: p.wrongSignature(kind),
          extensions: [b.subjectAltName([b.dns(p.HOST)]), b.extendedKeyUsage('serverAuth', 'clientAuth'), ...padding],
        });
        const strange = (n: number) =>
          b.issue({ ...p.x(), spki: p.strangeKey(kind), serial: p.serial(n), extensions: p.authority() });
        return {
          kind: 'key types: issuers of the right name that did not sign',
          name: `${kind}, ${text}`,
          chain: p.filled([first], strange),
        };
      };
    }
  }
}

/** Policies and mappings, on many paths to the anchor. */
function* policyBombs(): Generator<Make> {
  for (const count of [60, 250, 512]) {
    yield () => {
      const oids = p.times(count, (n) => `1.2.${n}`);
      const mapping = (turn: number) =>
        b.extension(
          '2.5.29.33',
          true,
          derSequence(...oids.map((oid, n) => derSequence(derOid(oid), derOid(oids[(n + turn) % count]!)))),
        );
      const explicit = b.extension('2.5.29.36', true, derSequence(derElement(0x80, Uint8Array.of(0))));
      const top = b.issue({
        ...p.x(),
        issuer: p.root,
        serial: p.serial(1),
        extensions: p.authority(b.policies(...oids), mapping(1), explicit),
      });
      const chain = p.filled([p.leaf([], [b.policies('1.2.999.1')]), top], (n) =>
        p.crossSigned(n, [b.policies(...oids), mapping(n)]),
      );
      return { kind: 'policies × mappings × cross-signing', name: `${count} policies`, chain };
    };
  }
}

/** Extensions that hold long lists, in the leaf or in every authority. */
function* extensionBombs(): Generator<Make> {
  const lists: { readonly [name: string]: (bytes: number) => Uint8Array } = {
    extendedKeyUsage: (bytes) =>
      b.extension('2.5.29.37', false, derSequence(...p.times(bytes / 5, () => derOid('1.2.3.4')))),
    'extendedKeyUsage, short': (bytes) =>
      b.extension('2.5.29.37', false, derSequence(...p.times(bytes / 3, () => derOid('1.2')))),
    'extendedKeyUsage, long arcs': (bytes) =>
      b.extension(
        '2.5.29.37',
        false,
        derSequence(...p.times(bytes / 66, () => derElement(0x06, new Uint8Array(64).fill(0xff).fill(0x7f, 63)))),
      ),
    authorityInfoAccess: (bytes) =>
      b.extension(
        '1.3.6.1.5.5.7.1.1',
        false,
        derSequence(...p.times(bytes / 9, () => derSequence(derOid('1.2.3'), b.uri('a')))),
      ),
    cRLDistributionPoints: (bytes) =>
      b.extension(
        '2.5.29.31',
        false,
        derSequence(
          ...p.times(Math.min(256, bytes / 9), () => derSequence(derElement(0xa0, derElement(0xa0, b.uri('a'))))),
        ),
      ),
    certificatePolicies: (bytes) => b.policies(...p.times(bytes / 9, (n) => `1.2.3.${n}`)),
    'policy qualifiers': (bytes) =>
      b.extension(
        '2.5.29.32',
        false,
        derSequence(
          derSequence(
            derOid('1.2.3'),
            derSequence(...p.times(bytes / 8, () => derSequence(derOid('1.2.3'), derNull()))),
          ),
        ),
      ),
    tlsFeature: (bytes) => b.tlsFeature(...p.times(bytes / 4, (n) => 100 + (n % 30_000))),
    subjectAltName: (bytes) => b.subjectAltName(p.times(bytes / 3, () => b.dns('a'))),
    'subjectAltName with names of many attributes': (bytes) =>
      b.subjectAltName([b.directory(derSequence(...p.times(Math.min(255, bytes / 14), (n) => p.attribute(`a${n}`))))]),
    SCTs: (bytes) =>
      b.extension(
        '1.3.6.1.4.1.11129.2.4.2',
        false,
        derOctetString(p16(concat(...p.times(Math.min(30_000, bytes) / 3, () => Uint8Array.of(0, 1, 9))))),
      ),
    'extensions of unknown type': () => derSequence(),
  };
  for (const [name, make] of Object.entries(lists)) {
    if (name === 'extensions of unknown type') continue;
    for (const profile of ['default', 'rfc5280', 'webpki'] as const) {
      yield () => ({
        kind: 'extensions that are long lists',
        name: `${name} of the leaf, profile ${profile}`,
        chain: [leafWith(make(120_000)), p.crossSigned(1)],
        lists: [],
        profile,
      });
    }
    yield () => ({
      kind: 'extensions that are long lists',
      name: `${name} of authorities`,
      chain: p.filled([p.leaf()], (n) => authorityWith(n, make(8_000)), 32),
      lists: [],
    });
    yield () => ({
      kind: 'unreadable members',
      name: `${name} of authorities, cut short`,
      chain: p.filled([p.leaf()], (n) => authorityWith(n, cutShort(make(8_000))), 32),
      lists: [],
    });
  }
}

function p16(content: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(content.length >> 8, content.length & 255), content);
}

function leafWith(extension: Uint8Array): Uint8Array {
  const isNames = fromAscii('\u0006\u0003U\u001d\u0011').every(
    (byte, i) => extension[extension.indexOf(6) + i] === byte,
  );
  const names = isNames ? [] : [b.subjectAltName([b.dns(p.HOST)])];
  return b.issue({ subject: b.name(['CN', 'leaf']), pair: p.LEAF, issuer: p.x(), extensions: [...names, extension] });
}

function authorityWith(n: number, extension: Uint8Array): Uint8Array {
  return b.issue({ ...p.x(), issuer: p.x(), serial: p.serial(n), extensions: p.authority(extension) });
}

/** The last byte of the list is another: an element that does not end where it should. */
function cutShort(extension: Uint8Array): Uint8Array {
  const spoiled = extension.slice();
  const at = spoiled.length - 2;
  spoiled[at] = 0x7f;
  return spoiled;
}

/** Large in other ways. */
function* oddBombs(): Generator<Make> {
  const kind = 'names, keys and numbers without measure';
  const subjects: { readonly [name: string]: Uint8Array } = {
    'common names, webpki': derSequence(...p.times(200, (n) => p.attribute(`n${n}.example`))),
    'common names in one set, webpki': derSequence(
      derElement(0x31, ...p.times(4_000, (n) => p.attribute(`n${n}.example`).subarray(2))),
    ),
    'one long TeletexString': derSequence(p.attribute('A'.repeat(120_000), '2.5.4.3', 0x14)),
    'one long UTF8String': derSequence(p.attribute('aA '.repeat(40_000))),
    'a set of many': derSequence(derElement(0x31, ...p.times(8_000, () => p.attribute('a').subarray(2)))),
  };
  for (const [name, subject] of Object.entries(subjects)) {
    yield () => ({
      kind,
      name,
      profile: 'webpki',
      chain: [
        b.issue({
          subject,
          pair: p.LEAF,
          issuer: p.x(),
          extensions: [
            b.keyUsage('digitalSignature'),
            b.extendedKeyUsage('serverAuth'),
            b.authorityKeyIdentifier(p.AUTHORITY.spki),
            b.subjectAltName([b.dns(p.HOST), ...p.times(4_000, (n) => b.dns(`m${n}.example`))]),
          ],
        }),
        p.crossSigned(1),
      ],
    });
    yield () => ({
      kind,
      name: `${name}, of authorities`,
      chain: p.filled([p.leaf()], (n) =>
        b.issue({ ...p.x(), subject, serial: p.serial(n), extensions: p.authority() }),
      ),
    });
  }
  yield () => {
    const issuer: b.Issuer = {
      subject: derSequence(...p.times(250, (n) => p.attribute(`Part ${n} OF a Name`))),
      pair: p.AUTHORITY,
    };
    const chain = p.filled([p.leaf([], [], issuer)], (n) =>
      b.issue({ ...issuer, serial: p.serial(n), extensions: p.authority(b.subjectAltName([b.uri(`u:${n}`)])) }),
    );
    return { kind, name: 'issuers with long names', chain };
  };
  yield () => {
    const number = derInteger(new Uint8Array(120_000).fill(0xff));
    const spki = derSequence(
      derSequence(derOid('1.2.840.113549.1.1.1'), derNull()),
      derBitString(derSequence(number, number.subarray(0, 0), derInteger(3))),
    );
    return {
      kind,
      name: 'an RSA key of 960,000 bits',
      chain: [p.leaf(), b.issue({ ...p.x(), spki, extensions: p.authority() })],
    };
  };
  yield () => {
    let nested: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < 5_000; i++) nested = derSequence(nested);
    return {
      kind,
      name: 'elements in elements',
      chain: [leafWith(b.extension('2.5.29.37', false, nested)), p.crossSigned(1)],
    };
  };
  yield () => ({
    kind,
    name: 'empty elements',
    chain: p.times(2, () =>
      derSequence(derSequence(concat(...p.times(60, () => concat(...p.times(1_000, () => derSequence())))))),
    ),
  });
}
