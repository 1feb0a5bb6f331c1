/**
 * The best cryptography at hand, operation by operation: the runtime's own node:crypto, its WebCrypto where there is no
 * node:crypto or not all of it, and noble for the rest. Nothing is believed by its name: each operation gives a known answer
 * before its first use.
 * @module
 */
import { withFallback } from './fallback.ts';
import { nobleProvider } from './noble/index.ts';
import { hasNodeCrypto, nodeProvider } from './node/index.ts';
import type { CryptoProvider } from './types.ts';
import { hasWebCrypto, webCryptoProvider } from './webcrypto/index.ts';

let shared: CryptoProvider | undefined;

/**
 * The provider of this runtime, always the same one, so that what it has proved and the keys it has read serve every
 * connection. `name` says what it is made of: `node, webcrypto, noble`.
 *
 * @example
 * ```ts
 * import { autoProvider } from 'warifu/crypto/auto';
 * autoProvider().name.endsWith('noble'); // true: what the runtime cannot do, JavaScript does
 * ```
 */
export function autoProvider(): CryptoProvider {
  // Choices that the runtime answers alike every time, and a bounded memory of public keys: nothing that tells users apart.
  shared ??= makeAutoProvider();
  return shared;
}

/**
 * One that shares nothing with others.
 * @example
 * ```ts
 * import { autoProvider, makeAutoProvider } from 'warifu/crypto/auto';
 * makeAutoProvider() === makeAutoProvider(); // false
 * autoProvider() === autoProvider(); // true
 * ```
 */
export function makeAutoProvider(): CryptoProvider {
  const noble = nobleProvider();
  const web = hasWebCrypto() ? withFallback(webCryptoProvider(), noble) : noble;
  return hasNodeCrypto() ? withFallback(nodeProvider(), web) : web;
}
