import { suite12, suite13 } from '../suites.ts';
import type { AeadSuite12, CipherSuite13 } from '../types.ts';
import { aes128gcm, aes256gcm, chacha20Poly1305 } from './aead.ts';
import { sha256, sha384 } from './hash.ts';

/** TLS_CHACHA20_POLY1305_SHA256 (RFC 9846 appendix B.4). */
export const tlsChacha20Poly1305Sha256: CipherSuite13 = /* @__PURE__ */ suite13(
  0x1303,
  'TLS_CHACHA20_POLY1305_SHA256',
  sha256,
  chacha20Poly1305,
);
/** TLS_AES_128_GCM_SHA256 (RFC 9846 appendix B.4). */
export const tlsAes128GcmSha256: CipherSuite13 = /* @__PURE__ */ suite13(
  0x1301,
  'TLS_AES_128_GCM_SHA256',
  sha256,
  aes128gcm,
);
/** TLS_AES_256_GCM_SHA384 (RFC 9846 appendix B.4). */
export const tlsAes256GcmSha384: CipherSuite13 = /* @__PURE__ */ suite13(
  0x1302,
  'TLS_AES_256_GCM_SHA384',
  sha384,
  aes256gcm,
);

/** TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905). */
export const tlsEcdheEcdsaChacha20: AeadSuite12 = /* @__PURE__ */ suite12(
  0xcca9,
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'ecdsa',
  sha256,
  chacha20Poly1305,
);
/** TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905). */
export const tlsEcdheRsaChacha20: AeadSuite12 = /* @__PURE__ */ suite12(
  0xcca8,
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'rsa',
  sha256,
  chacha20Poly1305,
);
/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289). */
export const tlsEcdheEcdsaAes128Gcm: AeadSuite12 = /* @__PURE__ */ suite12(
  0xc02b,
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'ecdsa',
  sha256,
  aes128gcm,
);
/** TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (RFC 5289). */
export const tlsEcdheRsaAes128Gcm: AeadSuite12 = /* @__PURE__ */ suite12(
  0xc02f,
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'rsa',
  sha256,
  aes128gcm,
);
/** TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (RFC 5289). */
export const tlsEcdheEcdsaAes256Gcm: AeadSuite12 = /* @__PURE__ */ suite12(
  0xc02c,
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'ecdsa',
  sha384,
  aes256gcm,
);
/** TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (RFC 5289). */
export const tlsEcdheRsaAes256Gcm: AeadSuite12 = /* @__PURE__ */ suite12(
  0xc030,
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'rsa',
  sha384,
  aes256gcm,
);
