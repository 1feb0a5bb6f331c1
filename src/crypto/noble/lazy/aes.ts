import { unsafe } from '@noble/ciphers/aes.js';

/**
 * noble's AES. It builds its tables while it is loaded: the bundles for Node have in place of this file one that loads it
 * on the first call (scripts/bundle-dist.ts), since there it is only needed where the runtime has no AES of its own.
 */
export const aes = (): typeof unsafe => unsafe;
