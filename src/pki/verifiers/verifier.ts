import { equalBytes } from '../../bytes/bytes.ts';
import { isTime } from '../../bytes/time.ts';
import type { MaybePromise, SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict, VerdictDetails } from '../../handshake/peer.ts';
import { type Anchor, type AnchorSource, readAnchors, readCertificates } from '../path/anchors.ts';
import {
  type Certificate,
  EKU_CLIENT_AUTH,
  EKU_SERVER_AUTH,
  KEY_USAGE,
  type KeyUsage,
  readCertificate,
} from '../x509/certificate.ts';
import { checkForm, checkName } from '../path/checks.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { findPath } from '../path/path.ts';
import type { PathQuestion, PathResult, UnreadableCertificate } from '../path/question.ts';
import type { PolicyInputs } from '../path/policies.ts';
import { isTolerance, type Tolerance } from '../path/tolerances.ts';
import { isPublicSuffix } from '../path/public-suffix.ts';
import { freshPolicy, recheckPath } from '../path/recheck.ts';
import { detailsOf } from '../path/details.ts';
import { type Fetcher, Remote } from '../revocation/fetch.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { defaultRules, type PathRules, type Profile } from '../path/rules.ts';
import { isPromise } from '../x509/steps.ts';
import { COST, Work } from '../x509/work.ts';
import { duration, type Finding, failureOf, isFinding, orMalformed } from '../x509/verdict.ts';

export { readCertificates } from '../path/anchors.ts';
export { identitiesOf } from '../path/details.ts';
export type { Identities, VerdictDetails } from '../../handshake/peer.ts';

/** PEM text with one or more certificates, or any number of PEM texts and DER. */
export type CertificateSource = string | readonly (string | Uint8Array | Certificate)[];

/** How certificates are judged. */
export interface CertificateVerifierOptions {
  /** What is trusted: PEM, DER, or a {@link TrustAnchor} in full. */
  readonly anchors: AnchorSource;
  /** Where signatures are checked: `provider.verifier`. */
  readonly signatures: SignatureVerifier;
  /** How strict. Default: 'default'. */
  readonly profile?: Profile;
  /**
   * What is taken although DER or RFC 5280 does not allow it, by name; [] for nothing. Default: everything but
   * 'negative-serial' in the profile default, 'absent-null' in rfc5280, nothing in webpki and strict. An anchor is trusted
   * because it was configured: there all are taken, but in the profile strict.
   */
  readonly tolerances?: readonly Tolerance[];
  /** Hold the certificates of anchors to the profile, too. Default: false; in the profile strict true. */
  readonly judgeAnchors?: boolean;
  /** More certificates that a path may go through. Default: only what the peer sends. */
  readonly intermediates?: CertificateSource;
  /**
   * Fetches certificates of issuers that the peer did not send, from the addresses that certificates name (RFC 5280
   * section 4.2.2.1). The addresses are chosen by whoever made the certificate: read {@link Fetcher} first. Default: off.
   */
  readonly fetchIssuers?: Fetcher;
  /** Certificates that are never trusted, by themselves or with the same name and key. Default: none. */
  readonly distrusted?: CertificateSource;
  /** Looks into revocation. Default: nobody does. */
  readonly revocation?: RevocationChecker;
  /** Smallest RSA key, in bits. Default: 2048. */
  readonly minRsaBits?: number;
  /** Take certificates signed with SHA-1. Default: false. */
  readonly allowSha1?: boolean;
  /** Most authorities between leaf and anchor, self-issued ones not counted. Default: 8. */
  readonly maxIntermediates?: number;
  /** A client checks the server's name. Without a name there is nothing to check, which is an error unless this is true. */
  readonly allowNoServerName?: boolean;
  /**
   * OIDs of extended key usages, any of which will do; 'any': they are not looked at.
   * Default: serverAuth for a client, clientAuth for a server.
   */
  readonly purposes?: readonly string[] | 'any';
  /**
   * What the leaf's key has to be allowed for, where its certificate says what it is allowed for; empty: it is not looked
   * at. Default: what TLS is going to use it for (RFC 9846 section 4.5.1.2).
   */
  readonly keyUsages?: readonly KeyUsage[];
  /** Who has to name the purpose, instead of naming none or any. Default: 'none'; in the profile webpki 'leaf'. */
  readonly explicitPurpose?: PathRules['explicitPurpose'];
  /** Certificate policies (RFC 5280 section 6.1.1). Default: any are acceptable, none is needed. */
  readonly policies?: PolicyInputs;
  /**
   * Is this a name below which anybody can have names? Wildcards directly below one are refused; true: by a short list
   * of registries' ones. Default: only single labels; in the profile webpki true.
   */
  readonly publicSuffix?: boolean | ((name: string) => boolean);
  /** OIDs of further critical extensions that `check` looks at. Default: none. */
  readonly processedExtensions?: readonly string[];
  /**
   * Names these rules for sessions: one that began under them is resumed where the name is the same, in this process or
   * another that shares the keys of its tickets. `update` makes it a new one. Default: a name that nobody else has.
   */
  readonly policy?: string;
  /** Asked about each certificate of a path when all other checks of it are passed; what it returns refuses it. */
  readonly check?: PathRules['check'];
}

/** What can be changed while a verifier is in use; what is left out stays. */
export type CertificateVerifierUpdate = Pick<
  Partial<CertificateVerifierOptions>,
  'anchors' | 'intermediates' | 'distrusted' | 'revocation' | 'policy'
>;

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
 * verifier.authorities; // the names of the anchors: none
 * ```
 */
export function certificateVerifier(options: CertificateVerifierOptions): CertificateVerifier {
  checkOptions(options);
  let trust = readTrust(options, options.profile ?? 'default');
  let policy = options.policy;
  const remote = options.fetchIssuers && new Remote(options.fetchIssuers);
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
    verify: (peer) => judge(peer, trust, options, remote),
    recheck: (peer, before) => {
      if (!isTime(peer.now)) return timeless(peer);
      // Whoever has to be asked each time is asked each time.
      if (trust.revocation !== undefined || options.check !== undefined) return judge(peer, trust, options, remote);
      const rules = rulesFor(peer, options);
      return recheckPath(peer, before, trust.anchors, rules.policies, (leaf) =>
        peer.role === 'client' ? nameFinding(leaf, peer, options) : undefined,
      );
    },
    update: (changes) => {
      for (const key of Object.keys(changes))
        if (!UPDATES.includes(key)) throw new TlsError('ERR_OPTION', { detail: `${key}: it cannot be changed` });
      const next = { ...options, ...changes };
      checkOptions(next);
      trust = readTrust(next, next.profile ?? 'default');
      options = next;
      policy = changes.policy;
    },
  };
}

const UPDATES: readonly string[] = ['anchors', 'intermediates', 'distrusted', 'revocation', 'policy'];

/** What is read once and used for every peer. */
interface Trust {
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
    found: `${typeof now} ${Object.prototype.toString.call(now) === '[object Object]' ? '' : String(now)}`.trim(),
    advice: 'look at the clock that was given',
  } as const;
  return no(failureOf(finding, undefined, 0));
}

function judge(
  peer: PresentedPeer,
  trust: Trust,
  options: CertificateVerifierOptions,
  remote: Remote | undefined,
): MaybePromise<Verdict> {
  if (!isTime(peer.now)) return timeless(peer);
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
  return isPromise(result) ? result.then((value) => verdictOf(leaf, value, peer)) : verdictOf(leaf, result, peer);
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

/** Whether a value can be that of an option, by what it should look like. */
const OPTIONS: { readonly [K in keyof Required<CertificateVerifierOptions>]: (value: unknown) => boolean } = {
  anchors: isSource,
  signatures: (value) => typeof (value as SignatureVerifier | undefined)?.verify === 'function',
  profile: (value) => value === 'default' || value === 'rfc5280' || value === 'webpki' || value === 'strict',
  tolerances: (value) => isTexts(value) && (value as readonly string[]).every(isTolerance),
  intermediates: isSource,
  distrusted: isSource,
  fetchIssuers: (value) => typeof value === 'function',
  revocation: (value) => typeof (value as RevocationChecker | undefined)?.check === 'function',
  minRsaBits: (value) => Number.isInteger(value) && (value as number) >= 1024 && (value as number) <= 8192,
  allowSha1: isBoolean,
  judgeAnchors: isBoolean,
  maxIntermediates: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
  allowNoServerName: isBoolean,
  purposes: (value) => value === 'any' || (isTexts(value) && (value as readonly string[]).length > 0),
  keyUsages: (value) =>
    isTexts(value) && (value as readonly string[]).every((usage) => Object.hasOwn(KEY_USAGE, usage)),
  explicitPurpose: (value) => value === 'none' || value === 'leaf' || value === 'path',
  policies: (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { acceptable, requireExplicit, inhibitMapping, inhibitAny, ...others } = value as PolicyInputs;
    const switches = [requireExplicit, inhibitMapping, inhibitAny];
    if (switches.some((one) => one !== undefined && typeof one !== 'boolean')) return false;
    return Object.keys(others).length === 0 && (acceptable === undefined || isTexts(acceptable));
  },
  publicSuffix: (value) => isBoolean(value) || typeof value === 'function',
  processedExtensions: isTexts,
  policy: (value) => typeof value === 'string',
  check: (value) => typeof value === 'function',
};

/** No option is passed over: one that is not known, or cannot be, is an error of whoever wrote it. */
function checkOptions(options: CertificateVerifierOptions): void {
  for (const [key, value] of Object.entries(options)) {
    const fits = Object.hasOwn(OPTIONS, key) ? OPTIONS[key as keyof CertificateVerifierOptions] : undefined;
    if (fits === undefined) throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option` });
    if (value !== undefined && !fits(value))
      throw new TlsError('ERR_OPTION', { detail: `${key}: this cannot be its value` });
  }
  for (const key of ['anchors', 'signatures'] as const)
    if (options[key] === undefined) throw new TlsError('ERR_OPTION', { detail: `${key}: it is needed` });
  if (options.processedExtensions !== undefined && options.check === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'processedExtensions: check is needed, which looks at them' });
}

function isSource(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value);
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
