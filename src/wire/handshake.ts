import { concat } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';

/**
 * A handshake message: its type, the length of its body in three bytes, its body (RFC 9846 section 4).
 * @throws TlsError ERR_LIMIT for a body of 2^24 bytes or more.
 */
export function encodeHandshake(type: number, body: Uint8Array): Uint8Array {
  if (body.length > 0xffffff)
    throw new TlsError('ERR_LIMIT', { detail: `a handshake message of ${body.length} bytes` });
  return concat(Uint8Array.of(type, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body);
}
