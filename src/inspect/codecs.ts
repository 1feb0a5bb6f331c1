import { lazy } from '../bytes/lazy.ts';
import { equalBytes } from '../bytes/bytes.ts';
import { type Codec, decode, empty, rest, struct } from '../wire/codec.ts';
import { classifyServerHello } from '../wire/classify.ts';
import type { AnyExtension, Carrier } from '../wire/extension.ts';
import { alpn } from '../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../wire/extensions/certificate-authorities.ts';
import { clientCertificateType } from '../wire/extensions/client-certificate-type.ts';
import { compressCertificate } from '../wire/extensions/compress-certificate.ts';
import { cookie } from '../wire/extensions/cookie.ts';
import { earlyData } from '../wire/extensions/early-data.ts';
import { ecPointFormats } from '../wire/extensions/ec-point-formats.ts';
import { encryptThenMac } from '../wire/extensions/encrypt-then-mac.ts';
import { extendedMainSecret } from '../wire/extensions/extended-main-secret.ts';
import { keyShare } from '../wire/extensions/key-share.ts';
import { maxFragmentLength } from '../wire/extensions/max-fragment-length.ts';
import { oidFilters } from '../wire/extensions/oid-filters.ts';
import { padding } from '../wire/extensions/padding.ts';
import { postHandshakeAuth } from '../wire/extensions/post-handshake-auth.ts';
import { preSharedKey } from '../wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../wire/extensions/psk-key-exchange-modes.ts';
import { recordSizeLimit } from '../wire/extensions/record-size-limit.ts';
import { renegotiationInfo } from '../wire/extensions/renegotiation-info.ts';
import { serverCertificateType } from '../wire/extensions/server-certificate-type.ts';
import { serverName } from '../wire/extensions/server-name.ts';
import { sessionTicket } from '../wire/extensions/session-ticket.ts';
import { signatureAlgorithms } from '../wire/extensions/signature-algorithms.ts';
import { signatureAlgorithmsCert } from '../wire/extensions/signature-algorithms-cert.ts';
import { signedCertificateTimestamp } from '../wire/extensions/signed-certificate-timestamp.ts';
import { statusRequest } from '../wire/extensions/status-request.ts';
import { supportedGroups } from '../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { ClientHello, HELLO_RETRY_RANDOM, ServerHello } from '../wire/hello.ts';
import * as ids from '../wire/ids.ts';
import * as m12 from '../wire/messages12.ts';
import * as m13 from '../wire/messages13.ts';
import { suiteName } from './names.ts';

/** What has to be known of a connection to read its next handshake message: a type means another thing in each version. */
export interface Setting {
  /** 0x0303 or 0x0304. */
  readonly version: number;
  /** Kind of key exchange, of TLS 1.2 only. */
  readonly exchange: 'ecdhe' | 'dhe' | 'rsa';
}

/** How a message is read: by which name, by which codec, and what its extensions are extensions of. */
export interface Reading {
  readonly name: string;
  readonly rfc: string;
  readonly codec: Codec<unknown>;
  readonly carrier?: Carrier;
}

interface Finished {
  readonly verifyData: Uint8Array;
}

interface Opaque {
  readonly content: Uint8Array;
}

/** Until a ServerHello says something else. */
export const FIRST_SETTING: Setting = { version: ids.TLS_1_3, exchange: 'ecdhe' };

/** What the setting is after this message: a ServerHello decides. */
export function settingAfter(type: number, body: Uint8Array, before: Setting): Setting {
  if (type !== ids.HANDSHAKE_SERVER_HELLO) return before;
  const hello = attempt(() => decode(ServerHello, body));
  if (hello === undefined || classifyServerHello(hello) !== 'ServerHello12') return { ...before, version: ids.TLS_1_3 };
  const suite = suiteName(hello.cipherSuite);
  return {
    version: ids.TLS_1_2,
    exchange: suite.includes('_ECDHE_') ? 'ecdhe' : suite.includes('_DHE_') ? 'dhe' : 'rsa',
  };
}

/** How to read a message of this type. `body` is without the header. */
export function readingOf(type: number, body: Uint8Array, setting: Setting): Reading {
  const old = setting.version < ids.TLS_1_3;
  switch (type) {
    case ids.HANDSHAKE_HELLO_REQUEST:
      return reading('HelloRequest', 'RFC 5246 section 7.4.1.1', m12.HelloRequest);
    case ids.HANDSHAKE_CLIENT_HELLO:
      return reading('ClientHello', 'RFC 9846 section 4.2.2', ClientHello, 'ClientHello');
    case ids.HANDSHAKE_SERVER_HELLO:
      return serverHelloReading(body);
    case ids.HANDSHAKE_NEW_SESSION_TICKET:
      return old
        ? reading('NewSessionTicket', 'RFC 5077 section 3.3', m12.NewSessionTicket12)
        : reading('NewSessionTicket', 'RFC 9846 section 4.7.1', m13.NewSessionTicket, 'NewSessionTicket');
    case ids.HANDSHAKE_END_OF_EARLY_DATA:
      return reading('EndOfEarlyData', 'RFC 9846 section 4.6', empty);
    case ids.HANDSHAKE_ENCRYPTED_EXTENSIONS:
      return reading('EncryptedExtensions', 'RFC 9846 section 4.4.1', m13.EncryptedExtensions, 'EncryptedExtensions');
    case ids.HANDSHAKE_CERTIFICATE:
      return old
        ? reading('Certificate', 'RFC 5246 section 7.4.2', m12.Certificate12)
        : reading('Certificate', 'RFC 9846 section 4.5.1', m13.Certificate, 'Certificate');
    case ids.HANDSHAKE_SERVER_KEY_EXCHANGE:
      return setting.exchange === 'dhe'
        ? reading('ServerKeyExchange', 'RFC 5246 section 7.4.3', m12.ServerKeyExchangeDhe)
        : reading('ServerKeyExchange', 'RFC 8422 section 5.4', m12.ServerKeyExchangeEcdhe);
    case ids.HANDSHAKE_CERTIFICATE_REQUEST:
      return old
        ? reading('CertificateRequest', 'RFC 5246 section 7.4.4', m12.CertificateRequest12)
        : reading('CertificateRequest', 'RFC 9846 section 4.4.2', m13.CertificateRequest, 'CertificateRequest');
    case ids.HANDSHAKE_SERVER_HELLO_DONE:
      return reading('ServerHelloDone', 'RFC 5246 section 7.4.5', m12.ServerHelloDone);
    case ids.HANDSHAKE_CERTIFICATE_VERIFY:
      return reading(
        'CertificateVerify',
        old ? 'RFC 5246 section 7.4.8' : 'RFC 9846 section 4.5.2',
        m13.CertificateVerify,
      );
    case ids.HANDSHAKE_CLIENT_KEY_EXCHANGE:
      return clientKeyExchangeReading(setting);
    case ids.HANDSHAKE_FINISHED:
      return old
        ? reading('Finished', 'RFC 5246 section 7.4.9', m12.Finished12)
        : reading('Finished', 'RFC 9846 section 4.5.3', struct<Finished>('Finished', { verifyData: rest }));
    case ids.HANDSHAKE_CERTIFICATE_STATUS:
      return reading('CertificateStatus', 'RFC 6066 section 8', m12.CertificateStatus);
    case ids.HANDSHAKE_KEY_UPDATE:
      return reading('KeyUpdate', 'RFC 9846 section 4.7.3', m13.KeyUpdate);
    case ids.HANDSHAKE_COMPRESSED_CERTIFICATE:
      return reading('CompressedCertificate', 'RFC 8879 section 4', m13.CompressedCertificate);
    case ids.HANDSHAKE_MESSAGE_HASH:
      return reading('message_hash', 'RFC 9846 section 4.1', struct<Opaque>('message_hash', { content: rest }));
    default:
      return reading(`handshake type ${type}`, 'RFC 9846 section 4', struct<Opaque>('Handshake', { content: rest }));
  }
}

/** Every extension there is a codec for. */
export function extensionFor(id: number): AnyExtension | undefined {
  return all().get(id);
}
const all: () => ReadonlyMap<number, AnyExtension> = /* @__PURE__ */ lazy(
  () => new Map(listed().map((extension) => [extension.id, extension])),
);

export function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function reading<T>(name: string, rfc: string, codec: Codec<T>, carrier?: Carrier): Reading {
  return { name, rfc, codec: codec as Codec<unknown>, ...(carrier && { carrier }) };
}

function serverHelloReading(body: Uint8Array): Reading {
  // The random stands behind two bytes of version; it is looked at even where the rest cannot be read.
  if (body.length >= 34 && equalBytes(body.subarray(2, 34), HELLO_RETRY_RANDOM)) {
    return reading('HelloRetryRequest', 'RFC 9846 section 4.2.4', ServerHello, 'HelloRetryRequest');
  }
  const hello = attempt(() => decode(ServerHello, body));
  return hello !== undefined && classifyServerHello(hello) === 'ServerHello12'
    ? reading('ServerHello', 'RFC 5246 section 7.4.1.3', ServerHello, 'ServerHello12')
    : reading('ServerHello', 'RFC 9846 section 4.2.3', ServerHello, 'ServerHello');
}

function clientKeyExchangeReading({ exchange }: Setting): Reading {
  switch (exchange) {
    case 'ecdhe':
      return reading('ClientKeyExchange', 'RFC 8422 section 5.7', m12.ClientKeyExchangeEcdhe);
    case 'dhe':
      return reading('ClientKeyExchange', 'RFC 5246 section 7.4.7.2', m12.ClientKeyExchangeDhe);
    case 'rsa':
      return reading('ClientKeyExchange', 'RFC 5246 section 7.4.7.1', m12.ClientKeyExchangeRsa);
  }
}

function listed(): readonly AnyExtension[] {
  return [
    alpn,
    certificateAuthorities,
    clientCertificateType,
    compressCertificate,
    cookie,
    earlyData,
    ecPointFormats,
    encryptThenMac,
    extendedMainSecret,
    keyShare,
    maxFragmentLength,
    oidFilters,
    padding,
    postHandshakeAuth,
    preSharedKey,
    pskKeyExchangeModes,
    recordSizeLimit,
    renegotiationInfo,
    serverCertificateType,
    serverName,
    sessionTicket,
    signatureAlgorithms,
    signatureAlgorithmsCert,
    signedCertificateTimestamp,
    statusRequest,
    supportedGroups,
    supportedVersions,
  ];
}
