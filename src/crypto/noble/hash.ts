import { hmac } from '@noble/hashes/hmac.js';
import { sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256, sha384 as nobleSha384, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import type { Hash, HashName, HashState } from '../types.ts';

/** The part of noble's hash functions that is used here. */
interface NobleState {
  update(bytes: Uint8Array): NobleState;
  digest(): Uint8Array;
  clone(): NobleState;
  destroy(): void;
}
type NobleHash = typeof nobleSha256 | typeof nobleSha384 | typeof nobleSha512 | typeof nobleSha1;

/** SHA-256 (FIPS 180-4). */
export const sha256: Hash = /* @__PURE__ */ hash('sha256', nobleSha256);
/** SHA-384 (FIPS 180-4). */
export const sha384: Hash = /* @__PURE__ */ hash('sha384', nobleSha384);
/** SHA-512 (FIPS 180-4). */
export const sha512: Hash = /* @__PURE__ */ hash('sha512', nobleSha512);
/** For identifiers (OCSP) and for reading the past; never to be trusted for a signature by default. */
export const sha1: Hash = /* @__PURE__ */ hash('sha1', nobleSha1);

export function hashByName(name: HashName): Hash {
  switch (name) {
    case 'sha1':
      return sha1;
    case 'sha256':
      return sha256;
    case 'sha384':
      return sha384;
    case 'sha512':
      return sha512;
  }
}

function hash(name: HashName, noble: NobleHash): Hash {
  return {
    name,
    size: noble.outputLen,
    start: () => state(noble.create()),
    digest: (...parts) => {
      const running = noble.create();
      for (const part of parts) running.update(part);
      return running.digest();
    },
    hmac: (key, ...parts) => {
      const mac = hmac.create(noble, key);
      for (const part of parts) mac.update(part);
      return mac.digest();
    },
  };
}

function state(noble: NobleState): HashState {
  return {
    update: (bytes) => {
      noble.update(bytes);
    },
    fork: () => state(noble.clone()),
    digest: () => noble.digest(),
    dispose: () => noble.destroy(),
  };
}
