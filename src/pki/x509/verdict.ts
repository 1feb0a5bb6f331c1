import { DerError } from '../../bytes/der.ts';
import { Alert, printableFailure } from '../../errors.ts';
import type { CertificateReference, VerificationCode, VerificationFailure } from '../../handshake/peer.ts';
import { type Certificate, serialText } from './certificate.ts';
import { shortNameText } from './general-name-text.ts';

/** What is wrong, before it is known which certificate it is about. */
export interface Finding {
  readonly code: VerificationCode;
  /** What was looked at: "it expired". */
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly advice?: string;
  readonly rfc?: string;
}

/** RFC 9846 section 6.2: the alert that says as much as may be said. */
const ALERTS: { readonly [C in VerificationCode]: number } = {
  CERT_MALFORMED: Alert.badCertificate,
  CERT_TOO_LARGE: Alert.badCertificate,
  CERT_EXPIRED: Alert.certificateExpired,
  CERT_NOT_YET_VALID: Alert.certificateExpired,
  CERT_REVOKED: Alert.certificateRevoked,
  CERT_REVOCATION_UNKNOWN: Alert.certificateUnknown,
  CERT_BAD_STAPLE: Alert.badCertificateStatusResponse,
  CERT_STAPLE_REQUIRED: Alert.badCertificateStatusResponse,
  CERT_UNTRUSTED: Alert.unknownCa,
  CERT_SELF_SIGNED: Alert.unknownCa,
  CERT_MISSING_INTERMEDIATE: Alert.unknownCa,
  CERT_BAD_SIGNATURE: Alert.badCertificate,
  CERT_WEAK_ALGORITHM: Alert.badCertificate,
  CERT_UNSUPPORTED_ALGORITHM: Alert.unsupportedCertificate,
  CERT_WEAK_KEY: Alert.badCertificate,
  CERT_NOT_A_CA: Alert.unknownCa,
  CERT_IS_A_CA: Alert.badCertificate,
  CERT_PATH_LENGTH: Alert.badCertificate,
  CERT_KEY_USAGE: Alert.unsupportedCertificate,
  CERT_EXTENDED_KEY_USAGE: Alert.unsupportedCertificate,
  CERT_UNKNOWN_CRITICAL_EXTENSION: Alert.unsupportedCertificate,
  CERT_NAME_CONSTRAINT: Alert.badCertificate,
  CERT_POLICY: Alert.badCertificate,
  CERT_NAME_MISMATCH: Alert.badCertificate,
  CERT_NO_NAME: Alert.badCertificate,
  CERT_PROFILE: Alert.badCertificate,
  CERT_BUDGET: Alert.badCertificate,
  CERT_PIN_MISMATCH: Alert.badCertificate,
  CERT_DISTRUSTED: Alert.badCertificate,
  CERT_TRANSPARENCY: Alert.badCertificate,
  CERT_REFUSED: Alert.badCertificate,
};

/** The finding about a certificate of the chain, as a sentence for people and as fields for programs. */
export function failureOf(
  finding: Finding,
  certificate: Certificate | undefined,
  position: number,
): VerificationFailure {
  const reference: CertificateReference | undefined =
    certificate === undefined
      ? undefined
      : { position, subject: shortNameText(certificate.subject), serial: serialText(certificate) };
  const who =
    reference === undefined
      ? 'the chain'
      : `certificate ${position} (${reference.subject}, serial ${reference.serial})`;
  const details = [
    finding.expected === undefined ? undefined : `expected ${finding.expected}`,
    finding.found === undefined ? undefined : `found ${finding.found}`,
  ].filter((part) => part !== undefined);
  const message = [
    `${who}: ${finding.what}${details.length > 0 ? ` (${details.join(', ')})` : ''}`,
    ...(finding.advice === undefined ? [] : [finding.advice]),
  ].join('; ');
  return printableFailure({
    code: finding.code,
    message,
    alert: ALERTS[finding.code],
    ...(reference !== undefined && { certificate: reference }),
    ...(finding.expected !== undefined && { expected: finding.expected }),
    ...(finding.found !== undefined && { found: finding.found }),
    ...(finding.advice !== undefined && { advice: finding.advice }),
    ...(finding.rfc !== undefined && { rfc: finding.rfc }),
  });
}

/** Malformed bytes become a finding; anything else is a fault of ours and is thrown on. */
export function orMalformed<T>(read: () => T, rfc: string): T | Finding {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return { code: 'CERT_MALFORMED', what: `it cannot be read: ${error.message}`, rfc };
    throw error;
  }
}

export function isFinding(value: unknown): value is Finding {
  return typeof value === 'object' && value !== null && 'code' in value && 'what' in value;
}

/** "3 years", "2 hours": how far away a moment is. */
export function duration(milliseconds: number): string {
  const units = [
    [31_557_600_000, 'year'],
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  for (const [size, name] of units) {
    const count = Math.floor(Math.abs(milliseconds) / size);
    if (count > 0) return `${count} ${name}${count === 1 ? '' : 's'}`;
  }
  return 'less than a second';
}
