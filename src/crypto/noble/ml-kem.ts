import { hybrid, kemAlone } from '../hybrid.ts';
import type { KeyExchange } from '../types.ts';
import { secp256r1, secp384r1, x25519 } from './groups.ts';
import { mlKem768, mlKem1024 } from './kem.ts';

/** RFC 10024: for X25519 the ML-KEM half comes first, for the NIST curves it comes last. */
export const x25519MlKem768: KeyExchange = /* @__PURE__ */ hybrid(
  0x11ec,
  'X25519MLKEM768',
  mlKem768,
  x25519,
  32,
  'kem-first',
);
/** P-256 beside ML-KEM-768 (RFC 10024). */
export const secp256r1MlKem768: KeyExchange = /* @__PURE__ */ hybrid(
  0x11eb,
  'SecP256r1MLKEM768',
  mlKem768,
  secp256r1,
  65,
  'ecdh-first',
);
/** P-384 beside ML-KEM-1024 (RFC 10024). */
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
/** ML-KEM-1024 alone as a group of TLS 1.3. */
export const pureMlKem1024: KeyExchange = /* @__PURE__ */ kemAlone(0x0202, 'MLKEM1024', mlKem1024);
