import { equalBytes } from '../../bytes/bytes.ts';
import {
  authorityKeyId,
  type Certificate,
  extendedKeyUsage,
  OID_SUBJECT_ALT_NAME,
  subjectKeyId,
} from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import { subjectKey } from '../x509/names.ts';
import { type Finding, isFinding, orMalformed } from '../x509/verdict.ts';
import { COST, type Work } from '../x509/work.ts';
import type { Anchor } from './anchor.ts';
import { checkAny, checkAuthority, checkKey, remainingPurposes } from './checks.ts';
import { checkAnchor } from './ends.ts';
import type { ConstraintsJudge, PathParts } from './parts.ts';
import type { PathQuestion } from './question.ts';

/**
 * What a search has found out. Each certificate is judged once, and so is each certificate under the constraints of each
 * authority: a search comes by many times.
 */
export class Judgements {
  readonly #question: PathQuestion;
  readonly #work: Work;
  readonly #parts: PathParts;
  readonly #constraints: ConstraintsJudge | undefined;
  readonly #authorities = new Map<Certificate, { readonly finding: Finding | undefined }>();
  readonly #anchors = new Map<Anchor, { readonly finding: Finding | undefined }>();
  readonly #purposes = new Map<Certificate, ReadonlySet<string>>();
  readonly #identities = new Map<Certificate, number>();
  readonly #alike = new Map<string, Certificate[]>();

  constructor(question: PathQuestion, parts: PathParts, work: Work) {
    this.#question = question;
    this.#work = work;
    this.#parts = parts;
    this.#constraints = parts.constraints?.judge(work);
  }

  /** What is wrong with an authority wherever it stands. */
  authority(certificate: Certificate): Finding | undefined {
    let known = this.#authorities.get(certificate);
    if (known === undefined) {
      this.read(certificate);
      const { rules } = this.#question;
      const finding =
        this.distrusted(certificate) ??
        checkAny(certificate, rules, this.#parts) ??
        checkAuthority(certificate) ??
        this.#parts.profile?.(certificate, 'authority', rules.profile) ??
        rules.check?.(certificate, 'authority');
      known = { finding };
      this.#authorities.set(certificate, known);
    }
    return known.finding;
  }

  /** What is wrong with an anchor whatever the path. */
  anchor(anchor: Anchor): Finding | undefined {
    let known = this.#anchors.get(anchor);
    if (known === undefined) {
      const { rules } = this.#question;
      const finding =
        (anchor.certificate && this.distrusted(anchor.certificate)) ??
        checkKey(anchor.publicKey, rules) ??
        checkAnchor(anchor, rules, this.#parts);
      known = { finding };
      this.#anchors.set(anchor, known);
    }
    return known.finding;
  }

  distrusted(certificate: Certificate): Finding | undefined {
    if (this.#question.distrusts?.(certificate) !== true) return undefined;
    return { code: 'CERT_DISTRUSTED', what: 'it is on the list of those that are never trusted' };
  }

  /** The extensions of a certificate are about to be read. */
  read({ der }: Certificate): void {
    this.#work.spend(COST.byte * der.length);
  }

  /** Those of `wanted` that an authority whose form was looked at leaves. */
  purposesLeft(certificate: Certificate, wanted: readonly string[]): readonly string[] {
    const { rules } = this.#question;
    let allowed = this.#purposes.get(certificate);
    if (allowed === undefined) {
      const explicit = rules.explicitPurpose === 'path';
      this.#work.spend(COST.comparison * (extendedKeyUsage(certificate)?.length ?? 0));
      allowed = new Set(remainingPurposes(certificate, rules.purposes ?? [], explicit));
      this.#purposes.set(certificate, allowed);
    }
    return wanted.filter((purpose) => allowed.has(purpose));
  }

  /** Is this certificate within the constraints of an authority above it? */
  constrained(certificate: Certificate, constraints: NameConstraints): Finding | undefined {
    return orMalformed(() => this.#constraints?.check(certificate, constraints), 'RFC 5280 section 4.2.1.10');
  }

  /** RFC 4158 section 5.2: a number for name, key and alternative names; a path does not go through one twice. */
  identity(certificate: Certificate): number {
    const known = this.#identities.get(certificate);
    if (known !== undefined) return known;
    const key = `${certificate.spki.length} ${namesOf(certificate).length} ${subjectKey(certificate)}`;
    const alike = this.#alike.get(key) ?? [];
    this.#work.spend(COST.comparedByte * alike.length * (certificate.spki.length + namesOf(certificate).length));
    const same = alike.find(
      (one) => equalBytes(one.spki, certificate.spki) && equalBytes(namesOf(one), namesOf(certificate)),
    );
    const identity = same === undefined ? this.#identities.size : this.#identities.get(same)!;
    if (same === undefined) this.#alike.set(key, [...alike, certificate]);
    this.#identities.set(certificate, identity);
    return identity;
  }

  /** Key identifiers decide only the order; one that does not fit refuses nothing (RFC 4158 section 3.5.12). */
  rank<T>(certificate: Certificate, among: readonly T[], of: (one: T) => Certificate | undefined): readonly T[] {
    if (among.length < 2) return among;
    const wanted = orMalformed(() => authorityKeyId(certificate), '');
    const id = isFinding(wanted) ? undefined : wanted?.keyId;
    return among
      .map((one) => ({ one, rank: this.#rankOf(of(one), id) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);
  }

  #rankOf(issuer: Certificate | undefined, wanted: Uint8Array | undefined): number {
    if (issuer === undefined) return 1;
    const late = issuer.notAfter < this.#question.rules.now ? 4 : 0;
    const id = wanted && orMalformed(() => subjectKeyId(issuer), '');
    return late + (id instanceof Uint8Array ? (equalBytes(id, wanted!) ? 0 : 2) : 1);
  }
}

function namesOf({ extensions }: Certificate): Uint8Array {
  return extensions.get(OID_SUBJECT_ALT_NAME)?.value ?? NONE;
}

const NONE = new Uint8Array(0);
