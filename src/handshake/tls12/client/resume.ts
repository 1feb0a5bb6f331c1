import { equalBytes } from '../../../bytes/bytes.ts';
import { TlsError } from '../../../errors.ts';
import { decode } from '../../../wire/codec.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import type { ServerHello } from '../../../wire/hello.ts';
import { HANDSHAKE_FINISHED, TLS_1_2 } from '../../../wire/ids.ts';
import { NewSessionTicket12 } from '../../../wire/messages12.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { type ClientSession12, MAX_TICKET_LIFETIME } from '../../session.ts';
import { trafficKeysOf } from '../key-exchange/key-exchange.ts';
import { sessionPeerOf } from '../../authentication/psk.ts';
import { mainAgain, ResumedPeer12, reportResumed, switchAndFinish } from '../resumed.ts';
import type { HelloSent } from '../../client-hello.ts';
import type {
  ClientAgreed12,
  ClientConnected12,
  ClientFinishing12,
  ClientResuming12,
  ClientSwitching12,
  Ticket12,
} from './states.ts';

/** Sessions of TLS 1.2: by ticket (RFC 5077) or by the server's id, and always bound to their handshake (RFC 7627). */

/** In seconds, where the server does not say how long it will remember (RFC 5246 appendix F.1.4). */
const A_DAY = 86_400;

/**
 * Does the server resume our session? It says so by repeating our id.
 * @throws TlsError when it repeats one that names no session, or what it says is not what the session was.
 */
export function resumedSession(
  data: HelloSent,
  hello: ServerHello,
  suite: number,
  extended: boolean,
): ClientSession12 | undefined {
  const id = hello.legacySessionIdEcho;
  if (id.length === 0 || !equalBytes(id, data.hello.legacySessionId)) return undefined;
  const session = data.session12;
  // RFC 5246 section 7.4.1.3: the same id would resume a session, and we offered none.
  if (session === undefined)
    throw new TlsError('ERR_SESSION_ID_ECHO', {
      detail: 'there is no session to resume',
      rfc: 'RFC 5246 section 7.4.1.3',
    });
  if (suite !== session.suite)
    throw new TlsError('ERR_SELECTED_SUITE', {
      detail: `0x${suite.toString(16)}, and the session has 0x${session.suite.toString(16)}`,
      rfc: 'RFC 5246 section 7.4.1.3',
    });
  if (!extended)
    throw new TlsError('ERR_EXTENDED_MASTER_SECRET', {
      detail: 'the session began with it, and the handshake that resumes it has none',
      rfc: 'RFC 7627 section 5.3',
    });
  return session;
}

/** The abbreviated handshake (RFC 5246 section 7.3): the server is about to finish. */
export function resume12(
  agreed: ClientAgreed12,
  remembered: ClientSession12,
  context: Context<ClientConfig>,
):
  | ({ readonly to: 'WAIT_TICKET_RESUMED_12' } & ClientResuming12)
  | ({ readonly to: 'WAIT_CCS_RESUMED_12' } & ClientResuming12) {
  agreed.messages.dispose();
  const main = mainAgain(agreed, remembered, context);
  const incoming = context.own(trafficKeysOf(agreed, main, 'read', context));
  context.effects.info('authenticated', remembered.authenticated);
  const resuming = { ...agreed, remembered, main, incoming, ticket: undefined };
  return agreed.ticketPromised
    ? { to: 'WAIT_TICKET_RESUMED_12', ...resuming }
    : { to: 'WAIT_CCS_RESUMED_12', ...resuming };
}

/** RFC 5077 section 3.3, in a full handshake. */
export function newSessionTicket12(
  data: ClientSwitching12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_CCS_12' } & ClientSwitching12 {
  return { to: 'WAIT_CCS_12', ...data, ticket: readTicket(data, message, context) };
}

export function newSessionTicketResumed12(
  data: ClientResuming12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_CCS_RESUMED_12' } & ClientResuming12 {
  return { to: 'WAIT_CCS_RESUMED_12', ...data, ticket: readTicket(data, message, context) };
}

export function changeCipherSpecResumed12(
  data: ClientResuming12,
  _message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'WAIT_FINISHED_RESUMED_12' } & ClientResuming12 {
  context.effects.keys12('read', data.incoming);
  return { to: 'WAIT_FINISHED_RESUMED_12', ...data };
}

/** The server's Finished shows that it has the secret; ours follows. */
export function finishedResumed12(
  data: ClientResuming12,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'CONNECTED_12' } & ClientConnected12 {
  const { effects } = context;
  const { main, transcript, remembered } = data;
  const peer = ResumedPeer12.byFinished('server', message, main, data);
  transcript.add(message.raw);
  switchAndFinish(
    data,
    main,
    encodeHandshake(HANDSHAKE_FINISHED, main.finished('client', transcript.digest())),
    context,
  );
  transcript.dispose();
  reportResumed(peer, remembered, context);
  const { ticket, receivedAt, lifetime } = data.ticket ?? remembered;
  // It was taken out of the store to be used; a session of TLS 1.2 may be used again.
  const secret = remembered.secret.slice();
  const { sessions } = context.config;
  if (sessions !== undefined)
    effects.storeSession(sessions, data.sessionKey, { ...remembered, secret, ticket, receivedAt, lifetime });
  effects.established();
  return { to: 'CONNECTED_12', main, peer };
}

/** What comes of a full handshake, for the next one: nothing where it is not bound to itself (RFC 7627 section 5.2). */
export function storeSession12(data: ClientFinishing12, context: Context<ClientConfig>): void {
  const { config } = context;
  const { ticket, sessionId, suite, main, group, alpn, authenticated } = data;
  const peer = sessionPeerOf(data.peer.info);
  const named = ticket !== undefined || sessionId.length > 0;
  if (config.sessions === undefined || !data.extended || peer === undefined || !named) return;
  context.effects.storeSession(config.sessions, data.sessionKey, {
    version: TLS_1_2,
    ...(ticket === undefined
      ? { ticket: new Uint8Array(0), sessionId, receivedAt: context.now(), lifetime: A_DAY }
      : { ...ticket, sessionId: new Uint8Array(0) }),
    secret: main.bytes.slice(),
    suite: suite.id,
    group,
    alpn,
    authenticated,
    peer,
  });
}

function readTicket(data: ClientAgreed12, message: Arrival, context: Context<ClientConfig>): Ticket12 | undefined {
  const { lifetimeHint, ticket } = decode(NewSessionTicket12, message.body);
  data.transcript.add(message.raw);
  if (ticket.length === 0) return undefined;
  const lifetime = Math.min(lifetimeHint === 0 ? A_DAY : lifetimeHint, MAX_TICKET_LIFETIME);
  return { ticket: ticket.slice(), receivedAt: context.now(), lifetime };
}
