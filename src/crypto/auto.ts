/**
 * The best cryptography at hand: the runtime's own where it answers at once, noble everywhere else.
 * @module
 */
import { nobleProvider } from './noble/index.ts';
import { hasNodeCrypto, nodeProvider } from './node/index.ts';
import type { CryptoProvider } from './types.ts';

let chosen: CryptoProvider | undefined;

/** Chosen once, on first use. */
export function autoProvider(): CryptoProvider {
  chosen ??= hasNodeCrypto() ? nodeProvider() : nobleProvider();
  return chosen;
}
