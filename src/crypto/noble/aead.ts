import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Aead, AeadKey } from '../types.ts';
import { gcmKey } from './gcm.ts';

/**
 * RFC 9846 section 5.5: 2^24.5 full records with AES-GCM. Rounded down, and the same for ChaCha20-Poly1305, which would
 * bear more than a connection can send.
 */
const GCM_SEAL_LIMIT = 23_726_566;
const CHACHA_SEAL_LIMIT = 2 ** 48;
const TAG_LENGTH = 16;

/** AES-128-GCM (RFC 5116). */
export const aes128gcm: Aead = /* @__PURE__ */ aead('AES-128-GCM', 16, GCM_SEAL_LIMIT, gcmKey);
/** AES-256-GCM (RFC 5116). */
export const aes256gcm: Aead = /* @__PURE__ */ aead('AES-256-GCM', 32, GCM_SEAL_LIMIT, gcmKey);
/** ChaCha20-Poly1305 (RFC 8439). */
export const chacha20Poly1305: Aead = /* @__PURE__ */ aead('ChaCha20-Poly1305', 32, CHACHA_SEAL_LIMIT, chachaKey);

function aead(name: string, keyLength: 16 | 32, sealLimit: number, key: (bytes: Uint8Array) => AeadKey): Aead {
  return { name, keyLength, tagLength: TAG_LENGTH, sealLimit, key };
}

function chachaKey(bytes: Uint8Array): AeadKey {
  const key = bytes.slice();
  return {
    seal: (nonce, additionalData, plaintext) => chacha20poly1305(key, nonce, additionalData).encrypt(plaintext),
    sealInto: (nonce, additionalData, parts, out, at) => {
      let end = at;
      for (const part of parts) {
        out.set(part, end);
        end += part.length;
      }
      // In place: what is read is where it is written.
      chacha20poly1305(key, nonce, additionalData).encrypt(out.subarray(at, end), out.subarray(at, end + TAG_LENGTH));
    },
    // Behind the header of a record nothing lies at a multiple of four, where noble works without copies of its own.
    sealApart: (nonce, additionalData, parts, tag) => {
      const end = parts.reduce((sum, part) => sum + part.length, 0);
      const out = new Uint8Array(end + TAG_LENGTH);
      let at = 0;
      for (const part of parts) {
        out.set(part, at);
        at += part.length;
      }
      chacha20poly1305(key, nonce, additionalData).encrypt(out.subarray(0, end), out);
      tag.set(out.subarray(end));
      return out.subarray(0, end);
    },
    open: (nonce, additionalData, sealed) => {
      if (sealed.length < TAG_LENGTH) return undefined;
      try {
        return chacha20poly1305(key, nonce, additionalData).decrypt(sealed);
      } catch {
        // The tag is wrong: noble throws for that, and of all that could be wrong it is the one thing that a peer chooses.
        return undefined;
      }
    },
    dispose: () => {
      key.fill(0);
    },
  };
}
