import { fromAscii, toHex } from '../bytes/bytes.ts';
import { sha256 } from '../crypto/noble/hash.ts';
import { type Codec, decode } from '../wire/codec.ts';
import type { RawExtension } from '../wire/extension.ts';
import { alpn } from '../wire/extensions/alpn.ts';
import { ecPointFormats } from '../wire/extensions/ec-point-formats.ts';
import { isGrease } from '../wire/extensions/grease.ts';
import { signatureAlgorithms } from '../wire/extensions/signature-algorithms.ts';
import { supportedGroups } from '../wire/extensions/supported-groups.ts';
import { supportedVersions } from '../wire/extensions/supported-versions.ts';
import { ClientHello } from '../wire/hello.ts';
import { EXTENSION_ALPN, EXTENSION_SERVER_NAME } from '../wire/ids.ts';
import { attempt } from './codecs.ts';
import { md5 } from './md5.ts';

/** By what a ClientHello is recognised: two customs that many servers and networks follow. Read only, never imitated. */
export interface Fingerprint {
  /** JA3 before it is hashed: version, suites, extensions, groups, point formats, all in decimal. */
  readonly ja3Text: string;
  /** 32 hexadecimal digits. */
  readonly ja3: string;
  /** `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
  readonly ja4: string;
}

/**
 * Reads JA3 and JA4 out of a ClientHello: its body, without the header of four bytes.
 * @throws TlsError ERR_DECODE when it is none.
 *
 * @example
 * ```ts
 * import { fingerprint } from 'warifu/inspect';
 * // Version, random, no session id, one suite, no compression, no extensions.
 * const body = Uint8Array.of(3, 3, ...new Uint8Array(32), 0, 0, 2, 0x13, 0x01, 1, 0, 0, 0);
 * fingerprint(body).ja3Text; // '771,4865,,,'
 * fingerprint(body).ja4; // 't12i010000_0f2cb44170f4_000000000000'
 * ```
 */
export function fingerprint(body: Uint8Array): Fingerprint {
  const hello = decode(ClientHello, body);
  const ja3Text = ja3(hello);
  return { ja3Text, ja3: toHex(md5(fromAscii(ja3Text))), ja4: ja4(hello) };
}

function ja3(hello: ClientHello): string {
  const { extensions } = hello;
  const formats = contentOf(extensions, ecPointFormats.id, ecPointFormats.in.ClientHello) ?? [];
  return [
    `${hello.legacyVersion}`,
    real(hello.cipherSuites).join('-'),
    real(extensions.map(({ type }) => type)).join('-'),
    real(contentOf(extensions, supportedGroups.id, supportedGroups.in.ClientHello) ?? []).join('-'),
    [...formats].join('-'),
  ].join(',');
}

function ja4(hello: ClientHello): string {
  const { extensions } = hello;
  const types = real(extensions.map(({ type }) => type));
  const suites = real(hello.cipherSuites);
  const schemes = real(contentOf(extensions, signatureAlgorithms.id, signatureAlgorithms.in.ClientHello) ?? []);
  const start = [
    't',
    versionCode(hello),
    types.includes(EXTENSION_SERVER_NAME) ? 'd' : 'i',
    count(suites),
    count(types),
    protocolCode(contentOf(extensions, alpn.id, alpn.in.ClientHello)?.[0]),
  ].join('');
  const named = types.filter((type) => type !== EXTENSION_SERVER_NAME && type !== EXTENSION_ALPN).map(hex);
  const sorted = named.sort().join(',');
  const rest = schemes.length > 0 ? `${sorted}_${schemes.map(hex).join(',')}` : sorted;
  return `${start}_${shortHash(suites.map(hex).sort().join(','))}_${types.length === 0 ? ZEROES : shortHash(rest)}`;
}

const ZEROES = '000000000000';

function versionCode(hello: ClientHello): string {
  const offered = contentOf(hello.extensions, supportedVersions.id, supportedVersions.in.ClientHello);
  const highest = offered === undefined ? hello.legacyVersion : Math.max(0, ...real(offered));
  const codes: { readonly [version: number]: string } = {
    772: '13',
    771: '12',
    770: '11',
    769: '10',
    768: 's3',
    2: 's2',
  };
  return codes[highest] ?? '00';
}

/** First and last character of the first protocol; of its hexadecimal digits where one of the two is no letter or digit. */
function protocolCode(protocol: string | undefined): string {
  if (protocol === undefined || protocol === '') return '00';
  const ends = protocol.charAt(0) + protocol.charAt(protocol.length - 1);
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  const digits = toHex(Uint8Array.from(protocol, (character) => character.charCodeAt(0)));
  return digits.charAt(0) + digits.charAt(digits.length - 1);
}

function count(list: readonly unknown[]): string {
  return String(Math.min(99, list.length)).padStart(2, '0');
}

function shortHash(text: string): string {
  return text === '' ? ZEROES : toHex(sha256.digest(fromAscii(text))).slice(0, 12);
}

function hex(id: number): string {
  return id.toString(16).padStart(4, '0');
}

function real(ids: readonly number[]): number[] {
  return ids.filter((id) => !isGrease(id));
}

/** The content of an extension; undefined when it is missing or cannot be read. */
function contentOf<T>(extensions: readonly RawExtension[], id: number, codec: Codec<T>): T | undefined {
  const found = extensions.find(({ type }) => type === id);
  return found === undefined ? undefined : attempt(() => decode(codec, found.data));
}
