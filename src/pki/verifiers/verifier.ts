import { equalBytes } from '../../bytes/bytes.ts';
import { typedText } from '../../bytes/text.ts';
import { isTime } from '../../bytes/time.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict, VerdictDetails } from '../../handshake/peer.ts';
import { type Anchor, readAnchors, readCertificates } from '../path/anchors.ts';
import { type Certificate, EKU_CLIENT_AUTH, EKU_SERVER_AUTH, readCertificate } from '../x509/certificate.ts';
import { checkForm, checkName } from '../path/checks.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { findPath } from '../path/path.ts';
import type { PathQuestion, PathResult, UnreadableCertificate } from '../path/question.ts';
import { PathMemory } from './path-memory.ts';
import { type CertificateVerifierOptions, checkVerifierOptions } from './verifier-options.ts';
import { isPublicSuffix } from '../path/public-suffix.ts';
import { freshPolicy, recheckPath } from '../path/recheck.ts';
import { detailsOf } from '../path/details.ts';
import { Remote } from '../revocation/fetch.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { defaultRules, type PathRules, type Profile } from '../path/rules.ts';
import { isPromise } from '../../bytes/promise.ts';
import { COST, Work } from '../x509/work.ts';
import { duration, type Finding, failureOf, isFinding, orMalformed } from '../x509/verdict.ts';

export { readCertificates } from '../path/anchors.ts';
export type { CertificateSource, CertificateVerifierOptions } from './verifier-options.ts';
export type { Identities, VerdictDetails } from '../../handshake/peer.ts';

/** What can be changed while a verifier is in use; what is left out stays. */
export type CertificateVerifierUpdate = Pick<
  Partial<CertificateVerifierOptions>,
  'anchors' | 'intermediates' | 'distrusted' | 'revocation' | 'policy'
>;

/** A verifier that judges chains of certificates. */
export interface CertificateVerifier extends PeerVerifier {
  /** Why certificates of bundles of `anchors` were left out: they cannot be read. Empty: none was. */
  readonly skippedAnchors: readonly string[];
  verify(peer: PresentedPeer): MaybePromise<Verdict>;
  /**
   * Replaces what is trusted, for judgements that begin from now on.
   * @throws TlsError ERR_OPTION or ERR_KEY, and then nothing is changed.
   */
  update(changes: CertificateVerifierUpdate): void;
}

/** A chain has at most so many certificates: a peer with many cross-signed authorities may send some dozens. */
const MAX_CERTIFICATES = 64;
/** Of a chain: what a handshake message has at most. */
const MAX_BYTES = 262_144;
const DEFAULT_REMEMBERED = 256;

/**
 * A verifier that finds a path from the peer's certificate to an anchor, and checks every certificate on it
 * (RFC 5280 section 6): signatures, validity, authority, usage, purpose, name constraints, policies, revocation where
 * that is asked for, and the name that was asked for (RFC 9525).
 * @throws TlsError ERR_OPTION or ERR_KEY when it cannot be made.
 *
 * @example
 * ```ts
 * import { certificateVerifier } from 'warifu/pki';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const verifier = certificateVerifier({ anchors: [], signatures: nobleProvider().verifier });
 * verifier.authorities; // []: the names of the anchors
 * ```
 */
export function certificateVerifier(options: CertificateVerifierOptions): CertificateVerifier {
  checkVerifierOptions(options);
  let trust = readTrust(options, options.profile ?? 'default');
  let policy = options.policy;
  const remote = options.fetchIssuers && new Remote(options.fetchIssuers);
  const memory = new PathMemory(options.maxRememberedPaths ?? DEFAULT_REMEMBERED);
  return {
    get policy() {
      policy ??= freshPolicy();
      return policy;
    },
    get skippedAnchors() {
      return trust.skipped;
    },
    get authorities() {
      return trust.authorities;
    },
    get wantsOcsp() {
      return trust.revocation?.wantsOcsp ?? false;
    },
    verify: (peer) => judge(peer, trust, options, remote, memory),
    recheck: (peer, before) => {
      if (!isTime(peer.now)) return timeless(peer);
      // What has to be asked each time is asked each time.
      if (trust.revocation !== undefined || options.check !== undefined)
        return judge(peer, trust, options, remote, memory);
      const rules = rulesFor(peer, options);
      return recheckPath(peer, before, trust.anchors, rules.policies, (leaf) =>
        peer.role === 'client' ? nameFinding(leaf, peer, options) : undefined,
      );
    },
    update: (changes) => {
      for (const key of Object.keys(changes))
        if (!UPDATES.includes(key)) throw new TlsError('ERR_OPTION', { detail: `${key}: it cannot be changed` });
      const next = { ...options, ...changes };
      checkVerifierOptions(next);
      const before = trust;
      trust = readTrust(next, next.profile ?? 'default');
      before.isCurrent = false;
      options = next;
      policy = changes.policy;
      memory.clear();
    },
  };
}

const UPDATES: readonly string[] = ['anchors', 'intermediates', 'distrusted', 'revocation', 'policy'];

/** What is read once and used for every peer. */
interface Trust {
  /** False: the verifier has been updated since. */
  isCurrent: boolean;
  readonly anchors: readonly Anchor[];
  readonly skipped: readonly string[];
  readonly authorities: readonly Uint8Array[];
  readonly intermediates: readonly Certificate[];
  readonly distrusted: readonly Certificate[];
  readonly revocation: RevocationChecker | undefined;
}

function readTrust(options: CertificateVerifierOptions, profile: Profile): Trust {
  const skipped: string[] = [];
  const anchors = readAnchors(options.anchors, profile === 'webpki' ? 'authority' : 'both', skipped);
  return {
    isCurrent: true,
    anchors,
    skipped,
    authorities: anchors.filter(({ use }) => use !== 'leaf').map(({ name }) => name),
    intermediates: readCertificates(options.intermediates ?? [], 'intermediates'),
    distrusted: readCertificates(options.distrusted ?? [], 'distrusted'),
    revocation: options.revocation,
  };
}

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

function judge(
  peer: PresentedPeer,
  trust: Trust,
  options: CertificateVerifierOptions,
  remote: Remote | undefined,
  memory: PathMemory,
): MaybePromise<Verdict> {
  if (!isTime(peer.now)) return timeless(peer);
  // What may answer otherwise the next time is asked each time.
  const isConstant =
    trust.revocation === undefined && options.check === undefined && typeof options.publicSuffix !== 'function';
  const known = isConstant ? memory.get(peer) : undefined;
  if (known !== undefined) {
    const [leaf] = known.path;
    const wrong = leaf && peer.role === 'client' ? nameFinding(leaf, peer, options) : undefined;
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
  const rules = rulesFor(peer, options);
  const finding =
    checkForm(leaf, 'below the anchor', rules) ??
    (peer.role === 'client' ? nameFinding(leaf, peer, options) : undefined);
  const question: PathQuestion = {
    leaf,
    candidates: [...sent, ...trust.intermediates],
    anchors: trust.anchors,
    rules,
    work,
    unreadable,
    signatures: options.signatures,
    revocation: trust.revocation,
    ...(remote !== undefined && {
      fetchIssuers: (certificate: Certificate) => remote.issuers(certificate, peer.now).catch(() => []),
    }),
    ocspResponseOf: (certificate) => peer.ocspResponses[positions.get(certificate) ?? -1],
    positionOf: (certificate) => positions.get(certificate) ?? -1,
    ...(trust.distrusted.length > 0 && {
      distrusts: (certificate: Certificate) =>
        trust.distrusted.some(
          (one) => equalBytes(one.spki, certificate.spki) && equalBytes(one.subject, certificate.subject),
        ),
    }),
  };
  if (finding !== undefined) return { ...no(failureOf(finding, leaf, 0)), publicKey: leaf.spki };
  const result = findPath(question);
  const finish = (found: PathResult): Verdict => {
    // Not when something else became trusted meanwhile.
    if (found.ok && isConstant && trust.isCurrent) memory.keep(peer, found);
    return verdictOf(leaf, found, peer);
  };
  return isPromise(result) ? result.then(finish) : finish(result);
}

function rulesFor(peer: PresentedPeer, options: CertificateVerifierOptions): PathRules {
  const rules = defaultRules(options.profile ?? 'default', peer.now);
  const purpose = peer.role === 'client' ? EKU_SERVER_AUTH : EKU_CLIENT_AUTH;
  const { publicSuffix } = options;
  return {
    ...rules,
    purposes: options.purposes === 'any' ? undefined : (options.purposes ?? [purpose]),
    explicitPurpose: options.explicitPurpose ?? rules.explicitPurpose,
    keyUsages: options.keyUsages ?? [peer.keyUse],
    minRsaBits: options.minRsaBits ?? rules.minRsaBits,
    allowSha1: options.allowSha1 ?? rules.allowSha1,
    certificateSchemes: peer.certificateSchemes,
    tolerances: options.tolerances ?? rules.tolerances,
    judgeAnchors: options.judgeAnchors ?? rules.judgeAnchors,
    anchorTolerances: [...rules.anchorTolerances, ...(options.tolerances ?? [])],
    maxIntermediates: options.maxIntermediates ?? rules.maxIntermediates,
    policies: options.policies ?? rules.policies,
    publicSuffix:
      publicSuffix === undefined
        ? rules.publicSuffix
        : typeof publicSuffix === 'function'
          ? publicSuffix
          : publicSuffix
            ? (name) => isPublicSuffix(name)
            : undefined,
    processedExtensions: options.processedExtensions ?? rules.processedExtensions,
    check: options.check ?? rules.check,
  };
}

function nameFinding(leaf: Certificate, peer: PresentedPeer, options: CertificateVerifierOptions): Finding | undefined {
  if (peer.serverName !== undefined) return checkName(leaf, peer.serverName);
  if (options.allowNoServerName === true) return undefined;
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
  const whole =
    anchor.certificate === undefined || path.includes(anchor.certificate) ? path : [...path, anchor.certificate];
  const details = detailsOf(path, { verified: true, policies, revocation });
  const ders = whole.map(({ der }) => der);
  const [first, second] = ders;
  // A leaf that is an anchor itself is there once.
  if (ders.length === 2 && equalBytes(first!, second!)) ders.pop();
  return { ok: true, publicKey: leaf.spki, path: ders, checks: told(path, anchor, details, peer), details };
}

/** What was checked and found good, for traces. */
function told(
  path: readonly Certificate[],
  anchor: Anchor,
  { expires, revocation }: VerdictDetails,
  peer: PresentedPeer,
): readonly string[] {
  const names = [...path.map(({ subject }) => shortNameText(subject)), shortNameText(anchor.name)];
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
