import { cbc } from '@noble/ciphers/aes.js';
import { md5 as nobleMd5, sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 as noblePbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt as nobleScrypt } from '@noble/hashes/scrypt.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { HashName } from '../types.ts';

/** What protects keys in files: keys from passwords, and AES-CBC. Nothing here is used by TLS. */

/** PBKDF2 (RFC 8018 section 5.2). The caller bounds `iterations`. */
export function pbkdf2(
  hash: HashName,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Uint8Array {
  const nobleHash = { sha1, sha256, sha384, sha512 }[hash] as typeof sha256;
  return noblePbkdf2(nobleHash, password, salt, { c: iterations, dkLen: length });
}

/** scrypt (RFC 7914): needs 128 N r bytes of memory, which the caller bounds. */
export function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  cost: { readonly n: number; readonly r: number; readonly p: number },
  length: number,
): Uint8Array {
  return nobleScrypt(password, salt, { N: cost.n, r: cost.r, p: cost.p, dkLen: length, maxmem: 2 ** 30 });
}

/** AES-CBC with the padding of PKCS#7; undefined when the padding is wrong. */
export function aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    return cbc(key, iv).decrypt(ciphertext);
  } catch {
    return undefined;
  }
}

export function aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return cbc(key, iv).encrypt(plaintext);
}

/** Only to open private keys that old tools encrypted. */
export function md5(bytes: Uint8Array): Uint8Array {
  return nobleMd5(bytes);
}
