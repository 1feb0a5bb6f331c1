import { reasonText } from '../bytes/text.ts';
import { isTlsError } from '../errors.ts';

/**
 * What the proposal wants in place of any other error. `cause` is what happened; `code` is that of a TlsError, and
 * `ERR_TRANSPORT` for everything else.
 */
export class SocketError extends TypeError {
  override readonly name: string = 'SocketError';
  readonly code: string;

  constructor(message: string, cause?: unknown) {
    super(`SocketError: ${message}`, cause === undefined ? undefined : { cause });
    this.code = isTlsError(cause) ? cause.code : 'ERR_TRANSPORT';
  }
}

/** Any reason as the error that the proposal wants. */
export function socketError(reason: unknown): SocketError {
  if (reason instanceof SocketError) return reason;
  return new SocketError(messageOf(reason), reason);
}

function messageOf(reason: unknown): string {
  try {
    if (reason instanceof Error) return reason.message;
  } catch {
    // What it is cannot be asked.
  }
  return reasonText(reason);
}
