import { Alert, type TlsError } from '../errors.ts';

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

/** Is there anything to tell the peer? Not when it told us, and not when it cannot hear. */
export function sendsAlert(error: TlsError): boolean {
  return error.alert !== undefined && error.code !== 'ERR_ALERT_RECEIVED' && error.code !== 'ERR_TRANSPORT';
}
