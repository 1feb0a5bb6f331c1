import { hasMethod } from '../bytes/shape.ts';
import type { MaybePromise } from './types.ts';

/** Is it something to be waited for? A promise may come from another realm, so it is told by its `then`. */
export function isLater<T>(value: MaybePromise<T>): value is Promise<T> {
  return hasMethod(value, 'then');
}

/** Goes on at once where the value is there, later where it is promised. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isLater(value) ? value.then(next) : next(value);
}

/** What `attempt` answers, or what `failed` makes of its failure, now or later. */
export function orElse<T>(
  attempt: () => MaybePromise<T>,
  failed: (reason: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  let value: MaybePromise<T>;
  try {
    value = attempt();
  } catch (reason) {
    return failed(reason);
  }
  return isLater(value) ? value.then(undefined, failed) : value;
}
