import type { Certificate } from '../x509/certificate.ts';
import {
  ANY_POLICY,
  certificatePolicies,
  inhibitAnyPolicy,
  policyConstraints,
  policyMappings,
} from '../x509/extensions.ts';
import { isSelfIssued } from '../x509/names.ts';
import type { Finding } from '../x509/verdict.ts';
import { COST, Work } from '../x509/work.ts';

/** Certificate policies: RFC 5280 section 6.1 with the graph of RFC 9618 in place of its tree, which may grow without end. */

/** The inputs of RFC 5280 section 6.1.1 that speak of policies. */
export interface PolicyInputs {
  /** OIDs that are acceptable; default: any. */
  readonly acceptable?: readonly string[] | undefined;
  /** The path has to be valid for one of them; default: false. */
  readonly requireExplicit?: boolean | undefined;
  /** Default: false. */
  readonly inhibitMapping?: boolean | undefined;
  /** Default: false. */
  readonly inhibitAny?: boolean | undefined;
}

/** What the whole path is valid for. */
export interface PolicyOutcome {
  /** OIDs: the user-constrained-policy-set. */
  readonly policies: readonly string[];
}

const MAX_POLICIES = 512;

/** The path from its anchor downwards, and what it is valid for, or why it is not. */
export interface PoliciesFound {
  readonly downwards: readonly Certificate[];
  readonly outcome: PolicyOutcome | (Finding & { readonly index: number });
}

/** Processes a path, leaf first, and its anchor where that speaks of policies itself; `downwards` is the order of it. */
export function policiesOf(
  path: readonly Certificate[],
  anchor: Certificate | undefined,
  inputs: PolicyInputs,
  work: Work = new Work(),
): PoliciesFound {
  const speaks = anchor !== undefined && POLICY_OIDS.some((oid) => anchor.extensions.has(oid));
  const downwards = [...(speaks ? [anchor] : []), ...[...path].reverse()];
  return { downwards, outcome: processPolicies(downwards, inputs, work, speaks) };
}

const POLICY_OIDS: readonly string[] = ['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'];

/**
 * Processes a path, its first certificate next to the anchor, its last the leaf. An anchor that speaks of policies
 * itself may stand in front (`fromAnchor`).
 * @throws DerError when an extension is malformed.
 */
export function processPolicies(
  path: readonly Certificate[],
  inputs: PolicyInputs,
  work: Work = new Work(),
  fromAnchor: boolean = false,
): PoliciesFound['outcome'] {
  const n = path.length;
  let graph: Graph | undefined = new Graph();
  let explicit = inputs.requireExplicit === true ? 0 : n + 1;
  let mapping = inputs.inhibitMapping === true ? 0 : n + 1;
  let any = inputs.inhibitAny === true ? 0 : n + 1;
  for (const [at, certificate] of path.entries()) {
    const last = at === n - 1;
    const selfIssued = isSelfIssued(certificate);
    // RFC 5280 section 6.1.3(d) to (f).
    const policies = certificatePolicies(certificate)?.policies;
    if (policies !== undefined && policies.length > MAX_POLICIES) return tooMany(at);
    if (!work.spend(COST.policy * ((policies?.length ?? 0) + (graph?.width ?? 0)))) return overspent(at);
    // RFC 5937 section 3.2: an anchor that names no policy is good for any.
    const isSilent = policies === undefined && fromAnchor && at === 0;
    if (policies === undefined) graph = isSilent ? graph : undefined;
    else if (graph?.step(policies, any > 0 || (!last && selfIssued)) === false) graph = undefined;
    if (explicit === 0 && graph === undefined) return noPolicy(at);
    if (!last) {
      // Section 6.1.4(a) and (b).
      const mappings = policyMappings(certificate) ?? [];
      if (mappings.length > MAX_POLICIES) return tooMany(at);
      if (!work.spend(COST.policy * mappings.length)) return overspent(at);
      if (mappings.some(({ issuer, subject }) => issuer === ANY_POLICY || subject === ANY_POLICY)) {
        return {
          code: 'CERT_POLICY',
          what: 'it maps anyPolicy, which cannot be mapped',
          rfc: 'RFC 5280 section 6.1.4(a)',
          index: at,
        };
      }
      if (graph !== undefined && mappings.length > 0 && !graph.map(mappings, mapping > 0)) graph = undefined;
    }
    // Section 6.1.4(h), and 6.1.5(a) for the last.
    if (last || !selfIssued) {
      if (explicit > 0) explicit--;
      if (mapping > 0) mapping--;
      if (any > 0) any--;
    }
    // Section 6.1.4(i) and (j), 6.1.5(b).
    const constraints = policyConstraints(certificate);
    if (last) {
      if (constraints?.requireExplicit === 0) explicit = 0;
    } else {
      explicit = Math.min(explicit, constraints?.requireExplicit ?? explicit);
      mapping = Math.min(mapping, constraints?.inhibitMapping ?? mapping);
      any = Math.min(any, inhibitAnyPolicy(certificate) ?? any);
    }
  }
  if (!work.spend(COST.policy * (graph?.size ?? 0))) return overspent(n - 1);
  const policies = graph?.outcome(inputs.acceptable ?? [ANY_POLICY]) ?? [];
  return explicit === 0 && policies.length === 0 ? noPolicy(n - 1) : { policies };
}

function noPolicy(index: number): Finding & { readonly index: number } {
  return {
    code: 'CERT_POLICY',
    what: 'the path is not valid for any acceptable policy',
    rfc: 'RFC 5280 section 6.1.3(f)',
    index,
  };
}

function tooMany(index: number): Finding & { readonly index: number } {
  return { code: 'CERT_BUDGET', what: `it has more than ${MAX_POLICIES} policies`, index };
}

function overspent(index: number): Finding & { readonly index: number } {
  return { code: 'CERT_BUDGET', what: 'the policies of the path are too many', index };
}

interface Node {
  readonly policy: string;
  readonly parents: readonly Node[];
  /** expected_policy_set. */
  expected: ReadonlySet<string>;
}

/** RFC 9618 section 4: of every depth one node for each policy, which may have several parents. */
class Graph {
  readonly #levels: Map<string, Node>[] = [
    new Map([[ANY_POLICY, { policy: ANY_POLICY, parents: [], expected: new Set([ANY_POLICY]) }]]),
  ];

  /** RFC 5280 section 6.1.3(d). False: nothing is left. */
  step(policies: readonly string[], anyCounts: boolean): boolean {
    const above = this.#last;
    const expecting = new Map<string, Node[]>();
    for (const node of above.values()) {
      for (const policy of node.expected) {
        const nodes = expecting.get(policy);
        if (nodes === undefined) expecting.set(policy, [node]);
        else nodes.push(node);
      }
    }
    const level = new Map<string, Node>();
    const add = (policy: string, parents: readonly Node[]): void => {
      level.set(policy, { policy, parents, expected: new Set([policy]) });
    };
    const anyAbove = above.get(ANY_POLICY);
    for (const policy of policies) {
      if (policy === ANY_POLICY) continue;
      const parents = expecting.get(policy);
      if (parents !== undefined) add(policy, parents);
      else if (anyAbove !== undefined) add(policy, [anyAbove]);
    }
    if (anyCounts && policies.includes(ANY_POLICY))
      for (const [policy, parents] of expecting) if (!level.has(policy)) add(policy, parents);
    this.#levels.push(level);
    return level.size > 0;
  }

  /** Section 6.1.4(b). False: nothing is left. */
  map(mappings: readonly { readonly issuer: string; readonly subject: string }[], allowed: boolean): boolean {
    const level = this.#last;
    const subjects = new Map<string, Set<string>>();
    for (const { issuer, subject } of mappings)
      subjects.set(issuer, (subjects.get(issuer) ?? new Set<string>()).add(subject));
    for (const [issuer, expected] of subjects) {
      const node = level.get(issuer);
      if (!allowed) {
        level.delete(issuer);
        continue;
      }
      const anyNode = level.get(ANY_POLICY);
      if (node !== undefined) node.expected = expected;
      else if (anyNode !== undefined) level.set(issuer, { policy: issuer, parents: anyNode.parents, expected });
    }
    return level.size > 0;
  }

  /** Section 6.1.5(g): the policies of the user's that the path is valid for. */
  outcome(acceptable: readonly string[]): readonly string[] {
    // What has no descendant at the end was pruned long ago in the words of the RFC; here it is never looked at.
    const policies = new Set<string>();
    const seen = new Set<Node>();
    let level: Iterable<Node> = this.#last.values();
    if (this.#last.has(ANY_POLICY)) policies.add(ANY_POLICY);
    for (;;) {
      const above = new Set<Node>();
      for (const node of level) {
        if (node.policy === ANY_POLICY || seen.has(node)) continue;
        seen.add(node);
        if (node.parents.some(({ policy }) => policy === ANY_POLICY)) policies.add(node.policy);
        for (const parent of node.parents) above.add(parent);
      }
      if (above.size === 0) break;
      level = above;
    }
    if (acceptable.includes(ANY_POLICY)) return [...policies];
    if (policies.has(ANY_POLICY)) return [...acceptable];
    return acceptable.filter((policy) => policies.has(policy));
  }

  /** Links that the next step is going to look at. */
  get width(): number {
    let width = 0;
    for (const { expected } of this.#last.values()) width += expected.size;
    return width;
  }

  /** Nodes and links of all levels. */
  get size(): number {
    let size = 0;
    for (const level of this.#levels) for (const { parents } of level.values()) size += 1 + parents.length;
    return size;
  }

  get #last(): Map<string, Node> {
    return this.#levels[this.#levels.length - 1]!;
  }
}
