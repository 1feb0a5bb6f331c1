import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/bytes/bytes.ts';
import { nobleProvider } from '../../../src/crypto/noble/index.ts';
import {
  type Authority,
  type CrlOptions,
  createAuthority,
  createCrl,
  createOcspError,
  createOcspResponse,
  type IssuedCertificate,
  issueCertificate,
  type OcspResponseOptions,
  readOcspRequest,
} from '../../../src/pki/issue/index.ts';
import {
  buildOcspRequest,
  certificateVerifier,
  CrlStore,
  findEntry,
  revocationChecker,
} from '../../../src/pki/index.ts';
import { readOcspResponse } from '../../../src/pki/revocation/ocsp.ts';

/** Lists and responses that are made here, judged by the checks that judge those of others. */

const provider = nobleProvider();
const DAY = 86_400_000;
let root: Authority;
let intermediate: Authority;
let leaf: IssuedCertificate;
let other: IssuedCertificate;

beforeAll(async () => {
  root = await createAuthority({ subject: 'Root' });
  intermediate = await createAuthority({ subject: 'Intermediate', issuer: root });
  const crls = { crls: 'http://crl.example/leaves.crl', ocspUrls: 'http://ocsp.example' };
  leaf = await issueCertificate({ issuer: intermediate, purpose: 'server', names: 'a.example', ...crls });
  other = await issueCertificate({ issuer: intermediate, purpose: 'server', names: 'b.example', ...crls });
});

async function judge(
  options: Partial<Parameters<typeof revocationChecker>[0]>,
  more: { readonly chain?: readonly Uint8Array[]; readonly staple?: Uint8Array; readonly now?: number } = {},
): Promise<string> {
  const now = more.now ?? Date.now();
  const verifier = certificateVerifier({
    anchors: [root.der],
    signatures: provider.verifier,
    revocation: revocationChecker({ scope: 'leaf', hash: provider.hash, ...options }),
  });
  const answer = await verifier.verify({
    role: 'client',
    chain: more.chain ?? leaf.chain,
    serverName: 'a.example',
    ocspResponses: [more.staple],
    sctLists: [],
    certificateSchemes: [],
    keyUse: 'digitalSignature',
    now,
  });
  return answer.ok ? 'yes' : answer.failure.code;
}

const withCrls = async (
  ...lists: readonly Omit<CrlOptions, 'issuer'>[]
): Promise<{ readonly crls: readonly Uint8Array[] }> => {
  const made = await Promise.all(lists.map((list) => createCrl({ issuer: intermediate, ...list })));
  return { crls: made.map(({ der }) => der) };
};

describe('lists', () => {
  it('with nothing in them: not revoked', async () => {
    expect(await judge(await withCrls({ number: 1 }))).toBe('yes');
  });

  it('with the certificate in them: revoked, with reason and dates', async () => {
    const date = Date.now() - 3 * DAY;
    const { crl, pem } = await createCrl({
      issuer: intermediate,
      number: 2n ** 80n,
      entries: [
        { serial: other.certificate.serial },
        { serial: leaf.certificate, reason: 'keyCompromise', date, invalidSince: date - DAY },
        { serial: 128 },
      ],
    });
    expect(pem).toMatch(/^-----BEGIN X509 CRL-----/);
    expect(crl.entries.count).toBe(3);
    expect(toHex(crl.number ?? new Uint8Array(0))).toBe('0100000000000000000000');
    const floor = (time: number): number => Math.floor(time / 1000) * 1000;
    expect(findEntry(crl, leaf.certificate.serial, leaf.certificate.issuer)).toEqual({
      date: floor(date),
      reason: 'keyCompromise',
      invalidSince: floor(date - DAY),
    });
    expect(await judge({ crls: [crl.der] })).toBe('CERT_REVOKED');
    const { crl: without } = await createCrl({
      issuer: intermediate,
      number: 2,
      entries: [{ serial: other.certificate }],
    });
    expect(await judge({ crls: [without.der] })).toBe('yes');
  });

  it('a delta adds to the list it names, and takes from it', async () => {
    const whole = { number: 5, entries: [] };
    expect(
      await judge(await withCrls(whole, { number: 6, baseNumber: 5, entries: [{ serial: leaf.certificate }] })),
    ).toBe('CERT_REVOKED');
    const hold = { number: 5, entries: [{ serial: leaf.certificate, reason: 'certificateHold' as const }] };
    expect(await judge(await withCrls(hold))).toBe('CERT_REVOKED');
    const removed = { serial: leaf.certificate, reason: 'removeFromCRL' as const };
    expect(await judge(await withCrls(hold, { number: 6, baseNumber: 5, entries: [removed] }))).toBe('yes');
  });

  it('that speak for others, or not for all reasons, are not enough', async () => {
    expect(await judge(await withCrls({ number: 1, scope: { only: 'authority' } }))).toBe('CERT_REVOCATION_UNKNOWN');
    expect(await judge(await withCrls({ number: 1, scope: { urls: 'http://crl.example/other.crl' } }))).toBe(
      'CERT_REVOCATION_UNKNOWN',
    );
    const some = { urls: 'http://crl.example/leaves.crl', only: 'user', reasons: ['keyCompromise'] } as const;
    expect(await judge(await withCrls({ number: 1, scope: some }))).toBe('CERT_REVOCATION_UNKNOWN');
    expect(await judge(await withCrls({ number: 1, scope: { urls: some.urls, only: 'user' } }))).toBe('yes');
  });

  it('indirect ones name who issued the certificate', async () => {
    const { crl } = await createCrl({
      issuer: root,
      number: 1,
      scope: { indirect: true },
      entries: [{ serial: leaf.certificate, issuer: intermediate.certificate.subject }],
    });
    expect(crl.issuingDistributionPoint?.indirect).toBe(true);
    expect(crl.entries.hasIssuers).toBe(true);
  });

  it('that are out of date say so', async () => {
    const old = { number: 1, thisUpdate: Date.now() - 10 * DAY, days: 5 };
    expect(await judge(await withCrls(old))).toBe('CERT_REVOCATION_UNKNOWN');
  });

  it('go into a store as PEM', async () => {
    const { pem } = await createCrl({ issuer: intermediate, number: 1, entries: [{ serial: leaf.certificate }] });
    const store = new CrlStore();
    store.replace([pem]);
    expect(await judge({ crls: store })).toBe('CERT_REVOKED');
  });

  const wrong: readonly [what: string, options: object, message: RegExp][] = [
    ['no number', {}, /number/],
    ['a negative number', { number: -1 }, /number/],
    ['a number that is too long', { number: 2n ** 160n }, /20 bytes/],
    ['a number that is a text', { number: '7' }, /number/],
    ['an end before its beginning', { number: 1, nextUpdate: 0 }, /1950|before/],
    ['days and an end', { number: 1, days: 1, nextUpdate: Date.now() + DAY }, /either/],
    ['days below zero', { number: 1, days: -1 }, /positive/],
    ['a reason that is none', { number: 1, entries: [{ serial: 1, reason: 'bored' }] }, /keyCompromise/],
    ['removal from a whole list', { number: 1, entries: [{ serial: 1, reason: 'removeFromCRL' }] }, /baseNumber/],
    ['the serial number zero', { number: 1, entries: [{ serial: 0 }] }, /serial/],
    ['a serial number in text', { number: 1, entries: [{ serial: 'ff' }] }, /serial/],
    ['an issuer in a direct list', { number: 1, entries: [{ serial: 1, issuer: 'Other' }] }, /indirect/],
    ['a scope without limits', { number: 1, scope: {} }, /leave it out/],
    ['an unknown scope', { number: 1, scope: { only: 'leaf' } }, /'user' or 'authority'/],
    ['deltas of a delta', { number: 2, baseNumber: 1, freshestCrl: 'http://crl.example/d' }, /delta/],
    ['a misspelt option', { number: 1, entrys: [] }, /did you mean entries/],
  ];
  it.each(wrong)('%s is refused, in words', async (_, options, message) => {
    const made = createCrl({ issuer: intermediate, ...options } as never);
    await expect(made).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringMatching(message) });
  });

  it('of who may not sign them are refused', async () => {
    const only = await createAuthority({ subject: 'Only certificates', issuer: root, keyUsage: ['keyCertSign'] });
    await expect(createCrl({ issuer: only, number: 1 })).rejects.toThrow(/keyUsage/);
    await expect(createCrl({ issuer: root.pem as never, number: 1 })).rejects.toThrow(/an authority/);
  });
});

describe('OCSP responses', () => {
  const respond = (more: Partial<OcspResponseOptions> = {}): Promise<Uint8Array> =>
    createOcspResponse({
      issuer: intermediate,
      responses: { certificate: leaf.certificate, status: 'good' },
      ...more,
    });

  it.each([{}, { responderId: 'name' }, { hash: 'sha256' }, { nonce: new Uint8Array(32) }] as const)(
    'good: %o',
    async (more) => {
      expect(await judge({}, { staple: await respond(more) })).toBe('yes');
    },
  );

  it('revoked, with and without a reason; unknown; about others', async () => {
    const revoked = { certificate: leaf.certificate, status: 'revoked', revokedAt: Date.now() - DAY } as const;
    for (const response of [revoked, { ...revoked, reason: 'superseded' as const }])
      expect(await judge({}, { staple: await respond({ responses: response }) })).toBe('CERT_REVOKED');
    const unknown = await respond({ responses: { certificate: leaf.certificate, status: 'unknown' } });
    expect(await judge({}, { staple: unknown })).not.toBe('yes');
    const about = await respond({ responses: { certificate: other.certificate.serial, status: 'good' } });
    expect(await judge({}, { staple: about })).not.toBe('yes');
    const old = await respond({ thisUpdate: Date.now() - 9 * DAY, days: 1 });
    expect(await judge({}, { staple: old })).not.toBe('yes');
  });

  it('by a responder of the issuer', async () => {
    const responder = await issueCertificate({
      issuer: intermediate,
      subject: 'Responder',
      purpose: 'ocspSigning',
      ocspNoCheck: true,
    });
    const key = responder.keyPair?.pem ?? '';
    const staple = await respond({ responder: { certificate: responder.certificate, key } });
    expect(readOcspResponse(staple).basic?.certificates).toHaveLength(1);
    expect(await judge({}, { staple })).toBe('yes');
    await expect(respond({ responder: { certificate: leaf.certificate, key } })).rejects.toThrow(/ocspSigning/);
    const foreign = await issueCertificate({ issuer: root, subject: 'Responder', purpose: 'ocspSigning' });
    await expect(respond({ responder: { certificate: foreign.certificate, key } })).rejects.toThrow(/issued by/);
    const wrongKey = respond({ responder: { certificate: responder.certificate, key: leaf.keyPair?.pem ?? '' } });
    await expect(wrongKey).rejects.toMatchObject({ code: 'ERR_KEY' });
  });

  it('to a request, with its identifier and nonce', async () => {
    const nonce = new Uint8Array(32).fill(9);
    const asked = buildOcspRequest(leaf.certificate, intermediate.certificate, provider.hash('sha1'), nonce);
    const request = readOcspRequest(asked);
    expect(request.nonce).toEqual(nonce);
    const [question] = request.requests;
    const staple = await respond({ responses: { certificate: question!, status: 'good' }, nonce });
    expect(await judge({}, { staple })).toBe('yes');
    const elsewhere = createOcspResponse({ issuer: root, responses: { certificate: question!, status: 'good' } });
    await expect(elsewhere).rejects.toThrow(/another issuer/);
    for (let i = 0; i < asked.length; i++)
      for (const bytes of [asked.subarray(0, i), asked.map((byte, at) => (at === i ? byte ^ 0x55 : byte))])
        try {
          readOcspRequest(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'TlsError', code: 'ERR_KEY' });
        }
  });

  it('without a response', () => {
    for (const status of ['malformedRequest', 'internalError', 'tryLater', 'sigRequired', 'unauthorized'] as const)
      expect(readOcspResponse(createOcspError(status))).toEqual({ status, basic: undefined });
    expect(() => createOcspError('successful' as never)).toThrow(/tryLater/);
  });

  const wrong: readonly [what: string, more: object, message: RegExp][] = [
    ['no status', { responses: [] }, /nothing/],
    ['an unknown status', { responses: { certificate: 1, status: 'fine' } }, /'good', 'revoked' or 'unknown'/],
    ['revoked without a date', { responses: { certificate: 1, status: 'revoked' } }, /revokedAt/],
    [
      'a reason for a good one',
      { responses: { certificate: 1, status: 'good', reason: 'superseded' } },
      /revoked certificates/,
    ],
    ['a nonce that is too long', { nonce: new Uint8Array(129) }, /nonce/],
    ['an unknown hash', { hash: 'md5' }, /sha256/],
    ['an unknown name of the responder', { responderId: 'serial' }, /'key' or 'name'/],
  ];
  it.each(wrong)('%s is refused, in words', async (_, more, message) => {
    await expect(respond(more)).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringMatching(message) });
  });

  it('about a certificate of another issuer are refused', async () => {
    const elsewhere = createOcspResponse({
      issuer: root,
      responses: { certificate: leaf.certificate, status: 'good' },
    });
    await expect(elsewhere).rejects.toThrow(/issued by/);
  });
});
