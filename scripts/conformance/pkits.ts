/** RFC 5280 path validation with all its inputs, and every certificate's status known (NIST PKITS). */
import { autoProvider } from '../../src/crypto/auto.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import type { SignatureVerifier } from '../../src/crypto/types.ts';
import { defaultRules, findPath, readAnchors, revocationChecker } from '../../src/pki/index.ts';
import { type Answer, decode, failure, orUnreadable, readable, type Row, rowsOf } from './row.ts';

interface PkitsCase {
  readonly id: string;
  /** The anchor first, the end entity last. */
  readonly certs: readonly string[];
  readonly crls: readonly string[];
  readonly initial_policy_set: readonly string[];
  readonly initial_explicit_policy: boolean;
  readonly initial_policy_mapping_inhibit: boolean;
  readonly initial_inhibit_any_policy: boolean;
  readonly expected: string;
  readonly user_constrained_policy_set: readonly string[];
}

interface Pkits {
  readonly validation_time: string;
  readonly tests: readonly PkitsCase[];
  readonly certs: { readonly [name: string]: string };
  readonly crls: { readonly [name: string]: string };
}

export async function run(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  const suite = JSON.parse(contents) as Pkits;
  return rowsOf(
    suite.tests,
    ({ expected, user_constrained_policy_set }) =>
      expected === 'SUCCESS' ? withPolicies(user_constrained_policy_set) : expected,
    (test) => judge(test, suite, signatures),
  );
}

async function judge(test: PkitsCase, suite: Pkits, signatures: SignatureVerifier): Promise<Answer> {
  const [anchor, ...others] = test.certs.map((name) => decode(named(suite.certs, name)));
  const crls = test.crls.map((name) => decode(named(suite.crls, name)));
  // A list that cannot be read is one that we do not have: what it was to speak for has no status then.
  const lists = crls.filter((crl) => orUnreadable(() => revocationChecker({ hash: nobleProvider().hash, crls: crl })));
  const [leaf] = readable(others.slice(-1));
  if (leaf === undefined) return failure('the certificate cannot be read');
  const anchors = orUnreadable(() => readAnchors([anchor!]));
  if (anchors === undefined) return failure('the anchor cannot be read');
  const result = await findPath({
    leaf,
    candidates: readable(others.slice(0, -1)),
    anchors,
    signatures,
    revocation: revocationChecker({ hash: nobleProvider().hash, crls: lists }),
    rules: {
      ...defaultRules('default', Date.parse(suite.validation_time)),
      minRsaBits: 1024,
      policies: {
        acceptable: test.initial_policy_set,
        requireExplicit: test.initial_explicit_policy,
        inhibitMapping: test.initial_policy_mapping_inhibit,
        inhibitAny: test.initial_inhibit_any_policy,
      },
    },
  });
  return result.ok ? { found: withPolicies(result.policies) } : failure(result.failure.message);
}

function named(map: { readonly [name: string]: string }, name: string): string {
  const found = map[name];
  if (found === undefined) throw new Error(`the suite has no ${name}`);
  return found;
}

/** The user-constrained policy set is a part of the answer (RFC 5280 section 6.1.6). */
function withPolicies(policies: readonly string[]): string {
  return ['SUCCESS', ...[...policies].sort()].join(' ');
}
