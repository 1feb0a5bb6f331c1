import { concat, fromAscii, wipe, type OwnBytes } from '../bytes/bytes.ts';
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

/** HKDF-Expand-Label (RFC 9846 section 7.1). `label` without its "tls13 ". */
export function expandLabel(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): OwnBytes {
  const full = fromAscii(`tls13 ${label}`);
  if (full.length < 7 || full.length > 255)
    throw new TlsError('ERR_LIMIT', { detail: 'a label has 1 to 249 characters' });
  const info = concat(
    Uint8Array.of(length >> 8, length & 255, full.length),
    full,
    Uint8Array.of(context.length),
    context,
  );
  return hkdfExpand(hash, secret, info, length);
}

/** Derive-Secret (RFC 9846 section 7.1), over the digest of the messages. */
export function deriveSecret(hash: Hash, secret: Uint8Array, label: string, transcriptDigest: Uint8Array): Uint8Array {
  return expandLabel(hash, secret, label, transcriptDigest, hash.size);
}
