import { plainView, toBase64Url } from '../../bytes/bytes.ts';
import type { CryptoProvider } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { ClientConfig, EarlyDataConfig, ServerConfig } from '../../handshake/config.ts';
import type { PeerInfo } from '../../handshake/context.ts';
import type { Credential, CredentialResolver } from '../../handshake/peer.ts';
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

/** What a client can be told about going on with earlier connections. */
export interface ClientSessionOptions {
  /** Where sessions are kept, and taken from. Default: nowhere, every handshake is a full one. */
  readonly sessions?: ClientSessionStore;
  /**
   * Keeps sessions apart that are otherwise alike: a host and port, a tenant, a user. Sessions are always kept apart by
   * server name, `alpn`, verifier and credential. Default: empty.
   */
  readonly sessionKey?: string;
  /** Keys that this client and the server were given otherwise, best first (RFC 9846 section 4.3.11). Default: none. */
  readonly psks?: readonly ExternalPsk[];
  /** Let the server use a PSK without key exchange: less work, no forward secrecy (RFC 9846 section 4.3.9). Default: false. */
  readonly pskOnly?: boolean;
  /**
   * Sent before the server has said anything, if a session allows it (RFC 9846 section 2.3). Somebody who records it can
   * send it again. What became of it is in `info.earlyData`; what was refused is not sent again by itself. Default: none.
   */
  readonly earlyData?: Uint8Array;
  /** Send early data also in a session that began with our certificate: it speaks in our name. Default: false. */
  readonly earlyDataAsMyself?: boolean;
}

/** What a server can be told about going on with earlier connections. */
export interface ServerSessionOptions {
  /** Makes and opens tickets. Default: none, every handshake is a full one. */
  readonly tickets?: TicketSealer;
  /**
   * Where sessions are kept for clients of TLS 1.2 that know no tickets (RFC 5246 appendix F.1.4). Default: nowhere, such
   * clients have a full handshake each time.
   */
  readonly sessionIds?: ServerSessionStore;
  /**
   * Tickets to send after each handshake, 0 to 16; with TLS 1.2 it is one, or none where this is 0. Default: 2 after a full
   * one, 1 after a resumed one.
   */
  readonly ticketCount?: number;
  /** How long a ticket is good, 1 to 604,800 seconds. Default: 7,200. */
  readonly ticketLifetime?: number;
  /**
   * Names this server for its sessions: they are resumed only where the name is the same, so servers that share the keys
   * of their tickets but not their clients need different ones. Default: made from the certificates in `credential`; a
   * function there has a name of its own in each process.
   */
  readonly sessionContext?: string;
  /** Keys that clients were given otherwise: a list, or whom to ask. Default: none. */
  readonly psks?: readonly ExternalPsk[] | PskResolver;
  /** Take part in a PSK without key exchange, where the client offers nothing better. Default: false. */
  readonly pskOnly?: boolean;
  /** Take early data. Default: no, it is passed over. */
  readonly earlyData?: EarlyDataOptions;
}

/** When a server takes early data. It can be a copy of what was sent before: see `guard`. */
export interface EarlyDataOptions {
  /** In bytes for each connection, 1 to 1,048,576; written into tickets. Default: 16,384. */
  readonly maximum?: number;
  /** Says whether it is the first time. Every process that opens the same tickets has to ask the same one. */
  readonly guard: ReplayGuard;
  /** How far the age of the ticket may be off, 0 to 60,000 milliseconds (RFC 9846 section 8.3). Default: 10,000. */
  readonly tolerance?: number;
  /** May this client, who showed a certificate, send early data the next time? Asked for each ticket. Default: no. */
  readonly allow?: (peer: PeerInfo) => boolean;
}

export const CLIENT_SESSION_KEYS: readonly (keyof ClientSessionOptions)[] = [
  'sessions',
  'sessionKey',
  'psks',
  'pskOnly',
  'earlyData',
  'earlyDataAsMyself',
];
export const SERVER_SESSION_KEYS: readonly (keyof ServerSessionOptions)[] = [
  'tickets',
  'sessionIds',
  'ticketCount',
  'ticketLifetime',
  'sessionContext',
  'psks',
  'pskOnly',
  'earlyData',
];

type Shown = Credential | readonly Credential[] | CredentialResolver | undefined;

/** @throws TlsError ERR_OPTION. */
export function clientSessionConfig(
  options: ClientSessionOptions,
  credential: Shown,
  crypto: CryptoProvider,
): Pick<ClientConfig, 'sessions' | 'sessionKey' | 'psks' | 'pskOnly' | 'earlyData' | 'earlyDataAsMyself'> {
  const { sessions, earlyData } = options;
  if (sessions !== undefined && (typeof sessions.take !== 'function' || typeof sessions.put !== 'function'))
    throw bad('sessions', 'it is no store');
  if (earlyData !== undefined) {
    if (!(earlyData instanceof Uint8Array) || earlyData.length === 0) throw bad('earlyData', 'there are no bytes');
    if (sessions === undefined) throw bad('earlyData', 'it needs sessions');
  }
  return {
    sessions,
    sessionKey: [options.sessionKey ?? '', sessions === undefined ? '' : nameOf(credential, crypto)],
    psks: (options.psks ?? []).map(checkPsk),
    pskOnly: options.pskOnly ?? false,
    earlyData: earlyData && plainView(earlyData),
    earlyDataAsMyself: options.earlyDataAsMyself ?? false,
  };
}

/** @throws TlsError ERR_OPTION. */
export function serverSessionConfig(
  options: ServerSessionOptions,
  credential: Shown,
  crypto: CryptoProvider,
): Pick<
  ServerConfig,
  'tickets' | 'sessionIds' | 'ticketCount' | 'ticketLifetime' | 'sessionContext' | 'findPsk' | 'pskOnly' | 'earlyData'
> {
  const { tickets, sessionIds, psks } = options;
  if (tickets !== undefined && (typeof tickets.seal !== 'function' || typeof tickets.open !== 'function'))
    throw bad('tickets', 'it is no keeper of tickets');
  if (sessionIds !== undefined && (typeof sessionIds.take !== 'function' || typeof sessionIds.put !== 'function'))
    throw bad('sessionIds', 'it is no store');
  if (options.earlyData !== undefined && tickets === undefined) throw bad('earlyData', 'it needs tickets');
  const list = typeof psks === 'function' ? undefined : psks?.map(checkPsk);
  return {
    tickets,
    sessionIds,
    ticketCount: integer('ticketCount', options.ticketCount ?? 2, 0, 16),
    ticketLifetime: integer('ticketLifetime', options.ticketLifetime ?? 7200, 1, MAX_TICKET_LIFETIME),
    sessionContext:
      options.sessionContext !== undefined
        ? `=${options.sessionContext}`
        : options.tickets === undefined && options.sessionIds === undefined
          ? ''
          : nameOf(credential, crypto),
    findPsk: typeof psks === 'function' ? psks : list === undefined ? undefined : finder(list),
    pskOnly: options.pskOnly ?? false,
    earlyData: options.earlyData === undefined ? undefined : earlyDataConfig(options.earlyData),
  };
}

/** @throws TlsError ERR_OPTION for a key that cannot be one. */
export function checkPsk(psk: ExternalPsk): ExternalPsk {
  if (psk.identity.length < 1 || psk.identity.length > 0xffff) throw bad('psks', 'an identity has 1 to 65,535 bytes');
  if (psk.secret.length < 16) throw bad('psks', 'a key has at least 16 bytes');
  if (psk.hash !== undefined && psk.hash !== 'sha256' && psk.hash !== 'sha384')
    throw bad('psks', 'the hash is sha256 or sha384');
  return concealPsk({ ...psk, identity: plainView(psk.identity), secret: plainView(psk.secret) });
}

function finder(list: readonly ExternalPsk[]): PskResolver {
  // The identity is no secret: it came in the clear.
  return (identity) => list.find((psk) => toBase64Url(psk.identity) === toBase64Url(identity));
}

function earlyDataConfig(options: EarlyDataOptions): EarlyDataConfig {
  for (const key of Object.keys(options)) {
    if (!['maximum', 'guard', 'tolerance', 'allow'].includes(key))
      throw bad(`earlyData.${key}`, 'there is no such option');
  }
  if (typeof options.guard?.firstUse !== 'function') throw bad('earlyData', 'there is no guard against replay');
  return {
    // RFC 9846 §5.5-2
    maximum: integer('earlyData.maximum', options.maximum ?? 16_384, 1, 1_048_576),
    guard: options.guard,
    tolerance: integer('earlyData.tolerance', options.tolerance ?? 10_000, 0, 60_000),
    allow: options.allow && guarded(options.allow),
  };
}

/** What goes wrong in it is the program's fault, and said to be. */
function guarded(allow: (peer: PeerInfo) => boolean): (peer: PeerInfo) => boolean {
  return (peer) => {
    try {
      return allow(peer) === true;
    } catch (cause) {
      throw new TlsError('ERR_CALLBACK_FAILED', { detail: 'earlyData.allow', cause });
    }
  };
}

/** Who we are, by our certificates. */
function nameOf(credential: Shown, crypto: CryptoProvider): string {
  if (credential === undefined) return '';
  if (typeof credential === 'function') return identityOf(credential, crypto.random);
  const list = 'signer' in credential ? [credential] : credential;
  const sha256 = crypto.hash('sha256');
  return toBase64Url(sha256.digest(...list.map(({ chain }) => sha256.digest(chain[0] ?? new Uint8Array(0)))));
}

function integer(option: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) throw bad(option, `it has to be ${least} to ${most}`);
  return value;
}

function bad(option: string, why: string): TlsError {
  return new TlsError('ERR_OPTION', { detail: `${option}: ${why}` });
}
