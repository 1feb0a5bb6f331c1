import { andThen, isPromise } from '../../bytes/promise.ts';
import { copyKey, wipeKey } from '../private-key.ts';
import { systemRandom } from '../random.ts';
import { defaultSchemes } from '../schemes.ts';
import { suitesOf } from '../suites.ts';
import type { CryptoProvider, KeyExchange, KeyOffer, MaybePromise } from '../types.ts';
import { aes128gcm, aes256gcm, chacha20Poly1305 } from './aead.ts';
import { hashByName, sha256, sha384 } from './hash.ts';
import type * as PublicKeyOperations from './public-key.ts';

/**
 * The noble provider for where something else is likelier to be used: hashes and ciphers answer at once, and the curves and
 * ML-KEM, which are most of it, are loaded when they are first needed.
 */
export function lateNobleProvider(): CryptoProvider {
  const load = loader(() => import('./public-key.ts'));
  const x25519 = lateGroup(load, 0x001d, 'X25519', 'ecdhe');
  return {
    name: 'noble',
    random: systemRandom,
    suites: suitesOf({ sha256, sha384, aes128gcm, aes256gcm, chacha20Poly1305 }, 'chacha'),
    groups: [
      lateGroup(load, 0x11ec, 'X25519MLKEM768', 'hybrid', x25519),
      x25519,
      lateGroup(load, 0x0017, 'secp256r1', 'ecdhe'),
      lateGroup(load, 0x0018, 'secp384r1', 'ecdhe'),
      lateGroup(load, 0x0019, 'secp521r1', 'ecdhe'),
    ],
    signatures: defaultSchemes(),
    verifier: {
      verify: (algorithm, key, message, signature) =>
        andThen(load(), ({ nobleVerifier }) => nobleVerifier.verify(algorithm, key, message, signature)),
    },
    hash: hashByName,
    signer: (key) => {
      // The key is the caller's, who may overwrite it before there is something to read it with.
      const own = copyKey(key);
      return andThen(load(), ({ nobleSigner }) => {
        const signer = nobleSigner(own, systemRandom);
        wipeKey(own);
        return signer;
      });
    },
  };
}

type Load = () => MaybePromise<typeof PublicKeyOperations>;

/** Loads once; a failure is not kept, for the next try may come when the network is back. */
function loader<T>(load: () => Promise<T>): () => MaybePromise<T> {
  let loaded: MaybePromise<T> | undefined;
  return () => {
    if (loaded === undefined || isPromise(loaded)) {
      loaded ??= load().then(
        (value) => {
          loaded = value;
          return value;
        },
        (reason: unknown) => {
          loaded = undefined;
          throw reason;
        },
      );
    }
    return loaded;
  };
}

function lateGroup(
  load: Load,
  id: number,
  name: string,
  kind: KeyExchange['kind'],
  classical?: KeyExchange,
): KeyExchange {
  const real = (): MaybePromise<KeyExchange> =>
    andThen(load(), ({ nobleGroups }) => nobleGroups.find((one) => one.id === id)!);
  const group: KeyExchange = {
    id,
    name,
    kind,
    ...(classical !== undefined && { classical }),
    offer: (random) => andThen(real(), (now) => andThen(now.offer(random), (offer): KeyOffer => ({ ...offer, group }))),
    accept: (peerShare, random) => andThen(real(), (now) => now.accept(peerShare, random)),
    agreeAs: (privateKey, peerShare) => andThen(real(), (now) => now.agreeAs!(privateKey, peerShare)),
  };
  return group;
}
