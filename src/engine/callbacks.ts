import { typedText } from '../bytes/text.ts';
import { isTime } from '../bytes/time.ts';
import { TlsError } from '../errors.ts';
import type { Config } from '../handshake/config.ts';

/**
 * The same configuration for one connection, with callbacks that can throw without harm: the connection fails, the error
 * names the callback, and it is not called again, so that the end can be told.
 */
export function guardCallbacks<C extends Config>(config: C): C {
  const { onTrace, keyLog } = config;
  if (onTrace === undefined && keyLog === undefined) return config;
  return { ...config, onTrace: guarded('onTrace', onTrace), keyLog: guarded('keyLog', keyLog) };
}

/** Milliseconds since 1970. @throws TlsError ERR_CALLBACK_FAILED when the clock throws, or says what is no time. */
export function timeOf(clock: Config['clock']): number {
  let now: unknown;
  try {
    now = clock.now();
  } catch (cause) {
    throw new TlsError('ERR_CALLBACK_FAILED', { detail: 'clock.now', cause });
  }
  if (isTime(now)) return now;
  throw new TlsError('ERR_CALLBACK_FAILED', {
    detail: `clock.now: expected milliseconds since 1970, as Date.now() gives them, found ${typedText(now)}`,
  });
}

function guarded<T>(name: string, callback: ((value: T) => void) | undefined): ((value: T) => void) | undefined {
  if (callback === undefined) return undefined;
  let failed = false;
  return (value) => {
    if (failed) return;
    try {
      callback(value);
    } catch (cause) {
      failed = true;
      throw new TlsError('ERR_CALLBACK_FAILED', { detail: name, cause });
    }
  };
}
