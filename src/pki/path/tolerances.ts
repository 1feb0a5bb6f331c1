import { type Slip, SLIPS } from '../x509/slips.ts';

/**
 * What a path may have although DER or RFC 5280 does not allow it, each by its name. None of them lets one certificate be
 * taken for another: what is odd can mean one thing only. Who else takes what is in docs/conformance/certificates.md.
 */
export type Tolerance = Slip;

/** All there are. */
export const TOLERANCES: readonly Tolerance[] = Object.keys(SLIPS).filter(isTolerance);

export function isTolerance(name: string): name is Tolerance {
  return Object.hasOwn(SLIPS, name);
}
