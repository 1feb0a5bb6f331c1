import { reasonText } from '../bytes/text.ts';
import type { VerificationCode, VerificationFailure } from '../handshake/peer.ts';
import { equalBytes } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { readCertificate } from '../pki/x509/certificate.ts';
import { type Coded, coded } from './arguments.ts';

/**
 * Our errors in the words that programs which were written for node:tls look for: code, and the phrase of OpenSSL in the
 * message. What we have to say is behind it, and in `cause`.
 */

/** How OpenSSL calls what a certificate was refused for: Node's code, and OpenSSL's sentence. */
const VERIFICATION: { readonly [C in VerificationCode]: readonly [code: string, phrase: string] } = {
  CERT_MALFORMED: ['CERT_REJECTED', 'certificate rejected'],
  CERT_TOO_LARGE: ['CERT_CHAIN_TOO_LONG', 'certificate chain too long'],
  CERT_EXPIRED: ['CERT_HAS_EXPIRED', 'certificate has expired'],
  CERT_NOT_YET_VALID: ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  CERT_REVOKED: ['CERT_REVOKED', 'certificate revoked'],
  CERT_REVOCATION_UNKNOWN: ['UNABLE_TO_GET_CRL', 'unable to get certificate CRL'],
  CERT_BAD_STAPLE: ['CERT_REJECTED', 'certificate rejected'],
  CERT_STAPLE_REQUIRED: ['CERT_REJECTED', 'certificate rejected'],
  CERT_UNTRUSTED: ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  CERT_SELF_SIGNED: ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  CERT_MISSING_INTERMEDIATE: ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  CERT_BAD_SIGNATURE: ['CERT_SIGNATURE_FAILURE', 'certificate signature failure'],
  CERT_WEAK_ALGORITHM: ['CA_MD_TOO_WEAK', 'CA signature digest algorithm too weak'],
  CERT_UNSUPPORTED_ALGORITHM: ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'unable to decode issuer public key'],
  CERT_WEAK_KEY: ['EE_KEY_TOO_SMALL', 'EE certificate key too weak'],
  CERT_NOT_A_CA: ['INVALID_CA', 'invalid CA certificate'],
  CERT_IS_A_CA: ['INVALID_PURPOSE', 'unsuitable certificate purpose'],
  CERT_PATH_LENGTH: ['PATH_LENGTH_EXCEEDED', 'path length constraint exceeded'],
  CERT_KEY_USAGE: ['INVALID_PURPOSE', 'unsuitable certificate purpose'],
  CERT_EXTENDED_KEY_USAGE: ['INVALID_PURPOSE', 'unsuitable certificate purpose'],
  CERT_UNKNOWN_CRITICAL_EXTENSION: ['UNHANDLED_CRITICAL_EXTENSION', 'unhandled critical extension'],
  CERT_NAME_CONSTRAINT: ['PERMITTED_VIOLATION', 'permitted subtree violation'],
  CERT_POLICY: ['NO_EXPLICIT_POLICY', 'no explicit policy'],
  CERT_NAME_MISMATCH: ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  CERT_NO_NAME: ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"],
  CERT_PROFILE: ['CERT_REJECTED', 'certificate rejected'],
  CERT_BUDGET: ['CERT_CHAIN_TOO_LONG', 'certificate chain too long'],
  CERT_PIN_MISMATCH: ['CERT_REJECTED', 'certificate rejected'],
  CERT_DISTRUSTED: ['CERT_REJECTED', 'certificate rejected'],
  CERT_TRANSPARENCY: ['CERT_REJECTED', 'certificate rejected'],
  CERT_REFUSED: ['CERT_REJECTED', 'certificate rejected'],
};

/** What a certificate was refused for, in Node's words. @param chain what the peer sent. */
export function verificationWords(
  { code, certificate }: VerificationFailure,
  chain: readonly Uint8Array[],
): readonly [code: string, phrase: string] {
  if (UNTRUSTED.includes(code)) {
    if (chain.length === 1)
      return isSelfIssued(chain[0])
        ? ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate']
        : ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'];
    return VERIFICATION[chain.slice(1).some(isSelfIssued) ? 'CERT_SELF_SIGNED' : 'CERT_UNTRUSTED'];
  }
  if (code === 'CERT_WEAK_KEY' && (certificate?.position ?? 0) !== 0)
    return ['CA_KEY_TOO_SMALL', 'CA certificate key too weak'];
  return VERIFICATION[code];
}

const UNTRUSTED: readonly VerificationCode[] = ['CERT_SELF_SIGNED', 'CERT_UNTRUSTED', 'CERT_MISSING_INTERMEDIATE'];

function isSelfIssued(der: Uint8Array | undefined): boolean {
  if (der === undefined) return false;
  try {
    const { subject, issuer } = readCertificate(der);
    return equalBytes(subject, issuer);
  } catch {
    return false;
  }
}

/** Alerts of the peer, as OpenSSL calls them; those of SSL 3 lost that name in OpenSSL 3.2. */
const ALERTS: { readonly [alert: number]: string } = {
  10: '* alert unexpected message',
  20: '* alert bad record mac',
  21: 'tlsv1 alert decryption failed',
  22: 'tlsv1 alert record overflow',
  30: '* alert decompression failure',
  40: '* alert handshake failure',
  42: '* alert bad certificate',
  43: '* alert unsupported certificate',
  44: '* alert certificate revoked',
  45: '* alert certificate expired',
  46: '* alert certificate unknown',
  47: '* alert illegal parameter',
  48: 'tlsv1 alert unknown ca',
  49: 'tlsv1 alert access denied',
  50: 'tlsv1 alert decode error',
  51: 'tlsv1 alert decrypt error',
  70: 'tlsv1 alert protocol version',
  71: 'tlsv1 alert insufficient security',
  80: 'tlsv1 alert internal error',
  86: 'tlsv1 alert inappropriate fallback',
  90: 'tlsv1 alert user cancelled',
  100: 'tlsv1 alert no renegotiation',
  109: 'tlsv13 alert missing extension',
  110: 'tlsv1 unsupported extension',
  112: 'tlsv1 unrecognized name',
  113: 'tlsv1 bad certificate status response',
  115: 'tlsv1 alert unknown psk identity',
  116: 'tlsv13 alert certificate required',
  120: 'tlsv1 alert no application protocol',
};

/** What we refuse, as OpenSSL calls it. What is not here keeps our own code behind `ERR_SSL_`. */
const FAULTS: { readonly [code: string]: string | undefined } = {
  ERR_VERSION: 'unsupported protocol',
  ERR_SELECTED_VERSION: 'unsupported protocol',
  ERR_LEGACY_VERSION: 'unsupported protocol',
  ERR_NO_SHARED_SUITE: 'no shared cipher',
  ERR_NO_CREDENTIAL: 'no shared cipher',
  ERR_SELECTED_SUITE: 'wrong cipher returned',
  ERR_NO_SHARED_GROUP: 'no suitable key share',
  ERR_NO_SHARED_SCHEME: 'no suitable signature algorithm',
  ERR_NO_SHARED_ALPN: 'no application protocol',
  ERR_CERTIFICATE_REQUIRED: 'peer did not return a certificate',
  ERR_CERTIFICATE_REQUIRED_12: 'peer did not return a certificate',
  ERR_BAD_RECORD_MAC: 'decryption failed or bad record mac',
  ERR_BAD_FINISHED: 'digest check failed',
  ERR_BAD_BINDER: 'binder does not verify',
  ERR_BAD_SIGNATURE: 'bad signature',
  ERR_UNEXPECTED_MESSAGE: 'unexpected message',
  ERR_RECORD_OVERFLOW: 'packet length too long',
  ERR_DOWNGRADE: 'inappropriate fallback',
  ERR_INAPPROPRIATE_FALLBACK: 'inappropriate fallback',
  ERR_RENEGOTIATION_INFO: 'unsafe legacy renegotiation disabled',
  ERR_RENEGOTIATION: 'no renegotiation',
  ERR_DECODE: 'decode error',
  ERR_BAD_KEY_SHARE: 'bad key share',
};

/** An error of the protocol, as OpenSSL's come out of node:tls. */
export function opensslError(reason: string, cause?: TlsError, told: string = cause?.message ?? ''): Coded {
  const code = `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
  const message = `SSL routines::${reason}${told === '' ? '' : `: ${told}`}`;
  return coded(new Error(message, cause && { cause }), code, { library: 'SSL routines', reason });
}

/** A connection that was lost before or while it was needed. */
export function connectionReset(message: string, cause?: unknown, more: object = {}): Coded {
  return coded(new Error(message, cause === undefined ? {} : { cause }), 'ECONNRESET', more);
}

/**
 * What a program sees of one of our errors.
 * @param chain what the peer sent.
 */
export function nodeErrorOf(error: TlsError, chain: readonly Uint8Array[]): Error {
  const { code, failure, alertReceived, cause } = error;
  switch (code) {
    case 'ERR_PEER_REFUSED':
      if (failure !== undefined) return refusal(failure, chain, error);
      return coded(new Error(error.message, { cause: error }), 'CERT_REJECTED');
    case 'ERR_ALERT_RECEIVED':
      return alertReceived === undefined
        ? opensslError('alert received', error)
        : opensslError(alertName(alertReceived), error);
    case 'ERR_HANDSHAKE_TIMEOUT':
      return coded(new Error('TLS handshake timeout', { cause: error }), 'ERR_TLS_HANDSHAKE_TIMEOUT');
    case 'ERR_TRUNCATED':
      return connectionReset('socket hang up', error);
    case 'ERR_TRANSPORT':
    case 'ERR_CALLBACK_FAILED':
    case 'ERR_VERIFIER_FAILED':
    case 'ERR_SIGNER_FAILED':
      // The program knows the error of its own socket or function; ours only says where it was.
      return cause instanceof Error ? cause : connectionReset(error.message, error);
    case 'ERR_ABORTED':
      return cause instanceof Error ? cause : error;
    case 'ERR_OPTION':
    case 'ERR_STATE':
    case 'ERR_LIMIT':
    case 'ERR_KEY':
    case 'ERR_PASSWORD':
      return error;
    case 'ERR_NOT_TLS':
    case 'ERR_RECORD_VERSION':
      // OpenSSL looks at the length first, since 3.2.
      return opensslError(hasNewNames() ? 'packet length too long' : 'wrong version number', error);
    default:
      return opensslError(FAULTS[code] ?? code.slice(4).toLowerCase().replaceAll('_', ' '), error);
  }
}

/** Why a certificate is refused, as the error that node:tls has for it. */
function refusal(failure: VerificationFailure, chain: readonly Uint8Array[], cause?: TlsError): Error {
  const [code, phrase] = verificationWords(failure, chain);
  return coded(new Error(`${phrase}: ${failure.message}`, cause && { cause }), code);
}

function alertName(alert: number): string {
  const name = ALERTS[alert] ?? `unknown alert ${alert}`;
  return name.replace('*', hasNewNames() ? 'ssl/tls' : 'sslv3');
}

function hasNewNames(): boolean {
  const [major = 3, minor = 5] = (process.versions.openssl ?? '3.5').split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 2);
}

/** Options that Node refuses with an error of its own. */
export const versionConflict = (version: unknown, method: unknown): Error =>
  coded(
    new TypeError(
      `TLS protocol version ${JSON.stringify(version)} conflicts with secureProtocol ${JSON.stringify(method)}`,
    ),
    'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
  );

export const invalidVersion = (version: unknown, which: 'minimum' | 'maximum', why: string = ''): Error =>
  coded(
    new TypeError(`${JSON.stringify(version)} is not a valid ${which} TLS protocol version${why}`),
    'ERR_TLS_INVALID_PROTOCOL_VERSION',
  );

export const invalidMethod = (message: string): Error =>
  coded(new TypeError(message), 'ERR_TLS_INVALID_PROTOCOL_METHOD');

/** What OpenSSL can and we do not. */
export const notHere = (name: string, why: string): TlsError =>
  new TlsError('ERR_OPTION', { detail: `${name}: ${why}` });

/** What a callback of the program threw or gave: it can be anything, and need not let itself be turned into text. */
export function errorOf(reason: unknown): Error {
  try {
    if (reason instanceof Error) return reason;
  } catch {
    // A proxy.
  }
  return new Error(reasonText(reason));
}
