import { inspect, isDeepStrictEqual } from 'node:util';
import type { Duplex } from 'node:stream';

/** What is expected of a cell; outside of a test runner, for the matrix runs without one too. */

export function check(truth: boolean, why: string): void {
  if (!truth) throw new Error(why);
}

export function equal(what: string, value: unknown, expected: unknown): void {
  check(isDeepStrictEqual(value, expected), `${what}: ${inspect(value)}, not ${inspect(expected)}`);
}

/** @throws when it is not done by then. */
export async function within<T>(milliseconds: number, what: string, doing: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${milliseconds} ms`)), milliseconds);
  });
  doing.catch(() => {}); // it may fail when it is no longer waited for
  return await Promise.race([doing, late]).finally(() => clearTimeout(timer));
}

/** Resolves when the other side's direction has ended: with why, undefined when it ended as it should. */
export function failure(stream: Duplex): Promise<unknown> {
  return new Promise((resolve) => {
    if (stream.readableEnded) resolve(undefined);
    if (stream.errored != null) resolve(stream.errored);
    stream.once('end', () => resolve(undefined));
    stream.once('error', resolve);
    stream.once('close', () => resolve(stream.errored ?? new Error('closed without an end')));
  });
}
