import { equalBytes } from '../../bytes/bytes.ts';
import type { PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import { type Authority, authorityOf, type RevocationStatus } from '../revocation/status.ts';
import type { RevocationAnswer, RevocationQuestion } from '../revocation/types.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import { isSelfIssued, issuerKey, nameKey, subjectKey } from '../x509/names.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { type Finding, failureOf, isFinding } from '../x509/verdict.ts';
import { COST, signatureCost, Work } from '../x509/work.ts';
import type { Anchor } from './anchor.ts';
import {
  checkAny,
  checkKey,
  checkLeaf,
  checkPathLength,
  checkSignatureAlgorithm,
  remainingPurposes,
  wrongPurpose,
} from './checks.ts';
import { checkBelowAnchor, noIssuer } from './ends.ts';
import { Judgements } from './judgements.ts';
import { constraintsOver, counted, notSignedBy } from './members.ts';
import type { PathParts } from './parts.ts';
import { type PathQuestion, type PathResult, withFeatures } from './question.ts';

/** Certificates whose issuers are fetched. */
const MAX_FETCHES = 4;
/** Self-issued certificates do not count as intermediates, but there is an end to them too. */
const MAX_SELF_ISSUED = 8;
const DEEPEST_DETOUR = 3;

/** Looks for a good path, with the parts that a program has named. */
export function searchPath(asked: PathQuestion, parts: PathParts): PathResult | Promise<PathResult> {
  const question = withFeatures(asked);
  return runSteps(new Search(question, parts, question.work ?? new Work(), { left: MAX_FETCHES }, []).run());
}

type Found = PathResult & { readonly ok: true };

interface Issuers {
  readonly anchors: readonly Anchor[];
  readonly candidates: readonly Certificate[];
}

/** Depth first, with a way back: one bad branch does not spoil a good one (RFC 4158 section 2.4). */
class Search {
  readonly #question: PathQuestion;
  readonly #parts: PathParts;
  readonly #work: Work;
  readonly #fetches: { left: number };
  readonly #judgements: Judgements;
  readonly #signed = new Map<Certificate, { readonly spki: Uint8Array; readonly good: boolean }[]>();
  readonly #issuers = new Map<Certificate, Issuers>();
  readonly #revoked = new Map<
    Certificate,
    { readonly issuer: Uint8Array; anchor: Anchor; answer: RevocationAnswer }[]
  >();
  /** Certificates whose revocation is being looked into, by searches that this one is a part of. */
  readonly #pending: readonly Certificate[];
  /** The failure that came furthest: what a person wants to hear about. */
  #worst: { readonly depth: number; readonly finding: Finding; readonly certificate: Certificate } | undefined;

  constructor(
    question: PathQuestion,
    parts: PathParts,
    work: Work,
    fetches: { left: number },
    pending: readonly Certificate[],
  ) {
    this.#question = question;
    this.#parts = parts;
    this.#work = work;
    this.#fetches = fetches;
    this.#judgements = new Judgements(question, parts, work);
    this.#pending = pending;
  }

  *run(): Steps<PathResult> {
    const { leaf, rules } = this.#question;
    this.#judgements.read(leaf);
    const finding =
      this.#judgements.distrusted(leaf) ??
      checkAny(leaf, rules, this.#parts) ??
      checkLeaf(leaf, rules) ??
      this.#parts.profile?.(leaf, 'leaf', rules.profile) ??
      rules.check?.(leaf, 'leaf');
    if (finding !== undefined) return this.#failure(finding, leaf);
    const { purposes } = rules;
    const left = purposes && remainingPurposes(leaf, purposes, rules.explicitPurpose !== 'none');
    if (left?.length === 0) return this.#failure(wrongPurpose(leaf, purposes!), leaf);
    const found = (yield* this.#trustedItself()) ?? (yield* this.#extend([leaf], left));
    if (found !== undefined) return found;
    const worst = this.#worst ?? { finding: noIssuer(leaf, [leaf], this.#question.unreadable), certificate: leaf };
    return this.#failure(worst.finding, worst.certificate);
  }

  /** The leaf may be an anchor itself. */
  *#trustedItself(): Steps<Found | undefined> {
    const { leaf, anchors } = this.#question;
    for (const anchor of anchors) {
      if (anchor.use === 'authority' || anchor.certificate === undefined) continue;
      if (!equalBytes(anchor.certificate.der, leaf.der)) continue;
      if (anchor.requireSelfSigned) {
        if (!isSelfIssued(leaf)) continue;
        if (!(yield* this.#isSignedBy([leaf], leaf, authorityOf(leaf)))) continue;
      }
      return { ok: true, path: [leaf], anchor, policies: [], revocation: [] };
    }
    return undefined;
  }

  *#extend(path: readonly Certificate[], purposes: readonly string[] | undefined): Steps<Found | undefined> {
    const { rules } = this.#question;
    const last = path[path.length - 1]!;
    const weak = checkSignatureAlgorithm(last.signatureAlgorithm, rules);
    if (weak !== undefined) {
      this.#note(path, weak, last);
      return undefined;
    }
    let issuers = 0;
    const above = this.#issuersOf(last);
    for (const anchor of above.anchors) {
      // Whether a certificate may vouch for itself was decided before.
      if (path.length === 1 && anchor.certificate !== undefined && equalBytes(anchor.certificate.der, last.der))
        continue;
      issuers++;
      const found = yield* this.#arrive(path, purposes, anchor);
      if (found !== undefined) return found;
      if (this.#work.isSpent) return undefined;
    }
    for (const issuer of above.candidates) {
      if (this.#isOn(path, issuer)) continue;
      issuers++;
      const found = yield* this.#climb(path, purposes, issuer);
      if (found !== undefined) return found;
      if (this.#work.isSpent) return undefined;
    }
    for (const issuer of yield* this.#fetched(last, above)) {
      if (this.#isOn(path, issuer)) continue;
      issuers++;
      const found = yield* this.#climb(path, purposes, issuer);
      if (found !== undefined) return found;
      if (this.#work.isSpent) return undefined;
    }
    if (issuers === 0) this.#note(path, () => noIssuer(last, path, this.#question.unreadable), last);
    return undefined;
  }

  #isOn(path: readonly Certificate[], certificate: Certificate): boolean {
    const identity = this.#judgements.identity(certificate);
    return path.some((used) => this.#judgements.identity(used) === identity);
  }

  /** Issuers that were fetched: only those of its name, and none that was at hand. */
  *#fetched(certificate: Certificate, known: Issuers): Steps<readonly Certificate[]> {
    const { fetchIssuers } = this.#question;
    if (fetchIssuers === undefined || isSelfIssued(certificate)) return [];
    if (--this.#fetches.left < 0) return [];
    const found = yield* wait(fetchIssuers(certificate));
    const identities = new Set(known.candidates.map((one) => this.#judgements.identity(one)));
    return found.filter(
      (issuer) => subjectKey(issuer) === issuerKey(certificate) && !identities.has(this.#judgements.identity(issuer)),
    );
  }

  /** Those with the name of its issuer, the likeliest first. Looked for once: a search comes by many times. */
  #issuersOf(certificate: Certificate): Issuers {
    const known = this.#issuers.get(certificate);
    if (known !== undefined) return known;
    const { anchors, candidates } = this.#question;
    const key = issuerKey(certificate);
    const named = (anchor: Anchor): string =>
      anchor.certificate === undefined ? nameKey(anchor.name) : subjectKey(anchor.certificate);
    const issuers = {
      anchors: this.#judgements.rank(
        certificate,
        anchors.filter((anchor) => anchor.use !== 'leaf' && named(anchor) === key),
        (anchor) => anchor.certificate,
      ),
      candidates: this.#judgements.rank(
        certificate,
        candidates.filter((candidate) => subjectKey(candidate) === key),
        (candidate) => candidate,
      ),
    };
    this.#issuers.set(certificate, issuers);
    return issuers;
  }

  /** One authority further up. */
  *#climb(
    path: readonly Certificate[],
    purposes: readonly string[] | undefined,
    issuer: Certificate,
  ): Steps<Found | undefined> {
    const { rules } = this.#question;
    const last = path[path.length - 1]!;
    const longer = [...path, issuer];
    const below = counted(path);
    if (!this.#pay(COST.climb + path.length, path, last)) return undefined;
    const total = isSelfIssued(issuer) ? below : below + 1;
    if (total > rules.maxIntermediates || longer.length > rules.maxIntermediates + MAX_SELF_ISSUED) {
      const what = `there are more than ${rules.maxIntermediates} authorities between it and what is trusted`;
      this.#note(path, { code: 'CERT_PATH_LENGTH', what }, path[0]!);
      return undefined;
    }
    const finding = this.#judgements.authority(issuer) ?? checkPathLength(issuer, below);
    if (finding !== undefined) {
      this.#note(longer, finding, issuer);
      return undefined;
    }
    const left = purposes && this.#judgements.purposesLeft(issuer, purposes);
    if (left?.length === 0) {
      this.#note(longer, () => wrongPurpose(issuer, purposes!), issuer);
      return undefined;
    }
    if (!(yield* this.#isSignedBy(path, last, authorityOf(issuer)))) return undefined;
    return yield* this.#extend(longer, left);
  }

  /** Does the path end well at this anchor? */
  *#arrive(
    path: readonly Certificate[],
    purposes: readonly string[] | undefined,
    anchor: Anchor,
  ): Steps<Found | undefined> {
    const { rules } = this.#question;
    const last = path[path.length - 1]!;
    const own = anchor.ignoreConstraints ? undefined : anchor.certificate;
    if (!this.#pay(COST.climb, path, last)) return undefined;
    const finding = this.#judgements.anchor(anchor) ?? checkBelowAnchor(anchor, counted(path), purposes, rules);
    if (finding !== undefined) {
      this.#note([...path, anchor.certificate ?? last], finding, anchor.certificate ?? last);
      return undefined;
    }
    if (!(yield* this.#isSignedBy(path, last, anchor))) return undefined;
    if (!this.#pay(COST.arrival * path.length, path, last)) return undefined;
    if (!this.#namesFit(path, anchor, own)) return undefined;
    const policies = this.#policies(path, own);
    if (policies === undefined) return undefined;
    const revocation = yield* this.#revocation(path, anchor);
    return revocation && { ok: true, path, anchor, policies, revocation };
  }

  /** The constraints of all authorities, from the anchor down (RFC 5280 section 6.1.3(b) and (c)). */
  #namesFit(path: readonly Certificate[], anchor: Anchor, own: Certificate | undefined): boolean {
    const part = this.#parts.constraints;
    // Without the part, no certificate with constraints is on a path.
    if (part === undefined) return true;
    for (const { below, constraints } of constraintsOver(path, anchor, own, part))
      if (!this.#areWithin(below, constraints)) return false;
    return true;
  }

  /** Every certificate below an authority, but for the self-issued that are not the leaf. */
  #areWithin(below: readonly Certificate[], constraints: NameConstraints): boolean {
    for (const [index, certificate] of below.entries()) {
      if (index > 0 && isSelfIssued(certificate)) continue;
      const finding = this.#judgements.constrained(certificate, constraints);
      if (finding === undefined) continue;
      this.#note([...below, certificate], finding, certificate);
      return false;
    }
    return true;
  }

  #policies(path: readonly Certificate[], anchor: Certificate | undefined): readonly string[] | undefined {
    if (this.#parts.policies === undefined) return [];
    const { downwards, outcome } = this.#parts.policies(path, anchor, this.#question.rules.policies, this.#work);
    if (!isFinding(outcome)) return outcome.policies;
    this.#note([...path, path[0]!], outcome, downwards[outcome.index]!);
    return undefined;
  }

  *#revocation(path: readonly Certificate[], anchor: Anchor): Steps<readonly RevocationStatus[] | undefined> {
    const { revocation, leaf } = this.#question;
    if (revocation === undefined) return [];
    const statuses: RevocationStatus[] = [];
    let refusal: { readonly finding: Finding; readonly certificate: Certificate } | undefined;
    for (let index = path.length - 1; index >= 0; index--) {
      const certificate = path[index]!;
      // A certificate that this search is for is asked about, even if that is why the search is made.
      if (certificate !== leaf && this.#pending.includes(certificate)) continue;
      const answer = yield* this.#askOnce(path, anchor, index);
      // An answer for want of work is none.
      if (!this.#pay(0, path, certificate)) return undefined;
      statuses.unshift(answer.status);
      if (answer.refusal === undefined) continue;
      // That one of them was revoked is worth more than that nothing is known of another: all are asked.
      if (refusal === undefined || answer.status.status === 'revoked')
        refusal = { finding: answer.refusal, certificate };
    }
    if (refusal === undefined) return statuses;
    this.#note([...path, refusal.certificate], refusal.finding, refusal.certificate);
    return undefined;
  }

  /** A certificate under the same issuer and anchor is asked about once. */
  *#askOnce(path: readonly Certificate[], anchor: Anchor, index: number): Steps<RevocationAnswer> {
    const certificate = path[index]!;
    const issuer = path[index + 1]?.spki ?? anchor.spki;
    const known = this.#revoked.get(certificate) ?? [];
    const before = known.find((one) => one.anchor === anchor && equalBytes(one.issuer, issuer));
    if (before !== undefined) return before.answer;
    const answer = yield* wait(this.#question.revocation!.check(this.#ask(path, anchor, index)));
    this.#revoked.set(certificate, [...known, { issuer, anchor, answer }]);
    return answer;
  }

  #ask(path: readonly Certificate[], anchor: Anchor, index: number): RevocationQuestion {
    const question = this.#question;
    const { rules, candidates, leaf } = question;
    const certificate = path[index]!;
    const pending = [...this.#pending, ...path.slice(index)];
    return {
      certificate,
      issuer: index + 1 < path.length ? authorityOf(path[index + 1]!) : anchor,
      index,
      path,
      anchor,
      candidates: [...candidates, leaf],
      ocspResponse: question.ocspResponseOf?.(certificate),
      now: rules.now,
      spend: (units) => this.#work.spend(units),
      allows: (algorithm, key) =>
        checkSignatureAlgorithm(algorithm, { allowSha1: rules.allowSha1, certificateSchemes: [] }) === undefined &&
        checkKey(key, rules) === undefined,
      verifySignature: (algorithm, key, message, signature) =>
        runSteps(this.#verify(algorithm, key, message, signature)),
      trusts: (signer) => {
        if (this.#pending.length > DEEPEST_DETOUR * path.length) return false;
        if (path.includes(signer) || this.#pending.includes(signer)) return true;
        const detour = {
          ...question,
          leaf: signer,
          anchors: [{ ...anchor, use: 'both' as const }],
          rules: { ...rules, purposes: undefined, keyUsages: [], policies: {}, check: undefined },
        };
        const result = runSteps(new Search(detour, this.#parts, this.#work, this.#fetches, [...pending, signer]).run());
        return 'then' in result ? result.then(({ ok }) => ok) : result.ok;
      },
    };
  }

  *#isSignedBy(path: readonly Certificate[], certificate: Certificate, issuer: Authority): Steps<boolean> {
    const answers = this.#signed.get(certificate) ?? [];
    // An authority with several certificates has one key.
    const known = answers.find(({ spki }) => equalBytes(spki, issuer.spki))?.good;
    const { signatureAlgorithm } = certificate;
    const good =
      known ??
      (signatureAlgorithm !== undefined &&
        issuer.publicKey !== undefined &&
        (yield* this.#verify(signatureAlgorithm, issuer.publicKey, certificate.tbs, certificate.signature)));
    if (!this.#pay(0, path, certificate)) return false;
    if (known === undefined) this.#signed.set(certificate, [...answers, { spki: issuer.spki, good }]);
    if (good) return true;
    this.#note(path, () => notSignedBy(issuer), certificate);
    return false;
  }

  *#verify(algorithm: SignatureAlgorithm, key: PublicKey, message: Uint8Array, signature: Uint8Array): Steps<boolean> {
    if (!this.#work.spend(signatureCost(key, message.length))) return false;
    // A verifier of a program's own may answer with anything: true is yes, and nothing else is.
    return (yield* wait(this.#question.signatures.verify(algorithm, key, message, signature))) === true;
  }

  /** False: there is not enough left, and that is what is wrong. */
  #pay(units: number, path: readonly Certificate[], certificate: Certificate): boolean {
    if (this.#work.spend(units)) return true;
    const what = 'the search for a path took too long';
    this.#note([...path, ...path, certificate], { code: 'CERT_BUDGET', what }, certificate);
    return false;
  }

  /** A finding that has to be put into words is only made when it is kept. */
  #note(path: readonly Certificate[], finding: Finding | (() => Finding), certificate: Certificate): void {
    if (this.#worst !== undefined && path.length <= this.#worst.depth) return;
    this.#worst = { depth: path.length, finding: typeof finding === 'function' ? finding() : finding, certificate };
  }

  #failure(finding: Finding, certificate: Certificate): PathResult {
    const position = this.#question.positionOf?.(certificate) ?? this.#index(certificate);
    return { ok: false, failure: failureOf(finding, certificate, position) };
  }

  #index(certificate: Certificate): number {
    if (certificate === this.#question.leaf) return 0;
    const at = this.#question.candidates.indexOf(certificate);
    return at < 0 ? -1 : at + 1;
  }
}
