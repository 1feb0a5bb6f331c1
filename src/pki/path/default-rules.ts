import { plainRules } from './plain-rules.ts';
import { isPublicSuffix } from './public-suffix.ts';
import type { PathRules, Profile } from './rules.ts';

/**
 * The rules of a profile for a moment; everything else as for a TLS peer that nothing is known of.
 * @example
 * ```ts
 * import { defaultRules } from 'warifu/pki';
 * defaultRules('default', Date.now()).minRsaBits; // 2048
 * const rules = { ...defaultRules('default', Date.now()), minRsaBits: 3072 }; // stricter
 * ```
 */
export function defaultRules(profile: Profile, now: number): PathRules {
  const plain = plainRules(now);
  if (profile === 'default') return plain;
  return {
    ...plain,
    profile,
    explicitPurpose: profile === 'webpki' ? 'leaf' : 'none',
    // The profiles that are about rules take nothing. RFC 4055 section 5: its absence MUST be accepted. The Baseline
    // Requirements (section 7.1.3.2) know one form only.
    tolerances: profile === 'rfc5280' ? ['absent-null'] : [],
    publicSuffix: profile === 'webpki' ? (name) => isPublicSuffix(name) : undefined,
  };
}
