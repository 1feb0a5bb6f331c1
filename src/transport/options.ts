import { TlsError } from '../errors.ts';

/** What can be said about the course of one connection, alike for Web Streams and for Node. */
export interface TransportOptions {
  /** Gives the handshake up when it is aborted, also while dialling and while a verifier or a key service takes its time. */
  readonly signal?: AbortSignal | undefined;
  /** What an abort of `signal` ends: only a handshake that is not done yet, or the connection at any time. Default: `handshake`. */
  readonly signalEnds?: 'handshake' | 'connection' | undefined;
  /** Milliseconds that the handshake may take; 0: any time. Default: 120,000 where a client is accepted, otherwise 0. */
  readonly handshakeTimeout?: number | undefined;
  /**
   * Keep our direction open when the peer has ended its own. Default: false; it is ended as soon as the program has had
   * the chance to write what it writes when it is told of the end.
   */
  readonly allowHalfOpen?: boolean | undefined;
  /**
   * Take the end of the transport for the end of the data, for peers that never send close_notify: what was cut off on the
   * way then looks whole, but for `truncated` in the info. Default: false.
   */
  readonly allowTruncation?: boolean | undefined;
  /**
   * Milliseconds for which the peer's end is waited for once we have ended our own direction and nothing is being read; also
   * for which data is kept that was received and not read when the transport was lost. Default: 5,000.
   */
  readonly closeTimeout?: number | undefined;
}

/** The same with everything filled in. */
export interface TransportConfig {
  readonly signal: AbortSignal | undefined;
  readonly signalEnds: 'handshake' | 'connection';
  readonly handshakeTimeout: number;
  readonly allowHalfOpen: boolean;
  readonly allowTruncation: boolean;
  readonly closeTimeout: number;
}

/** The names of the options. */
export const TRANSPORT_KEYS: readonly (keyof TransportOptions)[] = [
  'signal',
  'signalEnds',
  'handshakeTimeout',
  'allowHalfOpen',
  'allowTruncation',
  'closeTimeout',
];

/** What a client is given for the handshake where nothing else is said, in milliseconds: the two minutes of node:tls. */
const ACCEPT_TIMEOUT = 120_000;
const CLOSE = 5_000;
/** More than this no timer can wait for. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Checks and fills in.
 * @throws TlsError ERR_OPTION for what cannot be.
 * @example
 * ```ts
 * import { transportConfig } from 'warifu/transport';
 * const { handshakeTimeout, allowHalfOpen } = transportConfig({ handshakeTimeout: 10_000 });
 * handshakeTimeout; // 10000
 * allowHalfOpen; // false
 * ```
 */
export function transportConfig(given: TransportOptions): TransportConfig {
  const options = transportOptions(given);
  const { signal, signalEnds = 'handshake' } = options;
  if (signal !== undefined && (typeof signal !== 'object' || typeof signal?.addEventListener !== 'function'))
    throw refused('signal', 'an AbortSignal', signal, 'new AbortController().signal, or AbortSignal.timeout(5_000)');
  if (signalEnds !== 'handshake' && signalEnds !== 'connection')
    throw refused('signalEnds', "'handshake' or 'connection'", signalEnds, "signalEnds: 'connection'");
  return {
    signal,
    signalEnds,
    handshakeTimeout: milliseconds('handshakeTimeout', options.handshakeTimeout, 0),
    allowHalfOpen: flag('allowHalfOpen', options.allowHalfOpen),
    allowTruncation: flag('allowTruncation', options.allowTruncation),
    closeTimeout: milliseconds('closeTimeout', options.closeTimeout, CLOSE),
  };
}

/** Those of a larger set of options that are options of this file. What is inherited is no option. */
export function transportOptions(options: TransportOptions): TransportOptions {
  const found: { -readonly [K in keyof TransportOptions]: unknown } = {};
  for (const key of TRANSPORT_KEYS) if (Object.hasOwn(options, key)) found[key] = options[key];
  return found as TransportOptions;
}

/** The same where a client is accepted. */
export function acceptOptions(options: TransportOptions): TransportOptions {
  const found = transportOptions(options);
  return { ...found, handshakeTimeout: found.handshakeTimeout ?? ACCEPT_TIMEOUT };
}

/** What is left of a set of options without those of this file. */
export function withoutTransport<T extends TransportOptions>(options: T): Omit<T, keyof TransportOptions> {
  const rest: T = { ...options };
  for (const key of TRANSPORT_KEYS) delete rest[key];
  return rest;
}

function milliseconds(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !(value >= 0 && value <= LONGEST_TIMER))
    throw refused(name, `milliseconds, 0 to ${LONGEST_TIMER}`, value, `${name}: 10_000`);
  return value;
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw refused(name, 'true or false', value, `${name}: true`);
  return value ?? false;
}

function refused(name: string, expected: string, found: unknown, instead: string): TlsError {
  const shown = typeof found === 'string' ? JSON.stringify(found.slice(0, 40)) : nameOf(found);
  return new TlsError('ERR_OPTION', {
    detail: `${name}: expected ${expected}, found ${shown}; for example ${instead}`,
  });
}

/** What a wrong value is, in a word. */
export function nameOf(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return typeof value === 'undefined' ? 'nothing' : `a ${typeof value}`;
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an object (${name.slice(0, 40)})` : 'an object';
  } catch {
    return 'an object that throws when it is looked at';
  }
}
