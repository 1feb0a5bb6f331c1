import type { HashName, NamedCurve, PublicKey, SignatureAlgorithm, SignatureScheme } from './types.ts';

/** SignatureSchemes (RFC 9846 section 4.3.3). What they need of a key is here; who checks them is the provider's affair. */

const ecdsaSecp256r1Sha256: SignatureScheme = /* @__PURE__ */ ecdsa(
  0x0403,
  'ecdsa_secp256r1_sha256',
  'P-256',
  'sha256',
);
const ecdsaSecp384r1Sha384: SignatureScheme = /* @__PURE__ */ ecdsa(
  0x0503,
  'ecdsa_secp384r1_sha384',
  'P-384',
  'sha384',
);
const ecdsaSecp521r1Sha512: SignatureScheme = /* @__PURE__ */ ecdsa(
  0x0603,
  'ecdsa_secp521r1_sha512',
  'P-521',
  'sha512',
);
const rsaPssRsaeSha256: SignatureScheme = /* @__PURE__ */ pss(0x0804, 'rsa_pss_rsae_sha256', false, 'sha256', 32);
const rsaPssRsaeSha384: SignatureScheme = /* @__PURE__ */ pss(0x0805, 'rsa_pss_rsae_sha384', false, 'sha384', 48);
const rsaPssRsaeSha512: SignatureScheme = /* @__PURE__ */ pss(0x0806, 'rsa_pss_rsae_sha512', false, 'sha512', 64);
const rsaPssPssSha256: SignatureScheme = /* @__PURE__ */ pss(0x0809, 'rsa_pss_pss_sha256', true, 'sha256', 32);
const rsaPssPssSha384: SignatureScheme = /* @__PURE__ */ pss(0x080a, 'rsa_pss_pss_sha384', true, 'sha384', 48);
const rsaPssPssSha512: SignatureScheme = /* @__PURE__ */ pss(0x080b, 'rsa_pss_pss_sha512', true, 'sha512', 64);
export const ed25519: SignatureScheme = /* @__PURE__ */ edwards(0x0807, 'ed25519');
const ed448: SignatureScheme = /* @__PURE__ */ edwards(0x0808, 'ed448');
/** In certificates only, for TLS 1.3 (RFC 9846 section 4.3.3). */
const rsaPkcs1Sha256: SignatureScheme = /* @__PURE__ */ pkcs1(0x0401, 'rsa_pkcs1_sha256', 'sha256');
const rsaPkcs1Sha384: SignatureScheme = /* @__PURE__ */ pkcs1(0x0501, 'rsa_pkcs1_sha384', 'sha384');
const rsaPkcs1Sha512: SignatureScheme = /* @__PURE__ */ pkcs1(0x0601, 'rsa_pkcs1_sha512', 'sha512');

/** SHA-1 in a TLS 1.2 handshake: forgeable with effort, and forbidden (RFC 9155). For devices that know nothing else. */
const rsaPkcs1Sha1: SignatureScheme = /* @__PURE__ */ pkcs1(0x0201, 'rsa_pkcs1_sha1', 'sha1');
const ecdsaSha1: SignatureScheme = /* @__PURE__ */ ecdsa(0x0203, 'ecdsa_sha1', undefined, 'sha1');
/** PKCS#1 v1.5 in the CertificateVerify of a TLS 1.3 client whose hardware cannot make PSS (RFC 9963). */
const rsaPkcs1Sha256Legacy: SignatureScheme = /* @__PURE__ */ clientOnly(0x0420, 'rsa_pkcs1_sha256_legacy', 'sha256');
const rsaPkcs1Sha384Legacy: SignatureScheme = /* @__PURE__ */ clientOnly(0x0520, 'rsa_pkcs1_sha384_legacy', 'sha384');
const rsaPkcs1Sha512Legacy: SignatureScheme = /* @__PURE__ */ clientOnly(0x0620, 'rsa_pkcs1_sha512_legacy', 'sha512');

/**
 * All that are trusted, the shortest and quickest first.
 * @example
 * ```ts
 * import { defaultSchemes } from 'warifu/crypto';
 * defaultSchemes()[0]?.name; // 'ecdsa_secp256r1_sha256'
 * ```
 */
export function defaultSchemes(): readonly SignatureScheme[] {
  return [
    ecdsaSecp256r1Sha256,
    ed25519,
    ecdsaSecp384r1Sha384,
    ecdsaSecp521r1Sha512,
    ed448,
    rsaPssRsaeSha256,
    rsaPssRsaeSha384,
    rsaPssRsaeSha512,
    rsaPssPssSha256,
    rsaPssPssSha384,
    rsaPssPssSha512,
    rsaPkcs1Sha256,
    rsaPkcs1Sha384,
    rsaPkcs1Sha512,
  ];
}

/**
 * What is in no default list: one has to ask for it, with the entry for old devices. Those of TLS 1.3 first.
 * @example
 * ```ts
 * import { legacySchemes } from 'warifu/crypto';
 * legacySchemes().at(-1)?.name; // 'rsa_pkcs1_sha1'
 * ```
 */
export function legacySchemes(): readonly SignatureScheme[] {
  return [rsaPkcs1Sha256Legacy, rsaPkcs1Sha384Legacy, rsaPkcs1Sha512Legacy, ecdsaSha1, rsaPkcs1Sha1];
}

/**
 * The algorithm a scheme id stands for, among all that exist here.
 * @example
 * ```ts
 * import { schemeById } from 'warifu/crypto';
 * schemeById(0x0807)?.name; // 'ed25519'
 * schemeById(0x0101); // undefined
 * ```
 */
export function schemeById(id: number): SignatureScheme | undefined {
  return [...defaultSchemes(), ...legacySchemes()].find((scheme) => scheme.id === id);
}

/**
 * Ids of the schemes a key can make, best first. Default: of those that are trusted.
 * @example
 * ```ts
 * import { schemesOf } from 'warifu/crypto';
 * schemesOf({ kind: 'ed25519', key: new Uint8Array(32) }); // [2055]: 0x0807, ed25519
 * ```
 */
export function schemesOf(key: PublicKey, among: readonly SignatureScheme[] = defaultSchemes()): readonly number[] {
  return among.filter((scheme) => scheme.fits(key, scheme.handshake13 === true)).map(({ id }) => id);
}

/** Without a curve of its own it is for TLS 1.2 alone, which names none. */
function ecdsa(id: number, name: string, curve: NamedCurve | undefined, hash: HashName): SignatureScheme {
  const algorithm: SignatureAlgorithm = { kind: 'ecdsa', hash };
  const fits = (key: PublicKey, strictCurve: boolean): boolean =>
    key.kind === 'ec' && (!strictCurve || key.curve === curve);
  return { id, name, algorithm, handshake13: curve !== undefined, handshake12: true, fits };
}

/** The salt is as long as the hash (RFC 9846 section 4.3.3); a restricted key must allow just that. */
function pss(id: number, name: string, ownKey: boolean, hash: HashName, saltLength: number): SignatureScheme {
  // RFC 9846 §4.3.3-5, §4.3.3-7
  const fits = (key: PublicKey): boolean => {
    if (key.kind !== 'rsa' || (key.pss !== undefined) !== ownKey) return false;
    // emLen has to hold the digest, the salt and two bytes (RFC 8017 section 9.1.1).
    if (key.modulus.length < 2 * saltLength + 2) return false;
    const restricted = key.pss?.parameters;
    return restricted === undefined || (restricted.hash === hash && restricted.saltLength <= saltLength);
  };
  return { id, name, algorithm: { kind: 'rsa-pss', hash, saltLength }, handshake13: true, handshake12: true, fits };
}

function pkcs1(id: number, name: string, hash: HashName): SignatureScheme {
  const fits = (key: PublicKey): boolean => key.kind === 'rsa' && key.pss === undefined;
  // RFC 5246 ¶7.4.1.4.1-1
  // RFC 9846 §4.3.3-10, §4.3.3-11, §4.3.3-13, §4.3.3-14, §4.5.1.2-6
  return { id, name, algorithm: { kind: 'rsa-pkcs1', hash }, handshake13: false, handshake12: true, fits };
}

function clientOnly(id: number, name: string, hash: HashName): SignatureScheme {
  return { ...pkcs1(id, name, hash), handshake13: 'client', handshake12: false };
}

function edwards(id: number, kind: 'ed25519' | 'ed448'): SignatureScheme {
  return {
    id,
    name: kind,
    algorithm: { kind },
    handshake13: true,
    handshake12: true,
    fits: (key) => key.kind === kind,
  };
}
