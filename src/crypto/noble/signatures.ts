import { ed25519 } from '@noble/curves/ed25519.js';
import { ed448 } from '@noble/curves/ed448.js';
import { TlsError } from '../../errors.ts';
import { copyKey, wipeKey } from '../private-key.ts';
import { decryptRaw, isUsableKey, signPkcs1, signPss } from '../rsa.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import type { PrivateKey, PublicKey, Random, SignatureAlgorithm, Signer } from '../types.ts';
import { hashByName, sha1, sha256, sha384, sha512 } from './hash.ts';
import {
  CURVES,
  ecdsaP256,
  ecdsaP384,
  ecdsaP521,
  ed25519Signatures,
  ed448Signatures,
  rsaSignatures,
  type SynchronousVerifier,
  verifierOf,
} from './verifiers.ts';

/** Signatures with noble's curves and our own RSA. */
export const nobleVerifier: SynchronousVerifier = /* @__PURE__ */ verifierOf(
  [ecdsaP256, ecdsaP384, ecdsaP521, rsaSignatures, ed25519Signatures, ed448Signatures],
  [sha1, sha256, sha384, sha512],
);

/**
 * A signer over a private key in memory. The key is copied.
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { nobleSigner } from 'warifu/crypto/noble';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { privateKey } = await generateKeyPair('Ed25519');
 * const signer = nobleSigner(privateKey, systemRandom);
 * (await signer.sign(0x0807, Uint8Array.of(1, 2, 3))).length; // 64
 * ```
 */
export function nobleSigner(key: PrivateKey, random: Random): Signer {
  const own = copyKey(key);
  const publicKey = publicKeyOf(own);
  return {
    publicKey,
    schemes: schemesOf(publicKey),
    sign: (scheme, message) => {
      const known = schemeById(scheme);
      if (known?.fits(publicKey, false) !== true)
        throw new TlsError('ERR_SIGNER_FAILED', {
          detail: `scheme 0x${scheme.toString(16)} does not go with this key`,
        });
      return sign(known.algorithm, own, message, random);
    },
    ...(own.kind === 'rsa' && !own.pss && { decryptRaw: (text: Uint8Array) => decryptRaw(own, text, random) }),
    dispose: () => wipeKey(own),
  };
}

/**
 * The public half of a private key.
 * @throws TlsError ERR_KEY when there is none.
 * @example
 * ```ts
 * import { publicKeyOf } from 'warifu/crypto/noble';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const { privateKey } = await generateKeyPair('P-256');
 * publicKeyOf(privateKey).kind; // 'ec'
 * ```
 */
export function publicKeyOf(key: PrivateKey): PublicKey {
  try {
    switch (key.kind) {
      case 'ec':
        return { kind: 'ec', curve: key.curve, point: CURVES[key.curve]().getPublicKey(key.scalar, false) };
      case 'rsa':
        if (!isUsableKey(key.modulus, key.publicExponent)) throw new Error('1024 to 8192 bits are worked with');
        return { kind: 'rsa', modulus: key.modulus, exponent: key.publicExponent, ...(key.pss && { pss: {} }) };
      case 'ed25519':
        return { kind: 'ed25519', key: ed25519.getPublicKey(key.seed) };
      case 'ed448':
        return { kind: 'ed448', key: ed448.getPublicKey(key.seed) };
    }
  } catch (cause) {
    throw new TlsError('ERR_KEY', { detail: 'the private key has no public half', cause });
  }
}

function sign(algorithm: SignatureAlgorithm, key: PrivateKey, message: Uint8Array, random: Random): Uint8Array {
  switch (algorithm.kind) {
    case 'ecdsa': {
      if (key.kind !== 'ec') break;
      const digest = hashByName(algorithm.hash).digest(message);
      // Hedged: RFC 6979 with fresh entropy, so neither a broken random source nor a fault shows the key.
      const entropy = new Uint8Array(32);
      random.fill(entropy);
      return CURVES[key.curve]().sign(digest, key.scalar, { prehash: false, format: 'der', extraEntropy: entropy });
    }
    case 'rsa-pkcs1':
      if (key.kind === 'rsa') return signPkcs1(hashByName(algorithm.hash), key, message, random);
      break;
    case 'rsa-pss':
      if (key.kind === 'rsa') return signPss(hashByName(algorithm.hash), algorithm.saltLength, key, message, random);
      break;
    case 'ed25519':
      if (key.kind === 'ed25519') return ed25519.sign(message, key.seed);
      break;
    case 'ed448':
      if (key.kind === 'ed448') return ed448.sign(message, key.seed);
      break;
    default:
  }
  throw new TlsError('ERR_SIGNER_FAILED', { detail: `${algorithm.kind} with a key of kind ${key.kind}` });
}
