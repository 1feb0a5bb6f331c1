import { concat } from '../bytes/bytes.ts';
import { Alert } from '../errors.ts';
import { encode } from '../wire/codec.ts';
import { ClientHello } from '../wire/hello.ts';
import * as ids from '../wire/ids.ts';
import { as, before, lastByte, trailing, withExtension, withoutExtension } from './change.ts';
import type { Misbehaviour } from './converse.ts';
import type { Fault } from './fault.ts';
import { record } from './hello.ts';
import { recordOf } from './misbehaving.ts';

/** A fault of a client, and how it is done. */
export interface ClientFault extends Fault {
  readonly version?: '1.3' | '1.2';
  /** What it shows a server that asks. Default: what the tester was given, if anything. */
  readonly certificate?: 'none' | 'untrusted';
  readonly misbehaviour?: () => Misbehaviour;
  /** Says this, and no more, in place of a handshake. */
  readonly raw?: Uint8Array;
}

const { unexpectedMessage, illegalParameter, decodeError, handshakeFailure, protocolVersion } = Alert;

const fault = (
  name: string,
  about: string,
  alerts: readonly number[],
  rfc: string,
  more: Partial<ClientFault>,
): ClientFault => ({
  name,
  kind: 'handshake',
  about,
  right: 'refuse',
  alerts,
  code: undefined,
  rfc,
  version: '1.3',
  ...more,
});

const hello = (change: (value: ClientHello) => ClientHello): Partial<ClientFault> => ({
  misbehaviour: () => ({ change: as(ids.HANDSHAKE_CLIENT_HELLO, ClientHello, change) }),
});
const changed = (change: () => Misbehaviour['change'] & {}): Partial<ClientFault> => ({
  misbehaviour: () => ({ change: change() }),
});
const bytes = (...list: readonly number[]): Uint8Array => Uint8Array.from(list);
const versions = (...list: readonly number[]) =>
  withExtension<ClientHello>(
    ids.EXTENSION_SUPPORTED_VERSIONS,
    bytes(2 * list.length, ...list.flatMap((id) => [id >> 8, id & 255])),
  );
/** A group that there is not. */
const NO_GROUP = [0x7a, 0x7b];

/** A ClientHello of the time before TLS 1.2. */
const oldHello = (version: number): Uint8Array => {
  const body = encode(ClientHello, {
    legacyVersion: version,
    random: new Uint8Array(32).fill(7),
    legacySessionId: new Uint8Array(0),
    cipherSuites: [0xc013, 0xc009, 0x002f, 0x0035],
    legacyCompressionMethods: bytes(0),
    extensions: [],
  });
  return record(22, concat(bytes(1, 0, 0, body.length), body), 0x0301);
};

/** Every fault of the bad client. */
export const CLIENT_FAULTS: readonly ClientFault[] = [
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
  fault('tls11', 'it knows nothing newer than TLS 1.1', [protocolVersion, handshakeFailure], 'RFC 8996', {
    raw: oldHello(0x0302),
  }),
  fault('tls10', 'it knows nothing newer than TLS 1.0', [protocolVersion, handshakeFailure], 'RFC 8996', {
    raw: oldHello(0x0301),
  }),
  fault(
    'no-common-version',
    'only a version that there is not',
    [protocolVersion],
    'RFC 9846 section 4.3.1',
    hello(versions(0x7f7f)),
  ),
  fault(
    'no-common-suite',
    'only a suite that there is not',
    [handshakeFailure, Alert.insufficientSecurity, illegalParameter],
    'RFC 9846 section 4.2.1',
    hello((value) => ({ ...value, cipherSuites: [0x13ff] })),
  ),
  fault(
    'no-common-group',
    'only a group that there is not',
    [handshakeFailure, illegalParameter, Alert.missingExtension],
    'RFC 9846 section 4.2.1',
    hello((value) =>
      withExtension<ClientHello>(
        ids.EXTENSION_KEY_SHARE,
        bytes(0, 0),
      )(withExtension<ClientHello>(ids.EXTENSION_SUPPORTED_GROUPS, bytes(0, 2, ...NO_GROUP))(value)),
    ),
  ),
  fault(
    'bad-key-share',
    'a share for X25519 that is a byte short',
    [illegalParameter, decodeError, handshakeFailure],
    'RFC 9846 section 4.3.8',
    hello((value) =>
      withExtension<ClientHello>(
        ids.EXTENSION_KEY_SHARE,
        bytes(0, 35, 0, 29, 0, 31, ...new Uint8Array(31).fill(9)),
      )(withExtension<ClientHello>(ids.EXTENSION_SUPPORTED_GROUPS, bytes(0, 2, 0, 29))(value)),
    ),
  ),
  fault(
    'no-signatures',
    'signature_algorithms is left out',
    [Alert.missingExtension, illegalParameter, handshakeFailure],
    'RFC 9846 section 9.2',
    hello(withoutExtension(ids.EXTENSION_SIGNATURE_ALGORITHMS)),
  ),
  fault(
    'compression',
    'it offers compression',
    [illegalParameter, decodeError],
    'RFC 9846 section 4.2.2',
    hello((value) => ({ ...value, legacyCompressionMethods: bytes(1, 0) })),
  ),
  fault(
    'twice-the-same',
    'the same extension twice',
    [illegalParameter, decodeError, unexpectedMessage],
    'RFC 9846 section 4.3',
    hello((value) => ({ ...value, extensions: [...value.extensions, value.extensions[0]!] })),
  ),
  fault(
    'trailing-bytes',
    'its hello has bytes too many',
    [decodeError, illegalParameter],
    'RFC 9846 section 6.2',
    changed(() => trailing(ids.HANDSHAKE_CLIENT_HELLO)),
  ),
  fault(
    'wrong-finished',
    'Finished is wrong',
    [Alert.decryptError],
    'RFC 9846 section 4.5.3',
    changed(() => lastByte(ids.HANDSHAKE_FINISHED)),
  ),
  fault(
    'wrong-finished-12',
    'Finished is wrong, in TLS 1.2',
    [Alert.decryptError, handshakeFailure],
    'RFC 5246 section 7.4.9',
    { ...changed(() => lastByte(ids.HANDSHAKE_FINISHED)), version: '1.2' },
  ),
  fault(
    'unexpected-message',
    'a KeyUpdate in the middle of the handshake',
    [unexpectedMessage],
    'RFC 9846 section 4.7.3',
    changed(() => before(ids.HANDSHAKE_FINISHED, ids.HANDSHAKE_KEY_UPDATE, 0, 0, 1, 0)),
  ),
  fault('bad-record', 'its flight was changed on the way', [Alert.badRecordMac], 'RFC 9846 section 5.2', {
    misbehaviour: () => ({
      wire: (piece, number) => [number === 0 ? piece : piece.with(piece.length - 1, piece[piece.length - 1]! ^ 1)],
    }),
  }),
  fault('unknown-record', 'a record of a type that there is not', [unexpectedMessage], 'RFC 9846 section 5', {
    kind: 'record',
    misbehaviour: () => ({ forge: (one, number) => (number === 0 ? [recordOf(99, bytes(1)), one] : [one]) }),
  }),
  fault(
    'empty-record',
    'a record of the handshake with nothing in it',
    [unexpectedMessage, decodeError, illegalParameter],
    'RFC 9846 section 5.1',
    {
      kind: 'record',
      misbehaviour: () => ({ forge: (one, number) => (number === 0 ? [recordOf(22, new Uint8Array(0)), one] : [one]) }),
    },
  ),
  fault(
    'huge-record',
    'a record that is longer than any may be',
    [Alert.recordOverflow, decodeError, unexpectedMessage, protocolVersion],
    'RFC 9846 section 5.1',
    { kind: 'record', raw: concat(bytes(22, 3, 1, 0x48, 0x01), new Uint8Array(0x4801)) },
  ),
  fault('not-tls', 'it speaks HTTP in plaintext', [], 'RFC 9846 section 5.1', {
    kind: 'record',
    raw: new TextEncoder().encode('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  }),
  fault(
    'no-certificate',
    'it shows no certificate',
    [Alert.certificateRequired, handshakeFailure, Alert.badCertificate],
    'RFC 9846 section 4.5.1.4',
    { kind: 'certificate', certificate: 'none' },
  ),
  fault(
    'untrusted-certificate',
    'its certificate is signed by a stranger',
    [Alert.unknownCa, Alert.badCertificate, Alert.certificateUnknown],
    'RFC 9846 section 4.5.1.4',
    { kind: 'certificate', certificate: 'untrusted' },
  ),
];
