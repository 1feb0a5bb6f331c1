import { Alert, type TlsError } from '../errors.ts';
import type { Outbound } from './outbound.ts';

/** The RFC's name of an alert, from the list in errors.ts: `handshake_failure (40)`. */
export function alertName(description: number): string {
  const entry = Object.entries(Alert).find(([, number]) => number === description);
  if (entry === undefined) return `alert ${description}`;
  return `${entry[0].replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} (${description})`;
}

/**
 * What becomes of an alert of the peer:
 * - `end`: it will say nothing more. What comes behind it is ignored; a handshake that was under way has failed;
 * - `ignored`: it is counted, and nothing else;
 * - `error`: it has ended the connection.
 */
export type AlertMeaning = 'end' | 'ignored' | 'error';

interface Meanings {
  /** TLS 1.3, whatever the level says: it "can safely be ignored" (RFC 9846 section 6). */
  readonly tls13: AlertMeaning;
  /** TLS 1.2, and a peer of whom it is not known yet that it speaks TLS 1.3: at the level of a warning, … */
  readonly warning12: AlertMeaning;
  /** … and at the level fatal (RFC 5246 section 7.2.2). */
  readonly fatal12: AlertMeaning;
}

/** RFC 9846 section 6.1: what follows a closure alert is ignored. */
const CLOSE_NOTIFY: Meanings = { tls13: 'end', warning12: 'end', fatal12: 'end' };
/** It announces a close_notify, for which we wait. */
const USER_CANCELED: Meanings = { tls13: 'ignored', warning12: 'ignored', fatal12: 'error' };
/** RFC 9846 section 6.2: every other, also one that is not known; a warning of TLS 1.2 need not end anything. */
const ANY_OTHER: Meanings = { tls13: 'error', warning12: 'ignored', fatal12: 'error' };

/** @param tls13 the peer speaks TLS 1.3, or has nothing else to choose. The level is 1 or 2. */
export function alertMeaning(level: number, description: number, tls13: boolean): AlertMeaning {
  const meanings =
    description === Alert.closeNotify ? CLOSE_NOTIFY : description === Alert.userCanceled ? USER_CANCELED : ANY_OTHER;
  return tls13 ? meanings.tls13 : level === 1 ? meanings.warning12 : meanings.fatal12;
}

/** What the peer hears of a failure. */
export function tellPeer(outbound: Outbound, error: TlsError, wasOpen: boolean): void {
  // RFC 5246 section 7.2.1: a closure is answered by one, and nothing else is said.
  const closed = error.alertReceived === Alert.closeNotify;
  const alert = alertOf(error, wasOpen);
  if (alert === undefined && !closed) return;
  const cancels = alert === Alert.userCanceled;
  try {
    if (alert !== undefined && !closed) outbound.alert(cancels ? 1 : 2, alert);
    if (cancels || closed) outbound.alert(1, Alert.closeNotify);
  } catch {
    // A trace callback that throws, or keys that may not be used any more: the error that is reported came before.
  }
}

/**
 * What the peer is told of an error; undefined when it told us, or cannot hear. What is given up after the handshake is an
 * error like any other: user_canceled is for handshakes, and the close_notify behind it would look like an end. Without
 * any alert it would look like one too, to the many that take the end of a transport for the end of the data (RFC 9846
 * section 6.1).
 */
function alertOf({ alert, code }: TlsError, wasOpen: boolean): number | undefined {
  if (code === 'ERR_ALERT_RECEIVED' || code === 'ERR_TRANSPORT') return undefined;
  return wasOpen && alert === Alert.userCanceled ? Alert.internalError : alert;
}
