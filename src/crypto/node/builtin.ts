import type * as NodeCrypto from 'node:crypto';

export type NodeCryptoModule = typeof NodeCrypto;

interface WithProcess {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
}

let found: NodeCryptoModule | undefined;

/** node:crypto where the runtime has it, by a way that no bundler sees; undefined elsewhere. */
export function nodeCrypto(): NodeCryptoModule | undefined {
  found ??= (globalThis as WithProcess).process?.getBuiltinModule?.('node:crypto') as NodeCryptoModule | undefined;
  return typeof found?.createCipheriv === 'function' ? found : undefined;
}
