import type { Buffer } from 'node:buffer';
import type { ECDH, JsonWebKey, KeyObject } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../bytes/bytes.ts';
import { type EcdhPair, montgomeryGroup, nistGroup } from '../ecdh.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { KeyExchange, NamedCurve } from '../types.ts';
import type { NodeCryptoModule } from './builtin.ts';
import { plain } from './primitives.ts';

/** What OpenSSL calls them. */
export const OPENSSL_CURVE: { readonly [C in NamedCurve]: string } = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

/**
 * ECDH on a NIST curve. Key pairs are made by the runtime, from its own randomness; the private key is the runtime's: it
 * is let go of, and cannot be overwritten from here.
 */
export function nodeNistGroup(node: NodeCryptoModule, id: number, name: string, curve: NamedCurve): KeyExchange {
  const pairOf = (pair: ECDH, share: Buffer): EcdhPair => ({
    share: plain(share),
    agree: (peerShare) => plain(pair.computeSecret(peerShare)),
  });
  return nistGroup(id, name, curve, {
    provider: 'node',
    generate: () => {
      const pair = node.createECDH(OPENSSL_CURVE[curve]);
      return pairOf(pair, pair.generateKeys());
    },
    load: (privateKey) => {
      const pair = node.createECDH(OPENSSL_CURVE[curve]);
      pair.setPrivateKey(privateKey.subarray(0, FIELD_SIZE[curve]));
      return pairOf(pair, pair.getPublicKey());
    },
  });
}

/** DER of an X25519 private key in PKCS#8 (RFC 8410 section 7), without the key. */
const PKCS8_PREFIX = /* @__PURE__ */ Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);

/**
 * Keys go out as JWK, of the forms that every Node has the cheapest (on Node 20 by an order of magnitude); in which form they
 * come in most cheaply differs, and is found out: see benchmarks/keys.ts.
 */
export function nodeX25519(node: NodeCryptoModule): KeyExchange {
  let read: ReadShare | undefined;
  const pairOf = (privateKey: KeyObject, publicKey: KeyObject): EcdhPair => ({
    share: fromBase64Url(publicKey.export({ format: 'jwk' }).x!),
    agree: (peerShare) => {
      read ??= cheapest(peerShare, readerOfJwk(node), readerOfPem(node));
      return plain(node.diffieHellman({ privateKey, publicKey: read(peerShare) }));
    },
  });
  return montgomeryGroup(0x001d, 'X25519', {
    provider: 'node',
    generate: () => {
      const { privateKey, publicKey } = node.generateKeyPairSync('x25519');
      return pairOf(privateKey, publicKey);
    },
    load: (bytes) => {
      const der = new Uint8Array([...PKCS8_PREFIX, ...bytes]);
      const privateKey = node.createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
      return pairOf(privateKey, node.createPublicKey(privateKey));
    },
  });
}

type ReadShare = (share: Uint8Array) => KeyObject;

function readerOfJwk(node: NodeCryptoModule): ReadShare {
  return (share) => {
    const key: JsonWebKey = { kty: 'OKP', crv: 'X25519', x: toBase64Url(share) };
    return node.createPublicKey({ key, format: 'jwk' });
  };
}

/** Base64 of what stands in front of the key in a SubjectPublicKeyInfo (RFC 8410 section 4): twelve bytes, so no bits are left over. */
const SPKI_PREFIX = 'MCowBQYDK2VuAyEA';

/** Node 24 throws inside, and catches, for each object that is no key object. Text it knows at once for what it is. */
function readerOfPem(node: NodeCryptoModule): ReadShare {
  return (share) => {
    const base64 = toBase64Url(share).replaceAll('-', '+').replaceAll('_', '/');
    return node.createPublicKey(`-----BEGIN PUBLIC KEY-----\n${SPKI_PREFIX}${base64}=\n-----END PUBLIC KEY-----\n`);
  };
}

/** How often each way is tried: the best of a few says what it takes, whatever else the machine does. */
const TRIES = 5;

/** The other way only where it works, and is quicker. */
function cheapest(share: Uint8Array, first: ReadShare, other: ReadShare): ReadShare {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let at = 0; at < 2 * TRIES; at++) {
    const began = performance.now();
    try {
      (at % 2 === 0 ? first : other)(share);
    } catch {
      // A runtime that cannot read it in this form.
      continue;
    }
    best[at % 2] = Math.min(best[at % 2]!, performance.now() - began);
  }
  return best[1]! < best[0]! ? other : first;
}
