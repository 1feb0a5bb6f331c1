import { equalBytes } from '../../bytes/bytes.ts';
import type { PublicKey } from '../../crypto/types.ts';
import { type Certificate, OID_SUBJECT_ALT_NAME } from '../x509/certificate.ts';
import { nameText } from '../x509/general-name.ts';
import { isSelfIssued, sameName } from '../x509/names.ts';
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
    what: `its signature is not by ${nameText(issuer.name)}`,
    advice: 'its issuer may have changed its key: then the certificate of the new key is missing',
    rfc: 'RFC 5280 section 6.1.3(a)(1)',
  };
}

export function withCertificate(certificate: Certificate): { readonly certificate: Certificate } {
  return { certificate };
}

/** RFC 4158 section 5.2: the same name, key and alternative names; a path does not go through it twice. */
export function isSame(a: Certificate, b: Certificate): boolean {
  if (a === b) return true;
  if (!equalBytes(a.spki, b.spki) || !sameName(a.subject, b.subject)) return false;
  const names = ({ extensions }: Certificate): Uint8Array =>
    extensions.get(OID_SUBJECT_ALT_NAME)?.value ?? new Uint8Array(0);
  return equalBytes(names(a), names(b));
}

/** How long a verification takes, measured against P-256. */
export function costOf(key: PublicKey): number {
  switch (key.kind) {
    case 'ec':
      return key.curve === 'P-256' ? 1 : key.curve === 'P-384' ? 3 : 6;
    case 'rsa':
      return key.modulus.length > 512 ? 2 : 1;
    case 'ed448':
      return 4;
    default:
      return 2;
  }
}
