import { wipe } from '../../../bytes/bytes.ts';
import { encode } from '../../../wire/codec.ts';
import { writeExtension } from '../../../wire/extension.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { pskKeyExchangeModes } from '../../../wire/extensions/psk-key-exchange-modes.ts';
import { encodeHandshake } from '../../../wire/handshake.ts';
import { HANDSHAKE_NEW_SESSION_TICKET, TLS_1_3 } from '../../../wire/ids.ts';
import { NewSessionTicket } from '../../../wire/messages13.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import { request, type Step } from '../../requests.ts';
import { MAX_TICKET_LIFETIME, type SessionPeer, type TicketSealer } from '../../session.ts';
import { AcceptedPsk, peerInfoOf, PSK_DHE_KE, PSK_KE } from '../../authentication/psk.ts';
import type { ReadHello } from './choose.ts';
import { encodeSession, MAX_SESSION_STATE } from '../../authentication/server-session.ts';
import type { ClientDone, ServerConnected } from './states.ts';

/** What the tickets of a connection will hold. */
export interface TicketPlan {
  readonly tickets: TicketSealer;
  readonly count: number;
  readonly binding: Uint8Array;
  readonly peer: SessionPeer | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Can this client use a ticket? A server should not send those it cannot (RFC 9846 section 4.3.9). */
export function wantsTickets(read: ReadHello, config: ServerConfig): boolean {
  const modes = read.extensions.get(pskKeyExchangeModes) ?? [];
  return config.tickets !== undefined && (modes.includes(PSK_DHE_KE) || (config.pskOnly && modes.includes(PSK_KE)));
}

/** Undefined: no tickets. A client that was let in against its verifier's advice is not remembered. */
export function planTickets(
  { binding, presented }: ClientDone,
  peer: ServerConnected['peer'],
  context: Context<ServerConfig>,
): TicketPlan | undefined {
  const { tickets, ticketCount } = context.config;
  if (binding === undefined || tickets === undefined || ticketCount === 0) return undefined;
  if (peer instanceof AcceptedPsk) {
    const { kind, since } = peer.meaning;
    if (kind !== 'resumption') return undefined;
    // The client has used one: it gets one.
    return { tickets, count: 1, binding, peer: peer.meaning.peer, since };
  }
  const plan = { tickets, count: ticketCount, binding, since: context.now() };
  if (peer === undefined) return { ...plan, peer: undefined };
  const { verdict } = peer.info;
  return verdict.ok && presented !== undefined ? { ...plan, peer: { presented, verdict } } : undefined;
}

/** NewSessionTicket (RFC 9846 section 4.7.1), after the handshake is done, which does not wait for it. */
export function* sendTickets(
  data: ServerConnected,
  plan: TicketPlan,
  context: Context<ServerConfig>,
): Step<{ readonly to: 'CONNECTED' } & ServerConnected> {
  const { config } = context;
  const { effects, crypto } = context;
  const now = context.now();
  const left = Math.floor((plan.since - now) / 1000) + MAX_TICKET_LIFETIME;
  const lifetime = Math.min(config.ticketLifetime, left);
  const maxEarlyData = earlyDataFor(plan, context);
  for (let index = 0; index < plan.count && lifetime > 0; index++) {
    const nonce = Uint8Array.of(index);
    const random = new Uint8Array(4);
    // RFC 9846 §4.7.1-7
    crypto.random.fill(random);
    const ageAdd = new DataView(random.buffer).getUint32(0);
    const secret = data.schedule.ticketSecret(nonce);
    const { binding, peer, since } = plan;
    const session = {
      version: TLS_1_3,
      suite: data.suite.id,
      secret,
      group: 0,
      issuedAt: now,
      since,
      ageAdd,
      lifetime,
      maxEarlyData,
      binding,
      peer,
    } as const;
    const state = encodeSession(session);
    wipe(secret);
    if (state.length > MAX_SESSION_STATE) {
      effects.note({ by: 'server', text: `no ticket: ${state.length} bytes would have to be remembered` });
      break;
    }
    const ticket = yield* request('sealTicket', { tickets: plan.tickets, state, lifetime, now });
    if (ticket === undefined || ticket.length === 0 || ticket.length > 0xffff) continue;
    const extensions = maxEarlyData === 0 ? [] : [writeExtension(earlyData, 'NewSessionTicket', maxEarlyData)];
    const message = { lifetime, ageAdd, nonce, ticket, extensions };
    effects.send(encodeHandshake(HANDSHAKE_NEW_SESSION_TICKET, encode(NewSessionTicket, message)));
  }
  return { to: 'CONNECTED', ...data };
}

/** Early data in the name of a client who showed a certificate only where the program says so. */
function earlyDataFor({ peer }: TicketPlan, context: Context<ServerConfig>): number {
  const { earlyData: rules } = context.config;
  if (rules === undefined) return 0;
  const info = peerInfoOf(peer);
  return info === undefined || rules.allow?.(info) === true ? rules.max : 0;
}
