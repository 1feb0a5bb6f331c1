import {
  type DefaultRule,
  flag,
  integer,
  oneOf,
  or,
  readOptions,
  type Rule,
  rule,
  type Rules,
} from '../engine/config/rules.ts';
import { keysOf } from '../bytes/shape.ts';

/** What can be said about the course of one connection, alike for Web Streams and for Node. */
export interface TransportOptions {
  /** Gives the handshake up when it is aborted, also while dialling and while a verifier or a key service takes its time. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** What an abort of `signal` ends: only a handshake that is not done yet, or the connection at any time. */
  readonly signalEnds?: 'handshake' | 'connection' | undefined;
  /** Milliseconds that the handshake may take; 0: any time. Default: 120,000 where a client is accepted, otherwise 0. */
  readonly handshakeTimeout?: number | undefined;
  /**
   * Keep our direction open when the peer has ended its own. Otherwise it is ended as soon as the program has had the chance
   * to write what it writes when it is told of the end.
   */
  readonly allowHalfOpen?: boolean | undefined;
  /**
   * Take the end of the transport for the end of the data, for peers that never send close_notify: what was cut off on the
   * way then looks whole, but for `truncated` in the info.
   */
  readonly allowTruncation?: boolean | undefined;
  /**
   * Milliseconds for which the peer's end is waited for once we have ended our own direction and nothing is being read; also
   * for which a connection whose transport was lost counts as open because there is something that the program has not
   * read. What was received stays to be read after that, too.
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

/** What a client is given for the handshake where nothing else is said, in milliseconds: the two minutes of node:tls. */
const ACCEPT_TIMEOUT = 120_000;
const CLOSE = 5_000;
/** More than this no timer can wait for. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The rules of the options, which are also their documentation. */
export const TRANSPORT_RULES: Rules<TransportOptions, 'signal'> = {
  signal: abortSignal(),
  signalEnds: or(oneOf('handshake', 'connection'), 'handshake'),
  handshakeTimeout: milliseconds(0, '0'),
  allowHalfOpen: flag(false),
  allowTruncation: flag(false),
  closeTimeout: milliseconds(CLOSE, '5,000'),
};

/** The names of the options. */
export const TRANSPORT_KEYS: readonly (keyof TransportOptions)[] = keysOf(TRANSPORT_RULES);

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
export function transportConfig(options: TransportOptions): TransportConfig {
  return readOptions(options, TRANSPORT_RULES);
}

/** The same where a client is accepted. */
export function acceptOptions(options: TransportOptions): TransportOptions {
  return options.handshakeTimeout === undefined ? { ...options, handshakeTimeout: ACCEPT_TIMEOUT } : options;
}

function milliseconds(otherwise: number, text: string): DefaultRule<number> {
  return or(integer(0, LONGEST_TIMER, 'milliseconds'), otherwise, text);
}

function abortSignal(): Rule<AbortSignal> {
  return rule(
    'an AbortSignal (new AbortController().signal, or AbortSignal.timeout(5_000))',
    (value): value is AbortSignal =>
      typeof value === 'object' &&
      value !== null &&
      typeof Reflect.get(value, 'addEventListener') === 'function' &&
      typeof Reflect.get(value, 'aborted') === 'boolean',
  );
}
