import type { WebCryptoKey, WebSubtle } from '../web-types.ts';
import { TlsError } from '../../errors.ts';
import { writeEcdsaSignature } from '../ecdsa-signature.ts';
import { privateJwk } from '../jwk.ts';
import { copyKey, wipeKey } from '../private-key.ts';
import { isUsableKey } from '../rsa.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import type { PrivateKey, PublicKey, SignatureAlgorithm, Signer } from '../types.ts';
import { runtimeSubtle, source } from './subtle.ts';
import { importParameters, parametersOf } from './verifier.ts';

/** The part of WebCrypto that signs. */
export type SubtleSigner = Pick<WebSubtle, 'sign'>;

/**
 * A signer over a CryptoKey, which need not be extractable. `publicKey` is that of the certificate: a CryptoKey does not
 * give away its own. An RSA key can make the schemes of the one algorithm and hash it was imported for.
 * @throws TlsError ERR_KEY when the key cannot sign, or is not of the kind of the certificate's; ERR_OPTION where the runtime
 * has no WebCrypto.
 *
 * @example
 * ```ts
 * import { cryptoKeySigner, hasWebCrypto } from 'warifu/crypto/webcrypto';
 * if (hasWebCrypto()) {
 *   const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
 *   const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
 *   const signer = cryptoKeySigner(privateKey, { kind: 'ec', curve: 'P-256', point });
 *   await signer.sign(0x0403, new Uint8Array(3)); // DER, as TLS wants it
 * }
 * ```
 */
export function cryptoKeySigner(key: WebCryptoKey, publicKey: PublicKey, subtle: SubtleSigner = needSubtle()): Signer {
  if (key.type !== 'private' || !key.usages.includes('sign'))
    throw unusable(`the CryptoKey is ${key.type}, with the usages ${key.usages.join(', ') || 'none'}: it cannot sign`);
  const schemes = schemesOf(publicKey).filter((id) => canMake(key, publicKey, id));
  if (schemes.length === 0)
    throw unusable(`a CryptoKey for ${describe(key)} does not go with a certificate whose key is ${publicKey.kind}`);
  return {
    publicKey,
    schemes,
    sign: async (scheme, message) => {
      const algorithm = schemes.includes(scheme) ? schemeById(scheme)?.algorithm : undefined;
      if (algorithm === undefined) throw wrongScheme(scheme);
      try {
        return await signWith(subtle, key, algorithm, message);
      } catch (cause) {
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `the CryptoKey for ${describe(key)}`, cause });
      }
    },
  };
}

/**
 * A signer over a private key in memory. The key is copied, and read by WebCrypto with the first signature; RSA once for
 * each algorithm and hash, as WebCrypto wants it. There is no `decryptRaw`: WebCrypto does no RSA without padding.
 */
export async function webSigner(subtle: WebSubtle, key: PrivateKey): Promise<Signer> {
  const own = copyKey(key);
  const publicKey = await publicHalf(own);
  const imported = new Map<string, Promise<WebCryptoKey>>();
  const keyFor = (algorithm: SignatureAlgorithm): Promise<WebCryptoKey> => {
    const use = JSON.stringify([algorithm.kind, publicKey.kind === 'rsa' && 'hash' in algorithm && algorithm.hash]);
    let found = imported.get(use);
    if (found === undefined) {
      found = importPrivateKey(subtle, own, publicKey, algorithm);
      imported.set(use, found);
    }
    return found;
  };
  return {
    publicKey,
    schemes: schemesOf(publicKey),
    sign: async (scheme, message) => {
      const known = schemeById(scheme);
      if (known?.fits(publicKey, false) !== true) throw wrongScheme(scheme);
      try {
        return await signWith(subtle, await keyFor(known.algorithm), known.algorithm, message);
      } catch (cause) {
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `WebCrypto, ${known.name}`, cause });
      }
    },
    dispose: () => wipeKey(own),
  };
}

async function signWith(
  subtle: SubtleSigner,
  key: WebCryptoKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
): Promise<Uint8Array> {
  const signature = new Uint8Array(await subtle.sign(parametersOf(algorithm), key, source(message)));
  // WebCrypto gives r and s side by side; TLS wants Ecdsa-Sig-Value (RFC 9846 section 4.3.3).
  return algorithm.kind === 'ecdsa' ? writeEcdsaSignature(signature) : signature;
}

/** WebCrypto reads no EC or Edwards key without its public half in every runtime: noble makes it, and is loaded for it. */
async function publicHalf(key: PrivateKey): Promise<PublicKey> {
  if (key.kind !== 'rsa') return (await import('../noble/signatures.ts')).publicKeyOf(key);
  if (!isUsableKey(key.modulus, key.publicExponent)) throw unusable('RSA keys of 1024 to 8192 bits are worked with');
  return { kind: 'rsa', modulus: key.modulus, exponent: key.publicExponent, ...(key.pss && { pss: {} }) };
}

function importPrivateKey(
  subtle: WebSubtle,
  key: PrivateKey,
  publicKey: PublicKey,
  algorithm: SignatureAlgorithm,
): Promise<WebCryptoKey> {
  const curve = publicKey.kind === 'ec' ? publicKey.curve : undefined;
  const jwk = privateJwk(key, publicKey);
  if (jwk === undefined) throw unusable('the two halves of the key do not go together');
  return subtle.importKey('jwk', { ...jwk }, importParameters(algorithm, curve), false, ['sign']);
}

function canMake(key: WebCryptoKey, publicKey: PublicKey, id: number): boolean {
  const algorithm = schemeById(id)?.algorithm;
  const { name } = key.algorithm;
  switch (algorithm?.kind) {
    case 'ecdsa':
      return name === 'ECDSA' && publicKey.kind === 'ec' && curveOf(key) === publicKey.curve;
    case 'rsa-pss':
      return name === 'RSA-PSS' && hashOf(key) === algorithm.hash;
    case 'rsa-pkcs1':
      return name === 'RSASSA-PKCS1-v1_5' && hashOf(key) === algorithm.hash;
    case 'ed25519':
      return name === 'Ed25519';
    case 'ed448':
      return name === 'Ed448';
    default:
      return false;
  }
}

function curveOf({ algorithm }: WebCryptoKey): string | undefined {
  return 'namedCurve' in algorithm && typeof algorithm.namedCurve === 'string' ? algorithm.namedCurve : undefined;
}

function hashOf({ algorithm }: WebCryptoKey): string | undefined {
  if (!('hash' in algorithm) || typeof algorithm.hash !== 'object' || algorithm.hash === null) return undefined;
  return 'name' in algorithm.hash ? String(algorithm.hash.name).replace('SHA-', 'sha') : undefined;
}

function describe(key: WebCryptoKey): string {
  const more = curveOf(key) ?? hashOf(key);
  return more === undefined ? key.algorithm.name : `${key.algorithm.name} with ${more}`;
}

/** @throws TlsError ERR_OPTION where the runtime has no WebCrypto. */
export function needSubtle(): WebSubtle {
  const subtle = runtimeSubtle();
  if (subtle === undefined)
    throw new TlsError('ERR_OPTION', {
      detail: 'privateKey: this runtime has no crypto.subtle here, so a CryptoKey cannot sign',
    });
  return subtle;
}

function wrongScheme(scheme: number): TlsError {
  return new TlsError('ERR_SIGNER_FAILED', { detail: `scheme 0x${scheme.toString(16)} does not go with this key` });
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
