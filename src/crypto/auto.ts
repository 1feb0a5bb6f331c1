/**
 * The best cryptography at hand, operation by operation: the runtime's own node:crypto, its WebCrypto where there is no
 * node:crypto or not all of it, and noble for the rest. Nothing is believed by its name: each operation gives a known answer
 * before its first use.
 * @module
 */
import { withFallback } from './fallback.ts';
import { lateNobleProvider } from './noble/late.ts';
import { hasNodeCrypto, nodeProvider } from './node/index.ts';
import type { CryptoProvider } from './types.ts';
import { hasWebCrypto, webCryptoProvider } from './webcrypto/index.ts';

/**
 * A provider for this runtime. `name` says what it is made of: `node, webcrypto, noble`. What it has proved and the keys it
 * has read are its own: give one to all that can share it, as a context does with its connections. noble's curves and
 * ML-KEM are loaded when the runtime turns out not to have them.
 *
 * @example
 * ```ts
 * import { autoProvider } from 'warifu/crypto/auto';
 * autoProvider().name.endsWith('noble'); // true: what the runtime cannot do, JavaScript does
 * ```
 */
export function autoProvider(): CryptoProvider {
  const noble = lateNobleProvider();
  const web = hasWebCrypto() ? withFallback(webCryptoProvider(), noble) : noble;
  return hasNodeCrypto() ? withFallback(nodeProvider(), web) : web;
}
