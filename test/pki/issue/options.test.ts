import { beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, createRequest, issueCertificate } from '../../../src/pki/issue/index.ts';

/** What cannot be is refused where it is asked for, by an error that names the option and says what to write instead. */

let root: Authority;
let narrow: Authority;
beforeAll(async () => {
  root = await createAuthority({ subject: 'Root', days: 100, pathLength: 1 });
  narrow = await createAuthority({ subject: 'Narrow', issuer: root });
});

const refused = async (made: Promise<unknown>, message: RegExp): Promise<void> => {
  await expect(made).rejects.toMatchObject({
    name: 'TlsError',
    code: 'ERR_OPTION',
    message: expect.stringMatching(message),
  });
};

describe('certificates', () => {
  const wrong: readonly [what: string, options: object, message: RegExp][] = [
    ['an option that is misspelt', { nmaes: 'a.example' }, /nmaes.*did you mean names/],
    ['an issuer that was not waited for', { issuer: Promise.resolve() }, /issuer: .*a promise \(await it first\)/],
    ['an option of other libraries', { altNames: [] }, /altNames: there is no such option/],
    ['no name and no subject', {}, /name or a subject/],
    ['a name with a space', { names: 'not a name' }, /"not a name" is no DNS name/],
    ['an empty name', { names: '' }, /is no DNS name/],
    ['a name that is a number', { names: [7] }, /names/],
    ['a bare wildcard', { names: '*' }, /is no DNS name/],
    ['a wildcard of one label', { names: '*.example' }, /two labels/],
    ['a wildcard in the middle', { names: 'a.*.example' }, /is no DNS name/],
    ['an address out of range', { names: { ip: '1.2.3.256' } }, /no IPv4 or IPv6 address/],
    ['an address of five bytes', { names: { ip: new Uint8Array(5) } }, /no IPv4 or IPv6 address/],
    ['a mailbox without a host', { names: 'a@' }, /no mail address/],
    ['a URI with a space', { names: 'https://a b/' }, /absolute URI/],
    ['a SPIFFE id with a query', { names: 'spiffe://example.org/a?b' }, /no SPIFFE id/],
    ['a SPIFFE id in capitals', { names: 'spiffe://Example.org/a' }, /no SPIFFE id/],
    ['a SPIFFE id with dots for a path', { names: 'spiffe://example.org/../a' }, /no SPIFFE id/],
    ['two kinds in one name', { names: { dns: 'a.example', ip: '1.2.3.4' } }, /one of/],
    ['an unknown kind of name', { names: { host: 'a.example' } }, /host: there is no such option/],
    ['an object identifier that is none', { names: { registeredId: '9.1' } }, /object identifier/],
    ['a country of three letters', { names: 'a.example', subject: { country: 'JPN' } }, /country/],
    ['a common name that is too long', { names: 'a.example', subject: 'x'.repeat(65) }, /at most 64/],
    ['a subject that is no name', { names: 'a.example', subject: Uint8Array.of(1, 2, 3) }, /no DER Name/],
    ['an attribute that is not known', { names: 'a.example', subject: 'CN=a,FOO=b' }, /FOO=b/],
    ['an unknown usage', { names: 'a.example', keyUsage: ['sign'] }, /digitalSignature/],
    ['an unknown purpose', { names: 'a.example', purpose: 'web' }, /serverAuth/],
    ['an authority for an issuer that is a text', { names: 'a.example', issuer: 'root.crt' }, /an authority or 'self'/],
    ['no issuer', { names: 'a.example', issuer: undefined }, /an authority or 'self'/],
    ['days that are none', { names: 'a.example', days: 0 }, /positive/],
    ['days in a text', { names: 'a.example', days: '90' }, /positive number is wanted, not "90"/],
    ['days beyond the issuer', { names: 'a.example', days: 101 }, /issuer is valid from .* to/],
    [
      'an end before the beginning',
      { names: 'a.example', notBefore: new Date(2_000_000_000_000), notAfter: 1_900_000_000_000 },
      /ends? before/,
    ],
    ['a beginning before the issuer', { names: 'a.example', notBefore: 0 }, /issuer is valid/],
    ['a Date that is none', { names: 'a.example', notAfter: new Date('x') }, /invalid Date/],
    ['days and an end', { names: 'a.example', days: 1, notAfter: Date.now() + 1e9 }, /either days or notAfter/],
    ['the serial number zero', { names: 'a.example', serial: new Uint8Array(4) }, /positive/],
    ['a serial number of 21 bytes', { names: 'a.example', serial: new Uint8Array(21).fill(1) }, /20 bytes/],
    [
      'a serial number of 20 bytes with its first bit',
      { names: 'a.example', serial: new Uint8Array(20).fill(255) },
      /20 bytes/,
    ],
    ['two keys', { names: 'a.example', key: 'P-256', publicKey: new Uint8Array(1) }, /only one of publicKey and key/],
    ['a kind of key that is not known', { names: 'a.example', key: 'P-192' }, /P-256/],
    ['names from nowhere', { namesFromRequest: true }, /no request/],
    ['a policy that is no OID', { names: 'a.example', policies: ['dv'] }, /object identifier/],
    ['a policy twice', { names: 'a.example', policies: ['1.2.3', '1.2.3'] }, /twice/],
    ['an address of a list that is a path', { names: 'a.example', crls: '/var/crl' }, /absolute URI/],
    [
      'a distribution point without a place',
      { names: 'a.example', crls: { reasons: ['keyCompromise'] } },
      /urls or issuer/,
    ],
    [
      'an extension that is not DER',
      { names: 'a.example', extensions: [{ oid: '1.2.3', critical: false, value: Uint8Array.of(4, 9) }] },
      /DER/,
    ],
    [
      'an extension twice',
      { names: 'a.example', extensions: Array(2).fill({ oid: '1.2.3', critical: false, value: Uint8Array.of(5, 0) }) },
      /twice/,
    ],
    ['a signature of another key', { names: 'a.example', signature: 'ed25519' }, /it makes ecdsa/],
  ];
  it.each(wrong)('%s is refused, in words', async (_, options, message) => {
    await refused(issueCertificate({ issuer: root, ...options } as never), message);
  });

  it('without options at all', async () => {
    await refused(issueCertificate(undefined as never), /object with options/);
    await refused(createAuthority('Root' as never), /object with options/);
    await refused(createRequest([] as never), /object with options/);
  });

  it('a certificate for itself needs its private key', async () => {
    const { certificate } = root;
    await refused(
      issueCertificate({ issuer: 'self', names: 'a.example', publicKey: certificate.spki }),
      /needs the private key/,
    );
    const own = await issueCertificate({ issuer: 'self', names: 'a.example' });
    expect(own.certificate.issuer).toEqual(own.certificate.subject);
  });
});

describe('authorities', () => {
  const wrong: readonly [what: string, options: object, message: RegExp][] = [
    ['without a name', { subject: undefined }, /Example Root/],
    ['with an empty name', { subject: {} }, /not empty/],
    ['with a negative length of path', { pathLength: -1 }, /from 0 to 255/],
    ['constraints of nothing', { nameConstraints: {} }, /leave it out/],
    ['constraints on what is no domain', { nameConstraints: { permitted: ['a b'] } }, /is no domain/],
    [
      'constraints on addresses without a prefix',
      { nameConstraints: { permitted: [{ ip: '10.0.0.0' }] } },
      /10\.0\.0\.0\/8/,
    ],
    [
      'constraints on addresses with too long a prefix',
      { nameConstraints: { excluded: ['10.0.0.0/33'] } },
      /length of its prefix/,
    ],
    ['mappings of anyPolicy', { policyMappings: [{ issuer: '2.5.29.32.0', subject: '1.2.3' }] }, /never mapped/],
    ['constraints on policies that are none', { policyConstraints: {} }, /requireExplicit or inhibitMapping/],
    ['a constraint that is no number', { inhibitAnyPolicy: '0' }, /whole number/],
  ];
  it.each(wrong)('%s are refused, in words', async (_, options, message) => {
    await refused(createAuthority({ subject: 'Authority', ...options } as never), message);
  });

  it('below one that may have none are refused, and those that may have more than theirs', async () => {
    await refused(createAuthority({ subject: 'Third', issuer: narrow }), /no authority below/);
    await refused(createAuthority({ subject: 'Third', issuer: root, pathLength: 1 }), /allows 0/);
    const third = await createAuthority({ subject: 'Third', issuer: narrow, allowInvalid: true });
    expect(third.chain).toHaveLength(2);
  });

  it('may sign certificates, or are refused', async () => {
    const lists = await createAuthority({ subject: 'Lists', issuer: root, keyUsage: ['cRLSign'] });
    await refused(issueCertificate({ issuer: lists, names: 'a.example' }), /may not sign certificates/);
  });
});

describe('requests', () => {
  it.each([
    ['no name', {}, /name or a subject/],
    ['a name that is none', { names: 'not a name' }, /is no DNS name/],
    ['an option that is misspelt', { names: 'a.example', sbuject: 'x' }, /did you mean subject/],
  ])('%s is refused, in words', async (_, options, message) => {
    await refused(createRequest(options as never), message);
  });
});
