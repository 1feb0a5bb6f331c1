import type { PathRules } from './rules.ts';
import { TOLERANCES } from './tolerances.ts';

/** The rules of the profile default for a moment; everything else as for a TLS peer that nothing is known of. */
export function plainRules(now: number): PathRules {
  return {
    profile: 'default',
    now,
    purposes: undefined,
    explicitPurpose: 'none',
    keyUsages: [],
    // Everything but what others do not take without being told to.
    tolerances: TOLERANCES.filter((name) => name !== 'negative-serial'),
    judgeAnchors: false,
    anchorTolerances: TOLERANCES,
    minRsaBits: 2048,
    allowSha1: false,
    certificateSchemes: [],
    maxIntermediates: 8,
    policies: {},
    publicSuffix: undefined,
    processedExtensions: [],
    check: undefined,
  };
}
