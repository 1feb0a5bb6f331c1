/** One certificate and one list (BoringSSL's crl cases): GOOD, REVOKED, or UNKNOWN when the list must not be used. */
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { TlsError } from '../../src/errors.ts';
import {
  type Authority,
  type Certificate,
  parseCertificate,
  revocationChecker,
  type RevocationQuestion,
} from '../../src/pki/index.ts';
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
      strictCrls: true,
      clockSkew: 0,
      maxCrlAge: test.max_age_seconds * 1000,
    });
    const above = [test.issuer, test.issuer_of_issuer].flatMap((base64) =>
      base64 === undefined ? [] : [parseCertificate(decode(base64))],
    );
    const { status } = await checker.check(
      questionAbout(parseCertificate(decode(test.cert)), above, Date.parse(test.validation_time)),
    );
    return { found: status.status.toUpperCase(), note: status.status === 'unknown' ? status.why : status.status };
  } catch (error) {
    if (error instanceof TlsError) return { found: 'UNKNOWN', note: error.message };
    throw error;
  }
}

/** A leaf below these authorities, the last of which is the anchor; any algorithm that can be checked is allowed. */
export function questionAbout(
  certificate: Certificate,
  above: readonly Certificate[],
  now: number,
  ocspResponse?: Uint8Array,
): RevocationQuestion {
  return {
    certificate,
    issuer: authorityOf(above[0]!),
    index: 0,
    path: [certificate, ...above.slice(0, -1)],
    anchor: authorityOf(above[above.length - 1]!),
    candidates: above,
    ocspResponse,
    now,
    allows: () => true,
    verifySignature: (...parts) => nobleProvider().verifier.verify(...parts),
    trusts: () => false,
    spend: () => true,
  };
}

function authorityOf(certificate: Certificate): Authority {
  return { name: certificate.subject, spki: certificate.spki, publicKey: certificate.publicKey, certificate };
}
