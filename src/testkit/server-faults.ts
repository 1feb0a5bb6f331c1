import type { Socket } from 'node:net';
import { concat } from '../bytes/bytes.ts';
import { Alert } from '../errors.ts';
import { encode } from '../wire/codec.ts';
import { alpn } from '../wire/extensions/alpn.ts';
import { keyShare } from '../wire/extensions/key-share.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { type ClientHello, DOWNGRADE_TLS12, HELLO_RETRY_RANDOM } from '../wire/hello.ts';
import * as ids from '../wire/ids.ts';
import { Certificate, EncryptedExtensions } from '../wire/messages13.ts';
import { as, before, dropped, lastByte, trailing, withExtension } from './change.ts';
import type { Misbehaviour } from './converse.ts';
import type { Fault } from './fault.ts';
import { record, serverHello } from './hello.ts';
import { recordOf } from './misbehaving.ts';
import type { CertificateFault } from './server-credentials.ts';

/** A fault of a server, and how it is done. */
export interface ServerFault extends Fault {
  /** The certificate that is shown. Default: a good one. */
  readonly certificate?: CertificateFault;
  readonly version?: '1.3' | '1.2';
  /** Asks for a certificate, and demands one. */
  readonly asksForCertificate?: boolean;
  readonly misbehaviour?: () => Misbehaviour;
  /** Answers in plaintext, in place of a handshake. */
  readonly raw?: (socket: Socket, hello: ClientHello) => void;
}

const certificate = (
  name: CertificateFault,
  about: string,
  alerts: readonly number[],
  code: string,
  rfc: string,
): ServerFault => ({ name, kind: 'certificate', about, right: 'refuse', alerts, code, rfc, certificate: name });

const { badCertificate, unknownCa, certificateUnknown, illegalParameter, unexpectedMessage } = Alert;
const NAME_ALERTS = [badCertificate, certificateUnknown, Alert.unrecognizedName, Alert.accessDenied];
const CA_ALERTS = [unknownCa, badCertificate, certificateUnknown];

const CERTIFICATES: readonly ServerFault[] = [
  certificate(
    'expired',
    'the certificate has expired',
    [Alert.certificateExpired, badCertificate, certificateUnknown],
    'CERT_EXPIRED',
    'RFC 5280 section 6.1.3',
  ),
  certificate(
    'not-yet-valid',
    'the certificate is not valid yet',
    [Alert.certificateExpired, badCertificate, certificateUnknown],
    'CERT_NOT_YET_VALID',
    'RFC 5280 section 6.1.3',
  ),
  certificate(
    'wrong-name',
    'the certificate is for another name',
    NAME_ALERTS,
    'CERT_NAME_MISMATCH',
    'RFC 9525 section 6',
  ),
  certificate(
    'common-name-only',
    'the name stands in the subject alone',
    NAME_ALERTS,
    'CERT_NO_NAME',
    'RFC 9525 section 6.4',
  ),
  certificate(
    'self-signed',
    'the certificate is signed by itself',
    CA_ALERTS,
    'CERT_SELF_SIGNED',
    'RFC 5280 section 6.1',
  ),
  certificate('untrusted-root', 'no one who is trusted signed it', CA_ALERTS, 'CERT_UNTRUSTED', 'RFC 5280 section 6.1'),
  certificate(
    'same-name-root',
    'a stranger signed it, who calls himself like the root that is trusted',
    [badCertificate, unknownCa, certificateUnknown, Alert.decryptError],
    'CERT_BAD_SIGNATURE',
    'RFC 5280 section 6.1.3',
  ),
  certificate(
    'missing-intermediate',
    'the intermediate is not sent',
    CA_ALERTS,
    'CERT_MISSING_INTERMEDIATE',
    'RFC 9846 section 4.5.1.2',
  ),
  certificate(
    'revoked',
    'the certificate is revoked: by a stapled response, and by the list',
    [Alert.certificateRevoked, Alert.badCertificateStatusResponse, badCertificate, certificateUnknown],
    'CERT_REVOKED',
    'RFC 6066 section 8',
  ),
  certificate(
    'no-staple',
    'the certificate demands a stapled response, and there is none',
    [Alert.badCertificateStatusResponse, badCertificate, certificateUnknown],
    'CERT_STAPLE_REQUIRED',
    'RFC 7633',
  ),
  certificate(
    'weak-key',
    'an RSA key of 1024 bits',
    [badCertificate, Alert.insufficientSecurity, certificateUnknown, unknownCa, Alert.handshakeFailure],
    'CERT_WEAK_KEY',
    'RFC 9325 section 4.5',
  ),
  certificate(
    'sha1',
    'the certificate is signed over SHA-1',
    [badCertificate, certificateUnknown, Alert.unsupportedCertificate, Alert.insufficientSecurity, unknownCa],
    'CERT_WEAK_ALGORITHM',
    'RFC 9155',
  ),
  certificate(
    'name-constraints',
    'the intermediate may only certify names below permitted.example',
    [badCertificate, unknownCa, certificateUnknown, Alert.unsupportedCertificate],
    'CERT_NAME_CONSTRAINT',
    'RFC 5280 section 4.2.1.10',
  ),
  certificate(
    'wrong-purpose',
    'the certificate is for clients',
    [Alert.unsupportedCertificate, badCertificate, certificateUnknown, unknownCa],
    'CERT_EXTENDED_KEY_USAGE',
    'RFC 5280 section 4.2.1.12',
  ),
  certificate(
    'not-an-authority',
    'what issued it is no authority',
    CA_ALERTS,
    'CERT_NOT_A_CA',
    'RFC 5280 section 6.1.4',
  ),
  certificate(
    'bad-signature',
    'the signature of the certificate is wrong',
    [badCertificate, Alert.decryptError, unknownCa, certificateUnknown],
    'CERT_BAD_SIGNATURE',
    'RFC 5280 section 6.1.3',
  ),
  certificate(
    'unknown-critical',
    'an extension that is critical, and that no one knows',
    [Alert.unsupportedCertificate, badCertificate, certificateUnknown, unknownCa],
    'CERT_UNKNOWN_CRITICAL_EXTENSION',
    'RFC 5280 section 4.2',
  ),
  certificate(
    'expired-intermediate',
    'the intermediate has expired',
    [Alert.certificateExpired, badCertificate, certificateUnknown, unknownCa],
    'CERT_EXPIRED',
    'RFC 5280 section 6.1.3',
  ),
];

type More = Partial<Omit<ServerFault, 'name' | 'about' | 'right' | 'alerts' | 'code' | 'rfc'>>;

const handshake = (
  name: string,
  about: string,
  alerts: readonly number[],
  code: string,
  rfc: string,
  more: More,
): ServerFault => ({ name, kind: 'handshake', about, right: 'refuse', alerts, code, rfc, version: '1.3', ...more });

const changed = (change: () => Misbehaviour['change'] & {}): More => ({ misbehaviour: () => ({ change: change() }) });
const said = (raw: ServerFault['raw'] & {}): More => ({ raw });
const versions13 = {
  type: ids.EXTENSION_SUPPORTED_VERSIONS,
  data: encode(supportedVersions.in.ServerHello, ids.TLS_1_3),
};
const share = (group: number) => ({
  type: ids.EXTENSION_KEY_SHARE,
  data: encode(keyShare.in.HelloRetryRequest, group),
});
const retry = (hello: ClientHello, group: number): Uint8Array =>
  serverHello({ random: HELLO_RETRY_RANDOM, extensions: [versions13, share(group)] }, hello);
const oldVersion = (version: number): More =>
  said((socket, hello) => socket.write(serverHello({ legacyVersion: version, cipherSuite: 0x002f }, hello)));

const HANDSHAKES: readonly ServerFault[] = [
  handshake(
    'wrong-finished',
    'Finished is wrong',
    [Alert.decryptError],
    'ERR_BAD_FINISHED',
    'RFC 9846 section 4.5.3',
    changed(() => lastByte(ids.HANDSHAKE_FINISHED)),
  ),
  handshake(
    'wrong-finished-12',
    'Finished is wrong, in TLS 1.2',
    [Alert.decryptError, Alert.handshakeFailure],
    'ERR_BAD_FINISHED',
    'RFC 5246 section 7.4.9',
    { ...changed(() => lastByte(ids.HANDSHAKE_FINISHED)), version: '1.2' },
  ),
  handshake(
    'wrong-signature',
    'the signature over the handshake is wrong',
    [Alert.decryptError, illegalParameter],
    'ERR_BAD_SIGNATURE',
    'RFC 9846 section 4.5.2',
    changed(() => lastByte(ids.HANDSHAKE_CERTIFICATE_VERIFY)),
  ),
  handshake(
    'wrong-signature-12',
    'the signature over the key exchange is wrong, in TLS 1.2',
    [Alert.decryptError, badCertificate, illegalParameter],
    'ERR_BAD_SIGNATURE',
    'RFC 8422 section 5.4',
    { ...changed(() => lastByte(ids.HANDSHAKE_SERVER_KEY_EXCHANGE)), version: '1.2' },
  ),
  handshake(
    'no-certificate-verify',
    'nothing shows that the server has the key',
    [unexpectedMessage],
    'ERR_UNEXPECTED_MESSAGE',
    'RFC 9846 section 4.5.2',
    changed(() => dropped(ids.HANDSHAKE_CERTIFICATE_VERIFY)),
  ),
  handshake(
    'no-certificate',
    'the certificate is left out, as if there were a PSK',
    [unexpectedMessage],
    'ERR_UNEXPECTED_MESSAGE',
    'RFC 9846 appendix A.1',
    changed(
      () => (raw) =>
        raw[0] === ids.HANDSHAKE_CERTIFICATE || raw[0] === ids.HANDSHAKE_CERTIFICATE_VERIFY ? new Uint8Array(0) : raw,
    ),
  ),
  handshake(
    'empty-certificate',
    'the list of certificates is empty',
    [Alert.decodeError, badCertificate, illegalParameter],
    'ERR_EMPTY_CERTIFICATE',
    'RFC 9846 section 4.5.1.4',
    changed(() => as(ids.HANDSHAKE_CERTIFICATE, Certificate, (value) => ({ ...value, entries: [] }))),
  ),
  handshake(
    'unexpected-message',
    'a KeyUpdate in the middle of the handshake',
    [unexpectedMessage],
    'ERR_UNEXPECTED_MESSAGE',
    'RFC 9846 section 4.7.3',
    changed(() => before(ids.HANDSHAKE_CERTIFICATE, ids.HANDSHAKE_KEY_UPDATE, 0, 0, 1, 0)),
  ),
  handshake(
    'trailing-bytes',
    'a message has a byte too many',
    [Alert.decodeError, illegalParameter],
    'ERR_TRAILING_BYTES',
    'RFC 9846 section 6.2',
    changed(() => trailing(ids.HANDSHAKE_ENCRYPTED_EXTENSIONS)),
  ),
  handshake(
    'unsolicited-extension',
    'an extension that no client asks for',
    [Alert.unsupportedExtension, illegalParameter],
    'ERR_UNSUPPORTED_EXTENSION',
    'RFC 9846 section 4.3',
    changed(() =>
      as(ids.HANDSHAKE_ENCRYPTED_EXTENSIONS, EncryptedExtensions, withExtension(0xfafb, new Uint8Array(0))),
    ),
  ),
  handshake(
    'bad-alpn',
    'a protocol that was not offered',
    [illegalParameter, Alert.unsupportedExtension, Alert.noApplicationProtocol],
    'ERR_SELECTED_ALPN',
    'RFC 7301 section 3.1',
    changed(() =>
      as(
        ids.HANDSHAKE_ENCRYPTED_EXTENSIONS,
        EncryptedExtensions,
        withExtension(ids.EXTENSION_ALPN, encode(alpn.in.EncryptedExtensions, ['not-offered'])),
      ),
    ),
  ),
  handshake(
    'unoffered-suite',
    'a cipher suite that was not offered',
    [illegalParameter],
    'ERR_SELECTED_SUITE',
    'RFC 9846 section 4.2.3',
    said((socket, hello) => socket.write(serverHello({ cipherSuite: 0x13ff, extensions: [versions13] }, hello))),
  ),
  handshake(
    'unoffered-group',
    'a key share of a group that was not offered',
    [illegalParameter],
    'ERR_SELECTED_GROUP',
    'RFC 9846 section 4.3.8',
    said((socket, hello) => {
      const answer = { group: 0x01fc, keyExchange: new Uint8Array(32).fill(9) };
      socket.write(
        serverHello(
          {
            extensions: [versions13, { type: ids.EXTENSION_KEY_SHARE, data: encode(keyShare.in.ServerHello, answer) }],
          },
          hello,
        ),
      );
    }),
  ),
  handshake(
    'hrr-loop',
    'one HelloRetryRequest after the other',
    [unexpectedMessage, illegalParameter],
    'ERR_SECOND_RETRY',
    'RFC 9846 section 4.2.4',
    said((socket, hello) => {
      // P-256 first, then P-384: each of them is in nearly every hello, and a share for it in hardly any.
      const again = (): void => void socket.write(retry(hello, ids.GROUP_SECP384R1));
      socket.once('data', again).resume();
      socket.write(retry(hello, ids.GROUP_SECP256R1));
    }),
  ),
  handshake(
    'hrr-unoffered',
    'HelloRetryRequest names a group that was not offered',
    [illegalParameter],
    'ERR_SELECTED_GROUP',
    'RFC 9846 section 4.3.8',
    said((socket, hello) => socket.write(retry(hello, 0x01fc))),
  ),
  handshake(
    'downgraded',
    'TLS 1.2, and its random says that both speak TLS 1.3',
    [illegalParameter],
    'ERR_DOWNGRADE',
    'RFC 9846 section 4.2.3',
    said((socket, hello) => {
      const random = concat(crypto.getRandomValues(new Uint8Array(24)), DOWNGRADE_TLS12);
      socket.write(serverHello({ random, cipherSuite: 0xc02b }, hello));
    }),
  ),
  handshake('tls11', 'it answers with TLS 1.1', [Alert.protocolVersion], 'ERR_VERSION', 'RFC 8996', oldVersion(0x0302)),
  handshake('tls10', 'it answers with TLS 1.0', [Alert.protocolVersion], 'ERR_VERSION', 'RFC 8996', oldVersion(0x0301)),
  handshake('ssl3', 'it answers with SSL 3', [Alert.protocolVersion], 'ERR_VERSION', 'RFC 7568', oldVersion(0x0300)),
  handshake(
    'not-tls',
    'it answers in plaintext HTTP',
    [unexpectedMessage, Alert.protocolVersion, Alert.decodeError, Alert.recordOverflow],
    'ERR_NOT_TLS',
    'RFC 9846 section 5.1',
    said((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  ),
  handshake(
    'refuses',
    'it refuses with handshake_failure',
    [],
    'ERR_ALERT_RECEIVED',
    'RFC 9846 section 6.2',
    said((socket) => socket.end(record(21, Uint8Array.of(2, 40)))),
  ),
  {
    name: 'wants-certificate',
    kind: 'handshake',
    about: 'it demands a certificate of the client, from the root of this kit',
    right: 'connect',
    alerts: [],
    code: 'ERR_ALERT_RECEIVED',
    rfc: 'RFC 9846 section 4.4.2',
    asksForCertificate: true,
  },
];

const flippedAt = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, bytes[at]! ^ 1);
const flipped = (bytes: Uint8Array): Uint8Array => flippedAt(bytes, bytes.length - 1);

const RECORDS: readonly ServerFault[] = [
  {
    name: 'bad-record',
    kind: 'record',
    about: 'a record of data was changed on the way',
    right: 'notice',
    alerts: [Alert.badRecordMac],
    code: 'ERR_BAD_RECORD_MAC',
    rfc: 'RFC 9846 section 5.2',
    version: '1.3',
    misbehaviour: () => ({ wire: (bytes, number) => [number < LATER ? bytes : flippedAt(bytes, 9)] }),
  },
  {
    name: 'bad-flight',
    kind: 'record',
    about: "the server's flight was changed on the way",
    right: 'refuse',
    alerts: [Alert.badRecordMac],
    code: 'ERR_BAD_RECORD_MAC',
    rfc: 'RFC 9846 section 5.2',
    version: '1.3',
    misbehaviour: () => ({ wire: (bytes) => [flipped(bytes)] }),
  },
  {
    name: 'huge-record',
    kind: 'record',
    about: 'a record that is longer than any may be',
    right: 'refuse',
    alerts: [Alert.recordOverflow, Alert.decodeError],
    code: 'ERR_RECORD_OVERFLOW',
    rfc: 'RFC 9846 section 5.1',
    version: '1.3',
    raw: (socket) => socket.write(concat(Uint8Array.of(22, 3, 3, 0x48, 0x01), new Uint8Array(0x4801))),
  },
  {
    name: 'unknown-record',
    kind: 'record',
    about: 'a record of a type that there is not',
    right: 'refuse',
    alerts: [unexpectedMessage],
    code: 'ERR_UNEXPECTED_RECORD',
    rfc: 'RFC 9846 section 5',
    version: '1.3',
    misbehaviour: () => ({ forge: (one, number) => (number === 0 ? [recordOf(99, Uint8Array.of(1)), one] : [one]) }),
  },
  {
    name: 'empty-record',
    kind: 'record',
    about: 'a record of the handshake with nothing in it',
    right: 'refuse',
    alerts: [unexpectedMessage, Alert.decodeError, illegalParameter],
    code: 'ERR_EMPTY_RECORD',
    rfc: 'RFC 9846 section 5.1',
    version: '1.3',
    misbehaviour: () => ({ forge: (one, number) => (number === 0 ? [recordOf(22, new Uint8Array(0)), one] : [one]) }),
  },
  {
    name: 'tiny-records',
    kind: 'none',
    about: 'nothing is wrong: the handshake comes in records of a few bytes each',
    right: 'connect',
    alerts: [],
    code: undefined,
    rfc: 'RFC 9846 section 5.1',
    version: '1.3',
    misbehaviour: () => ({
      forge: (one) => (one.type === 22 ? pieces(one.content).map((part) => recordOf(22, part)) : [one]),
    }),
  },
  {
    name: 'key-update',
    kind: 'none',
    about: 'nothing is wrong: the server changes its keys, and asks for the same',
    right: 'connect',
    alerts: [],
    code: undefined,
    rfc: 'RFC 9846 section 4.7.3',
    version: '1.3',
    misbehaviour: () => ({ open: (engine) => engine.updateKeys(true) }),
  },
];

/** The first piece that is written is the flight of the handshake. */
const LATER = 1;

function pieces(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(7 * index, 7 * index + 7));
}

const ENDS: readonly ServerFault[] = [
  {
    name: 'truncated',
    kind: 'end',
    about: 'the data is cut off: no close_notify',
    right: 'notice',
    alerts: [],
    code: 'ERR_TRUNCATED',
    rfc: 'RFC 9846 section 6.1',
    misbehaviour: () => ({ end: 'cut' }),
  },
  {
    name: 'hangs-up',
    kind: 'end',
    about: 'it closes the connection in place of an answer',
    right: 'refuse',
    alerts: [],
    code: 'ERR_TRUNCATED',
    rfc: 'RFC 9846 section 6.1',
    raw: (socket) => socket.end(),
  },
  {
    name: 'hangs-up-late',
    kind: 'end',
    about: 'it closes the connection in the middle of its flight',
    right: 'refuse',
    alerts: [],
    code: 'ERR_TRUNCATED',
    rfc: 'RFC 9846 section 6.1',
    version: '1.3',
    misbehaviour: () => ({ wire: (bytes) => [bytes.subarray(0, bytes.length - 40)], stop: { after: 1, how: 'cut' } }),
  },
  {
    name: 'stalls',
    kind: 'end',
    about: 'it takes the ClientHello, and says nothing',
    right: 'give up',
    alerts: [],
    code: 'ERR_HANDSHAKE_TIMEOUT',
    rfc: 'RFC 9846 appendix C',
    raw: () => {},
  },
  {
    name: 'stalls-late',
    kind: 'end',
    about: 'it falls silent in the middle of its flight',
    right: 'give up',
    alerts: [],
    code: 'ERR_HANDSHAKE_TIMEOUT',
    rfc: 'RFC 9846 appendix C',
    version: '1.3',
    misbehaviour: () => ({
      wire: (bytes) => [bytes.subarray(0, bytes.length - 40)],
      stop: { after: 1, how: 'silent' },
    }),
  },
];

const GOOD: readonly ServerFault[] = [
  {
    name: 'good',
    kind: 'none',
    about: 'nothing is wrong',
    right: 'connect',
    alerts: [],
    code: undefined,
    rfc: 'RFC 9846',
  },
  {
    name: 'good-12',
    kind: 'none',
    about: 'nothing is wrong, and it is TLS 1.2',
    right: 'connect',
    alerts: [],
    code: undefined,
    rfc: 'RFC 5246',
    version: '1.2',
  },
];

/** Every fault of the bad server, by kind. */
export const SERVER_FAULTS: readonly ServerFault[] = [...GOOD, ...CERTIFICATES, ...HANDSHAKES, ...RECORDS, ...ENDS];
