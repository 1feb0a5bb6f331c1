import { TlsError } from '../errors.ts';
import { andThen, orElse } from '../bytes/promise.ts';
import { isCurvePoint, isMontgomeryShare } from './public-values.ts';
import type { KeyExchange, KeyOffer, MaybePromise, NamedCurve, Random } from './types.ts';
import { providerFault } from './verification.ts';

/** A key pair of a provider. */
export interface EcdhPair {
  /** NIST: uncompressed point; X25519, X448: u. */
  readonly share: Uint8Array;
  /** The shared secret with a share that has been looked at: the x coordinate, or u. Its array becomes the caller's. */
  agree(peerShare: Uint8Array): MaybePromise<Uint8Array>;
  /** Overwrites the private key where it is ours. */
  dispose?(): void;
}

/** The arithmetic of a provider on one curve. */
export interface EcdhArithmetic {
  /** The name of the provider, for what is said when it fails. */
  readonly provider: string;
  generate(random: Random): MaybePromise<EcdhPair>;
  /** The pair of a given private key: NIST: big endian, as long as the field; X25519, X448: as in RFC 7748. */
  load(privateKey: Uint8Array): MaybePromise<EcdhPair>;
}

/**
 * ECDH on a NIST curve. Shares are judged here, before the provider sees them: a compressed point or one beside the curve
 * is refused alike by all (RFC 9846 section 4.3.8.2). What a provider throws is a fault of its own.
 */
export function nistGroup(id: number, name: string, curve: NamedCurve, arithmetic: EcdhArithmetic): KeyExchange {
  return ecdhGroup(
    id,
    name,
    (share) => isCurvePoint(curve, share),
    () => true,
    arithmetic,
  );
}

/**
 * X25519 and X448. Shares of small order are refused here, before the provider sees them, and a secret of all zeros never
 * leaves, whatever was known of the share (RFC 9846 section 7.4.2).
 */
export function montgomeryGroup(id: number, name: 'X25519' | 'X448', arithmetic: EcdhArithmetic): KeyExchange {
  const isSecret = (secret: Uint8Array): boolean => {
    let bits = 0;
    for (const byte of secret) bits |= byte;
    return bits !== 0;
  };
  return ecdhGroup(id, name, (share) => isMontgomeryShare(name, share), isSecret, arithmetic);
}

function ecdhGroup(
  id: number,
  name: string,
  isShare: (share: Uint8Array) => boolean,
  isSecret: (secret: Uint8Array) => boolean,
  arithmetic: EcdhArithmetic,
): KeyExchange {
  const { provider } = arithmetic;
  const fault = (cause: unknown): never => {
    throw providerFault(provider, name, cause);
  };
  const check = (peerShare: Uint8Array): void => {
    if (!isShare(peerShare))
      throw new TlsError('ERR_BAD_KEY_SHARE', {
        detail: `${name}: ${peerShare.length} bytes, or not a point that may be used`,
      });
  };
  const agree = (pair: EcdhPair, peerShare: Uint8Array): MaybePromise<Uint8Array> =>
    andThen(
      orElse(() => pair.agree(peerShare), fault),
      (secret) => {
        if (!isSecret(secret)) throw new TlsError('ERR_BAD_KEY_SHARE', { detail: `${name}: the secret is all zeros` });
        return secret;
      },
    );
  const group: KeyExchange = {
    id,
    name,
    kind: 'ecdhe',
    offer: (random) =>
      andThen(
        orElse(() => arithmetic.generate(random), fault),
        (pair): KeyOffer => ({
          group,
          share: pair.share,
          agree: (peerShare) => {
            check(peerShare);
            return agree(pair, peerShare);
          },
          dispose: () => pair.dispose?.(),
        }),
      ),
    accept: (peerShare, random) => {
      check(peerShare);
      return andThen(
        orElse(() => arithmetic.generate(random), fault),
        (pair) => {
          const secret = orElse(
            () => agree(pair, peerShare),
            (reason) => {
              pair.dispose?.();
              throw reason;
            },
          );
          return andThen(secret, (shared) => {
            pair.dispose?.();
            return { share: pair.share, secret: shared };
          });
        },
      );
    },
    agreeAs: (privateKey, peerShare) => {
      check(peerShare);
      return andThen(
        orElse(() => arithmetic.load(privateKey), fault),
        (pair) => agree(pair, peerShare),
      );
    },
  };
  return group;
}
