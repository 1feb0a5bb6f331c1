/** A client of TLS 1.3 that judges chains, with WebCrypto: what a page carries. */
export { webCryptoProvider } from '../../src/crypto/webcrypto/index.ts';
export { clientConfig } from '../../src/engine/config/index.ts';
export { Engine } from '../../src/engine/engine.ts';
export { pathVerifier } from '../../src/pki/verifiers/path-verifier.ts';
export { client13 } from '../../src/handshake/tls13/client/client.ts';
