import { concat } from '../bytes/bytes.ts';

/** A handshake message: its type, the length of its body in three bytes, its body (RFC 9846 section 4). */
export function encodeHandshake(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body);
}
