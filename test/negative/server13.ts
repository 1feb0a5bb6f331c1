import { concat } from '../../src/bytes/bytes.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { client13 } from '../../src/handshake/tls13/client/client.ts';
import { server13 } from '../../src/handshake/tls13/server/server.ts';
import { ClientHello } from '../../src/wire/hello.ts';
import { Certificate } from '../../src/wire/messages13.ts';
import { toyCredential, toyVerifier } from '../support/toy.ts';
import type { Change } from '../../src/testkit/misbehaving.ts';
import {
  after,
  as,
  before,
  body,
  doubled,
  dropped,
  lastByte,
  message,
  put,
  type Row,
  twice,
  without,
} from './confront.ts';

/** What a client may not do with TLS 1.3, and what a server makes of it. */

const plain = { client: { grease: false } } as const;
const mutual = {
  client: { credential: toyCredential, grease: false },
  server: { clientAuth: 'require', verifier: toyVerifier },
} as const;
const retried = { client: { keyShares: [], grease: false }, server: { retryCookie: true } } as const;
const hello = (change: (value: ClientHello) => ClientHello, nth = 0): Change => as(1, ClientHello, change, nth);
const share = (id: number, ...bytes: number[]): number[] => [id >> 8, id & 255, 0, bytes.length, ...bytes];
const shares = (...list: number[][]): number[] => {
  const all = list.flat();
  return [all.length >> 8, all.length & 255, ...all];
};

export const SERVER_13: readonly Row[] = [
  // ClientHello
  {
    rule: '§4.2.2-7 legacy_version is 0x0303',
    change: hello((v) => ({ ...v, legacyVersion: 0x0302 })),
    code: 'ERR_LEGACY_VERSION',
    alert: 70,
  },
  {
    rule: '§4.2.2-11 §4.2.2-12 no compression but none',
    change: hello((v) => ({ ...v, legacyCompressionMethods: Uint8Array.of(1, 0) })),
    code: 'ERR_COMPRESSION',
    alert: 47,
  },
  {
    rule: '§4.3-2 §4.3-1 nothing is left over in an extension',
    change: hello(put(43, 2, 3, 4, 0)),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: '§4.2.2-15 §4.2.2-16 §6-5 nothing is left over in the message',
    change: body(1, (bytes) => concat(bytes, Uint8Array.of(0))),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  { rule: '§6-5 nothing is missing', change: body(1, (bytes) => bytes.slice(0, -1)), code: 'ERR_DECODE', alert: 50 },
  {
    rule: '§4.3-7 no extension twice',
    ...plain,
    change: hello(doubled(43)),
    code: 'ERR_DUPLICATE_EXTENSION',
    alert: 47,
  },
  {
    rule: '§4.3.1-2 §E.2-2 §E.2-3 without supported_versions it is an old client',
    change: hello(without(43)),
    code: 'ERR_VERSION',
    alert: 70,
  },
  {
    rule: '§4.3.1-5 §4.3.1-3 §E.2-1 with it, only what is in it',
    change: hello(put(43, 2, 3, 3)),
    code: 'ERR_VERSION',
    alert: 70,
  },
  { rule: '§4.3.1-4 §9.3-4 unknown versions are ignored', change: hello(put(43, 6, 0x7f, 0x1c, 3, 5, 3, 4)) },
  {
    rule: '§9.2-9 §9.2-10 §9.2-11 §9.2-12 §9.2-5 groups are named',
    ...plain,
    change: hello(without(10)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§9.2-11 §9.2-12 §9.2-6 shares are there',
    ...plain,
    change: hello(without(51)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.3.3-3 §9.2-10 §9.2-4 §4.3.3-2 schemes are named',
    ...plain,
    change: hello(without(13)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.3.8-3 one share for a group',
    ...plain,
    change: hello(put(51, ...shares(share(0x1d, 1), share(0x1d, 2)))),
    code: 'ERR_KEY_SHARE_ORDER',
    alert: 47,
  },
  {
    rule: '§4.3.8-4 §4.3.8-1 no share for a group that is not named',
    ...plain,
    change: hello(put(51, ...shares(share(0x18, 1)))),
    code: 'ERR_KEY_SHARE_ORDER',
    alert: 47,
  },
  {
    rule: '§4.3.7-1 no group twice',
    ...plain,
    change: hello(put(10, 0, 4, 0, 0x1d, 0, 0x1d)),
    code: 'ERR_ILLEGAL_PARAMETER',
    alert: 47,
  },
  {
    rule: '§6-6 the share is one of its group',
    ...plain,
    change: hello(put(51, ...shares(share(0x1d, 1, 2, 3)))),
    code: 'ERR_BAD_KEY_SHARE',
    alert: 47,
  },
  {
    rule: '§4.3.9-1 §4.3.9-2 §4.3.9-3 §9.2-8 a PSK comes with its modes',
    ...withPsk(),
    change: hello(without(45)),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.3.11-10 §4.3.11-11 §4.3-6 pre_shared_key is the last',
    ...withPsk(),
    change: hello((v) => ({ ...v, extensions: [v.extensions.at(-1)!, ...v.extensions.slice(0, -1)] })),
    code: 'ERR_EXTENSION_ORDER',
    alert: 47,
  },
  { rule: '§4.3.11-4 §4.3.11-5 the binder fits', ...withPsk(), change: lastByte(1), code: 'ERR_BAD_BINDER', alert: 51 },
  {
    rule: '§4.3.11-5 the binder covers the message',
    ...withPsk(),
    change: hello((v) => ({ ...v, random: v.random.map((byte) => byte ^ 1) })),
    code: 'ERR_BAD_BINDER',
    alert: 51,
  },
  {
    rule: '§4.2.1-4 §2.1-1 a suite in common',
    ...plain,
    change: hello((v) => ({ ...v, cipherSuites: [0x1304] })),
    code: 'ERR_NO_SHARED_SUITE',
    alert: 40,
  },
  {
    rule: '§4.2.1-1 §4.2.1-4 a group in common',
    ...plain,
    change: hello((v) => put<ClientHello>(51, 0, 0)(put<ClientHello>(10, 0, 2, 0, 0x18)(v))),
    code: 'ERR_NO_SHARED_GROUP',
    alert: 40,
  },
  {
    rule: 'RFC 7301 section 3.2: a protocol in common',
    client: { alpn: ['a'] },
    server: { alpn: ['a'] },
    change: hello(put(16, 0, 2, 1, 98)),
    code: 'ERR_NO_SHARED_ALPN',
    alert: 120,
  },
  {
    rule: '§4.2.2-10 §4.2.2-14 §9.3-4 what is unknown is ignored',
    change: hello((v) => put<ClientHello>(0x1234, 1, 2, 3)({ ...v, cipherSuites: [0x1a2b, ...v.cipherSuites] })),
  },
  { rule: '§4.5.1.1-3 §4.5.1.1-2 status_request_v2 too', ...plain, change: hello(put(17, 0, 7, 2, 0, 4, 0, 0, 0, 0)) },
  {
    rule: 'RFC 7301 section 3.1: a protocol has a name',
    change: hello(put(16, 0, 1, 0)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  {
    rule: 'RFC 6066 section 3: one name of a host',
    client: { grease: false },
    change: hello(put(0, 0, 4, 0, 0, 1, 0)),
    code: 'ERR_ILLEGAL_PARAMETER',
    alert: 47,
  },
  {
    rule: 'RFC 8449 section 4: a limit of 64 at least',
    change: hello(put(28, 0, 63)),
    code: 'ERR_RECORD_SIZE_LIMIT',
    alert: 47,
  },
  { rule: '§5.1-5 nothing shares its record', change: after(1, 20, 0, 0, 0), code: 'ERR_LEFTOVER_BYTES', alert: 10 },
  { rule: '§4.2.2-1 §4-2 it comes first', change: before(1, 20, 0, 0, 0), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  // The second ClientHello
  {
    rule: '§4.2.2-2 it is the same',
    ...retried,
    change: hello((v) => ({ ...v, random: v.random.map((byte) => byte ^ 1) }), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.2.2-2 §4.2.4-8 with the same suites',
    ...retried,
    change: hello((v) => ({ ...v, cipherSuites: [...v.cipherSuites].reverse() }), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.2.2-2 and nothing new',
    ...retried,
    change: hello(put(0x1234, 1), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.3.10-5 no early data in it',
    ...retried,
    change: hello(put(42), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.3.2-1 the cookie comes back',
    ...retried,
    change: hello(without(44), 1),
    code: 'ERR_MISSING_EXTENSION',
    alert: 109,
  },
  {
    rule: '§4.3.2-1 as it was',
    ...retried,
    change: hello(
      (v) => ({
        ...v,
        extensions: v.extensions.map((one) =>
          one.type === 44 ? { ...one, data: one.data.map((byte, index) => (index > 5 ? byte ^ 1 : byte)) } : one,
        ),
      }),
      1,
    ),
    code: 'ERR_BAD_COOKIE',
    alert: 47,
  },
  {
    rule: '§4.3.8-9 the share is that which was asked for',
    ...retried,
    change: hello(put(51, ...shares(share(0x17, 1))), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  {
    rule: '§4.3.8-9 and nothing else',
    ...retried,
    change: hello(put(51, 0, 0), 1),
    code: 'ERR_RETRY_CHANGED',
    alert: 47,
  },
  // Certificate, CertificateVerify, Finished
  {
    rule: '§4.5.1-3 §4.5.1-2 a certificate is required',
    client: { grease: false },
    server: mutual.server,
    change: (raw) => raw.slice(),
    code: 'ERR_CERTIFICATE_REQUIRED',
    alert: 116,
  },
  {
    rule: '§4.5.1-5 its context is that of the request',
    ...mutual,
    change: as(11, Certificate, (v) => ({ ...v, requestContext: Uint8Array.of(1) })),
    code: 'ERR_REQUEST_CONTEXT',
    alert: 47,
  },
  {
    rule: '§4.5.1-7 its extensions were asked for',
    ...mutual,
    change: as(11, Certificate, (v) => ({
      ...v,
      entries: v.entries.map((entry) => put<typeof entry>(18, 0, 3, 0, 1, 1)(entry)),
    })),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    rule: 'a certificate that is not trusted',
    ...mutual,
    change: as(11, Certificate, (v) => ({
      ...v,
      entries: v.entries.map((entry) => ({ ...entry, certData: Uint8Array.of(1, 2) })),
    })),
    code: 'ERR_PEER_REFUSED',
    alert: 48,
  },
  { rule: '§4.5.1-2 it is there', ...mutual, change: dropped(11), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '§4.5.1-2 but only when asked for',
    ...plain,
    change: before(20, 11, 0, 0, 4, 0, 0, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.5.2-2 §4.5.2-3 the proof is there',
    ...mutual,
    change: dropped(15),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.5.2-5 its scheme was named',
    ...mutual,
    change: body(15, (bytes) => bytes.with(0, 2).with(1, 1)),
    code: 'ERR_SCHEME_NOT_OFFERED',
    alert: 47,
  },
  {
    rule: '§4.5.2-8 §4.5.2-9 the signature is right',
    ...mutual,
    change: lastByte(15),
    code: 'ERR_BAD_SIGNATURE',
    alert: 51,
  },
  { rule: '§4.5.3-1 Finished is right', ...plain, change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  {
    rule: '§5.1-5 nothing shares the record with Finished',
    ...plain,
    change: twice(20),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  {
    rule: '§4.6-2 no end of early data that was not taken',
    ...plain,
    change: before(20, 5, 0, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.7.3-1 no KeyUpdate before Finished',
    ...plain,
    change: before(20, 24, 0, 0, 1, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  // Afterwards
  {
    rule: '§4.2.2-3 no ClientHello afterwards',
    ...plain,
    change: message(24, () => Uint8Array.of(1, 0, 0, 41, 3, 3, ...new Uint8Array(32), 0, 0, 2, 0x13, 1, 1, 0)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: 'tickets come from servers',
    ...plain,
    change: message(24, () => Uint8Array.of(4, 0, 0, 14, 0, 0, 0, 100, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '§4.7.3-4 request_update is 0 or 1',
    ...plain,
    change: body(24, () => Uint8Array.of(2)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_KEY_UPDATE',
    alert: 47,
  },
  {
    rule: '§5.1-5 nothing shares the record with KeyUpdate',
    ...plain,
    change: twice(24),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_LEFTOVER_BYTES',
    alert: 10,
  },
  {
    rule: '§4.7.3-3 keys change with it',
    ...plain,
    change: dropped(24),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_BAD_RECORD_MAC',
    alert: 20,
  },
  {
    rule: 'a certificate that was not asked for later',
    ...plain,
    change: message(24, () => Uint8Array.of(11, 0, 0, 4, 0, 0, 0, 0)),
    later: (engine) => engine.updateKeys(),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  // Old clients
  {
    rule: 'RFC 7507 section 3: a client that fell back for no reason',
    client: { protocols: [client12], grease: false },
    server: { protocols: [server13, server12] },
    change: hello((v) => ({ ...v, cipherSuites: [...v.cipherSuites, 0x5600] })),
    code: 'ERR_INAPPROPRIATE_FALLBACK',
    alert: 86,
  },
  {
    rule: '§4.3.1-6 §4.2.3-12 §E.2-2 an old client gets TLS 1.2',
    client: { protocols: [client12] },
    server: { protocols: [server13, server12] },
    change: (raw) => raw.slice(),
  },
  {
    rule: '§E.5-3 §E.5-6 §E.5-7 an older one gets nothing',
    client: { protocols: [client13] },
    change: hello((v) => ({ ...without<ClientHello>(43)(v), legacyVersion: 0x0302 })),
    code: 'ERR_VERSION',
    alert: 70,
  },
];

function withPsk(): Pick<Row, 'client' | 'server'> {
  const psks = [{ identity: Uint8Array.of(1), secret: new Uint8Array(32).fill(1) }];
  return { client: { psks, grease: false }, server: { psks } };
}
