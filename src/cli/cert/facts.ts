import { toHex } from '../../bytes/bytes.ts';
import { autoProvider } from '../../crypto/auto.ts';
import { encodeSubjectPublicKeyInfo } from '../../crypto/spki.ts';
import type { PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import { DerError } from '../../bytes/der.ts';
import {
  authorityInfoAccess,
  basicConstraints,
  type Certificate,
  extendedKeyUsage,
  keyUsage,
  subjectAltNames,
} from '../../pki/x509/certificate.ts';
import { crlDistributionPoints, distributionPointUris } from '../../pki/x509/distribution-point.ts';
import { certificatePolicies, nameConstraints } from '../../pki/x509/extensions.ts';
import { nameText } from '../../pki/x509/general-name-text.ts';
import type { GeneralName } from '../../pki/x509/general-name.ts';
import { ipText } from '../../pki/x509/ip.ts';
import { isSelfIssued } from '../../pki/x509/names.ts';
import { encodeBase64 } from '../../pki/x509/pem.ts';
import { mustStaple } from '../../pki/revocation/tls-feature.ts';

/** What a certificate says, for programs: `--json`. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly selfIssued: boolean;
  /** Hexadecimal. */
  readonly serial: string;
  readonly version: number;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days; negative when it expired. */
  readonly daysLeft: number;
  readonly names: readonly { readonly kind: string; readonly value: string }[];
  readonly key: string;
  readonly signature: string;
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: readonly string[] | undefined;
  readonly purposes: readonly string[] | undefined;
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
  readonly crlUrls: readonly string[];
  readonly policies: readonly string[];
  readonly mustStaple: boolean;
  readonly permitted: readonly string[];
  readonly excluded: readonly string[];
  readonly criticalExtensions: readonly string[];
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of its public key, base64: what pins are made of. */
  readonly pin: string;
  /** Extensions that are there but cannot be read. */
  readonly unreadable: readonly string[];
}

const PURPOSES: { readonly [oid: string]: string } = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
  '1.3.6.1.5.5.7.3.3': 'code signing',
  '1.3.6.1.5.5.7.3.4': 'mail',
  '1.3.6.1.5.5.7.3.8': 'time stamping',
  '1.3.6.1.5.5.7.3.9': 'OCSP signing',
  '2.5.29.37.0': 'any',
};

const DAY = 86_400_000;

/** Everything, however malformed some of it is. */
export function certificateFacts(certificate: Certificate, now: number): CertificateFacts {
  const unreadable: string[] = [];
  const read = <T>(what: string, reader: (certificate: Certificate) => T): T | undefined => {
    try {
      return reader(certificate);
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
      unreadable.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const constraints = read('basicConstraints', basicConstraints);
  const access = read('authorityInfoAccess', authorityInfoAccess) ?? [];
  const urls = (method: string): readonly string[] =>
    access.flatMap((item) => (item.method === method && item.location.kind === 'uri' ? [item.location.text] : []));
  const subtrees = read('nameConstraints', nameConstraints);
  const usage = read('keyUsage', keyUsage);
  const { extensions } = certificate;
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    selfIssued: isSelfIssued(certificate),
    serial: toHex(certificate.serial),
    version: certificate.version,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    daysLeft: Math.floor((certificate.notAfter - now) / DAY),
    names: (read('subjectAltName', subjectAltNames) ?? []).map(nameFacts),
    key: keyText(certificate.publicKey),
    signature: signatureText(certificate.signatureAlgorithm),
    authority: constraints?.ca ?? false,
    pathLength: constraints?.pathLength,
    keyUsage: usage && [...usage],
    purposes: read('extendedKeyUsage', extendedKeyUsage)?.map((oid) => PURPOSES[oid] ?? oid),
    ocspUrls: urls('1.3.6.1.5.5.7.48.1'),
    issuerUrls: urls('1.3.6.1.5.5.7.48.2'),
    crlUrls: distributionPointUris(read('cRLDistributionPoints', crlDistributionPoints) ?? []),
    policies: read('certificatePolicies', certificatePolicies)?.policies ?? [],
    mustStaple: read('TLSFeature', mustStaple) ?? false,
    permitted: (subtrees?.permitted ?? []).map(subtreeText),
    excluded: (subtrees?.excluded ?? []).map(subtreeText),
    criticalExtensions: [...extensions.values()].filter(({ critical }) => critical).map(({ oid }) => oid),
    sha256: toHex(sha256(certificate.der)),
    pin: encodeBase64(sha256(certificate.spki)),
    unreadable,
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return autoProvider().hash('sha256').digest(bytes);
}

/** SHA-256 of a public key, base64. */
export function pinOf(key: PublicKey): string {
  return encodeBase64(sha256(encodeSubjectPublicKeyInfo(key)));
}

/** "RSA, 2048 bits", "P-256". */
export function keyText(key: PublicKey | undefined): string {
  if (key === undefined) return 'of a kind that is not known here';
  switch (key.kind) {
    case 'ec':
      return key.curve;
    case 'rsa':
      return `RSA, ${8 * key.modulus.length} bits${key.pss === undefined ? '' : ', for PSS alone'}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default:
      return key.kind.toUpperCase();
  }
}

function signatureText(algorithm: SignatureAlgorithm | undefined): string {
  if (algorithm === undefined) return 'not known here';
  return 'hash' in algorithm ? `${algorithm.kind} with ${algorithm.hash}` : algorithm.kind;
}

export function nameFacts(name: GeneralName): { readonly kind: string; readonly value: string } {
  switch (name.kind) {
    case 'ip':
      return { kind: 'ip', value: ipText(name.bytes) };
    case 'directory':
      return { kind: 'directory', value: nameText(name.name) };
    case 'registered-id':
      return { kind: 'registered-id', value: name.oid };
    case 'other':
      return { kind: 'other', value: toHex(name.der) };
    default:
      return { kind: name.kind, value: printable(name.text) };
  }
}

/** An address of a subtree has its mask behind it. */
function subtreeText(name: GeneralName): string {
  if (name.kind !== 'ip') return `${name.kind} ${nameFacts(name).value}`;
  const size = name.bytes.length / 2;
  const bits = name.bytes.subarray(size).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  return `ip ${ipText(name.bytes.subarray(0, size))}/${bits}`;
}

/** What a certificate says never reaches a terminal as control characters. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
