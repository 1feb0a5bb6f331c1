import { ecdh, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { x448 as nobleX448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { TlsError } from '../../errors.ts';
import type { KeyExchange, KeyOffer, NamedCurve, Random } from '../types.ts';
import { FIELD_SIZE } from '../spki.ts';

// RFC 9846 §B.3.1.4-1
export const x25519: KeyExchange = /* @__PURE__ */ montgomery(0x001d, 'X25519', nobleX25519, 32);
/** Opt-in. */
export const x448: KeyExchange = /* @__PURE__ */ montgomery(0x001e, 'X448', nobleX448, 56);
export const secp256r1: KeyExchange = /* @__PURE__ */ nist(0x0017, 'secp256r1', 'P-256', () => p256);
export const secp384r1: KeyExchange = /* @__PURE__ */ nist(0x0018, 'secp384r1', 'P-384', () => p384);
export const secp521r1: KeyExchange = /* @__PURE__ */ nist(0x0019, 'secp521r1', 'P-521', () => p521);

/** A Diffie–Hellman function: what is left once keys are bytes. */
interface Agreement {
  readonly secretSize: number;
  publicKey(secret: Uint8Array): Uint8Array;
  /** Throws, or gives undefined, for a share that is not valid. */
  shared(secret: Uint8Array, peerShare: Uint8Array): Uint8Array | undefined;
  secret(random: Random): Uint8Array;
}

function diffieHellman(id: number, name: string, agreement: () => Agreement): KeyExchange {
  const agree = (secret: Uint8Array, peerShare: Uint8Array): Uint8Array => {
    let shared: Uint8Array | undefined;
    try {
      shared = agreement().shared(secret, peerShare);
    } catch (cause) {
      throw new TlsError('ERR_BAD_KEY_SHARE', { detail: name, cause });
    }
    if (shared === undefined)
      throw new TlsError('ERR_BAD_KEY_SHARE', { detail: `${name}: ${peerShare.length} bytes, or not a point` });
    return shared;
  };
  const group: KeyExchange = {
    id,
    name,
    kind: 'ecdhe',
    offer: (random): KeyOffer => {
      const secret = agreement().secret(random);
      return {
        group,
        share: agreement().publicKey(secret),
        agree: (peerShare) => agree(secret, peerShare),
        dispose: () => {
          secret.fill(0);
        },
      };
    },
    accept: (peerShare, random) => {
      const secret = agreement().secret(random);
      try {
        return { share: agreement().publicKey(secret), secret: agree(secret, peerShare) };
      } finally {
        secret.fill(0);
      }
    },
  };
  return group;
}

/** RFC 9846 section 7.4.2: an all-zero result, from a point of small order, ends the handshake; noble throws for it. */
function montgomery(id: number, name: string, curve: typeof nobleX25519, size: number): KeyExchange {
  const agreement: Agreement = {
    secretSize: size,
    secret: (random) => {
      const secret = new Uint8Array(size);
      random.fill(secret);
      return secret;
    },
    publicKey: (secret) => curve.getPublicKey(secret),
    shared: (secret, peerShare) => (peerShare.length === size ? curve.getSharedSecret(secret, peerShare) : undefined),
  };
  return diffieHellman(id, name, () => agreement);
}

/**
 * RFC 9846 section 4.3.8.2: uncompressed points only. The curve is built on first use: where randomness is barred while
 * modules load, noble would otherwise do without its blinding for good.
 */
function nist(id: number, name: string, curveName: NamedCurve, curve: () => typeof p256): KeyExchange {
  let built: Agreement | undefined;
  const size = FIELD_SIZE[curveName];
  const build = (): Agreement => {
    const own = ecdh(weierstrass(curve().Point.CURVE()));
    return {
      secretSize: size,
      secret: (random) => {
        const seed = new Uint8Array(own.lengths.seed!);
        random.fill(seed);
        const secret = own.utils.randomSecretKey(seed);
        seed.fill(0);
        return secret;
      },
      publicKey: (secret) => own.getPublicKey(secret, false),
      // The result is a compressed point; the secret is its x coordinate alone.
      shared: (secret, peerShare) =>
        peerShare.length === 2 * size + 1 && peerShare[0] === 4
          ? own.getSharedSecret(secret, peerShare).slice(1)
          : undefined,
    };
  };
  return diffieHellman(id, name, () => {
    built ??= build();
    return built;
  });
}
