import type { Certificate } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import { generalNameText } from '../x509/general-name-text.ts';
import type { GeneralName } from '../x509/general-name.ts';
import type { Comparison } from '../x509/names.ts';
import type { Finding } from '../x509/verdict.ts';
import { COST, Work } from '../x509/work.ts';
import {
  compareConstraint,
  type ConstrainedName,
  constrainedNames,
  type Constraint,
  constraintOf,
} from './constrained-name.ts';

export { compareDnsConstraint, compareIpConstraint } from './constrained-name.ts';

/** Name constraints (RFC 5280 section 4.2.1.10): what an authority lets stand below it. */

type Prepared = ReadonlyMap<string, { readonly permitted: Constraint[]; readonly excluded: Constraint[] }>;

/**
 * Holds every name of a certificate against the constraints of one authority above it. Held against each authority in
 * turn, that is the intersection of what they permit and the union of what they exclude (section 6.1.3(b) and (c)).
 * A constraint binds names of its own form, and no others.
 * @throws DerError when a name cannot be read.
 */
export function checkNameConstraints(
  certificate: Certificate,
  constraints: NameConstraints,
  work: Work = new Work(),
): Finding | undefined {
  return new ConstraintJudge(work).check(certificate, constraints);
}

/** Reads the names of a certificate and the constraints of an authority once, and judges each pair of them once. */
export class ConstraintJudge {
  readonly #work: Work;
  readonly #names = new Map<Certificate, readonly ConstrainedName[]>();
  readonly #prepared = new Map<NameConstraints, Prepared>();
  readonly #findings = new Map<NameConstraints, Map<Certificate, Finding | undefined>>();

  constructor(work: Work) {
    this.#work = work;
  }

  /** @throws DerError when a name cannot be read. */
  check(certificate: Certificate, constraints: NameConstraints): Finding | undefined {
    let findings = this.#findings.get(constraints);
    if (findings === undefined) {
      findings = new Map();
      this.#findings.set(constraints, findings);
    }
    if (findings.has(certificate)) return findings.get(certificate);
    const finding = this.#judge(certificate, constraints);
    findings.set(certificate, finding);
    return finding;
  }

  #judge(certificate: Certificate, constraints: NameConstraints): Finding | undefined {
    const limits = this.#limitsOf(constraints);
    for (const name of this.#namesOf(certificate)) {
      // Where names are limited at all, one that is read differently by everybody is not let through beside the limits.
      if (name.value === 'not-text') return finding(name.name, name.name, 'malformed', 'permitted');
      const own = limits.get(name.form);
      const problem = own && this.#judgeName(name, own.permitted, own.excluded);
      if (problem !== undefined) return problem;
    }
    return this.#work.isSpent ? OVERSPENT : undefined;
  }

  #judgeName(
    name: ConstrainedName,
    permitted: readonly Constraint[],
    excluded: readonly Constraint[],
  ): Finding | undefined {
    for (const constraint of excluded) {
      if (!this.#work.spend(COST.comparison)) return OVERSPENT;
      const result = compareConstraint(name, constraint, 'excluded');
      if (result !== 'no-match') return finding(name.name, constraint.base, result, 'excluded');
    }
    for (const constraint of permitted) {
      if (!this.#work.spend(COST.comparison)) return OVERSPENT;
      const result = compareConstraint(name, constraint, 'permitted');
      if (result === 'match') return undefined;
      if (result === 'malformed') return finding(name.name, constraint.base, result, 'permitted');
    }
    const [first] = permitted;
    return first && finding(name.name, first.base, 'no-match', 'permitted');
  }

  #namesOf(certificate: Certificate): readonly ConstrainedName[] {
    let names = this.#names.get(certificate);
    if (names === undefined) {
      names = constrainedNames(certificate);
      this.#names.set(certificate, names);
      this.#work.spend(COST.name * names.length);
    }
    this.#work.spend(COST.comparison * names.length);
    return names;
  }

  #limitsOf(constraints: NameConstraints): Prepared {
    const known = this.#prepared.get(constraints);
    if (known !== undefined) return known;
    const prepared = new Map<string, { readonly permitted: Constraint[]; readonly excluded: Constraint[] }>();
    for (const list of ['permitted', 'excluded'] as const) {
      for (const constraint of constraints[list].map(constraintOf)) {
        const own = prepared.get(constraint.form) ?? { permitted: [], excluded: [] };
        own[list].push(constraint);
        prepared.set(constraint.form, own);
      }
      this.#work.spend(COST.name * constraints[list].length);
    }
    this.#prepared.set(constraints, prepared);
    return prepared;
  }
}

const RFC = 'RFC 5280 section 4.2.1.10';

const OVERSPENT: Finding = {
  code: 'CERT_BUDGET',
  what: 'it takes too many comparisons to hold its names against the constraints',
  rfc: RFC,
};

function finding(name: GeneralName, base: GeneralName, result: Comparison, list: 'permitted' | 'excluded'): Finding {
  const what =
    result === 'malformed'
      ? 'it has a name, or an authority above it a constraint, that cannot be compared'
      : list === 'excluded'
        ? 'an authority above it excludes one of its names'
        : 'an authority above it does not permit one of its names';
  return {
    code: 'CERT_NAME_CONSTRAINT',
    what,
    expected: `${list === 'excluded' ? 'nothing in' : 'something in'} ${generalNameText(base)}`,
    found: generalNameText(name),
    rfc: RFC,
  };
}
