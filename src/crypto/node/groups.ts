import type { Buffer } from 'node:buffer';
import type { ECDH, KeyObject } from 'node:crypto';
import { TlsError } from '../../errors.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { KeyExchange, KeyOffer, NamedCurve } from '../types.ts';
import type { NodeCryptoModule } from './builtin.ts';
import { plain } from './primitives.ts';

/** A key pair that can agree with a peer's share. */
interface Pair {
  readonly share: Uint8Array;
  /** Throws for a share that is not valid. */
  agree(peerShare: Uint8Array): Uint8Array;
}

/** ECDH on a NIST curve. Key pairs are made by the runtime, from its own randomness. */
export function nodeNistGroup(node: NodeCryptoModule, id: number, name: string, curve: NamedCurve): KeyExchange {
  const opensslName = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }[curve];
  return group(id, name, 2 * FIELD_SIZE[curve] + 1, 4, () => {
    const pair: ECDH = node.createECDH(opensslName);
    return { share: plain(pair.generateKeys()), agree: (peerShare) => plain(pair.computeSecret(peerShare)) };
  });
}

/** DER SubjectPublicKeyInfo of X25519, without its key. */
const X25519_PREFIX = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00]);

export function nodeX25519(node: NodeCryptoModule): KeyExchange {
  return group(0x001d, 'X25519', 32, undefined, () => {
    const { privateKey, publicKey } = node.generateKeyPairSync('x25519');
    const share = plain(publicKey.export({ format: 'der', type: 'spki' })).slice(-32);
    return { share, agree: (peerShare) => agreeX25519(node, privateKey, peerShare) };
  });
}

function agreeX25519(node: NodeCryptoModule, privateKey: KeyObject, peerShare: Uint8Array): Uint8Array {
  const der = new Uint8Array(X25519_PREFIX.length + 32);
  der.set(X25519_PREFIX);
  der.set(peerShare, X25519_PREFIX.length);
  const publicKey = node.createPublicKey({ key: der as Buffer, format: 'der', type: 'spki' });
  const secret = plain(node.diffieHellman({ privateKey, publicKey }));
  // RFC 9846 section 7.4.2: from a point of small order. Some runtimes throw, some do not.
  if (secret.every((byte) => byte === 0)) throw new Error('an all-zero secret');
  return secret;
}

function group(
  id: number,
  name: string,
  shareSize: number,
  firstByte: number | undefined,
  make: () => Pair,
): KeyExchange {
  const agree = (pair: Pair, peerShare: Uint8Array): Uint8Array => {
    if (peerShare.length !== shareSize || (firstByte !== undefined && peerShare[0] !== firstByte)) {
      throw new TlsError('ERR_BAD_KEY_SHARE', {
        detail: `${name}: ${peerShare.length} bytes, or not an uncompressed point`,
      });
    }
    try {
      return pair.agree(peerShare);
    } catch (cause) {
      throw new TlsError('ERR_BAD_KEY_SHARE', { detail: name, cause });
    }
  };
  const exchange: KeyExchange = {
    id,
    name,
    kind: 'ecdhe',
    offer: (): KeyOffer => {
      const pair = make();
      // The private key is the runtime's: it is let go of, and cannot be overwritten from here.
      return { group: exchange, share: pair.share, agree: (peerShare) => agree(pair, peerShare), dispose: () => {} };
    },
    accept: (peerShare) => {
      const pair = make();
      return { share: pair.share, secret: agree(pair, peerShare) };
    },
  };
  return exchange;
}
