import { printable } from './bytes/text.ts';
import type { VerificationFailure } from './handshake/peer.ts';

/**
 * Everything that goes wrong is a code, and one map turns codes into alerts: a fault of the peer without an alert does
 * not compile. Three families:
 *
 * - a {@link PeerFault}: the peer broke a rule; the alert is in `FAULTS`;
 * - a {@link LocalFault}: something of ours refused or failed (a verifier, a signer, the transport);
 * - a {@link Misuse}: the program that uses the library asked for what cannot be; thrown at the caller, never sent.
 */

// RFC 5246 ¶7.2.2-6, ¶7.2.2-7, ¶7.2.2-8
// RFC 9846 §B-1
/** AlertDescription (RFC 9846 section 6). */
export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  decompressionFailure: 30,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  inappropriateFallback: 86,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
  unrecognizedName: 112,
  badCertificateStatusResponse: 113,
  unknownPskIdentity: 115,
  certificateRequired: 116,
  generalError: 117,
  noApplicationProtocol: 120,
  echRequired: 121,
} as const;

/** A rule that the peer broke. Adding one here without its alert in `FAULTS` does not compile. */
export type PeerFault =
  | 'ERR_DECODE'
  | 'ERR_TRAILING_BYTES'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_UNEXPECTED_MESSAGE'
  | 'ERR_LEFTOVER_BYTES'
  | 'ERR_INTERLEAVED'
  | 'ERR_UNEXPECTED_RECORD'
  | 'ERR_EMPTY_RECORD'
  | 'ERR_RECORD_OVERFLOW'
  | 'ERR_RECORD_VERSION'
  | 'ERR_NOT_TLS'
  | 'ERR_BAD_RECORD_MAC'
  | 'ERR_NO_CONTENT_TYPE'
  | 'ERR_TOO_MANY_EMPTY_RECORDS'
  | 'ERR_TOO_MANY_WARNINGS'
  | 'ERR_TOO_MANY_KEY_UPDATES'
  | 'ERR_TOO_MANY_CCS'
  | 'ERR_TOO_MUCH_EARLY_DATA'
  | 'ERR_TOO_MANY_TICKETS'
  | 'ERR_TOO_MANY_CERTIFICATE_REQUESTS'
  | 'ERR_BAD_CCS'
  | 'ERR_BAD_ALERT'
  | 'ERR_ALERT_LEVEL'
  | 'ERR_ILLEGAL_PARAMETER'
  | 'ERR_LEGACY_VERSION'
  | 'ERR_COMPRESSION'
  | 'ERR_SESSION_ID_ECHO'
  | 'ERR_VERSION'
  | 'ERR_SELECTED_VERSION'
  | 'ERR_DOWNGRADE'
  | 'ERR_INAPPROPRIATE_FALLBACK'
  | 'ERR_SELECTED_SUITE'
  | 'ERR_SUITE_CHANGED'
  | 'ERR_NO_SHARED_SUITE'
  | 'ERR_NO_SHARED_GROUP'
  | 'ERR_NO_SHARED_SCHEME'
  | 'ERR_NO_CREDENTIAL'
  | 'ERR_NO_SHARED_ALPN'
  | 'ERR_SELECTED_ALPN'
  | 'ERR_UNRECOGNIZED_NAME'
  | 'ERR_SELECTED_GROUP'
  | 'ERR_BAD_KEY_SHARE'
  | 'ERR_KEY_SHARE_ORDER'
  | 'ERR_RETRY_POINTLESS'
  | 'ERR_SECOND_RETRY'
  | 'ERR_RETRY_CHANGED'
  | 'ERR_BAD_COOKIE'
  | 'ERR_MISSING_EXTENSION'
  | 'ERR_UNSUPPORTED_EXTENSION'
  | 'ERR_MISPLACED_EXTENSION'
  | 'ERR_DUPLICATE_EXTENSION'
  | 'ERR_EXTENSION_ORDER'
  | 'ERR_SELECTED_PSK'
  | 'ERR_BAD_BINDER'
  | 'ERR_BINDER_COUNT'
  | 'ERR_REQUEST_CONTEXT'
  | 'ERR_EMPTY_CERTIFICATE'
  | 'ERR_CERTIFICATE_REQUIRED'
  | 'ERR_CERTIFICATE_REQUIRED_12'
  | 'ERR_CERTIFICATE_UNREADABLE'
  | 'ERR_SCHEME_NOT_OFFERED'
  | 'ERR_SCHEME_KEY'
  | 'ERR_BAD_SIGNATURE'
  | 'ERR_BAD_FINISHED'
  | 'ERR_KEY_UPDATE'
  | 'ERR_RECORD_SIZE_LIMIT'
  | 'ERR_MAX_FRAGMENT_LENGTH'
  | 'ERR_RENEGOTIATION'
  | 'ERR_RENEGOTIATION_INFO'
  | 'ERR_EXTENDED_MASTER_SECRET'
  | 'ERR_POINT_FORMAT'
  | 'ERR_CERTIFICATE_KEY_KIND'
  | 'ERR_CERTIFICATE_CURVE';

/** Codes of faults of our own side. */
export type LocalFault =
  | 'ERR_PEER_REFUSED' // our verifier refused the peer's certificate
  | 'ERR_VERIFIER_FAILED' // our verifier threw or did not give an answer
  | 'ERR_SIGNER_FAILED'
  | 'ERR_CALLBACK_FAILED' // another callback of the program threw
  | 'ERR_INTERNAL'
  | 'ERR_SEAL_LIMIT' // too many records under keys that could not be changed
  | 'ERR_ALERT_RECEIVED' // the peer ended the connection with an alert
  | 'ERR_TRUNCATED' // the transport ended without close_notify
  | 'ERR_TRANSPORT' // the transport failed
  | 'ERR_HANDSHAKE_TIMEOUT' // the handshake took longer than it may
  | 'ERR_ABORTED'; // the program gave up

/** Codes of mistakes in how the library is called. */
export type Misuse =
  | 'ERR_OPTION' // an option that is unknown, contradictory or not possible here
  | 'ERR_STATE' // a call that this state does not allow
  | 'ERR_LIMIT' // an argument outside what the protocol can carry
  | 'ERR_KEY' // a key or certificate of ours that cannot be read or does not fit
  | 'ERR_PASSWORD'; // a wrong password for a key or container of ours

/** Every code that a TlsError can have. */
export type ErrorCode = PeerFault | LocalFault | Misuse;

export interface Fault {
  readonly alert: number;
  readonly rfc: string;
  readonly text: string;
}

const fault = (alert: number, rfc: string, text: string): Fault => ({ alert, rfc, text });

/** Every fault of a peer, the alert that ends it, and the rule that was broken. */
export const FAULTS: { readonly [C in PeerFault]: Fault } = /* @__PURE__ */ (() => ({
  ERR_DECODE: fault(Alert.decodeError, 'RFC 9846 section 6.2', 'a message could not be decoded'),
  ERR_TRAILING_BYTES: fault(
    Alert.decodeError,
    'RFC 9846 section 6.2',
    'a message has bytes left over after its last field',
  ),
  ERR_MESSAGE_TOO_LARGE: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4',
    'a handshake message is larger than any allowed here',
  ),
  ERR_UNEXPECTED_MESSAGE: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 4',
    'a message came that is not allowed at this point',
  ),
  ERR_LEFTOVER_BYTES: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5.1',
    'handshake bytes were left over when the keys changed',
  ),
  ERR_INTERLEAVED: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5.1',
    'another record came in the middle of a handshake message',
  ),
  ERR_UNEXPECTED_RECORD: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5',
    'a record of a type that is not allowed at this point',
  ),
  ERR_EMPTY_RECORD: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5.1',
    'a handshake, alert or ChangeCipherSpec record without content',
  ),
  ERR_RECORD_OVERFLOW: fault(Alert.recordOverflow, 'RFC 9846 section 5.1', 'a record is longer than allowed'),
  ERR_RECORD_VERSION: fault(Alert.protocolVersion, 'RFC 9846 section 5.1', 'a record does not look like TLS'),
  ERR_NOT_TLS: fault(Alert.unexpectedMessage, 'RFC 9846 section 5.1', 'the peer does not speak TLS'),
  ERR_BAD_RECORD_MAC: fault(Alert.badRecordMac, 'RFC 9846 section 5.2', 'a record could not be authenticated'),
  ERR_NO_CONTENT_TYPE: fault(Alert.unexpectedMessage, 'RFC 9846 section 5.4', 'a protected record has only padding'),
  ERR_TOO_MANY_EMPTY_RECORDS: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5.1',
    'too many records without content in a row',
  ),
  ERR_TOO_MANY_WARNINGS: fault(Alert.unexpectedMessage, 'RFC 9846 section 6.1', 'too many warning alerts in a row'),
  ERR_TOO_MANY_KEY_UPDATES: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 4.7.3',
    'too many key updates without application data between them',
  ),
  ERR_TOO_MANY_CCS: fault(Alert.unexpectedMessage, 'RFC 9846 appendix E.4', 'too many ChangeCipherSpec records'),
  ERR_TOO_MUCH_EARLY_DATA: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 4.3.10',
    'more early data than was allowed',
  ),
  ERR_TOO_MANY_CERTIFICATE_REQUESTS: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 4.7.2',
    'too many requests for a certificate after the handshake',
  ),
  ERR_TOO_MANY_TICKETS: fault(Alert.unexpectedMessage, 'RFC 9846 section 4.7.1', 'too many tickets in a row'),
  ERR_BAD_CCS: fault(
    Alert.unexpectedMessage,
    'RFC 9846 section 5',
    'a ChangeCipherSpec that is not the single byte 1, or at a point where none is allowed',
  ),
  ERR_BAD_ALERT: fault(Alert.decodeError, 'RFC 9846 section 6', 'an alert that is not exactly two bytes'),
  ERR_ALERT_LEVEL: fault(
    Alert.illegalParameter,
    'RFC 9846 section 6',
    'an alert of an unknown level or of a level not allowed here',
  ),

  ERR_ILLEGAL_PARAMETER: fault(
    Alert.illegalParameter,
    'RFC 9846 section 6.2',
    'a field has a value that is not allowed',
  ),
  ERR_LEGACY_VERSION: fault(Alert.protocolVersion, 'RFC 9846 section 4.2.3', 'legacy_version is not 0x0303'),
  ERR_COMPRESSION: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.2',
    'legacy_compression_methods is not exactly the null method',
  ),
  ERR_SESSION_ID_ECHO: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.3',
    'the server did not echo legacy_session_id',
  ),
  ERR_VERSION: fault(
    Alert.protocolVersion,
    'RFC 9846 section 4.3.1',
    'there is no version of TLS that both sides allow',
  ),
  ERR_SELECTED_VERSION: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.1',
    'the server selected a version that was not offered',
  ),
  ERR_DOWNGRADE: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.3',
    'the server random says that the version was lowered on the way',
  ),
  ERR_INAPPROPRIATE_FALLBACK: fault(
    Alert.inappropriateFallback,
    'RFC 7507 section 3',
    'the client fell back to a version lower than both sides support',
  ),
  ERR_SELECTED_SUITE: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.3',
    'the server selected a cipher suite that was not offered',
  ),
  ERR_SUITE_CHANGED: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.4',
    'the cipher suite changed after HelloRetryRequest',
  ),
  ERR_NO_SHARED_SUITE: fault(
    Alert.handshakeFailure,
    'RFC 9846 section 4.2.1',
    'there is no cipher suite that both sides allow',
  ),
  ERR_NO_SHARED_GROUP: fault(
    Alert.handshakeFailure,
    'RFC 9846 section 4.2.1',
    'there is no group that both sides allow',
  ),
  ERR_NO_SHARED_SCHEME: fault(
    Alert.handshakeFailure,
    'RFC 9846 section 4.5.1.2',
    'there is no signature scheme that both sides allow and our certificate can make',
  ),
  ERR_NO_CREDENTIAL: fault(
    Alert.handshakeFailure,
    'RFC 9846 section 4.5.1.2',
    'no certificate of ours suits what the client asked for',
  ),
  ERR_NO_SHARED_ALPN: fault(
    Alert.noApplicationProtocol,
    'RFC 7301 section 3.2',
    'there is no application protocol that both sides allow',
  ),
  ERR_SELECTED_ALPN: fault(
    Alert.illegalParameter,
    'RFC 7301 section 3.1',
    'the server selected an application protocol that was not offered',
  ),
  ERR_UNRECOGNIZED_NAME: fault(Alert.unrecognizedName, 'RFC 6066 section 3', 'the server name is not one of ours'),
  ERR_SELECTED_GROUP: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.8',
    'a key share is for a group that was not offered',
  ),
  ERR_BAD_KEY_SHARE: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.8',
    'a key share is not a valid one for its group',
  ),
  ERR_KEY_SHARE_ORDER: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.8',
    'a key share is for a group that is not in supported_groups, or two are for the same group',
  ),
  ERR_RETRY_POINTLESS: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.4',
    'HelloRetryRequest asks for nothing that would change the ClientHello',
  ),
  ERR_SECOND_RETRY: fault(Alert.unexpectedMessage, 'RFC 9846 section 4.2.4', 'a second HelloRetryRequest'),
  ERR_RETRY_CHANGED: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.2.2',
    'the second ClientHello changed what it must not',
  ),
  ERR_BAD_COOKIE: fault(Alert.illegalParameter, 'RFC 9846 section 4.3.2', 'the cookie is not the one we sent'),
  ERR_MISSING_EXTENSION: fault(
    Alert.missingExtension,
    'RFC 9846 section 9.2',
    'an extension that has to be there is missing',
  ),
  ERR_UNSUPPORTED_EXTENSION: fault(
    Alert.unsupportedExtension,
    'RFC 9846 section 4.3',
    'an extension that we did not ask for',
  ),
  ERR_MISPLACED_EXTENSION: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3',
    'an extension in a message that may not carry it',
  ),
  ERR_DUPLICATE_EXTENSION: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3',
    'the same extension twice in one block',
  ),
  ERR_EXTENSION_ORDER: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.11',
    'pre_shared_key is not the last extension',
  ),
  ERR_SELECTED_PSK: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.11',
    'the server selected a PSK that was not offered or does not fit',
  ),
  ERR_BAD_BINDER: fault(Alert.decryptError, 'RFC 9846 section 4.3.11', 'a PSK binder is wrong'),
  ERR_BINDER_COUNT: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.3.11',
    'there is not one binder for each PSK identity',
  ),
  ERR_REQUEST_CONTEXT: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.4.2',
    'certificate_request_context is not what it has to be',
  ),
  ERR_EMPTY_CERTIFICATE: fault(Alert.decodeError, 'RFC 9846 section 4.5.1.4', 'the server sent no certificate'),
  ERR_CERTIFICATE_REQUIRED: fault(
    Alert.certificateRequired,
    'RFC 9846 section 4.5.1.4',
    'the client sent no certificate',
  ),
  ERR_CERTIFICATE_REQUIRED_12: fault(
    Alert.handshakeFailure,
    'RFC 5246 section 7.4.6',
    'the client sent no certificate',
  ),
  ERR_CERTIFICATE_UNREADABLE: fault(
    Alert.badCertificate,
    'RFC 9846 section 4.5.1.4',
    'the public key of the certificate cannot be read',
  ),
  ERR_SCHEME_NOT_OFFERED: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.5.2',
    'the peer signed with a scheme that was not offered',
  ),
  ERR_SCHEME_KEY: fault(
    Alert.illegalParameter,
    'RFC 9846 section 4.5.2',
    'the peer signed with a scheme that does not go with its key',
  ),
  ERR_BAD_SIGNATURE: fault(Alert.decryptError, 'RFC 9846 section 4.5.2', 'the signature over the handshake is wrong'),
  ERR_BAD_FINISHED: fault(
    Alert.decryptError,
    'RFC 9846 section 4.5.3',
    'Finished is wrong: the handshake was changed on the way, or the keys differ',
  ),
  ERR_KEY_UPDATE: fault(Alert.illegalParameter, 'RFC 9846 section 4.7.3', 'request_update is neither 0 nor 1'),
  ERR_RECORD_SIZE_LIMIT: fault(
    Alert.illegalParameter,
    'RFC 8449 section 4',
    'record_size_limit is below 64 or above what may be sent',
  ),
  ERR_MAX_FRAGMENT_LENGTH: fault(
    Alert.illegalParameter,
    'RFC 6066 section 4',
    'max_fragment_length is not what was asked for',
  ),
  ERR_RENEGOTIATION: fault(Alert.noRenegotiation, 'RFC 5746 section 4', 'renegotiation is refused'),
  ERR_RENEGOTIATION_INFO: fault(
    Alert.handshakeFailure,
    'RFC 5746 section 3.4',
    'renegotiation_info is missing or wrong',
  ),
  ERR_EXTENDED_MASTER_SECRET: fault(
    Alert.handshakeFailure,
    'RFC 7627 section 5',
    'extended_master_secret is missing or differs from the session',
  ),
  ERR_POINT_FORMAT: fault(
    Alert.illegalParameter,
    'RFC 8422 section 5.1.2',
    'ec_point_formats does not list the uncompressed format',
  ),
  ERR_CERTIFICATE_CURVE: fault(
    Alert.illegalParameter,
    'RFC 8422 section 5.3',
    'the key of the certificate is on a curve that the client did not name',
  ),
  ERR_CERTIFICATE_KEY_KIND: fault(
    Alert.unsupportedCertificate,
    'RFC 8422 section 5.3',
    'the key of the certificate does not suit the cipher suite',
  ),
}))();

/** What a TlsError can say beyond its code. */
export interface TlsErrorDetails {
  /** What exactly was expected, found, or wrong; added to the sentence of the code. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Why a verifier refused, for ERR_PEER_REFUSED. */
  readonly failure?: VerificationFailure;
  /** The alert received, for ERR_ALERT_RECEIVED. */
  readonly alertReceived?: number;
  /** Send this alert instead of the one of the code. */
  readonly alert?: number;
  readonly rfc?: string;
}

/** Is it an error of this library? What is thrown can be anything, and need not let itself be asked. */
export function isTlsError(reason: unknown): reason is TlsError {
  try {
    return reason instanceof TlsError;
  } catch {
    return false;
  }
}

/**
 * The only thing this library throws or rejects with.
 *
 * @example
 * ```ts
 * import { TlsError } from 'warifu';
 * const error = new TlsError('ERR_BAD_FINISHED');
 * error.code; // 'ERR_BAD_FINISHED'
 * error.alert; // 51, decrypt_error
 * error.rfc; // 'RFC 9846 section 4.5.3'
 * ```
 */
export class TlsError extends Error {
  override readonly name: string = 'TlsError';
  /** Stable: match on this, not on the message. */
  readonly code: ErrorCode;
  /** The alert that this error sends to the peer, or undefined when none is sent. */
  readonly alert: number | undefined;
  /** The alert that the peer sent, when that is the reason. */
  readonly alertReceived: number | undefined;
  /** The rule that was broken. */
  readonly rfc: string | undefined;
  /** Which certificate, what was expected and found, what to do: for ERR_PEER_REFUSED. */
  readonly failure: VerificationFailure | undefined;

  constructor(code: ErrorCode, details: TlsErrorDetails = {}) {
    const faults: { readonly [code: string]: Fault | undefined } = FAULTS;
    const texts: { readonly [code: string]: string | undefined } = LOCAL_TEXT;
    const alerts: { readonly [code: string]: number | undefined } = LOCAL_ALERT;
    const known = faults[code];
    const failure = details.failure && printableFailure(details.failure);
    const sentence = failure?.message ?? known?.text ?? texts[code];
    const detail = details.detail ?? (code === 'ERR_TRANSPORT' ? causeText(details.cause) : undefined);
    const whole = detail === undefined ? `${code}: ${sentence}` : `${code}: ${sentence}: ${detail}`;
    // Whatever it says of the peer, or in the peer's words: no terminal obeys it, and no log is forged by it.
    super(printable(whole), {
      ...(details.cause !== undefined && { cause: details.cause }),
    });
    this.code = code;
    this.alert = details.alert ?? failure?.alert ?? known?.alert ?? alerts[code];
    this.alertReceived = details.alertReceived;
    this.rfc = details.rfc ?? failure?.rfc ?? known?.rfc;
    this.failure = failure;
  }
}

/**
 * What a transport says of itself: its message, and its code where that is not in it; of several tries the first. A cause can
 * be anything, and may throw when it is looked at.
 */
export function causeText(cause: unknown): string | undefined {
  try {
    return wordsOf(cause);
  } catch {
    return undefined;
  }
}

function wordsOf(cause: unknown): string | undefined {
  if (typeof cause === 'string' && cause !== '') return cause;
  if (!(cause instanceof Error)) return undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const tries: unknown = 'errors' in cause ? cause.errors : undefined;
  const text = cause.message === '' && Array.isArray(tries) ? (wordsOf(tries[0]) ?? '') : cause.message;
  if (text === '' || code === '' || text.includes(code)) return text || code || undefined;
  return `${text} (${code})`;
}

/** Why a peer was refused may be said in the words of the peer: so it is made fit to be read. */
export function printableFailure(failure: VerificationFailure): VerificationFailure {
  const { certificate } = failure;
  const fields = Object.entries(failure).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? printable(value) : value,
  ]);
  return {
    ...(Object.fromEntries(fields) as VerificationFailure),
    ...(certificate !== undefined && { certificate: { ...certificate, subject: printable(certificate.subject) } }),
  };
}

const LOCAL_TEXT: { readonly [C in LocalFault | Misuse]: string } = {
  ERR_PEER_REFUSED: 'the certificate of the peer was refused',
  ERR_VERIFIER_FAILED: 'the verifier failed instead of answering',
  ERR_SIGNER_FAILED: 'our private key did not sign',
  ERR_CALLBACK_FAILED: 'a callback of the program failed',
  ERR_INTERNAL: 'an internal error; please report it',
  ERR_SEAL_LIMIT: 'too many records under one key',
  ERR_ALERT_RECEIVED: 'the peer ended the connection with an alert',
  ERR_TRUNCATED: 'the transport ended before the peer said close_notify',
  ERR_TRANSPORT: 'the transport failed',
  ERR_HANDSHAKE_TIMEOUT: 'the handshake was not done in time',
  ERR_ABORTED: 'the connection was given up by the program',
  ERR_OPTION: 'an option cannot be used',
  ERR_STATE: 'the call is not possible now',
  ERR_LIMIT: 'an argument is outside what the protocol can carry',
  ERR_KEY: 'a key or certificate cannot be used',
  ERR_PASSWORD: 'the password is missing or wrong',
};

/** What a fault of our own tells the peer; undefined: nothing can or need be said. */
const LOCAL_ALERT: { readonly [C in LocalFault]: number | undefined } = {
  ERR_PEER_REFUSED: Alert.badCertificate,
  ERR_VERIFIER_FAILED: Alert.internalError,
  ERR_SIGNER_FAILED: Alert.internalError,
  ERR_CALLBACK_FAILED: Alert.internalError,
  ERR_INTERNAL: Alert.internalError,
  ERR_SEAL_LIMIT: Alert.internalError,
  ERR_ALERT_RECEIVED: undefined,
  ERR_TRUNCATED: undefined,
  ERR_TRANSPORT: undefined,
  ERR_HANDSHAKE_TIMEOUT: Alert.userCanceled,
  ERR_ABORTED: Alert.userCanceled,
};
