import type { CipherSuite13, Hash } from '../../../crypto/types.ts';
import { type EarlySecrets, startSchedule } from '../../../keys/schedule13.ts';
import { preSharedKey } from '../../../wire/extensions/pre-shared-key.ts';
import { pskKeyExchangeModes } from '../../../wire/extensions/psk-key-exchange-modes.ts';
import { TLS_1_3 } from '../../../wire/ids.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import { request, type Step } from '../../requests.ts';
import { SelectedPsk, bindersLength, PSK_DHE_KE, PSK_KE, type PskMeaning } from '../../authentication/psk.ts';
import type { ReadHello } from './choose.ts';
import { type AskedFor, clientRules, isResumable, recheckClient } from '../../authentication/session-binding.ts';
import { decodeSession, type ServerSession } from '../../authentication/server-session.ts';

/** What has been settled before a PSK is looked at. */
export interface Negotiated extends AskedFor {
  readonly read: ReadHello;
  /** The whole ClientHello, with its header. */
  readonly raw: Uint8Array;
  readonly suite: CipherSuite13;
  /** After HelloRetryRequest the suite cannot change any more. */
  readonly retried: boolean;
}

/** A PSK whose binder fits. */
export interface TakenPsk {
  readonly psk: SelectedPsk;
  readonly index: number;
  readonly suite: CipherSuite13;
  readonly secrets: EarlySecrets;
  /** The binder that was checked. */
  readonly binder: Uint8Array;
  /** Undefined for an external key. */
  readonly session: ServerSession | undefined;
}

/** Looked up at most; each costs the opening of a ticket, and a client can name thousands. */
const MAX_LOOKED_UP = 4;

/** psk_ke is used only where it is allowed, and there is no way to do better. */
export function usesPskAlone(read: ReadHello, config: ServerConfig): boolean {
  const modes = read.extensions.get(pskKeyExchangeModes);
  if (!config.pskOnly || modes?.includes(PSK_KE) !== true) return false;
  return !modes.includes(PSK_DHE_KE) || !config.groups.some(({ id }) => read.groups.includes(id));
}

/**
 * Takes the first PSK that is good, and checks its binder (RFC 9846 section 4.3.11). Unknown, old and foreign ones are
 * ignored: they cost the client a full handshake and nothing else. A wrong binder ends the connection.
 */
export function* takePsk(
  from: Negotiated,
  digest: (cut: Uint8Array, hash: Hash) => Uint8Array,
  context: Context<ServerConfig>,
): Step<TakenPsk | undefined> {
  const { config } = context;
  const { read, raw } = from;
  const offered = read.extensions.get(preSharedKey);
  if (offered === undefined || (config.tickets === undefined && config.findPsk === undefined)) return undefined;
  // RFC 9846 §4.2.1-2
  const mode = usesPskAlone(read, config) ? PSK_KE : PSK_DHE_KE;
  if (read.extensions.get(pskKeyExchangeModes)?.includes(mode) !== true) return undefined;

  const { identities, binders } = offered;
  for (const [index, { identity }] of identities.slice(0, MAX_LOOKED_UP).entries()) {
    const found = (yield* findExternal(identity, from, context)) ?? (yield* findSession(identity, from, context));
    if (found === undefined) continue;
    const { meaning, suite, secret, session } = found;
    const secrets = context.own(startSchedule(suite.hash, secret));
    const cut = raw.subarray(0, raw.length - bindersLength(binders.map(({ length }) => length)));
    const binder = binders[index]!;
    const psk = SelectedPsk.byBinder(meaning, secrets, binder, digest(cut, suite.hash));
    const taken: TakenPsk = { psk, index, suite, secrets, binder, session };
    if (session === undefined) return taken;
    context.effects.info('ticketAgeSkew', ticketAgeSkew(read, index, session, context.now()));
    if (session.peer === undefined) return taken;
    const verdict = yield* recheckClient(session.peer, from, context);
    if (verdict !== undefined) return { ...taken, psk: psk.judgedAnew(verdict) };
    // It is the client's own session, but it would not be let in any more: it may try to prove itself anew.
    secrets.dispose();
    return undefined;
  }
  return undefined;
}

/** In milliseconds: what the client thinks the age of its ticket, less what it is (RFC 9846 section 4.3.11.1). */
export function ticketAgeSkew({ extensions }: ReadHello, index: number, session: ServerSession, now: number): number {
  const { obfuscatedTicketAge } = extensions.get(preSharedKey)!.identities[index]!;
  const age = (obfuscatedTicketAge - session.ageAdd + 0x1_0000_0000) % 0x1_0000_0000;
  return age - (now - session.issuedAt);
}

interface FoundPsk {
  readonly meaning: PskMeaning;
  readonly suite: CipherSuite13;
  readonly secret: Uint8Array;
  readonly session: ServerSession | undefined;
}

function* findExternal(
  identity: Uint8Array,
  from: Negotiated,
  context: Context<ServerConfig>,
): Step<FoundPsk | undefined> {
  const { config } = context;
  // An external key says nothing about certificates: where one is required, it is no way around it.
  if (config.findPsk === undefined || clientRules(from.choices, config).clientAuth === 'require') return undefined;
  const psk = yield* request('findPsk', { find: config.findPsk, identity });
  if (psk === undefined) return undefined;
  const suite = suiteFor(psk.hash ?? 'sha256', from, config);
  if (suite === undefined) return undefined;
  const kind = psk.imported === true ? 'imported' : 'external';
  const meaning = { kind, identity, peer: undefined, since: context.now(), authenticated: false } as const;
  return { meaning, suite, secret: psk.secret, session: undefined };
}

/** An external key may decide about the suite: without its hash it could not be used at all (RFC 9846 section 4.3.11). */
function suiteFor(hash: string, { read, suite, retried }: Negotiated, config: ServerConfig): CipherSuite13 | undefined {
  if (suite.hash.name === hash) return suite;
  if (retried) return undefined;
  return config.suites13.find((other) => other.hash.name === hash && read.hello.cipherSuites.includes(other.id));
}

function* findSession(
  identity: Uint8Array,
  from: Negotiated,
  context: Context<ServerConfig>,
): Step<FoundPsk | undefined> {
  const { config } = context;
  if (config.tickets === undefined) return undefined;
  const now = context.now();
  const opened = yield* request('openTicket', { tickets: config.tickets, ticket: identity, now });
  const session = opened && decodeSession(opened);
  if (session?.version !== TLS_1_3) return undefined;
  // A PSK is as long as the digests of its hash: another suite will do, another hash will not.
  if (session.secret.length !== from.suite.hash.size || !isResumable(session, from, context)) return undefined;
  const { suite } = from;
  const { since, peer, secret } = session;
  const meaning = { kind: 'resumption', identity, peer, since, authenticated: true } as const;
  return { meaning, suite, secret, session };
}
