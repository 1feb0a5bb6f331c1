import { concat, wipe } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import type { KeyExchange, KeyOffer, MaybePromise, Random } from './types.ts';

/** A key encapsulation mechanism, synchronous. */
export interface Kem {
  /** In bytes. */
  readonly publicKeySize: number;
  /** In bytes. */
  readonly ciphertextSize: number;
  keygen(random: Random): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
  /** Throws for a key that is not a valid one. */
  encapsulate(publicKey: Uint8Array, random: Random): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array };
  decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Uint8Array;
}

/**
 * Any KEM beside any ECDH, as one group (RFC 9954, RFC 10024): shares and secrets are put one behind the other, so the
 * result is at least as strong as the stronger half.
 * @param ecdhShareSize in bytes.
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

  const group: KeyExchange = {
    id,
    name,
    kind: 'hybrid',
    offer: (random) =>
      andThen(ecdh.offer(random), (part): KeyOffer => {
        const { publicKey, secretKey } = kem.keygen(random);
        return {
          group,
          share: join(publicKey, part.share),
          part,
          agree: (peerShare) => {
            const halves = split(peerShare, kem.ciphertextSize);
            return andThen(part.agree(halves.ecdh), (fromEcdh) =>
              joinSecrets(kem.decapsulate(halves.kem, secretKey), fromEcdh),
            );
          },
          dispose: () => {
            part.dispose();
            wipe(secretKey);
          },
        };
      }),
    accept: (peerShare, random) => {
      const halves = split(peerShare, kem.publicKeySize);
      const encapsulated = encapsulate(name, kem, halves.kem, random);
      return andThen(ecdh.accept(halves.ecdh, random), ({ share, secret }) => ({
        share: join(encapsulated.ciphertext, share),
        secret: joinSecrets(encapsulated.secret, secret),
      }));
    },
  };
  return group;
}

/** A KEM as a group by itself. */
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
    offer: (random): KeyOffer => {
      const { publicKey, secretKey } = kem.keygen(random);
      return {
        group,
        share: publicKey,
        agree: (peerShare) => kem.decapsulate(check(peerShare, kem.ciphertextSize), secretKey),
        dispose: () => wipe(secretKey),
      };
    },
    accept: (peerShare, random) => {
      const { ciphertext, secret } = encapsulate(name, kem, check(peerShare, kem.publicKeySize), random);
      return { share: ciphertext, secret };
    },
  };
  return group;
}

function encapsulate(name: string, kem: Kem, publicKey: Uint8Array, random: Random): ReturnType<Kem['encapsulate']> {
  try {
    return kem.encapsulate(publicKey, random);
  } catch (cause) {
    throw new TlsError('ERR_BAD_KEY_SHARE', { detail: `${name}: the ML-KEM key is not a valid one`, cause });
  }
}

/** Goes on at once where the value is there, later where it is promised. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
