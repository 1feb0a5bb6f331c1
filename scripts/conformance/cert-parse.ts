/** One certificate: is its form right, extensions included (BoringSSL's parsed_certificate)? */
import { parseCertificate } from '../../src/pki/index.ts';
import { decode, failure, orUnreadable, type Row, rowsOf, SUCCESS } from './row.ts';

interface CertParseCase {
  readonly id: string;
  readonly cert: string;
  readonly expected: string;
  readonly signature_algorithm_known: boolean;
}

export async function run(contents: string): Promise<readonly Row[]> {
  return rowsOf(
    (JSON.parse(contents) as { readonly tests: readonly CertParseCase[] }).tests,
    ({ expected }) => expected,
    (test) => {
      const certificate = orUnreadable(() => parseCertificate(decode(test.cert), { strict: true }));
      if (certificate === undefined) return failure('it cannot be read');
      return test.signature_algorithm_known === false && certificate.signatureAlgorithm !== undefined
        ? { found: 'SUCCESS with a signature algorithm', note: JSON.stringify(certificate.signatureAlgorithm) }
        : SUCCESS;
    },
  );
}
