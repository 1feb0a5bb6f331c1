import { describe, expect, it } from 'vitest';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import type { Verdict } from '../../src/handshake/peer.ts';
import {
  basicConstraints,
  type Certificate,
  certificateVerifier,
  extendedKeyUsage,
  keyUsage,
  readCertificates,
  revocationChecker,
  subjectAltNames,
  tlsFeatures,
} from '../../src/pki/index.ts';
import { noble } from '../support/credentials.ts';
import {
  ascii,
  caExtensions,
  crldp,
  extension,
  type Made,
  make,
  namedBits,
  NOW,
  uriPoint,
} from './revocation-maker.ts';

/** An extension that cannot be read, in each place where there can be one: a verdict, and never anything thrown. */

const GOOD: { readonly [oid: string]: Uint8Array } = {
  '2.5.29.14': derElement(4, Uint8Array.of(1, 2, 3)),
  '2.5.29.15': namedBits(0x86),
  '2.5.29.17': derSequence(derElement(0x82, ascii('server.example'))),
  '2.5.29.19': derSequence(derElement(0x01, Uint8Array.of(0xff))),
  '2.5.29.30': derSequence(derElement(0xa0, derSequence(derElement(0x82, ascii('server.example'))))),
  '2.5.29.31': derSequence(
    derSequence(derElement(0xa0, derElement(0xa0, derElement(0x86, ascii('http://a.example/'))))),
  ),
  '2.5.29.32': derSequence(derSequence(derOid('1.2.3.4'))),
  '2.5.29.33': derSequence(derSequence(derOid('1.2.3.4'), derOid('1.2.3.5'))),
  '2.5.29.35': derSequence(derElement(0x80, Uint8Array.of(1, 2, 3))),
  '2.5.29.36': derSequence(derElement(0x80, Uint8Array.of(1))),
  '2.5.29.37': derSequence(derOid('1.3.6.1.5.5.7.3.1')),
  '2.5.29.54': derElement(2, Uint8Array.of(1)),
  '1.3.6.1.5.5.7.1.1': derSequence(
    derSequence(derOid('1.3.6.1.5.5.7.48.2'), derElement(0x86, ascii('http://a.example/'))),
  ),
  '1.3.6.1.5.5.7.1.24': derSequence(derElement(2, Uint8Array.of(5))),
  '1.3.6.1.4.1.11129.2.4.2': derElement(4, Uint8Array.of(0, 0)),
};
const BROKEN: readonly (readonly [string, (good: Uint8Array) => Uint8Array])[] = [
  ['nothing', () => new Uint8Array(0)],
  ['a boolean', () => derElement(1, Uint8Array.of(0xff))],
  ['an empty list', () => derSequence()],
  ['a list of booleans', () => derSequence(derElement(1, Uint8Array.of(0xff)))],
  ['a list of lists of booleans', () => derSequence(derSequence(derElement(1, Uint8Array.of(0xff))))],
  ['an element without content', (good) => derElement(good[0]!, new Uint8Array(0))],
  ['a bit string without its first byte', () => derElement(3, new Uint8Array(0))],
  ['its last byte missing', (good) => good.subarray(0, -1)],
  ['a byte behind it', (good) => Uint8Array.from([...good, 0])],
  ['its first tag another', (good) => good.with(0, good[0]! ^ 1)],
  ['its second tag another', (good) => (good.length > 2 ? good.with(2, good[2]! ^ 3) : good.with(0, 0))],
  ['its length indefinite', (good) => good.with(1, 0x80)],
];
/** No value of these kinds can be right for any of them. */
const UNREADABLE = ['nothing', 'a boolean', 'its length indefinite', 'a byte behind it'];
const WHERE = ['leaf', 'authority', 'anchor', 'authority that is not needed'] as const;

const base = (ca: boolean, oid: string): Uint8Array[] =>
  [
    ...(ca
      ? caExtensions()
      : [
          extension('2.5.29.17', GOOD['2.5.29.17']!),
          extension('2.5.29.37', GOOD['2.5.29.37']!),
          crldp([uriPoint('http://crl.example/1')]),
        ]),
  ].filter((der) => !includes(der, derOid(oid)));

function includes(der: Uint8Array, part: Uint8Array): boolean {
  return der.some((_, at) => part.every((byte, i) => der[at + i] === byte));
}

const plainRoot = make('root');
const plainMiddle = make('middle', { issuer: plainRoot, serial: 2 });

/** A chain in which this extension of one certificate is this. */
function chainWith(where: (typeof WHERE)[number], oid: string, value: Uint8Array): { root: Made; chain: Uint8Array[] } {
  const broken = (ca: boolean, critical: boolean): Uint8Array[] => [...base(ca, oid), extension(oid, value, critical)];
  const root = where === 'anchor' ? make('root', { key: plainRoot.key, extensions: broken(true, false) }) : plainRoot;
  const middle =
    where === 'authority'
      ? make('middle', { key: plainMiddle.key, issuer: root, serial: 2, extensions: broken(true, false) })
      : plainMiddle;
  const leaf = make('leaf', {
    key: plainRoot.key,
    issuer: middle,
    serial: 3,
    extensions: where === 'leaf' ? broken(false, false) : base(false, '0.0'),
  });
  const more =
    where === 'authority that is not needed'
      ? [make('middle', { key: plainMiddle.key, issuer: root, serial: 4, extensions: broken(true, false) })]
      : [];
  const others = where === 'authority that is not needed' ? [...more, middle] : [middle];
  return { root, chain: [leaf, ...others].map(({ certificate }) => certificate.der) };
}

describe.each(WHERE)('in the %s', (where) => {
  it.each(Object.keys(GOOD))('%s', async (oid) => {
    for (const [what, change] of BROKEN) {
      const { root, chain } = chainWith(where, oid, change(GOOD[oid]!));
      for (const profile of ['default', 'rfc5280', 'webpki'] as const)
        for (const explicitPurpose of ['none', 'path'] as const) {
          const verifier = certificateVerifier({
            anchors: [root.certificate.der],
            signatures: noble.verifier,
            profile,
            explicitPurpose,
            revocation: revocationChecker({ hash: noble.hash, whenMissing: 'accept' }),
            fetchIssuers: async () => undefined,
          });
          let verdict: Verdict | undefined;
          try {
            verdict = await verifier.verify({
              role: 'client',
              chain,
              serverName: 'server.example',
              ocspResponses: chain.map(() => undefined),
              sctLists: chain.map(() => undefined),
              certificateSchemes: [],
              keyUse: 'digitalSignature',
              now: NOW,
            });
          } catch (error) {
            throw new Error(`${what}, ${profile}, purpose: ${explicitPurpose}`, { cause: error });
          }
          // Of what is broken only the leaf and its path count.
          if (where === 'authority that is not needed' && explicitPurpose === 'none' && profile === 'default')
            expect(verdict.ok, `${what}: ${verdict.ok ? '' : JSON.stringify(verdict.failure)}`).toBe(true);
          if ((where === 'leaf' || where === 'authority') && isUnreadable(oid, what))
            expect(verdict.ok, what).toBe(false);
        }
    }
  });
});

describe('the readers for a program', () => {
  const readers: { readonly [oid: string]: (certificate: Certificate) => unknown } = {
    '2.5.29.15': keyUsage,
    '2.5.29.17': subjectAltNames,
    '2.5.29.19': basicConstraints,
    '2.5.29.37': extendedKeyUsage,
    '1.3.6.1.5.5.7.1.24': tlsFeatures,
  };

  it.each(Object.entries(readers))('%s', (oid, read) => {
    const refused: string[] = [];
    for (const [what, change] of BROKEN) {
      const [certificate] = readCertificates([chainWith('leaf', oid, change(GOOD[oid]!)).chain[0]!]);
      try {
        read(certificate!);
      } catch (error) {
        expect(error, what).toMatchObject({ name: 'TlsError', code: 'ERR_KEY' });
        refused.push(what);
      }
    }
    expect(refused).toEqual(expect.arrayContaining(UNREADABLE));
  });
});

function isUnreadable(oid: string, what: string): boolean {
  return UNREADABLE.includes(what) && !IGNORED.includes(oid);
}

/** Looked at by those who ask for transparency only. */
const IGNORED: readonly string[] = ['1.3.6.1.4.1.11129.2.4.2'];
