import { credentialResolver } from '../../handshake/authentication/choose-credential.ts';
import { helloParts, startClient } from '../../handshake/client-hello.ts';
import { unite } from '../../handshake/machine.ts';
import type { KeyExchange } from '../../crypto/types.ts';
import type { ClientConfig, ClientProtocol, TraceEvent } from '../../handshake/config.ts';
import type { PeerVerifier } from '../../handshake/peer.ts';
import type { ExternalPsk } from '../../handshake/session.ts';
import { checkClientAnswer } from './answers.ts';
import { authoritiesRule, COMMON_RULES, type CommonMissing, type CommonOptions, commonConfig, pick } from './common.ts';
import { checkChainSizes, type CredentialOption, credentialRule, nameOfVerifier, verifierRule } from './credential.ts';
import {
  type ClientResumptionOptions,
  clientResumptionRule,
  clientSessionConfig,
  earlyBytesRule,
  psksRule,
} from './resumption.ts';
import {
  callback,
  type Filled,
  flag,
  type Hints,
  integer,
  list,
  oneOf,
  optionError,
  or,
  readOptions,
  required,
  type Rules,
  rule,
  text,
} from './rules.ts';
import { isIpAddress, serverNameRule } from './server-name.ts';

/** What differs from one connection of a client to the next. */
export interface ClientConnectionOptions {
  /** The name or IP address that the certificate has to be for; a DNS name is also sent (RFC 6066 section 3). */
  readonly serverName?: string | undefined;
  /**
   * Sent before the server has said anything, if a session allows it (RFC 9846 section 2.3). Anyone who records it can
   * send it again. What became of it is in `info.earlyData`; what was refused is not sent again by itself. Default: none.
   */
  readonly earlyData?: Uint8Array | undefined;
  /** In place of `resumption.key` of the context: keeps the sessions of this connection apart. Default: that of the context. */
  readonly sessionKey?: string | undefined;
  /** In place of `onTrace` of the context. Default: that of the context. */
  readonly onTrace?: ((event: TraceEvent) => void) | undefined;
}

/** What a client can be told. */
export interface ClientOptions extends CommonOptions, ClientConnectionOptions {
  /** Judges the server's certificate. There is no default: without it anyone could be the server. */
  readonly verifier: PeerVerifier;
  /** Send the name to the server. Default: true for DNS names; an IP address is never sent. */
  readonly sendServerName?: boolean | undefined;
  /** What to show when the server asks who we are; asked only once the server has been verified. Default: nothing. */
  readonly credential?: CredentialOption | undefined;
  /**
   * Names of the groups to send a key share for. Default: the first of `groups`, and of a hybrid also its classical half
   * where that is a group of its own in `groups`.
   */
  readonly keyShares?: readonly string[] | undefined;
  /** Send reserved values that a server must ignore (RFC 8701). Default: true. */
  readonly grease?: boolean | undefined;
  /** DER names to send in certificate_authorities (RFC 9846 section 4.3.4). Default: none. */
  readonly authorities?: readonly Uint8Array[] | undefined;
  /** Let the server ask for a certificate after the handshake (RFC 9846 section 4.3.6). Default: false. */
  readonly postHandshakeAuth?: boolean | undefined;
  /** Ask for records of at most 512, 1024, 2048 or 4096 bytes (RFC 6066 section 4). Default: do not ask. */
  readonly maxFragmentLength?: 512 | 1024 | 2048 | 4096 | undefined;
  /**
   * This is a second try, at a lower version than we know, after the first one failed (RFC 7507): a server that knows
   * better then refuses. Default: false.
   */
  readonly fallback?: boolean | undefined;
  /** Pad the ClientHello to a multiple of this many bytes, 0 to 4,096 (RFC 7685). Default: 0, no padding. */
  readonly padHelloTo?: number | undefined;
  /**
   * What becomes of a TLS 1.2 server that asks for another handshake, which it never gets:
   * - `decline` (default): it is told so in a warning, and the connection stays open;
   * - `refuse`: the connection ends with no_renegotiation (RFC 5246 section 7.2.2).
   */
  readonly helloRequest?: 'decline' | 'refuse' | undefined;
  /**
   * TLS 1.2: refuse a server that does not say that it renegotiates safely (RFC 5746 section 4.1). We never renegotiate;
   * but what an attacker sent to such a server before us may be taken for ours. Default: true.
   */
  readonly requireRenegotiationInfo?: boolean | undefined;
  /** How sessions are resumed. Default: not at all. */
  readonly resumption?: ClientResumptionOptions | undefined;
  /** Keys that this client and the server were given otherwise, best first (RFC 9846 section 4.3.11). Default: none. */
  readonly psks?: readonly ExternalPsk[] | undefined;
}

/** Those that stay undefined when they are left out. */
export type ClientMissing =
  | CommonMissing
  | 'serverName'
  | 'earlyData'
  | 'sessionKey'
  | 'sendServerName'
  | 'credential'
  | 'keyShares'
  | 'maxFragmentLength';

const CONNECTION_RULES: Rules<ClientConnectionOptions, keyof ClientConnectionOptions> = {
  serverName: serverNameRule,
  earlyData: earlyBytesRule,
  sessionKey: text('a text'),
  onTrace: callback(),
};

/** The declaration of every option of a client: what it may be, and its default. */
export const CLIENT_RULES: Rules<ClientOptions, ClientMissing> = {
  ...COMMON_RULES,
  ...CONNECTION_RULES,
  verifier: required(verifierRule, 'it is needed: without it anyone could be the server'),
  sendServerName: rule('true or false', (value) => typeof value === 'boolean'),
  credential: credentialRule,
  keyShares: list(text('a name')),
  grease: flag(true),
  authorities: or(authoritiesRule, [], 'none'),
  postHandshakeAuth: flag(false),
  maxFragmentLength: oneOf(512, 1024, 2048, 4096),
  fallback: flag(false),
  padHelloTo: or(integer(0, 4096, 'bytes'), 0),
  helloRequest: or(oneOf('decline', 'refuse'), 'decline'),
  requireRenegotiationInfo: flag(true),
  resumption: or<ClientResumptionOptions>(clientResumptionRule, {}, 'none'),
  psks: or(psksRule, [], 'none'),
};

/**
 * Checks the options of a client and fills in the defaults: what an engine is made from.
 * @throws TlsError ERR_OPTION, naming the option, for one that is unknown, contradictory or not possible here.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { clientConfig } from 'warifu/engine';
 * import { certificateVerifier } from 'warifu/pki';
 * import { client13 } from 'warifu/protocols';
 * const crypto = nobleProvider();
 * const verifier = certificateVerifier({ anchors: [], signatures: crypto.verifier });
 * const config = clientConfig({ crypto, protocols: [client13], serverName: 'server.example', verifier });
 * config.role; // 'client'
 * ```
 */
export function clientConfig(options: ClientOptions, hints: Hints = {}): ClientConfig {
  const read: Filled<ClientOptions, ClientMissing> = readOptions(options, CLIENT_RULES, hints);
  const common = commonConfig(read, 'client');
  if (read.maxFragmentLength !== undefined && read.recordSizeLimit !== undefined)
    throw optionError('maxFragmentLength', 'not together with recordSizeLimit, which says the same and more');
  // RFC 9963 section 3: what only a client may sign with is not asked of a server.
  const signatures = common.signatures.filter(({ handshake13 }) => handshake13 !== 'client');
  if (signatures.length === 0) throw optionError('signatures', 'a server can sign with none of them');
  if (read.credential !== undefined) checkChainSizes(read.credential, 'credential');
  const resumption = clientResumptionRule.read(read.resumption, 'resumption');
  const protocols = common.protocols.filter((one): one is ClientProtocol => one.role === 'client');
  const { authorities, postHandshakeAuth, maxFragmentLength, verifier } = read;
  return {
    ...common,
    ...clientSessionConfig(
      { ...read, resumption: { ...resumption, key: read.sessionKey ?? resumption.key } },
      read.credential,
      common.crypto,
    ),
    ...nameConfig(read.serverName, read.sendServerName),
    role: 'client',
    start: startClient,
    checkAnswer: checkClientAnswer,
    protocols,
    united: unite(protocols),
    helloParts: helloParts({
      ...common,
      protocols,
      signatures,
      verifier,
      authorities,
      postHandshakeAuth,
      maxFragmentLength,
    }),
    signatures,
    verifier,
    verifierName: nameOfVerifier(verifier, read.crypto),
    credential: read.credential === undefined ? undefined : credentialResolver(read.credential, common),
    keyShares: keyShares(read.keyShares, common.groups),
    shareParts: read.keyShares === undefined,
    grease: read.grease,
    authorities,
    postHandshakeAuth,
    maxFragmentLength,
    fallback: read.fallback,
    padHelloTo: read.padHelloTo,
    requireRenegotiationInfo: read.requireRenegotiationInfo,
    refusesHelloRequest: read.helloRequest === 'refuse',
  };
}

/**
 * The same configuration for one connection: nothing that was checked once is checked again.
 * @throws TlsError ERR_OPTION.
 */
export function clientConnectionConfig(
  config: ClientConfig,
  connection: ClientConnectionOptions,
  sendServerName: boolean | undefined,
  hints: Hints = {},
): ClientConfig {
  const read = readOptions(connection, CONNECTION_RULES, hints);
  if (read.earlyData !== undefined && config.sessions === undefined)
    throw optionError('earlyData', 'it is sent in a session that is resumed: the context needs resumption.store');
  return {
    ...config,
    ...nameConfig(read.serverName, sendServerName),
    earlyData: read.earlyData,
    sessionKey: read.sessionKey === undefined ? config.sessionKey : [read.sessionKey, ...config.sessionKey.slice(1)],
    onTrace: read.onTrace ?? config.onTrace,
  };
}

function nameConfig(
  serverName: string | undefined,
  sendServerName: boolean | undefined,
): Pick<ClientConfig, 'serverName' | 'sendServerName'> {
  const isName = serverName !== undefined && !isIpAddress(serverName);
  if (sendServerName === true && serverName !== undefined && !isName)
    throw optionError('sendServerName', `an address is never sent, and ${serverName} is one (RFC 6066 section 3)`);
  return { serverName, sendServerName: isName && sendServerName !== false };
}

function keyShares(names: readonly string[] | undefined, groups: readonly KeyExchange[]): readonly KeyExchange[] {
  if (names === undefined) return groups.slice(0, 1);
  if (names.length === 0) return [];
  const chosen = pick<KeyExchange>('keyShares', names, groups);
  // RFC 9846 section 4.3.8: in the order of supported_groups, none twice.
  return groups.filter((group) => chosen.includes(group));
}
