import { DerCursor } from '../../bytes/der.ts';
import { type Certificate, readOnce } from '../x509/certificate.ts';
import type { RevocationQuestion } from './types.ts';
import type { Finding } from '../x509/verdict.ts';

/** TLS features that a certificate demands (RFC 7633): "must staple" is one of them. */

const OID_TLS_FEATURE = '1.3.6.1.5.5.7.1.24';

/** ExtensionTypes: status_request and status_request_v2. The second is met by the first: TLS 1.3 has only that. */
const STATUS_REQUEST = 5;
const STATUS_REQUEST_V2 = 17;

/** The TLS extension types that a certificate demands; empty: none. @throws DerError when the extension is malformed. */
export function tlsFeatures(certificate: Certificate): readonly number[] {
  const features = readOnce(certificate, OID_TLS_FEATURE, (value) => {
    const cursor = new DerCursor(value);
    const list = cursor.sequenceOf((item) => item.small(), 1);
    cursor.finish();
    return list;
  });
  return features ?? [];
}

/** Does this certificate say that it comes with a stapled OCSP response? @throws DerError */
export function mustStaple(certificate: Certificate): boolean {
  const features = tlsFeatures(certificate);
  return features.includes(STATUS_REQUEST) || features.includes(STATUS_REQUEST_V2);
}

/** What an authority demands of itself it demands of all below it (RFC 7633 section 4.2.2). @throws DerError */
export function checkFeatures({
  certificate,
  issuer,
}: Pick<RevocationQuestion, 'certificate' | 'issuer'>): Finding | undefined {
  if (issuer.certificate === undefined) return undefined;
  const own = new Set(tlsFeatures(certificate));
  const missing = tlsFeatures(issuer.certificate).filter((feature) => !own.has(feature));
  if (missing.length === 0) return undefined;
  return {
    code: 'CERT_PROFILE',
    what: 'it does not demand the TLS features that its issuer demands',
    expected: missing.slice(0, 8).join(', '),
    rfc: 'RFC 7633 section 4.2.2',
  };
}
