import { Alert, type TlsError } from '../errors.ts';

/** The RFC's name of an alert, from the list in errors.ts: `handshake_failure (40)`. */
export function alertName(description: number): string {
  const entry = Object.entries(Alert).find(([, number]) => number === description);
  if (entry === undefined) return `alert ${description}`;
  return `${entry[0].replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} (${description})`;
}

/** Is there anything to tell the peer? Not when it told us, and not when it cannot hear. */
export function sendsAlert(error: TlsError): boolean {
  return error.alert !== undefined && error.code !== 'ERR_ALERT_RECEIVED' && error.code !== 'ERR_TRANSPORT';
}
