import type { Certificate, KeyUsage } from '../x509/certificate.ts';
import type { PolicyInputs } from './policies.ts';
import type { Finding } from '../x509/verdict.ts';
import type { Tolerance } from './tolerances.ts';

/**
 * How strict: `default` is what TLS needs and what peers in the field can meet; `rfc5280` holds certificates to every
 * MUST of RFC 5280; `webpki` holds them to the Baseline Requirements of the CA/Browser Forum; `strict` is `rfc5280`
 * without any tolerance.
 */
export type Profile = 'default' | 'rfc5280' | 'webpki' | 'strict';

/** Where in a path a certificate stands. */
export type Place = 'leaf' | 'authority' | 'anchor';

/** What a path is held to (RFC 5280 section 6.1.1), for any purpose. */
export interface PathRules {
  readonly profile: Profile;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** OIDs of extended key usages: the whole path has to be good for one of them. Undefined: they are not looked at. */
  readonly purposes: readonly string[] | undefined;
  /** Who has to name the purpose itself, instead of naming none or any: none, the leaf, or all below the anchor. */
  readonly explicitPurpose: 'none' | 'leaf' | 'path';
  /** What the leaf's key has to be allowed for, if it says what it is allowed for. */
  readonly keyUsages: readonly KeyUsage[];
  /** What is taken although it is not as it should be, below the anchor. */
  readonly tolerances: readonly Tolerance[];
  /** The same for an anchor: it is trusted because it was configured. */
  readonly anchorTolerances: readonly Tolerance[];
  /**
   * Hold the certificate of an anchor to the profile, too. It is trusted because it was configured (RFC 5280 section
   * 6.1.1(d)), and roots that everybody trusts are older than the rules.
   */
  readonly judgeAnchors: boolean;
  /** Bits. */
  readonly minRsaBits: number;
  readonly allowSha1: boolean;
  /** SignatureScheme ids that certificates may be signed with; empty: all that are known and not weak. */
  readonly certificateSchemes: readonly number[];
  /** Most certificates between leaf and anchor that are not self-issued. */
  readonly maxIntermediates: number;
  readonly policies: PolicyInputs;
  /** Is this a name below which the public can have names? Wildcards directly below one are refused. Undefined: not asked. */
  readonly publicSuffix: ((name: string) => boolean) | undefined;
  /** OIDs of critical extensions that `check` looks at. */
  readonly processedExtensions: readonly string[];
  /** Is asked about each certificate after all other checks of it. */
  readonly check: ((certificate: Certificate, place: Place) => Finding | undefined) | undefined;
}
