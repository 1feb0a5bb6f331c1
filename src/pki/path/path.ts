import { equalBytes } from '../../bytes/bytes.ts';
import type { PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import type { Anchor } from './anchors.ts';
import { authorityKeyId, type Certificate, subjectKeyId } from '../x509/certificate.ts';
import {
  checkAny,
  checkAuthority,
  checkKey,
  checkLeaf,
  checkSignatureAlgorithm,
  remainingPurposes,
  wrongPurpose,
} from './checks.ts';
import { type Budget, checkNameConstraints } from './constraints.ts';
import { nameConstraints } from '../x509/extensions.ts';
import { isSelfIssued, sameName } from '../x509/names.ts';
import { checkAnchor, noIssuer } from './ends.ts';
import { costOf, counted, isSame, notSignedBy, withCertificate } from './members.ts';
import type { PathQuestion, PathResult } from './question.ts';
import { processPolicies } from './policies.ts';
import { checkProfile } from './profiles.ts';
import { type Authority, authorityOf, type RevocationStatus } from '../revocation/status.ts';
import type { RevocationQuestion } from '../revocation/types.ts';
import { runSteps, type Steps, wait } from '../x509/steps.ts';
import { type Finding, failureOf, isFinding, orMalformed } from '../x509/verdict.ts';

/** What one judgement may cost, whatever a peer sends. */
interface Budgets extends Budget {
  steps: number;
  /** In units of a P-256 or small RSA verification. */
  signatures: number;
  /** Certificates whose issuers are fetched. */
  fetches: number;
}

const MAX_STEPS = 5_000;
const MAX_SIGNATURES = 100;
const MAX_COMPARISONS = 250_000;
const MAX_FETCHES = 4;
/** Self-issued certificates do not count as intermediates, but they do not go on forever either. */
const MAX_SELF_ISSUED = 8;
const DEEPEST_DETOUR = 3;

/** Looks for a good path. Answers at once when signatures and revocation are answered at once. */
export function findPath(question: PathQuestion): PathResult | Promise<PathResult> {
  const budgets = {
    steps: MAX_STEPS,
    signatures: MAX_SIGNATURES,
    comparisons: MAX_COMPARISONS,
    fetches: MAX_FETCHES,
  };
  return runSteps(new Search(question, budgets, []).run());
}

type Found = PathResult & { readonly ok: true };

interface Issuers {
  readonly anchors: readonly Anchor[];
  readonly candidates: readonly Certificate[];
}

/** Depth first, with a way back: one bad branch does not spoil a good one (RFC 4158 section 2.4). */
class Search {
  readonly #question: PathQuestion;
  readonly #budgets: Budgets;
  readonly #signed = new Map<Certificate, { readonly spki: Uint8Array; readonly good: boolean }[]>();
  readonly #issuers = new Map<Certificate, Issuers>();
  /** Certificates whose revocation is being looked into, by searches that this one is a part of. */
  readonly #pending: readonly Certificate[];
  /** The failure that came furthest: what a person wants to hear about. */
  #worst: { readonly depth: number; readonly finding: Finding; readonly certificate: Certificate } | undefined;

  constructor(question: PathQuestion, budgets: Budgets, pending: readonly Certificate[]) {
    this.#question = question;
    this.#budgets = budgets;
    this.#pending = pending;
  }

  *run(): Steps<PathResult> {
    const { leaf, rules } = this.#question;
    const finding =
      this.#distrusted(leaf) ??
      checkAny(leaf, rules) ??
      checkLeaf(leaf, rules) ??
      checkProfile(leaf, 'leaf', rules.profile) ??
      rules.check?.(leaf, 'leaf');
    if (finding !== undefined) return this.#failure(finding, leaf);
    const { purposes } = rules;
    const left = purposes && remainingPurposes(leaf, purposes, rules.explicitPurpose !== 'none');
    if (left?.length === 0) return this.#failure(wrongPurpose(leaf, purposes!), leaf);
    const found = (yield* this.#trustedItself()) ?? (yield* this.#extend([leaf], left));
    if (found !== undefined) return found;
    const worst = this.#worst ?? { finding: noIssuer(leaf, [leaf]), certificate: leaf };
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
    if (--this.#budgets.steps < 0) {
      this.#overspent(path, last);
      return undefined;
    }
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
      if (this.#spent()) return undefined;
    }
    for (const issuer of above.candidates) {
      if (path.some((used) => isSame(used, issuer))) continue;
      issuers++;
      const found = yield* this.#climb(path, purposes, issuer);
      if (found !== undefined) return found;
      if (this.#spent()) return undefined;
    }
    for (const issuer of yield* this.#fetched(last, above)) {
      if (path.some((used) => isSame(used, issuer))) continue;
      issuers++;
      const found = yield* this.#climb(path, purposes, issuer);
      if (found !== undefined) return found;
      if (this.#spent()) return undefined;
    }
    if (issuers === 0) this.#note(path, () => noIssuer(last, path), last);
    return undefined;
  }

  /** Issuers that somebody has fetched: only those of its name, and none that was at hand. */
  *#fetched(certificate: Certificate, known: Issuers): Steps<readonly Certificate[]> {
    const { fetchIssuers } = this.#question;
    if (fetchIssuers === undefined || isSelfIssued(certificate)) return [];
    if (--this.#budgets.fetches < 0) return [];
    const found = yield* wait(fetchIssuers(certificate));
    return found.filter(
      (issuer) => sameName(issuer.subject, certificate.issuer) && !known.candidates.some((one) => isSame(one, issuer)),
    );
  }

  /** Who has the name of its issuer, the likeliest first. Looked for once: a search comes by many times. */
  #issuersOf(certificate: Certificate): Issuers {
    const known = this.#issuers.get(certificate);
    if (known !== undefined) return known;
    const { anchors, candidates } = this.#question;
    const next = candidates.filter(({ subject }) => sameName(subject, certificate.issuer));
    const issuers = {
      anchors: this.#rank(
        certificate,
        anchors.filter(({ use, name }) => use !== 'leaf' && sameName(name, certificate.issuer)),
      ),
      candidates: this.#rank(certificate, next.map(withCertificate)).map((one) => one.certificate),
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
    const total = isSelfIssued(issuer) ? below : below + 1;
    if (total > rules.maxIntermediates || longer.length > rules.maxIntermediates + MAX_SELF_ISSUED) {
      const what = `there are more than ${rules.maxIntermediates} authorities between it and what is trusted`;
      this.#note(path, { code: 'CERT_PATH_LENGTH', what }, path[0]!);
      return undefined;
    }
    // What it says about purposes can be read once its form has been looked at, and not before.
    const left = (): readonly string[] | undefined =>
      purposes && remainingPurposes(issuer, purposes, rules.explicitPurpose === 'path');
    const finding =
      this.#distrusted(issuer) ??
      checkAny(issuer, rules) ??
      checkAuthority(issuer, below) ??
      checkProfile(issuer, 'authority', rules.profile) ??
      (left()?.length === 0 ? wrongPurpose(issuer, purposes!) : undefined) ??
      rules.check?.(issuer, 'authority');
    if (finding !== undefined) {
      this.#note(longer, finding, issuer);
      return undefined;
    }
    if (!(yield* this.#isSignedBy(path, last, authorityOf(issuer)))) return undefined;
    const constraints = nameConstraints(issuer);
    if (constraints !== undefined && !this.#namesFit(path, constraints)) return undefined;
    return yield* this.#extend(longer, left());
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
    const finding =
      (anchor.certificate && this.#distrusted(anchor.certificate)) ??
      checkKey(anchor.publicKey, rules) ??
      checkAnchor(anchor, counted(path), purposes, rules);
    if (finding !== undefined) {
      this.#note([...path, anchor.certificate ?? last], finding, anchor.certificate ?? last);
      return undefined;
    }
    if (!(yield* this.#isSignedBy(path, last, anchor))) return undefined;
    const constraints = own && nameConstraints(own);
    if (constraints !== undefined && !this.#namesFit(path, constraints)) return undefined;
    if (anchor.nameConstraints !== undefined && !this.#namesFit(path, anchor.nameConstraints)) return undefined;
    const policies = this.#policies(path, own);
    if (policies === undefined) return undefined;
    const revocation = yield* this.#revocation(path, anchor);
    return revocation && { ok: true, path, anchor, policies, revocation };
  }

  /** Every certificate below an authority, but for the self-issued that are not the leaf (RFC 5280 section 6.1.3(b)). */
  #namesFit(path: readonly Certificate[], constraints: NonNullable<ReturnType<typeof nameConstraints>>): boolean {
    for (const [index, certificate] of path.entries()) {
      if (index > 0 && isSelfIssued(certificate)) continue;
      const finding = orMalformed(
        () => checkNameConstraints(certificate, constraints, this.#budgets),
        'RFC 5280 section 4.2.1.10',
      );
      if (finding === undefined) continue;
      this.#note([...path, certificate], finding, certificate);
      return false;
    }
    return true;
  }

  #policies(path: readonly Certificate[], anchor: Certificate | undefined): readonly string[] | undefined {
    const speaks = anchor !== undefined && POLICY_OIDS.some((oid) => anchor.extensions.has(oid));
    const downwards = [...(speaks ? [anchor] : []), ...[...path].reverse()];
    const outcome = processPolicies(downwards, this.#question.rules.policies);
    if (!isFinding(outcome)) return outcome.policies;
    this.#note([...path, path[0]!], outcome, downwards[outcome.index]!);
    return undefined;
  }

  *#revocation(path: readonly Certificate[], anchor: Anchor): Steps<readonly RevocationStatus[] | undefined> {
    const { revocation, leaf } = this.#question;
    if (revocation === undefined) return [];
    const statuses: RevocationStatus[] = [];
    for (let index = path.length - 1; index >= 0; index--) {
      const certificate = path[index]!;
      // A certificate that this search is for is asked about, even if that is why the search is made.
      if (certificate !== leaf && this.#pending.includes(certificate)) continue;
      const answer = yield* wait(revocation.check(this.#ask(path, anchor, index)));
      statuses.unshift(answer.status);
      if (answer.refusal === undefined) continue;
      this.#note([...path, certificate], answer.refusal, certificate);
      return undefined;
    }
    return statuses;
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
        const result = runSteps(new Search(detour, this.#budgets, [...pending, signer]).run());
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
    if (this.#spent()) {
      this.#overspent(path, certificate);
      return false;
    }
    if (known === undefined) this.#signed.set(certificate, [...answers, { spki: issuer.spki, good }]);
    if (good) return true;
    this.#note(path, () => notSignedBy(issuer), certificate);
    return false;
  }

  *#verify(algorithm: SignatureAlgorithm, key: PublicKey, message: Uint8Array, signature: Uint8Array): Steps<boolean> {
    this.#budgets.signatures -= costOf(key);
    if (this.#budgets.signatures < 0) return false;
    return yield* wait(this.#question.signatures.verify(algorithm, key, message, signature));
  }

  /** Key identifiers decide only the order; one that does not fit refuses nothing (RFC 4158 section 3.5.12). */
  #rank<T extends { readonly certificate: Certificate | undefined }>(
    certificate: Certificate,
    among: readonly T[],
  ): readonly T[] {
    if (among.length < 2) return among;
    const wanted = authorityKeyId(certificate)?.keyId;
    const rank = ({ certificate: issuer }: T): number => {
      if (issuer === undefined) return 1;
      const late = issuer.notAfter < this.#question.rules.now ? 4 : 0;
      const id = wanted && orMalformed(() => subjectKeyId(issuer), '');
      return late + (id instanceof Uint8Array ? (equalBytes(id, wanted!) ? 0 : 2) : 1);
    };
    return [...among].sort((a, b) => rank(a) - rank(b));
  }

  #distrusted(certificate: Certificate): Finding | undefined {
    if (this.#question.distrusts?.(certificate) !== true) return undefined;
    return { code: 'CERT_DISTRUSTED', what: 'it is on the list of those that are never trusted' };
  }

  #spent(): boolean {
    return this.#budgets.signatures < 0 || this.#budgets.steps < 0 || this.#budgets.comparisons < 0;
  }

  #overspent(path: readonly Certificate[], certificate: Certificate): void {
    const what = 'the search for a path took too long';
    this.#note([...path, ...path, certificate], { code: 'CERT_BUDGET', what }, certificate);
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

const POLICY_OIDS: readonly string[] = ['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'];
