import { isTime } from '../../bytes/time.ts';
import type {
  CipherSuite,
  CipherSuite12,
  CipherSuite13,
  CryptoProvider,
  KeyExchange,
  SignatureScheme,
} from '../../crypto/types.ts';
import type { AnyProtocol, CommonConfig, TraceEvent } from '../../handshake/config.ts';
import { MAX_CONTENT } from '../../handshake/limits.ts';
import { DEFAULT_CHAIN_SIZE } from '../../record/joiner.ts';
import { explain } from '../refusal.ts';
import { serverEndPoint } from '../server-end-point.ts';
import {
  bytes,
  callback,
  type Filled,
  flag,
  integer,
  list,
  nearest,
  optionError,
  or,
  required,
  type Rule,
  type Rules,
  rule,
  text,
  unsuitable,
  withMethods,
} from './rules.ts';

/** What both roles can be told. Every option is either honoured or refused; none is ignored. */
export interface CommonOptions {
  /** The versions to speak, as values: `client13`, `server13`, … Their order does not matter. */
  readonly protocols: readonly AnyProtocol[];
  /** Where the cryptography comes from. */
  readonly crypto: CryptoProvider;
  /**
   * Names of cipher suites of any version, best first; a version of which none is named is not spoken. A list of names
   * within the list: as good as each other, so that where the server decides, the client's order decides among these.
   * Default: all of the provider's.
   */
  readonly suites?: readonly (string | readonly string[])[] | undefined;
  /**
   * TLS 1.2: refuse a peer that does not bind its secret to the whole handshake (RFC 7627). Default: false, since there are
   * many such peers still. A connection with one is never resumed, and exports no keys and no channel binding: those could
   * be mixed up with another connection's.
   */
  readonly requireExtendedMasterSecret?: boolean | undefined;
  /** Names of groups, best first. Default: all of the provider's. */
  readonly groups?: readonly string[] | undefined;
  /** Names of signature schemes, best first, for the handshake and for certificates. Default: all of the provider's. */
  readonly signatures?: readonly string[] | undefined;
  /** Names of signature schemes for certificates, where they differ (RFC 9846 section 4.3.3). Default: `signatures`. */
  readonly certificateSignatures?: readonly string[] | undefined;
  /** Names of signature schemes that we sign with ourselves, where our key can. Default: `signatures`. */
  readonly signingAlgorithms?: readonly string[] | undefined;
  /** Application protocols, best first (RFC 7301); each 1 to 255 bytes of ASCII. Default: none. */
  readonly alpn?: readonly string[] | undefined;
  /** Largest content of a record we are ready to receive, 63 to 16,384 bytes (RFC 8449). Default: say nothing. */
  readonly recordSizeLimit?: number | undefined;
  /** Largest content of a record we send, 64 to 16,384 bytes; less where the peer asks for it. Default: 16,384. */
  readonly maxRecordSize?: number | undefined;
  /** Send the records that middleboxes expect (RFC 9846 appendix E.4). Default: true. */
  readonly compatibilityMode?: boolean | undefined;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly clock?: { now(): number } | undefined;
  /** Most bytes of a Certificate message that are read, 1,024 to 16,777,215. Default: 262,144. */
  readonly maxChainSize?: number | undefined;
  /** Pad the content of every protected record to a multiple of this many bytes, 0 to 16,384 (RFC 9846 section 5.4). Default: 0. */
  readonly padRecordsTo?: number | undefined;
  /** Is told of every message, alert and check as it happens: for pictures and tests, not for decisions. Default: none. */
  readonly onTrace?: ((event: TraceEvent) => void) | undefined;
  /** Receives lines of a key log (RFC 9850). Anyone who has them can read the connection. Default: none. */
  readonly keyLog?: ((line: string) => void) | undefined;
}

/** Those that stay undefined when they are left out. */
export type CommonMissing =
  | 'suites'
  | 'groups'
  | 'signatures'
  | 'certificateSignatures'
  | 'signingAlgorithms'
  | 'recordSizeLimit'
  | 'onTrace'
  | 'keyLog';

const name: Rule<string> = text('a name');

/** RFC 7301 section 3.1: 1 to 255 bytes; 65,535 in all. */
export const alpnRule: Rule<readonly string[]> = {
  expected: 'a list of protocol names, each 1 to 255 characters of ASCII',
  read(value: unknown, option: string): readonly string[] {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
    const one = text('1 to 255 characters of ASCII', (protocol) => /^[\u0000-\u007f]{1,255}$/.test(protocol));
    if (typeof value === 'string') throw unsuitable(option, this.expected, value, `write ['${value}']`);
    const names = list(one).read(value, option);
    if (names.reduce((sum, { length }) => sum + length + 1, 0) > 0xffff)
      throw optionError(option, `expected names of at most 65,535 bytes in all, found more`);
    return names;
  },
};

/** DER names for certificate_authorities: what cannot be sent is refused here (RFC 9846 section 4.3.4). */
export const authoritiesRule: Rule<readonly Uint8Array[]> = {
  expected: 'a list of DER names, of at most 65,535 bytes in all',
  read(value: unknown, option: string): readonly Uint8Array[] {
    const names = list(bytes(1, 0xffff)).read(value, option);
    const size = sizeOfAuthorities(names);
    if (size > 0xffff) throw optionError(option, `expected ${this.expected}, found ${size} bytes`);
    return names;
  },
};

/** Bytes that these names take in certificate_authorities. */
export function sizeOfAuthorities(names: readonly Uint8Array[]): number {
  return names.reduce((sum, { length }) => sum + length + 2, 0);
}

const providerRule: Rule<CryptoProvider> = rule(
  'a provider: autoProvider(), nodeProvider(), nobleProvider(), webCryptoProvider()',
  (value): value is CryptoProvider =>
    typeof value === 'object' &&
    value !== null &&
    ['suites', 'groups', 'signatures'].every((key) => Array.isArray(Reflect.get(value, key))) &&
    typeof Reflect.get(value, 'hash') === 'function' &&
    typeof Reflect.get(value, 'signer') === 'function' &&
    typeof Reflect.get(value, 'random') === 'object' &&
    typeof Reflect.get(value, 'verifier') === 'object',
);

const protocolRule: Rule<AnyProtocol> = rule(
  'a version as a value (client13, server13, client12 or server12 of warifu/protocols)',
  (value): value is AnyProtocol =>
    typeof value === 'object' && value !== null && 'handlers' in value && 'table' in value && 'version' in value,
);

const suitesRule: Rule<readonly (string | readonly string[])[]> = {
  expected: 'a list of names of cipher suites, or of lists of names',
  read: (value: unknown, option: string) =>
    list<string | readonly string[]>(
      {
        expected: 'a name or a list of names',
        read: (one, path) => (Array.isArray(one) ? list(name, 1).read(one, path) : name.read(one, path)),
      },
      1,
    ).read(value, option),
};

/** A clock that was looked at: a time that is no number would let everything pass that is compared with it. */
const clockRule: Rule<{ now(): number }> = {
  expected: 'an object with now(), which gives milliseconds since 1970',
  read(value: unknown, option: string): { now(): number } {
    const clock = withMethods<{ now(): number }>('a clock', 'now').read(value, option);
    let first: unknown;
    try {
      first = clock.now();
    } catch (cause) {
      throw optionError(`${option}.now()`, 'expected milliseconds since 1970, found that it throws', cause);
    }
    if (!isTime(first))
      throw unsuitable(`${option}.now()`, 'milliseconds since 1970, a number', first, 'write () => Date.now()');
    return clock;
  },
};

export const COMMON_RULES: Rules<CommonOptions, CommonMissing> = {
  protocols: required(list(protocolRule, 1), 'give the versions to speak, of warifu/protocols'),
  crypto: required(providerRule, 'give a provider: autoProvider() of warifu/crypto/auto, or another'),
  suites: suitesRule,
  requireExtendedMasterSecret: flag(false),
  groups: list(name, 1),
  signatures: list(name, 1),
  certificateSignatures: list(name, 1),
  signingAlgorithms: list(name, 1),
  alpn: or(alpnRule, [], 'none'),
  recordSizeLimit: integer(63, MAX_CONTENT, 'bytes'),
  maxRecordSize: or(integer(64, MAX_CONTENT, 'bytes'), MAX_CONTENT, '16,384'),
  compatibilityMode: flag(true),
  clock: or(clockRule, { now: () => Date.now() }, "the system's clock"),
  maxChainSize: or(integer(1024, 2 ** 24 - 1, 'bytes'), DEFAULT_CHAIN_SIZE, '262,144'),
  padRecordsTo: or(integer(0, MAX_CONTENT, 'bytes'), 0),
  onTrace: callback(),
  keyLog: callback(),
};

/** @throws TlsError ERR_OPTION for names that the provider does not have, and for versions without a suite. */
export function commonConfig(
  options: Filled<CommonOptions, CommonMissing>,
  role: 'client' | 'server',
): Omit<CommonConfig, 'checkAnswer'> & { readonly protocols: readonly AnyProtocol[] } {
  const { crypto, protocols } = options;
  for (const protocol of protocols) {
    if (protocol.role !== role)
      throw optionError('protocols', `expected versions for a ${role}, found one for a ${protocol.role}`);
  }
  const suites = pick<CipherSuite | CipherSuite12>('suites', options.suites?.flat(), [
    ...crypto.suites,
    ...protocols.flatMap((protocol) => protocol.suites ?? []),
  ]);
  const suites13 = suites.filter((suite): suite is CipherSuite13 => suite.version === 0x0304);
  const suites12 = suites.filter((suite): suite is CipherSuite12 => suite.version === 0x0303);
  // Newest first, whatever the order in which they were given.
  const spoken = protocols
    .filter(({ version }) => (version === 0x0304 ? suites13 : suites12).length > 0)
    .sort((a, b) => b.version - a.version);
  if (spoken.length === 0) throw optionError('suites', 'there is none for the versions in protocols');
  const signatures = pick<SignatureScheme>('signatures', options.signatures, crypto.signatures);
  return {
    protocols: spoken,
    crypto,
    suites13,
    suites12,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret,
    groups: pick<KeyExchange>('groups', options.groups, crypto.groups),
    signatures,
    signingAlgorithms: pick<SignatureScheme>(
      'signingAlgorithms',
      options.signingAlgorithms,
      options.signingAlgorithms === undefined ? signatures : crypto.signatures,
    ),
    certificateSignatures:
      options.certificateSignatures === undefined
        ? undefined
        : pick<SignatureScheme>('certificateSignatures', options.certificateSignatures, crypto.signatures).map(
            ({ id }) => id,
          ),
    alpn: options.alpn,
    maxRecordSize: options.maxRecordSize,
    recordSizeLimit: options.recordSizeLimit,
    compatibilityMode: options.compatibilityMode,
    maxChainSize: options.maxChainSize,
    padRecordsTo: options.padRecordsTo,
    onTrace: options.onTrace,
    clock: options.clock,
    keyLog: options.keyLog,
    serverEndPoint,
    explain,
    describe: undefined,
  };
}

/** What the provider has of these names; all of it where none are given. @throws TlsError ERR_OPTION for another name. */
export function pick<T extends { readonly name: string }>(
  option: string,
  names: readonly string[] | undefined,
  from: readonly T[],
): readonly T[] {
  if (names === undefined) return from;
  return names.map((wanted) => {
    const found = from.find((value) => value.name === wanted);
    if (found !== undefined) return found;
    const known = from.map(({ name }) => name);
    const alike = known.find((name) => bareName(name) === bareName(wanted)) ?? nearest(wanted, known);
    throw unsuitable(option, `names out of ${known.join(', ')}`, wanted, alike === undefined ? '' : `write '${alike}'`);
  });
}

/** What is left of a name when the habits of OpenSSL, NIST and IANA are taken away: P-256 is secp256r1, ECDHE-… is TLS_ECDHE_…. */
function bareName(name: string): string {
  return String(name)
    .toLowerCase()
    .replace(/^tls|_with_|[^a-z0-9]/g, '')
    .replace(/^(?:nist|prime|secp|p)+(\d{3}).*$/, 'p$1');
}
