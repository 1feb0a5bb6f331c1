/** A client of TLS 1.3 that judges chains, with WebCrypto: what a page carries. */
import { composeProvider } from '../../src/crypto/compose.ts';
import { aes128gcm, aes256gcm } from '../../src/crypto/noble/aead.ts';
import { sha256, sha384 } from '../../src/crypto/noble/hash.ts';
import { defaultSchemes } from '../../src/crypto/schemes.ts';
import { tlsAes128GcmSha256, tlsAes256GcmSha384 } from '../../src/crypto/noble/suites.ts';
import type { CryptoProvider } from '../../src/crypto/types.ts';
import { webAesGcm } from '../../src/crypto/webcrypto/aead.ts';
import { webSecp256r1, webX25519 } from '../../src/crypto/webcrypto/groups.ts';
import { webVerifier } from '../../src/crypto/webcrypto/verifier.ts';

export { clientConfig } from '../../src/engine/config/index.ts';
export { Engine } from '../../src/engine/engine.ts';
export { client13 } from '../../src/handshake/tls13/client/client.ts';
export { pathVerifier } from '../../src/pki/verifiers/path-verifier.ts';

export function smallProvider(subtle: SubtleCrypto): CryptoProvider {
  return composeProvider({
    name: 'small',
    suites: [
      { ...tlsAes128GcmSha256, aead: webAesGcm(subtle, aes128gcm) },
      { ...tlsAes256GcmSha384, aead: webAesGcm(subtle, aes256gcm) },
    ],
    groups: [webX25519(subtle), webSecp256r1(subtle)],
    signatures: defaultSchemes().filter(({ name }) => !name.startsWith('ed')),
    verifier: webVerifier(subtle, sha256),
    hashes: [sha256, sha384],
  });
}
