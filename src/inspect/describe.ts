import { equalBytes, toAscii, toHex } from '../bytes/bytes.ts';
import { quoted } from '../bytes/text.ts';
import { DOWNGRADE_TLS11, DOWNGRADE_TLS12, HELLO_RETRY_RANDOM } from '../wire/hello.ts';
import * as ids from '../wire/ids.ts';
import * as names from './names.ts';

/** A field as the codec's trace tells of it. */
export interface Field {
  readonly path: string;
  readonly value: unknown;
  /** Id of the extension it lies in. */
  readonly extension?: number;
}

/** What the value of a field says, for people. */
export function describeValue({ path, value, extension }: Field): string {
  const [field, isItem] = fieldName(path);
  if (typeof value === 'number' && path.endsWith('#length')) return byteCount(value);
  if (typeof value === 'number') return describeNumber(field, value, extension);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Uint8Array) return describeBytes(field, value);
  if (Array.isArray(value)) return isItem ? '' : describeList(field, value, extension);
  return '';
}

/** `1 byte`, `2 bytes`. */
export function byteCount(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** The field's own name, without the index when it is an item of a list. */
function fieldName(path: string): readonly [name: string, isItem: boolean] {
  const last = path
    .replace(/#length$/, '')
    .split('.')
    .at(-1)!;
  const bare = last.replace(/\[\d+\]$/, '');
  return [bare, bare !== last];
}

function describeNumber(field: string, value: number, extension: number | undefined): string {
  switch (field) {
    case 'legacyVersion':
      return names.versionName(value);
    case 'cipherSuites':
    case 'cipherSuite':
      return names.suiteName(value);
    case 'group':
      return names.groupName(value);
    case 'scheme':
    case 'signatureAlgorithms':
      return names.schemeName(value);
    case 'algorithm':
      return names.compressionName(value);
    case 'legacyCompressionMethod':
      return value === 0 ? 'null (0)' : String(value);
    case 'curveType':
      return value === 3 ? 'named_curve (3)' : String(value);
    case 'nameType':
      return value === 0 ? 'host_name (0)' : String(value);
    case 'statusType':
      return value === 1 ? 'ocsp (1)' : String(value);
    case 'requestUpdate':
      return value === 1 ? 'update_requested (1)' : value === 0 ? 'update_not_requested (0)' : String(value);
    case 'lifetime':
    case 'lifetimeHint':
      return `${value} seconds`;
    default:
      return extension !== undefined && field === names.extensionName(extension)
        ? describeExtensionNumber(value, extension)
        : String(value);
  }
}

/** Numbers that an extension holds without naming them. */
function describeExtensionNumber(value: number, extension: number): string {
  switch (extension) {
    case ids.EXTENSION_SUPPORTED_VERSIONS:
      return names.versionName(value);
    case ids.EXTENSION_SUPPORTED_GROUPS:
    case ids.EXTENSION_KEY_SHARE:
      return names.groupName(value);
    case ids.EXTENSION_SIGNATURE_ALGORITHMS:
    case ids.EXTENSION_SIGNATURE_ALGORITHMS_CERT:
      return names.schemeName(value);
    case ids.EXTENSION_COMPRESS_CERTIFICATE:
      return names.compressionName(value);
    case ids.EXTENSION_CLIENT_CERTIFICATE_TYPE:
    case ids.EXTENSION_SERVER_CERTIFICATE_TYPE:
      return names.certificateTypeName(value);
    case ids.EXTENSION_PSK_KEY_EXCHANGE_MODES:
      return names.pskModeName(value);
    case ids.EXTENSION_MAX_FRAGMENT_LENGTH:
      return `${2 ** (value + 8)} bytes`;
    case ids.EXTENSION_RECORD_SIZE_LIMIT:
    case ids.EXTENSION_EARLY_DATA:
      return `${value} bytes`;
    case ids.EXTENSION_PRE_SHARED_KEY:
      return `identity ${value}`;
    default:
      return String(value);
  }
}

function describeBytes(field: string, value: Uint8Array): string {
  const size = value.length === 0 ? 'empty' : byteCount(value.length);
  switch (field) {
    case 'random':
      return describeRandom(value);
    case 'name':
      return isPrintable(value) ? quoted(toAscii(value) ?? '') : size;
    case 'ec_point_formats':
      return [...value].map(names.pointFormatName).join(', ');
    case 'legacyCompressionMethods':
      return value.length === 1 && value[0] === 0 ? 'null' : [...value].join(', ');
    case 'certificateTypes':
      return [...value].map(names.clientCertificateTypeName).join(', ');
    default:
      return value.length > 0 && value.length <= 4 ? `${size}: ${toHex(value)}` : size;
  }
}

function isPrintable(bytes: Uint8Array): boolean {
  return bytes.length <= 255 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function describeRandom(random: Uint8Array): string {
  if (equalBytes(random, HELLO_RETRY_RANDOM)) return 'the value that makes it a HelloRetryRequest';
  const end = random.subarray(-8);
  if (equalBytes(end, DOWNGRADE_TLS12)) return '32 bytes; the last eight say: TLS 1.3 was possible, TLS 1.2 it is';
  if (equalBytes(end, DOWNGRADE_TLS11)) return '32 bytes; the last eight say: TLS 1.2 was possible, less it is';
  return '32 bytes';
}

function describeList(field: string, list: readonly unknown[], extension: number | undefined): string {
  const shown = list.filter((item) => typeof item === 'number' || typeof item === 'string');
  if (shown.length === 0 || shown.length !== list.length) return list.length === 1 ? '1 item' : `${list.length} items`;
  const texts = shown.map((item) => (typeof item === 'number' ? describeNumber(field, item, extension) : quoted(item)));
  return texts.length <= 4 ? texts.join(', ') : `${texts.slice(0, 3).join(', ')} and ${texts.length - 3} more`;
}
