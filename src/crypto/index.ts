/**
 * What the engine asks of cryptography, for those who bring their own: types, the signature schemes, and keys as DER.
 * @module
 */
export { composeProvider, type ProviderParts } from './compose.ts';
export { withFallback } from './fallback.ts';
export { type Encapsulated, hybrid, type Kem, kemAlone, type KemPair } from './hybrid.ts';
export { systemRandom } from './random.ts';
export { defaultSchemes, legacySchemes, schemeById, schemesOf } from './schemes.ts';
export { decodeSignatureAlgorithm, decodeSubjectPublicKeyInfo, encodeSubjectPublicKeyInfo } from './spki.ts';
export type * from './types.ts';
