import { DerError } from '../bytes/der.ts';
import type { Hash, HashName } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import {
  type BasicConstraints,
  basicConstraints as basic,
  type Certificate,
  extendedKeyUsage as purposes,
  type KeyUsage,
  keyUsage as usage,
  subjectAltNames as names,
} from './x509/certificate.ts';
import { checkNameConstraints as check } from './path/constraints.ts';
import { type Crl, readCrl as crl } from './revocation/crl.ts';
import { type NameConstraints, readNameConstraints as constraints } from './x509/extensions.ts';
import { readSctList as sctList, type Sct } from './x509/sct.ts';
import type { GeneralName } from './x509/general-name.ts';
import { mustStaple as staple, tlsFeatures as features } from './revocation/tls-feature.ts';
import { type CertificateFacts, factsOf } from './x509/facts.ts';
import type { Finding } from './x509/verdict.ts';
import { Work } from './x509/work.ts';

/** Readers as a program may call them: what cannot be read is a TlsError, and not an error of the reader inside. */

/**
 * Reads a DER CertificateList.
 * @throws TlsError ERR_KEY when it is not one, or breaks a rule of RFC 5280 section 5.
 * @example
 * ```ts
 * import { readCrl } from 'warifu/pki';
 * import { createAuthority, createCrl } from 'warifu/pki/issue';
 * const issuer = await createAuthority({ subject: 'Example Root' });
 * const { der } = await createCrl({ issuer, number: 7, entries: [] });
 * readCrl(der).entries.count; // 0
 * ```
 */
export function readCrl(der: Uint8Array): Crl {
  return readable('revocation list', () => crl(der));
}

/**
 * Reads a SignedCertificateTimestampList (RFC 6962 section 3.3).
 * @throws TlsError ERR_KEY when it is malformed.
 * @example
 * ```ts
 * import { readSctList } from 'warifu/pki';
 * // Version 0, log id, timestamp, no extensions, SHA-256 with ECDSA, a signature of one byte.
 * const sct = Uint8Array.of(0, ...new Uint8Array(42), 4, 3, 0, 1, 0xff);
 * const [first] = readSctList(Uint8Array.of(0, 50, 0, 48, ...sct));
 * first?.logId.length; // 32
 * ```
 */
export function readSctList(list: Uint8Array): readonly Sct[] {
  return readable('list of timestamps', () => sctList(list));
}

/**
 * What is written in a certificate, for people and programs: names, dates, numbers, key. Nothing is judged.
 * @param certificate DER, or one that was read.
 * @param options `hash`: `provider.hash`; `now`: milliseconds since 1970, by default the clock.
 * @throws TlsError ERR_KEY when it is malformed.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { certificateFacts } from 'warifu/pki';
 * const { hash } = nobleProvider();
 * const about = (der: Uint8Array) => {
 *   const { subject, daysLeft, sha256 } = certificateFacts(der, { hash });
 *   return `${subject}, ${daysLeft} days left, ${sha256}`;
 * };
 * ```
 */
export function certificateFacts(
  certificate: Uint8Array | Certificate,
  options: { readonly hash: (name: HashName) => Hash; readonly now?: number },
): CertificateFacts {
  return readable('certificate', () => factsOf(certificate, options));
}

/**
 * DER NameConstraints: not empty, and neither is a list in it.
 * @throws TlsError ERR_KEY when it is malformed.
 * @example
 * ```ts
 * import { readNameConstraints } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { certificate } = await createAuthority({ subject: 'Example', nameConstraints: { permitted: ['example.com'] } });
 * const value = certificate.extensions.get('2.5.29.30')?.value ?? new Uint8Array(0);
 * readNameConstraints(value).permitted; // [{ kind: 'dns', text: 'example.com' }]
 * ```
 */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  return readable('name constraints', () => constraints(value));
}

/**
 * Are the names of this certificate within the constraints (RFC 5280 section 4.2.1.10)? Undefined: yes.
 * @param work what it may cost; the default is enough for a million comparisons.
 * @throws TlsError ERR_KEY when a name cannot be read.
 *
 * @example
 * ```ts
 * import { checkNameConstraints } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { certificate } = await issueCertificate({ issuer: 'self', names: 'www.example.net' });
 * const finding = checkNameConstraints(certificate, { permitted: [{ kind: 'dns', text: 'example.com' }], excluded: [] });
 * finding?.code; // 'CERT_NAME_CONSTRAINT'
 * ```
 */
export function checkNameConstraints(
  certificate: Certificate,
  nameConstraints: NameConstraints,
  work: Work = new Work(),
): Finding | undefined {
  return readable('certificate', () => check(certificate, nameConstraints, work));
}

/**
 * RFC 5280 section 4.2.1.9; undefined: it does not say.
 * @throws TlsError ERR_KEY when it is malformed.
 * @example
 * ```ts
 * import { basicConstraints } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { certificate } = await createAuthority({ subject: 'Example Root', pathLength: 1 });
 * basicConstraints(certificate)?.pathLength; // 1
 * ```
 */
export function basicConstraints(certificate: Certificate): BasicConstraints | undefined {
  return readable('certificate', () => basic(certificate));
}

/**
 * The usages that a certificate allows (RFC 5280 section 4.2.1.3); undefined: it does not say.
 * @throws TlsError ERR_KEY when it is malformed.
 *
 * @example
 * ```ts
 * import { keyUsage } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const { certificate } = await createAuthority({ subject: 'Example Root' });
 * keyUsage(certificate)?.has('keyCertSign'); // true
 * keyUsage(certificate)?.has('keyEncipherment'); // false
 * ```
 */
export function keyUsage(certificate: Certificate): ReadonlySet<KeyUsage> | undefined {
  return readable('certificate', () => usage(certificate));
}

/**
 * OIDs of the purposes of a certificate (RFC 5280 section 4.2.1.12); undefined: it does not say.
 * @throws TlsError ERR_KEY when it is malformed.
 *
 * @example
 * ```ts
 * import { extendedKeyUsage } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { certificate } = await issueCertificate({ issuer: 'self', names: 'www.example.com', purpose: 'server' });
 * extendedKeyUsage(certificate); // ['1.3.6.1.5.5.7.3.1']: serverAuth
 * ```
 */
export function extendedKeyUsage(certificate: Certificate): readonly string[] | undefined {
  return readable('certificate', () => purposes(certificate));
}

/**
 * Every name of a certificate (RFC 5280 section 4.2.1.6); undefined: it has no such extension.
 * @throws TlsError ERR_KEY when it is malformed.
 *
 * @example
 * ```ts
 * import { subjectAltNames } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { certificate } = await issueCertificate({ issuer: 'self', names: 'www.example.com' });
 * subjectAltNames(certificate)?.map((name) => ('text' in name ? name.text : name.kind)); // ['www.example.com']
 * ```
 */
export function subjectAltNames(certificate: Certificate): readonly GeneralName[] | undefined {
  return readable('certificate', () => names(certificate));
}

/**
 * The TLS extension types that a certificate demands (RFC 7633).
 * @throws TlsError ERR_KEY when it is malformed.
 * @example
 * ```ts
 * import { tlsFeatures } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { certificate } = await issueCertificate({ issuer: 'self', names: 'www.example.com', mustStaple: true });
 * tlsFeatures(certificate); // [5]: status_request
 * ```
 */
export function tlsFeatures(certificate: Certificate): readonly number[] {
  return readable('certificate', () => features(certificate));
}

/**
 * Does this certificate say that it comes with a stapled OCSP response?
 * @throws TlsError ERR_KEY when it is malformed.
 * @example
 * ```ts
 * import { mustStaple } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { certificate } = await issueCertificate({ issuer: 'self', names: 'www.example.com', mustStaple: true });
 * mustStaple(certificate); // true
 * ```
 */
export function mustStaple(certificate: Certificate): boolean {
  return readable('certificate', () => staple(certificate));
}

function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof DerError) throw new TlsError('ERR_KEY', { detail: `${what}: ${cause.message}`, cause });
    throw cause;
  }
}
