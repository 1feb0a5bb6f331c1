import { type Certificate, remember } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import type { Finding } from '../x509/verdict.ts';
import type { Work } from '../x509/work.ts';
import { PLAIN_EXTENSIONS, readPlainExtensions } from './plain-extensions.ts';
import type { PoliciesFound, PolicyInputs } from './policies.ts';
import type { Place, Profile } from './rules.ts';

/**
 * Something that a search for a path looks at beside signatures, validity, authority, usage and names. A program names what
 * it needs, and carries no other: a certificate that can only be judged with a part that was not named is refused.
 */
export interface PathPart {
  /** OIDs of the extensions that it looks at. */
  readonly extensions: readonly string[];
  /** Reads those of them that a certificate has. @throws DerError */
  readonly read?: ((certificate: Certificate) => void) | undefined;
  /** What an extension that must not be ignored has, and is not understood. */
  readonly critical?: ((certificate: Certificate) => Finding | undefined) | undefined;
  readonly constraints?: ConstraintsPart | undefined;
  readonly policies?: PoliciesPart | undefined;
  readonly profile?: ProfilePart | undefined;
}

/** Name constraints (RFC 5280 section 4.2.1.10). */
export interface ConstraintsPart {
  of(certificate: Certificate): NameConstraints | undefined;
  judge(work: Work): ConstraintsJudge;
}

/** Judges names under constraints; what it has judged once it knows. */
export interface ConstraintsJudge {
  /** @throws DerError when a name cannot be read. */
  check(certificate: Certificate, constraints: NameConstraints): Finding | undefined;
}

/** Certificate policies (RFC 5280 section 6.1, RFC 9618). @throws DerError */
export type PoliciesPart = (
  path: readonly Certificate[],
  anchor: Certificate | undefined,
  inputs: PolicyInputs,
  work?: Work,
) => PoliciesFound;

/** What a profile demands beyond what every path has to meet. */
export type ProfilePart = (certificate: Certificate, place: Place, profile: Profile) => Finding | undefined;

/** All parts of a search, joined. */
export interface PathParts {
  /** OIDs of the extensions that are looked at. */
  readonly processed: readonly string[];
  /** Reads them, so that nothing malformed hides behind a check that comes first. @throws DerError */
  read(certificate: Certificate): void;
  critical(certificate: Certificate): Finding | undefined;
  readonly constraints: ConstraintsPart | undefined;
  readonly policies: PoliciesPart | undefined;
  readonly profile: ProfilePart | undefined;
}

export function joinParts(parts: readonly PathPart[]): PathParts {
  const processed = [...PLAIN_EXTENSIONS, ...parts.flatMap(({ extensions }) => extensions)];
  // What was read with other parts has not been read with these.
  const name = `* ${processed.join(' ')}`;
  return {
    processed,
    read: (certificate) =>
      remember(certificate, name, () => {
        readPlainExtensions(certificate);
        for (const { read } of parts) read?.(certificate);
      }),
    critical: (certificate) => {
      for (const { critical } of parts) {
        const finding = critical?.(certificate);
        if (finding !== undefined) return finding;
      }
      return undefined;
    },
    constraints: parts.find(({ constraints }) => constraints !== undefined)?.constraints,
    policies: parts.find(({ policies }) => policies !== undefined)?.policies,
    profile: parts.find(({ profile }) => profile !== undefined)?.profile,
  };
}
