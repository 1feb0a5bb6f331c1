import { toBase64Url } from '../../bytes/bytes.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { ClientConfig, EarlyDataConfig, ServerConfig } from '../../handshake/config.ts';
import type { PeerInfo } from '../../handshake/context.ts';
import {
  type ClientSessionStore,
  concealPsk,
  type ExternalPsk,
  identityOf,
  MAX_TICKET_LIFETIME,
  type PskResolver,
  type ReplayGuard,
  type ServerSessionStore,
  type TicketSealer,
} from '../../handshake/session.ts';
import { credentialsOf } from '../../handshake/authentication/choose-credential.ts';
import type { CredentialOption } from './credential.ts';
import {
  bytes,
  callback,
  type Filled,
  flag,
  group,
  integer,
  list,
  oneOf,
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

/** How a client resumes sessions. */
export interface ClientResumptionOptions {
  /** Where sessions are kept. Default: nowhere, every handshake is a full one. */
  readonly store?: ClientSessionStore | undefined;
  /**
   * Keeps sessions apart that are otherwise alike: a host and port, a tenant, a user. Sessions are always kept apart by
   * server name, `alpn`, verifier and credential. Default: empty.
   */
  readonly key?: string | undefined;
  /** Let the server use a PSK without key exchange: less work, no forward secrecy (RFC 9846 section 4.3.9). Default: false. */
  readonly pskOnly?: boolean | undefined;
  /** Send early data also in a session that began with our certificate: it speaks in our name. Default: false. */
  readonly earlyDataWithCertificate?: boolean | undefined;
}

/** How a server lets clients resume sessions. */
export interface ServerResumptionOptions {
  /** Makes and opens tickets; false: none are given out. Default: none; a context makes a sealer of its own. */
  readonly tickets?: TicketSealer | false | undefined;
  /**
   * Where sessions are kept for clients of TLS 1.2 that know no tickets (RFC 5246 appendix F.1.4). Default: nowhere, such
   * clients have a full handshake each time.
   */
  readonly sessionIds?: ServerSessionStore | undefined;
  /**
   * Tickets to send after each handshake, 0 to 16; with TLS 1.2 it is one, or none where this is 0. Default: 2 after a full
   * one, 1 after a resumed one.
   */
  readonly ticketCount?: number | undefined;
  /** How long a ticket is good, 1 to 604,800 seconds. Default: 7,200. */
  readonly ticketLifetime?: number | undefined;
  /**
   * Names this server for its sessions: they are resumed only where the name is the same, so servers that share the keys
   * of their tickets but not their clients need different ones. Default: made from the certificates in `credential`; a
   * function there has a name of its own in each process.
   */
  readonly context?: string | undefined;
  /** Take part in a PSK without key exchange, where the client offers nothing better. Default: false. */
  readonly pskOnly?: boolean | undefined;
  /** Take early data. Default: no, it is ignored. */
  readonly earlyData?: EarlyDataOptions | undefined;
}

/** When a server takes early data. It can be a copy of what was sent before: see `guard`. */
export interface EarlyDataOptions {
  /** Bytes for each connection, 1 to 1,048,576; written into tickets. Default: 16,384. */
  readonly max?: number | undefined;
  /** Says whether it is the first time. Every process that opens the same tickets has to ask the same one. */
  readonly guard: ReplayGuard;
  /** How far the age of the ticket may be off, 0 to 60,000 milliseconds (RFC 9846 section 8.3). Default: 10,000. */
  readonly tolerance?: number | undefined;
  /** May this client, who showed a certificate, send early data the next time? Asked for each ticket. Default: no. */
  readonly allow?: ((peer: PeerInfo) => boolean) | undefined;
}

/** @internal The declaration of each option. */
export const EARLY_DATA_RULES: Rules<EarlyDataOptions, 'allow'> = {
  // RFC 9846 §5.5-2
  max: or(integer(1, 1_048_576, 'bytes'), 16_384, '16,384'),
  guard: required(
    withMethods<ReplayGuard>('a guard against replay', 'firstUse'),
    'early data can be sent again by anyone who recorded it: give a guard, such as memoryReplayGuard() of warifu/resumption',
  ),
  tolerance: or(integer(0, 60_000, 'milliseconds'), 10_000, '10,000'),
  allow: callback(),
};

/** @internal The declaration of each option. */
export const CLIENT_RESUMPTION_RULES: Rules<ClientResumptionOptions, 'store'> = {
  store: withMethods<ClientSessionStore>('a store of sessions', 'take', 'put'),
  key: or(text('a text'), '', 'empty'),
  pskOnly: flag(false),
  earlyDataWithCertificate: flag(false),
};

export type ServerResumptionMissing = 'tickets' | 'sessionIds' | 'context' | 'earlyData';

const sealerRule = withMethods<TicketSealer>('a sealer of tickets', 'seal', 'open');
const ticketsRule: Rule<TicketSealer | false> = {
  expected: `${sealerRule.expected}, or false`,
  read: (value, option) => (value === false ? false : sealerRule.read(value, option)),
};

/** @internal The declaration of each option. */
export const SERVER_RESUMPTION_RULES: Rules<ServerResumptionOptions, ServerResumptionMissing> = {
  tickets: ticketsRule,
  sessionIds: withMethods<ServerSessionStore>('a store of sessions', 'take', 'put'),
  ticketCount: or(integer(0, 16), 2, '2 after a full handshake, 1 after a resumed one'),
  ticketLifetime: or(integer(1, MAX_TICKET_LIFETIME, 'seconds'), 7200, '7,200'),
  context: text('a name'),
  pskOnly: flag(false),
  earlyData: group(EARLY_DATA_RULES),
};

export type FilledClientResumption = Filled<ClientResumptionOptions, 'store'>;
export type FilledServerResumption = Filled<ServerResumptionOptions, ServerResumptionMissing>;

export const clientResumptionRule: Rule<FilledClientResumption> = /* @__PURE__ */ group(CLIENT_RESUMPTION_RULES);
export const serverResumptionRule: Rule<FilledServerResumption> = /* @__PURE__ */ group(SERVER_RESUMPTION_RULES);

const pskRule: Rule<ExternalPsk> = group<ExternalPsk, 'hash' | 'imported'>({
  identity: required(bytes(1, 0xffff), 'it is what names the key on the wire: 1 to 65,535 bytes'),
  // RFC 9257 section 6
  secret: required(bytes(16), 'it is the key: at least 16 bytes of randomness'),
  hash: oneOf('sha256', 'sha384'),
  imported: rule('true or false', (value) => typeof value === 'boolean'),
});

/** @throws TlsError ERR_OPTION for a key that cannot be one. */
export function checkPsk(psk: unknown): ExternalPsk {
  return secretPskRule.read(psk, 'psks');
}

const secretPskRule: Rule<ExternalPsk> = {
  expected: pskRule.expected,
  read: (value, option) => concealPsk(pskRule.read(value, option)),
};

export const psksRule: Rule<readonly ExternalPsk[]> = /* @__PURE__ */ list(secretPskRule);

export const psksOrResolverRule: Rule<readonly ExternalPsk[] | PskResolver> = {
  expected: 'a list of keys, or a function that finds one by its identity',
  read: (value: unknown, option: string): readonly ExternalPsk[] | PskResolver =>
    typeof value === 'function' ? callback<PskResolver>().read(value, option) : psksRule.read(value, option),
};

/** Bytes for the first flight of a connection. */
export const earlyBytesRule: Rule<Uint8Array> = /* @__PURE__ */ bytes(1);

type ClientSessionConfig = Pick<
  ClientConfig,
  'sessions' | 'sessionKey' | 'psks' | 'pskOnly' | 'earlyData' | 'earlyDataWithCertificate'
>;

/** @throws TlsError ERR_OPTION. */
export function clientSessionConfig(
  options: {
    readonly resumption: FilledClientResumption;
    readonly psks: readonly ExternalPsk[];
    readonly earlyData: Uint8Array | undefined;
  },
  credential: CredentialOption | undefined,
  crypto: CryptoProvider,
): ClientSessionConfig {
  const { resumption, psks, earlyData } = options;
  if (earlyData !== undefined && resumption.store === undefined)
    throw optionError('earlyData', 'it is sent in a session that is resumed: give resumption.store too');
  return {
    sessions: resumption.store,
    sessionKey: [resumption.key ?? '', resumption.store === undefined ? '' : nameOf(credential, crypto)],
    psks,
    pskOnly: resumption.pskOnly,
    earlyData,
    earlyDataWithCertificate: resumption.earlyDataWithCertificate,
  };
}

type ServerSessionConfig = Pick<
  ServerConfig,
  'tickets' | 'sessionIds' | 'ticketCount' | 'ticketLifetime' | 'sessionContext' | 'findPsk' | 'pskOnly' | 'earlyData'
>;

/** @throws TlsError ERR_OPTION. */
export function serverSessionConfig(
  resumption: FilledServerResumption,
  psks: readonly ExternalPsk[] | PskResolver | undefined,
  credential: CredentialOption,
  crypto: CryptoProvider,
): ServerSessionConfig {
  const { sessionIds, earlyData, context } = resumption;
  const tickets = resumption.tickets === false ? undefined : resumption.tickets;
  if (earlyData !== undefined && tickets === undefined)
    throw optionError('resumption.earlyData', 'it comes in sessions that are resumed: give resumption.tickets too');
  return {
    tickets,
    sessionIds,
    ticketCount: resumption.ticketCount,
    ticketLifetime: resumption.ticketLifetime,
    sessionContext:
      context !== undefined
        ? `=${context}`
        : tickets === undefined && sessionIds === undefined
          ? ''
          : nameOf(credential, crypto),
    findPsk: typeof psks === 'function' ? psks : psks === undefined ? undefined : finder(psks),
    pskOnly: resumption.pskOnly,
    earlyData: earlyData === undefined ? undefined : earlyDataConfig(earlyData),
  };
}

function finder(known: readonly ExternalPsk[]): PskResolver {
  // The identity is no secret: it came in the clear.
  return (identity) => known.find((psk) => toBase64Url(psk.identity) === toBase64Url(identity));
}

function earlyDataConfig(options: EarlyDataOptions): EarlyDataConfig {
  const { max = 16_384, tolerance = 10_000, guard, allow } = options;
  return { max, guard, tolerance, allow: allow && guarded(allow) };
}

/** What goes wrong in it is the program's fault, and said to be. */
function guarded(allow: (peer: PeerInfo) => boolean): (peer: PeerInfo) => boolean {
  return (peer) => {
    let answer: unknown;
    try {
      answer = allow(peer);
    } catch (cause) {
      throw new TlsError('ERR_CALLBACK_FAILED', { detail: 'resumption.earlyData.allow', cause });
    }
    if (typeof answer === 'boolean') return answer;
    const cause = unsuitable('resumption.earlyData.allow()', 'true or false', answer);
    throw new TlsError('ERR_CALLBACK_FAILED', { detail: 'resumption.earlyData.allow', cause });
  };
}

/** Who we are, by our certificates. */
function nameOf(credential: CredentialOption | undefined, crypto: CryptoProvider): string {
  if (credential === undefined) return '';
  if (typeof credential === 'function') return identityOf(credential, crypto.random);
  const sha256 = crypto.hash('sha256');
  return toBase64Url(
    sha256.digest(...credentialsOf(credential).map(({ chain }) => sha256.digest(chain[0] ?? new Uint8Array(0)))),
  );
}
