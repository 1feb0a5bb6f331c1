import type { Aead, AeadSuite12, CipherSuite, CipherSuite13, Hash } from './types.ts';

/** A suite of TLS 1.3 (RFC 9846 appendix B.4). */
export function suite13(id: number, name: string, hash: Hash, aead: Aead): CipherSuite13 {
  return { version: 0x0304, id, name, hash, aead };
}

/** An ECDHE suite of TLS 1.2 with GCM (RFC 5289) or ChaCha20-Poly1305 (RFC 7905). */
export function suite12(
  id: number,
  name: string,
  authentication: 'ecdsa' | 'rsa',
  hash: Hash,
  aead: Aead,
): AeadSuite12 {
  const gcm = aead.name !== 'ChaCha20-Poly1305';
  return {
    version: 0x0303,
    id,
    name,
    hash,
    aead,
    fixedIvLength: gcm ? 4 : 12,
    recordIvLength: gcm ? 8 : 0,
    exchange: 'ecdhe',
    authentication,
    protection: 'aead',
  };
}

/** What the suites of today are made of. */
export interface SuiteParts {
  readonly sha256: Hash;
  readonly sha384: Hash;
  readonly aes128gcm: Aead;
  readonly aes256gcm: Aead;
  readonly chacha20Poly1305: Aead;
}

/** All suites of today out of a provider's own parts; AES first, where there is hardware for it. */
export function suitesOf(parts: SuiteParts, first: 'aes' | 'chacha'): readonly CipherSuite[] {
  const { sha256, sha384, aes128gcm, aes256gcm, chacha20Poly1305 } = parts;
  const aes = [
    suite13(0x1301, 'TLS_AES_128_GCM_SHA256', sha256, aes128gcm),
    suite13(0x1302, 'TLS_AES_256_GCM_SHA384', sha384, aes256gcm),
  ];
  const chacha = suite13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', sha256, chacha20Poly1305);
  const aes12 = [
    suite12(0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ecdsa', sha256, aes128gcm),
    suite12(0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'rsa', sha256, aes128gcm),
    suite12(0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ecdsa', sha384, aes256gcm),
    suite12(0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'rsa', sha384, aes256gcm),
  ];
  const chacha12 = [
    suite12(0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ecdsa', sha256, chacha20Poly1305),
    suite12(0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'rsa', sha256, chacha20Poly1305),
  ];
  return first === 'aes' ? [...aes, chacha, ...aes12, ...chacha12] : [chacha, ...aes, ...chacha12, ...aes12];
}
