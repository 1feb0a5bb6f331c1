/** Path building and name constraints, asked as a client asks about a server (BetterTLS). */
import { autoProvider } from '../../src/crypto/auto.ts';
import { certificateVerifier } from '../../src/pki/index.ts';
import { decode, failure, type Row, rowsOf, SUCCESS } from './row.ts';

interface BetterTls {
  readonly trust_root: string;
  readonly validation_time: string;
  readonly tests: readonly {
    readonly id: string;
    readonly hostname: string;
    readonly chain: readonly string[];
    readonly expected: string;
  }[];
}

export async function run(contents: string, signatures = autoProvider().verifier): Promise<readonly Row[]> {
  const suite = JSON.parse(contents) as BetterTls;
  const verifier = certificateVerifier({ anchors: [decode(suite.trust_root)], signatures });
  const now = Date.parse(suite.validation_time);
  return rowsOf(
    suite.tests,
    ({ expected }) => expected,
    async ({ chain, hostname }) => {
      const verdict = await verifier.verify({
        role: 'client',
        chain: chain.map(decode),
        serverName: hostname,
        ocspResponses: [],
        sctLists: [],
        certificateSchemes: [],
        keyUse: 'digitalSignature',
        now,
      });
      return verdict.ok ? SUCCESS : failure(verdict.failure.message);
    },
  );
}
