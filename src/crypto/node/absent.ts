import { TlsError } from '../../errors.ts';
import type { CryptoProvider } from '../types.ts';

/** What bundles for browsers have in place of the provider over node:crypto: the field `browser` in package.json. */

export function hasNodeCrypto(): boolean {
  return false;
}

/** @throws TlsError ERR_OPTION: there is none. */
export function nodeProvider(): CryptoProvider {
  throw new TlsError('ERR_OPTION', { detail: 'crypto: this runtime has no node:crypto' });
}
