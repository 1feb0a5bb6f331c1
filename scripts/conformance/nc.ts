/** Chains for name constraints and nested purposes, without a name that was asked for (Go). */
import { autoProvider } from '../../src/crypto/auto.ts';
import { defaultRules, findPath, readAnchors } from '../../src/pki/index.ts';
import { decode, failure, purposeOid, readable, type Row, rowsOf, SUCCESS } from './row.ts';

interface NameConstraintCase {
  readonly id: string;
  readonly roots: readonly string[];
  readonly intermediates: readonly string[];
  readonly leaf: string;
  readonly requested_ekus: readonly string[];
  readonly validation_time: string;
  readonly expected: string;
}

export async function run(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  return rowsOf(
    (JSON.parse(contents) as { readonly tests: readonly NameConstraintCase[] }).tests,
    ({ expected }) => expected,
    async (test) => {
      const [leaf] = readable([decode(test.leaf)]);
      if (leaf === undefined) return failure('the certificate cannot be read');
      const result = await findPath({
        leaf,
        candidates: readable(test.intermediates.map(decode)),
        anchors: readAnchors(readable(test.roots.map(decode))),
        signatures,
        rules: {
          ...defaultRules('default', Date.parse(test.validation_time)),
          purposes: test.requested_ekus.some((name) => /^any/i.test(name))
            ? undefined
            : test.requested_ekus.map(purposeOid),
        },
      });
      return result.ok ? SUCCESS : failure(result.failure.message);
    },
  );
}
