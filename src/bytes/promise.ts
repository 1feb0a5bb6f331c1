import { hasMethod } from './shape.ts';

/** The one meaning of "is it a promise": anything with a `then` that can be called, as `await` has it. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMethod(value, 'then');
}
