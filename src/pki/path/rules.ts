import type { Certificate, KeyUsage } from '../x509/certificate.ts';
import type { PolicyInputs } from './policies.ts';
import { isPublicSuffix } from './public-suffix.ts';
import type { Finding } from '../x509/verdict.ts';

/**
 * How strict: `default` is what TLS needs and what peers in the field can meet; `rfc5280` holds certificates to every
 * MUST of RFC 5280; `webpki` holds them to the Baseline Requirements of the CA/Browser Forum.
 */
export type Profile = 'default' | 'rfc5280' | 'webpki';

/** Where in a path a certificate stands. */
export type Place = 'leaf' | 'authority' | 'anchor';

/** What a path is held to (RFC 5280 section 6.1.1), whoever it is for. */
export interface PathRules {
  readonly profile: Profile;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** OIDs of extended key usages: the whole path has to be good for one of them. Undefined: they are not looked at. */
  readonly purposes: readonly string[] | undefined;
  /** Who has to name the purpose itself, instead of naming none or any: nobody, the leaf, or all below the anchor. */
  readonly explicitPurpose: 'none' | 'leaf' | 'path';
  /** What the leaf's key has to be allowed for, if it says what it is allowed for. */
  readonly keyUsages: readonly KeyUsage[];
  /** Bits. */
  readonly minRsaBits: number;
  readonly allowSha1: boolean;
  /** SignatureScheme ids that certificates may be signed with; empty: all that are known and not weak. */
  readonly certificateSchemes: readonly number[];
  /** Most certificates between leaf and anchor that are not self-issued. */
  readonly maxIntermediates: number;
  readonly policies: PolicyInputs;
  /** Is this a name below which anybody can have names? Wildcards directly below one are refused. Undefined: not asked. */
  readonly publicSuffix: ((name: string) => boolean) | undefined;
  /** OIDs of critical extensions that `check` looks at. */
  readonly processedExtensions: readonly string[];
  /** Is asked about each certificate after all other checks of it. */
  readonly check: ((certificate: Certificate, place: Place) => Finding | undefined) | undefined;
}

/** The rules of a profile for a moment; everything else as for a TLS peer that nothing is known of. */
export function defaultRules(profile: Profile, now: number): PathRules {
  return {
    profile,
    now,
    purposes: undefined,
    explicitPurpose: profile === 'webpki' ? 'leaf' : 'none',
    keyUsages: [],
    minRsaBits: 2048,
    allowSha1: false,
    certificateSchemes: [],
    maxIntermediates: 8,
    policies: {},
    publicSuffix: profile === 'webpki' ? isPublicSuffix : undefined,
    processedExtensions: [],
    check: undefined,
  };
}
