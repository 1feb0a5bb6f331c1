import { ownBytes, wipe, type OwnBytes } from '../bytes/bytes.ts';
import type { Hash } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';

/** HKDF-Extract (RFC 5869 section 2.2). */
export function hkdfExtract(hash: Hash, salt: Uint8Array, inputKey: Uint8Array): Uint8Array {
  return hash.hmac(salt, inputKey);
}

/** HKDF-Expand (RFC 5869 section 2.3); `length` in bytes, at most 255 digests. */
export function hkdfExpand(hash: Hash, key: Uint8Array, info: Uint8Array, length: number): OwnBytes {
  if (length > 255 * hash.size) throw new TlsError('ERR_LIMIT', { detail: `${length} bytes from HKDF-Expand` });
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += hash.size, counter++) {
    const next = hash.hmac(key, block, info, Uint8Array.of(counter));
    wipe(block);
    block = next;
    out.set(block.subarray(0, Math.min(hash.size, length - at)), at);
  }
  wipe(block);
  return out;
}

const PREFIX = 'tls13 ';

/** HKDF-Expand-Label (RFC 9846 section 7.1). `label` without its "tls13 ". */
export function expandLabel(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): OwnBytes {
  const size = PREFIX.length + label.length;
  if (label.length < 1 || size > 255) throw new TlsError('ERR_LIMIT', { detail: 'a label has 1 to 249 characters' });
  // HkdfLabel, and room for the counter of HKDF-Expand behind it: there are about twenty of these in a handshake.
  const info = new Uint8Array(5 + size + context.length);
  info[0] = length >> 8;
  info[1] = length & 255;
  info[2] = size;
  writeAscii(PREFIX, info, 3);
  writeAscii(label, info, 3 + PREFIX.length);
  info[3 + size] = context.length;
  info.set(context, 4 + size);
  if (length > hash.size) return hkdfExpand(hash, secret, info.subarray(0, -1), length);
  info[info.length - 1] = 1;
  const block = hash.hmac(secret, info);
  if (length === hash.size) return ownBytes(block);
  const out = block.slice(0, length);
  wipe(block);
  return out;
}

/** Derive-Secret (RFC 9846 section 7.1), over the digest of the messages. */
export function deriveSecret(hash: Hash, secret: Uint8Array, label: string, transcriptDigest: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, label, transcriptDigest, hash.size);
}

/** @throws TlsError ERR_LIMIT for a character that is not ASCII. */
function writeAscii(text: string, out: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) throw new TlsError('ERR_LIMIT', { detail: 'a label is ASCII' });
    out[at + i] = code;
  }
}
