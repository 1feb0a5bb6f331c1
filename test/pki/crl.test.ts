import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, equalBytes } from '../../src/bytes/bytes.ts';
import { DerError } from '../../src/bytes/der.ts';
import { derElement, derInteger, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { TlsError } from '../../src/errors.ts';
import { CrlStore } from '../../src/pki/revocation/crl-store.ts';
import { type Crl, findEntry, readCrl } from '../../src/pki/revocation/crl.ts';
import {
  ascii,
  certificateIssuer,
  crlEntry,
  DAY,
  damaged,
  extension,
  flag,
  idp,
  make,
  makeCrl,
  NOW,
  name,
  reason,
  uriPoint,
} from './revocation-maker.ts';

const root = make('Root');
const of = (crl: Crl, serial: number[], issuer: Uint8Array = root.certificate.subject) =>
  findEntry(crl, Uint8Array.from(serial), issuer);

describe('a list that is read', () => {
  it('tells its fields and its entries', () => {
    const crl = readCrl(
      makeCrl(root, {
        number: 7,
        entries: [crlEntry(5), crlEntry(6, reason(1))],
        extensions: [idp(uriPoint('http://a.example/1'), flag(1))],
      }),
    );
    expect(crl.version).toBe(2);
    expect(crl.thisUpdate).toBe(NOW - DAY);
    expect(crl.nextUpdate).toBe(NOW + DAY);
    expect(crl.number).toEqual(Uint8Array.of(7));
    expect(crl.issuingDistributionPoint?.only).toBe('user');
    expect(crl.entries.count).toBe(2);
    expect(crl.unusable).toBeUndefined();
    expect(of(crl, [5])).toEqual({ date: NOW - 10 * DAY, reason: 'unspecified', invalidSince: undefined });
    expect(of(crl, [6])?.reason).toBe('keyCompromise');
    expect(of(crl, [7])).toBeUndefined();
    expect(of(crl, [5], name('Other'))).toBeUndefined();
  });

  it('tells negative serial numbers from positive ones', () => {
    const crl = readCrl(makeCrl(root, { entries: [crlEntry(Uint8Array.of(0xff)), crlEntry(Uint8Array.of(0, 0x80))] }));
    expect(of(crl, [0xff])).toBeDefined();
    expect(of(crl, [0, 0xff])).toBeUndefined();
    expect(of(crl, [0, 0x80])).toBeDefined();
    expect(of(crl, [0x80])).toBeUndefined();
  });

  it('knows whose certificate an entry of an indirect list is about', () => {
    const a = name('A');
    const b = name('B');
    const entries = [crlEntry(1), crlEntry(2, certificateIssuer(a)), crlEntry(3), crlEntry(1, certificateIssuer(b))];
    const crl = readCrl(makeCrl(root, { entries, extensions: [idp(flag(4))] }));
    expect(crl.unusable).toBeUndefined();
    expect(of(crl, [1])).toBeDefined();
    expect(of(crl, [2])).toBeUndefined();
    expect(of(crl, [2], a)).toBeDefined();
    expect(of(crl, [3], a)).toBeDefined();
    expect(of(crl, [3])).toBeUndefined();
    expect(of(crl, [1], a)).toBeUndefined();
    expect(of(crl, [1], b)).toBeDefined();
    expect(readCrl(makeCrl(root, { entries })).unusable).toMatch(/indirect/);
  });

  it('is not used when something critical in it is not known', () => {
    const unknown = extension('1.2.3', Uint8Array.of(5, 0), true);
    expect(readCrl(makeCrl(root, { extensions: [unknown] })).unusable).toMatch(/1\.2\.3/);
    expect(readCrl(makeCrl(root, { entries: [crlEntry(1), crlEntry(2, unknown)] })).unusable).toMatch(/entry/);
    const harmless = extension('1.2.3', Uint8Array.of(5, 0));
    expect(
      readCrl(makeCrl(root, { extensions: [harmless], entries: [crlEntry(2, harmless)] })).unusable,
    ).toBeUndefined();
  });

  it('lets the worse of two entries count', () => {
    const delta = extension('2.5.29.27', derInteger(1), true);
    const crl = readCrl(
      makeCrl(root, {
        number: 2,
        extensions: [delta],
        entries: [crlEntry(1, reason(8)), crlEntry(1, reason(1)), crlEntry(1, reason(8))],
      }),
    );
    expect(of(crl, [1])?.reason).toBe('keyCompromise');
  });
});

describe('a list that is refused', () => {
  const entry = (...fields: readonly Uint8Array[]) => ({ entries: [derSequence(...fields)] });
  const utc = (text: string) => derElement(0x17, ascii(text));
  const faults: { readonly [what: string]: Parameters<typeof makeCrl>[1] } = {
    'another algorithm inside': { innerAlgorithm: derSequence(derOid('1.2.840.10045.4.3.3')) },
    'an issuer without a name': { issuerName: derSequence() },
    'an extension twice': { extensions: [extension('2.5.29.20', derInteger(2))] },
    'a critical number': { number: null, extensions: [extension('2.5.29.20', derInteger(2), true)] },
    'a negative number': { number: null, extensions: [extension('2.5.29.20', Uint8Array.of(2, 1, 0xff))] },
    'an issuing distribution point that says nothing': { extensions: [idp()] },
    'user and authority certificates only': { extensions: [idp(flag(1), flag(2))] },
    'a default written out': { extensions: [idp(derElement(0x81, Uint8Array.of(0)))] },
    'removeFromCRL in a complete list': { entries: [crlEntry(1, reason(8))] },
    'reason 7': { entries: [crlEntry(1, reason(7))] },
    'reason 11': { entries: [crlEntry(1, reason(11))] },
    'a reason twice': { entries: [crlEntry(1, reason(1), reason(1))] },
    'no date': entry(derInteger(1)),
    'a date without seconds': entry(derInteger(1), utc('2601010000Z')),
    'a thirteenth month': entry(derInteger(1), utc('261301000000Z')),
    'a thirtieth of February': entry(derInteger(1), utc('260230000000Z')),
    'an hour 24': entry(derInteger(1), utc('260101240000Z')),
    'bytes behind an entry': entry(derInteger(1), utc('260101000000Z'), derSequence(reason(1)), derInteger(1)),
    'empty entry extensions': entry(derInteger(1), utc('260101000000Z'), derSequence()),
    'a padded serial number': entry(derElement(0x02, Uint8Array.of(0, 1)), utc('260101000000Z')),
    'an empty serial number': entry(derElement(0x02), utc('260101000000Z')),
    'an entry extension that is critical: false': entry(
      derInteger(1),
      utc('260101000000Z'),
      derSequence(derSequence(derOid('1.2.3'), derElement(0x01, Uint8Array.of(0)), derElement(0x04))),
    ),
  };
  for (const [what, options] of Object.entries(faults)) {
    it(what, () => expect(() => readCrl(makeCrl(root, options))).toThrow(DerError));
  }

  it('takes what the faults above only bend', () => {
    expect(() => readCrl(makeCrl(root, entry(derInteger(1), utc('240229235959Z'))))).not.toThrow();
  });

  it('throws nothing but DerError when it is cut short anywhere', () => {
    const der = makeCrl(root, {
      entries: [crlEntry(1, reason(1)), crlEntry(2, certificateIssuer(name('A')))],
      extensions: [idp(flag(4))],
    });
    for (let length = 0; length < der.length; length++)
      expect(() => readCrl(der.subarray(0, length))).toThrow(DerError);
    expect(() => readCrl(concat(der, Uint8Array.of(0)))).toThrow(DerError);
  });

  it('throws nothing but DerError whatever byte is changed', () => {
    const der = makeCrl(root, {
      entries: [crlEntry(1, reason(1)), crlEntry(2, certificateIssuer(name('A')))],
      extensions: [idp(flag(4), uriPoint('http://a.example/'))],
    });
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        try {
          const crl = readCrl(damaged(der, at, by));
          findEntry(crl, Uint8Array.of(1), name('A'));
        } catch (error) {
          if (!(error instanceof DerError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a list of 100,000 entries', () => {
  it('is read and looked through', () => {
    const count = 100_000;
    const size = crlEntry(Uint8Array.of(1, 2, 3, 4), reason(1)).length;
    const entries = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) entries.set(crlEntry(serial(i), i % 2 === 0 ? reason(1) : reason(4)), i * size);
    const crl = readCrl(makeCrl(root, { entries: [entries] }));
    expect(crl.entries.count).toBe(count);
    for (const i of [0, 1, 50_000, count - 1]) {
      expect(findEntry(crl, serial(i), root.certificate.subject)?.reason).toBe(
        i % 2 === 0 ? 'keyCompromise' : 'superseded',
      );
    }
    for (const i of [count, count + 1, 2 ** 23])
      expect(findEntry(crl, serial(i), root.certificate.subject)).toBeUndefined();
  });

  /** Four bytes, the first of them 1. */
  function serial(i: number): Uint8Array {
    return Uint8Array.of(1, i >> 16, (i >> 8) & 255, i & 255);
  }
});

describe('a store of lists', () => {
  it('takes DER and PEM, keeps one of each, and puts others in their place', () => {
    const first = makeCrl(root);
    const second = makeCrl(root, { number: 2 });
    const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(second).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`;
    const store = new CrlStore(first);
    store.add([first, pem]);
    expect(store.lists.map(({ der }) => equalBytes(der, first))).toEqual([true, false]);
    store.replace(pem);
    expect(store.lists.length).toBe(1);
    expect(() => store.replace(Uint8Array.of(0x30, 0))).toThrow(TlsError);
    expect(store.lists.length).toBe(1);
  });
});
