import { derInteger, derSequence } from '../../bytes/der-writer.ts';
import { schemeById, schemesOf } from '../../crypto/schemes.ts';
import { FIELD_SIZE } from '../../crypto/spki.ts';
import type { HashName, PublicKey, Signer } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';

/** The part of WebCrypto that signs. */
export type SubtleSigner = Pick<SubtleCrypto, 'sign'>;

/** Is it a CryptoKey? Told by its shape, since a key may come from another realm. */
export function isCryptoKey(value: unknown): value is CryptoKey {
  return (
    typeof value === 'object' && value !== null && 'algorithm' in value && 'usages' in value && 'extractable' in value
  );
}

/**
 * A signer over a CryptoKey, which need not be extractable. `publicKey` is that of the certificate: a CryptoKey does not
 * give away its own. An RSA key can make the schemes of the one algorithm and hash it was imported for.
 * @throws TlsError ERR_KEY when the key cannot sign, or is not of the kind of the certificate's.
 */
export function cryptoKeySigner(key: CryptoKey, publicKey: PublicKey, subtle: SubtleSigner = runtimeSubtle()): Signer {
  if (key.type !== 'private' || !key.usages.includes('sign'))
    throw unusable(`the CryptoKey is ${key.type}, with the usages ${key.usages.join(', ') || 'none'}: it cannot sign`);
  const schemes = schemesOf(publicKey).filter((id) => canMake(key, publicKey, id));
  if (schemes.length === 0)
    throw unusable(`a CryptoKey for ${describe(key)} does not go with a certificate whose key is ${publicKey.kind}`);
  return {
    publicKey,
    schemes,
    sign: async (scheme, message) => {
      const algorithm = schemeById(scheme)?.algorithm;
      if (algorithm === undefined || !schemes.includes(scheme)) {
        throw new TlsError('ERR_SIGNER_FAILED', {
          detail: `scheme 0x${scheme.toString(16)} does not go with this key`,
        });
      }
      try {
        const signature = await subtle.sign(parametersOf(key, algorithm), key, message as Uint8Array<ArrayBuffer>);
        return algorithm.kind === 'ecdsa' ? toDer(new Uint8Array(signature)) : new Uint8Array(signature);
      } catch (cause) {
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `the CryptoKey for ${describe(key)}`, cause });
      }
    },
  };
}

function canMake(key: CryptoKey, publicKey: PublicKey, id: number): boolean {
  const algorithm = schemeById(id)?.algorithm;
  switch (key.algorithm.name) {
    case 'ECDSA':
      return (
        algorithm?.kind === 'ecdsa' &&
        publicKey.kind === 'ec' &&
        (key.algorithm as EcKeyAlgorithm).namedCurve === publicKey.curve
      );
    case 'RSA-PSS':
      return algorithm?.kind === 'rsa-pss' && hashOf(key) === algorithm.hash;
    case 'RSASSA-PKCS1-v1_5':
      return algorithm?.kind === 'rsa-pkcs1' && hashOf(key) === algorithm.hash;
    case 'Ed25519':
      return algorithm?.kind === 'ed25519';
    case 'Ed448':
      return algorithm?.kind === 'ed448';
    default:
      return false;
  }
}

function parametersOf(
  key: CryptoKey,
  algorithm: { readonly kind: string; readonly hash?: HashName; readonly saltLength?: number },
): AlgorithmIdentifier | RsaPssParams | EcdsaParams {
  if (algorithm.kind === 'ecdsa') return { name: 'ECDSA', hash: `SHA-${algorithm.hash?.slice(3)}` };
  if (algorithm.kind === 'rsa-pss') return { name: 'RSA-PSS', saltLength: algorithm.saltLength ?? 0 };
  return { name: key.algorithm.name };
}

function hashOf(key: CryptoKey): string {
  return (key.algorithm as RsaHashedKeyAlgorithm).hash.name.replace('SHA-', 'sha');
}

function describe(key: CryptoKey): string {
  const { name } = key.algorithm;
  if (name === 'ECDSA') return `${name} with ${(key.algorithm as EcKeyAlgorithm).namedCurve}`;
  return name.startsWith('RSA') ? `${name} with ${(key.algorithm as RsaHashedKeyAlgorithm).hash.name}` : name;
}

/** WebCrypto gives r and s side by side; TLS wants Ecdsa-Sig-Value (RFC 9846 section 4.3.3). */
function toDer(signature: Uint8Array): Uint8Array {
  const size = signature.length / 2;
  if (!Object.values(FIELD_SIZE).includes(size)) throw new Error(`a signature of ${signature.length} bytes`);
  return derSequence(derInteger(signature.subarray(0, size)), derInteger(signature.subarray(size)));
}

/** @throws TlsError ERR_OPTION where there is none. */
export function runtimeSubtle(): SubtleCrypto {
  const subtle = (globalThis as { readonly crypto?: { readonly subtle?: SubtleCrypto } }).crypto?.subtle;
  if (subtle === undefined)
    throw new TlsError('ERR_OPTION', {
      detail: 'privateKey: this runtime has no crypto.subtle here, so a CryptoKey cannot sign',
    });
  return subtle;
}

function unusable(detail: string): TlsError {
  return new TlsError('ERR_KEY', { detail });
}
