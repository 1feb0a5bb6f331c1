import { decode } from '../../../wire/codec.ts';
import { readExtensions } from '../../../wire/extension.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { NewSessionTicket } from '../../../wire/messages13.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import type { Presented } from '../../peer.ts';
import { type ClientSession13, MAX_TICKET_LIFETIME, type SessionPeer } from '../../session.ts';
import { KNOWN_EXTENSIONS } from '../known-extensions.ts';
import { AcceptedPsk } from '../../authentication/psk.ts';
import type { ClientConnected, ServerProven, SessionSeed } from './states.ts';

/** Undefined: there is no store, or no trusted peer that the session could be with. */
export function seedOf(
  { sessionKey: key, presented }: ServerProven,
  proven: ClientConnected['peer'],
  authenticated: boolean,
  { sessions: store }: ClientConfig,
): SessionSeed | undefined {
  const peer = sessionPeer(proven, presented);
  return store === undefined || peer === undefined ? undefined : { store, key, peer, authenticated };
}

// RFC 9846 §4.7.1-1
/** RFC 9846 section 4.7.1. Without a store the ticket is checked and let go. */
export function newSessionTicket(
  data: ClientConnected,
  message: Arrival,
  context: Context<ClientConfig>,
): { readonly to: 'CONNECTED' } & ClientConnected {
  const ticket = decode(NewSessionTicket, message.body);
  const extensions = readExtensions('NewSessionTicket', ticket.extensions, KNOWN_EXTENSIONS);
  // No ticket is kept for longer than seven days, whatever its maker says; zero is a ticket not to be kept.
  const lifetime = Math.min(ticket.lifetime, MAX_TICKET_LIFETIME);
  if (data.seed !== undefined && lifetime > 0) {
    const { store, key, peer, authenticated } = data.seed;
    const session: ClientSession13 = {
      version: 0x0304,
      ticket: ticket.ticket.slice(),
      secret: data.schedule.ticketSecret(ticket.nonce),
      suite: data.suite.id,
      hash: data.suite.hash.name,
      ageAdd: ticket.ageAdd,
      receivedAt: context.now(),
      lifetime,
      maxEarlyData: extensions.get(earlyData) ?? 0,
      alpn: data.alpn,
      authenticated,
      peer,
    };
    context.effects.storeSession(store, key, session);
  }
  return { to: 'CONNECTED', ...data };
}

function sessionPeer(peer: ClientConnected['peer'], presented: Presented | undefined): SessionPeer | undefined {
  if (peer instanceof AcceptedPsk) return peer.meaning.peer;
  const { verdict } = peer.info;
  return presented === undefined || !verdict.ok ? undefined : { presented, verdict };
}
