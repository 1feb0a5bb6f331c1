import { toHex, wipe } from '../../../bytes/bytes.ts';
import { TlsError } from '../../../errors.ts';
import type { MainSecret12 } from '../../../keys/schedule12.ts';
import { encode } from '../../../wire/codec.ts';
import { sessionTicket } from '../../../wire/extensions/session-ticket.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_FINISHED, HANDSHAKE_NEW_SESSION_TICKET, TLS_1_2 } from '../../../wire/ids.ts';
import { NewSessionTicket12 } from '../../../wire/messages12.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { request, type Step } from '../../requests.ts';
import { MAX_TICKET_LIFETIME, type SessionPeer } from '../../session.ts';
import { type Agreed12, trafficKeysOf } from '../key-exchange/key-exchange.ts';
import { sessionPeerOf } from '../../authentication/psk.ts';
import { mainAgain, ResumedPeer12, reportResumed, switchAndFinish } from '../resumed.ts';
import type { ReadHello12 } from './choose.ts';
import { type AskedFor, sessionBinding, isResumable, recheckClient } from '../../authentication/session-binding.ts';
import { decodeSession, encodeSession, MAX_SESSION_STATE } from '../../authentication/server-session.ts';
import type { ClientDone12, Found12, ServerConnected12, ServerResuming12, SessionPlan12 } from './states.ts';

/** Sessions of TLS 1.2: by ticket (RFC 5077) or by id, and always bound to their handshake (RFC 7627). */

/** Does the client name a session that may be resumed? If not, there is a full handshake and nothing else. */
export function* findSession12(
  read: ReadHello12,
  from: AskedFor,
  context: Context<ServerConfig>,
): Step<Found12 | undefined> {
  const { config } = context;
  const ticket = read.extensions.get(sessionTicket);
  const id = read.hello.legacySessionId;
  let by: Found12['by'] = 'ticket';
  let opened: Uint8Array | undefined;
  if (config.tickets !== undefined && ticket !== undefined && ticket.length > 0) {
    opened = yield* request('openTicket', { tickets: config.tickets, ticket, now: context.now() });
  } else if (config.sessionIds !== undefined && id.length === SESSION_ID && (ticket?.length ?? 0) === 0) {
    by = 'id';
    opened = yield* request('loadState', { store: config.sessionIds, key: toHex(id) });
  }
  const session = opened && decodeSession(opened);
  if (session?.version !== TLS_1_2 || !isResumable(session, from, context)) return undefined;
  const suite = config.suites12.find((candidate) => candidate.id === session.suite);
  if (suite === undefined || !read.hello.cipherSuites.includes(suite.id)) return undefined;
  if (!read.extended)
    throw new TlsError('ERR_EXTENDED_MASTER_SECRET', {
      detail: 'the session began with it, and the handshake that resumes it has none',
      rfc: 'RFC 7627 section 5.3',
    });
  const { secret, since } = session;
  const found = { by, suite, secret, since, group: session.group === 0 ? undefined : session.group };
  if (session.peer === undefined) return { ...found, peer: undefined };
  const verdict = yield* recheckClient(session.peer, from, context);
  return verdict === undefined ? undefined : { ...found, peer: { ...session.peer, verdict } };
}

/** What a client can use, if it is bound to its handshake. Undefined: there will be nothing to come back to. */
export function planSession12(
  read: ReadHello12,
  from: AskedFor,
  found: Found12 | undefined,
  context: Context<ServerConfig>,
): SessionPlan12 | undefined {
  const { config } = context;
  if (!read.extended || config.ticketCount === 0) return undefined;
  const { tickets, sessionIds: store } = config;
  const plan = { binding: sessionBinding(from, context), since: found?.since ?? context.now() };
  if (tickets !== undefined && read.extensions.has(sessionTicket.id)) return { by: 'ticket', tickets, ...plan };
  return store === undefined ? undefined : { by: 'id', store, ...plan };
}

// RFC 5246 ¶7.4.1.2-1
/** An id for a new session; none where nothing is kept under one. */
export function newSessionId(plan: SessionPlan12 | undefined, context: Context<ServerConfig>): Uint8Array {
  const id = new Uint8Array(plan?.by === 'id' ? SESSION_ID : 0);
  context.crypto.random.fill(id);
  return id;
}

/** The rest of the server's only flight (RFC 5246 section 7.3, RFC 5077 section 3.1): it finishes first. */
export function* resume12(
  agreed: Agreed12,
  found: Found12,
  plan: SessionPlan12 | undefined,
  sessionId: Uint8Array,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'WAIT_CCS_RESUMED_12' } & ServerResuming12> {
  const main = mainAgain(agreed, found, context);
  wipe(found.secret);
  agreed.messages.dispose();
  const resuming: ServerResuming12 = {
    ...agreed,
    remembered: found,
    sessionId,
    plan,
    main,
    incoming: trafficKeysOf(agreed, main, 'read', context),
  };
  if (plan?.by === 'ticket') yield* sendTicket(resuming, plan, found.peer, found.group, context);
  const finished = encodeHandshake(HANDSHAKE_FINISHED, main.finished('server', agreed.transcript.digest()));
  switchAndFinish(agreed, main, finished, context);
  return { to: 'WAIT_CCS_RESUMED_12', ...resuming };
}

export function changeCipherSpecResumed12(
  data: ServerResuming12,
  _message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'WAIT_FINISHED_RESUMED_12' } & ServerResuming12 {
  context.effects.keys12('read', data.incoming);
  return { to: 'WAIT_FINISHED_RESUMED_12', ...data };
}

/** The client's Finished shows that it has the secret. */
export function* finishedResumed12(
  data: ServerResuming12,
  message: Arrival,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'CONNECTED_12' } & ServerConnected12> {
  const { effects } = context;
  const { main, transcript, remembered, plan, sessionId } = data;
  const peer = ResumedPeer12.byFinished('client', message, main, data);
  transcript.dispose();
  if (plan?.by === 'id') yield* storeUnderId(data, plan, sessionId, remembered.peer, remembered.group, context);
  effects.info('authenticated', true);
  effects.info('certificateRequested', false);
  reportResumed(peer, remembered, context);
  effects.established();
  return { to: 'CONNECTED_12', main, peer };
}

/**
 * Before the server finishes (RFC 5077 section 3.3). What was promised is sent, if need be empty: for a client that was
 * let in against its verifier's advice, or where no ticket could be made.
 */
export function* rememberClient(data: ClientDone12, context: Context<ServerConfig>): Step<void> {
  const { plan, peer, group } = data;
  if (plan === undefined) return;
  const session = peer === undefined ? undefined : sessionPeerOf(peer.info);
  const trusted = peer === undefined || session !== undefined;
  if (plan.by === 'ticket') yield* sendTicket(data, trusted ? plan : undefined, session, group, context);
  else if (trusted) yield* storeUnderId(data, plan, data.sessionId, session, group, context);
}

interface Rememberable extends Agreed12 {
  readonly main: MainSecret12;
}

type TicketPlan12 = SessionPlan12 & { readonly by: 'ticket' };

/** Undefined for the plan: an empty ticket. */
function* sendTicket(
  data: Rememberable,
  plan: TicketPlan12 | undefined,
  peer: SessionPeer | undefined,
  group: number | undefined,
  context: Context<ServerConfig>,
): Step<void> {
  const lifetime = plan === undefined ? 0 : lifetimeOf(plan, context);
  const state = plan && lifetime > 0 ? stateOf(data, plan, lifetime, peer, group, context) : undefined;
  const tickets = plan?.tickets;
  const sealed = state && tickets && (yield* request('sealTicket', { tickets, state, lifetime, now: context.now() }));
  const ticket = sealed !== undefined && sealed.length <= 0xffff ? sealed : new Uint8Array(0);
  const message = { lifetimeHint: ticket.length === 0 ? 0 : lifetime, ticket };
  const raw = encodeHandshake(HANDSHAKE_NEW_SESSION_TICKET, encode(NewSessionTicket12, message));
  data.transcript.add(raw);
  context.effects.send(raw);
}

function* storeUnderId(
  data: Rememberable,
  plan: SessionPlan12 & { readonly by: 'id' },
  sessionId: Uint8Array,
  peer: SessionPeer | undefined,
  group: number | undefined,
  context: Context<ServerConfig>,
): Step<void> {
  const lifetime = lifetimeOf(plan, context);
  const state = lifetime > 0 ? stateOf(data, plan, lifetime, peer, group, context) : undefined;
  if (state === undefined) return;
  yield* request('storeState', {
    store: plan.store,
    key: toHex(sessionId),
    state,
    until: context.now() + lifetime * 1000,
  });
}

function stateOf(
  { main, suite }: Rememberable,
  { binding, since }: SessionPlan12,
  lifetime: number,
  peer: SessionPeer | undefined,
  group: number | undefined,
  context: Context<ServerConfig>,
): Uint8Array | undefined {
  const secret = main.bytes;
  const common = {
    version: TLS_1_2,
    suite: suite.id,
    secret,
    group: group ?? 0,
    since,
    lifetime,
    binding,
    peer,
  } as const;
  const state = encodeSession({ ...common, issuedAt: context.now(), ageAdd: 0, maxEarlyData: 0 });
  if (state.length <= MAX_SESSION_STATE) return state;
  context.effects.note({ by: 'server', text: `no session: ${state.length} bytes would have to be remembered` });
  return undefined;
}

/** In seconds: seven days after the last full handshake there has to be another one. */
function lifetimeOf({ since }: SessionPlan12, context: Context<ServerConfig>): number {
  const { ticketLifetime } = context.config;
  return Math.min(ticketLifetime, Math.floor((since - context.now()) / 1000) + MAX_TICKET_LIFETIME);
}

/** Bytes in an id of ours. */
const SESSION_ID = 32;
