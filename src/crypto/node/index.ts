/**
 * Cryptography by the runtime's own node:crypto: Node, and Bun and Deno where they have it. Synchronous, and many times
 * quicker than JavaScript; ML-KEM stays noble's.
 * @module
 */
import { TlsError } from '../../errors.ts';
import { hybrid } from '../hybrid.ts';
import { mlKem768 } from '../noble/ml-kem.ts';
import { systemRandom } from '../random.ts';
import { defaultSchemes } from '../schemes.ts';
import type { Aead, AeadSuite12, CipherSuite, CipherSuite13, CryptoProvider, Hash, HashName } from '../types.ts';
import { type NodeCryptoModule, nodeCrypto } from './builtin.ts';
import { nodeNistGroup, nodeX25519 } from './groups.ts';
import { nodeAeads, nodeHash } from './primitives.ts';
import { nodeSigner, nodeVerifier } from './signatures.ts';

/** Does this runtime have node:crypto? */
export function hasNodeCrypto(): boolean {
  return nodeCrypto() !== undefined;
}

/**
 * @throws TlsError ERR_OPTION where the runtime has no node:crypto.
 *
 * @example
 * ```ts
 * import { hasNodeCrypto, nodeProvider } from 'warifu/crypto/node';
 * if (hasNodeCrypto()) nodeProvider().suites[0]?.name; // TLS_AES_128_GCM_SHA256: with hardware, AES is quickest
 * ```
 */
export function nodeProvider(): CryptoProvider {
  const node = nodeCrypto();
  if (node === undefined) throw new TlsError('ERR_OPTION', { detail: 'crypto: this runtime has no node:crypto' });
  const hashes: { readonly [H in HashName]: Hash } = {
    sha1: nodeHash(node, 'sha1', 20),
    sha256: nodeHash(node, 'sha256', 32),
    sha384: nodeHash(node, 'sha384', 48),
    sha512: nodeHash(node, 'sha512', 64),
  };
  const x25519 = nodeX25519(node);
  return {
    name: 'node',
    random: systemRandom,
    suites: suites(node, hashes),
    groups: [
      hybrid(0x11ec, 'X25519MLKEM768', mlKem768, x25519, 32, 'kem-first'),
      x25519,
      nodeNistGroup(node, 0x0017, 'secp256r1', 'P-256'),
      nodeNistGroup(node, 0x0018, 'secp384r1', 'P-384'),
      nodeNistGroup(node, 0x0019, 'secp521r1', 'P-521'),
    ],
    signatures: defaultSchemes(),
    verifier: nodeVerifier(node),
    hash: (name) => hashes[name],
    signer: (key) => nodeSigner(node, key),
  };
}

function suites(
  node: NodeCryptoModule,
  { sha256, sha384 }: { readonly sha256: Hash; readonly sha384: Hash },
): readonly CipherSuite[] {
  const { aes128gcm, aes256gcm, chacha20Poly1305 } = nodeAeads(node);
  const modern = (id: number, name: string, hash: Hash, aead: Aead): CipherSuite13 => ({
    version: 0x0304,
    id,
    name,
    hash,
    aead,
  });
  const classic = (
    id: number,
    authentication: 'ecdsa' | 'rsa',
    hash: Hash,
    aead: Aead,
    cipher: string,
  ): AeadSuite12 => ({
    version: 0x0303,
    id,
    name: `TLS_ECDHE_${authentication.toUpperCase()}_WITH_${cipher}`,
    hash,
    exchange: 'ecdhe',
    authentication,
    protection: 'aead',
    aead,
    fixedIvLength: aead === chacha20Poly1305 ? 12 : 4,
    recordIvLength: aead === chacha20Poly1305 ? 0 : 8,
  });
  return [
    modern(0x1301, 'TLS_AES_128_GCM_SHA256', sha256, aes128gcm),
    modern(0x1302, 'TLS_AES_256_GCM_SHA384', sha384, aes256gcm),
    modern(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', sha256, chacha20Poly1305),
    classic(0xc02b, 'ecdsa', sha256, aes128gcm, 'AES_128_GCM_SHA256'),
    classic(0xc02f, 'rsa', sha256, aes128gcm, 'AES_128_GCM_SHA256'),
    classic(0xc02c, 'ecdsa', sha384, aes256gcm, 'AES_256_GCM_SHA384'),
    classic(0xc030, 'rsa', sha384, aes256gcm, 'AES_256_GCM_SHA384'),
    classic(0xcca9, 'ecdsa', sha256, chacha20Poly1305, 'CHACHA20_POLY1305_SHA256'),
    classic(0xcca8, 'rsa', sha256, chacha20Poly1305, 'CHACHA20_POLY1305_SHA256'),
  ];
}
