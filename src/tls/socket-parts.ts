import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
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

/** Not null. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Can it be asked for its listeners? */
export function isEvents(value: unknown): value is ServerEvents {
  return isObject(value) && 'listenerCount' in value && 'emit' in value;
}
