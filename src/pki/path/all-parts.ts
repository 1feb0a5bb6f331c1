import { tlsFeatures } from '../revocation/tls-feature.ts';
import { type Certificate, OID_NAME_CONSTRAINTS, OID_SCT_LIST } from '../x509/certificate.ts';
import { crlDistributionPoints, OID_CRL_DISTRIBUTION_POINTS } from '../x509/distribution-point.ts';
import {
  certificatePolicies,
  embeddedScts,
  inhibitAnyPolicy,
  nameConstraints,
  OID_CERTIFICATE_POLICIES,
  OID_INHIBIT_ANY_POLICY,
  OID_POLICY_CONSTRAINTS,
  OID_POLICY_MAPPINGS,
  policyConstraints,
  policyMappings,
} from '../x509/extensions.ts';
import type { Finding } from '../x509/verdict.ts';
import { ConstraintJudge } from './constraints.ts';
import { joinParts, type PathPart, type PathParts } from './parts.ts';
import { policiesOf } from './policies.ts';
import { checkProfile } from './profiles.ts';

/** Name constraints: what an authority lets stand below it (RFC 5280 section 4.2.1.10). A part for {@link pathVerifier}. */
export const constraintsPart: PathPart = {
  extensions: [OID_NAME_CONSTRAINTS],
  read: nameConstraints,
  constraints: { of: nameConstraints, judge: (work) => new ConstraintJudge(work) },
};

/** Certificate policies (RFC 5280 section 6.1, RFC 9618). A part for {@link pathVerifier}. */
export const policiesPart: PathPart = {
  extensions: [OID_CERTIFICATE_POLICIES, OID_POLICY_MAPPINGS, OID_POLICY_CONSTRAINTS, OID_INHIBIT_ANY_POLICY],
  read: (certificate) => {
    certificatePolicies(certificate);
    policyMappings(certificate);
    policyConstraints(certificate);
    inhibitAnyPolicy(certificate);
  },
  critical: unknownQualifier,
  policies: policiesOf,
};

/** Extensions that speak to others than a search for a path: read, so that nothing malformed passes. */
export const otherExtensionsPart: PathPart = {
  extensions: [OID_CRL_DISTRIBUTION_POINTS, OID_SCT_LIST],
  read: (certificate) => {
    crlDistributionPoints(certificate);
    tlsFeatures(certificate);
    embeddedScts(certificate);
  },
};

/** Everything that is known here. */
export const ALL_PARTS: PathParts = /* @__PURE__ */ joinParts([
  constraintsPart,
  policiesPart,
  { extensions: [], profile: checkProfile },
  otherExtensionsPart,
]);

/** RFC 5280 section 4.2.1.4: in a critical extension the qualifiers have to be understood too. */
function unknownQualifier(certificate: Certificate): Finding | undefined {
  const [qualifier] = certificatePolicies(certificate)?.unknownQualifiers ?? [];
  if (qualifier === undefined || certificate.extensions.get(OID_CERTIFICATE_POLICIES)?.critical !== true)
    return undefined;
  return {
    code: 'CERT_UNKNOWN_CRITICAL_EXTENSION',
    what: `a policy has a qualifier not known here: ${qualifier}`,
    rfc: 'RFC 5280 section 4.2',
  };
}
