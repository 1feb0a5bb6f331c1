import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { isValidPublicKey } from '../public-values.ts';
import { isWellFormed, providerFault } from '../verification.ts';
import { nobleVerifier } from './signatures.ts';
import type { SynchronousVerifier } from './verifiers.ts';

/** ML-DSA (FIPS 204, RFC 9881) in certificates, beside everything that {@link nobleVerifier} knows. Opt-in. */
export const nobleVerifierWithMlDsa: SynchronousVerifier = {
  verify(algorithm, key, message, signature) {
    const noble = ALGORITHMS[algorithm.kind];
    if (noble === undefined) return nobleVerifier.verify(algorithm, key, message, signature);
    if (!isWellFormed(algorithm, key, signature) || !isValidPublicKey(key) || !('key' in key)) return false;
    try {
      return noble().verify(signature, message, key.key);
    } catch (cause) {
      throw providerFault('noble', algorithm.kind, cause);
    }
  },
};

const ALGORITHMS: { readonly [kind: string]: (() => typeof ml_dsa44) | undefined } = {
  'ml-dsa-44': () => ml_dsa44,
  'ml-dsa-65': () => ml_dsa65,
  'ml-dsa-87': () => ml_dsa87,
};
