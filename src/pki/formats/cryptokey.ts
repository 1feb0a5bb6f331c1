import type { WebCryptoKey } from '../../crypto/web-types.ts';
export { cryptoKeySigner, needSubtle as runtimeSubtle, type SubtleSigner } from '../../crypto/webcrypto/signer.ts';

/** Is it a CryptoKey? Told by its shape, since a key may come from another realm. */
export function isCryptoKey(value: unknown): value is WebCryptoKey {
  return (
    typeof value === 'object' && value !== null && 'algorithm' in value && 'usages' in value && 'extractable' in value
  );
}
