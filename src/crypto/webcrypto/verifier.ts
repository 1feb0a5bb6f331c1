import type { WebCryptoKey, WebSubtle } from '../web-types.ts';
import { toBase64Url, toHex } from '../../bytes/bytes.ts';
import { readEcdsaSignature } from '../ecdsa-signature.ts';
import { KeyCache } from '../key-cache.ts';
import { isValidPublicKey } from '../public-values.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { Hash, PublicKey, SignatureAlgorithm, SignatureVerifier } from '../types.ts';
import { isWellFormed, providerFault } from '../verification.ts';
import { source, webHash } from './subtle.ts';

/**
 * Signatures by WebCrypto: the rules are ours, the arithmetic is the runtime's. Answers later, with the keys it has read kept.
 * @param sha256 tells keys apart.
 * @example
 * ```ts
 * import { sha256 } from 'warifu/crypto/noble';
 * import { webVerifier } from 'warifu/crypto/webcrypto';
 * const key = { kind: 'ed25519', key: new Uint8Array(32) } as const;
 * webVerifier(crypto.subtle, sha256).verify({ kind: 'ed25519' }, key, new Uint8Array(0), new Uint8Array(1)); // false: too short
 * ```
 */
export function webVerifier(subtle: WebSubtle, sha256: Hash): SignatureVerifier {
  const keys = new KeyCache<Promise<WebCryptoKey>>((...parts) => toHex(sha256.digest(...parts)));
  const verify = async (
    key: Promise<WebCryptoKey>,
    algorithm: SignatureAlgorithm,
    signature: Uint8Array,
    message: Uint8Array,
  ): Promise<boolean> => {
    try {
      return await subtle.verify(parametersOf(algorithm), await key, source(signature), source(message));
    } catch (cause) {
      // All that a peer can get wrong has been looked at before.
      throw providerFault('webcrypto', algorithm.kind, cause);
    }
  };
  return {
    verify: (algorithm, key, message, signature) => {
      if (algorithm.kind.startsWith('ml-dsa') || !isWellFormed(algorithm, key, signature)) return false;
      // A CryptoKey of RSA is made for one algorithm and one hash.
      const use =
        algorithm.kind === 'rsa-pkcs1' || algorithm.kind === 'rsa-pss' ? `${algorithm.kind} ${algorithm.hash}` : '';
      const imported = keys.get(key, use, () =>
        isValidPublicKey(key) ? importKey(subtle, key, algorithm) : undefined,
      );
      if (imported === undefined) return false;
      // WebCrypto wants r and s side by side.
      const halves = key.kind === 'ec' ? readEcdsaSignature(FIELD_SIZE[key.curve], signature) : signature;
      return halves !== undefined && verify(imported, algorithm, halves, message);
    },
  };
}

/** What WebCrypto is told of an algorithm, by shape: a declaration that named its types would need those of pages. */
interface Named {
  readonly name: string;
}
type KeyParameters = Named | (Named & { readonly namedCurve: string }) | (Named & { readonly hash: string });
type SignatureParameters = Named | (Named & { readonly hash: string }) | (Named & { readonly saltLength: number });

/** How a key for this algorithm is read. */
export function importParameters(algorithm: SignatureAlgorithm, curve: string | undefined): KeyParameters {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { name: 'ECDSA', namedCurve: curve ?? '' };
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5', hash: webHash(algorithm.hash) };
    case 'rsa-pss':
      return { name: 'RSA-PSS', hash: webHash(algorithm.hash) };
    case 'ed25519':
      return { name: 'Ed25519' };
    case 'ed448':
      return { name: 'Ed448' };
    default:
      throw new Error(`WebCrypto is not asked for ${algorithm.kind}`);
  }
}

/** How a signature by this algorithm is made and checked. */
export function parametersOf(algorithm: SignatureAlgorithm): SignatureParameters {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { name: 'ECDSA', hash: webHash(algorithm.hash) };
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5' };
    case 'rsa-pss':
      return { name: 'RSA-PSS', saltLength: algorithm.saltLength };
    case 'ed25519':
      return { name: 'Ed25519' };
    case 'ed448':
      return { name: 'Ed448' };
    default:
      throw new Error(`WebCrypto is not asked for ${algorithm.kind}`);
  }
}

async function importKey(subtle: WebSubtle, key: PublicKey, algorithm: SignatureAlgorithm): Promise<WebCryptoKey> {
  const parameters = importParameters(algorithm, key.kind === 'ec' ? key.curve : undefined);
  if (key.kind === 'rsa') {
    const jwk = { kty: 'RSA', n: toBase64Url(key.modulus), e: toBase64Url(key.exponent) };
    return subtle.importKey('jwk', jwk, parameters, false, ['verify']);
  }
  const bytes = key.kind === 'ec' ? key.point : key.key;
  return subtle.importKey('raw', source(bytes), parameters, false, ['verify']);
}
