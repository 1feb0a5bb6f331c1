/**
 * WebCrypto's types as this project's compiler knows them: those of pages, those of Node, or, where it knows neither,
 * a shape. A declaration that named `CryptoKey` would not compile in a Node project without the types of pages.
 */

/** The type of `crypto.subtle`. */
export type WebSubtle = typeof globalThis extends { readonly crypto: { readonly subtle: infer S } } ? S : object;

/** A `CryptoKey`. */
export type WebCryptoKey = WebSubtle extends { sign(algorithm: never, key: infer K, data: never): unknown }
  ? K
  : {
      readonly type: string;
      readonly extractable: boolean;
      readonly algorithm: { readonly name: string };
      readonly usages: readonly string[];
    };

/** A `CryptoKeyPair`. */
export interface WebCryptoKeyPair {
  readonly privateKey: WebCryptoKey;
  readonly publicKey: WebCryptoKey;
}
