import { ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ed448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { lazy } from '../../bytes/lazy.ts';
import { isValidPublicKey } from '../public-values.ts';
import { verifyPkcs1, verifyPss } from '../rsa.ts';
import type { Hash, NamedCurve, PublicKey, SignatureAlgorithm, SignatureVerifier } from '../types.ts';
import { isWellFormed, providerFault } from '../verification.ts';

/** A verifier that answers at once. */
export interface SynchronousVerifier extends SignatureVerifier {
  verify(algorithm: SignatureAlgorithm, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Signatures of one kind, as a value: a bundle carries the arithmetic of those that are named. */
export interface SignatureKind {
  /** Is it this kind that checks signatures with such a key? */
  checks(key: PublicKey): boolean;
  /** Is a signature good that has the form of one? `hash` is that of its algorithm, where that has one. */
  verify(
    algorithm: SignatureAlgorithm,
    key: PublicKey,
    message: Uint8Array,
    signature: Uint8Array,
    hash: Hash | undefined,
  ): boolean;
}

/**
 * A verifier of these kinds of signature over these hashes; any other is one that is not known.
 *
 * @example
 * ```ts
 * import { ecdsaP256, rsaSignatures, sha256, verifierOf } from 'warifu/crypto/noble';
 * const verifier = verifierOf([ecdsaP256, rsaSignatures], [sha256]);
 * const unknown = { kind: 'ed25519', key: new Uint8Array(32) } as const;
 * verifier.verify({ kind: 'ed25519' }, unknown, new Uint8Array(0), new Uint8Array(64)); // false
 * ```
 */
export function verifierOf(kinds: readonly SignatureKind[], hashes: readonly Hash[]): SynchronousVerifier {
  return {
    verify(algorithm, key, message, signature) {
      const kind = kinds.find((one) => one.checks(key));
      // Whatever is malformed has been found here: what noble throws behind it is a fault of ours.
      if (kind === undefined || !isWellFormed(algorithm, key, signature) || !isValidPublicKey(key)) return false;
      try {
        const hash = 'hash' in algorithm ? hashes.find(({ name }) => name === algorithm.hash) : undefined;
        return kind.verify(algorithm, key, message, signature, hash);
      } catch (cause) {
        throw providerFault('noble', algorithm.kind, cause);
      }
    },
  };
}

/** What of noble's ECDSA is called: a declaration names no type of a library. */
export interface Ecdsa {
  getPublicKey(scalar: Uint8Array, isCompressed: boolean): Uint8Array;
  sign(
    digest: Uint8Array,
    scalar: Uint8Array,
    how: { readonly prehash: false; readonly format: 'der'; readonly extraEntropy: Uint8Array },
  ): Uint8Array;
  verify(
    signature: Uint8Array,
    digest: Uint8Array,
    point: Uint8Array,
    how: { readonly prehash: false; readonly lowS: false; readonly format: 'der' },
  ): boolean;
}

/** Built on first use: see groups.ts. */
export const CURVES: { readonly [Name in NamedCurve]: () => Ecdsa } = {
  'P-256': () => p256Curve(),
  'P-384': () => p384Curve(),
  'P-521': () => p521Curve(),
};
const p256Curve = /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p256.Point.CURVE()), sha256));
const p384Curve = /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p384.Point.CURVE()), sha384));
const p521Curve = /* @__PURE__ */ lazy(() => ecdsa(weierstrass(p521.Point.CURVE()), sha512));

/** ECDSA on P-256. */
export const ecdsaP256: SignatureKind = /* @__PURE__ */ ecdsaOn('P-256', p256Curve);
/** ECDSA on P-384. */
export const ecdsaP384: SignatureKind = /* @__PURE__ */ ecdsaOn('P-384', p384Curve);
/** ECDSA on P-521. */
export const ecdsaP521: SignatureKind = /* @__PURE__ */ ecdsaOn('P-521', p521Curve);

function ecdsaOn(curve: NamedCurve, built: () => Ecdsa): SignatureKind {
  return {
    checks: (key) => key.kind === 'ec' && key.curve === curve,
    verify: (algorithm, key, message, signature, hash) => {
      if (algorithm.kind !== 'ecdsa' || key.kind !== 'ec' || hash === undefined) return false;
      // The digest is ours: a curve may be used with any hash. High s is as good as low s in TLS and X.509.
      const digest = hash.digest(message);
      return built().verify(signature, digest, key.point, { prehash: false, lowS: false, format: 'der' });
    },
  };
}

/** RSA with PKCS#1 v1.5 and PSS, by our own arithmetic. */
export const rsaSignatures: SignatureKind = {
  checks: ({ kind }) => kind === 'rsa',
  verify: (algorithm, key, message, signature, hash) => {
    if (key.kind !== 'rsa' || hash === undefined) return false;
    if (algorithm.kind === 'rsa-pkcs1') return verifyPkcs1(hash, key.modulus, key.exponent, message, signature);
    if (algorithm.kind !== 'rsa-pss') return false;
    return verifyPss(hash, algorithm.saltLength, key.modulus, key.exponent, message, signature);
  },
};

/** Ed25519. */
export const ed25519Signatures: SignatureKind = {
  checks: ({ kind }) => kind === 'ed25519',
  verify: (_, key, message, signature) =>
    // RFC 8032 as it is written, not the laxer rule of ZIP 215 that noble has by default.
    key.kind === 'ed25519' && ed25519.verify(signature, message, key.key, { zip215: false }),
};

/** Ed448. */
export const ed448Signatures: SignatureKind = {
  checks: ({ kind }) => kind === 'ed448',
  verify: (_, key, message, signature) =>
    key.kind === 'ed448' && ed448.verify(signature, message, key.key, { zip215: false }),
};
