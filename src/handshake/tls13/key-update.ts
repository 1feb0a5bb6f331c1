import { TlsError } from '../../errors.ts';
import type { CipherSuite13 } from '../../crypto/types.ts';
import type { MainSecrets } from '../../keys/schedule13.ts';
import { decode, encode } from '../../wire/codec.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { HANDSHAKE_KEY_UPDATE } from '../../wire/ids.ts';
import { KeyUpdate } from '../../wire/messages13.ts';
import type { Context } from '../context.ts';
import type { Arrival } from '../machine.ts';
import type { Role } from '../peer.ts';
import type { Config } from '../config.ts';

/** What both roles know of an open TLS 1.3 connection. */
export interface Traffic {
  readonly suite: CipherSuite13;
  readonly schedule: MainSecrets;
  readonly updates: Updates;
}

/** The little that has to be remembered about KeyUpdates (RFC 9846 section 4.7.3). */
export interface Updates {
  // RFC 9846 §4.7.3-6
  /** We asked and have had no KeyUpdate since: asking again is not allowed. */
  asked: boolean;
  /** The peer asked, and our next application data must come under new keys. */
  owed: boolean;
  /** How often we have changed our keys; 2^48 - 1 is the most. */
  sent: number;
}

export function startUpdates(): Updates {
  return { asked: false, owed: false, sent: 0 };
}

// RFC 9846 §4.7.3-9
const MAX_UPDATES = 2 ** 48 - 1;

// RFC 9846 §4.7.3-10, §4.7.3-11
/**
 * The peer changes its keys. If it asks for it, so do we before our next application data, and not before: so a peer that
 * asks again and again while we have nothing to say gets one answer, and cannot make us write (RFC 9846 section 4.7.3).
 */
export function receiveKeyUpdate(data: Traffic, message: Arrival, context: Context<Config>): void {
  const { requestUpdate } = decode(KeyUpdate, message.body);
  if (requestUpdate > 1) throw new TlsError('ERR_KEY_UPDATE', { detail: `${requestUpdate}` });
  data.updates.asked = false;
  const peer: Role = context.config.role === 'client' ? 'server' : 'client';
  context.effects.keys('read', 'application', data.suite, data.schedule.update(peer));
  if (requestUpdate === 1) data.updates.owed = true;
}

/** Answers the peer's requests, if there were any: to be called before application data is sent. */
export function answerKeyUpdates(data: Traffic, context: Context<Config>): void {
  if (data.updates.owed && data.updates.sent < MAX_UPDATES) sendKeyUpdate(data, context, false);
}

/** Changes our keys. `askPeer` is dropped while an earlier request of ours is unanswered. */
export function sendKeyUpdate(data: Traffic, context: Context<Config>, askPeer: boolean): void {
  if (data.updates.sent >= MAX_UPDATES)
    throw new TlsError('ERR_SEAL_LIMIT', { detail: 'the keys cannot be changed again' });
  const ask = askPeer && !data.updates.asked;
  if (ask) data.updates.asked = true;
  data.updates.owed = false;
  data.updates.sent++;
  context.effects.send(encodeHandshake(HANDSHAKE_KEY_UPDATE, encode(KeyUpdate, { requestUpdate: ask ? 1 : 0 })));
  context.effects.keys('write', 'application', data.suite, data.schedule.update(context.config.role));
}
