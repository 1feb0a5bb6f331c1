import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Aead, AeadKey } from '../types.ts';

/**
 * RFC 9846 section 5.5: 2^24.5 full records with AES-GCM. Rounded down, and the same for ChaCha20-Poly1305, which would
 * bear more than a connection can send.
 */
const GCM_SEAL_LIMIT = 23_726_566;
const CHACHA_SEAL_LIMIT = 2 ** 48;

export const aes128gcm: Aead = /* @__PURE__ */ aead('AES-128-GCM', 16, GCM_SEAL_LIMIT, gcm);
export const aes256gcm: Aead = /* @__PURE__ */ aead('AES-256-GCM', 32, GCM_SEAL_LIMIT, gcm);
export const chacha20Poly1305: Aead = /* @__PURE__ */ aead(
  'ChaCha20-Poly1305',
  32,
  CHACHA_SEAL_LIMIT,
  chacha20poly1305,
);

type NobleCipher = (
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
) => { encrypt(bytes: Uint8Array): Uint8Array; decrypt(bytes: Uint8Array): Uint8Array };

function aead(name: string, keyLength: 16 | 32, sealLimit: number, cipher: NobleCipher): Aead {
  return { name, keyLength, tagLength: 16, sealLimit, key: (bytes) => keyed(cipher, bytes.slice()) };
}

function keyed(cipher: NobleCipher, key: Uint8Array): AeadKey {
  return {
    seal: (nonce, additionalData, plaintext) => cipher(key, nonce, additionalData).encrypt(plaintext),
    open: (nonce, additionalData, sealed) => {
      try {
        return cipher(key, nonce, additionalData).decrypt(sealed);
      } catch {
        // noble throws for a wrong tag and for what is too short to have one; to us both are the same.
        return undefined;
      }
    },
    dispose: () => {
      key.fill(0);
    },
  };
}
