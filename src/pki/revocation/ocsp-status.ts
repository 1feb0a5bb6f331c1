import { equalBytes } from '../../bytes/bytes.ts';
import { DerCursor, DerError } from '../../bytes/der.ts';
import type { Hash, HashName, PublicKey, SignatureAlgorithm } from '../../crypto/types.ts';
import {
  type Certificate,
  EKU_OCSP_SIGNING,
  extendedKeyUsage,
  keyUsage,
  OID_AUTHORITY_INFO_ACCESS,
  OID_AUTHORITY_KEY_ID,
  OID_BASIC_CONSTRAINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_KEY_USAGE,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  readCertificate,
} from '../x509/certificate.ts';
import { OID_CRL_DISTRIBUTION_POINTS } from '../x509/distribution-point.ts';
import { sameName } from '../x509/names.ts';
import {
  type BasicOcspResponse,
  type CertId,
  keyBits,
  type OcspResponseData,
  OID_OCSP_NONCE,
  readOcspResponse,
  readOcspResponseData,
  responseNonce,
  type SingleResponse,
} from './ocsp.ts';
import { type Authority, authorityOf, type Freshness, freshness, type RevocationStatus, unknown } from './status.ts';
import type { Steps } from '../x509/steps.ts';

/** Why a response was used, or not. */
export type OcspOutcome =
  /** It speaks of the certificate: `status` says what. */
  | 'provided'
  | 'parse-response-error'
  | 'parse-response-data-error'
  | 'error-response'
  | 'unhandled-critical-extension'
  | 'bad-produced-at'
  | 'no-matching-response'
  | 'invalid-date'
  | 'bad-nonce'
  /** The signer may not speak for this authority. */
  | 'bad-responder'
  | 'bad-signature';

export interface OcspAnswer {
  readonly outcome: OcspOutcome;
  readonly status: RevocationStatus;
  /** What the responder said of the certificate, once it is believed. */
  readonly single?: SingleResponse;
}

export interface OcspQuestion {
  readonly certificate: Certificate;
  readonly issuer: Authority;
  /** DER OCSPResponse. */
  readonly response: Uint8Array;
  readonly freshness: Freshness;
  readonly hash: (name: HashName) => Hash;
  /** Checks a signature, and whether such a signature is good enough. */
  verify(
    algorithm: SignatureAlgorithm | undefined,
    key: PublicKey | undefined,
    message: Uint8Array,
    signature: Uint8Array,
  ): Steps<boolean>;
  /** May the responder, a certificate of the same authority without id-pkix-ocsp-nocheck, be believed? */
  isResponderGood?(responder: Certificate): Steps<boolean>;
  /** What the response has to repeat. */
  readonly nonce?: Uint8Array;
}

const OID_NO_CHECK = '1.3.6.1.5.5.7.48.1.5';
/** RFC 6962 section 3.3: SCTs in a response. */
const OID_OCSP_SCTS = '1.3.6.1.4.1.11129.2.4.5';
const OID_ARCHIVE_CUTOFF = '1.3.6.1.5.5.7.48.1.6';
const OID_CRL_REFERENCE = '1.3.6.1.5.5.7.48.1.3';
const OID_EXTENDED_REVOKE = '1.3.6.1.5.5.7.48.1.9';

const RESPONSE_EXTENSIONS: readonly string[] = [OID_OCSP_NONCE, OID_EXTENDED_REVOKE];
const SINGLE_EXTENSIONS: readonly string[] = [OID_OCSP_SCTS, OID_ARCHIVE_CUTOFF, OID_CRL_REFERENCE];

const RESPONDER_EXTENSIONS: readonly string[] = [
  OID_AUTHORITY_INFO_ACCESS,
  OID_AUTHORITY_KEY_ID,
  OID_BASIC_CONSTRAINTS,
  OID_CRL_DISTRIBUTION_POINTS,
  OID_EXTENDED_KEY_USAGE,
  OID_KEY_USAGE,
  OID_NO_CHECK,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_ID,
  '2.5.29.32', // certificatePolicies: nothing is asked of them here.
];

/** What a response says of a certificate, if it may be believed (RFC 6960 section 3.2). */
export function* ocspStatus(question: OcspQuestion): Steps<OcspAnswer> {
  let basic: BasicOcspResponse;
  try {
    const response = readOcspResponse(question.response);
    if (response.basic === undefined) return no('error-response', `the responder answered ${response.status}`);
    basic = response.basic;
  } catch (error) {
    return no('parse-response-error', malformed(error));
  }
  let data: OcspResponseData;
  try {
    data = readOcspResponseData(basic.data);
  } catch (error) {
    return no('parse-response-data-error', malformed(error));
  }
  const found = select(question, data);
  if ('outcome' in found) return found;
  const refusal = yield* authorize(question, basic, data);
  if (refusal !== undefined) return refusal;
  return { outcome: 'provided', status: statusOf(found.single, found.until), single: found.single };
}

/** The response that counts of those about the certificate: the worst (RFC 6960 does not say; RFC 5019 has one only). */
function select(
  question: OcspQuestion,
  data: OcspResponseData,
): OcspAnswer | { readonly single: SingleResponse; readonly until: number } {
  const { certificate, issuer, now, skew, grace } = { ...question, ...question.freshness };
  if (hasUnknownCritical(data.extensions, RESPONSE_EXTENSIONS))
    return no('unhandled-critical-extension', 'it has a critical extension that is not known here');
  if (!isNonceRight(question, data)) return no('bad-nonce', 'it does not repeat the nonce of the request');
  // A response from the future, or from before or after the life of the authority, is nothing an authority made.
  const life = issuer.certificate;
  const impossible =
    !(data.producedAt <= now + skew) ||
    (life !== undefined && (data.producedAt < life.notBefore || data.producedAt > life.notAfter + grace));
  let worst: { readonly single: SingleResponse; readonly until: number } | undefined;
  let problem: OcspAnswer = impossible
    ? no('bad-produced-at', 'its producedAt cannot be')
    : no('no-matching-response', 'it does not speak of this certificate');
  if (impossible) return problem;
  const isAbout = matcher(certificate, issuer, question.hash);
  for (const single of data.responses) {
    if (!isAbout(single.certId)) continue;
    if (hasUnknownCritical(single.extensions, SINGLE_EXTENSIONS))
      return no('unhandled-critical-extension', 'it has a critical extension that is not known here');
    const until = freshness(single, question.freshness);
    if (typeof until === 'string')
      problem = no('invalid-date', until === 'expired' ? 'it has expired' : 'it is not valid yet');
    else if (worst === undefined || SEVERITY[single.status] > SEVERITY[worst.single.status]) worst = { single, until };
  }
  return worst ?? problem;
}

const SEVERITY = { good: 0, unknown: 1, revoked: 2 } as const;

/** RFC 6960 section 4.2.2.2: the authority itself, or one that it made a responder with a certificate of its own. */
function* authorize(
  question: OcspQuestion,
  basic: BasicOcspResponse,
  data: OcspResponseData,
): Steps<OcspAnswer | undefined> {
  const { issuer, verify } = question;
  const { signatureAlgorithm, signature } = basic;
  let isAnybody = false;
  if (isResponder(issuer, data, question.hash)) {
    isAnybody = true;
    if (yield* verify(signatureAlgorithm, issuer.publicKey, basic.data, signature)) return undefined;
  }
  let refused = 'its responder is neither the authority nor one of its making';
  for (const der of basic.certificates) {
    const responder = readOrUndefined(der);
    if (responder === undefined || !isResponder(authorityOf(responder), data, question.hash)) continue;
    const why = yield* whyNotDelegated(question, responder);
    if (why !== undefined) {
      refused = why;
      continue;
    }
    isAnybody = true;
    if (yield* verify(signatureAlgorithm, responder.publicKey, basic.data, signature)) return undefined;
  }
  return isAnybody ? no('bad-signature', 'its signature is wrong') : no('bad-responder', refused);
}

function* whyNotDelegated(question: OcspQuestion, responder: Certificate): Steps<string | undefined> {
  const { issuer, verify, isResponderGood } = question;
  const { now } = question.freshness;
  if (!sameName(responder.issuer, issuer.name)) return 'its responder has a certificate of another authority';
  try {
    // id-kp-OCSPSigning has to be there itself; anyExtendedKeyUsage is not enough.
    if (extendedKeyUsage(responder)?.includes(EKU_OCSP_SIGNING) !== true)
      return 'its responder was not made one (id-kp-OCSPSigning)';
    if (keyUsage(responder)?.has('digitalSignature') === false) return 'its responder may not sign';
  } catch (error) {
    return malformed(error);
  }
  if (!(now >= responder.notBefore && now <= responder.notAfter))
    return 'the certificate of its responder is not valid now';
  if (hasUnknownCritical(responder.extensions, RESPONDER_EXTENSIONS))
    return 'the certificate of its responder has a critical extension that is not known here';
  if (!(yield* verify(responder.signatureAlgorithm, issuer.publicKey, responder.tbs, responder.signature))) {
    return 'the certificate of its responder is not by the authority';
  }
  if (responder.extensions.has(OID_NO_CHECK) || isResponderGood === undefined) return undefined;
  return (yield* isResponderGood(responder)) ? undefined : 'the certificate of its responder was revoked';
}

function isResponder(who: Authority, { responder }: OcspResponseData, hash: OcspQuestion['hash']): boolean {
  if (responder.kind === 'name') return sameName(responder.name, who.name);
  return equalBytes(responder.hash, hash('sha1').digest(keyBits(who.spki)));
}

/** Is an entry about this certificate? Each hash is made once, however many entries there are. */
function matcher(certificate: Certificate, issuer: Authority, hash: OcspQuestion['hash']): (certId: CertId) => boolean {
  const digests = new Map<HashName, { readonly names: readonly Uint8Array[]; readonly key: Uint8Array }>();
  const digestsBy = (name: HashName): { readonly names: readonly Uint8Array[]; readonly key: Uint8Array } => {
    const known = digests.get(name);
    if (known !== undefined) return known;
    const used = hash(name);
    const names = equalBytes(certificate.issuer, issuer.name) ? [issuer.name] : [certificate.issuer, issuer.name];
    const made = { names: names.map((one) => used.digest(one)), key: used.digest(keyBits(issuer.spki)) };
    digests.set(name, made);
    return made;
  };
  return (certId) => {
    if (certId.hash === undefined || !equalBytes(certId.serial, certificate.serial)) return false;
    const { names, key } = digestsBy(certId.hash);
    return names.some((name) => equalBytes(certId.issuerNameHash, name)) && equalBytes(certId.issuerKeyHash, key);
  };
}

function isNonceRight({ nonce }: OcspQuestion, data: OcspResponseData): boolean {
  if (nonce === undefined) return true;
  try {
    const found = responseNonce(data);
    return found !== undefined && equalBytes(found, nonce);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

function statusOf(single: SingleResponse, until: number): RevocationStatus {
  switch (single.status) {
    case 'good':
      return { status: 'good', source: 'ocsp', until };
    case 'revoked':
      return { status: 'revoked', source: 'ocsp', reason: single.reason ?? 'unspecified', date: single.revokedAt! };
    default:
      return unknown('unusable', 'the responder does not know it');
  }
}

function hasUnknownCritical(extensions: Certificate['extensions'], known: readonly string[]): boolean {
  for (const { oid, critical } of extensions.values()) if (critical && !known.includes(oid)) return true;
  return false;
}

function readOrUndefined(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function malformed(error: unknown): string {
  if (error instanceof DerError) return `it cannot be read: ${error.message}`;
  throw error;
}

function no(outcome: OcspOutcome, why: string): OcspAnswer {
  return { outcome, status: unknown('unusable', why) };
}

/** The list of SCTs in a response (RFC 6962 section 3.3); undefined: there is none that can be read. */
export function sctListOf(single: SingleResponse): Uint8Array | undefined {
  const extension = single.extensions.get(OID_OCSP_SCTS);
  if (extension === undefined) return undefined;
  try {
    const cursor = new DerCursor(extension.value);
    const list = cursor.octetString();
    cursor.finish();
    return list;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
