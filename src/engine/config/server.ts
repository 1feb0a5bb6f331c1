import { credentialResolver } from '../../handshake/authentication/choose-credential.ts';
import { unite } from '../../handshake/machine.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import type { CommonConfig, ServerConfig, ServerProtocol, TraceEvent } from '../../handshake/config.ts';
import type { PeerVerifier } from '../../handshake/peer.ts';
import type { ClientHelloSummary, ContextSelection } from '../../handshake/requests.ts';
import type { ExternalPsk, PskResolver } from '../../handshake/session.ts';
import { checkServerAnswer } from './answers.ts';
import {
  authoritiesRule,
  COMMON_RULES,
  type CommonMissing,
  type CommonOptions,
  commonConfig,
  sizeOfAuthorities,
} from './common.ts';
import { checkChainSizes, type CredentialOption, credentialRule, nameOfVerifier, verifierRule } from './credential.ts';
import {
  psksOrResolverRule,
  type ServerResumptionOptions,
  serverResumptionRule,
  serverSessionConfig,
} from './resumption.ts';
import {
  bytes,
  callback,
  type Filled,
  flag,
  group,
  type Hints,
  list,
  oneOf,
  optionError,
  or,
  readOptions,
  required,
  type Rules,
} from './rules.ts';

/** What differs from one connection of a server to the next. */
export interface ServerConnectionOptions {
  /** In place of `onTrace` of the context. Default: that of the context. */
  readonly onTrace?: ((event: TraceEvent) => void) | undefined;
}

/** Whether a client is asked for a certificate. */
export type ClientAuth = 'none' | 'request' | 'optional' | 'require';

/** What a server can be told. */
export interface ServerOptions extends CommonOptions, ServerConnectionOptions {
  /** What we show. Of several, the first that the client can verify. */
  readonly credential: CredentialOption;
  /** Chooses anew for each client, by name, protocol, or anything else in its hello. Default: none. */
  readonly selectContext?: ((hello: ClientHelloSummary) => MaybePromise<ContextSelection | undefined>) | undefined;
  /**
   * - `none` (default): do not ask the client for a certificate;
   * - `request`: ask, and report what was thought of it; no client is refused for it;
   * - `optional`: ask; a certificate that is shown has to be good;
   * - `require`: no good certificate, no connection.
   */
  readonly clientAuth?: ClientAuth | undefined;
  /** Judges the client's certificate; needed for every `clientAuth` but `none`, and for asking later. */
  readonly verifier?: PeerVerifier | undefined;
  /** Whose order of suites and groups decides. Default: `server`. */
  readonly preference?: 'server' | 'client' | undefined;
  /** Put a cookie into HelloRetryRequest and demand it back (RFC 9846 section 4.3.2). Default: false. */
  readonly retryCookie?: boolean | undefined;
  /** DER names to send in certificate_authorities. Default: the verifier's anchors. */
  readonly authorities?: readonly Uint8Array[] | undefined;
  /** Filters that the client's certificate has to match (RFC 9846 section 4.3.5). Default: none. */
  readonly oidFilters?: readonly { readonly oid: Uint8Array; readonly values: Uint8Array }[] | undefined;
  /** Answer unrecognized_name, rather than handshake_failure, when no credential is found. Default: false. */
  readonly requireServerName?: boolean | undefined;
  /** How clients resume sessions. Default: not at all. */
  readonly resumption?: ServerResumptionOptions | undefined;
  /** Keys that clients were given otherwise: a list, or a function that finds them. Default: none. */
  readonly psks?: readonly ExternalPsk[] | PskResolver | undefined;
}

/** Those that stay undefined when they are left out. */
export type ServerMissing = CommonMissing | 'selectContext' | 'verifier' | 'authorities' | 'psks';

const clientAuthRule = oneOf('none', 'request', 'optional', 'require');

const CONNECTION_RULES: Rules<ServerConnectionOptions, keyof ServerConnectionOptions> = { onTrace: callback() };

/** The declaration of every option of a server: what it may be, and its default. */
export const SERVER_RULES: Rules<ServerOptions, ServerMissing> = {
  ...COMMON_RULES,
  ...CONNECTION_RULES,
  credential: required(credentialRule, 'it is needed: a server has to show a certificate'),
  selectContext: callback(),
  clientAuth: or(clientAuthRule, 'none'),
  verifier: verifierRule,
  preference: or(oneOf('server', 'client'), 'server'),
  retryCookie: flag(false),
  authorities: authoritiesRule,
  oidFilters: or(
    list(
      group<{ readonly oid: Uint8Array; readonly values: Uint8Array }, never>({
        oid: required(bytes(1, 255), 'it is the OID of the extension, in DER'),
        values: required(bytes(0, 0xffff), 'it is what the extension has to have'),
      }),
    ),
    [],
    'none',
  ),
  requireServerName: flag(false),
  resumption: or<ServerResumptionOptions>(serverResumptionRule, {}, 'none'),
  psks: psksOrResolverRule,
};

/**
 * Checks the options of a server and fills in the defaults: what an engine is made from.
 * @throws TlsError ERR_OPTION, naming the option, for one that is unknown, contradictory or not possible here.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { serverConfig } from 'warifu/engine';
 * import { loadCredential } from 'warifu/pki';
 * import { issueCertificate } from 'warifu/pki/issue';
 * import { server13 } from 'warifu/protocols';
 * const crypto = nobleProvider();
 * const { chain, keyPair } = await issueCertificate({ issuer: 'self', names: 'server.example' });
 * const credential = await loadCredential({ certificates: chain, privateKey: keyPair?.der ?? '' }, crypto);
 * const config = serverConfig({ crypto, protocols: [server13], credential });
 * config.role; // 'server'
 * ```
 */
export function serverConfig(options: ServerOptions, hints: Hints = {}): ServerConfig {
  const read: Filled<ServerOptions, ServerMissing> = readOptions(options, SERVER_RULES, hints);
  const common = commonConfig(read, 'server');
  const { clientAuth, verifier, selectContext } = read;
  if (clientAuth !== 'none' && verifier === undefined && selectContext === undefined)
    throw optionError('verifier', `clientAuth '${clientAuth}' needs it: give anchors, or a verifier`);
  const names = read.authorities ?? (clientAuth === 'none' ? [] : (verifier?.authorities ?? []));
  if (sizeOfAuthorities(names) > 0xffff)
    throw optionError(
      'authorities',
      `the names of the verifier's anchors have ${sizeOfAuthorities(names)} bytes, and certificate_authorities has room ` +
        'for 65,535: give a shorter list, or [] to name none',
    );
  // RFC 5246 section 7.4.4: a CertificateRequest names at least one.
  const asks12 = common.protocols.some(({ version }) => version === 0x0303);
  if (asks12 && !common.signatures.some(({ handshake12 }) => handshake12))
    throw optionError('signatures', 'none of them is for TLS 1.2');
  checkChainSizes(read.credential, 'credential');
  const protocols = common.protocols.filter((one): one is ServerProtocol => one.role === 'server');
  return {
    ...common,
    ...serverSessionConfig(
      serverResumptionRule.read(read.resumption, 'resumption'),
      read.psks,
      read.credential,
      common.crypto,
    ),
    role: 'server',
    checkAnswer: checkServerAnswer,
    protocols,
    united: unite(protocols),
    credential: credentialResolver(read.credential, common),
    selectContext,
    clientAuth,
    verifier,
    verifierName: nameOfVerifier(verifier, read.crypto),
    preference: read.preference,
    suiteRank: read.suites === undefined ? undefined : suiteRank(read.suites, common),
    retryCookie: read.retryCookie,
    authorities: read.authorities,
    oidFilters: read.oidFilters,
    requireServerName: read.requireServerName,
  };
}

/** The same configuration for one connection. @throws TlsError ERR_OPTION. */
export function serverConnectionConfig(
  config: ServerConfig,
  connection: ServerConnectionOptions,
  hints: Hints = {},
): ServerConfig {
  const read = readOptions(connection, CONNECTION_RULES, hints);
  return read.onTrace === undefined ? config : { ...config, onTrace: read.onTrace };
}

function suiteRank(
  suites: readonly (string | readonly string[])[],
  { suites13, suites12 }: Pick<CommonConfig, 'suites13' | 'suites12'>,
): ReadonlyMap<number, number> {
  const ids = new Map([...suites13, ...suites12].map(({ name, id }) => [name, id]));
  return new Map(suites.flatMap((entry, rank) => [entry].flat().map((name) => [ids.get(name)!, rank] as const)));
}
