import { ownOf } from '../../bytes/shape.ts';
import type { SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { PeerVerifier } from '../../handshake/peer.ts';
import { anchorOf, authoritiesOf } from '../path/anchor.ts';
import { joinParts, type PathPart } from '../path/parts.ts';
import { plainRules } from '../path/plain-rules.ts';
import { freshPolicy } from '../path/recheck.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { DerError } from '../../bytes/der.ts';
import { type Certificate, EKU_CLIENT_AUTH, EKU_SERVER_AUTH, readCertificate } from '../x509/certificate.ts';
import { type Judge, judgeAgain, judgePeer } from './judge.ts';

/** What a small verifier of paths is told. */
export interface PathVerifierOptions {
  /** What is trusted: DER certificates, or such as were read. */
  readonly anchors: readonly (Uint8Array | Certificate)[];
  /** Where signatures are checked: `provider.verifier`. */
  readonly signatures: SignatureVerifier;
  /** What else it looks at. Default: nothing; what cannot be judged without is refused. */
  readonly parts?: readonly PathPart[] | undefined;
  /** Looks into revocation. Default: it is not looked into. */
  readonly revocation?: RevocationChecker | undefined;
  /** Names these rules for sessions. Default: a name that no other has. */
  readonly policy?: string | undefined;
}

/**
 * A verifier for small bundles: finds a path from the peer's certificate to an anchor and checks every certificate on it
 * as {@link certificateVerifier} does in the profile default, but looks at no more than a program names as `parts`. A chain
 * with an authority that constrains names or policies is refused without the part for it.
 * @throws TlsError ERR_OPTION for an option that there is not, or that is needed; ERR_KEY for an anchor that cannot be read.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { constraintsPart, pathVerifier } from 'warifu/pki';
 * const { verifier: signatures } = nobleProvider();
 * const verifier = pathVerifier({ anchors: [], signatures, parts: [constraintsPart] });
 * verifier.authorities; // []: the names of the anchors
 * ```
 */
export function pathVerifier(options: PathVerifierOptions): PeerVerifier {
  options = ownOf(options);
  for (const name of Object.keys(options))
    if (!OPTIONS.includes(name)) throw new TlsError('ERR_OPTION', { detail: `${name}: there is no such option` });
  const { signatures, revocation } = options;
  if (typeof signatures?.verify !== 'function')
    throw new TlsError('ERR_OPTION', { detail: 'signatures: it is needed: the verifier of a provider' });
  if (!Array.isArray(options.anchors))
    throw new TlsError('ERR_OPTION', { detail: 'anchors: expected a list of DER certificates' });
  const anchors = options.anchors.map((anchor, index) => anchorOf(certificateOf(anchor, index)));
  const policy = options.policy ?? freshPolicy();
  const judge: Judge = {
    parts: joinParts(options.parts ?? []),
    signatures,
    anchors,
    intermediates: [],
    revocation,
    allowNoServerName: false,
    rules: (peer) => ({
      ...plainRules(peer.now),
      purposes: [peer.role === 'client' ? EKU_SERVER_AUTH : EKU_CLIENT_AUTH],
      keyUsages: [peer.keyUse],
      certificateSchemes: peer.certificateSchemes,
    }),
  };
  return {
    policy,
    authorities: authoritiesOf(anchors),
    wantsOcsp: revocation?.wantsOcsp ?? false,
    verify: (peer) => judgePeer(peer, judge),
    recheck: (peer, before) => judgeAgain(peer, before, judge),
  };
}

const OPTIONS: readonly string[] = [
  'anchors',
  'signatures',
  'parts',
  'revocation',
  'policy',
] satisfies readonly (keyof PathVerifierOptions)[];

function certificateOf(anchor: Uint8Array | Certificate, index: number): Certificate {
  const option = `anchors[${index}]`;
  if (!(anchor instanceof Uint8Array)) {
    if (typeof anchor === 'object' && anchor !== null && 'tbs' in anchor) return anchor;
    throw new TlsError('ERR_OPTION', { detail: `${option}: expected a DER certificate; readCertificates() reads PEM` });
  }
  try {
    return readCertificate(anchor);
  } catch (cause) {
    if (cause instanceof DerError) throw new TlsError('ERR_KEY', { detail: `${option}: ${cause.message}`, cause });
    throw cause;
  }
}
