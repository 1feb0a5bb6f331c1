import { ownOf } from '../../bytes/shape.ts';
import { systemRandom } from '../random.ts';
import { defaultSchemes } from '../schemes.ts';
import type { CipherSuite, CryptoProvider, KeyExchange, Random, SignatureScheme } from '../types.ts';
import { hashByName } from './hash.ts';
import { nobleGroups, nobleSigner, nobleVerifier } from './public-key.ts';
import {
  tlsAes128GcmSha256,
  tlsAes256GcmSha384,
  tlsChacha20Poly1305Sha256,
  tlsEcdheEcdsaAes128Gcm,
  tlsEcdheEcdsaAes256Gcm,
  tlsEcdheEcdsaChacha20,
  tlsEcdheRsaAes128Gcm,
  tlsEcdheRsaAes256Gcm,
  tlsEcdheRsaChacha20,
} from './suites.ts';

/**
 * What of the noble provider is wanted.
 * @module
 * Cryptography in JavaScript alone, by noble: synchronous, the same in every runtime, and not constant in time where
 * the language cannot be (see SECURITY.md).
 */

export interface NobleOptions {
  /** Default: the runtime's own. Anything else is for tests that have to be the same twice. */
  readonly random?: Random | undefined;
  /** Default: ChaCha20-Poly1305 first, which without hardware is quicker than AES and has no tables to leak through. */
  readonly suites?: readonly CipherSuite[] | undefined;
  /** Default: X25519MLKEM768, X25519, P-256, P-384, P-521. */
  readonly groups?: readonly KeyExchange[] | undefined;
  readonly signatures?: readonly SignatureScheme[] | undefined;
}

/**
 * A provider made of noble: JavaScript alone, the same in every runtime.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const provider = nobleProvider();
 * provider.suites[0]?.name; // 'TLS_CHACHA20_POLY1305_SHA256'
 * ```
 */
export function nobleProvider(options: NobleOptions = {}): CryptoProvider {
  options = ownOf(options);
  const random = options.random ?? systemRandom;
  return {
    name: 'noble',
    random,
    suites: options.suites ?? [
      tlsChacha20Poly1305Sha256,
      tlsAes128GcmSha256,
      tlsAes256GcmSha384,
      tlsEcdheEcdsaChacha20,
      tlsEcdheRsaChacha20,
      tlsEcdheEcdsaAes128Gcm,
      tlsEcdheRsaAes128Gcm,
      tlsEcdheEcdsaAes256Gcm,
      tlsEcdheRsaAes256Gcm,
    ],
    groups: options.groups ?? nobleGroups,
    signatures: options.signatures ?? defaultSchemes(),
    verifier: nobleVerifier,
    hash: hashByName,
    signer: (key) => nobleSigner(key, random),
  };
}

export { mlKem768, mlKem1024, type SynchronousKem, type SynchronousKemPair } from './kem.ts';
export { aes128gcm, aes256gcm, chacha20Poly1305 } from './aead.ts';
export { secp256r1, secp384r1, secp521r1, x448, x25519 } from './groups.ts';
export { sha1, sha256, sha384, sha512 } from './hash.ts';
export { pureMlKem768, pureMlKem1024, secp256r1MlKem768, secp384r1MlKem1024, x25519MlKem768 } from './ml-kem.ts';
export { nobleSigner, nobleVerifier, publicKeyOf } from './signatures.ts';
export {
  ecdsaP256,
  ecdsaP384,
  ecdsaP521,
  ed25519Signatures,
  ed448Signatures,
  rsaSignatures,
  type SignatureKind,
  type SynchronousVerifier,
  verifierOf,
} from './verifiers.ts';
export { aes128Ccm, aes128Ccm8, tlsAes128Ccm8Sha256, tlsAes128CcmSha256 } from './ccm.ts';
export { nobleVerifierWithMlDsa } from './ml-dsa.ts';
export * from './suites.ts';
