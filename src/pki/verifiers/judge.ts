import { equalBytes } from '../../bytes/bytes.ts';
import { isPromise } from '../../bytes/promise.ts';
import { typedText } from '../../bytes/text.ts';
import { isTime } from '../../bytes/time.ts';
import type { MaybePromise, SignatureVerifier } from '../../crypto/types.ts';
import type { PresentedPeer, Verdict, VerdictDetails } from '../../handshake/peer.ts';
import type { Anchor } from '../path/anchor.ts';
import { checkForm, checkName } from '../path/checks.ts';
import { detailsOf } from '../path/details.ts';
import type { PathParts } from '../path/parts.ts';
import type { PathResult, UnreadableCertificate } from '../path/question.ts';
import { recheckPath, stillGood } from '../path/recheck.ts';
import type { PathRules } from '../path/rules.ts';
import { searchPath } from '../path/search.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { type Certificate, readCertificate, remember } from '../x509/certificate.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { duration, type Finding, failureOf, isFinding, orMalformed } from '../x509/verdict.ts';
import { COST, Work } from '../x509/work.ts';

/** What chains are held against: read once, used for every peer. */
export interface Judge {
  readonly parts: PathParts;
  readonly signatures: SignatureVerifier;
  readonly anchors: readonly Anchor[];
  readonly intermediates: readonly Certificate[];
  readonly revocation: RevocationChecker | undefined;
  readonly allowNoServerName: boolean;
  rules(peer: PresentedPeer): PathRules;
  distrusts?(certificate: Certificate): boolean;
  fetchIssuers?(certificate: Certificate, now: number): Promise<readonly Certificate[]>;
  /** A path that was found good for the same chain and question. */
  known?(peer: PresentedPeer): FoundPath | undefined;
  /** To be remembered. */
  keep?(peer: PresentedPeer, found: FoundPath): void;
}

/** A path that is good. */
export type FoundPath = PathResult & { readonly ok: true };

/** A chain has at most so many certificates: a peer with many cross-signed authorities may send some dozens. */
const MAX_CERTIFICATES = 64;
/** Of a chain: what a handshake message has at most. */
const MAX_BYTES = 262_144;

/** Nothing is valid at a time that is none. */
function timeless({ now }: PresentedPeer): Verdict {
  const finding = {
    code: 'CERT_EXPIRED',
    what: 'it cannot be said whether it is valid',
    expected: '`now` in milliseconds since 1970',
    found: typedText(now),
    advice: 'look at the clock that was given',
  } as const;
  return no(failureOf(finding, undefined, 0));
}

/** Is the peer who it has to be? */
export function judgePeer(peer: PresentedPeer, judge: Judge): MaybePromise<Verdict> {
  if (!isTime(peer.now)) return timeless(peer);
  const known = judge.known?.(peer);
  if (known !== undefined) {
    const [leaf] = known.path;
    const wrong = leaf && peer.role === 'client' ? nameFinding(leaf, peer, judge) : undefined;
    if (leaf !== undefined)
      return wrong === undefined
        ? verdictOf(leaf, known, peer)
        : { ...no(failureOf(wrong, leaf, 0)), publicKey: leaf.spki };
  }
  if (peer.chain.length > MAX_CERTIFICATES) {
    const what = `it has ${peer.chain.length} certificates, at most ${MAX_CERTIFICATES} are read`;
    return no(failureOf({ code: 'CERT_TOO_LARGE', what }, undefined, 0));
  }
  const bytes = peer.chain.reduce((sum, der) => sum + der.length, 0);
  if (bytes > MAX_BYTES) {
    const what = `its certificates have ${bytes} bytes, at most ${MAX_BYTES} are read`;
    return no(failureOf({ code: 'CERT_TOO_LARGE', what }, undefined, 0));
  }
  const work = new Work();
  work.spend(COST.byte * bytes);
  const positions = new Map<Certificate, number>();
  const unreadable: UnreadableCertificate[] = [];
  for (const [position, der] of peer.chain.entries()) {
    const certificate = orMalformed(() => readCertificate(der), 'RFC 5280 section 4.1');
    // Only the leaf has to be readable: what else was sent may be of no use to us (RFC 9846 section 4.5.1).
    if (!isFinding(certificate)) positions.set(certificate, position);
    else if (position > 0) unreadable.push({ position, why: certificate.what });
    else return no(failureOf({ ...certificate, what: `certificate 0: ${certificate.what}` }, undefined, 0));
  }
  const [leaf, ...sent] = [...positions.keys()];
  if (leaf === undefined)
    return no(failureOf({ code: 'CERT_MALFORMED', what: 'there is no certificate' }, undefined, 0));
  const rules = judge.rules(peer);
  const finding =
    checkForm(leaf, 'below the anchor', rules, judge.parts) ??
    (peer.role === 'client' ? nameFinding(leaf, peer, judge) : undefined);
  if (finding !== undefined) return { ...no(failureOf(finding, leaf, 0)), publicKey: leaf.spki };
  const result = searchPath(
    {
      leaf,
      candidates: [...sent, ...judge.intermediates],
      anchors: judge.anchors,
      rules,
      work,
      unreadable,
      signatures: judge.signatures,
      revocation: judge.revocation,
      ...(judge.fetchIssuers !== undefined && {
        fetchIssuers: async (certificate: Certificate) => {
          try {
            return (await judge.fetchIssuers?.(certificate, peer.now)) ?? [];
          } catch {
            return [];
          }
        },
      }),
      ocspResponseOf: (certificate) => peer.ocspResponses[positions.get(certificate) ?? -1],
      positionOf: (certificate) => positions.get(certificate) ?? -1,
      distrusts: (certificate) => judge.distrusts?.(certificate) === true,
    },
    judge.parts,
  );
  const finish = (found: PathResult): Verdict => {
    if (found.ok) judge.keep?.(peer, found);
    return verdictOf(leaf, found, peer);
  };
  return isPromise(result) ? result.then(finish) : finish(result);
}

/** Is the peer of a session still good? What has to be asked each time is asked each time. */
export function judgeAgain(
  peer: PresentedPeer,
  before: Verdict & { readonly ok: true },
  judge: Judge,
): MaybePromise<Verdict> {
  if (!isTime(peer.now)) return timeless(peer);
  const rules = judge.rules(peer);
  if (judge.revocation !== undefined || rules.check !== undefined) return judgePeer(peer, judge);
  const known = judge.known?.(peer);
  const [leaf] = known?.path ?? [];
  // The same path, and nothing on it has expired: it need not be read again.
  if (known !== undefined && leaf !== undefined && isSamePath(known, before.path)) {
    const wrong = peer.role === 'client' ? nameFinding(leaf, peer, judge) : undefined;
    return wrong === undefined
      ? stillGood(before, known.path, known.policies)
      : { ...no(failureOf(wrong, leaf, 0)), publicKey: before.publicKey };
  }
  const policies = { inputs: rules.policies, part: judge.parts.policies };
  return recheckPath(peer, before, judge.anchors, policies, (leaf) =>
    peer.role === 'client' ? nameFinding(leaf, peer, judge) : undefined,
  );
}

function nameFinding(leaf: Certificate, peer: PresentedPeer, judge: Judge): Finding | undefined {
  if (peer.serverName !== undefined) return checkName(leaf, peer.serverName);
  if (judge.allowNoServerName) return undefined;
  return {
    code: 'CERT_NO_NAME',
    what: 'there is no name to hold it against',
    advice: 'give serverName: the name or address that is meant to be reached',
    rfc: 'RFC 9525 section 6.1',
  };
}

function verdictOf(leaf: Certificate, result: PathResult, peer: PresentedPeer): Verdict {
  if (!result.ok) return { ...no(result.failure), publicKey: leaf.spki };
  const { path, anchor, policies, revocation } = result;
  const details = detailsOf(path, { verified: true, policies, revocation });
  return {
    ok: true,
    publicKey: leaf.spki,
    path: wholePath(result),
    checks: told(path, anchor, details, peer),
    details,
  };
}

/** With its anchor, where that is a certificate. */
function wholePath({ path, anchor }: FoundPath): readonly Uint8Array[] {
  const ders = path.map(({ der }) => der);
  if (anchor.certificate !== undefined && !path.includes(anchor.certificate)) ders.push(anchor.certificate.der);
  const [first, second] = ders;
  // A leaf that is an anchor itself is there once.
  if (ders.length === 2 && equalBytes(first!, second!)) ders.pop();
  return ders;
}

function isSamePath(found: FoundPath, path: readonly Uint8Array[]): boolean {
  const ders = wholePath(found);
  return ders.length === path.length && ders.every((der, at) => equalBytes(der, path[at]!));
}

function shortSubjectText(certificate: Certificate): string {
  return remember(certificate, 'the subject as a short text', () => shortNameText(certificate.subject));
}

/** What was checked and found good, for traces. */
function told(
  path: readonly Certificate[],
  anchor: Anchor,
  { expires, revocation }: VerdictDetails,
  peer: PresentedPeer,
): readonly string[] {
  const names = [...path.map(shortSubjectText), shortNameText(anchor.name)];
  // A leaf or an authority that is an anchor itself is named once.
  const chain = names.filter((name, index) => name !== names[index - 1]).join(', issued by ');
  const asked =
    peer.role === 'client'
      ? `for a server${peer.serverName === undefined ? '' : `, and for the name ${peer.serverName}`}`
      : 'for a client';
  const checks = [
    `certificate trusted: ${chain} (an anchor of ours)`,
    `valid: none of it expires for ${duration(expires - peer.now)}`,
    `meant ${asked}`,
  ];
  if (revocation.length > 0) checks.push(`revocation: ${revocation.map(({ status }) => status).join(', ')}`);
  return checks;
}

function no(failure: ReturnType<typeof failureOf>): { readonly ok: false; readonly failure: typeof failure } {
  return { ok: false, failure };
}
