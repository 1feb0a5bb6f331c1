import { TlsError } from './errors.ts';

/**
 * Runs what judges options. What it throws tells where the program gave them, and not the way through our files: a stack is
 * ten lines long, and the program's own would be behind them.
 * @param entry the function that the program called.
 */
export function atCaller<R>(
  entry: ((...values: never) => unknown) | (new (...values: never) => object),
  run: () => R,
): R {
  try {
    return run();
  } catch (error) {
    // Not everywhere there.
    if (error instanceof TlsError && 'captureStackTrace' in Error) Error.captureStackTrace(error, entry);
    throw error;
  }
}
