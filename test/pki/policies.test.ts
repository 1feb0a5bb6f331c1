import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derElement, derOid, derSequence } from '../../src/bytes/der-writer.ts';
import type { Certificate } from '../../src/pki/x509/certificate.ts';
import {
  ANY_POLICY,
  OID_CERTIFICATE_POLICIES,
  OID_INHIBIT_ANY_POLICY,
  OID_POLICY_CONSTRAINTS,
  OID_POLICY_MAPPINGS,
  type PolicyMapping,
} from '../../src/pki/x509/extensions.ts';
import { type PolicyInputs, processPolicies } from '../../src/pki/path/policies.ts';

/** Certificate policies: the graph of RFC 9618 against the tree of RFC 5280 section 6.1, word for word. */

/** What one certificate says of policies. */
interface Speech {
  readonly selfIssued: boolean;
  readonly policies: readonly string[] | undefined;
  readonly mappings: readonly PolicyMapping[];
  readonly requireExplicit: number | undefined;
  readonly inhibitMapping: number | undefined;
  readonly inhibitAny: number | undefined;
}

const SILENT: Speech = {
  selfIssued: false,
  policies: undefined,
  mappings: [],
  requireExplicit: undefined,
  inhibitMapping: undefined,
  inhibitAny: undefined,
};

/** As much of a certificate as policies look at. */
function certificate(speech: Speech): Certificate {
  const name = (cn: string): Uint8Array =>
    derSequence(derElement(0x31, derSequence(derOid('2.5.4.3'), derElement(0x0c, new TextEncoder().encode(cn)))));
  const { policies, mappings, requireExplicit, inhibitMapping, inhibitAny } = speech;
  const read = new Map<string, { readonly value: unknown; readonly error: undefined }>();
  const set = (oid: string, value: unknown) => read.set(oid, { value, error: undefined });
  if (policies !== undefined) set(OID_CERTIFICATE_POLICIES, { policies, unknownQualifiers: [] });
  if (mappings.length > 0) set(OID_POLICY_MAPPINGS, mappings);
  if (requireExplicit !== undefined || inhibitMapping !== undefined)
    set(OID_POLICY_CONSTRAINTS, { requireExplicit, inhibitMapping });
  if (inhibitAny !== undefined) set(OID_INHIBIT_ANY_POLICY, inhibitAny);
  const issuer = name('issuer');
  return {
    issuer,
    subject: speech.selfIssued ? issuer : name('subject'),
    extensions: new Map([...read.keys()].map((oid) => [oid, { oid, critical: true, value: new Uint8Array(0) }])),
    read,
  } as unknown as Certificate;
}

/** Sorted policies, or why not. */
function ours(path: readonly Speech[], inputs: PolicyInputs): readonly string[] | string {
  const outcome = processPolicies(path.map(certificate), inputs);
  return 'code' in outcome ? outcome.code : [...outcome.policies].sort();
}

// ---- The tree of RFC 5280 ----

interface Node {
  readonly policy: string;
  expected: readonly string[];
  readonly depth: number;
  readonly parent: Node | undefined;
  children: Node[];
}

/** RFC 5280 sections 6.1.2 to 6.1.5, step by step, with a tree that may grow without end. */
function model(path: readonly Speech[], inputs: PolicyInputs): readonly string[] | string {
  const n = path.length;
  let tree: Node | undefined = {
    policy: ANY_POLICY,
    expected: [ANY_POLICY],
    depth: 0,
    parent: undefined,
    children: [],
  };
  let explicit = inputs.requireExplicit === true ? 0 : n + 1;
  let mapping = inputs.inhibitMapping === true ? 0 : n + 1;
  let any = inputs.inhibitAny === true ? 0 : n + 1;
  const level = (depth: number): Node[] => (tree === undefined ? [] : all(tree).filter((node) => node.depth === depth));
  const add = (parent: Node, policy: string, expected: readonly string[]): void => {
    parent.children.push({ policy, expected, depth: parent.depth + 1, parent, children: [] });
  };
  /** Nodes above this depth without children go, until there are none. */
  const prune = (depth: number): void => {
    for (;;) {
      const dead =
        tree === undefined ? [] : all(tree).filter((node) => node.depth < depth && node.children.length === 0);
      if (dead.length === 0) return;
      for (const node of dead) remove(node);
    }
  };
  const remove = (node: Node): void => {
    if (node.parent === undefined) tree = undefined;
    else node.parent.children = node.parent.children.filter((child) => child !== node);
  };
  for (const [at, speech] of path.entries()) {
    const i = at + 1;
    if (speech.policies !== undefined && tree !== undefined) {
      // 6.1.3(d)
      for (const policy of speech.policies.filter((one) => one !== ANY_POLICY)) {
        const parents = level(i - 1).filter(({ expected }) => expected.includes(policy));
        for (const parent of parents) add(parent, policy, [policy]);
        if (parents.length === 0)
          for (const parent of level(i - 1).filter((node) => node.policy === ANY_POLICY)) add(parent, policy, [policy]);
      }
      if (speech.policies.includes(ANY_POLICY) && (any > 0 || (i < n && speech.selfIssued)))
        for (const parent of level(i - 1))
          for (const policy of parent.expected)
            if (!parent.children.some((child) => child.policy === policy)) add(parent, policy, [policy]);
      prune(i);
    }
    if (speech.policies === undefined) tree = undefined; // (e)
    if (explicit === 0 && tree === undefined) return 'CERT_POLICY'; // (f)
    if (i < n) {
      const issuers = [...new Set(speech.mappings.map(({ issuer }) => issuer))];
      for (const issuer of tree === undefined ? [] : issuers) {
        const subjects = speech.mappings.filter((pair) => pair.issuer === issuer).map(({ subject }) => subject);
        const nodes = level(i).filter((node) => node.policy === issuer);
        if (mapping > 0) {
          for (const node of nodes) node.expected = subjects;
          if (nodes.length === 0) {
            const anyNode = level(i).find((node) => node.policy === ANY_POLICY);
            if (anyNode !== undefined) add(anyNode.parent!, issuer, subjects);
          }
        } else {
          for (const node of nodes) remove(node);
          prune(i);
        }
      }
    }
    if (i === n || !speech.selfIssued) {
      explicit = Math.max(0, explicit - 1);
      mapping = Math.max(0, mapping - 1);
      any = Math.max(0, any - 1);
    }
    if (i < n) {
      explicit = Math.min(explicit, speech.requireExplicit ?? explicit);
      mapping = Math.min(mapping, speech.inhibitMapping ?? mapping);
      any = Math.min(any, speech.inhibitAny ?? any);
    } else if (speech.requireExplicit === 0) explicit = 0;
  }
  // 6.1.5(g)
  const acceptable = inputs.acceptable ?? [ANY_POLICY];
  const set = (): Node[] => (tree === undefined ? [] : all(tree).filter((node) => node.parent?.policy === ANY_POLICY));
  if (tree !== undefined && !acceptable.includes(ANY_POLICY)) {
    for (const node of set()) if (node.policy !== ANY_POLICY && !acceptable.includes(node.policy)) remove(node);
    const last = set().find((node) => node.depth === n && node.policy === ANY_POLICY);
    if (last !== undefined) {
      const had = set().map(({ policy }) => policy);
      for (const policy of acceptable) if (!had.includes(policy)) add(last.parent!, policy, [policy]);
      remove(last);
    }
    prune(n);
  }
  if (explicit === 0 && tree === undefined) return 'CERT_POLICY';
  return [
    ...new Set(
      set()
        .filter(({ policy, depth }) => policy !== ANY_POLICY || depth === n)
        .map(({ policy }) => policy),
    ),
  ].sort();
}

function all(node: Node): readonly Node[] {
  return [node, ...node.children.flatMap(all)];
}

const policy = fc.constantFrom('1.1', '1.2', '1.3');
const anyOrPolicy = fc.oneof({ weight: 3, arbitrary: policy }, { weight: 2, arbitrary: fc.constant(ANY_POLICY) });
const rarely = (most: number) => fc.option(fc.nat({ max: most }), { nil: undefined, freq: 3 });
const speech: fc.Arbitrary<Speech> = fc.record({
  selfIssued: fc.boolean(),
  policies: fc.option(fc.uniqueArray(anyOrPolicy, { minLength: 1, maxLength: 4 }), { nil: undefined, freq: 12 }),
  mappings: fc.array(fc.record({ issuer: policy, subject: policy }), { maxLength: 3 }),
  requireExplicit: rarely(2),
  inhibitMapping: rarely(2),
  inhibitAny: rarely(2),
});
const inputs: fc.Arbitrary<PolicyInputs> = fc.record({
  acceptable: fc.oneof(fc.constant([ANY_POLICY]), fc.uniqueArray(policy, { minLength: 1 })),
  requireExplicit: fc.boolean(),
  inhibitMapping: fc.boolean(),
  inhibitAny: fc.boolean(),
});

describe('policies', () => {
  it('come out as in the tree of RFC 5280', () => {
    let found = 0;
    fc.assert(
      fc.property(fc.array(speech, { minLength: 1, maxLength: 4 }), inputs, (path, given) => {
        const expected = model(path, given);
        if (expected.length > 0 && expected !== 'CERT_POLICY') found++;
        expect(ours(path, given)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('that are mapped from or to any are refused', () => {
    for (const mappings of [[{ issuer: ANY_POLICY, subject: '1.1' }], [{ issuer: '1.1', subject: ANY_POLICY }]]) {
      const path = [
        { ...SILENT, policies: ['1.1'], mappings },
        { ...SILENT, policies: ['1.1'] },
      ];
      expect(ours(path, {})).toBe('CERT_POLICY');
    }
  });

  it('are named by the index of the certificate that ended them', () => {
    const path = [{ ...SILENT, policies: ['1.1'] }, SILENT, { ...SILENT, policies: ['1.1'] }];
    const outcome = processPolicies(path.map(certificate), { requireExplicit: true });
    expect(outcome).toMatchObject({ code: 'CERT_POLICY', index: 1 });
  });

  it('do not multiply along a path: two that are each mapped to both would be a tree of 2^60 leaves', () => {
    const both = ['1.1', '1.2'];
    const mappings = both.flatMap((issuer) => both.map((subject) => ({ issuer, subject })));
    const path = [
      ...Array.from({ length: 60 }, (): Speech => ({ ...SILENT, policies: both, mappings })),
      { ...SILENT, policies: both },
    ];
    expect(ours(path, { requireExplicit: true })).toEqual(both);
    expect(ours(path, { requireExplicit: true, acceptable: ['1.2'] })).toEqual(['1.2']);
    expect(ours(path, { requireExplicit: true, acceptable: ['1.3'] })).toBe('CERT_POLICY');
  });

  it('as many as may be, each under each, stay few', () => {
    const many = Array.from({ length: 512 }, (_, i) => `1.2.${i}`);
    const mappings = many.map((issuer, i) => ({ issuer, subject: many[(i * 7 + 1) % 512]! }));
    const path = [
      ...Array.from({ length: 16 }, (): Speech => ({ ...SILENT, policies: [...many.slice(1), ANY_POLICY], mappings })),
      { ...SILENT, policies: many },
    ];
    expect((ours(path, { requireExplicit: true }) as readonly string[]).length).toBeGreaterThan(0);
  });

  it('more than 512 in one certificate are too many', () => {
    const many = Array.from({ length: 513 }, (_, i) => `1.2.${i}`);
    expect(ours([{ ...SILENT, policies: many }], {})).toBe('CERT_BUDGET');
    const mappings = many.map((issuer) => ({ issuer, subject: '1.1' }));
    expect(ours([{ ...SILENT, policies: ['1.1'], mappings }, SILENT], {})).toBe('CERT_BUDGET');
    expect(ours([{ ...SILENT, policies: many.slice(1) }], {})).toHaveLength(512);
  });
});
