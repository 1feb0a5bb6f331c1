import { cbc, ctr } from '@noble/ciphers/aes.js';
import { concat, equalConstantTime } from '../../bytes/bytes.ts';
import type { Aead, AeadKey, CipherSuite13 } from '../types.ts';
import { sha256 } from './hash.ts';

/**
 * AES-CCM (RFC 3610, NIST SP 800-38C) with the 12-byte nonce of TLS, for devices that have nothing else. Opt-in: GCM and
 * ChaCha20-Poly1305 are better in every other respect, and the 8-byte tag is "not recommended" (RFC 9847).
 */

/** RFC 9846 section 5.5 gives no figure; 2^23 blocks is what RFC 9001 appendix B.2 allows for CCM. */
const CCM_SEAL_LIMIT = 8_192;

/** AES-128-CCM (RFC 5116). */
export const aes128Ccm: Aead = /* @__PURE__ */ ccm('AES-128-CCM', 16);
/** AES-128-CCM with a tag of 8 bytes (RFC 6655). */
export const aes128Ccm8: Aead = /* @__PURE__ */ ccm('AES-128-CCM-8', 8);

/** TLS_AES_128_CCM_SHA256 (RFC 9846 appendix B.4). */
export const tlsAes128CcmSha256: CipherSuite13 = {
  version: 0x0304,
  id: 0x1304,
  name: 'TLS_AES_128_CCM_SHA256',
  hash: sha256,
  aead: aes128Ccm,
};
/** TLS_AES_128_CCM_8_SHA256 (RFC 9846 appendix B.4). */
export const tlsAes128Ccm8Sha256: CipherSuite13 = {
  version: 0x0304,
  id: 0x1305,
  name: 'TLS_AES_128_CCM_8_SHA256',
  hash: sha256,
  aead: aes128Ccm8,
};

function ccm(name: string, tagLength: 8 | 16): Aead {
  return {
    name,
    keyLength: 16,
    tagLength,
    sealLimit: CCM_SEAL_LIMIT,
    key: (bytes) => keyed(bytes.slice(), tagLength),
  };
}

function keyed(key: Uint8Array, tagLength: 8 | 16): AeadKey {
  return {
    seal: (nonce, additionalData, plaintext) => {
      const tag = xor(mac(key, nonce, additionalData, plaintext, tagLength), mask(key, nonce)).subarray(0, tagLength);
      return concat(crypt(key, nonce, plaintext), tag);
    },
    open: (nonce, additionalData, sealed) => {
      if (sealed.length < tagLength) return undefined;
      const plaintext = crypt(key, nonce, sealed.subarray(0, sealed.length - tagLength));
      const tag = xor(mac(key, nonce, additionalData, plaintext, tagLength), mask(key, nonce)).subarray(0, tagLength);
      if (equalConstantTime(tag, sealed.subarray(sealed.length - tagLength))) return plaintext;
      plaintext.fill(0);
      return undefined;
    },
    dispose: () => {
      key.fill(0);
    },
  };
}

/** The counter blocks hold the nonce and 3 bytes of counter, from 1 on; block 0 hides the tag. */
function crypt(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): Uint8Array {
  return data.length === 0 ? new Uint8Array(0) : ctr(key, block(2, nonce, 1)).encrypt(data);
}

function mask(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return ctr(key, block(2, nonce, 0)).encrypt(new Uint8Array(16));
}

/** CBC-MAC over the first block, the additional data behind its length, and the plaintext, each filled up with zeroes. */
function mac(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  plaintext: Uint8Array,
  tagLength: number,
): Uint8Array {
  const flags = (additionalData.length > 0 ? 0x40 : 0) | (((tagLength - 2) / 2) << 3) | 2;
  const parts = [block(flags, nonce, plaintext.length)];
  if (additionalData.length > 0)
    parts.push(filled(concat(Uint8Array.of(additionalData.length >> 8, additionalData.length & 255), additionalData)));
  parts.push(filled(plaintext));
  const all = concat(...parts);
  const out = cbc(key, new Uint8Array(16), { disablePadding: true }).encrypt(all);
  return out.subarray(out.length - 16);
}

function block(flags: number, nonce: Uint8Array, last: number): Uint8Array {
  return concat(Uint8Array.of(flags), nonce, Uint8Array.of(last >> 16, (last >> 8) & 255, last & 255));
}

function filled(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((16 - (bytes.length % 16)) % 16));
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}
