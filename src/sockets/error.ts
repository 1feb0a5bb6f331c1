import { TlsError } from '../errors.ts';

/**
 * What the proposal wants in place of any other error. `cause` is what happened; `code` is that of a TlsError, and
 * `ERR_TRANSPORT` for everything else.
 */
export class SocketError extends TypeError {
  override readonly name: string = 'SocketError';
  readonly code: string;

  constructor(message: string, cause?: unknown) {
    super(`SocketError: ${message}`, cause === undefined ? undefined : { cause });
    this.code = cause instanceof TlsError ? cause.code : 'ERR_TRANSPORT';
  }
}

/** Any reason as the error that the proposal wants. */
export function socketError(reason: unknown): SocketError {
  if (reason instanceof SocketError) return reason;
  return new SocketError(reason instanceof Error ? reason.message : String(reason), reason);
}
