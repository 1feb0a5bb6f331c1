import type { WebCryptoKey } from '../../crypto/web-types.ts';
export { cryptoKeySigner, needSubtle as runtimeSubtle, type SubtleSigner } from '../../crypto/webcrypto/signer.ts';

/**
 * Is it a CryptoKey? Told by its shape, since a key may come from another realm.
 * @example
 * ```ts
 * import { isCryptoKey } from 'warifu/pki';
 * const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
 * isCryptoKey(key.privateKey); // true
 * isCryptoKey('-----BEGIN PRIVATE KEY-----'); // false
 * ```
 */
export function isCryptoKey(value: unknown): value is WebCryptoKey {
  return (
    typeof value === 'object' && value !== null && 'algorithm' in value && 'usages' in value && 'extractable' in value
  );
}
