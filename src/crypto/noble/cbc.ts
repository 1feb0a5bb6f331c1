import { cbc } from '@noble/ciphers/aes.js';
import type { CbcCipher } from '../types.ts';

/** AES in CBC mode, for the suites of old devices only. */

export const aes128Cbc: CbcCipher = /* @__PURE__ */ cipher('AES-128-CBC', 16);
export const aes256Cbc: CbcCipher = /* @__PURE__ */ cipher('AES-256-CBC', 32);

function cipher(name: string, keyLength: 16 | 32): CbcCipher {
  return {
    name,
    keyLength,
    key: (bytes) => {
      const key = bytes.slice();
      const under = (iv: Uint8Array): ReturnType<typeof cbc> => cbc(key, iv, { disablePadding: true });
      return {
        encrypt: (iv, blocks) => under(iv).encrypt(blocks),
        decrypt: (iv, blocks) => under(iv).decrypt(blocks),
        dispose: () => {
          key.fill(0);
        },
      };
    },
  };
}
