import { quoted } from '../bytes/text.ts';
import { type Codec, decode } from '../wire/codec.ts';
import type { Carrier, Extension, RawExtension } from '../wire/extension.ts';
import { alpn } from '../wire/extensions/alpn.ts';
import { certificateAuthorities } from '../wire/extensions/certificate-authorities.ts';
import { cookie } from '../wire/extensions/cookie.ts';
import { earlyData } from '../wire/extensions/early-data.ts';
import { keyShare } from '../wire/extensions/key-share.ts';
import { preSharedKey } from '../wire/extensions/pre-shared-key.ts';
import { serverName } from '../wire/extensions/server-name.ts';
import { signatureAlgorithms } from '../wire/extensions/signature-algorithms.ts';
import { statusRequest } from '../wire/extensions/status-request.ts';
import { supportedGroups } from '../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { ClientHello, ServerHello } from '../wire/hello.ts';
import * as ids from '../wire/ids.ts';
import * as m12 from '../wire/messages12.ts';
import * as m13 from '../wire/messages13.ts';
import { attempt, readingOf, type Setting } from './codecs.ts';
import { byteCount } from './describe.ts';
import { extensionName, groupName, schemeName, suiteName, versionName } from './names.ts';

/** A connection in a few lines. */
export interface Summary {
  /** `HelloRetryRequest`. */
  readonly name: string;
  /** What it says in brief, a line each: `suite: TLS_AES_128_GCM_SHA256`. */
  readonly details: readonly string[];
}

/**
 * What a handshake message says, in brief. `body` is without the header. Never throws for what it is given. Of certificates
 * it says what `certificateText` does; otherwise their sizes.
 * @example
 * ```ts
 * import { summarize } from 'warifu/inspect';
 * const { name, details } = summarize(24, Uint8Array.of(1), { version: 0x0304, exchange: 'ecdhe' });
 * name; // 'KeyUpdate'
 * details; // ['asks for the same']
 * ```
 */
export function summarize(
  type: number,
  body: Uint8Array,
  setting: Setting,
  certificateText?: (der: Uint8Array) => string,
): Summary {
  const { name } = readingOf(type, body, setting);
  const details = attempt(() => detailsOf(type, name, body, setting, certificateText)) ?? ['cannot be read'];
  return { name, details };
}

function detailsOf(
  type: number,
  name: string,
  body: Uint8Array,
  setting: Setting,
  certificateText: ((der: Uint8Array) => string) | undefined,
): readonly string[] {
  const old = setting.version < ids.TLS_1_3;
  switch (type) {
    case ids.HANDSHAKE_CLIENT_HELLO:
      return clientHello(decode(ClientHello, body));
    case ids.HANDSHAKE_SERVER_HELLO:
      return serverHello(decode(ServerHello, body), name === 'HelloRetryRequest' ? 'HelloRetryRequest' : 'ServerHello');
    case ids.HANDSHAKE_ENCRYPTED_EXTENSIONS:
      return encryptedExtensions(decode(m13.EncryptedExtensions, body).extensions);
    case ids.HANDSHAKE_CERTIFICATE_REQUEST:
      return old ? request12(decode(m12.CertificateRequest12, body)) : request13(decode(m13.CertificateRequest, body));
    case ids.HANDSHAKE_CERTIFICATE:
      return old
        ? chain(decode(m12.Certificate12, body).chain, false, certificateText)
        : certificate13(decode(m13.Certificate, body), certificateText);
    case ids.HANDSHAKE_COMPRESSED_CERTIFICATE:
      return [byteCount(decode(m13.CompressedCertificate, body).uncompressedLength)];
    case ids.HANDSHAKE_CERTIFICATE_VERIFY:
      return [`signed with ${schemeName(decode(m13.CertificateVerify, body).scheme)}`];
    case ids.HANDSHAKE_CERTIFICATE_STATUS:
      return [`OCSP response of ${byteCount(decode(m12.CertificateStatus, body).response.length)}`];
    case ids.HANDSHAKE_SERVER_KEY_EXCHANGE:
      return serverKeyExchange(body, setting);
    case ids.HANDSHAKE_NEW_SESSION_TICKET:
      return old
        ? [`good for ${decode(m12.NewSessionTicket12, body).lifetimeHint} seconds`]
        : [`good for ${decode(m13.NewSessionTicket, body).lifetime} seconds`];
    case ids.HANDSHAKE_KEY_UPDATE:
      return decode(m13.KeyUpdate, body).requestUpdate === 1 ? ['asks for the same'] : [];
    default:
      return [];
  }
}

function clientHello(hello: ClientHello): readonly string[] {
  const get = getter('ClientHello', hello.extensions);
  const shares = get(keyShare)?.map(({ group }) => groupName(group));
  return lines(
    ['versions', (get(supportedVersions) ?? [hello.legacyVersion]).map(versionName)],
    ['suites', hello.cipherSuites.map(suiteName)],
    ['groups', get(supportedGroups)?.map(groupName)],
    ['key shares', shares?.length === 0 ? ['none'] : shares],
    ['signatures', get(signatureAlgorithms)?.map(schemeName)],
    ['server name', listOf(get(serverName), (name) => quoted(name))],
    ['protocols', get(alpn)?.map((name) => quoted(name))],
    ['PSKs', listOf(get(preSharedKey), ({ identities }) => `${identities.length}`)],
    ['early data', has(hello.extensions, earlyData.id) ? ['follows'] : undefined],
    ['cookie', listOf(get(cookie), ({ length }) => byteCount(length))],
  );
}

function serverHello(hello: ServerHello, carrier: 'ServerHello' | 'HelloRetryRequest'): readonly string[] {
  const get = getter(carrier, hello.extensions);
  const version = attempt(() => get(supportedVersions)) ?? hello.legacyVersion;
  if (carrier === 'HelloRetryRequest') {
    const retry = getter('HelloRetryRequest', hello.extensions);
    return lines(
      ['version', [versionName(version)]],
      ['suite', [suiteName(hello.cipherSuite)]],
      ['wants a key share for', listOf(retry(keyShare), groupName)],
      ['cookie', listOf(retry(cookie), ({ length }) => byteCount(length))],
    );
  }
  const answer = getter('ServerHello', hello.extensions);
  return lines(
    ['version', [versionName(version)]],
    ['suite', [suiteName(hello.cipherSuite)]],
    ['key share', listOf(answer(keyShare), ({ group }) => groupName(group))],
    ['PSK', listOf(answer(preSharedKey), (index) => `number ${index}`)],
  );
}

function encryptedExtensions(extensions: readonly RawExtension[]): readonly string[] {
  const get = getter('EncryptedExtensions', extensions);
  const others = extensions.filter(({ type }) => type !== alpn.id).map(({ type }) => extensionName(type));
  return lines(
    ['protocol', get(alpn)?.map((name) => quoted(name))],
    ['answers', others.length > 0 ? others : undefined],
  );
}

function request13({ extensions }: m13.CertificateRequest): readonly string[] {
  const get = getter('CertificateRequest', extensions);
  return lines(
    ['signatures', get(signatureAlgorithms)?.map(schemeName)],
    ['authorities', listOf(get(certificateAuthorities), ({ length }) => `${length}`)],
  );
}

function request12({ signatureAlgorithms: schemes, authorities }: m12.CertificateRequest12): readonly string[] {
  return lines(['signatures', schemes.map(schemeName)], ['authorities', [`${authorities.length}`]]);
}

function certificate13(
  { entries }: m13.Certificate,
  text: ((der: Uint8Array) => string) | undefined,
): readonly string[] {
  const stapled = entries.some(({ extensions }) => has(extensions, statusRequest.id));
  return chain(
    entries.map(({ certData }) => certData),
    stapled,
    text,
  );
}

/** The most that are named, one a line. */
const MAX_NAMED = 4;

function chain(
  certificates: readonly Uint8Array[],
  stapled: boolean,
  text: ((der: Uint8Array) => string) | undefined,
): readonly string[] {
  if (certificates.length === 0) return ['none'];
  const staple = stapled ? ['with an OCSP response'] : [];
  if (text !== undefined) {
    const more = certificates.length - MAX_NAMED;
    return [...certificates.slice(0, MAX_NAMED).map(text), ...(more > 0 ? [`and ${more} more`] : []), ...staple];
  }
  const sizes = certificates.map(({ length }) => byteCount(length));
  const what = certificates.length === 1 ? '1 certificate' : `${certificates.length} certificates`;
  return [`${what}: ${shorten(sizes)}`, ...staple];
}

function serverKeyExchange(body: Uint8Array, { exchange }: Setting): readonly string[] {
  if (exchange === 'dhe') {
    const { params, signed } = decode(m12.ServerKeyExchangeDhe, body);
    return [`prime of ${8 * params.prime.length} bits`, `signed with ${schemeName(signed.scheme)}`];
  }
  const { params, signed } = decode(m12.ServerKeyExchangeEcdhe, body);
  return [`key share: ${groupName(params.group)}`, `signed with ${schemeName(signed.scheme)}`];
}

/** Reads extensions of one message; undefined where one is missing or cannot be read. */
function getter<C extends Carrier>(
  carrier: C,
  raw: readonly RawExtension[],
): <M extends { readonly [K in Carrier]?: unknown } & { readonly [K in C]: unknown }>(
  extension: Extension<M>,
) => M[C] | undefined {
  return (extension) => {
    const found = raw.find(({ type }) => type === extension.id);
    const codec: Codec<never> | undefined = extension.in[carrier] as Codec<never> | undefined;
    return found === undefined || codec === undefined ? undefined : attempt(() => decode(codec, found.data));
  };
}

function has(raw: readonly RawExtension[], id: number): boolean {
  return raw.some(({ type }) => type === id);
}

function listOf<T>(value: T | undefined, name: (value: T) => string): readonly string[] | undefined {
  return value === undefined ? undefined : [name(value)];
}

function lines(...entries: readonly (readonly [label: string, values: readonly string[] | undefined])[]): string[] {
  const out: string[] = [];
  for (const [label, values] of entries) if (values !== undefined) out.push(`${label}: ${shorten(values)}`);
  return out;
}

function shorten(values: readonly string[]): string {
  return values.length <= 4 ? values.join(', ') : `${values.slice(0, 3).join(', ')} and ${values.length - 3} more`;
}
