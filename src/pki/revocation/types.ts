import type { MaybePromise, PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { Authority, RevocationStatus } from './status.ts';
import type { Finding } from '../x509/verdict.ts';

/**
 * Where the judgement of a path asks about revocation. What answers decides what an unknown state means (soft or
 * hard), because only it knows what it was told to demand.
 */

/** Asked once for each certificate of a path that is otherwise good, the one next to the anchor first. */
export interface RevocationChecker {
  /** Ask the peer to staple an OCSP response. */
  readonly wantsOcsp?: boolean;
  /** May answer at once or with a promise; a throw refuses the path. */
  check(question: RevocationQuestion): MaybePromise<RevocationAnswer>;
}

/** What is known of a certificate's revocation. */
export interface RevocationAnswer {
  readonly status: RevocationStatus;
  /** Why the path must not be used; undefined: it may. Another path may still be found. */
  readonly refusal?: Finding;
}

/** Which certificate is asked about, and what came with it. */
export interface RevocationQuestion {
  readonly certificate: Certificate;
  /** The next of the path, or the anchor. */
  readonly issuer: Authority;
  /** Position of `certificate` in `path`; 0 is the leaf. */
  readonly index: number;
  /** The path, leaf first, without the anchor. */
  readonly path: readonly Certificate[];
  readonly anchor: Authority;
  /** Every certificate at hand that is not the anchor: what was sent, and the intermediates configured. */
  readonly candidates: readonly Certificate[];
  /** The OCSPResponse that was stapled to this certificate. */
  readonly ocspResponse: Uint8Array | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Takes units of work (see `Work`) from what the judgement may cost. False: nothing is left, so do not begin. */
  spend(units: number): boolean;
  /** True when the algorithm and the key are allowed by the current policy for certificates. */
  allows(algorithm: SignatureAlgorithm, key: PublicKey): boolean;
  /** Counts against the budget of the whole judgement: false also when that is used up. */
  verifySignature(
    algorithm: SignatureAlgorithm,
    key: PublicKey,
    message: Uint8Array,
    signature: Uint8Array,
  ): MaybePromise<boolean>;
  /**
   * Is there a good path from this certificate (one that signs lists or responses) to the anchor of this path? The
   * certificate's own purpose is for the caller to check. Its path is checked for revocation too, but not in a circle.
   */
  trusts(certificate: Certificate): MaybePromise<boolean>;
}
