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
import type { CipherSuite13, CryptoProvider, Hash, HashName } from '../types.ts';
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
): readonly CipherSuite13[] {
  const { aes128gcm, aes256gcm, chacha20Poly1305 } = nodeAeads(node);
  return [
    { version: 0x0304, id: 0x1301, name: 'TLS_AES_128_GCM_SHA256', hash: sha256, aead: aes128gcm },
    { version: 0x0304, id: 0x1302, name: 'TLS_AES_256_GCM_SHA384', hash: sha384, aead: aes256gcm },
    { version: 0x0304, id: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256', hash: sha256, aead: chacha20Poly1305 },
  ];
}
