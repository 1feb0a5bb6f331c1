import { concat } from '../../src/bytes/bytes.ts';
import { tlsEcdheRsaAes128Gcm } from '../../src/crypto/noble/suites.ts';
import { client12, server12 } from '../../src/engine/protocols12.ts';
import { ClientHello, ServerHello } from '../../src/wire/hello.ts';
import { Certificate12 } from '../../src/wire/messages12.ts';
import type { Change } from '../../src/testkit/misbehaving.ts';
import { ends } from '../support/sessions.ts';
import { toyCredential, toyProvider, toyVerifier } from '../support/toy.ts';
import {
  after,
  as,
  before,
  body,
  doubled,
  dropped,
  keyIs,
  lastByte,
  put,
  type Row,
  twice,
  without,
} from './confront.ts';

/** What a peer may not do with TLS 1.2. */

const V = { client: { protocols: [client12], grease: false }, server: { protocols: [server12] } };
const toy = toyProvider(1);
const mutual = {
  client: { ...V.client, credential: toyCredential },
  server: { ...V.server, clientAuth: 'require', verifier: toyVerifier },
} as const;
const stapled = {
  client: { ...V.client, verifier: { ...toyVerifier, wantsOcsp: true } },
  server: { ...V.server, credential: { ...toyCredential, ocspResponse: Uint8Array.of(1) } },
} as const;
const remembering = (): Pick<Row, 'client' | 'server'> => {
  const { sessions, tickets, clock } = ends();
  return { client: { ...V.client, sessions, clock }, server: { ...V.server, tickets, clock } };
};
const resuming = (): Pick<Row, 'client' | 'server'> => {
  const { sessions, tickets, clock, connect } = ends(V.client, V.server);
  connect();
  return { client: { ...V.client, sessions, clock }, server: { ...V.server, tickets, clock } };
};
const sh = (change: (value: ServerHello) => ServerHello): Change => as(2, ServerHello, change);
const ch = (change: (value: ClientHello) => ClientHello): Change => as(1, ClientHello, change);

export const CLIENT_12: readonly Row[] = [
  {
    rule: 'RFC 7627 section 5.2: extended_master_secret is there, where it is required',
    ...V,
    client: { ...V.client, requireExtendedMasterSecret: true },
    change: sh(without(23)),
    code: 'ERR_EXTENDED_MASTER_SECRET',
    alert: 40,
  },
  {
    rule: 'RFC 5746 section 3.4: renegotiation_info is there',
    ...V,
    change: sh(without(0xff01)),
    code: 'ERR_RENEGOTIATION_INFO',
    alert: 40,
  },
  {
    rule: 'RFC 5746 section 3.4: and empty',
    ...V,
    change: sh(put(0xff01, 1, 1)),
    code: 'ERR_RENEGOTIATION_INFO',
    alert: 40,
  },
  {
    rule: '7.4.1.3: the suite was offered',
    ...V,
    change: sh((v) => ({ ...v, cipherSuite: 0xc02c })),
    code: 'ERR_SELECTED_SUITE',
    alert: 47,
  },
  {
    rule: '7.4.1.3: nothing is compressed',
    ...V,
    change: sh((v) => ({ ...v, legacyCompressionMethod: 1 })),
    code: 'ERR_COMPRESSION',
    alert: 47,
  },
  {
    rule: '¶7.4.1.4-2 ¶7.4.1.4-1 7.4.1.4: answers are to what was asked',
    ...V,
    change: sh(put(0x1234)),
    code: 'ERR_UNSUPPORTED_EXTENSION',
    alert: 110,
  },
  {
    rule: '¶7.4.1.4-3 7.4.1.4: no extension twice',
    ...V,
    change: sh(doubled(23)),
    code: 'ERR_DUPLICATE_EXTENSION',
    alert: 47,
  },
  {
    rule: 'RFC 8422 section 5.1.2: uncompressed points',
    ...V,
    change: sh(put(11, 1, 1)),
    code: 'ERR_POINT_FORMAT',
    alert: 47,
  },
  {
    rule: 'RFC 7301 section 3.1: the protocol was offered',
    client: { ...V.client, alpn: ['a'] },
    server: { ...V.server, alpn: ['a'] },
    change: sh(put(16, 0, 2, 1, 98)),
    code: 'ERR_SELECTED_ALPN',
    alert: 47,
  },
  {
    rule: 'RFC 6066 section 4: the length was asked for',
    client: { ...V.client, maxFragmentLength: 1024 },
    server: V.server,
    change: sh(put(1, 3)),
    code: 'ERR_MAX_FRAGMENT_LENGTH',
    alert: 47,
  },
  {
    rule: '7.4.2: the server shows something',
    ...V,
    change: as(11, Certificate12, () => ({ chain: [] })),
    code: 'ERR_EMPTY_CERTIFICATE',
    alert: 50,
  },
  { rule: '¶7.4.2-1 7.4.2: it is there', ...V, change: dropped(11), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '7.4.2: once', ...V, change: twice(11), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: 'a certificate that is not trusted',
    ...V,
    change: as(11, Certificate12, () => ({ chain: [Uint8Array.of(1)] })),
    code: 'ERR_PEER_REFUSED',
    alert: 48,
  },
  {
    rule: 'RFC 6066 section 8: no CertificateStatus that was not promised',
    ...V,
    change: after(11, 22, 0, 0, 5, 1, 0, 0, 1, 1),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: 'RFC 6066 section 8: one that was promised is a response',
    ...stapled,
    change: body(22, () => Uint8Array.of(2, 0, 0, 1, 1)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  { rule: '7.4.3: the parameters are there', ...V, change: dropped(12), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '7.4.3: once', ...V, change: twice(12), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  { rule: '7.4.3: signed', ...V, change: lastByte(12), code: 'ERR_BAD_SIGNATURE', alert: 51 },
  {
    rule: '7.4.3: the share too',
    ...V,
    change: body(12, (b) => b.with(10, b[10]! ^ 1)),
    code: 'ERR_BAD_SIGNATURE',
    alert: 51,
  },
  {
    rule: 'RFC 8422 section 5.4: a named curve',
    ...V,
    change: body(12, (b) => b.with(0, 1)),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  {
    rule: 'RFC 8422 section 5.4: which was offered',
    ...V,
    change: body(12, (b) => b.with(2, 0x18)),
    code: 'ERR_SELECTED_GROUP',
    alert: 47,
  },
  {
    rule: '¶7.4.3-2 ¶7.4.1.4.1-6 7.4.3: by a scheme that was offered',
    ...V,
    change: body(12, (b) => b.with(36, 2).with(37, 1)),
    code: 'ERR_SCHEME_NOT_OFFERED',
    alert: 47,
  },
  {
    rule: '¶7.4.3-4 7.4.3: which is one for its key',
    ...V,
    client: { ...V.client, verifier: keyIs({ kind: 'ed448', key: new Uint8Array(57) }) },
    change: as(11, Certificate12, () => ({ chain: [Uint8Array.of(1)] })),
    code: 'ERR_SCHEME_KEY',
    alert: 47,
  },
  {
    rule: '¶7.4.2-6 ¶7.4.2-8 7.4.2: the key goes with the suite',
    ...V,
    client: { ...V.client, crypto: { ...toy, suites: [...toy.suites, tlsEcdheRsaAes128Gcm] } },
    server: { ...V.server, suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
    change: sh((v) => ({ ...v, cipherSuite: 0xc02f })),
    code: 'ERR_CERTIFICATE_KEY_KIND',
    alert: 43,
  },
  {
    rule: '7.4.3: nothing is left over',
    ...V,
    change: body(12, (b) => concat(b, Uint8Array.of(0))),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  { rule: '7.4.4: a request comes once', ...mutual, change: twice(13), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '7.4.5: ServerHelloDone is empty',
    ...V,
    change: body(14, () => Uint8Array.of(0)),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: 'RFC 5077 section 3.3: no ticket that was not promised',
    ...V,
    change: before(20, 4, 0, 0, 7, 0, 0, 0, 9, 0, 1, 1),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: 'RFC 5077 section 3.3: one that was promised comes',
    ...remembering(),
    change: dropped(4),
    code: 'ERR_BAD_CCS',
    alert: 10,
  },
  { rule: 'RFC 5077 section 3.3: once', ...remembering(), change: twice(4), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: 'RFC 5077 section 3.3: and may be empty',
    ...remembering(),
    change: body(4, () => Uint8Array.of(0, 0, 0, 0, 0, 0)),
  },
  { rule: '¶7.4.9-1 7.4.9: Finished is right', ...V, change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  {
    rule: '¶7.4.9-4 7.4.9: and has twelve bytes',
    ...V,
    change: body(20, (b) => b.slice(1)),
    code: 'ERR_DECODE',
    alert: 50,
  },
  { rule: '7.3: of a resumed session too', ...resuming(), change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  {
    rule: '7.4.1.3: a resumed session keeps its suite',
    ...resuming(),
    change: sh((v) => ({ ...v, cipherSuite: 0xcca9 })),
    code: 'ERR_SELECTED_SUITE',
    alert: 47,
  },
  { rule: 'RFC 7627 section 5.3: and what binds it', ...shorn() },
  {
    rule: '¶6-2 7.3: no unknown message',
    ...V,
    change: before(11, 99, 0, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: '¶7.4-1 7.3: nothing of TLS 1.3',
    ...V,
    change: before(11, 8, 0, 0, 2, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
];

export const SERVER_12: readonly Row[] = [
  {
    rule: 'RFC 7627 section 5.3: extended_master_secret is there, where it is required',
    ...V,
    server: { ...V.server, requireExtendedMasterSecret: true },
    change: ch(without(23)),
    code: 'ERR_EXTENDED_MASTER_SECRET',
    alert: 40,
  },
  {
    rule: 'RFC 5746 section 3.6: renegotiation_info is empty',
    ...V,
    change: ch(put(0xff01, 1, 1)),
    code: 'ERR_RENEGOTIATION_INFO',
    alert: 40,
  },
  {
    rule: '¶7.4.1.2-5 7.4.1.2: null compression is offered',
    ...V,
    change: ch((v) => ({ ...v, legacyCompressionMethods: Uint8Array.of(1) })),
    code: 'ERR_COMPRESSION',
    alert: 47,
  },
  {
    rule: '§4.2.2-13 7.4.1.2: others may be',
    ...V,
    change: ch((v) => ({ ...v, legacyCompressionMethods: Uint8Array.of(1, 0) })),
  },
  {
    rule: '¶E.1-3 ¶E.1-1 appendix E: an older version',
    ...V,
    change: ch((v) => ({ ...v, legacyVersion: 0x0302 })),
    code: 'ERR_VERSION',
    alert: 70,
  },
  {
    rule: '¶E.1-2 appendix E: a newer one is met half way',
    ...V,
    change: ch((v) => ({ ...v, legacyVersion: 0x0305 })),
  },
  {
    rule: '¶7.4.1.2-2 7.4.1.3: a suite in common',
    ...V,
    change: ch((v) => ({ ...v, cipherSuites: [0xc014] })),
    code: 'ERR_NO_SHARED_SUITE',
    alert: 40,
  },
  {
    rule: 'RFC 8422 section 4: a curve in common',
    ...V,
    change: ch(put(10, 0, 2, 0, 0x18)),
    code: 'ERR_NO_SHARED_GROUP',
    alert: 40,
  },
  {
    rule: 'RFC 8422 section 5.1.2: uncompressed points',
    ...V,
    change: ch(put(11, 1, 1)),
    code: 'ERR_POINT_FORMAT',
    alert: 47,
  },
  { rule: '7.4.1.4: no extension twice', ...V, change: ch(doubled(23)), code: 'ERR_DUPLICATE_EXTENSION', alert: 47 },
  { rule: '7.4.1.4: unknown ones are ignored', ...V, change: ch(put(0x1234, 1, 2)) },
  {
    rule: '¶7.4.1.2-6 7.4.1.2: nothing is left over',
    ...V,
    change: body(1, (b) => concat(b, Uint8Array.of(0))),
    code: 'ERR_TRAILING_BYTES',
    alert: 50,
  },
  {
    rule: 'RFC 8422 section 5.11: the point is one',
    ...V,
    change: body(16, () => Uint8Array.of(3, 1, 2, 3)),
    code: 'ERR_BAD_KEY_SHARE',
    alert: 47,
  },
  { rule: '¶7.4.7-1 7.4.7: it is there', ...V, change: dropped(16), code: 'ERR_BAD_CCS', alert: 10 },
  { rule: '¶7.4.7-2 7.4.7: once', ...V, change: twice(16), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '7.4.6: a certificate is required',
    client: V.client,
    server: mutual.server,
    change: (raw) => raw.slice(),
    code: 'ERR_CERTIFICATE_REQUIRED_12',
    alert: 40,
  },
  { rule: '¶7.3-2 7.4.6: it is there', ...mutual, change: dropped(11), code: 'ERR_UNEXPECTED_MESSAGE', alert: 10 },
  {
    rule: '7.4.6: but only when asked for',
    ...V,
    change: before(16, 11, 0, 0, 3, 0, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  {
    rule: 'a certificate that is not trusted',
    ...mutual,
    change: as(11, Certificate12, () => ({ chain: [Uint8Array.of(1)] })),
    code: 'ERR_PEER_REFUSED',
    alert: 48,
  },
  { rule: '7.4.8: the proof is there', ...mutual, change: dropped(15), code: 'ERR_BAD_CCS', alert: 10 },
  { rule: '7.4.8: it is right', ...mutual, change: lastByte(15), code: 'ERR_BAD_SIGNATURE', alert: 51 },
  {
    rule: '¶7.4.8-2 ¶7.4.6-6 ¶7.4.6-4 7.4.8: by a scheme that was named',
    ...mutual,
    change: body(15, (b) => b.with(0, 2).with(1, 1)),
    code: 'ERR_SCHEME_NOT_OFFERED',
    alert: 47,
  },
  {
    rule: '¶7.4.8-1 7.4.8: only behind a certificate',
    ...V,
    change: after(16, 15, 0, 0, 4, 8, 7, 0, 0),
    code: 'ERR_UNEXPECTED_MESSAGE',
    alert: 10,
  },
  { rule: '7.4.9: Finished is right', ...V, change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  { rule: '7.3: of a resumed session too', ...resuming(), change: lastByte(20), code: 'ERR_BAD_FINISHED', alert: 51 },
  {
    rule: 'RFC 7627 section 5.3: a resumed session keeps what binds it',
    ...resumingAt(),
    change: ch(without(23)),
    code: 'ERR_EXTENDED_MASTER_SECRET',
    alert: 40,
  },
  {
    rule: 'RFC 5077 section 3.4: a ticket that is none costs a handshake',
    ...resuming(),
    change: ch(put(35, 1, 2, 3)),
  },
];

/** The client thinks that the session is resumed, and is told so without what binds it. */
function shorn(): Pick<Row, 'client' | 'server' | 'change' | 'code' | 'alert'> {
  const { client, server } = resuming();
  return {
    client: client!,
    server: server!,
    change: sh(without(23)),
    code: 'ERR_EXTENDED_MASTER_SECRET',
    alert: 40,
  };
}

function resumingAt(): Pick<Row, 'client' | 'server'> {
  const { client, server } = resuming();
  return { client: client!, server: server! };
}
