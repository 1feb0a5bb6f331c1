import { concat } from '../../src/bytes/bytes.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { HELLO_RETRY_RANDOM, ServerHello } from '../../src/wire/hello.ts';
import { Certificate, CertificateRequest, EncryptedExtensions, NewSessionTicket } from '../../src/wire/messages13.ts';
import { ends } from '../support/sessions.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';
import type { Change } from '../../src/testkit/misbehaving.ts';
import {
  after,
  as,
  before,
  body,
  doubled,
  dropped,
  keyIs,
  lastByte,
  message,
  put,
  type Row,
  twice,
  without,
} from './confront.ts';

/** What a server may not do with TLS 1.3, and what a client makes of it. */

const mutual = {
  client: { credential: toyCredential },
  server: { clientAuth: 'require', verifier: toyVerifier },
} as const;
const retried = { client: { keyShares: [] }, server: { retryCookie: true } } as const;
const remembered = (): Pick<Row, 'client' | 'server'> => {
  const { sessions, tickets, clock } = ends();
  return { client: { sessions, clock }, server: { tickets, clock } };
};
const hello = (change: (value: ServerHello) => ServerHello, nth = 0): Change => as(2, ServerHello, change, nth);

/** Another certificate than the one that the key goes with. */
const another = (): Change =>
  as(11, Certificate, (v) => ({
    ...v,
    entries: v.entries.map((entry) => ({ ...entry, certData: Uint8Array.of(1, 2) })),
  }));
/** A SubjectPublicKeyInfo: id-X25519, which does not sign. */
const X25519_KEY = Uint8Array.of(0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 33, 0, ...new Uint8Array(32).fill(9));

/** A HelloRetryRequest in place of the ServerHello. */
const retry = (...extensions: { type: number; data: Uint8Array }[]): Change =>
  hello((value) => ({
    ...value,
    random: HELLO_RETRY_RANDOM,
    extensions: [{ type: 43, data: Uint8Array.of(3, 4) }, ...extensions],
  }));
const group = (id: number): { type: number; data: Uint8Array } => ({
  type: 51,
  data: Uint8Array.of(id >> 8, id & 255),
});

export const CLIENT_13: readonly Row[] = [
  // ServerHello
  {
    rule: '§4.2.3-2 legacy_version is 0x0303',
    change: hello((v) => ({ ...v, legacyVersion: 0x0302 })),
    code: 'ERR_LEGACY_VERSION',
    alert: 70,
  },
  {
    rule: '§4.2.3-5 the session id is repeated',
    change: hello((v) => ({ ...v, legacySessionIdEcho: new Uint8Array(32) })),
    code: 'ERR_SESSION_ID_ECHO',
    alert: 47,
  },
  {
    rule: '§4.2.3-6 the suite was offered',
    change: hello((v) => ({ ...v, cipherSuite: 0x1304 })),
    code: 'ERR_SELECTED_SUITE',
    alert: 47,
  },
  {
    rule: '§4.2.3-8 §4.2.3-7 nothing is compressed',
    change: hello((v) => ({ ...v, legacyCompressionMethod: 1 })),
    code: 'ERR_COMPRESSION',
    alert: 47,
  },
  {
    rule: '§4.3-4 §4.3-3 answers are to what was asked',
    change: hello(put(0x1234)),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    rule: '§4.3-5 §4.2.3-9 an extension stands where it belongs',
    client: { alpn: ['a'] },
    change: hello(put(16, 0, 2, 1, 97)),
    code: 'ERR_MISPLACED_EXTENSION',
    alert: 47,
  },
  { rule: '§4.3-7 no extension twice', change: hello(doubled(43)), code: 'ERR_DUPLICATE_EXTENSION', alert: 47 },
  { rule: '§4.3.1-11 the version was offered', change: hello(put(43, 3, 5)), code: 'ERR_SELECTED_VERSION', alert: 47 },
  { rule: '§4.3.1-11 and is not an old one', change: hello(put(43, 3, 3)), code: 'ERR_SELECTED_VERSION', alert: 47 },
  {
    rule: '§4.2.3-10 §4.3.1-7 supported_versions is there: without it, it is TLS 1.2',
    change: hello(without(43)),
    code: 'ERR_VERSION',
    alert: 70,
  },
  {
    rule: '§2-1 §4.3.8-10 the group has a share of ours',
    change: hello(put(51, 0, 0x17, 0, 1, 4)),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  {
    rule: '§4.3.9-7 key exchange needs a share',
    change: hello(without(51)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§6-6 the share is one of its group',
    change: hello(put(51, 0, 0x1d, 0, 3, 1, 2, 3)),
    code: 'ERR_BAD_KEY_SHARE',
    alert: 47,
  },
  { rule: '§4.3-3 no PSK was offered', change: hello(put(41, 0, 0)), code: 'ERR_UNSUPPORTED_EXTENSION', alert: 110 },
  {
    rule: '§4.3.11-6 §4.3.11-7 the PSK is one of those offered',
    ...withPsk(),
    change: hello(put(41, 0, 9)),
    code: 'ERR_SELECTED_PSK',
    alert: 47,
  },
  {
    rule: '§4.3.9-4 §4.3.9-6 psk_ke was not offered',
    ...withPsk(),
    change: hello(without(51)),
    code: 'ERR_SELECTED_PSK',
    alert: 47,
  },
  {
    rule: '§4.3-2 §4.3-1 nothing is left over in an extension',
    change: hello(put(43, 3, 4, 0)),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: '§6-5 nothing is left over in a message',
    change: body(2, (bytes) => concat(bytes, Uint8Array.of(0))),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  { rule: '§6-5 nothing is missing', change: body(2, (bytes) => bytes.slice(0, -1)), code: 'ERR_DECODE', alert: 50 },
  {
    rule: '§4-2 ServerHello comes first',
    change: before(2, 8, 0, 0, 2, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§5.1-5 §5.1-4 nothing shares its record',
    change: after(2, 8, 0, 0, 2, 0, 0),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  // HelloRetryRequest
  { rule: '§4.2.4-4 a retry changes something', change: retry(), code: 'ERR_RETRY_POINTLESS', alert: 47 },
  {
    rule: '§4.3.8-7 §4.3.8-8 it asks for a share that was not there',
    change: retry(group(0x001d)),
    code: 'ERR_RETRY_POINTLESS',
    alert: 47,
  },
  {
    rule: '§4.3.8-7 §4.3.8-8 of a group that was named',
    change: retry(group(0x0018)),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  {
    rule: '§4.2.4-2 it answers what was asked',
    ...retried,
    change: hello(put(16, 0, 2, 1, 97)),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    rule: '§4.2.4-1 it says its version',
    ...retried,
    change: hello(without(43)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.2.4-7 §4.2.4-3 its suite was offered',
    ...retried,
    change: hello((v) => ({ ...v, cipherSuite: 0x1304 })),
    code: 'ERR_SELECTED_SUITE',
    alert: 47,
  },
  {
    rule: '§4.2.4-3 it repeats the session id',
    ...retried,
    change: hello((v) => ({ ...v, legacySessionIdEcho: new Uint8Array(3) })),
    code: 'ERR_SESSION_ID_ECHO',
    alert: 47,
  },
  {
    rule: '§4.2.4-5 there is one at most',
    ...retried,
    change: hello((v) => ({ ...v, random: HELLO_RETRY_RANDOM }), 1),
    code: 'ERR_SECOND_RETRY',
    alert: 10,
  },
  {
    rule: '§4.2.4-9 the suite stays',
    ...retried,
    change: hello((v) => ({ ...v, cipherSuite: 0x1303 }), 1),
    code: 'ERR_SUITE_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.2.4-10 the version stays',
    ...retried,
    change: hello(put(43, 3, 3), 1),
    code: 'ERR_SELECTED_VERSION',
    alert: 47,
  },
  {
    rule: '§4.3.8-12 §4.3.8-13 the group stays',
    ...retried,
    change: hello(put(51, 0, 0x17, 0, 1, 4), 1),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  // Lower versions
  {
    rule: '§4.2.3-15 §4.2.3-16 §4.2.3-13 the mark of a server that could do better',
    ...lower(),
    change: tail('DOWNGRD\x01'),
    code: 'ERR_DOWNGRADE',
    alert: 47,
  },
  {
    rule: '§4.2.3-15 §4.2.3-16 §4.2.3-14 and of one that could do better still',
    ...lower(),
    change: tail('DOWNGRD\x00'),
    code: 'ERR_DOWNGRADE',
    alert: 47,
  },
  {
    rule: '§E.1-1 an unknown version',
    ...lower(),
    change: hello((v) => ({ ...v, legacyVersion: 0x0301 })),
    code: 'ERR_VERSION',
    alert: 70,
  },
  // EncryptedExtensions
  {
    rule: '§4.4.1-2 nothing forbidden is in it',
    change: as(8, EncryptedExtensions, put(51, 0, 0x1d, 0, 1, 1)),
    code: 'ERR_MISPLACED_EXTENSION',
    alert: 47,
  },
  {
    rule: '§4.3-3 §4.3-4 nothing that was not asked',
    change: as(8, EncryptedExtensions, put(16, 0, 2, 1, 97)),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    rule: 'RFC 7301 section 3.1: the protocol was offered',
    client: { alpn: ['a'] },
    server: { alpn: ['a'] },
    change: as(8, EncryptedExtensions, put(16, 0, 2, 1, 98)),
    code: 'ERR_SELECTED_ALPN',
    alert: 47,
  },
  {
    rule: 'RFC 7301 section 3.1: and is one',
    client: { alpn: ['a', 'b'] },
    server: { alpn: ['a'] },
    change: as(8, EncryptedExtensions, put(16, 0, 4, 1, 97, 1, 98)),
    code: 'ERR_SELECTED_ALPN',
    alert: 50,
  },
  {
    rule: '§4.3-3 early data was not offered',
    change: as(8, EncryptedExtensions, put(42)),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  { rule: '§4.4.1-1 it is there', change: dropped(8), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '§4-1 once', change: twice(8), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '§4.3-7 no extension twice in it',
    client: { alpn: ['a'] },
    server: { alpn: ['a'] },
    change: as(8, EncryptedExtensions, doubled(16)),
    code: 'ERR_DUPLICATE_EXTENSION',
    alert: 47,
  },
  {
    rule: 'RFC 8449 section 4: a limit of 64 at least',
    client: { recordSizeLimit: 1000 },
    server: { recordSizeLimit: 1000 },
    change: as(8, EncryptedExtensions, put(28, 0, 63)),
    code: 'ERR_RECORD_SIZE_LIMIT',
    alert: 47,
  },
  // CertificateRequest
  {
    rule: '§4.4.2-4 it names schemes',
    ...mutual,
    change: as(13, CertificateRequest, without(13)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.4.2-3 its context is empty',
    ...mutual,
    change: as(13, CertificateRequest, (v) => ({ ...v, requestContext: Uint8Array.of(1) })),
    code: 'ERR_REQUEST_CONTEXT',
    alert: 47,
  },
  {
    rule: '§4.4.2-5 §9.3-5 what it does not know, a client ignores',
    ...mutual,
    change: as(13, CertificateRequest, put(0x1234, 1)),
  },
  { rule: '§4-1 it comes once', ...mutual, change: twice(13), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '§4.4.2-6 not with a PSK',
    ...withPsk(),
    change: after(8, 13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  // Certificate, CertificateVerify, Finished
  {
    rule: '§4.5.1.3-1 §4.5.1-12 the server shows something',
    change: as(11, Certificate, (v) => ({ ...v, entries: [] })),
    code: 'ERR_EMPTY_CERTIFICATE',
    alert: 50,
  },
  {
    rule: '§4.5.1-5 its context is empty',
    change: as(11, Certificate, (v) => ({ ...v, requestContext: Uint8Array.of(1) })),
    code: 'ERR_REQUEST_CONTEXT',
    alert: 47,
  },
  {
    rule: '§4.5.1-6 its extensions were asked for',
    change: as(11, Certificate, (v) => ({
      ...v,
      entries: v.entries.map((entry) => put<typeof entry>(18, 0, 3, 0, 1, 1)(entry)),
    })),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  { rule: '§4.5.1-1 it is there', change: dropped(11), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: 'a certificate that is not trusted',
    change: another(),
    code: 'ERR_PEER_REFUSED',
    alert: 48,
  },
  { rule: '§4.5.2-8 §4.5.2-9 the signature is right', change: lastByte(15), code: 'ERR_BAD_SIGNATURE', alert: 51 },
  {
    rule: '§4.5.2-4 §4.5.2-7 its scheme was offered',
    change: body(15, (bytes) => bytes.with(0, 2).with(1, 1)),
    code: 'ERR_SCHEME_NOT_OFFERED',
    alert: 47,
  },
  {
    rule: '§4.5.2-6 and is one for its key',
    client: { verifier: keyIs({ kind: 'ed448', key: new Uint8Array(57) }) },
    change: another(),
    code: 'ERR_SCHEME_KEY',
    alert: 47,
  },
  {
    rule: 'a certificate with a key that cannot be used',
    client: { verifier: { verify: ({ chain }) => ({ ok: true, publicKey: X25519_KEY, path: chain }) } },
    change: another(),
    code: 'ERR_CERTIFICATE_UNREADABLE',
    alert: 42,
  },
  { rule: '§4.5.2-1 §4.5.2-3 it is there', change: dropped(15), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '§4.5.2-3 it comes once', change: twice(15), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '§4.5.3-1 Finished is right', change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  {
    rule: '§6-5 Finished has the length of the hash',
    change: body(20, (bytes) => bytes.slice(1)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  {
    rule: '§5.1-5 §4.7.3-8 nothing shares the record with Finished',
    change: twice(20),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  {
    rule: '§4.6-3 a server does not end early data',
    change: before(20, 5, 0, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.7.3-1 no KeyUpdate before Finished',
    change: before(8, 24, 0, 0, 1, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  { rule: '§4-2 no unknown message', change: before(8, 99, 0, 0, 0), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  // Afterwards
  {
    rule: '§4.7.3-4 request_update is 0 or 1',
    change: body(24, () => Uint8Array.of(2)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_KEY_UPDATE',
    alert: 47,
  },
  {
    rule: '§6-5 KeyUpdate has one byte',
    change: body(24, () => Uint8Array.of(0, 0)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: '§5.1-5 nothing shares its record',
    change: twice(24),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  {
    rule: '§4.7.3-3 §4.7.3-7 keys change with it',
    change: dropped(24),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  {
    rule: '§4.7.2-5 a request afterwards was not offered',
    ...mutual,
    change: message(24, () => Uint8Array.of(13, 0, 0, 12, 1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.7.1-5 a ticket lives for seven days at most',
    ...remembered(),
    change: as(4, NewSessionTicket, (v) => ({ ...v, lifetime: 604_801 })),
  },
  {
    rule: '§4.7.1-8 what is unknown in a ticket',
    ...remembered(),
    change: as(4, NewSessionTicket, put(0x1234, 1)),
  },
  {
    rule: '§6-5 a ticket has at least a byte',
    ...remembered(),
    change: body(4, () => Uint8Array.of(0, 0, 0, 100, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  {
    rule: '§4-2 EncryptedExtensions afterwards',
    change: message(24, () => encodeHandshake(8, Uint8Array.of(0, 0))),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
];

function withPsk(): Pick<Row, 'client' | 'server'> {
  const psks = [{ identity: Uint8Array.of(1), secret: new Uint8Array(32).fill(1) }];
  return { client: { psks }, server: { psks } };
}

function lower(): Pick<Row, 'client' | 'server'> {
  return { client: { protocols: [client13, client12] }, server: { protocols: [server12] } };
}

function tail(text: string): Change {
  return hello((value) => {
    const random = value.random.slice();
    random.set(
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
      24,
    );
    return { ...value, random };
  });
}
