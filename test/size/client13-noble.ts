/** A client of TLS 1.3 that judges chains, all of it in JavaScript: what a page without WebCrypto needs of noble. */
import { composeProvider } from '../../src/crypto/compose.ts';
import { sha256, sha384, sha512 } from '../../src/crypto/noble/hash.ts';
import { tlsChacha20Poly1305Sha256 } from '../../src/crypto/noble/suites.ts';
import { secp256r1, x25519 } from '../../src/crypto/noble/groups.ts';
import { ecdsaP256, ecdsaP384, rsaSignatures, verifierOf } from '../../src/crypto/noble/verifiers.ts';
import { defaultSchemes } from '../../src/crypto/schemes.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';

export { clientConfig } from '../../src/engine/config/index.ts';
export { Engine } from '../../src/engine/engine.ts';
export { client13 } from '../../src/handshake/tls13/client/client.ts';
export { pathVerifier } from '../../src/pki/verifiers/path-verifier.ts';

export function smallProvider(): CryptoProvider {
  const hashes = [sha256, sha384, sha512];
  return composeProvider({
    name: 'small',
    suites: [tlsChacha20Poly1305Sha256],
    groups: [x25519, secp256r1],
    signatures: defaultSchemes().filter(({ name }) => /^(ecdsa_secp(256|384)|rsa_)/.test(name)),
    verifier: verifierOf([ecdsaP256, ecdsaP384, rsaSignatures], hashes),
    hashes,
  });
}
