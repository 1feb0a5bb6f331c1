import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { hybrid, type Kem, kemAlone } from '../hybrid.ts';
import type { KeyExchange } from '../types.ts';
import { secp256r1, secp384r1, x25519 } from './groups.ts';

/** FIPS 203. */
export const mlKem768: Kem = /* @__PURE__ */ kem(ml_kem768, 1184, 1088);
export const mlKem1024: Kem = /* @__PURE__ */ kem(ml_kem1024, 1568, 1568);

/** RFC 10024: for X25519 the ML-KEM half comes first, for the NIST curves it comes last. */
export const x25519MlKem768: KeyExchange = /* @__PURE__ */ hybrid(
  0x11ec,
  'X25519MLKEM768',
  mlKem768,
  x25519,
  32,
  'kem-first',
);
export const secp256r1MlKem768: KeyExchange = /* @__PURE__ */ hybrid(
  0x11eb,
  'SecP256r1MLKEM768',
  mlKem768,
  secp256r1,
  65,
  'ecdh-first',
);
export const secp384r1MlKem1024: KeyExchange = /* @__PURE__ */ hybrid(
  0x11ed,
  'SecP384r1MLKEM1024',
  mlKem1024,
  secp384r1,
  97,
  'ecdh-first',
);

/** ML-KEM and nothing beside it (draft-ietf-tls-mlkem): for those whose rules ask for that. A hybrid is the safer choice. */
export const pureMlKem768: KeyExchange = /* @__PURE__ */ kemAlone(0x0201, 'MLKEM768', mlKem768);
export const pureMlKem1024: KeyExchange = /* @__PURE__ */ kemAlone(0x0202, 'MLKEM1024', mlKem1024);

function kem(noble: typeof ml_kem768, publicKeySize: number, ciphertextSize: number): Kem {
  return {
    publicKeySize,
    ciphertextSize,
    keygen: (random) => {
      const seed = new Uint8Array(64);
      random.fill(seed);
      const pair = noble.keygen(seed);
      seed.fill(0);
      return pair;
    },
    encapsulate: (publicKey, random) => {
      const message = new Uint8Array(32);
      random.fill(message);
      const { cipherText, sharedSecret } = noble.encapsulate(publicKey, message);
      message.fill(0);
      return { ciphertext: cipherText, secret: sharedSecret };
    },
    decapsulate: (ciphertext, secretKey) => noble.decapsulate(ciphertext, secretKey),
  };
}
