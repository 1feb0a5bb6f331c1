import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isObject } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import { coded } from './arguments.ts';
import type { ServerEvents } from './engines.ts';

/** Of a socket that dials. */
export const DIAL_EVENTS: readonly string[] = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
];

/** It is, or has yet to be, dialled. */
export function isWaiting(below: Duplex): boolean {
  return below instanceof Socket && !below.destroyed && (below.connecting || below.pending);
}

/**
 * A socket that a connection stands on does not tell of its own failures, as in node:tls: the connection does, and a program
 * that still listens to both would hear of them twice. Failures are what the system said; other errors are the program's own.
 * @param before its listeners of 'error' before the connection was made; those that came since are the connection's.
 */
export function keepFailures(below: Duplex, before: readonly unknown[]): void {
  if (!(below instanceof Socket)) return;
  const own = below.listeners('error').filter((listener) => !before.includes(listener));
  const { emit } = below;
  below.emit = (event: string, ...values: readonly unknown[]): boolean => {
    const [error] = values;
    if (event !== 'error' || !isObject(error) || !('syscall' in error))
      return Reflect.apply(emit, below, [event, ...values]);
    for (const listener of own) Reflect.apply(listener, below, values);
    return true;
  };
}

/** A promise and its two ends. */
export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => {};
  let reject: Deferred<T>['reject'] = () => {};
  const promise = new Promise<T>((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
}

/** What was not sent because the connection is over. */
export function writeError(error: Error | null | undefined): Error | null | undefined {
  if (!(error instanceof TlsError)) return error;
  return coded(new Error('write ECANCELED', { cause: error }), 'ECANCELED', { syscall: 'write' });
}

/** Can it be asked for its listeners? */
export function isEvents(value: unknown): value is ServerEvents {
  return isObject(value) && 'listenerCount' in value && 'emit' in value;
}
