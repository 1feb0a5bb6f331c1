import { fromRuntime } from '../../bytes/shape.ts';
import type { KeyObject } from 'node:crypto';
import type * as NodeCrypto from 'node:crypto';

/** node:crypto, with what newer versions have beside it. */
export type NodeCryptoModule = typeof NodeCrypto & Partial<NewerCrypto>;

/** ML-KEM since Node 24.7, where OpenSSL is 3.5 or newer. */
export interface NewerCrypto {
  encapsulate(key: KeyObject): { readonly sharedKey: Uint8Array; readonly ciphertext: Uint8Array };
  decapsulate(key: KeyObject, ciphertext: Uint8Array): Uint8Array;
}

interface Process {
  readonly getBuiltinModule?: (name: 'node:crypto') => NodeCryptoModule | undefined;
}

/** node:crypto where the runtime has it, by a way that no bundler sees; undefined elsewhere. */
export function nodeCrypto(): NodeCryptoModule | undefined {
  const found = fromRuntime<Process>('process')?.getBuiltinModule?.('node:crypto');
  return typeof found?.createCipheriv === 'function' ? found : undefined;
}
