import type { KeyExchange } from '../types.ts';
import { secp256r1, secp384r1, secp521r1, x25519 } from './groups.ts';
import { x25519MlKem768 } from './ml-kem.ts';

/** What is most of noble: curves and ML-KEM. */
export { nobleSigner, nobleVerifier } from './signatures.ts';

/** The groups of the provider, best first. */
export const nobleGroups: readonly KeyExchange[] = [x25519MlKem768, x25519, secp256r1, secp384r1, secp521r1];
