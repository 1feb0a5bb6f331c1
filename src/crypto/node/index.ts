/**
 * Cryptography by the runtime's own node:crypto: Node, and Bun and Deno where they have it. Synchronous, and many times
 * quicker than JavaScript. ML-KEM is the runtime's where it has it, and noble's elsewhere.
 * @module
 */
import { TlsError } from '../../errors.ts';
import { hybrid } from '../hybrid.ts';
import { systemRandom } from '../random.ts';
import { defaultSchemes } from '../schemes.ts';
import { suitesOf } from '../suites.ts';
import type { CryptoProvider, Hash, HashName } from '../types.ts';
import { nodeCrypto } from './builtin.ts';
import { nodeNistGroup, nodeX25519 } from './groups.ts';
import { nodeMlKem768 } from './kem.ts';
import { nodeAeads, nodeHash } from './primitives.ts';
import { nodeSigner, nodeVerifier } from './signatures.ts';

/**
 * Does this runtime have node:crypto?
 * @example
 * ```ts
 * import { hasNodeCrypto, nodeProvider } from 'warifu/crypto/node';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * const crypto = hasNodeCrypto() ? nodeProvider() : nobleProvider();
 * crypto.name; // 'node', where there is one
 * ```
 */
export function hasNodeCrypto(): boolean {
  return nodeCrypto() !== undefined;
}

/**
 * A provider over node:crypto.
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
    suites: suitesOf({ ...hashes, ...nodeAeads(node) }, 'aes'),
    groups: [
      hybrid(0x11ec, 'X25519MLKEM768', nodeMlKem768(node), x25519, 32, 'kem-first'),
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
