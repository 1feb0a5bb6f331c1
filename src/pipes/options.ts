import { TlsError } from '../errors.ts';

/** What can be said about a pipe of messages. */
export interface PipeOptions {
  /**
   * Bytes that may wait to be read where the carrier cannot be paused (a WebSocket of a page, a data channel); what comes
   * beyond fails the pipe. Default: 16,777,216.
   */
  readonly maxUnread?: number | undefined;
  /** The longest message that is sent, in bytes. Default: 65,536; 16,384 for data channels. */
  readonly maxMessage?: number | undefined;
}

const MAX_UNREAD = 16_777_216;
const NAMES: readonly string[] = ['maxUnread', 'maxMessage'];

/** @throws TlsError ERR_OPTION for what cannot be. */
export function pipeOptions(given: PipeOptions, largest: number): { maxUnread: number; maxMessage: number } {
  if (typeof given !== 'object' || given === null) throw refused(`options: expected an object, found ${String(given)}`);
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw refused(`${unknown}: a pipe knows ${NAMES.join(' and ')}`);
  return {
    maxUnread: bytes('maxUnread', own(given, 'maxUnread'), MAX_UNREAD),
    maxMessage: bytes('maxMessage', own(given, 'maxMessage'), largest),
  };
}

function own(given: PipeOptions, name: keyof PipeOptions): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function bytes(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw refused(`${name}: expected a number of bytes, 1 or more, found ${String(value)}; for example ${otherwise}`);
}

function refused(detail: string): TlsError {
  return new TlsError('ERR_OPTION', { detail });
}
