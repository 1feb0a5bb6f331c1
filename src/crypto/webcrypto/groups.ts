import type { WebCryptoKey, WebSubtle } from '../web-types.ts';
import { derElement, derInteger, derOctetString, derOid, derSequence } from '../../bytes/der-writer.ts';
import { toBase64Url } from '../../bytes/bytes.ts';
import { type EcdhPair, montgomeryGroup, nistGroup } from '../ecdh.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { KeyExchange, NamedCurve } from '../types.ts';
import { source } from './subtle.ts';

/**
 * ECDH on P-256 by WebCrypto, for a provider that is put together.
 * @example
 * ```ts
 * import { webSecp256r1 } from 'warifu/crypto/webcrypto';
 * webSecp256r1(crypto.subtle).name; // 'secp256r1'
 * ```
 */
export function webSecp256r1(subtle: WebSubtle): KeyExchange {
  return webNistGroup(subtle, 0x0017, 'secp256r1', 'P-256');
}

/** ECDH by WebCrypto. The private key never leaves it, so there is nothing to overwrite. */
export function webNistGroup(subtle: WebSubtle, id: number, name: string, curve: NamedCurve): KeyExchange {
  const algorithm = { name: 'ECDH', namedCurve: curve };
  const size = FIELD_SIZE[curve];
  return nistGroup(id, name, curve, {
    provider: 'webcrypto',
    generate: () => generate(subtle, algorithm, 8 * size),
    load: async (privateKey) => {
      const [d, point] = [privateKey.subarray(0, size), privateKey.subarray(size)];
      const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
      const jwk = { kty: 'EC', crv: curve, d: toBase64Url(d), x: toBase64Url(x), y: toBase64Url(y) };
      const key = await subtle.importKey('jwk', jwk, algorithm, false, ['deriveBits']);
      return { share: point, agree: (peerShare) => derive(subtle, algorithm, key, peerShare, 8 * size) };
    },
  });
}

/**
 * X25519 by WebCrypto, for a provider that is put together.
 * @example
 * ```ts
 * import { webX25519 } from 'warifu/crypto/webcrypto';
 * webX25519(crypto.subtle).name; // 'X25519'
 * ```
 */
export function webX25519(subtle: WebSubtle): KeyExchange {
  const algorithm = { name: 'X25519' };
  return montgomeryGroup(0x001d, 'X25519', {
    provider: 'webcrypto',
    generate: () => generate(subtle, algorithm, 256),
    load: async (privateKey) => {
      // RFC 8410 section 7.
      const inner = derOctetString(derElement(0x04, privateKey));
      const der = derSequence(derInteger(0), derSequence(derOid('1.3.101.110')), inner);
      const key = await subtle.importKey('pkcs8', source(der), algorithm, false, ['deriveBits']);
      return {
        share: new Uint8Array(0),
        agree: (peerShare) => derive(subtle, algorithm, key, peerShare, 256),
      };
    },
  });
}

type EcdhAlgorithm = { readonly name: string; readonly namedCurve?: string };

async function generate(subtle: WebSubtle, algorithm: EcdhAlgorithm, bits: number): Promise<EcdhPair> {
  const made = await subtle.generateKey(algorithm, false, ['deriveBits']);
  if (!('privateKey' in made)) throw new Error('one key where two were asked for');
  const share = new Uint8Array(await subtle.exportKey('raw', made.publicKey));
  return { share, agree: (peerShare) => derive(subtle, algorithm, made.privateKey, peerShare, bits) };
}

async function derive(
  subtle: WebSubtle,
  algorithm: EcdhAlgorithm,
  privateKey: WebCryptoKey,
  peerShare: Uint8Array,
  bits: number,
): Promise<Uint8Array> {
  const peer = await subtle.importKey('raw', source(peerShare), algorithm, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: algorithm.name, public: peer }, privateKey, bits));
}
