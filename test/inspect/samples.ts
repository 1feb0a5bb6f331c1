import { concat } from '../../src/bytes/bytes.ts';
import { type Codec, encode } from '../../src/wire/codec.ts';
import { writeExtension } from '../../src/wire/extension.ts';
import { alpn } from '../../src/wire/extensions/alpn.ts';
import { cookie } from '../../src/wire/extensions/cookie.ts';
import { earlyData } from '../../src/wire/extensions/early-data.ts';
import { keyShare } from '../../src/wire/extensions/key-share.ts';
import { preSharedKey } from '../../src/wire/extensions/pre-shared-key.ts';
import { serverName } from '../../src/wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../../src/wire/extensions/signature-algorithms.ts';
import { signedCertificateTimestamp } from '../../src/wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../../src/wire/extensions/status-request.ts';
import { supportedGroups } from '../../src/wire/extensions/supported-groups.ts';
import { supportedVersions } from '../../src/wire/extensions/supported-versions.ts';
import { encodeHandshake } from '../../src/wire/handshake.ts';
import { ClientHello, HELLO_RETRY_RANDOM, ServerHello } from '../../src/wire/hello.ts';
import * as m12 from '../../src/wire/messages12.ts';
import * as m13 from '../../src/wire/messages13.ts';

/** Whole handshakes, message by message, for what looks at them. */

const message = <T>(type: number, codec: Codec<T>, value: T): Uint8Array => encodeHandshake(type, encode(codec, value));
const none = new Uint8Array(0);
const random = Uint8Array.from({ length: 32 }, (_, i) => i);

export const clientHello: Uint8Array = message(1, ClientHello, {
  legacyVersion: 0x0303,
  random,
  legacySessionId: new Uint8Array(32).fill(0xee),
  cipherSuites: [0x1a1a, 0x1301, 0x1303, 0xc02f],
  legacyCompressionMethods: Uint8Array.of(0),
  extensions: [
    { type: 0x2a2a, data: none },
    writeExtension(serverName, 'ClientHello', 'example.com'),
    writeExtension(supportedGroups, 'ClientHello', [0x11ec, 0x001d]),
    writeExtension(statusRequest, 'ClientHello', { responderIds: [], requestExtensions: none }),
    writeExtension(alpn, 'ClientHello', ['h2', 'http/1.1']),
    writeExtension(signatureAlgorithms, 'ClientHello', [0x0403, 0x0804, 0x0401, 0x0807, 0x0808]),
    writeExtension(signedCertificateTimestamp, 'ClientHello', undefined),
    writeExtension(supportedVersions, 'ClientHello', [0x0304, 0x0303]),
    writeExtension(cookie, 'ClientHello', Uint8Array.of(1, 2, 3, 4, 5)),
    writeExtension(keyShare, 'ClientHello', [{ group: 0x001d, keyExchange: new Uint8Array(32).fill(0x55) }]),
    writeExtension(earlyData, 'ClientHello', undefined),
    writeExtension(preSharedKey, 'ClientHello', {
      identities: [{ identity: Uint8Array.of(9, 9), obfuscatedTicketAge: 77 }],
      binders: [new Uint8Array(32).fill(0xbb)],
    }),
  ],
});

const serverBase = { legacyVersion: 0x0303, legacySessionIdEcho: none, legacyCompressionMethod: 0 };

export const helloRetryRequest: Uint8Array = message(2, ServerHello, {
  ...serverBase,
  random: HELLO_RETRY_RANDOM,
  cipherSuite: 0x1301,
  extensions: [
    writeExtension(supportedVersions, 'HelloRetryRequest', 0x0304),
    writeExtension(keyShare, 'HelloRetryRequest', 0x0017),
    writeExtension(cookie, 'HelloRetryRequest', Uint8Array.of(7)),
  ],
});

export const serverHello: Uint8Array = message(2, ServerHello, {
  ...serverBase,
  random,
  cipherSuite: 0x1301,
  extensions: [
    writeExtension(keyShare, 'ServerHello', { group: 0x001d, keyExchange: new Uint8Array(32).fill(0x66) }),
    writeExtension(supportedVersions, 'ServerHello', 0x0304),
  ],
});

export const flight13: readonly Uint8Array[] = [
  message(8, m13.EncryptedExtensions, {
    extensions: [
      writeExtension(alpn, 'EncryptedExtensions', ['h2']),
      writeExtension(serverName, 'EncryptedExtensions', undefined),
    ],
  }),
  message(13, m13.CertificateRequest, {
    requestContext: none,
    extensions: [writeExtension(signatureAlgorithms, 'CertificateRequest', [0x0403])],
  }),
  message(11, m13.Certificate, {
    requestContext: none,
    entries: [
      {
        certData: new Uint8Array(300).fill(0x30),
        extensions: [writeExtension(statusRequest, 'Certificate', { response: new Uint8Array(40) })],
      },
      { certData: new Uint8Array(1).fill(0x30), extensions: [] },
    ],
  }),
  message(15, m13.CertificateVerify, { scheme: 0x0403, signature: new Uint8Array(70) }),
  encodeHandshake(20, new Uint8Array(32)),
  message(4, m13.NewSessionTicket, {
    lifetime: 7200,
    ageAdd: 5,
    nonce: Uint8Array.of(0),
    ticket: new Uint8Array(20),
    extensions: [writeExtension(earlyData, 'NewSessionTicket', 16384)],
  }),
  message(24, m13.KeyUpdate, { requestUpdate: 1 }),
];

export const handshake13: Uint8Array = concat(clientHello, serverHello, ...flight13);

export const handshake12: Uint8Array = concat(
  clientHello,
  message(2, ServerHello, {
    ...serverBase,
    random: concat(new Uint8Array(24), Uint8Array.from([...'DOWNGRD'].map((c) => c.charCodeAt(0)).concat(1))),
    cipherSuite: 0xc02f,
    extensions: [],
  }),
  message(11, m12.Certificate12, { chain: [new Uint8Array(5)] }),
  message(22, m12.CertificateStatus, { response: new Uint8Array(9) }),
  message(12, m12.ServerKeyExchangeEcdhe, {
    params: { curveType: 3, group: 0x001d, point: new Uint8Array(32) },
    signed: { scheme: 0x0804, signature: new Uint8Array(10) },
  }),
  message(13, m12.CertificateRequest12, {
    certificateTypes: Uint8Array.of(64, 1),
    signatureAlgorithms: [0x0403],
    authorities: [Uint8Array.of(0x30, 0)],
  }),
  message(14, m12.ServerHelloDone, undefined),
  message(16, m12.ClientKeyExchangeEcdhe, { point: new Uint8Array(32) }),
  message(15, m12.CertificateVerify12, { scheme: 0x0403, signature: new Uint8Array(8) }),
  message(4, m12.NewSessionTicket12, { lifetimeHint: 300, ticket: new Uint8Array(12) }),
  message(20, m12.Finished12, { verifyData: new Uint8Array(12) }),
);
