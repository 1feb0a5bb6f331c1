import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';

/** noble's ML-KEM; in the bundles for Node loaded on the first call, as noble's AES is (aes.ts). */
export const mlKem = (): { readonly ml_kem768: typeof ml_kem768; readonly ml_kem1024: typeof ml_kem1024 } => ({
  ml_kem768,
  ml_kem1024,
});
