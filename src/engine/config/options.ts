import type {
  CipherSuite,
  CipherSuite12,
  CipherSuite13,
  CryptoProvider,
  KeyExchange,
  SignatureScheme,
} from '../../crypto/types.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type {
  AnyProtocol,
  ClientConfig,
  ClientProtocol,
  CommonConfig,
  ServerConfig,
  ServerProtocol,
  TraceEvent,
} from '../../handshake/config.ts';
import type { ClientHelloSummary, ContextSelection } from '../../handshake/requests.ts';
import type { Credential, CredentialQuery, CredentialResolver, PeerVerifier } from '../../handshake/peer.ts';
import { certificateTypeOf, chooseScheme } from '../../handshake/authentication/certificates.ts';
import { MAX_CONTENT } from '../../handshake/limits.ts';
import { DEFAULT_CHAIN_SIZE } from '../../record/joiner.ts';
import {
  CLIENT_SESSION_KEYS,
  type ClientSessionOptions,
  clientSessionConfig,
  SERVER_SESSION_KEYS,
  type ServerSessionOptions,
  serverSessionConfig,
} from './resumption-options.ts';

/** What both roles can be told. Every option is either honoured or refused; none is passed over. */
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
  readonly suites?: readonly (string | readonly string[])[];
  /**
   * TLS 1.2: refuse a peer that does not bind its secret to the whole handshake (RFC 7627). Default: false, since there are
   * many such peers still. A connection with one is never resumed, and exports no keys and no channel binding: those could
   * be mixed up with another connection's.
   */
  readonly requireExtendedMasterSecret?: boolean;
  /** Names of groups, best first. Default: all of the provider's. */
  readonly groups?: readonly string[];
  /** Names of signature schemes, best first, for the handshake and for certificates. Default: all of the provider's. */
  readonly signatures?: readonly string[];
  /** Names of signature schemes for certificates, where they differ (RFC 9846 section 4.3.3). Default: `signatures`. */
  readonly certificateSignatures?: readonly string[];
  /** Names of signature schemes that we sign with ourselves, where our key can. Default: `signatures`. */
  readonly signingAlgorithms?: readonly string[];
  /** Application protocols, best first (RFC 7301); each 1 to 255 bytes of ASCII. Default: none. */
  readonly alpn?: readonly string[];
  /** Largest content of a record we are ready to receive, 63 to 16,384 bytes (RFC 8449). Default: say nothing. */
  readonly recordSizeLimit?: number;
  /** Largest content of a record we send, 64 to 16,384 bytes; less where the peer asks for it. Default: 16,384. */
  readonly maxRecordSize?: number;
  /** Send what keeps middleboxes calm (RFC 9846 appendix E.4). Default: true. */
  readonly compatibilityMode?: boolean;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly clock?: { now(): number };
  /** Most bytes of a Certificate message that are read, 1,024 to 16,777,215. Default: 262,144. */
  readonly maxChainSize?: number;
  /** Pad the content of every protected record to a multiple of this many bytes, 0 to 16,384 (RFC 9846 section 5.4). Default: 0. */
  readonly padRecordsTo?: number;
  /** Is told of every message, alert and check as it happens: for pictures and tests, not for decisions. Default: none. */
  readonly onTrace?: (event: TraceEvent) => void;
  /** Receives lines of a key log (RFC 9850). Whoever has them can read the connection. Default: none. */
  readonly keyLog?: (line: string) => void;
}

export interface ClientOptions extends CommonOptions, ClientSessionOptions {
  /** Judges the server's certificate. There is no default: a client that believes anybody is not one. */
  readonly verifier: PeerVerifier;
  /** The name or IP address that the certificate has to be for; a DNS name is also sent (RFC 6066 section 3). */
  readonly serverName?: string;
  /** Send the name to the server. Default: true for DNS names; an IP address is never sent. */
  readonly sendServerName?: boolean;
  /** What to show when the server asks who we are; asked only once the server has been verified. Default: nothing. */
  readonly credential?: Credential | readonly Credential[] | CredentialResolver;
  /**
   * Names of the groups to send a key share for. Default: the first of `groups`, and of a hybrid also its classical half
   * where that is a group of its own in `groups`.
   */
  readonly keyShares?: readonly string[];
  /** Send reserved values that a server must ignore (RFC 8701). Default: true. */
  readonly grease?: boolean;
  /** DER names to send in certificate_authorities (RFC 9846 section 4.3.4). Default: none. */
  readonly authorities?: readonly Uint8Array[];
  /** Let the server ask for a certificate after the handshake (RFC 9846 section 4.3.6). Default: false. */
  readonly postHandshakeAuth?: boolean;
  /** Ask for records of at most 512, 1024, 2048 or 4096 bytes (RFC 6066 section 4). Default: do not ask. */
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096;
  /**
   * This is a second try, at a lower version than we know, after the first one failed (RFC 7507): a server that knows
   * better then refuses. Default: false.
   */
  readonly fallback?: boolean;
  /** Pad the ClientHello to a multiple of this many bytes, 0 to 4,096 (RFC 7685). Default: 0, no padding. */
  readonly padHelloTo?: number;
  /**
   * What becomes of a TLS 1.2 server that asks for another handshake, which it never gets:
   * - `decline` (default): it hears so in a warning, and the connection goes on;
   * - `refuse`: the connection ends with no_renegotiation (RFC 5246 section 7.2.2).
   */
  readonly helloRequest?: 'decline' | 'refuse';
  /**
   * TLS 1.2: refuse a server that does not say that it renegotiates safely (RFC 5746 section 4.1). We never renegotiate;
   * but what somebody else sent to such a server before us may be taken for ours. Default: true.
   */
  readonly requireRenegotiationInfo?: boolean;
}

export interface ServerOptions extends CommonOptions, ServerSessionOptions {
  /** What we show. Of several, the first that the client can verify. */
  readonly credential: Credential | readonly Credential[] | CredentialResolver;
  /** Chooses anew for each client, by name, protocol, or anything else in its hello. Default: none. */
  readonly selectContext?: (hello: ClientHelloSummary) => MaybePromise<ContextSelection | undefined>;
  /**
   * - `none` (default): do not ask the client for a certificate;
   * - `request`: ask, and report what was thought of it; nobody is refused for it;
   * - `optional`: ask; a certificate that is shown has to be good;
   * - `require`: no good certificate, no connection.
   */
  readonly clientAuth?: 'none' | 'request' | 'optional' | 'require';
  /** Judges the client's certificate; needed for every `clientAuth` but `none`, and for asking later. */
  readonly verifier?: PeerVerifier;
  /** Whose order of suites and groups decides. Default: `server`. */
  readonly preference?: 'server' | 'client';
  /** Put a cookie into HelloRetryRequest and demand it back (RFC 9846 section 4.3.2). Default: false. */
  readonly retryCookie?: boolean;
  /** DER names to send in certificate_authorities. Default: the verifier's anchors. */
  readonly authorities?: readonly Uint8Array[];
  /** Filters that the client's certificate has to match (RFC 9846 section 4.3.5). Default: none. */
  readonly oidFilters?: readonly { readonly oid: Uint8Array; readonly values: Uint8Array }[];
  /** Answer unrecognized_name, rather than handshake_failure, when no credential is found. Default: false. */
  readonly requireServerName?: boolean;
}

const COMMON_KEYS: readonly (keyof CommonOptions)[] = [
  'protocols',
  'crypto',
  'suites',
  'requireExtendedMasterSecret',
  'groups',
  'signatures',
  'certificateSignatures',
  'signingAlgorithms',
  'alpn',
  'recordSizeLimit',
  'maxRecordSize',
  'compatibilityMode',
  'padRecordsTo',
  'maxChainSize',
  'onTrace',
  'clock',
  'keyLog',
];
const CLIENT_KEYS: readonly (keyof ClientOptions)[] = [
  ...COMMON_KEYS,
  ...CLIENT_SESSION_KEYS,
  'verifier',
  'serverName',
  'sendServerName',
  'credential',
  'keyShares',
  'grease',
  'authorities',
  'postHandshakeAuth',
  'maxFragmentLength',
  'padHelloTo',
  'fallback',
  'helloRequest',
  'requireRenegotiationInfo',
];
const SERVER_KEYS: readonly (keyof ServerOptions)[] = [
  ...COMMON_KEYS,
  ...SERVER_SESSION_KEYS,
  'credential',
  'selectContext',
  'clientAuth',
  'verifier',
  'preference',
  'retryCookie',
  'authorities',
  'oidFilters',
  'requireServerName',
];

/** @throws TlsError ERR_OPTION, naming the option, for one that is unknown, contradictory or not possible here. */
export function clientConfig(options: ClientOptions): ClientConfig {
  checkKeys(options, CLIENT_KEYS);
  const common = commonConfig(options, 'client');
  const { serverName } = options;
  if (typeof options.verifier?.verify !== 'function')
    throw bad('verifier', 'it is needed: without it anybody could be the server');
  if (serverName !== undefined && serverName.length === 0) throw bad('serverName', 'it is empty');
  const isName = serverName !== undefined && !isIpAddress(serverName);
  if (options.sendServerName === true && !isName) throw bad('sendServerName', 'there is no DNS name to send');
  if (options.maxFragmentLength !== undefined && ![512, 1024, 2048, 4096].includes(options.maxFragmentLength)) {
    throw bad('maxFragmentLength', 'only 512, 1024, 2048 and 4096 can be asked for');
  }
  if (options.maxFragmentLength !== undefined && options.recordSizeLimit !== undefined) {
    throw bad('maxFragmentLength', 'not together with recordSizeLimit');
  }
  if (options.helloRequest !== undefined && !['decline', 'refuse'].includes(options.helloRequest))
    throw bad('helloRequest', 'it is neither decline nor refuse');
  // RFC 9963 section 3: what only a client may sign with is not asked of a server.
  const signatures = common.signatures.filter(({ handshake13 }) => handshake13 !== 'client');
  if (signatures.length === 0) throw bad('signatures', 'a server can sign with none of them');
  return {
    ...common,
    ...clientSessionConfig(options, options.credential, common.crypto),
    role: 'client',
    protocols: common.protocols.filter((one): one is ClientProtocol => one.role === 'client'),
    signatures,
    verifier: options.verifier,
    serverName,
    sendServerName: options.sendServerName ?? isName,
    credential: options.credential === undefined ? undefined : resolver(options.credential, common),
    keyShares: keyShares(options, common.groups),
    shareParts: options.keyShares === undefined,
    grease: options.grease ?? true,
    authorities: options.authorities ?? [],
    postHandshakeAuth: options.postHandshakeAuth ?? false,
    maxFragmentLength: options.maxFragmentLength,
    fallback: options.fallback ?? false,
    padHelloTo: integer('padHelloTo', options.padHelloTo ?? 0, 0, 4096),
    requireRenegotiationInfo: options.requireRenegotiationInfo ?? true,
    refusesHelloRequest: options.helloRequest === 'refuse',
  };
}

/** @throws TlsError ERR_OPTION, naming the option, for one that is unknown, contradictory or not possible here. */
export function serverConfig(options: ServerOptions): ServerConfig {
  checkKeys(options, SERVER_KEYS);
  const common = commonConfig(options, 'server');
  const clientAuth = options.clientAuth ?? 'none';
  if (!['none', 'request', 'optional', 'require'].includes(clientAuth))
    throw bad('clientAuth', `${clientAuth} is not known`);
  if (clientAuth !== 'none' && typeof options.verifier?.verify !== 'function' && options.selectContext === undefined) {
    throw bad('verifier', `it is needed for clientAuth ${clientAuth}`);
  }
  if (options.preference !== undefined && !['server', 'client'].includes(options.preference)) {
    throw bad('preference', 'it is neither server nor client');
  }
  if (options.credential === undefined) throw bad('credential', 'it is needed: a server has to show a certificate');
  // RFC 5246 section 7.4.4: a CertificateRequest names at least one.
  const asks12 = common.protocols.some(({ version }) => version === 0x0303);
  if (asks12 && !common.signatures.some(({ handshake12 }) => handshake12))
    throw bad('signatures', 'none of them is for TLS 1.2');
  return {
    ...common,
    ...serverSessionConfig(options, options.credential, common.crypto),
    role: 'server',
    protocols: common.protocols.filter((one): one is ServerProtocol => one.role === 'server'),
    credential: resolver(options.credential, common),
    selectContext: options.selectContext,
    clientAuth,
    verifier: options.verifier,
    preference: options.preference ?? 'server',
    suiteRank: options.suites === undefined ? undefined : suiteRank(options.suites, common),
    retryCookie: options.retryCookie ?? false,
    authorities: options.authorities,
    oidFilters: options.oidFilters ?? [],
    requireServerName: options.requireServerName ?? false,
  };
}

/** Is this an IPv4 or IPv6 address in text? Those are verified, but never sent as SNI (RFC 6066 section 3). */
export function isIpAddress(name: string): boolean {
  return name.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

function commonConfig(
  options: CommonOptions,
  role: 'client' | 'server',
): CommonConfig & { readonly protocols: readonly AnyProtocol[] } {
  const { crypto, protocols } = options;
  if (crypto === undefined) throw bad('crypto', 'it is needed');
  if (protocols === undefined || protocols.length === 0) throw bad('protocols', 'there is none');
  for (const protocol of protocols) {
    if (protocol.role !== role) throw bad('protocols', `one is for a ${protocol.role}`);
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
  if (spoken.length === 0) throw bad('suites', 'there is none for the versions in protocols');
  const signatures = pick<SignatureScheme>('signatures', options.signatures, crypto.signatures);
  const certificateSignatures =
    options.certificateSignatures === undefined
      ? undefined
      : pick<SignatureScheme>('certificateSignatures', options.certificateSignatures, crypto.signatures).map(
          ({ id }) => id,
        );
  for (const protocol of options.alpn ?? []) {
    if (protocol.length < 1 || protocol.length > 255) throw bad('alpn', 'a protocol has 1 to 255 bytes');
  }
  return {
    protocols: spoken,
    crypto,
    suites13,
    suites12,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret ?? false,
    groups: pick<KeyExchange>('groups', options.groups, crypto.groups),
    signatures,
    signingAlgorithms: pick<SignatureScheme>(
      'signingAlgorithms',
      options.signingAlgorithms,
      options.signingAlgorithms === undefined ? signatures : crypto.signatures,
    ),
    certificateSignatures,
    alpn: options.alpn ?? [],
    maxRecordSize: integer('maxRecordSize', options.maxRecordSize ?? MAX_CONTENT, 64, MAX_CONTENT),
    recordSizeLimit:
      options.recordSizeLimit === undefined
        ? undefined
        : integer('recordSizeLimit', options.recordSizeLimit, 63, MAX_CONTENT),
    compatibilityMode: options.compatibilityMode ?? true,
    maxChainSize: integer('maxChainSize', options.maxChainSize ?? DEFAULT_CHAIN_SIZE, 1024, 2 ** 24 - 1),
    padRecordsTo: integer('padRecordsTo', options.padRecordsTo ?? 0, 0, MAX_CONTENT),
    onTrace: options.onTrace,
    clock: options.clock ?? { now: () => Date.now() },
    keyLog: options.keyLog,
  };
}

function pick<T extends { readonly name: string }>(
  option: string,
  names: readonly string[] | undefined,
  from: readonly T[],
): readonly T[] {
  if (names === undefined) return from;
  if (names.length === 0) throw bad(option, 'the list is empty');
  return names.map((name) => {
    const found = from.find((value) => value.name === name);
    if (found === undefined) throw bad(option, `${name} is not one of ${from.map((value) => value.name).join(', ')}`);
    return found;
  });
}

function suiteRank(
  suites: readonly (string | readonly string[])[],
  { suites13, suites12 }: CommonConfig,
): ReadonlyMap<number, number> {
  const ids = new Map([...suites13, ...suites12].map(({ name, id }) => [name, id]));
  return new Map(suites.flatMap((entry, rank) => [entry].flat().map((name) => [ids.get(name)!, rank] as const)));
}

function keyShares(options: ClientOptions, groups: readonly KeyExchange[]): readonly KeyExchange[] {
  if (options.keyShares === undefined) return groups.slice(0, 1);
  if (options.keyShares.length === 0) return [];
  const chosen = pick<KeyExchange>('keyShares', options.keyShares, groups);
  // RFC 9846 section 4.3.8: in the order of supported_groups, none twice.
  return groups.filter((group) => chosen.includes(group));
}

// RFC 5246 ¶7.4.2-14, ¶7.4.4-1, ¶7.4.4-3
// RFC 9846 §4.5.1.2-5
function resolver(
  credential: Credential | readonly Credential[] | CredentialResolver,
  common: CommonConfig,
): CredentialResolver {
  if (typeof credential === 'function') return credential;
  const list = 'signer' in credential ? [credential] : credential;
  for (const one of list) {
    if (one.chain.length === 0) throw bad('credential', 'one has no certificate');
  }
  return (query: CredentialQuery) =>
    list.find(
      (one) =>
        chooseScheme(one, query.schemes, common.signingAlgorithms, query.version, query.role) !== undefined &&
        // RFC 5246 ¶7.4.4-2
        (query.certificateTypes?.includes(certificateTypeOf(one)) ?? true),
    );
}

function checkKeys(options: object, known: readonly string[]): void {
  if (options === null || typeof options !== 'object')
    throw new TlsError('ERR_OPTION', { detail: 'there are no options' });
  for (const key of Object.keys(options)) if (!known.includes(key)) throw bad(key, 'there is no such option');
}

function integer(option: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) throw bad(option, `it has to be ${least} to ${most}`);
  return value;
}

function bad(option: string, why: string): TlsError {
  return new TlsError('ERR_OPTION', { detail: `${option}: ${why}` });
}
