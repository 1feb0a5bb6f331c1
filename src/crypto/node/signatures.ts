import type { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { fromBase64Url, wipe } from '../../bytes/bytes.ts';
import { derElement, derInteger, derOctetString, derOid, derSequence } from '../../bytes/der-writer.ts';
import { TlsError } from '../../errors.ts';
import { privateJwk, publicJwk } from '../jwk.ts';
import { KeyCache } from '../key-cache.ts';
import { isValidPublicKey } from '../public-values.ts';
import { isUsableKey } from '../rsa.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import type { PrivateKey, PublicKey, SignatureAlgorithm, SignatureVerifier, Signer } from '../types.ts';
import { isBelow, isWellFormed, providerFault } from '../verification.ts';
import type { NodeCryptoModule } from './builtin.ts';
import { OPENSSL_CURVE } from './groups.ts';
import { plain } from './primitives.ts';

/** Signatures by node:crypto: the rules are ours, the arithmetic is the runtime's. Answers at once. */
export function nodeVerifier(node: NodeCryptoModule): SignatureVerifier {
  const keys = new KeyCache<KeyObject>((...parts) => {
    const hash = node.createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest('base64');
  });
  return {
    verify: (algorithm, key, message, signature) => {
      if (algorithm.kind.startsWith('ml-dsa') || !isWellFormed(algorithm, key, signature)) return false;
      try {
        const object = keys.get(key, '', () => (isValidPublicKey(key) ? readPublicKey(node, key) : undefined));
        if (object === undefined) return false;
        return node.verify(digestOf(algorithm), message, withPadding(node, algorithm, object), signature);
      } catch (cause) {
        // All that a peer can get wrong has been looked at above.
        throw providerFault('node', algorithm.kind, cause);
      }
    },
  };
}

/** @throws TlsError ERR_KEY when the key cannot be used. */
export function nodeSigner(node: NodeCryptoModule, key: PrivateKey): Signer {
  const { object, publicKey } = readPrivateKey(node, key);
  return {
    publicKey,
    schemes: schemesOf(publicKey),
    sign: (id, message) => {
      const scheme = schemeById(id);
      if (scheme?.fits(publicKey, false) !== true) {
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `scheme 0x${id.toString(16)} does not go with this key` });
      }
      const { algorithm } = scheme;
      return plain(node.sign(digestOf(algorithm), message, withPadding(node, algorithm, object)));
    },
    ...(key.kind === 'rsa' &&
      !key.pss && { decryptRaw: (text: Uint8Array) => decryptRaw(node, object, key.modulus, text) }),
  };
}

/** Without padding, so that no runtime's idea of what is wrong with it can be told from the outside. */
function decryptRaw(
  node: NodeCryptoModule,
  key: KeyObject,
  modulus: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  if (!isBelow(ciphertext, modulus)) return undefined;
  return plain(node.privateDecrypt({ key, padding: node.constants.RSA_NO_PADDING }, ciphertext));
}

interface OwnKey {
  readonly object: KeyObject;
  readonly publicKey: PublicKey;
}

function readPrivateKey(node: NodeCryptoModule, key: PrivateKey): OwnKey {
  try {
    switch (key.kind) {
      case 'ec': {
        const pair = node.createECDH(OPENSSL_CURVE[key.curve]);
        pair.setPrivateKey(key.scalar);
        const publicKey: PublicKey = { kind: 'ec', curve: key.curve, point: plain(pair.getPublicKey()) };
        return { object: objectOf(node, key, publicKey), publicKey };
      }
      case 'rsa': {
        if (!isUsableKey(key.modulus, key.publicExponent)) throw new Error('1024 to 8192 bits are worked with');
        const publicKey: PublicKey = {
          kind: 'rsa',
          modulus: key.modulus,
          exponent: key.publicExponent,
          ...(key.pss && { pss: {} }),
        };
        return { object: objectOf(node, key, publicKey), publicKey };
      }
      default: {
        const der = edwardsPkcs8(key.kind, key.seed);
        const object = node.createPrivateKey({ key: der as Buffer, format: 'der', type: 'pkcs8' });
        wipe(der);
        const { x } = node.createPublicKey(object).export({ format: 'jwk' });
        return { object, publicKey: { kind: key.kind, key: fromBase64Url(x!) } };
      }
    }
  } catch (cause) {
    throw new TlsError('ERR_KEY', { detail: 'the private key cannot be used', cause });
  }
}

/** As JWK, the cheapest form that every Node takes (benchmarks/keys.ts). */
function readPublicKey(node: NodeCryptoModule, key: PublicKey): KeyObject {
  const jwk = publicJwk(key);
  if (jwk === undefined) throw new Error(`node:crypto is not asked for ${key.kind}`);
  return node.createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

function objectOf(node: NodeCryptoModule, key: PrivateKey, publicKey: PublicKey): KeyObject {
  return node.createPrivateKey({ key: { ...privateJwk(key, publicKey) }, format: 'jwk' });
}

/** RFC 8410 section 7: the public half is found by the runtime. */
function edwardsPkcs8(kind: 'ed25519' | 'ed448', seed: Uint8Array): Uint8Array {
  const oid = derOid(kind === 'ed25519' ? '1.3.101.112' : '1.3.101.113');
  return derSequence(derInteger(0), derSequence(oid), derOctetString(derElement(0x04, seed)));
}

function digestOf(algorithm: SignatureAlgorithm): string | null {
  return 'hash' in algorithm ? algorithm.hash : null;
}

/**
 * The key alone wherever that will do: DER and PKCS#1 v1.5 are what node:crypto takes by default, a key with options beside
 * it costs 16 µs more (Node 24), and some runtimes refuse it.
 */
function withPadding(node: NodeCryptoModule, algorithm: SignatureAlgorithm, key: KeyObject): KeyObject | PaddedKey {
  if (algorithm.kind !== 'rsa-pss') return key;
  return { key, padding: node.constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
}

interface PaddedKey {
  readonly key: KeyObject;
  readonly padding: number;
  readonly saltLength: number;
}
