import { equalBytes } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import type { Certificate } from '../x509/certificate.ts';
import { type Crl, type CrlEntry, findEntry } from './crl.ts';
import {
  ALL_REASONS,
  crlDistributionPoints,
  type DistributionPoint,
  generalNameKeys,
  pointNames,
  shareName,
} from '../x509/distribution-point.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { sameName } from '../x509/names.ts';
import { type Authority, type Freshness, freshness, isAuthority, type RevocationStatus, unknown } from './status.ts';
import type { Steps } from '../x509/steps.ts';

/** How lists are judged. */
export interface CrlRules extends Freshness {
  /** Refuse version 2 lists without a cRLNumber (RFC 5280 section 5.2.3). */
  readonly requireNumber: boolean;
  /** Refuse an empty list of entries (section 5.1.2.6). */
  readonly strict: boolean;
  /** Use lists that speak for the certificates of others (section 5.2.5). */
  readonly indirect: boolean;
  /** Use deltas (section 5.2.4). */
  readonly deltas: boolean;
}

export interface CrlQuestion {
  readonly certificate: Certificate;
  readonly issuer: Authority;
  readonly crls: readonly Crl[];
  readonly rules: CrlRules;
  /** Who signed the list, if that is an authority that may; or why it cannot be used. */
  signerOf(crl: Crl): Steps<Authority | string>;
}

/** The state of one certificate by the lists there are (RFC 5280 section 6.3.3). */
export function* crlStatus(question: CrlQuestion): Steps<RevocationStatus> {
  try {
    return yield* new Judgement(question).run();
  } catch (error) {
    if (error instanceof DerError) return unknown('unusable', `an extension cannot be read: ${error.message}`);
    throw error;
  }
}

/** A point as the algorithm sees it: with all its names, and whom it says the list is from. */
interface Point {
  readonly names: readonly GeneralName[] | undefined;
  readonly reasons: number;
  readonly crlIssuer: readonly GeneralName[] | undefined;
}

interface ListKeys {
  readonly issuer: ReadonlySet<string>;
  readonly point: ReadonlySet<string>;
}

class Judgement {
  readonly #question: CrlQuestion;
  readonly #keys = new Map<Crl, ListKeys>();
  /** reasons_mask: what the lists used so far would have told. */
  #covered = 0;
  #until = Number.POSITIVE_INFINITY;
  /** Why a list that speaks of the certificate was not used. */
  #unusable: string | undefined;

  constructor(question: CrlQuestion) {
    this.#question = question;
  }

  *run(): Steps<RevocationStatus> {
    const { crls } = this.#question;
    // Of two lists with the same scope the newer one counts.
    const complete = crls
      .filter(({ baseNumber }) => baseNumber === undefined)
      .sort((a, b) => b.thisUpdate - a.thisUpdate);
    for (const point of this.#points()) {
      for (const crl of complete) {
        const reasons = this.#scope(crl, point);
        // Step (e): a list that adds nothing is not looked at.
        if (reasons === undefined || (reasons & ~this.#covered) === 0) continue;
        const entry = yield* this.#consult(crl);
        if (typeof entry === 'string') {
          this.#unusable ??= entry;
          continue;
        }
        if (entry !== undefined) return { status: 'revoked', source: 'crl', reason: entry.reason, date: entry.date };
        this.#covered |= reasons;
        if (this.#covered === ALL_REASONS) return { status: 'good', source: 'crl', until: this.#until };
      }
    }
    if (this.#unusable !== undefined) return unknown('unusable', this.#unusable);
    if (this.#covered !== 0) return unknown('unusable', 'the lists there are speak of some reasons only');
    return unknown('missing', 'there is no list that speaks of it');
  }

  /** The points of the certificate, and at the end any list of its issuer. */
  #points(): readonly Point[] {
    const { certificate } = this.#question;
    const points = crlDistributionPoints(certificate) ?? [];
    const own = points.map((point) => this.#point(point));
    // If all its lists are those of others, its issuer does not publish any for it.
    if (own.length > 0 && own.every(({ crlIssuer }) => crlIssuer !== undefined)) return own;
    return [
      ...own,
      { names: [{ kind: 'directory', name: certificate.issuer }], reasons: ALL_REASONS, crlIssuer: undefined },
    ];
  }

  #point({ name, reasons, crlIssuer }: DistributionPoint): Point {
    const { certificate } = this.#question;
    const directory = crlIssuer?.flatMap((issuer) => (issuer.kind === 'directory' ? [issuer.name] : []));
    // RFC 5280 section 4.2.1.13: a relative name goes with one issuer only.
    const base = directory === undefined ? certificate.issuer : directory.length === 1 ? directory[0] : undefined;
    return {
      names: name === undefined ? undefined : pointNames(name, base),
      reasons: reasons ?? ALL_REASONS,
      crlIssuer,
    };
  }

  /** Steps (b) and (d): the reasons for which this list speaks of this certificate at this point; undefined: it does not. */
  #scope(crl: Crl, point: Point): number | undefined {
    const { certificate, rules } = this.#question;
    const idp = crl.issuingDistributionPoint;
    if (idp?.indirect === true && !rules.indirect) return undefined;
    if (point.crlIssuer === undefined) {
      if (!sameName(crl.issuer, certificate.issuer)) return undefined;
    } else {
      if (idp?.indirect !== true) return undefined;
      if (!shareName(point.crlIssuer, this.#keysOf(crl).issuer)) return undefined;
    }
    if (idp === undefined) return point.reasons;
    if (idp.name !== undefined) {
      if (!shareName(point.names ?? point.crlIssuer ?? [], this.#keysOf(crl).point)) return undefined;
    }
    if (idp.only === 'attribute') return undefined;
    // RFC 5280 section 5.2.5: such a list never speaks of certificates of version 1 or 2.
    if (idp.only !== undefined && certificate.version !== 3) return undefined;
    if (idp.only !== undefined && (idp.only === 'authority') !== isAuthority(certificate)) return undefined;
    return point.reasons & (idp.onlyReasons ?? ALL_REASONS);
  }

  /** What a list is known by, made once: a certificate may have many points. */
  #keysOf(crl: Crl): ListKeys {
    let keys = this.#keys.get(crl);
    if (keys === undefined) {
      const name = crl.issuingDistributionPoint?.name;
      keys = {
        issuer: generalNameKeys([{ kind: 'directory', name: crl.issuer }]),
        point: generalNameKeys(name === undefined ? [] : pointNames(name, crl.issuer)),
      };
      this.#keys.set(crl, keys);
    }
    return keys;
  }

  /**
   * What the list says; a text: why it cannot be used. One that is too old or has no number, but is signed by whom it has
   * to be, is still right about those whom it names: a certificate does not come back from being revoked.
   */
  *#consult(crl: Crl): Steps<CrlEntry | undefined | string> {
    const { certificate, signerOf } = this.#question;
    const answer = yield* this.#consultCurrent(crl);
    if (typeof answer !== 'string' || crl.unusable !== undefined) return answer;
    const named = findEntry(crl, certificate.serial, certificate.issuer);
    if (named === undefined || named.reason === 'removeFromCRL') return answer;
    const signer = yield* signerOf(crl);
    return typeof signer === 'string' ? answer : named;
  }

  /** Steps (c) and (f) to (l): what the list and its delta say; a text: why they cannot be used. */
  *#consultCurrent(crl: Crl): Steps<CrlEntry | undefined | string> {
    const { rules, certificate, signerOf } = this.#question;
    const form = this.#form(crl);
    if (form !== undefined) return form;
    const fresh = freshness(crl, rules);
    if (fresh === 'not-yet') return 'the list is not valid yet';
    const hasDeltas = rules.deltas && this.#question.crls.some((delta) => isDeltaOf(delta, crl));
    if (fresh === 'expired' && !hasDeltas) return 'the list has expired';
    const signer = yield* signerOf(crl);
    if (typeof signer === 'string') return signer;
    const delta = hasDeltas ? yield* this.#delta(crl, signer) : undefined;
    // Step (a)(1)(i): a current delta is as good as a current list.
    if (fresh === 'expired' && delta === undefined) return 'the list has expired';
    this.#until = Math.min(this.#until, delta?.until ?? (fresh as number));
    const changed = delta && findEntry(delta.crl, certificate.serial, certificate.issuer);
    if (changed !== undefined) return changed.reason === 'removeFromCRL' ? undefined : changed;
    return findEntry(crl, certificate.serial, certificate.issuer);
  }

  #form(crl: Crl): string | undefined {
    if (crl.unusable !== undefined) return crl.unusable;
    if (this.#question.rules.strict && crl.isEmptyWritten)
      return 'the list has an empty list of entries, instead of none (strictCrls)';
    if (this.#question.rules.requireNumber && crl.version === 2 && crl.number === undefined) return NO_NUMBER;
    return undefined;
  }

  /** The newest delta that can be used on top of a list. */
  *#delta(crl: Crl, signer: Authority): Steps<{ readonly crl: Crl; readonly until: number } | undefined> {
    const { crls, rules, signerOf } = this.#question;
    const deltas = crls.filter((delta) => isDeltaOf(delta, crl)).sort((a, b) => b.thisUpdate - a.thisUpdate);
    for (const delta of deltas) {
      const until = freshness(delta, rules);
      if (this.#form(delta) !== undefined || typeof until === 'string') continue;
      const deltaSigner = yield* signerOf(delta);
      // RFC 5280 section 5.2.4: both are signed with the same key.
      if (typeof deltaSigner !== 'string' && equalBytes(deltaSigner.spki, signer.spki)) return { crl: delta, until };
    }
    return undefined;
  }
}

/** Why a list without a cRLNumber is not used. */
export const NO_NUMBER = 'the list has no number (requireCrlNumber)';

/** RFC 5280 sections 5.2.4 and 6.3.3(c): same issuer, same scope, same key, and the numbers fit. */
function isDeltaOf(delta: Crl, crl: Crl): boolean {
  if (delta.baseNumber === undefined || delta.number === undefined || crl.number === undefined) return false;
  const idp = (list: Crl): Uint8Array => list.extensions.get('2.5.29.28')?.value ?? new Uint8Array(0);
  const key = (list: Crl): Uint8Array => list.authorityKeyId ?? new Uint8Array(0);
  return (
    sameName(delta.issuer, crl.issuer) &&
    equalBytes(idp(delta), idp(crl)) &&
    equalBytes(key(delta), key(crl)) &&
    compareNumbers(delta.baseNumber, crl.number) <= 0 &&
    compareNumbers(crl.number, delta.number) < 0
  );
}

/** Big endian, without leading zeros. */
function compareNumbers(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
