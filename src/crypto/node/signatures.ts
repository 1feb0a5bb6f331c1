import type { Buffer } from 'node:buffer';
import type { JsonWebKey, KeyObject, SignKeyObjectInput, VerifyKeyObjectInput } from 'node:crypto';
import { toBase64Url } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import { publicKeyOf } from '../noble/signatures.ts';
import { isUsableKey } from '../rsa.ts';
import { schemeById, schemesOf } from '../schemes.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import type { PrivateKey, PublicKey, SignatureAlgorithm, SignatureVerifier, Signer } from '../types.ts';
import type { NodeCryptoModule } from './builtin.ts';
import { plain } from './primitives.ts';

/** Signatures by node:crypto: the rules are ours, the arithmetic is the runtime's. Answers at once. */
export function nodeVerifier(node: NodeCryptoModule): SignatureVerifier {
  /** A key of an anchor or an intermediate is seen again and again; reading it costs as much as using it. */
  const known = new WeakMap<PublicKey, KeyObject>();
  const keyOf = (key: PublicKey): KeyObject => {
    let object = known.get(key);
    if (object === undefined) {
      // As a plain RSA key: what a PSS key allows is checked here, not there.
      const spki = encodeSubjectPublicKeyInfo(
        key.kind === 'rsa' ? { kind: 'rsa', modulus: key.modulus, exponent: key.exponent } : key,
      );
      object = node.createPublicKey({ key: spki as Buffer, format: 'der', type: 'spki' });
      known.set(key, object);
    }
    return object;
  };
  return {
    verify: (algorithm, key, message, signature) => {
      if (!fits(algorithm, key)) return false;
      try {
        return node.verify(
          digestOf(algorithm),
          message,
          { key: keyOf(key), ...paddingOf(node, algorithm) } as VerifyKeyObjectInput,
          signature,
        );
      } catch {
        // Thrown for keys that are not on their curve and the like.
        return false;
      }
    },
  };
}

/** @throws TlsError ERR_KEY when the key cannot be used. */
export function nodeSigner(node: NodeCryptoModule, key: PrivateKey): Signer {
  const publicKey = publicKeyOf(key);
  let object: KeyObject;
  try {
    object = node.createPrivateKey({ key: jwkOf(key, publicKey), format: 'jwk' });
  } catch (cause) {
    throw new TlsError('ERR_KEY', { detail: 'the private key cannot be used', cause });
  }
  return {
    publicKey,
    schemes: schemesOf(publicKey),
    sign: (id, message) => {
      const scheme = schemeById(id);
      if (scheme?.fits(publicKey, false) !== true) {
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `scheme 0x${id.toString(16)} does not go with this key` });
      }
      const { algorithm } = scheme;
      return plain(
        node.sign(digestOf(algorithm), message, { key: object, ...paddingOf(node, algorithm) } as SignKeyObjectInput),
      );
    },
    ...(key.kind === 'rsa' && !key.pss && { decryptRaw: (text: Uint8Array) => decryptRaw(node, object, text) }),
  };
}

/** Without padding, so that no runtime's idea of what is wrong with it can be told from the outside. */
function decryptRaw(node: NodeCryptoModule, key: KeyObject, ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    return plain(node.privateDecrypt({ key, padding: node.constants.RSA_NO_PADDING }, ciphertext));
  } catch {
    // Not as long as the modulus, or not below it.
    return undefined;
  }
}

/** What the algorithm asks of the key, before any work is done. */
function fits(algorithm: SignatureAlgorithm, key: PublicKey): boolean {
  switch (algorithm.kind) {
    case 'ecdsa':
      return key.kind === 'ec';
    case 'rsa-pkcs1':
      return key.kind === 'rsa' && key.pss === undefined && isUsableKey(key.modulus, key.exponent);
    case 'rsa-pss': {
      if (key.kind !== 'rsa' || !isUsableKey(key.modulus, key.exponent)) return false;
      const only = key.pss?.parameters;
      // RFC 4055 section 3.3: one hash, and salts no shorter than it says.
      return only === undefined || (only.hash === algorithm.hash && only.saltLength <= algorithm.saltLength);
    }
    case 'ed25519':
    case 'ed448':
      return key.kind === algorithm.kind;
    default:
      return false;
  }
}

function digestOf(algorithm: SignatureAlgorithm): string | null {
  return 'hash' in algorithm ? algorithm.hash : null;
}

function paddingOf(node: NodeCryptoModule, algorithm: SignatureAlgorithm): object {
  switch (algorithm.kind) {
    case 'ecdsa':
      return { dsaEncoding: 'der' };
    case 'rsa-pkcs1':
      return { padding: node.constants.RSA_PKCS1_PADDING };
    case 'rsa-pss':
      return { padding: node.constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength };
    default:
      return {};
  }
}

function jwkOf(key: PrivateKey, publicKey: PublicKey): JsonWebKey {
  switch (key.kind) {
    case 'ec': {
      const { point } = publicKey as Extract<PublicKey, { kind: 'ec' }>;
      const half = (point.length - 1) / 2;
      return {
        kty: 'EC',
        crv: key.curve,
        d: toBase64Url(key.scalar),
        x: toBase64Url(point.slice(1, 1 + half)),
        y: toBase64Url(point.slice(1 + half)),
      };
    }
    case 'rsa':
      return {
        kty: 'RSA',
        n: toBase64Url(key.modulus),
        e: toBase64Url(key.publicExponent),
        d: toBase64Url(key.privateExponent),
        p: toBase64Url(key.prime1),
        q: toBase64Url(key.prime2),
        dp: toBase64Url(key.exponent1),
        dq: toBase64Url(key.exponent2),
        qi: toBase64Url(key.coefficient),
      };
    default: {
      const { key: bytes } = publicKey as Extract<PublicKey, { kind: 'ed25519' | 'ed448' }>;
      return {
        kty: 'OKP',
        crv: key.kind === 'ed25519' ? 'Ed25519' : 'Ed448',
        d: toBase64Url(key.seed),
        x: toBase64Url(bytes),
      };
    }
  }
}
