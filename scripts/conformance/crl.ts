/** One certificate and one list (BoringSSL's crl cases): GOOD, REVOKED, or UNKNOWN when the list must not be used. */
import { DerError } from '../../src/bytes/der.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { TlsError } from '../../src/errors.ts';
import { type Certificate, readCertificate } from '../../src/pki/certificate.ts';
import { revocationChecker } from '../../src/pki/revocation.ts';
import { authorityOf } from '../../src/pki/revocation-status.ts';
import type { RevocationQuestion } from '../../src/pki/revocation-types.ts';
import { type Answer, decode, type Row, rowsOf } from './row.ts';

interface CrlCase {
  readonly id: string;
  readonly crl: string;
  readonly cert: string;
  readonly issuer: string;
  readonly issuer_of_issuer?: string;
  readonly validation_time: string;
  readonly max_age_seconds: number;
  readonly expected: string;
}

export async function run(contents: string): Promise<readonly Row[]> {
  return rowsOf(
    (JSON.parse(contents) as { readonly tests: readonly CrlCase[] }).tests,
    ({ expected }) => expected,
    judge,
  );
}

/** The lists of these cases have no cRLNumber, and the suite counts indirect ones as not supported. */
async function judge(test: CrlCase): Promise<Answer> {
  try {
    const checker = revocationChecker({
      hash: nobleProvider().hash,
      crls: decode(test.crl),
      requireCrlNumber: false,
      indirectCrls: false,
      clockSkew: 0,
      maxCrlAge: test.max_age_seconds * 1000,
    });
    const above = [test.issuer, test.issuer_of_issuer].flatMap((base64) =>
      base64 === undefined ? [] : [readCertificate(decode(base64))],
    );
    const { status } = await checker.check(
      questionAbout(readCertificate(decode(test.cert)), above, Date.parse(test.validation_time)),
    );
    return { found: status.status.toUpperCase(), note: status.status === 'unknown' ? status.why : status.status };
  } catch (error) {
    if (error instanceof TlsError || error instanceof DerError) return { found: 'UNKNOWN', note: error.message };
    throw error;
  }
}

/** A leaf below these authorities, the last of which is the anchor; any algorithm that can be checked is allowed. */
export function questionAbout(
  certificate: Certificate,
  above: readonly Certificate[],
  now: number,
): RevocationQuestion {
  return {
    certificate,
    issuer: authorityOf(above[0]!),
    index: 0,
    path: [certificate, ...above.slice(0, -1)],
    anchor: authorityOf(above[above.length - 1]!),
    candidates: above,
    ocspResponse: undefined,
    now,
    allows: () => true,
    verifySignature: (...parts) => nobleProvider().verifier.verify(...parts),
    trusts: () => false,
  };
}
