import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { toAsciiLabels } from '../../src/pki/x509/idna.ts';
import { ipText, parseIp } from '../../src/pki/x509/ip.ts';
import {
  compareDns,
  isHostName,
  isReferenceName,
  matchDistinguishedNames,
  matchesReference,
  parseReference,
  presentedLabels,
  sameName,
} from '../../src/pki/x509/names.ts';

/** Is the first name below the second? */
const inSubtree = (a: Uint8Array, b: Uint8Array) => matchDistinguishedNames(a, b, 'subtree');

/** Whom a certificate is for (RFC 9525), and when two distinguished names are the same (RFC 5280 section 7.1). */

const letters = 'abcdefghijklmnopqrstuvwxyz';
const label = fc
  .tuple(fc.constantFrom(...letters), fc.string({ unit: fc.constantFrom(...letters, ...'0123456789-'), maxLength: 8 }))
  .map(([first, rest]) => `${first}${rest.replace(/-$/, 'x')}`);
const host = fc.array(label, { minLength: 2, maxLength: 5 });
const cased = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((c, i) => (upper[i] ? c.toUpperCase() : c)).join(''));

describe('names of hosts', () => {
  it('are compared without case, with a dot at the end of what was asked for or without', () => {
    fc.assert(
      fc.property(
        host.chain((labels) => fc.tuple(fc.constant(labels.join('.')), cased(labels.join('.')))),
        ([name, other]) => {
          expect(compareDns(other, name)).toBe('match');
          expect(compareDns(name, `${other}.`)).toBe('match');
          expect(compareDns(`${name}.`, name)).toBe('malformed');
        },
      ),
    );
  });

  it('a wildcard stands for exactly one label, the leftmost', () => {
    fc.assert(
      fc.property(host, label, label, (base, one, two) => {
        const name = base.join('.');
        expect(compareDns(`*.${name}`, `${one}.${name}`)).toBe('match');
        expect(compareDns(`*.${name}`, `${two}.${one}.${name}`)).toBe('no-match');
        expect(compareDns(`*.${name}`, name)).toBe('no-match');
        for (const bad of [`${one}*.${name}`, `*${one}.${name}`, `${one}.*.${name}`, `*.*.${name}`, `*${name}`])
          expect(compareDns(bad, `${one}.${name}`)).toBe('malformed');
      }),
    );
  });

  it('has at least two labels behind it', () => {
    expect(compareDns('*', 'a')).toBe('malformed');
    expect(compareDns('*.com', 'a.com')).toBe('malformed');
    expect(compareDns('*.example.com', 'a.example.com')).toBe('match');
  });

  it('different names never match', () => {
    fc.assert(
      fc.property(host, host, (a, b) => {
        fc.pre(a.join('.') !== b.join('.'));
        expect(compareDns(a.join('.'), b.join('.'))).toBe('no-match');
      }),
    );
  });

  it('whatever a certificate says, the answer is one of three, and a match is one label by label', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'aB1.*-_ \u0000é@/:[]'), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(odd, fc.string({ unit: 'binary' })), host, (presented, asked) => {
        const answer = compareDns(presented, asked);
        expect(['match', 'no-match', 'malformed']).toContain(answer);
        if (answer !== 'match') return;
        const [first, ...rest] = presented.toLowerCase().split('.');
        expect(rest).toEqual(asked.slice(1));
        expect(['*', asked[0]]).toContain(first);
      }),
    );
  });

  it('have labels of 1 to 63 characters, 253 in all, and do not end like an address', () => {
    const long = 'a'.repeat(63);
    expect(isHostName([long, 'b'])).toBe(true);
    expect(isHostName([`${long}a`, 'b'])).toBe(false);
    expect(isHostName([long, long, long, 'a'.repeat(61)])).toBe(true);
    expect(isHostName([long, long, long, 'a'.repeat(62)])).toBe(false);
    for (const bad of ['', '.', 'a..b', '.a', '-a.b', '1.2.3', '1.2.3.4.5', '256.1.1.1', 'a b', 'a\u0000.b', '*.a.b'])
      expect(isReferenceName(bad), bad).toBe(false);
    for (const bad of ['', '.', 'a..b', '.a.b', 'a.b.', '-a.b', '1.2.3.4', 'a b.c', 'é.b']) {
      expect(presentedLabels(bad), bad).toBeUndefined();
    }
  });

  it('of people’s languages become what browsers make of them, or nothing', () => {
    const scripts = [
      [0xdf, 0x17f],
      [0x391, 0x3c9],
      [0x410, 0x44f],
      [0x5d0, 0x5ea],
      [0x904, 0x939],
      [0xe01, 0xe2e],
      [0x3041, 0x3096],
      [0x4e00, 0x4fff],
      [0xac00, 0xadff],
    ] as const;
    const character = fc.oneof(
      ...scripts.map(([from, to]) => fc.integer({ min: from, max: to }).map((code) => String.fromCodePoint(code))),
      fc.constantFrom(...'aZ09-'),
    );
    let answered = 0;
    fc.assert(
      fc.property(fc.string({ unit: character, minLength: 1, maxLength: 10 }), (text) => {
        const browsers = domainToASCII(`${text}.example`);
        const ours = toAsciiLabels(`${text}.example`);
        if (ours === undefined || browsers === '') return;
        answered++;
        expect(ours.join('.')).toBe(browsers);
      }),
      { numRuns: 1000 },
    );
    expect(answered).toBeGreaterThan(200);
  });

  it('in two spellings are one name', () => {
    for (const [a, b] of [
      ['bücher.example', 'xn--bcher-kva.example'],
      ['BÜCHER.example', 'xn--bcher-kva.example'],
      ['faß.example', 'xn--fa-hia.example'],
      ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
    ] as const) {
      expect(compareDns(b, a)).toBe('match');
    }
  });
});

describe('addresses', () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  );

  it('survive being written and read', () => {
    fc.assert(
      fc.property(address, (bytes) => {
        const text = ipText(bytes);
        expect(parseIp(text)).toEqual(bytes);
        if (bytes.length === 4) return;
        expect(parseIp(`[${text}]`)).toEqual(bytes);
        // As browsers write it, but for the old form with a part in decimals.
        expect(text).toBe(new URL(`http://[${text}]/`).hostname.slice(1, -1));
      }),
    );
  });

  it('match their bytes alone, and no dNSName', () => {
    fc.assert(
      fc.property(address, address, (a, b) => {
        const reference = parseReference(ipText(a))!;
        expect(reference.kind).toBe('ip');
        expect(matchesReference([{ kind: 'ip', bytes: a }], reference)).toBe(true);
        expect(matchesReference([{ kind: 'ip', bytes: b }], reference)).toBe(Buffer.compare(a, b) === 0);
        expect(matchesReference([{ kind: 'dns', text: ipText(a) }], reference)).toBe(false);
      }),
    );
  });

  it('are written in one way only', () => {
    for (const bad of [
      '1.2.3',
      '01.2.3.4',
      '0x1.2.3.4',
      '1.2.3.4.',
      ' 1.2.3.4',
      '::1::',
      '1:2:3:4:5:6:7',
      ':1',
      '1:2:3:4:5:6:7:8:9',
      '::12345',
      '::1%0',
    ])
      expect(parseIp(bad), bad).toBeUndefined();
  });
});

// ---- Distinguished names ----

interface Part {
  readonly oid: string;
  readonly text: string;
}

const TYPES = { utf8: 0x0c, printable: 0x13, ia5: 0x16, universal: 0x1c, bmp: 0x1e } as const;
type Type = keyof typeof TYPES;

function encode(text: string, type: Type): Uint8Array {
  const wide = (size: number): Uint8Array =>
    concat(
      ...[...text].map((c) =>
        Uint8Array.from({ length: size }, (_, i) => (c.codePointAt(0)! >> (8 * (size - 1 - i))) & 255),
      ),
    );
  const bytes = type === 'bmp' ? wide(2) : type === 'universal' ? wide(4) : new TextEncoder().encode(text);
  return derElement(TYPES[type], bytes);
}

function rdn(parts: readonly Uint8Array[]): Uint8Array {
  // DER: the elements of a SET OF are in order.
  return derElement(0x31, concat(...[...parts].sort(Buffer.compare)));
}

function name(
  rdns: readonly (readonly Part[])[],
  spell: (text: string) => string = (text) => text,
  type: Type = 'utf8',
): Uint8Array {
  return derSequence(
    ...rdns.map((parts) => rdn(parts.map(({ oid, text }) => derSequence(derOid(oid), encode(spell(text), type))))),
  );
}

const oid = fc.constantFrom('2.5.4.3', '2.5.4.10', '2.5.4.11', '2.5.4.6');
const text = fc
  .array(fc.string({ unit: fc.constantFrom(...'abcXYZ019'), minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((words) => words.join(' '));
const part = fc.record({ oid, text });
const distinguished = fc.array(fc.uniqueArray(part, { minLength: 1, maxLength: 3, selector: ({ oid }) => oid }), {
  minLength: 1,
  maxLength: 4,
});
const type = fc.constantFrom(...(Object.keys(TYPES) as Type[]));

describe('distinguished names', () => {
  it('are the same whatever the case, the spaces and the type of their strings', () => {
    fc.assert(
      fc.property(distinguished, type, type, (rdns, left, right) => {
        const shouted = (words: string) => `  ${words.toUpperCase().replaceAll(' ', '   ')} `;
        const a = name(rdns, undefined, left);
        const b = name(rdns, shouted, right);
        expect(sameName(a, b)).toBe(true);
        expect(sameName(b, a)).toBe(true);
        expect(matchDistinguishedNames(a, b)).toBe(true);
      }),
    );
  });

  it('differ in a word, in a type of attribute, in the order and in the number of their parts', () => {
    fc.assert(
      fc.property(distinguished, fc.nat(), part, (rdns, at, more) => {
        const a = name(rdns);
        const change = (edit: (parts: readonly Part[]) => readonly Part[]): Uint8Array =>
          name(rdns.map((parts, i) => (i === at % rdns.length ? edit(parts) : parts)));
        expect(
          sameName(
            a,
            change(([first, ...rest]) => [{ ...first!, text: `${first!.text}q` }, ...rest]),
          ),
        ).toBe(false);
        expect(
          sameName(
            a,
            change(([first, ...rest]) => [{ ...first!, oid: '2.5.4.5' }, ...rest]),
          ),
        ).toBe(false);
        expect(sameName(a, name([...rdns, [more]]))).toBe(false);
        expect(sameName(a, name(rdns.slice(1)))).toBe(false);
        const flat = rdns.flat();
        // The parts of one RDN are not those of several.
        if (rdns.length > 1) expect(sameName(a, name([flat]))).toBe(false);
      }),
    );
  });

  it('only ASCII is folded: no locale, no other script, no ignorable character', () => {
    for (const [a, b] of [
      ['good ca', 'good\u0000 ca'],
      ['good', 'go\u00adod'],
      ['é', 'É'],
      ['i', 'İ'],
      ['ss', 'ß'],
      ['k', '\u212a'],
    ] as const) {
      expect(sameName(name([[{ oid: '2.5.4.3', text: a }]]), name([[{ oid: '2.5.4.3', text: b }]])), a).toBe(false);
    }
  });

  it('a name lies in the subtrees of all that it begins with', () => {
    fc.assert(
      fc.property(distinguished, distinguished, fc.nat({ max: 4 }), (rdns, others, count) => {
        const a = name(rdns);
        expect(inSubtree(a, name(rdns.slice(0, count)))).toBe(true);
        expect(inSubtree(name([...rdns, ...others]), a)).toBe(true);
        expect(inSubtree(a, name([...rdns, ...others]))).toBe(false);
        expect(inSubtree(a, name(others)) && inSubtree(name(others), a)).toBe(sameName(a, name(others)));
      }),
    );
  });

  it('what is no name is like nothing, not even itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), distinguished, (bytes, rdns) => {
        expect(matchDistinguishedNames(bytes, name(rdns))).toBe(false);
        const broken = name(rdns).slice(0, -1);
        expect(matchDistinguishedNames(broken, broken)).toBe(false);
        expect(matchDistinguishedNames(broken, broken, 'subtree')).toBe(false);
      }),
    );
  });
});
