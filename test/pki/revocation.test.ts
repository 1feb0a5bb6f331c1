import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run as runCrl } from '../../scripts/conformance/crl.ts';
import { run as runOcsp } from '../../scripts/conformance/ocsp.ts';
import { derElement, derInteger, derNull, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { TlsError } from '../../src/errors.ts';
import { CrlStore } from '../../src/pki/revocation/crl-store.ts';
import { revocationChecker } from '../../src/pki/revocation/revocation.ts';
import type { RevocationOptions } from '../../src/pki/revocation/options.ts';
import { type Fetcher, isWebAddress } from '../../src/pki/revocation/fetch.ts';
import type { RevocationAnswer, RevocationQuestion } from '../../src/pki/revocation/types.ts';
import {
  caExtensions,
  certificateIssuer,
  crldp,
  crlEntry,
  DAY,
  damaged,
  extension,
  flag,
  idp,
  type Made,
  make,
  makeCrl,
  makeOcsp,
  name,
  namedBits,
  NOW,
  ocspAddress,
  provider,
  question,
  rdn,
  reason,
  single,
  uriPoint,
} from './revocation-maker.ts';

const root = make('Root');
const stranger = make('Stranger');
const leafOf = (...extensions: readonly Uint8Array[]) =>
  make('Leaf', { issuer: root, serial: 77, extensions }).certificate;
const leaf = leafOf();
const relative = derElement(0xa0, derElement(0xa1, rdn('Part').subarray(2)));
const full = derElement(0xa0, derElement(0xa0, derElement(0xa4, derSequence(rdn('Root'), rdn('Part')))));
const reasons = (byte: number, n: number) => namedBits(byte, 0x80 | n);

function ask(
  options: Partial<RevocationOptions>,
  about: RevocationQuestion = question(leaf, [root]),
): RevocationAnswer {
  const answer = revocationChecker({ hash: provider.hash, ...options }).check(about);
  if (answer instanceof Promise) throw new Error('a promise, although nothing had to be waited for');
  return answer;
}

/** "status", and why not or the code of the refusal. */
function told(options: Partial<RevocationOptions>, about?: RevocationQuestion): string {
  const { status, refusal } = ask(options, about);
  return [
    status.status === 'unknown' ? status.kind : status.status,
    ...(refusal === undefined ? [] : [refusal.code]),
  ].join(' ');
}

const GOOD = 'good';
const REVOKED = 'revoked CERT_REVOKED';
const MISSING = 'missing CERT_REVOCATION_UNKNOWN';
const UNUSABLE = 'unusable CERT_REVOCATION_UNKNOWN';

describe('a list at hand', () => {
  it('says good or revoked', () => {
    expect(told({ crls: makeCrl(root) })).toBe(GOOD);
    expect(told({ crls: makeCrl(root, { entries: [crlEntry(77, reason(4))] }) })).toBe(REVOKED);
    expect(ask({ crls: makeCrl(root, { entries: [crlEntry(77, reason(4))] }) }).refusal?.what).toMatch(
      /2026-06-05.*superseded/,
    );
    expect(told({ crls: makeCrl(root, { entries: [crlEntry(78)] }) })).toBe(GOOD);
    expect(ask({ crls: makeCrl(root) }).status).toEqual({ status: 'good', source: 'crl', until: NOW + DAY });
  });

  it('is by the issuer, with its signature, its time and its number', () => {
    expect(told({ crls: makeCrl(stranger) })).toBe(MISSING);
    expect(told({ crls: makeCrl({ ...root, key: stranger.key }) })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { thisUpdate: NOW + DAY, nextUpdate: NOW + 2 * DAY }) })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { nextUpdate: NOW - 1000 }), clockSkew: 0 })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { nextUpdate: NOW - 1000 }) })).toBe(GOOD);
    expect(told({ crls: makeCrl(root, { nextUpdate: NOW - DAY / 2 }), grace: DAY })).toBe(GOOD);
    expect(told({ crls: makeCrl(root), maxCrlAge: DAY / 2 })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { nextUpdate: null }) })).toBe(GOOD);
    expect(told({ crls: makeCrl(root, { nextUpdate: null, thisUpdate: NOW - 8 * DAY }) })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { number: null }) })).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root, { number: null }), requireCrlNumber: false })).toBe(GOOD);
    expect(told({ crls: makeCrl(root) }, question(leaf, [root], { allows: () => false }))).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root) }, question(leaf, [root], { verifySignature: () => false }))).toBe(UNUSABLE);
  });

  it('speaks only of what it says it speaks of', () => {
    const scoped = (...fields: readonly Uint8Array[]) => ({ crls: makeCrl(root, { extensions: [idp(...fields)] }) });
    expect(told(scoped(flag(1)))).toBe(GOOD);
    expect(told(scoped(flag(2)))).toBe(MISSING);
    expect(told(scoped(flag(5)))).toBe(MISSING);
    const authority = question(make('CA', { issuer: root }).certificate, [root]);
    expect(told(scoped(flag(1)), authority)).toBe(MISSING);
    expect(told(scoped(flag(2)), authority)).toBe(GOOD);
    const here = question(leafOf(crldp([uriPoint('http://a.example/1')])), [root]);
    expect(told(scoped(uriPoint('http://a.example/1')), here)).toBe(GOOD);
    expect(told(scoped(uriPoint('http://a.example/2')), here)).toBe(MISSING);
    expect(told(scoped(uriPoint('http://a.example/1')))).toBe(MISSING);
    expect(told({ crls: makeCrl(root) }, here)).toBe(GOOD);
    const part = question(leafOf(crldp([relative])), [root]);
    expect(told(scoped(full), part)).toBe(GOOD);
    expect(told(scoped(relative), part)).toBe(GOOD);
    expect(told(scoped(relative), question(leafOf(crldp([full])), [root]))).toBe(GOOD);
    expect(told(scoped(uriPoint('http://a.example/1')), part)).toBe(MISSING);
  });

  it('for some reasons needs others for the rest', () => {
    const some = makeCrl(root, { extensions: [idp(reasons(0x60, 3))] });
    const rest = makeCrl(root, { extensions: [idp(derElement(0x83, Uint8Array.of(7, 0x1f, 0x80)))] });
    expect(told({ crls: some })).toBe(UNUSABLE);
    expect(told({ crls: [some, rest] })).toBe(GOOD);
    const revoking = makeCrl(root, { extensions: [idp(reasons(0x60, 3))], entries: [crlEntry(77, reason(1))] });
    expect(told({ crls: [rest, revoking] })).toBe(REVOKED);
    const split = question(leafOf(crldp([uriPoint('http://a.example/1'), reasons(0x60, 1)])), [root]);
    expect(told({ crls: makeCrl(root, { extensions: [idp(uriPoint('http://a.example/1'))] }) }, split)).toBe(UNUSABLE);
  });

  it('may be indirect, and then names whom its entries are about', () => {
    const publisher = make('Publisher', { issuer: root, extensions: caExtensions(0x02) });
    const points = crldp([uriPoint('http://a.example/1'), derElement(0xa2, derElement(0xa4, name('Publisher')))]);
    const about = question(leafOf(points), [root], { candidates: [publisher.certificate], trusts: () => true });
    const indirect = (entries?: readonly Uint8Array[]) =>
      makeCrl(publisher, { extensions: [idp(uriPoint('http://a.example/1'), flag(4))], ...(entries && { entries }) });
    expect(told({ crls: indirect() }, about)).toBe(GOOD);
    expect(told({ crls: indirect([crlEntry(77)]) }, about)).toBe(GOOD);
    expect(told({ crls: indirect([crlEntry(1, certificateIssuer(name('Root'))), crlEntry(77)]) }, about)).toBe(REVOKED);
    expect(told({ crls: indirect(), indirectCrls: false }, about)).toBe(MISSING);
    expect(told({ crls: indirect() }, { ...about, trusts: () => false })).toBe(UNUSABLE);
    expect(told({ crls: indirect() }, { ...about, candidates: [] })).toBe(UNUSABLE);
    expect(told({ crls: indirect(), crlSigners: [publisher.certificate] }, { ...about, candidates: [] })).toBe(GOOD);
    // A list of its own issuer that is not what the certificate points to.
    expect(told({ crls: makeCrl(root) }, about)).toBe(MISSING);
    expect(told({ crls: makeCrl(publisher, { extensions: [idp(uriPoint('http://a.example/1'))] }) }, about)).toBe(
      MISSING,
    );
  });

  it('may be signed with another key of the issuer, if that is trusted and may sign lists', () => {
    const second = make('Root', { issuer: root, serial: 2, extensions: caExtensions(0x02) });
    const about = question(leaf, [root], {
      candidates: [second.certificate],
      trusts: (certificate) => certificate === second.certificate,
    });
    expect(told({ crls: makeCrl(second) }, about)).toBe(GOOD);
    expect(told({ crls: makeCrl(second) }, { ...about, trusts: () => false })).toBe(UNUSABLE);
    const mute = make('Root', { issuer: root, extensions: caExtensions(0x04), key: second.key });
    expect(told({ crls: makeCrl(mute) }, { ...about, candidates: [mute.certificate], trusts: () => true })).toBe(
      UNUSABLE,
    );
    const muteRoot = make('Root', { extensions: caExtensions(0x04) });
    expect(told({ crls: makeCrl(muteRoot) }, question(leaf, [muteRoot]))).toBe(UNUSABLE);
  });

  it('is not signed by what it speaks of, nor by what is below that', () => {
    const self = make('Root', { issuer: root, serial: 2, extensions: caExtensions() });
    const below = make('Root', { issuer: self, serial: 3, extensions: caExtensions() });
    const more = { candidates: [self.certificate, below.certificate], trusts: () => true };
    expect(told({ crls: makeCrl(self) }, question(leaf, [root], more))).toBe(GOOD);
    expect(told({ crls: makeCrl(self) }, question(self.certificate, [root], more))).toBe(UNUSABLE);
    const path = { ...more, index: 1, path: [below.certificate, self.certificate] };
    expect(told({ crls: makeCrl(below) }, question(self.certificate, [root], path))).toBe(UNUSABLE);
    expect(told({ crls: makeCrl(root) }, question(self.certificate, [root], path))).toBe(GOOD);
    // An indirect list that its issuer points to, even if it is about its own signer.
    const points = crldp([uriPoint('http://a.example/1'), derElement(0xa2, derElement(0xa4, name('Publisher')))]);
    const publisher = make('Publisher', { issuer: root, extensions: [...caExtensions(0x02), points] });
    const crls = makeCrl(publisher, { extensions: [idp(uriPoint('http://a.example/1'), flag(4))] });
    const about = { candidates: [publisher.certificate], trusts: () => true };
    expect(told({ crls }, question(publisher.certificate, [root], about))).toBe(GOOD);
  });

  it('is changed by its delta', () => {
    const deltaOf = (base: number, number: number, entries?: readonly Uint8Array[], signer: Made = root, more = {}) =>
      makeCrl(signer, {
        number,
        extensions: [extension('2.5.29.27', derInteger(base), true)],
        ...(entries && { entries }),
        ...more,
      });
    const base = makeCrl(root, { number: 3 });
    const held = makeCrl(root, { number: 3, entries: [crlEntry(77, reason(6))] });
    expect(told({ crls: [base, deltaOf(3, 5, [crlEntry(77, reason(1))])] })).toBe(REVOKED);
    expect(told({ crls: [held, deltaOf(3, 5, [crlEntry(77, reason(8))])] })).toBe(GOOD);
    expect(told({ crls: [held, deltaOf(3, 5)] })).toBe(REVOKED);
    expect(told({ crls: deltaOf(3, 5) })).toBe(MISSING);
    // Of a later base, older than the base, with another key, not wanted: not used.
    expect(told({ crls: [held, deltaOf(4, 5, [crlEntry(77, reason(8))])] })).toBe(REVOKED);
    expect(told({ crls: [held, deltaOf(1, 2, [crlEntry(77, reason(8))])] })).toBe(REVOKED);
    expect(told({ crls: [held, deltaOf(3, 5, [crlEntry(77, reason(8))], { ...root, key: stranger.key })] })).toBe(
      REVOKED,
    );
    expect(told({ crls: [held, deltaOf(3, 5, [crlEntry(77, reason(8))])], deltaCrls: false })).toBe(REVOKED);
    // A current delta makes up for a base that has expired.
    const old = makeCrl(root, { number: 3, thisUpdate: NOW - 9 * DAY, nextUpdate: NOW - 8 * DAY });
    expect(told({ crls: old })).toBe(UNUSABLE);
    expect(told({ crls: [old, deltaOf(3, 5)] })).toBe(GOOD);
    expect(told({ crls: [old, deltaOf(3, 5, undefined, root, { nextUpdate: NOW - DAY / 2 })] })).toBe(UNUSABLE);
  });

  it('is checked once for each key', () => {
    let count = 0;
    const about = question(leaf, [root], {
      verifySignature: (...parts) => {
        count++;
        return provider.verifier.verify(...parts);
      },
    });
    const checker = revocationChecker({ hash: provider.hash, crls: makeCrl(root) });
    for (let i = 0; i < 3; i++) expect(checker.check(about)).toMatchObject({ status: { status: 'good' } });
    expect(count).toBe(1);
  });

  it('can come later', () => {
    const crls = new CrlStore();
    const checker = revocationChecker({ hash: provider.hash, crls });
    expect(checker.check(question(leaf, [root]))).toMatchObject({ status: { kind: 'missing' } });
    crls.add(makeCrl(root));
    expect(checker.check(question(leaf, [root]))).toMatchObject({ status: { status: 'good' } });
  });
});

describe('what is not known', () => {
  it('is refused or accepted, as it was said', () => {
    expect(told({})).toBe(MISSING);
    expect(told({ whenMissing: 'accept' })).toBe('missing');
    expect(told({ whenUnusable: 'accept' })).toBe(MISSING);
    const crls = makeCrl({ ...root, key: stranger.key });
    expect(told({ crls, whenMissing: 'accept' })).toBe(UNUSABLE);
    expect(told({ crls, whenUnusable: 'accept' })).toBe('unusable');
    expect(
      told({ crls: makeCrl(root, { entries: [crlEntry(77)] }), whenMissing: 'accept', whenUnusable: 'accept' }),
    ).toBe(REVOKED);
  });

  it('above the leaf does not matter when only the leaf is looked at', () => {
    const above = question(leaf, [root], { index: 1 });
    expect(told({}, above)).toBe(MISSING);
    expect(told({ scope: 'leaf' }, above)).toBe('missing');
    expect(told({ scope: 'leaf' })).toBe(MISSING);
  });

  it('does not matter for certificates that are never revoked (RFC 9608)', () => {
    const never = extension('2.5.29.56', derNull());
    expect(told({}, question(leafOf(never), [root]))).toBe('missing');
    expect(told({}, question(leafOf(never, crldp([uriPoint('http://a.example/1')])), [root]))).toBe(MISSING);
  });

  it('includes extensions that cannot be read', () => {
    expect(told({ crls: makeCrl(root) }, question(leafOf(extension('2.5.29.31', derNull())), [root]))).toMatch(
      /^unusable/,
    );
    expect(told({ crls: makeCrl(root) }, question(leafOf(extension('1.3.6.1.5.5.7.1.24', derNull())), [root]))).toBe(
      'unusable CERT_MALFORMED',
    );
  });
});

describe('a staple', () => {
  const say = (status: 'good' | 'revoked' | 'unknown') =>
    makeOcsp([single({ certificate: leaf, issuer: root, status })], { signer: root });
  const stapled = (ocspResponse: Uint8Array, more: Partial<RevocationQuestion> = {}) =>
    question(leaf, [root], { ocspResponse, ...more });

  it('says good or revoked', () => {
    expect(told({}, stapled(say('good')))).toBe(GOOD);
    expect(told({}, stapled(say('revoked')))).toBe(REVOKED);
    expect(ask({}, stapled(say('revoked'))).status).toMatchObject({ source: 'ocsp', reason: 'keyCompromise' });
    expect(revocationChecker({ hash: provider.hash }).wantsOcsp).toBe(true);
    expect(revocationChecker({ hash: provider.hash, staples: false }).wantsOcsp).toBe(false);
    expect(told({ staples: false }, stapled(say('revoked')))).toBe(MISSING);
  });

  it('that is not satisfactory is refused, however soft the rest is', () => {
    const soft = { whenMissing: 'accept', whenUnusable: 'accept' } as const;
    for (const bad of [say('unknown'), new Uint8Array(3), damaged(say('good'), say('good').length - 3)]) {
      expect(told(soft, stapled(bad))).toBe('unusable CERT_BAD_STAPLE');
      expect(told({ ...soft, whenBadStaple: 'ignore' }, stapled(bad))).toBe('missing');
      expect(told({ crls: makeCrl(root), whenBadStaple: 'ignore' }, stapled(bad))).toBe(GOOD);
    }
  });

  it('and a list: revoked counts', () => {
    const revoking = makeCrl(root, { entries: [crlEntry(77)] });
    expect(told({ crls: revoking }, stapled(say('good')))).toBe(REVOKED);
    expect(told({ crls: makeCrl(root) }, stapled(say('revoked')))).toBe(REVOKED);
    expect(told({ crls: makeCrl({ ...root, key: stranger.key }) }, stapled(say('good')))).toBe(GOOD);
  });

  it('by a responder without nocheck is not believed when a list says that one was revoked', () => {
    const responder = make('Responder', {
      issuer: root,
      serial: 9,
      extensions: [extension('2.5.29.37', derSequence(derOid('1.3.6.1.5.5.7.3.9')))],
    });
    const about = stapled(
      makeOcsp([single({ certificate: leaf, issuer: root })], {
        signer: responder,
        certificates: [responder.certificate],
      }),
    );
    expect(told({}, about)).toBe(GOOD);
    expect(told({ crls: makeCrl(root, { entries: [crlEntry(9)] }) }, about)).toBe('unusable CERT_BAD_STAPLE');
  });

  it('signed with SHA-1 is believed only when that was said', () => {
    const allows = (algorithm: { readonly kind: string; readonly hash?: string }) => algorithm.hash !== 'sha1';
    const path = '../shared/vectors/certs/ocsp.json';
    if (!existsSync(path)) return void console.log('skipped: vectors not present');
    const test = JSON.parse(readFileSync(path, 'utf8')).tests.find(
      ({ id }: { readonly id: string }) => id === 'ocsp::good_response',
    );
    const der = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
    return import('../../src/pki/x509/certificate.ts').then(({ readCertificate }) => {
      const issuer = readCertificate(der(test.issuer));
      const about = question(readCertificate(der(test.cert)), [{ ...root, certificate: issuer }], {
        ocspResponse: der(test.ocsp_response),
        now: Date.parse(test.validation_time),
        allows,
      });
      expect(told({}, about)).toBe('unusable CERT_BAD_STAPLE');
      expect(told({ allowSha1Responses: true }, about)).toBe(GOOD);
    });
  });

  it('can be demanded by the certificate', () => {
    for (const feature of [5, 17]) {
      const demanding = leafOf(extension('1.3.6.1.5.5.7.1.24', derSequence(derInteger(feature))));
      const soft = { whenMissing: 'accept', crls: makeCrl(root) } as const;
      expect(told(soft, question(demanding, [root]))).toBe('missing CERT_STAPLE_REQUIRED');
      const ocspResponse = makeOcsp([single({ certificate: demanding, issuer: root })], { signer: root });
      expect(told(soft, question(demanding, [root], { ocspResponse }))).toBe(GOOD);
      expect(
        told({ ...soft, whenBadStaple: 'ignore' }, question(demanding, [root], { ocspResponse: new Uint8Array(3) })),
      ).toBe('missing CERT_STAPLE_REQUIRED');
    }
    expect(
      told(
        { whenMissing: 'accept' },
        question(leafOf(extension('1.3.6.1.5.5.7.1.24', derSequence(derInteger(16)))), [root]),
      ),
    ).toBe('missing');
  });

  it('that the authority demands has to be demanded below it', () => {
    const feature = extension('1.3.6.1.5.5.7.1.24', derSequence(derInteger(5)));
    const demanding = make('Root', { extensions: [...caExtensions(), feature] });
    expect(told({ whenMissing: 'accept' }, question(leaf, [demanding]))).toBe('missing CERT_PROFILE');
    const ca = make('CA', { issuer: demanding, extensions: [...caExtensions(), feature] }).certificate;
    expect(told({ whenMissing: 'accept' }, question(ca, [demanding], { index: 1 }))).toBe('missing');
  });
});

describe('fetching', () => {
  const pointed = leafOf(crldp([uriPoint('http://a.example/list')]), ocspAddress('http://a.example/ocsp'));
  const about = question(pointed, [root]);
  const good = () => makeOcsp([single({ certificate: pointed, issuer: root })], { signer: root });

  function answering(answers: { readonly [uri: string]: (() => Uint8Array) | undefined }): {
    readonly fetch: Fetcher;
    readonly asked: string[];
  } {
    const asked: string[] = [];
    return {
      asked,
      fetch: async ({ uri, kind, body }) => {
        asked.push(`${kind} ${uri} ${body === undefined ? 'GET' : 'POST'}`);
        return answers[uri]?.();
      },
    };
  }

  async function status(
    fetch: Fetcher,
    options: Partial<RevocationOptions> = {},
    asked: RevocationQuestion = about,
  ): Promise<string> {
    const { status, refusal } = await revocationChecker({ hash: provider.hash, fetch, ...options }).check(asked);
    return [
      status.status === 'unknown' ? status.kind : status.status,
      ...(refusal === undefined ? [] : [refusal.code]),
    ].join(' ');
  }

  it('asks the responder, then fetches the list', async () => {
    const responder = answering({ 'http://a.example/ocsp': good });
    expect(await status(responder.fetch)).toBe(GOOD);
    expect(responder.asked).toEqual(['ocsp http://a.example/ocsp POST']);
    const list = answering({ 'http://a.example/list': () => makeCrl(root, { entries: [crlEntry(77)] }) });
    expect(await status(list.fetch)).toBe(REVOKED);
    expect(list.asked).toEqual(['ocsp http://a.example/ocsp POST', 'crl http://a.example/list GET']);
    expect(await status(answering({}).fetch)).toBe(MISSING);
    expect(await status(() => Promise.reject(new Error('no way')))).toBe(MISSING);
  });

  it('is not done when what is at hand decides', () => {
    const { fetch, asked } = answering({ 'http://a.example/ocsp': good });
    expect(told({ fetch, crls: makeCrl(root) }, about)).toBe(GOOD);
    expect(asked).toEqual([]);
  });

  it('is remembered, failures too', async () => {
    for (const [answers, result] of [
      [{ 'http://a.example/ocsp': good }, 'good'],
      [{}, 'unknown'],
    ] as const) {
      const { fetch, asked } = answering(answers);
      const checker = revocationChecker({ hash: provider.hash, fetch });
      const first = await Promise.all([checker.check(about), checker.check(about)]);
      const count = asked.length;
      expect(count).toBeLessThanOrEqual(2);
      const again = await checker.check(about);
      expect([...first, again].map((answer) => answer.status.status)).toEqual([result, result, result]);
      expect(asked.length).toBe(count);
      await checker.check({ ...about, now: NOW + 2 * DAY });
      expect(asked.length).toBeGreaterThan(count);
    }
  });

  it('fetches the delta that a list points to', async () => {
    const freshest = extension('2.5.29.46', derSequence(derSequence(uriPoint('http://a.example/delta'))));
    const { fetch } = answering({
      'http://a.example/list': () => makeCrl(root, { number: 1, extensions: [freshest] }),
      'http://a.example/delta': () =>
        makeCrl(root, {
          number: 2,
          extensions: [extension('2.5.29.27', derInteger(1), true)],
          entries: [crlEntry(77)],
        }),
    });
    expect(await status(fetch)).toBe(REVOKED);
  });

  it('puts in a nonce and wants it back', async () => {
    const random = { fill: (bytes: Uint8Array) => void bytes.fill(5) };
    const nonce = extension('1.3.6.1.5.5.7.48.1.2', derElement(0x04, new Uint8Array(32).fill(5)));
    const repeating = () =>
      makeOcsp([single({ certificate: pointed, issuer: root })], { signer: root, extensions: [nonce] });
    expect(await status(answering({ 'http://a.example/ocsp': repeating }).fetch, { ocspNonce: random })).toBe(GOOD);
    expect(await status(answering({ 'http://a.example/ocsp': good }).fetch, { ocspNonce: random })).toBe(UNUSABLE);
  });

  it('has limits of size, of time and of addresses', async () => {
    const { fetch } = answering({ 'http://a.example/list': () => makeCrl(root) });
    expect(await status(fetch)).toBe(GOOD);
    expect(await status(fetch, { fetchLimits: { maxCrlBytes: 100 } })).toBe(MISSING);
    let aborted = 0;
    const never: Fetcher = ({ signal }) => new Promise(() => signal.addEventListener('abort', () => aborted++));
    expect(await status(never, { fetchLimits: { timeout: 5 } })).toBe(MISSING);
    expect(aborted).toBe(2);
    const many = leafOf(crldp(...[1, 2, 3, 4, 5].map((n) => [uriPoint(`http://a.example/${n}`)])));
    const counting = answering({});
    await status(counting.fetch, {}, question(many, [root]));
    expect(counting.asked.length).toBe(3);
  });

  it('goes to http and https alone', async () => {
    for (const uri of ['http://a.example', 'https://a.example:8080/x?y', 'HTTP://A.EXAMPLE/'])
      expect(isWebAddress(uri)).toBe(true);
    for (const uri of [
      'ldap://a.example/',
      'file:///etc/passwd',
      'http:///x',
      'http://u:p@a.example/',
      'http://a.example/\n',
      'javascript:1',
      'http://a b/',
      `http://a.example/${'x'.repeat(3000)}`,
    ]) {
      expect(isWebAddress(uri)).toBe(false);
    }
    const { fetch, asked } = answering({});
    await status(fetch, {}, question(leafOf(crldp([uriPoint('ldap://a.example/x')], [uriPoint('file:///x')])), [root]));
    expect(asked).toEqual([]);
  });
});

describe('signatures that are checked later', () => {
  it('make the answer a promise', async () => {
    const later = question(leaf, [root], { verifySignature: async (...parts) => provider.verifier.verify(...parts) });
    const answer = revocationChecker({ hash: provider.hash, crls: makeCrl(root) }).check(later);
    expect(answer).toBeInstanceOf(Promise);
    expect((await answer).status.status).toBe('good');
    const failing = question(leaf, [root], { verifySignature: () => Promise.reject(new Error('broken')) });
    await expect(revocationChecker({ hash: provider.hash, crls: makeCrl(root) }).check(failing)).rejects.toThrow(
      'broken',
    );
  });
});

describe('options', () => {
  const bad: readonly object[] = [
    { hash: undefined },
    { crl: [] },
    { scope: 'all' },
    { whenMissing: true },
    { clockSkew: -1 },
    { grace: Number.NaN },
    { staples: 'yes' },
    { fetch: 'http' },
    { fetchLimits: {} },
    { ocspNonce: provider.random },
  ];
  for (const options of bad) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => revocationChecker({ hash: provider.hash, ...options } as RevocationOptions)).toThrow(/ERR_OPTION/);
    });
  }

  it('refuses lists that cannot be read', () => {
    expect(() => revocationChecker({ hash: provider.hash, crls: new Uint8Array(3) })).toThrow(TlsError);
  });
});

describe('cases that others made', () => {
  for (const [suite, run, count] of [
    ['crl', runCrl, 52],
    ['ocsp', runOcsp, 26],
  ] as const) {
    it(`${suite}: every answer is the expected one`, async () => {
      const path = `../shared/vectors/certs/${suite}.json`;
      if (!existsSync(path)) return void console.log('skipped: vectors not present');
      const rows = await run(readFileSync(path, 'utf8'));
      expect(rows.length).toBeGreaterThanOrEqual(count);
      expect(rows.filter(({ expected, found }) => expected !== found)).toEqual([]);
    });
  }
});
