import { concat, wipe } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import { andThen, isPromise, orElse } from '../bytes/promise.ts';
import { isEncapsulationKey } from './public-values.ts';
import type { KeyExchange, KeyOffer, MaybePromise, Random } from './types.ts';

/** ML-KEM by a provider (FIPS 203). What reaches it has been looked at; what it throws is a fault of its own. */
export interface Kem {
  /** In bytes. */
  readonly publicKeySize: number;
  /** In bytes. */
  readonly ciphertextSize: number;
  keygen(random: Random): MaybePromise<KemPair>;
  /** The pair of a given seed of 64 bytes, d and z of FIPS 203 section 6.1. */
  fromSeed(seed: Uint8Array): MaybePromise<KemPair>;
  encapsulate(publicKey: Uint8Array, random: Random): MaybePromise<Encapsulated>;
}

/** A key pair of a KEM. */
export interface KemPair {
  readonly publicKey: Uint8Array;
  /** Its array becomes the caller's. */
  decapsulate(ciphertext: Uint8Array): MaybePromise<Uint8Array>;
  /** Overwrites the private key where it is ours. */
  dispose(): void;
}

/** What encapsulation gives: the ciphertext for the peer, and the secret. */
export interface Encapsulated {
  readonly ciphertext: Uint8Array;
  readonly secret: Uint8Array;
}

/**
 * Any KEM beside any ECDH, as one group (RFC 9954, RFC 10024): shares and secrets are put one behind the other, so the
 * result is at least as strong as the stronger half.
 * @param ecdhShareSize in bytes.
 *
 * @example
 * ```ts
 * import { hybrid } from 'warifu/crypto';
 * import { mlKem1024, secp384r1 } from 'warifu/crypto/noble';
 * const group = hybrid(0x11ed, 'SecP384r1MLKEM1024', mlKem1024, secp384r1, 97, 'ecdh-first');
 * group.kind; // 'hybrid'
 * ```
 */
export function hybrid(
  id: number,
  name: string,
  kem: Kem,
  ecdh: KeyExchange,
  ecdhShareSize: number,
  order: 'kem-first' | 'ecdh-first',
): KeyExchange {
  const join = (fromKem: Uint8Array, fromEcdh: Uint8Array): Uint8Array =>
    order === 'kem-first' ? concat(fromKem, fromEcdh) : concat(fromEcdh, fromKem);
  const split = (share: Uint8Array, kemSize: number): { kem: Uint8Array; ecdh: Uint8Array } => {
    if (share.length !== kemSize + ecdhShareSize) {
      throw new TlsError('ERR_BAD_KEY_SHARE', {
        detail: `${name}: ${share.length} bytes where ${kemSize + ecdhShareSize} belong`,
      });
    }
    return order === 'kem-first'
      ? { kem: share.subarray(0, kemSize), ecdh: share.subarray(kemSize) }
      : { kem: share.subarray(ecdhShareSize), ecdh: share.subarray(0, ecdhShareSize) };
  };
  const joinSecrets = (fromKem: Uint8Array, fromEcdh: Uint8Array): Uint8Array => {
    const secret = join(fromKem, fromEcdh);
    wipe(fromKem, fromEcdh);
    return secret;
  };

  const agree = (pair: KemPair, peerShare: Uint8Array, ecdhSecret: (share: Uint8Array) => MaybePromise<Uint8Array>) => {
    const halves = split(peerShare, kem.ciphertextSize);
    return both(ecdhSecret(halves.ecdh), () => pair.decapsulate(halves.kem), joinSecrets);
  };

  const { agreeAs } = ecdh;
  const group: KeyExchange = {
    id,
    name,
    kind: 'hybrid',
    // One half after the other: what they draw from the source of randomness must not depend on which is quicker.
    offer: (random) =>
      andThen(ecdh.offer(random), (part) =>
        andThen(
          kem.keygen(random),
          (pair): KeyOffer => ({
            group,
            share: join(pair.publicKey, part.share),
            part,
            agree: (peerShare) => agree(pair, peerShare, (share) => part.agree(share)),
            dispose: () => {
              part.dispose();
              pair.dispose();
            },
          }),
        ),
      ),
    accept: (peerShare, random) => {
      const halves = split(peerShare, kem.publicKeySize);
      checkKey(name, kem, halves.kem);
      return andThen(kem.encapsulate(halves.kem, random), (encapsulated) =>
        andThen(ecdh.accept(halves.ecdh, random), ({ share, secret }) => ({
          share: join(encapsulated.ciphertext, share),
          secret: joinSecrets(encapsulated.secret, secret),
        })),
      );
    },
    classical: ecdh,
    ...(agreeAs !== undefined && {
      agreeAs: (privateKey: Uint8Array, peerShare: Uint8Array) => {
        const own = privateKey.length - SEED_SIZE;
        const [seed, scalar] =
          order === 'kem-first'
            ? [privateKey.subarray(0, SEED_SIZE), privateKey.subarray(SEED_SIZE)]
            : [privateKey.subarray(own), privateKey.subarray(0, own)];
        return andThen(kem.fromSeed(seed), (pair) => agree(pair, peerShare, (share) => agreeAs(scalar, share)));
      },
    }),
  };
  return group;
}

const SEED_SIZE = 64;

/**
 * A KEM as a group by itself.
 * @example
 * ```ts
 * import { kemAlone } from 'warifu/crypto';
 * import { mlKem768 } from 'warifu/crypto/noble';
 * const group = kemAlone(0x0201, 'MLKEM768', mlKem768);
 * group.kind; // 'kem'
 * ```
 */
export function kemAlone(id: number, name: string, kem: Kem): KeyExchange {
  const check = (share: Uint8Array, size: number): Uint8Array => {
    if (share.length !== size)
      throw new TlsError('ERR_BAD_KEY_SHARE', { detail: `${name}: ${share.length} bytes where ${size} belong` });
    return share;
  };
  const group: KeyExchange = {
    id,
    name,
    kind: 'kem',
    offer: (random) =>
      andThen(
        kem.keygen(random),
        (pair): KeyOffer => ({
          group,
          share: pair.publicKey,
          agree: (peerShare) => pair.decapsulate(check(peerShare, kem.ciphertextSize)),
          dispose: () => pair.dispose(),
        }),
      ),
    accept: (peerShare, random) => {
      check(peerShare, kem.publicKeySize);
      checkKey(name, kem, peerShare);
      return andThen(kem.encapsulate(peerShare, random), ({ ciphertext, secret }) => ({ share: ciphertext, secret }));
    },
    agreeAs: (seed, peerShare) => {
      check(peerShare, kem.ciphertextSize);
      return andThen(kem.fromSeed(seed), (pair) => pair.decapsulate(peerShare));
    },
  };
  return group;
}

/** FIPS 203 section 7.2. */
function checkKey(name: string, kem: Kem, publicKey: Uint8Array): void {
  if (!isEncapsulationKey(publicKey, kem.publicKeySize))
    throw new TlsError('ERR_BAD_KEY_SHARE', { detail: `${name}: the ML-KEM key is not a valid one` });
}

/** Both halves: at the same time where they take time, and neither left unheard when the other fails. */
function both<A, B, C>(
  first: MaybePromise<A>,
  second: () => MaybePromise<B>,
  join: (b: B, a: A) => C,
): MaybePromise<C> {
  if (!isPromise(first)) return andThen(second(), (b) => join(b, first));
  const other = orElse(
    () => second(),
    (reason) => Promise.reject(reason),
  );
  return Promise.all([first, other]).then(([a, b]) => join(b, a));
}
