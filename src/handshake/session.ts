import { toBase64Url } from '../bytes/bytes.ts';
import { conceal, describedAs } from '../bytes/conceal.ts';
import { typedText } from '../bytes/text.ts';
import { uniqueBytes } from '../crypto/random.ts';
import type { HashName, MaybePromise, Random } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Presented, Verdict } from './peer.ts';

/**
 * What is kept of a connection so that the next one need not prove everything again (RFC 9846 section 2.2), and whom to
 * ask for it. The stores themselves are above the engine: here is only what they have to be.
 */

/** What a peer showed when the session began, and what was thought of it. */
export interface SessionPeer {
  readonly presented: Presented;
  readonly verdict: Verdict & { readonly ok: true };
}

/** All that a client has to know to resume a session. Plain data. The secret in it opens connections: keep it safe. */
export type ClientSession = ClientSession13 | ClientSession12;

interface AnyClientSession {
  /** Cipher suite of the connection on which the session began. */
  readonly suite: number;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** In seconds, 1 to 604,800. */
  readonly lifetime: number;
  readonly alpn: string | undefined;
  /** We showed a certificate when the session began. */
  readonly authenticated: boolean;
  /** Who the server was. */
  readonly peer: SessionPeer;
}

/** A session of TLS 1.3, as a client stores it (RFC 9846 section 4.7.1). */
export interface ClientSession13 extends AnyClientSession {
  readonly version: 0x0304;
  readonly ticket: Uint8Array;
  /** The PSK that goes with the ticket. */
  readonly secret: Uint8Array;
  /** Hash of the suite: the session can be resumed with any suite of the same hash (RFC 9846 section 4.7.1). */
  readonly hash: HashName;
  /** ticket_age_add */
  readonly ageAdd: number;
  /** Bytes of early data that the server takes with this ticket; 0: none. */
  readonly maxEarlyData: number;
}

/** Only where both sides had extended_master_secret: what is not bound to its handshake is not resumed (RFC 7627). */
export interface ClientSession12 extends AnyClientSession {
  readonly version: 0x0303;
  /** RFC 5077; empty: the server goes by the id. */
  readonly ticket: Uint8Array;
  /** The server's name for the session, up to 32 bytes; empty where there is a ticket. */
  readonly sessionId: Uint8Array;
  /** The main secret, 48 bytes: it is the same in every connection of the session. */
  readonly secret: Uint8Array;
  /** NamedGroup of the key exchange; undefined: there was none. */
  readonly group: number | undefined;
}

/** Where a client keeps its sessions. */
export interface ClientSessionStore {
  /** Hands out a session for this key and forgets it: a ticket is used once (RFC 9846 appendix C.4). */
  take(key: string): MaybePromise<ClientSession | undefined>;
  put(key: string, session: ClientSession): MaybePromise<void>;
  /**
   * Forgets all sessions of this key: their server has refused one, and would refuse the others. Default: they are taken
   * one after the other, 64 at most.
   */
  forget?(key: string): MaybePromise<void>;
}

/** Makes tickets of a server's states, and states of tickets. What a ticket holds is its maker's business alone. */
export interface TicketSealer {
  /**
   * @param state may be any bytes; one who can read or change it can take over connections.
   * @param lifetime in seconds, counted from `now`.
   * @param now milliseconds since 1970.
   * @returns 1 to 65,535 bytes, or undefined: no ticket.
   */
  seal(state: Uint8Array, lifetime: number, now: number): MaybePromise<Uint8Array | undefined>;
  /** The state, or undefined for a ticket that is not one of ours, was changed, or is too old. */
  open(ticket: Uint8Array, now: number): MaybePromise<Uint8Array | undefined>;
}

/** Where a server keeps states, when tickets or session ids are only keys to them. */
export interface ServerSessionStore {
  /** Hands out the state and forgets it, in one act: so each key works once. */
  take(key: string): MaybePromise<Uint8Array | undefined>;
  /** @param until milliseconds since 1970: it may be forgotten then. */
  put(key: string, state: Uint8Array, until: number): MaybePromise<void>;
}

/** A key that both sides were given outside of TLS (RFC 9846 section 2.2). */
export interface ExternalPsk {
  /** 1 to 65,535 bytes; it travels in the clear. */
  readonly identity: Uint8Array;
  /** The key. At least 16 bytes of real randomness: a password is not one (RFC 9257 section 6). */
  readonly secret: Uint8Array;
  // RFC 9846 §2.2-1, §4.3.11-2
  /** The hash it is for: it is used with suites of this hash only. Default: sha256. */
  readonly hash?: 'sha256' | 'sha384';
  /** Came out of an importer (RFC 9258); `importPsk` sets it. Default: false. */
  readonly imported?: boolean;
}

/** The key is read by its name and never listed: it does not show in a log, in JSON, or in what is spread from it. */
export function concealPsk(psk: ExternalPsk): ExternalPsk {
  return conceal(psk, ['secret'], () => `ExternalPsk { ${psk.identity.length} bytes of identity }`);
}

/**
 * A session stays plain data, for stores that write it down. What prints it is told only what it is.
 */
export function describeSession<S extends ClientSession>(session: S): S {
  const { lifetime, alpn } = session;
  const version = session.version === 0x0304 ? 'TLSv1.3' : 'TLSv1.2';
  return describedAs(
    session,
    () => `ClientSession { ${version}, ${lifetime} s${alpn === undefined ? '' : `, ${alpn}`} }`,
  );
}

/** Finds the key of an identity; undefined: there is none, and the handshake continues without. */
export type PskResolver = (identity: Uint8Array) => MaybePromise<ExternalPsk | undefined>;

/**
 * Remembers what has been used, so that early data is taken once (RFC 9846 section 8). An implementation owes this:
 *
 * - To mark and to answer is one act, over all processes that open the same tickets; and all of them have the same
 *   `tolerance`, for `from` and `until` follow from it.
 * - A use is forgotten only when `now` has passed its `until`, and the latest `until` of all that was ever forgotten is
 *   remembered: a use whose `until` is not later than that is answered no. Clocks go back, and what was forgotten would
 *   otherwise be new again. Do not leave the forgetting to a store whose clock is another.
 * - A guard that begins, or has lost its memory, answers no to every use whose `from` is earlier than that.
 * - Times that are not finite numbers are answered no.
 */
export interface ReplayGuard {
  /**
   * Is this the first time? Marks it as used in the same act: of any number of callers, one is told yes. No is always a
   * safe answer; it costs one round trip.
   */
  firstUse(use: EarlyDataUse): MaybePromise<boolean>;
}

/** One ClientHello that brings early data. All times are milliseconds since 1970. */
export interface EarlyDataUse {
  /** 32 or 48 bytes, different for every ClientHello: the binder that was checked (RFC 9846 section 8.2). */
  readonly key: Uint8Array;
  /** The same ClientHello can have been taken from then on; a guard that is younger does not know. */
  readonly from: number;
  /** It is not taken after this, and may be forgotten. */
  readonly until: number;
  readonly now: number;
}

/** Most seconds that a ticket may live (RFC 9846 section 4.7.1). */
export const MAX_TICKET_LIFETIME = 604_800;

/** Under which an object carries its name; a copy that is spread from it has none. */
const NAME: unique symbol = /* @__PURE__ */ Symbol('warifu.name');

/**
 * A name for something that has none: the same for the same object, and one that nothing else has, in this process or
 * another. The object carries it, so that no list of objects is kept, and each time it is another for one that is frozen.
 * Processes that share the keys of their tickets count alike: a count would let a session of one server be resumed at
 * another.
 */
export function identityOf(value: object, random: Random): string {
  const known: unknown = Reflect.getOwnPropertyDescriptor(value, NAME)?.value;
  if (typeof known === 'string') return known;
  const identity = `#${toBase64Url(uniqueBytes(16, random))}`;
  Reflect.defineProperty(value, NAME, { value: identity });
  return identity;
}

/**
 * The rules of a verifier, by name. A verifier that gives no name has its own for as long as it lives: `name`, where one
 * was made for it before.
 */
export function policyOf(
  verifier: { readonly policy?: string | undefined } | undefined,
  random: Random,
  name?: string | undefined,
): string {
  if (verifier === undefined) return 'none';
  const policy = namedPolicy(verifier);
  return policy === undefined ? (name ?? identityOf(verifier, random)) : `=${policy}`;
}

/**
 * A verifier may work the name out each time, and it is the program's.
 *
 * @throws TlsError ERR_CALLBACK_FAILED when it throws, or is no text.
 */
export function namedPolicy(verifier: { readonly policy?: string | undefined }): string | undefined {
  let policy: unknown;
  try {
    policy = verifier.policy;
  } catch (cause) {
    throw new TlsError('ERR_CALLBACK_FAILED', { detail: 'verifier.policy', cause });
  }
  if (policy === undefined || typeof policy === 'string') return policy;
  throw new TlsError('ERR_CALLBACK_FAILED', {
    detail: `verifier.policy: expected a text or nothing, found ${typedText(policy)}`,
  });
}
