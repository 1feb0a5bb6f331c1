import { wipe } from '../../bytes/bytes.ts';
import type { Encapsulated, Kem, KemPair } from '../hybrid.ts';
import { mlKem } from './lazy/ml-kem.ts';

/** FIPS 203, and no curve beside it. Synchronous. */
export interface SynchronousKem extends Kem {
  keygen(random: Parameters<Kem['keygen']>[0]): SynchronousKemPair;
  fromSeed(seed: Uint8Array): SynchronousKemPair;
  encapsulate(publicKey: Uint8Array, random: Parameters<Kem['keygen']>[0]): Encapsulated;
}

/** A key pair of a KEM that answers at once. */
export interface SynchronousKemPair extends KemPair {
  decapsulate(ciphertext: Uint8Array): Uint8Array;
}

/** ML-KEM-768 (FIPS 203). */
export const mlKem768: SynchronousKem = /* @__PURE__ */ kem('ml_kem768', 1184, 1088);
/** ML-KEM-1024 (FIPS 203). */
export const mlKem1024: SynchronousKem = /* @__PURE__ */ kem('ml_kem1024', 1568, 1568);

function kem(name: keyof ReturnType<typeof mlKem>, publicKeySize: number, ciphertextSize: number): SynchronousKem {
  const fromSeed = (seed: Uint8Array): SynchronousKemPair => {
    const noble = mlKem()[name];
    const { publicKey, secretKey } = noble.keygen(seed);
    return {
      publicKey,
      decapsulate: (ciphertext) => noble.decapsulate(ciphertext, secretKey),
      dispose: () => wipe(secretKey),
    };
  };
  return {
    publicKeySize,
    ciphertextSize,
    keygen: (random) => {
      const seed = new Uint8Array(64);
      random.fill(seed);
      const pair = fromSeed(seed);
      wipe(seed);
      return pair;
    },
    fromSeed,
    encapsulate: (publicKey, random) => {
      const message = new Uint8Array(32);
      random.fill(message);
      const { cipherText, sharedSecret } = mlKem()[name].encapsulate(publicKey, message);
      wipe(message);
      return { ciphertext: cipherText, secret: sharedSecret };
    },
  };
}
