import {
  authorityInfoAccess,
  authorityKeyId,
  basicConstraints,
  type Certificate,
  extendedKeyUsage,
  keyUsage,
  OID_AUTHORITY_INFO_ACCESS,
  OID_AUTHORITY_KEY_ID,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_KEY_USAGE,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  subjectAltNames,
  subjectKeyId,
} from '../x509/certificate.ts';

/** The extensions that every search for a path looks at. */
export const PLAIN_EXTENSIONS: readonly string[] = [
  OID_KEY_USAGE,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  OID_AUTHORITY_KEY_ID,
  OID_AUTHORITY_INFO_ACCESS,
];

/** @throws DerError */
export function readPlainExtensions(certificate: Certificate): void {
  for (const read of READERS) read(certificate);
  // RFC 5280 section 4.1.2.6: without a subject, the alternative names are all there is.
  const names = certificate.extensions.get(OID_SUBJECT_ALT_NAME);
  if (certificate.subject.length === 2 && names?.critical === false) certificate.slips.add('uncritical-names');
}

const READERS: readonly ((certificate: Certificate) => unknown)[] = [
  basicConstraints,
  keyUsage,
  extendedKeyUsage,
  subjectAltNames,
  subjectKeyId,
  authorityKeyId,
  authorityInfoAccess,
];
