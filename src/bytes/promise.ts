import { hasMethod } from './shape.ts';

/** An answer, now or later: what has to wait for nothing costs no promise. */
export type MaybePromise<T> = T | Promise<T>;

/** The one meaning of "is it a promise": anything with a `then` that can be called, as `await` has it. */
export function isPromise<T>(value: T | PromiseLike<T>): value is Promise<T> {
  return hasMethod(value, 'then');
}

/** Continues at once where the value is there, later where it is promised. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value);
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
  return isPromise(value) ? value.then(undefined, failed) : value;
}
