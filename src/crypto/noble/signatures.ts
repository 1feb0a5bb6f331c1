import { lazy } from '../../bytes/lazy.ts';
import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ed448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { TlsError } from '../../errors.ts';
import { decryptRaw, isUsableKey, signPkcs1, signPss, verifyPkcs1, verifyPss } from '../rsa.ts';
import { copyKey, wipeKey } from '../private-key.ts';
import { isValidPublicKey } from '../public-values.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import { isWellFormed, providerFault } from '../verification.ts';
import type {
  NamedCurve,
  PrivateKey,
  PublicKey,
  Random,
  SignatureAlgorithm,
  SignatureVerifier,
  Signer,
} from '../types.ts';
import { hashByName } from './hash.ts';

/** A verifier that answers at once. */
export interface SynchronousVerifier extends SignatureVerifier {
  verify(algorithm: SignatureAlgorithm, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Signatures with noble's curves and our own RSA. */
export const nobleVerifier: SynchronousVerifier = {
  verify(algorithm, key, message, signature) {
    // Whatever is malformed has been found here: what noble throws behind it is a fault of ours.
    if (!isWellFormed(algorithm, key, signature) || !isValidPublicKey(key)) return false;
    try {
      return verify(algorithm, key, message, signature);
    } catch (cause) {
      throw providerFault('noble', algorithm.kind, cause);
    }
  },
};

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

function verify(algorithm: SignatureAlgorithm, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  switch (algorithm.kind) {
    case 'ecdsa': {
      if (key.kind !== 'ec') return false;
      // The digest is ours: a curve may be used with any hash. High s is as good as low s in TLS and X.509.
      const digest = hashByName(algorithm.hash).digest(message);
      return CURVES[key.curve]().verify(signature, digest, key.point, { prehash: false, lowS: false, format: 'der' });
    }
    case 'rsa-pkcs1':
      if (key.kind !== 'rsa') return false;
      return verifyPkcs1(hashByName(algorithm.hash), key.modulus, key.exponent, message, signature);
    case 'rsa-pss':
      if (key.kind !== 'rsa') return false;
      return verifyPss(hashByName(algorithm.hash), algorithm.saltLength, key.modulus, key.exponent, message, signature);
    case 'ed25519':
      // RFC 8032 as it is written, not the laxer rule of ZIP 215 that noble has by default.
      return key.kind === 'ed25519' && ed25519.verify(signature, message, key.key, { zip215: false });
    case 'ed448':
      return key.kind === 'ed448' && ed448.verify(signature, message, key.key, { zip215: false });
    default:
      return false;
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

/** Built on first use: see groups.ts. */
const CURVES: { readonly [Name in NamedCurve]: () => ReturnType<typeof ecdsa> } = {
  'P-256': /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p256.Point.CURVE()), sha256)),
  'P-384': /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p384.Point.CURVE()), sha384)),
  'P-521': /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p521.Point.CURVE()), sha512)),
};
