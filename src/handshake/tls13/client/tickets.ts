import { decode } from '../../../wire/codec.ts';
import { readExtensions } from '../../../wire/extension.ts';
import { earlyData } from '../../../wire/extensions/early-data.ts';
import { NewSessionTicket } from '../../../wire/messages13.ts';
import type { ClientConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { type ClientSession13, MAX_TICKET_LIFETIME, type SessionPeer } from '../../session.ts';
import { KNOWN_EXTENSIONS } from '../known-extensions.ts';
import { AcceptedPsk } from '../../authentication/psk.ts';
import type { ClientConnected } from './client-flight.ts';
import type { ServerProven } from './server-flight.ts';

/** What every session of this connection has in common. */
export interface SessionSeed {
  readonly key: string;
  readonly peer: SessionPeer;
  readonly authenticated: boolean;
}

/** Undefined: there is nowhere to keep a session, or nobody whom it could be with. */
export function seedOf(data: ServerProven, authenticated: boolean, config: ClientConfig): SessionSeed | undefined {
  if (config.sessions === undefined) return undefined;
  const peer = sessionPeer(data);
  return peer === undefined ? undefined : { key: data.sessionKey, peer, authenticated };
}

// RFC 9846 §4.7.1-1
/** RFC 9846 section 4.7.1. Without a store the ticket is checked and let go. */
export function newSessionTicket(
  data: ClientConnected,
  message: Arrival,
  context: Context,
): { readonly to: 'CONNECTED' } & ClientConnected {
  const ticket = decode(NewSessionTicket, message.body);
  const extensions = readExtensions('NewSessionTicket', ticket.extensions, KNOWN_EXTENSIONS);
  // Nobody may keep a ticket for longer than seven days, whatever its maker says; zero is a ticket not to be kept.
  const lifetime = Math.min(ticket.lifetime, MAX_TICKET_LIFETIME);
  if (data.seed !== undefined && lifetime > 0) {
    const { key, peer, authenticated } = data.seed;
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
    context.effects.keepSession(key, session);
  }
  return { to: 'CONNECTED', ...data };
}

function sessionPeer({ peer, presented }: ServerProven): SessionPeer | undefined {
  if (peer instanceof AcceptedPsk) return peer.meaning.peer;
  const { verdict } = peer.info;
  return presented === undefined || !verdict.ok ? undefined : { presented, verdict };
}
