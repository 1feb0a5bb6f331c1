import { DerError } from '../../bytes/der.ts';
import { TlsError } from '../../errors.ts';
import {
  authorityInfoAccess,
  authorityKeyId,
  basicConstraints,
  type Certificate,
  extendedKeyUsage,
  keyUsage,
  OID_SUBJECT_ALT_NAME,
  readCertificate,
  remember,
  subjectAltNames,
  subjectKeyId,
} from '../x509/certificate.ts';
import { crlDistributionPoints } from '../x509/distribution-point.ts';
import {
  certificatePolicies,
  embeddedScts,
  inhibitAnyPolicy,
  nameConstraints,
  policyConstraints,
  policyMappings,
} from '../x509/extensions.ts';
import { SLIPS } from '../x509/slips.ts';
import { tlsFeatures } from '../revocation/tls-feature.ts';

/**
 * Reads a DER certificate with all extensions that are known here. Nothing is said of whether it can be trusted.
 * @param options.strict refuse what is only odd (`slips`), too. Default: false.
 * @throws TlsError ERR_CERTIFICATE_UNREADABLE when it, or one of those extensions, is malformed.
 *
 * @example
 * ```ts
 * import { nameText, parseCertificate } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { der } = await createAuthority({ subject: 'Example Root' });
 * nameText(parseCertificate(der).subject); // 'CN=Example Root'
 * ```
 */
export function parseCertificate(der: Uint8Array, options: { readonly strict?: boolean } = {}): Certificate {
  try {
    const certificate = readCertificate(der);
    readExtensions(certificate);
    // A negative number is right in DER: whether it may be a serial number is for the rules of a path to say.
    const slip = [...certificate.slips].find((name) => name !== 'negative-serial');
    if (options.strict === true && slip !== undefined)
      throw new TlsError('ERR_CERTIFICATE_UNREADABLE', { detail: SLIPS[slip].what, rfc: SLIPS[slip].rfc });
    return certificate;
  } catch (error) {
    if (error instanceof DerError)
      throw new TlsError('ERR_CERTIFICATE_UNREADABLE', { detail: error.message, cause: error });
    throw error;
  }
}

/**
 * Reads every extension that is known, so that nothing malformed hides behind a check that comes first.
 * @throws DerError
 */
export function readExtensions(certificate: Certificate): void {
  remember(certificate, WHOLE, () => {
    for (const read of READERS) read(certificate);
    // RFC 5280 section 4.1.2.6: without a subject, the alternative names are all there is.
    const names = certificate.extensions.get(OID_SUBJECT_ALT_NAME);
    if (certificate.subject.length === 2 && names?.critical === false) certificate.slips.add('uncritical-names');
  });
}

const READERS: readonly ((certificate: Certificate) => unknown)[] = [
  basicConstraints,
  keyUsage,
  extendedKeyUsage,
  subjectAltNames,
  subjectKeyId,
  authorityKeyId,
  authorityInfoAccess,
  nameConstraints,
  certificatePolicies,
  policyMappings,
  policyConstraints,
  inhibitAnyPolicy,
  crlDistributionPoints,
  tlsFeatures,
  embeddedScts,
];

/** Stands for "all of them". */
const WHOLE = '*';
