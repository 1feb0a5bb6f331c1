import { ecdh, weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { x448 as nobleX448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { wipe } from '../../bytes/bytes.ts';
import { type EcdhPair, montgomeryGroup, nistGroup } from '../ecdh.ts';
import { FIELD_SIZE } from '../spki.ts';
import type { KeyExchange, NamedCurve } from '../types.ts';

// RFC 9846 §B.3.1.4-1
/** X25519 (RFC 7748). */
export const x25519: KeyExchange = /* @__PURE__ */ montgomery(0x001d, 'X25519', nobleX25519, 32);
/** Opt-in. */
export const x448: KeyExchange = /* @__PURE__ */ montgomery(0x001e, 'X448', nobleX448, 56);
/** ECDH on P-256 (RFC 8422). */
export const secp256r1: KeyExchange = /* @__PURE__ */ nist(0x0017, 'secp256r1', 'P-256', () => p256);
/** ECDH on P-384 (RFC 8422). */
export const secp384r1: KeyExchange = /* @__PURE__ */ nist(0x0018, 'secp384r1', 'P-384', () => p384);
/** ECDH on P-521 (RFC 8422). */
export const secp521r1: KeyExchange = /* @__PURE__ */ nist(0x0019, 'secp521r1', 'P-521', () => p521);

function montgomery(id: number, name: 'X25519' | 'X448', curve: typeof nobleX25519, size: number): KeyExchange {
  const load = (privateKey: Uint8Array): EcdhPair => ({
    share: curve.getPublicKey(privateKey),
    agree: (peerShare) => curve.getSharedSecret(privateKey, peerShare),
    dispose: () => wipe(privateKey),
  });
  return montgomeryGroup(id, name, {
    provider: 'noble',
    generate: (random) => {
      const secret = new Uint8Array(size);
      random.fill(secret);
      return load(secret);
    },
    load: (privateKey) => load(privateKey.slice()),
  });
}

/**
 * The curve is built on first use: where randomness is barred while modules load, noble would otherwise do without its
 * blinding for good.
 */
function nist(id: number, name: string, curveName: NamedCurve, curve: () => typeof p256): KeyExchange {
  let built: ReturnType<typeof ecdh> | undefined;
  const curveNow = (): ReturnType<typeof ecdh> => {
    built ??= ecdh(weierstrass(curve().Point.CURVE()));
    return built;
  };
  const load = (privateKey: Uint8Array): EcdhPair => ({
    share: curveNow().getPublicKey(privateKey, false),
    // The result is a compressed point; the secret is its x coordinate alone.
    agree: (peerShare) => curveNow().getSharedSecret(privateKey, peerShare).slice(1),
    dispose: () => wipe(privateKey),
  });
  return nistGroup(id, name, curveName, {
    provider: 'noble',
    generate: (random) => {
      const { lengths, utils } = curveNow();
      const seed = new Uint8Array(lengths.seed!);
      random.fill(seed);
      const secret = utils.randomSecretKey(seed);
      wipe(seed);
      return load(secret);
    },
    load: (privateKey) => load(privateKey.slice(0, FIELD_SIZE[curveName])),
  });
}
