import { ownOf } from '../../bytes/shape.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier, PresentedPeer, Verdict } from '../../handshake/peer.ts';
import { ALL_PARTS } from '../path/all-parts.ts';
import { authoritiesOf } from '../path/anchor.ts';
import { readAnchors, readCertificates } from '../path/anchors.ts';
import { defaultRules } from '../path/default-rules.ts';
import { isPublicSuffix } from '../path/public-suffix.ts';
import { freshPolicy } from '../path/recheck.ts';
import type { PathRules } from '../path/rules.ts';
import { Remote } from '../revocation/fetch.ts';
import { type Certificate, EKU_CLIENT_AUTH, EKU_SERVER_AUTH } from '../x509/certificate.ts';
import { type FoundPath, type Judge, judgeAgain, judgePeer } from './judge.ts';
import { PathMemory } from './path-memory.ts';
import { type CertificateVerifierOptions, checkVerifierOptions } from './verifier-options.ts';

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
  options = ownOf(options);
  checkVerifierOptions(options);
  const remote = options.fetchIssuers && new Remote(options.fetchIssuers);
  const memory = new PathMemory(options.maxRememberedPaths ?? DEFAULT_REMEMBERED);
  let judge = judgeOf(options, memory, remote);
  let policy = options.policy;
  return {
    get policy() {
      policy ??= freshPolicy();
      return policy;
    },
    get skippedAnchors() {
      return judge.skipped;
    },
    get authorities() {
      return judge.authorities;
    },
    get wantsOcsp() {
      return judge.revocation?.wantsOcsp ?? false;
    },
    verify: (peer) => judgePeer(peer, judge),
    recheck: (peer, before) => judgeAgain(peer, before, judge),
    update: (changes) => {
      for (const key of Object.keys(changes))
        if (!UPDATES.includes(key)) throw new TlsError('ERR_OPTION', { detail: `${key}: it cannot be changed` });
      const next = ownOf({ ...options, ...changes });
      checkVerifierOptions(next);
      const before = judge;
      judge = judgeOf(next, memory, remote);
      before.isCurrent = false;
      options = next;
      policy = changes.policy;
      memory.clear();
    },
  };
}

const UPDATES: readonly string[] = ['anchors', 'intermediates', 'distrusted', 'revocation', 'policy'];

interface FullJudge extends Judge {
  /** False: the verifier has been updated since. */
  isCurrent: boolean;
  readonly skipped: readonly string[];
  readonly authorities: readonly Uint8Array[];
}

/** What is read once and used for every peer. */
function judgeOf(options: CertificateVerifierOptions, memory: PathMemory, remote: Remote | undefined): FullJudge {
  const skipped: string[] = [];
  const anchors = readAnchors(options.anchors, options.profile === 'webpki' ? 'authority' : 'both', skipped);
  const distrusted = readCertificates(options.distrusted ?? [], 'distrusted');
  // What may answer otherwise the next time is asked each time.
  const isConstant =
    options.revocation === undefined && options.check === undefined && typeof options.publicSuffix !== 'function';
  const judge: FullJudge = {
    isCurrent: true,
    parts: ALL_PARTS,
    signatures: options.signatures,
    anchors,
    skipped,
    authorities: authoritiesOf(anchors),
    intermediates: readCertificates(options.intermediates ?? [], 'intermediates'),
    revocation: options.revocation,
    allowNoServerName: options.allowNoServerName === true,
    rules: (peer) => rulesFor(peer, options),
    distrusts: (certificate) =>
      distrusted.some((one) => equalBytes(one.spki, certificate.spki) && equalBytes(one.subject, certificate.subject)),
    ...(remote !== undefined && {
      fetchIssuers: (certificate: Certificate, now: number) => remote.issuers(certificate, now),
    }),
    ...(isConstant && {
      known: (peer: PresentedPeer) => memory.get(peer),
      keep: (peer: PresentedPeer, found: FoundPath) => {
        // Not when something else became trusted meanwhile.
        if (judge.isCurrent) memory.keep(peer, found);
      },
    }),
  };
  return judge;
}

function rulesFor(peer: PresentedPeer, options: CertificateVerifierOptions): PathRules {
  const rules = defaultRules(options.profile ?? 'default', peer.now);
  const purpose = peer.role === 'client' ? EKU_SERVER_AUTH : EKU_CLIENT_AUTH;
  const { publicSuffix, tolerances = [] } = options;
  const judgesForm = options.judgeAnchors === true && options.profile === 'strict';
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
    anchorTolerances: judgesForm ? tolerances : [...rules.anchorTolerances, ...tolerances],
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
