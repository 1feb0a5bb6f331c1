import type { Certificate } from '../x509/certificate.ts';
import { shortNameText } from '../x509/general-name-text.ts';
import { isSelfIssued } from '../x509/names.ts';
import type { Authority } from '../revocation/status.ts';
import type { Finding } from '../x509/verdict.ts';

/** What a search asks of the certificates on its way. */

/** Certificates above the leaf that are not self-issued: those that path lengths speak of. */
export function counted(path: readonly Certificate[]): number {
  return path.filter((certificate, index) => index > 0 && !isSelfIssued(certificate)).length;
}

export function notSignedBy(issuer: Authority): Finding {
  return {
    code: 'CERT_BAD_SIGNATURE',
    what: `its signature is not by ${shortNameText(issuer.name)}`,
    advice: 'its issuer may have changed its key: then the certificate of the new key is missing',
    rfc: 'RFC 5280 section 6.1.3(a)(1)',
  };
}
