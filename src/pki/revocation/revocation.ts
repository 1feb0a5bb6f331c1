import { ownOf } from '../../bytes/shape.ts';
import { andThen } from '../../bytes/promise.ts';
import { equalBytes, toHex } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import type { MaybePromise, PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import { type Certificate, keyUsage, subjectKeyId } from '../x509/certificate.ts';
import { type Crl, readCrl } from './crl.ts';
import { type CrlRules, crlStatus, NO_NUMBER } from './crl-status.ts';
import { CrlStore } from './crl-store.ts';
import { crlDistributionPoints, distributionPointUris } from '../x509/distribution-point.ts';
import { sameName } from '../x509/names.ts';
import { buildOcspRequest } from './ocsp.ts';
import { type OcspAnswer, ocspStatus } from './ocsp-status.ts';
import { ocspUris, Remote, type Trip } from './fetch.ts';
import { checkRevocationOptions, type RevocationOptions } from './options.ts';
import {
  type Authority,
  authorityOf,
  type Freshness,
  isAuthority,
  type RevocationStatus,
  type UnknownStatus,
  unknown,
} from './status.ts';
import type { RevocationAnswer, RevocationChecker, RevocationQuestion } from './types.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { checkFeatures, mustStaple } from './tls-feature.ts';
import type { Finding } from '../x509/verdict.ts';
import { COST } from '../x509/work.ts';

const DEFAULT_SKEW = 300_000;
const WEEK = 604_800_000;
/** Baseline Requirements section 1.6.1, for certificates from March 15, 2026 on: seven days at most. */
const SHORT_LIFE = WEEK;
const NONCE_LENGTH = 32;
/** RFC 9608: there will never be anything about this certificate. */
const OID_NO_REVOCATION = '2.5.29.56';

/**
 * Looks at stapled OCSP responses, at lists, and at what a callback fetches. Whatever says that a certificate was
 * revoked counts; otherwise one source that says it is good is enough. Certificates that demand a staple (RFC 7633) are
 * refused without one. Nothing is fetched unless `fetch` is given; without it and with a synchronous verifier of
 * signatures the answer comes at once.
 * @throws TlsError ERR_OPTION for an option that is not possible, ERR_KEY for a list that cannot be read.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { revocationChecker } from 'warifu/pki';
 * const checker = revocationChecker({ hash: nobleProvider().hash, whenMissing: 'accept' });
 * checker.wantsOcsp; // true
 * ```
 */
export function revocationChecker(options: RevocationOptions): RevocationChecker {
  options = ownOf(options);
  checkRevocationOptions(options);
  const sources = new Sources(options);
  return {
    wantsOcsp: options.staples ?? true,
    check: (question) => runSteps(new Check(question, options, sources).run()),
  };
}

/** What lives as long as the checker. */
class Sources {
  readonly store: CrlStore;
  readonly remote: Remote | undefined;
  /** Keys that lists were found to be signed with: a list is not checked again with the same key. */
  readonly #signedWith = new WeakMap<Crl, Uint8Array[]>();

  constructor({ crls, fetch, fetchLimits }: RevocationOptions) {
    this.store = crls instanceof CrlStore ? crls : new CrlStore(crls ?? []);
    this.remote = fetch === undefined ? undefined : new Remote(fetch, fetchLimits);
  }

  isSignedWith(crl: Crl, spki: Uint8Array): boolean {
    return this.#signedWith.get(crl)?.some((known) => equalBytes(known, spki)) ?? false;
  }

  setSignedWith(crl: Crl, spki: Uint8Array): void {
    const keys = this.#signedWith.get(crl) ?? [];
    if (keys.length < 8) keys.push(spki);
    this.#signedWith.set(crl, keys);
  }
}

class Check {
  readonly #question: RevocationQuestion;
  readonly #options: RevocationOptions;
  readonly #sources: Sources;

  constructor(question: RevocationQuestion, options: RevocationOptions, sources: Sources) {
    this.#question = question;
    this.#options = options;
    this.#sources = sources;
  }

  *run(): Steps<RevocationAnswer> {
    try {
      return yield* this.#judge();
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      const why = `an extension cannot be read: ${error.message}`;
      return { status: unknown('unusable', why), refusal: { code: 'CERT_MALFORMED', what: why } };
    }
  }

  *#judge(): Steps<RevocationAnswer> {
    const { index, certificate, ocspResponse } = this.#question;
    const { scope, staples, whenBadStaple } = this.#options;
    const feature = checkFeatures(this.#question);
    if (feature !== undefined) return { status: unknown('missing', 'it was not looked for'), refusal: feature };
    if (scope === 'leaf' && index > 0) return { status: unknown('missing', 'only the leaf is looked at') };
    const presented = staples === false || ocspResponse === undefined ? undefined : yield* this.#ocsp(ocspResponse);
    const isBad = presented?.status.status === 'unknown';
    if (presented !== undefined && isBad && whenBadStaple !== 'ignore') {
      return { status: presented.status, refusal: badStaple(presented) };
    }
    const staple = isBad ? undefined : presented;
    if (staple === undefined && staples !== false && index === 0 && mustStaple(certificate)) {
      return { status: unknown('missing', 'there is no stapled response'), refusal: STAPLE_REQUIRED };
    }
    const lists = yield* this.#crls(this.#sources.store.lists);
    const local = worse(staple?.status, lists);
    const status =
      local.status === 'unknown' && this.#sources.remote !== undefined && !this.#isShortLived()
        ? yield* this.#fetch(this.#sources.remote, local)
        : local;
    const refusal = this.#refusal(status);
    return { status, ...(refusal !== undefined && { refusal }) };
  }

  #refusal(status: RevocationStatus): Finding | undefined {
    if (status.status === 'good') return undefined;
    if (status.status === 'revoked') {
      const when = new Date(status.date).toISOString().slice(0, 10);
      return {
        code: 'CERT_REVOKED',
        what: `it was revoked on ${when} (${status.reason})`,
        advice: 'its owner has to replace it',
        rfc: status.source === 'crl' ? 'RFC 5280 section 6.3.3' : 'RFC 6960 section 2.2',
      };
    }
    const { whenMissing, whenUnusable } = this.#options;
    if (status.kind === 'missing' && this.#isShortLived()) return undefined;
    if (status.kind === 'missing' && (whenMissing === 'accept' || neverRevoked(this.#question.certificate)))
      return undefined;
    if (status.kind === 'unusable' && whenUnusable === 'accept') return undefined;
    return {
      code: 'CERT_REVOCATION_UNKNOWN',
      what: `it is not known whether it was revoked: ${status.why}`,
      advice: adviceFor(status),
      rfc: 'RFC 5280 section 6.3',
    };
  }

  /** Is it an end entity that is not going to live long enough to be revoked, and are such to be let be? */
  #isShortLived(): boolean {
    const { certificate } = this.#question;
    if (this.#options.whenShortLived !== 'accept' || isAuthority(certificate)) return false;
    // Both ends belong to the validity: seven days are one second less than seven days apart.
    return certificate.notAfter - certificate.notBefore < SHORT_LIFE;
  }

  *#ocsp(response: Uint8Array, nonce?: Uint8Array): Steps<OcspAnswer> {
    const { certificate, issuer } = this.#question;
    if (!this.#question.spend(COST.byte * response.length))
      return { outcome: 'parse-response-error', status: unknown('unusable', 'there is too much to be read') };
    return yield* ocspStatus({
      certificate,
      issuer,
      response,
      freshness: this.#freshness(this.#options.maxOcspAge),
      hash: this.#options.hash,
      verify: (algorithm, key, message, signature) =>
        this.#verify(algorithm, key, message, signature, this.#options.allowSha1Responses === true),
      isResponderGood: (responder) => this.#isResponderGood(responder),
      ...(nonce !== undefined && { nonce }),
    });
  }

  /** RFC 6960 section 4.2.2.2.1: without nocheck a responder is looked up like any other, as far as that is possible here. */
  *#isResponderGood(responder: Certificate): Steps<boolean> {
    const status = yield* this.#crls(this.#sources.store.lists, responder);
    return status.status !== 'revoked';
  }

  #crls(crls: readonly Crl[], certificate: Certificate = this.#question.certificate): Steps<RevocationStatus> {
    const rules: CrlRules = {
      ...this.#freshness(this.#options.maxCrlAge),
      requireNumber: this.#options.requireCrlNumber ?? true,
      strict: this.#options.strictCrls ?? false,
      indirect: this.#options.indirectCrls ?? true,
      deltas: this.#options.deltaCrls ?? true,
    };
    return crlStatus({
      certificate,
      issuer: this.#question.issuer,
      crls,
      rules,
      signerOf: (crl) => this.#signerOf(crl),
    });
  }

  /** Step (f) and (g) of RFC 5280 section 6.3.3: an authority of that name, on the path or with a path to the same anchor. */
  *#signerOf(crl: Crl): Steps<Authority | string> {
    const { certificate, path, index, issuer, anchor, candidates } = this.#question;
    const above = [issuer, ...path.slice(index + 1).map(authorityOf), anchor].filter(({ name }) =>
      sameName(name, crl.issuer),
    );
    // Nothing on the path vouches for what is above it. A certificate vouches for itself only where its issuer said so,
    // by pointing to a list of that name; not with a list that is as if its issuer had made it.
    const barred = [...path.slice(0, index), ...(sameName(crl.issuer, certificate.issuer) ? [certificate] : [])];
    const others = [...candidates, ...(this.#options.crlSigners ?? [])]
      .filter(({ subject }) => sameName(subject, crl.issuer))
      .filter(({ spki }) => ![...above, ...barred].some((known) => equalBytes(known.spki, spki)))
      .map(authorityOf);
    let why = 'no authority is known that could have signed the list';
    const ranked = [...above, ...others]
      .map((authority) => ({ authority, rank: rankOf(authority, crl) }))
      .sort((a, b) => a.rank - b.rank);
    for (const { authority } of ranked) {
      // RFC 5280 section 6.3.3(f): only if it says anything about usage.
      if (authority.certificate !== undefined && keyUsage(authority.certificate)?.has('cRLSign') === false) {
        why = 'who signed the list may not sign lists (cRLSign)';
        continue;
      }
      if (!(yield* this.#isSignedBy(crl, authority))) {
        why = 'the signature of the list is wrong';
        continue;
      }
      if (above.includes(authority) || (yield* wait(this.#question.trusts(authority.certificate!)))) return authority;
      why = 'who signed the list is not trusted';
    }
    return why;
  }

  *#isSignedBy(crl: Crl, { spki, publicKey }: Authority): Steps<boolean> {
    const { signatureAlgorithm } = crl;
    if (
      signatureAlgorithm === undefined ||
      publicKey === undefined ||
      !this.#question.allows(signatureAlgorithm, publicKey)
    )
      return false;
    if (this.#sources.isSignedWith(crl, spki)) return true;
    const good = yield* this.#verify(signatureAlgorithm, publicKey, crl.tbs, crl.signature);
    // Only what is good is remembered: a refusal may be for want of budget.
    if (good) this.#sources.setSignedWith(crl, spki);
    return good;
  }

  *#verify(
    algorithm: SignatureAlgorithm | undefined,
    key: PublicKey | undefined,
    message: Uint8Array,
    signature: Uint8Array,
    allowSha1: boolean = false,
  ): Steps<boolean> {
    if (algorithm === undefined || key === undefined) return false;
    const judged: SignatureAlgorithm =
      allowSha1 && 'hash' in algorithm && algorithm.hash === 'sha1' ? { ...algorithm, hash: 'sha256' } : algorithm;
    if (!this.#question.allows(judged, key)) return false;
    return yield* wait(this.#question.verifySignature(algorithm, key, message, signature));
  }

  #freshness(maxAge: number | undefined): Freshness {
    return {
      now: this.#question.now,
      skew: this.#options.clockSkew ?? DEFAULT_SKEW,
      maxAge,
      ageWithoutNext: WEEK,
      grace: this.#options.grace ?? 0,
    };
  }

  /** First the responders, then the lists: a response is small. */
  *#fetch(remote: Remote, local: RevocationStatus): Steps<RevocationStatus> {
    const { certificate, now } = this.#question;
    let status = local;
    const trip = remote.begin();
    for (const uri of remote.allowed(ocspUris(certificate))) {
      const answer = yield* this.#askResponder(remote, uri, trip);
      if (answer === undefined) continue;
      status = better(status, answer.status);
      if (status.status !== 'unknown') return status;
    }
    const crls: Crl[] = [...this.#sources.store.lists];
    for (const uri of remote.allowed(distributionPointUris(crlDistributionPoints(certificate) ?? []))) {
      const crl = yield* wait(remote.crl(uri, now, trip, readCrl));
      if (crl === undefined) continue;
      crls.push(crl);
      for (const delta of remote.allowed(distributionPointUris(crl.freshest))) {
        const found = yield* wait(remote.crl(delta, now, trip, readCrl));
        if (found !== undefined) crls.push(found);
      }
      status = better(status, yield* this.#crls(crls));
      if (status.status !== 'unknown') return status;
    }
    return status;
  }

  *#askResponder(remote: Remote, uri: string, trip: Trip): Steps<OcspAnswer | undefined> {
    const { certificate, issuer, now } = this.#question;
    const { ocspNonce, hash } = this.#options;
    const nonce = ocspNonce === undefined ? undefined : new Uint8Array(NONCE_LENGTH);
    if (nonce !== undefined) ocspNonce!.fill(nonce);
    const request = buildOcspRequest(certificate, issuer, hash('sha1'), nonce);
    const key = nonce === undefined ? toHex(hash('sha256').digest(certificate.der, issuer.spki)) : undefined;
    const expiry = (response: Uint8Array): MaybePromise<number | undefined> => {
      const answer = runSteps(this.#ocsp(response));
      return andThen(answer, untilOf);
    };
    const response = yield* wait(remote.ocsp(uri, request, key, now, expiry, trip));
    return response === undefined ? undefined : yield* this.#ocsp(response, nonce);
  }
}

/** What mends it; never to ask for less. */
function adviceFor({ kind, why }: UnknownStatus): string {
  if (kind === 'missing') return 'give its list (crls), let it be fetched (fetch), or have the peer staple a response';
  if (why.includes(NO_NUMBER))
    return 'have its authority number its lists; of one that never does, requireCrlNumber: false takes lists that are signed and current all the same';
  return 'give a current list, or have the peer staple a current response, signed by its authority';
}

const STAPLE_REQUIRED: Finding = {
  code: 'CERT_STAPLE_REQUIRED',
  what: 'it demands a stapled OCSP response, and there is none',
  advice: 'the peer has to staple one',
  rfc: 'RFC 7633 section 4.2.3.1',
};

function badStaple({ outcome, status }: OcspAnswer): Finding {
  return {
    code: 'CERT_BAD_STAPLE',
    what: `the stapled OCSP response cannot be used (${outcome}): ${status.status === 'unknown' ? status.why : status.status}`,
    advice: 'the peer has to staple a current one, or none',
    rfc: 'RFC 6066 section 8',
  };
}

/** RFC 9608 section 3: an end entity that says so, and does not point to a list all the same. */
function neverRevoked(certificate: Certificate): boolean {
  return certificate.extensions.has(OID_NO_REVOCATION) && crlDistributionPoints(certificate) === undefined;
}

/** A staple that can be used, and the lists: revoked counts, wherever it is said. */
function worse(a: RevocationStatus | undefined, b: RevocationStatus): RevocationStatus {
  return a === undefined || b.status === 'revoked' ? b : a;
}

/** Any answer before none; an unusable one before a missing one. */
function better(a: RevocationStatus, b: RevocationStatus): RevocationStatus {
  if (b.status !== 'unknown') return b;
  return a.status === 'unknown' && a.kind === 'missing' ? b : a;
}

function untilOf({ status }: OcspAnswer): number | undefined {
  return status.status === 'good' ? status.until : undefined;
}

/** The key identifiers decide the order alone (RFC 5280 section 5.2.1). */
function rankOf({ certificate }: Authority, { authorityKeyId }: Crl): number {
  if (authorityKeyId === undefined || certificate === undefined) return 1;
  try {
    const id = subjectKeyId(certificate);
    return id === undefined ? 1 : equalBytes(id, authorityKeyId) ? 0 : 2;
  } catch (error) {
    if (error instanceof DerError) return 2;
    throw error;
  }
}
