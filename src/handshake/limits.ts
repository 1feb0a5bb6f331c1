import { TlsError } from '../errors.ts';

/** Most bytes of content in a record (RFC 9846 section 5.1). */
export const MAX_CONTENT = 16_384;

/**
 * RFC 8449 section 4, for TLS 1.3: the value counts the content type byte. A server may get a value above 2^14 + 1 from a
 * client that knows some extension we do not, and takes it for 2^14 + 1; a client refuses it.
 */
export function readRecordSizeLimit(value: number, lenient: boolean): number {
  if (value < 64 || (value > MAX_CONTENT + 1 && !lenient))
    throw new TlsError('ERR_RECORD_SIZE_LIMIT', { detail: `${value} bytes` });
  return Math.min(value - 1, MAX_CONTENT);
}

/** RFC 8449 section 4, for TLS 1.2: content only, and what is too large means as much as the version allows. */
export function readRecordSizeLimit12(value: number): number {
  if (value < 64) throw new TlsError('ERR_RECORD_SIZE_LIMIT', { detail: `${value} bytes` });
  return Math.min(value, MAX_CONTENT);
}
