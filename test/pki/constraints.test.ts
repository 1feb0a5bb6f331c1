import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { type Certificate, OID_SUBJECT_ALT_NAME } from '../../src/pki/x509/certificate.ts';
import { checkNameConstraints, compareDnsConstraint, compareIpConstraint } from '../../src/pki/path/constraints.ts';
import type { GeneralName } from '../../src/pki/x509/general-name.ts';
import { ipText } from '../../src/pki/x509/ip.ts';
import { Work } from '../../src/pki/x509/work.ts';

/** Name constraints (RFC 5280 section 4.2.1.10) against simple models of what they say. */

const label = fc.constantFrom('a', 'b', 'c', 'example', 'com');
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const text = (value: string, tag: number): Uint8Array => derElement(tag, new TextEncoder().encode(value));
const cn = (value: string): Uint8Array => derElement(0x31, derSequence(derOid('2.5.4.3'), text(value, 0x0c)));
const EMPTY = derSequence();

/** As much of a certificate as constraints look at. */
function certificate(names: readonly GeneralName[], subject: Uint8Array = EMPTY): Certificate {
  const value = new Uint8Array(0);
  const extension = { oid: OID_SUBJECT_ALT_NAME, critical: false, value };
  const extensions = new Map(names.length > 0 ? [[OID_SUBJECT_ALT_NAME, extension]] : []);
  const read = new Map([[OID_SUBJECT_ALT_NAME, { value: names, error: undefined }]]);
  return { subject, extensions, read } as unknown as Certificate;
}

interface Limits {
  readonly permitted?: readonly GeneralName[];
  readonly excluded?: readonly GeneralName[];
}

function codeOf(
  names: readonly GeneralName[],
  { permitted = [], excluded = [] }: Limits,
  subject?: Uint8Array,
): string {
  return checkNameConstraints(certificate(names, subject), { permitted, excluded })?.code ?? 'accepted';
}

const dns = (value: string): GeneralName => ({ kind: 'dns', text: value });
const email = (value: string): GeneralName => ({ kind: 'email', text: value });
const uri = (value: string): GeneralName => ({ kind: 'uri', text: value });
const REFUSED = 'CERT_NAME_CONSTRAINT';

describe('constraints of dNSName', () => {
  const isBelow = (name: string, base: string) => name === base || name.endsWith(`.${base}`);

  it('permit what ends with the labels of the constraint, in any case', () => {
    fc.assert(
      fc.property(host, host, fc.boolean(), (name, base, shout) => {
        const presented = shout ? name.toUpperCase() : name;
        const constraint = shout ? base : base.toUpperCase();
        expect(compareDnsConstraint(presented, constraint)).toBe(isBelow(name, base) ? 'match' : 'no-match');
        expect(compareDnsConstraint(presented, `.${constraint}`)).toBe(
          name.endsWith(`.${base}`) ? 'match' : 'no-match',
        );
        expect(compareDnsConstraint(presented, '')).toBe('match');
      }),
    );
  });

  it('permit a wildcard only with all that it stands for, and exclude it with any', () => {
    fc.assert(
      fc.property(host, host, fc.boolean(), (rest, base, dot) => {
        fc.pre(rest.includes('.'));
        const constraint = dot ? `.${base}` : base;
        const instances = ['a', 'b', 'c', 'example', 'com', 'other'].map((first) => `${first}.${rest}`);
        const inside = instances.filter((name) => compareDnsConstraint(name, constraint) === 'match');
        const permitted = compareDnsConstraint(`*.${rest}`, constraint, 'permitted');
        const excluded = compareDnsConstraint(`*.${rest}`, constraint, 'excluded');
        if (permitted === 'match') expect(inside).toEqual(instances);
        if (inside.length > 0) expect(excluded).toBe('match');
        else expect(excluded).toBe('no-match');
      }),
    );
  });

  it('exclude a wildcard beside them only when it can stand for what they name', () => {
    expect(compareDnsConstraint('*.b.a', 'c.b.a', 'excluded')).toBe('match');
    expect(compareDnsConstraint('*.b.a', 'b.a', 'excluded')).toBe('match');
    expect(compareDnsConstraint('*.b.a', '.b.a', 'excluded')).toBe('match');
    expect(compareDnsConstraint('*.b.a', '.c.b.a', 'excluded')).toBe('no-match');
    expect(compareDnsConstraint('*.b.a', 'd.c.b.a', 'excluded')).toBe('no-match');
    expect(compareDnsConstraint('*.b.a', 'c.b.a', 'permitted')).toBe('no-match');
    expect(compareDnsConstraint('*.b.a', '.b.a', 'permitted')).toBe('match');
  });

  it('what is no name is malformed, on either side', () => {
    for (const bad of ['a..b', ' a', '-a.b', 'a.b.', '1.2.3.4', 'a\u0000.b', '*', '*.', '*.*.a'])
      expect(compareDnsConstraint(bad, 'a'), bad).toBe('malformed');
    for (const bad of ['a..b', '*.a', '.', '..a', 'a.', 'a b', '1.2.3.4'])
      expect(compareDnsConstraint('x.a', bad), bad).toBe('malformed');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(['match', 'no-match', 'malformed']).toContain(compareDnsConstraint(a, b));
      }),
    );
  });
});

describe('constraints of iPAddress', () => {
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const sized = fc.constantFrom(4, 16).chain((size) =>
    fc.record({
      a: fc.uint8Array({ minLength: size, maxLength: size }),
      b: fc.uint8Array({ minLength: size, maxLength: size }),
      bits: fc.nat({ max: size * 8 }),
      keep: fc.nat({ max: size * 8 }),
    }),
  );
  const mask = (size: number, bits: number) =>
    Uint8Array.from({ length: size }, (_, i) => 0xff & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))));

  it('compare the bits of the mask, in bytes and in text', () => {
    fc.assert(
      fc.property(sized, ({ a, b, bits, keep }) => {
        const size = a.length;
        // Often alike in front.
        const near = mask(size, keep).map((byte, i) => (a[i]! & byte) | (b[i]! & ~byte));
        const shift = BigInt(size * 8 - bits);
        const answer = number(a) >> shift === number(near) >> shift ? 'match' : 'no-match';
        const ones = mask(size, bits);
        expect(compareIpConstraint(a, near, ones)).toBe(answer);
        expect(compareIpConstraint(ipText(a), ipText(near), ipText(ones))).toBe(answer);
      }),
    );
  });

  it('never mix the versions, and have masks without holes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat({ max: 32 }), (four, bits) => {
        const mapped = concat(new Uint8Array(10), Uint8Array.of(255, 255), four);
        expect(compareIpConstraint(mapped, four, mask(4, bits))).toBe('no-match');
        expect(compareIpConstraint(four, mapped, mask(16, bits))).toBe('no-match');
        expect(compareIpConstraint(four, four, mask(16, bits))).toBe('malformed');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (holes) => {
        fc.pre(!/^1*0*$/.test([...holes].map((byte) => byte.toString(2).padStart(8, '0')).join('')));
        expect(compareIpConstraint(holes, holes, holes)).toBe('malformed');
      }),
    );
  });
});

describe('constraints of mailboxes and URIs', () => {
  it('compare hosts without case, and local parts with it', () => {
    expect(codeOf([email('Me@EXAMPLE.com')], { permitted: [email('Me@example.COM')] })).toBe('accepted');
    expect(codeOf([email('me@example.com')], { permitted: [email('Me@example.com')] })).toBe(REFUSED);
    expect(codeOf([email('"me"@example.com')], { permitted: [email('me@example.com')] })).toBe('accepted');
    expect(codeOf([email('me@sub.example.com')], { permitted: [email('example.com')] })).toBe(REFUSED);
    expect(codeOf([email('me@sub.example.com')], { permitted: [email('.example.com')] })).toBe('accepted');
    expect(codeOf([email('me@example.com')], { permitted: [email('.example.com')] })).toBe(REFUSED);
    expect(codeOf([email('me@example.com')], { excluded: [email('')] })).toBe(REFUSED);
  });

  it('a URI without a host, or with an address, is in no list that can be held', () => {
    const limits = { permitted: [uri('example.com')] };
    expect(codeOf([uri('https://me@example.com:8443/x?y#z')], limits)).toBe('accepted');
    for (const bad of [
      'https://1.2.3.4/',
      'https://[::1]/',
      'urn:a:b',
      'mailto:a@example.com',
      'https:///x',
      'example.com',
    ])
      expect(codeOf([uri(bad)], limits), bad).toBe(REFUSED);
    expect(codeOf([uri('https://example.com.other/')], limits)).toBe(REFUSED);
    expect(codeOf([uri('https://example.com@other/')], limits)).toBe(REFUSED);
  });

  it('a mailbox in the subject counts, a common name never', () => {
    const subject = derSequence(
      cn('other.example'),
      derElement(0x31, derSequence(derOid('1.2.840.113549.1.9.1'), text('me@other.example', 0x16))),
    );
    expect(codeOf([], { permitted: [dns('example.com')] }, subject)).toBe('accepted');
    expect(codeOf([], { permitted: [email('example.com')] }, subject)).toBe(REFUSED);
    expect(codeOf([], { excluded: [email('other.example')] }, subject)).toBe(REFUSED);
  });

  it('what is not even a word does not pass beside limits of any kind', () => {
    for (const bad of [email('this @ is invalid'), dns('this is invalid'), dns('a.example\u0000.b.example')]) {
      expect(codeOf([bad], { excluded: [uri('')] })).toBe(REFUSED);
    }
  });

  it('bind names of their own form: an odd one is refused only beside limits of its form', () => {
    const odd = [dns('a..b'), dns('*.*.b'), dns('1.2.3.4'), dns('x.b.'), email('me'), email('me@b..c'), uri('urn:a')];
    const others: GeneralName = { kind: 'ip', bytes: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0) };
    for (const one of odd) {
      expect(codeOf([one], { permitted: [others], excluded: [others] })).toBe('accepted');
      const own: GeneralName = { kind: one.kind as 'dns' | 'email' | 'uri', text: 'b.example' };
      expect(codeOf([one], { excluded: [own] })).toBe(REFUSED);
      expect(codeOf([one], { permitted: [own] })).toBe(REFUSED);
    }
  });

  it('a wildcard of one label and an address in a mailbox are names', () => {
    expect(codeOf([dns('*.lan'), dns('a.lan')], { permitted: [dns('lan')] })).toBe('accepted');
    expect(codeOf([dns('*.lan')], { permitted: [dns('other')] })).toBe(REFUSED);
    expect(codeOf([dns('*.lan')], { excluded: [dns('a.lan')] })).toBe(REFUSED);
    expect(codeOf([dns('*.lan')], { excluded: [dns('other')] })).toBe('accepted');
    expect(codeOf([email('me@[10.0.0.1]')], { excluded: [email('example.com')] })).toBe('accepted');
    expect(codeOf([email('me@[10.0.0.1]')], { permitted: [email('example.com')] })).toBe(REFUSED);
    expect(codeOf([email('me@[IPv6:FE80::1]')], { permitted: [email('me@[IPv6:fe80::1]')] })).toBe('accepted');
  });
});

describe('constraints together', () => {
  const bytes = (size: number) =>
    fc.array(fc.constantFrom(0, 1, 255), { minLength: size, maxLength: size }).map((list) => Uint8Array.from(list));
  const presented: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    host.map((name) => email(`me@${name}`)),
    host.map((name) => uri(`https://${name}/`)),
    bytes(4).map((address): GeneralName => ({ kind: 'ip', bytes: address })),
    label.map((name): GeneralName => ({ kind: 'directory', name: derSequence(cn(name)) })),
  );
  const base: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    host.map(email),
    host.map(uri),
    fc.tuple(bytes(4), fc.constantFrom(0, 8, 32)).map(
      ([address, bits]): GeneralName => ({
        kind: 'ip',
        bytes: concat(
          address,
          Uint8Array.from({ length: 4 }, (_, i) => (8 * i < bits ? 255 : 0)),
        ),
      }),
    ),
    label.map((name): GeneralName => ({ kind: 'directory', name: derSequence(cn(name)) })),
  );
  const names = fc.array(presented, { maxLength: 4 });
  const bases = fc.array(base, { maxLength: 4 });

  it('more that is excluded never lets in more, and the order does not matter', () => {
    fc.assert(
      fc.property(names, bases, bases, base, (list, permitted, excluded, more) => {
        const before = codeOf(list, { permitted, excluded });
        const after = codeOf(list, { permitted, excluded: [...excluded, more] });
        if (after === 'accepted') expect(before).toBe('accepted');
        const turned = { permitted: [...permitted].reverse(), excluded: [...excluded].reverse() };
        expect(codeOf([...list].reverse(), turned)).toBe(before);
      }),
    );
  });

  it('more that is permitted of a kind that is limited already never keeps out more', () => {
    fc.assert(
      fc.property(names, bases, base, (list, permitted, more) => {
        fc.pre(permitted.some(({ kind }) => kind === more.kind));
        if (codeOf(list, { permitted }) === 'accepted')
          expect(codeOf(list, { permitted: [...permitted, more] })).toBe('accepted');
      }),
    );
  });

  it('each name has to be inside by itself, and kinds without a limit are free', () => {
    fc.assert(
      fc.property(names, bases, (list, permitted) => {
        const all = codeOf(list, { permitted }) === 'accepted';
        expect(all).toBe(list.every((name) => codeOf([name], { permitted }) === 'accepted'));
        for (const name of list)
          if (!permitted.some(({ kind }) => kind === name.kind)) expect(codeOf([name], { permitted })).toBe('accepted');
      }),
    );
  });

  it('what is permitted and excluded is excluded', () => {
    fc.assert(
      fc.property(base, names, (one, list) => {
        const inside = list.filter(
          (name) => name.kind === one.kind && codeOf([name], { permitted: [one] }) === 'accepted',
        );
        for (const name of inside) expect(codeOf([name], { permitted: [one], excluded: [one] })).toBe(REFUSED);
      }),
    );
  });

  it('forms that cannot be compared are refused where they are limited', () => {
    const other: GeneralName = { kind: 'registered-id', oid: '1.2.3' };
    expect(codeOf([other], { permitted: [other] })).toBe(REFUSED);
    expect(codeOf([other], { excluded: [{ kind: 'registered-id', oid: '1.2.4' }] })).toBe(REFUSED);
    expect(codeOf([other, dns('a.com')], { permitted: [dns('com')] })).toBe('accepted');
  });

  it('stop when there are too many comparisons', () => {
    const many = (end: string) => Array.from({ length: 300 }, (_, i) => dns(`n${i}.${end}`));
    const limits = { permitted: [], excluded: many('other.example') };
    const little = new Work(1_000);
    expect(checkNameConstraints(certificate(many('example')), limits, little)?.code).toBe('CERT_BUDGET');
    expect(little.isSpent).toBe(true);
    expect(little.used).toBeLessThan(1_001);
    // 90,000 comparisons, and 600 names to prepare.
    const enough = new Work(10_000);
    expect(checkNameConstraints(certificate(many('example')), limits, enough)).toBeUndefined();
    expect(enough.used).toBeGreaterThan(9_600);
  });
});
