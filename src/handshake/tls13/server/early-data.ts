import { TlsError } from '../../../errors.ts';
import type { ServerConfig } from '../../config.ts';
import type { Context } from '../../context.ts';
import type { Arrival } from '../../machine.ts';
import { request, type Step } from '../../requests.ts';
import { type Negotiated, type TakenPsk, ticketAgeSkew } from './psk.ts';
import type { ClientDone, FlightSent } from './states.ts';

// RFC 9846 §4.3.11-1
/**
 * May early data be taken (RFC 9846 sections 4.3.10 and 8)? Undefined: yes; otherwise why not. That the version, the name
 * and the protocol are those of the session is settled already: another session would not have been resumed.
 */
export function* refuseEarlyData(
  from: Negotiated,
  taken: TakenPsk | undefined,
  context: Context<ServerConfig>,
): Step<string | undefined> {
  const { earlyData } = context.config;
  if (earlyData === undefined) return 'it is not configured';
  if (taken?.session === undefined) return 'there is no session';
  // RFC 9846 §4.3.10-7
  // RFC 9846 §8.2-2
  const { session, index, suite, binder } = taken;
  // RFC 9846 §4.3.10-6
  if (index !== 0) return 'the session is not the first that was offered';
  if (session.maxEarlyData === 0) return 'the session does not allow it';
  if (session.suite !== suite.id) return 'the cipher suite is another';
  const now = context.now();
  const skew = ticketAgeSkew(from.read, index, session, now);
  const expected = now + skew;
  const { tolerance } = earlyData;
  if (!(Math.abs(skew) <= tolerance)) return 'the ticket is older or younger than the client says';
  const use = { key: binder, from: expected - tolerance, until: expected + tolerance, now };
  const first = yield* request('firstUse', { guard: earlyData.guard, use });
  return first === true ? undefined : 'it has been here before, as far as we can tell';
}

/** RFC 9846 section 4.6. From here on the client writes under its handshake keys. */
export function endOfEarlyData(
  data: FlightSent,
  message: Arrival,
  context: Context<ServerConfig>,
): { readonly to: 'WAIT_FINISHED' } & ClientDone {
  if (message.body.length > 0) throw new TlsError('ERR_TRAILING_BYTES', { detail: 'EndOfEarlyData' });
  data.transcript.add(message.raw);
  context.effects.keys('read', 'handshake', data.suite, data.schedule.clientTraffic);
  return { to: 'WAIT_FINISHED', ...data, peer: data.psk, presented: undefined };
}
