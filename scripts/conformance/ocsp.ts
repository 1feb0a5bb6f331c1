/** One certificate and one OCSP response (BoringSSL's ocsp cases), and the request that asks for it. */
import { toHex } from '../../src/bytes/bytes.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { buildOcspRequest, parseCertificate, revocationChecker } from '../../src/pki/index.ts';
import { type OcspOutcome, ocspStatus } from '../../src/pki/revocation/ocsp-status.ts';
import { authorityOf } from '../../src/pki/revocation/status.ts';
import { runSteps, wait } from '../../src/pki/x509/steps.ts';
import { questionAbout } from './crl.ts';
import { type Answer, decode, type Row, rowsOf } from './row.ts';

interface OcspCase {
  readonly id: string;
  readonly ocsp_response: string;
  readonly ocsp_request: string;
  readonly cert: string;
  readonly issuer: string;
  readonly validation_time: string;
  readonly max_age_seconds: number;
  readonly expected_status: string;
  readonly expected_response_status: string;
}

export async function run(contents: string): Promise<readonly Row[]> {
  return rowsOf(
    (JSON.parse(contents) as { readonly tests: readonly OcspCase[] }).tests,
    (test) => `${test.expected_status} ${test.expected_response_status}`,
    judge,
  );
}

/** The status, with the reason that only the inside tells; and the request that asks for it has to be the suite's, byte for byte. */
async function judge(test: OcspCase): Promise<Answer> {
  const { hash, verifier } = nobleProvider();
  const certificate = parseCertificate(decode(test.cert));
  const issuer = authorityOf(parseCertificate(decode(test.issuer)));
  const { outcome, status } = await runSteps(
    ocspStatus({
      certificate,
      issuer,
      response: decode(test.ocsp_response),
      freshness: {
        now: Date.parse(test.validation_time),
        skew: 0,
        maxAge: test.max_age_seconds * 1000,
        ageWithoutNext: 0,
        grace: 0,
      },
      hash,
      *verify(algorithm, key, message, signature) {
        return (
          algorithm !== undefined &&
          key !== undefined &&
          (yield* wait(verifier.verify(algorithm, key, message, signature)))
        );
      },
    }),
  );
  const found = `${await stapledStatus(test)} ${upstreamName(outcome)}`;
  const request = toHex(buildOcspRequest(certificate, issuer, hash('sha1')));
  return {
    found: request === toHex(decode(test.ocsp_request)) ? found : `${found}, and another request`,
    note: status.status === 'unknown' ? `${outcome}: ${status.why}` : outcome,
  };
}

/** The status by the checker that a verifier is given, which sees the response as a staple. */
async function stapledStatus(test: OcspCase): Promise<string> {
  const checker = revocationChecker({
    hash: nobleProvider().hash,
    clockSkew: 0,
    maxOcspAge: test.max_age_seconds * 1000,
    allowSha1Responses: true,
  });
  const { status } = await checker.check(
    questionAbout(
      parseCertificate(decode(test.cert)),
      [parseCertificate(decode(test.issuer))],
      Date.parse(test.validation_time),
      decode(test.ocsp_response),
    ),
  );
  return status.status.toUpperCase();
}

/** The suite looks at signatures last and has no name for a wrong one: the status is UNKNOWN, and the response was "provided". */
function upstreamName(outcome: OcspOutcome): string {
  return outcome === 'bad-signature' || outcome === 'bad-responder'
    ? 'PROVIDED'
    : outcome.toUpperCase().replaceAll('-', '_');
}
