import { isPromise } from '../../bytes/promise.ts';
import type { MaybePromise } from '../../crypto/types.ts';

/**
 * Work that may have to wait: a generator that yields what it waits for. As long as nothing it yields is a promise, the
 * whole of it runs at once, and who asked gets the answer instead of a promise of it.
 */
export type Steps<T> = Generator<MaybePromise<unknown>, T, unknown>;

/** `const value = yield* wait(maybe);` */
export function* wait<T>(value: MaybePromise<T>): Steps<T> {
  return (isPromise(value) ? yield value : value) as T;
}

/** Runs steps to their end. What a promise was rejected with is thrown inside the steps, where they waited for it. */
export function runSteps<T>(steps: Steps<T>): MaybePromise<T> {
  return advance(steps, () => steps.next());
}

function advance<T>(steps: Steps<T>, move: () => IteratorResult<MaybePromise<unknown>, T>): MaybePromise<T> {
  for (let result = move(); ; ) {
    if (result.done === true) return result.value;
    const waited = result.value;
    if (isPromise(waited)) {
      return waited.then(
        (value) => advance(steps, () => steps.next(value)),
        (reason: unknown) => advance(steps, () => steps.throw(reason)),
      );
    }
    result = steps.next(waited);
  }
}
