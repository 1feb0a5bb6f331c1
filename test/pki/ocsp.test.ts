import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import { derElement, derNull, derOctetString, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import { buildOcspRequest } from '../../src/pki/revocation/ocsp.ts';
import { type OcspAnswer, type OcspQuestion, ocspStatus } from '../../src/pki/revocation/ocsp-status.ts';
import { authorityOf } from '../../src/pki/revocation/status.ts';
import { runSteps, wait } from '../../src/pki/x509/steps.ts';
import {
  DAY,
  damaged,
  extension,
  type Made,
  make,
  makeOcsp,
  namedBits,
  NOW,
  type OcspOptions,
  provider,
  type SingleOptions,
  single,
} from './revocation-maker.ts';

const root = make('Root');
const stranger = make('Stranger');
const leaf = make('Leaf', { issuer: root, serial: 77, extensions: [] }).certificate;
const other = make('Other', { issuer: root, serial: 78, extensions: [] }).certificate;

const ocspSigning = extension('2.5.29.37', derSequence(derOid('1.3.6.1.5.5.7.3.9')));
const noCheck = extension('1.3.6.1.5.5.7.48.1.5', derNull());
const responder = make('Responder', { issuer: root, serial: 9, extensions: [ocspSigning, noCheck] });

function judge(response: Uint8Array, more: Partial<OcspQuestion> = {}): OcspAnswer {
  const answer = runSteps(
    ocspStatus({
      certificate: leaf,
      issuer: authorityOf(root.certificate),
      response,
      freshness: { now: NOW, skew: 0, maxAge: undefined, ageWithoutNext: 7 * DAY, grace: 0 },
      hash: provider.hash,
      *verify(algorithm, key, message, signature) {
        return (
          algorithm !== undefined &&
          key !== undefined &&
          (yield* wait(provider.verifier.verify(algorithm, key, message, signature)))
        );
      },
      ...more,
    }),
  );
  if (answer instanceof Promise) throw new Error('a promise, although nothing had to be waited for');
  return answer;
}

/** "outcome status" of a response with one answer. */
function told(
  about: Partial<SingleOptions> = {},
  options: Partial<OcspOptions> = {},
  more: Partial<OcspQuestion> = {},
): string {
  const { outcome, status } = judge(
    makeOcsp([single({ certificate: leaf, issuer: root, ...about })], { signer: root, ...options }),
    more,
  );
  return `${outcome} ${status.status}`;
}

describe('a response', () => {
  it('says what it says, by name and by key, with every hash', () => {
    expect(told()).toBe('provided good');
    expect(told({}, { by: 'key' })).toBe('provided good');
    for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) expect(told({ hash })).toBe('provided good');
    expect(told({ status: 'unknown' })).toBe('provided unknown');
    expect(
      judge(makeOcsp([single({ certificate: leaf, issuer: root, status: 'revoked' })], { signer: root })).status,
    ).toEqual({
      status: 'revoked',
      source: 'ocsp',
      reason: 'keyCompromise',
      date: NOW - 5 * DAY,
    });
  });

  it('is about this certificate of this authority', () => {
    expect(told({ certificate: other })).toBe('no-matching-response unknown');
    expect(told({ issuer: stranger })).toBe('no-matching-response unknown');
  });

  it('counts with the worst it says', () => {
    const say = (...states: readonly NonNullable<SingleOptions['status']>[]) =>
      judge(
        makeOcsp(
          states.map((status) => single({ certificate: leaf, issuer: root, status })),
          { signer: root },
        ),
      ).status.status;
    expect(say('good', 'revoked')).toBe('revoked');
    expect(say('revoked', 'good')).toBe('revoked');
    expect(say('good', 'unknown')).toBe('unknown');
    expect(say('unknown', 'revoked', 'good')).toBe('revoked');
  });

  it('has its time', () => {
    expect(told({ thisUpdate: NOW + 1000 })).toBe('invalid-date unknown');
    expect(told({ nextUpdate: NOW - 1000 })).toBe('invalid-date unknown');
    expect(told({ nextUpdate: NOW })).toBe('provided good');
    expect(told({ thisUpdate: NOW - 6 * DAY, nextUpdate: null })).toBe('provided good');
    expect(told({ thisUpdate: NOW - 8 * DAY, nextUpdate: null })).toBe('invalid-date unknown');
    expect(told({ thisUpdate: NOW, nextUpdate: NOW - DAY })).toBe('invalid-date unknown');
    const strict = { freshness: { now: NOW, skew: 0, maxAge: DAY / 2, ageWithoutNext: 0, grace: 0 } };
    expect(told({}, {}, strict)).toBe('invalid-date unknown');
    const late = { freshness: { now: NOW, skew: 5000, maxAge: undefined, ageWithoutNext: 0, grace: 0 } };
    expect(told({ thisUpdate: NOW + 1000 }, {}, late)).toBe('provided good');
    expect(told({}, { producedAt: NOW + 1000 })).toBe('bad-produced-at unknown');
    expect(told({}, { producedAt: NOW - 101 * DAY })).toBe('bad-produced-at unknown');
  });

  it('may have nothing critical that is not known', () => {
    const critical = extension('1.2.3', derNull(), true);
    expect(told({ extensions: [critical] })).toBe('unhandled-critical-extension unknown');
    expect(told({}, { extensions: [critical] })).toBe('unhandled-critical-extension unknown');
    const harmless = extension('1.2.3', derNull());
    expect(told({ extensions: [harmless] }, { extensions: [harmless] })).toBe('provided good');
  });

  it('repeats the nonce, if there was one', () => {
    const nonce = new Uint8Array(32).fill(7);
    const carried = extension('1.3.6.1.5.5.7.48.1.2', derOctetString(nonce));
    expect(told({}, { extensions: [carried] }, { nonce })).toBe('provided good');
    expect(told({}, { extensions: [carried] })).toBe('provided good');
    expect(told({}, {}, { nonce })).toBe('bad-nonce unknown');
    expect(told({}, { extensions: [carried] }, { nonce: new Uint8Array(32) })).toBe('bad-nonce unknown');
  });

  it('may say no', () => {
    expect(judge(derSequence(derElement(0x0a, Uint8Array.of(3)))).outcome).toBe('error-response');
    expect(judge(derSequence(derElement(0x0a, Uint8Array.of(4)))).outcome).toBe('parse-response-error');
    expect(judge(derSequence(derElement(0x0a, Uint8Array.of(0)))).outcome).toBe('parse-response-error');
    expect(told({}, { responseStatus: 3 })).toBe('parse-response-error unknown');
  });
});

describe('a responder', () => {
  const by = (made: Made, ...certificates: readonly Made[]) =>
    told({}, { signer: made, certificates: certificates.map(({ certificate }) => certificate) });
  const delegate = (extensions: readonly Uint8Array[], more = {}) =>
    make('Responder', { issuer: root, extensions, ...more });

  it('is the authority, or one that it made', () => {
    expect(by(responder, responder)).toBe('provided good');
    expect(by(responder, stranger, responder)).toBe('provided good');
    expect(by(responder)).toBe('bad-responder unknown');
    expect(by(stranger, stranger)).toBe('bad-responder unknown');
  });

  it('has to be made one by that very authority', () => {
    const elsewhere = make('Responder', { issuer: stranger, extensions: [ocspSigning, noCheck] });
    expect(by(elsewhere, elsewhere)).toBe('bad-responder unknown');
    // The name of the authority, but not its signature.
    const forger = make('Root', { key: stranger.key });
    const forged = make('Responder', { issuer: forger, extensions: [ocspSigning, noCheck] });
    expect(by(forged, forged)).toBe('bad-responder unknown');
  });

  it('has to have id-kp-OCSPSigning, be valid, and be allowed to sign', () => {
    const without = delegate([noCheck]);
    expect(by(without, without)).toBe('bad-responder unknown');
    const any = delegate([extension('2.5.29.37', derSequence(derOid('2.5.29.37.0'))), noCheck]);
    expect(by(any, any)).toBe('bad-responder unknown');
    const expired = delegate([ocspSigning, noCheck], { notAfter: NOW - 1000 });
    expect(by(expired, expired)).toBe('bad-responder unknown');
    const early = delegate([ocspSigning, noCheck], { notBefore: NOW + 1000 });
    expect(by(early, early)).toBe('bad-responder unknown');
    const encrypts = delegate([ocspSigning, noCheck, extension('2.5.29.15', namedBits(0x20), true)]);
    expect(by(encrypts, encrypts)).toBe('bad-responder unknown');
    const strange = delegate([ocspSigning, noCheck, extension('1.2.3', derNull(), true)]);
    expect(by(strange, strange)).toBe('bad-responder unknown');
  });

  it('without nocheck is looked up', () => {
    const unchecked = delegate([ocspSigning]);
    const options = { signer: unchecked, certificates: [unchecked.certificate] };
    const answer = (good: boolean) => told({}, options, { isResponderGood: () => wait(good) });
    expect(answer(true)).toBe('provided good');
    expect(answer(false)).toBe('bad-responder unknown');
  });

  it('has to have signed', () => {
    const impostor: Made = { ...root, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
    expect(by(impostor)).toBe('bad-signature unknown');
    expect(by({ ...responder, key: stranger.key }, responder)).toBe('bad-signature unknown');
  });
});

describe('bytes of a response', () => {
  const response = makeOcsp([single({ certificate: leaf, issuer: root, status: 'revoked' })], {
    signer: responder,
    certificates: [responder.certificate],
    extensions: [extension('1.2.3', derNull())],
  });

  it('that are cut short or too many are an answer, never an exception', () => {
    for (let length = 0; length < response.length; length++)
      expect(judge(response.subarray(0, length)).outcome).toBe('parse-response-error');
    expect(judge(concat(response, Uint8Array.of(0))).outcome).toBe('parse-response-error');
    expect(judge(new Uint8Array(300_000)).outcome).toBe('parse-response-error');
  });

  it('that are changed never make it good', () => {
    fc.assert(
      fc.property(fc.nat(response.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        expect(judge(damaged(response, at, by)).status.status).not.toBe('good');
      }),
      { numRuns: 400 },
    );
  });
});

describe('a request', () => {
  it('is a SHA-1 identifier and nothing else, unless there is a nonce', () => {
    const plain = buildOcspRequest(leaf, root, provider.hash('sha1'));
    const certId = single({ certificate: leaf, issuer: root }).subarray(2);
    expect(Buffer.from(plain).includes(Buffer.from(certId.subarray(0, 2 + certId[1]!)))).toBe(true);
    expect(plain.length).toBe(2 + 2 + 2 + 2 + 2 + certId[1]!);
    const nonce = new Uint8Array(32).fill(9);
    const withNonce = buildOcspRequest(leaf, root, provider.hash('sha1'), nonce);
    expect(Buffer.from(withNonce).includes(Buffer.from(derOctetString(derOctetString(nonce))))).toBe(true);
  });
});
