import { DerError } from '../../../bytes/der.ts';
import { TlsError } from '../../../errors.ts';

/** Whatever goes wrong in a file becomes a TlsError ERR_KEY that says which kind of file it was. */
export function guard<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asTlsError(what, error);
  }
}

/** {@link guard} for what takes its time. */
export async function guardAsync<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asTlsError(what, error);
  }
}

function asTlsError(what: string, error: unknown): TlsError {
  if (error instanceof TlsError) return error;
  const why = error instanceof DerError ? error.message : 'it is not what it says it is';
  return new TlsError('ERR_KEY', { detail: `${what} cannot be read: ${why}`, cause: error });
}

export function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
