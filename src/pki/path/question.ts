import type { SignatureVerifier } from '../../crypto/types.ts';
import type { VerificationFailure } from '../../handshake/peer.ts';
import type { Anchor } from './anchor.ts';
import { type Certificate, OID_TLS_FEATURE } from '../x509/certificate.ts';
import type { RevocationStatus } from '../revocation/status.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import type { Work } from '../x509/work.ts';
import type { PathRules } from './rules.ts';

/** A certificate, what may lead from it to an anchor, and the rules (RFC 5280 section 6, RFC 4158). */
export interface PathQuestion {
  readonly leaf: Certificate;
  /** In the order they are to be tried where nothing else tells them apart. */
  readonly candidates: readonly Certificate[];
  readonly anchors: readonly Anchor[];
  readonly rules: PathRules;
  readonly signatures: SignatureVerifier;
  readonly revocation?: RevocationChecker | undefined;
  /** The OCSPResponse that came with a certificate. */
  readonly ocspResponseOf?: ((certificate: Certificate) => Uint8Array | undefined) | undefined;
  /** What the peer sent besides, and cannot be read: said where an issuer is missing. */
  readonly unreadable?: readonly UnreadableCertificate[] | undefined;
  /** Where a certificate stood in what the peer sent; -1: it did not send it. */
  readonly positionOf?: ((certificate: Certificate) => number) | undefined;
  /** Certificates that may have issued this one, from somewhere else; asked only where nothing at hand leads on. */
  readonly fetchIssuers?: ((certificate: Certificate) => Promise<readonly Certificate[]>) | undefined;
  /** What all of it may cost. Default: {@link Work} of its own. */
  readonly work?: Work | undefined;
  /** Certificates and keys that are never trusted, whatever vouches for them. */
  readonly distrusts?: ((certificate: Certificate) => boolean) | undefined;
}

/** A certificate that was sent and cannot be read. */
export interface UnreadableCertificate {
  /** In what the peer sent; 0 is the leaf. */
  readonly position: number;
  readonly why: string;
}

/** The answer of a search for a path: the path, or why there is none. */
export type PathResult =
  | {
      readonly ok: true;
      /** Leaf first; the anchor is left out. */
      readonly path: readonly Certificate[];
      readonly anchor: Anchor;
      /** OIDs of the policies that the path is valid for (RFC 5280 section 6.1.6). */
      readonly policies: readonly string[];
      /** What is known of the certificates of `path`; empty: nothing was asked. */
      readonly revocation: readonly RevocationStatus[];
    }
  | { readonly ok: false; readonly failure: VerificationFailure };

/** What a certificate demands of TLS is looked at where revocation is: it is about stapled responses (RFC 7633). */
export function withFeatures(question: PathQuestion): PathQuestion {
  const { rules, revocation } = question;
  if (revocation === undefined) return question;
  return { ...question, rules: { ...rules, processedExtensions: [...rules.processedExtensions, OID_TLS_FEATURE] } };
}
