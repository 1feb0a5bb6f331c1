import { TlsError } from '../errors.ts';
import { andThen, isPromise, orElse } from '../bytes/promise.ts';
import { copyKey, wipeKey } from './private-key.ts';
import { provesAead, provesGroup, provesHash, provesVerifier } from './prove.ts';
import { schemeById } from './schemes.ts';
import type {
  Aead,
  CryptoProvider,
  Hash,
  HashName,
  KeyExchange,
  KeyOffer,
  MaybePromise,
  PrivateKey,
  SignatureVerifier,
  Signer,
} from './types.ts';

/**
 * Two providers as one: each operation is the first one's where a known answer proves that it is really there, and the
 * second one's elsewhere. Asked on the first use of each operation, once for each provider made; a failure later on, of
 * something that cannot be proved beforehand (a hash that a policy of the machine bars), goes to the second one as well.
 * The order of suites and groups is the first one's; what only the second one has stands behind.
 *
 * @example
 * ```ts
 * import { withFallback } from 'warifu/crypto';
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { webCryptoProvider } from 'warifu/crypto/webcrypto';
 * const crypto = withFallback(webCryptoProvider(), nobleProvider());
 * crypto.name; // 'webcrypto, noble'
 * ```
 */
export function withFallback(first: CryptoProvider, second: CryptoProvider): CryptoProvider {
  const verifier = chooseVerifier(first.verifier, second.verifier);
  const hashes = new Map<HashName, Hash>();
  const lateHashes = new Map<HashName, Hash>();
  const aeads = new Map<Aead, Aead>();
  const proofs = new Map<KeyExchange, () => MaybePromise<boolean>>();
  const hash = (name: HashName): Hash => {
    let chosen = hashes.get(name);
    if (chosen === undefined) {
      chosen = proved(() => provesHash(first.hash(name))) ? first.hash(name) : second.hash(name);
      hashes.set(name, chosen);
    }
    return chosen;
  };
  return {
    name: `${first.name}, ${second.name}`,
    random: second.random,
    suites: union(first.suites, second.suites, (own, other) => ({
      ...own,
      aead: lateAead(own.aead, other.aead, aeads),
      hash: lateHash(own.hash, hash, lateHashes),
    })),
    groups: union(first.groups, second.groups, (own, other) => chooseGroup(own, other, proofs)),
    signatures: union(first.signatures, second.signatures, (own) => own),
    verifier,
    hash,
    signer: (key) => chooseSigner(key, first, second, verifier),
  };
}

function union<T extends { readonly id: number }>(
  first: readonly T[],
  second: readonly T[],
  choose: (own: T, other: T) => T,
): readonly T[] {
  const chosen = first.map((own) => {
    const other = second.find(({ id }) => id === own.id);
    return other === undefined ? own : choose(own, other);
  });
  return [...chosen, ...second.filter(({ id }) => !first.some((own) => own.id === id))];
}

/** Whatever goes wrong is a no. */
function proved(prove: () => boolean): boolean {
  try {
    return prove();
  } catch {
    return false;
  }
}

function provedLater(prove: () => MaybePromise<boolean>): MaybePromise<boolean> {
  return orElse(prove, () => false);
}

/** Asks once: what was answered, or is being answered, is kept. */
function once<T>(ask: () => MaybePromise<T>): () => MaybePromise<T> {
  let answer: { readonly value: MaybePromise<T> } | undefined;
  return () => {
    if (answer === undefined) {
      const value = ask();
      answer = { value };
      if (isPromise(value)) value.then((now) => (answer = { value: now }));
    }
    return answer.value;
  };
}

/** Suites share ciphers: each is proved once, when the first key of it is made. */
function lateAead(own: Aead, other: Aead, made: Map<Aead, Aead>): Aead {
  let late = made.get(own);
  if (late === undefined) {
    let chosen: Aead | undefined;
    late = {
      ...own,
      key: (bytes) => {
        chosen ??= proved(() => provesAead(own)) ? own : other;
        return chosen.key(bytes);
      },
    };
    made.set(own, late);
  }
  return late;
}

/** The hash of a suite, chosen when it is first used. */
function lateHash({ name, size }: Hash, hash: (name: HashName) => Hash, made: Map<HashName, Hash>): Hash {
  let late = made.get(name);
  if (late === undefined) {
    late = {
      name,
      size,
      start: () => hash(name).start(),
      digest: (...parts) => hash(name).digest(...parts),
      hmac: (key, ...parts) => hash(name).hmac(key, ...parts),
    };
    made.set(name, late);
  }
  return late;
}

/** A hybrid stands or falls with its classical half; its KEM is proved by the provider that made it. */
function chooseGroup(
  own: KeyExchange,
  other: KeyExchange,
  proofs: Map<KeyExchange, () => MaybePromise<boolean>>,
): KeyExchange {
  const half = own.classical ?? own;
  const proof = proofs.get(half) ?? once(() => provedLater(() => provesGroup(half)));
  proofs.set(half, proof);
  const chosen = (): MaybePromise<KeyExchange> => andThen(proof(), (good) => (good ? own : other));
  const group: KeyExchange = {
    id: own.id,
    name: own.name,
    kind: own.kind,
    offer: (random) =>
      andThen(
        orElse(
          () => andThen(chosen(), (now) => now.offer(random)),
          () => other.offer(random),
        ),
        (offer): KeyOffer => ({ ...offer, group }),
      ),
    accept: (peerShare, random) =>
      orElse(
        () => andThen(chosen(), (now) => now.accept(peerShare, random)),
        (reason) => {
          // A bad share stays one; anything else is a failure of the provider.
          if (reason instanceof TlsError && reason.code === 'ERR_BAD_KEY_SHARE') throw reason;
          return other.accept(peerShare, random);
        },
      ),
    agreeAs: (privateKey, peerShare) =>
      andThen(chosen(), (now) => {
        if (now.agreeAs === undefined) throw new TlsError('ERR_INTERNAL', { detail: `${own.name}: no known answers` });
        return now.agreeAs(privateKey, peerShare);
      }),
  };
  return group;
}

/** Each kind of signature, and each curve, is proved by itself. */
function chooseVerifier(first: SignatureVerifier, second: SignatureVerifier): SignatureVerifier {
  const trusted = new Map<string, () => MaybePromise<boolean>>();
  return {
    verify: (algorithm, key, message, signature) => {
      const bySecond = (): MaybePromise<boolean> => second.verify(algorithm, key, message, signature);
      const name = key.kind === 'ec' ? `${algorithm.kind} ${key.curve}` : algorithm.kind;
      let isTrusted = trusted.get(name);
      if (isTrusted === undefined) {
        isTrusted = once(() => provedLater(() => provesVerifier(first, algorithm, key)));
        trusted.set(name, isTrusted);
      }
      return andThen(isTrusted(), (good) =>
        good ? orElse(() => first.verify(algorithm, key, message, signature), bySecond) : bySecond(),
      );
    },
  };
}

/**
 * A signer of the first provider, as long as what it signs is good: the first signature of each scheme is checked before
 * it leaves. The key is read for the second one only when it is needed.
 */
function chooseSigner(
  key: PrivateKey,
  first: CryptoProvider,
  second: CryptoProvider,
  verifier: SignatureVerifier,
): MaybePromise<Signer> {
  return andThen(
    orElse<Signer | undefined>(
      () => first.signer(key),
      () => undefined,
    ),
    (own) => (own === undefined ? second.signer(key) : guarded(own, copyKey(key), second, verifier)),
  );
}

function guarded(own: Signer, key: PrivateKey, second: CryptoProvider, verifier: SignatureVerifier): Signer {
  const trusted = new Map<number, boolean>();
  let other: MaybePromise<Signer> | undefined;
  const otherNow = (): MaybePromise<Signer> => {
    other ??= second.signer(key);
    return other;
  };
  const bySecond = (scheme: number, message: Uint8Array): MaybePromise<Uint8Array> => {
    trusted.set(scheme, false);
    return andThen(otherNow(), (signer) => signer.sign(scheme, message));
  };
  const checked = (scheme: number, message: Uint8Array, signature: Uint8Array): MaybePromise<Uint8Array> => {
    const algorithm = schemeById(scheme)?.algorithm;
    if (algorithm === undefined) return bySecond(scheme, message);
    return andThen(verifier.verify(algorithm, own.publicKey, message, signature), (good) => {
      if (!good) return bySecond(scheme, message);
      trusted.set(scheme, true);
      return signature;
    });
  };
  const rawBySecond = (ciphertext: Uint8Array): MaybePromise<Uint8Array | undefined> =>
    andThen(otherNow(), (signer) => {
      if (signer.decryptRaw === undefined)
        throw new TlsError('ERR_SIGNER_FAILED', { detail: `${second.name} does no RSA without padding` });
      return signer.decryptRaw(ciphertext);
    });
  const { decryptRaw } = own;
  return {
    publicKey: own.publicKey,
    schemes: own.schemes,
    sign: (scheme, message) => {
      const known = trusted.get(scheme);
      if (known === false) return bySecond(scheme, message);
      return orElse(
        () =>
          andThen(own.sign(scheme, message), (signature) =>
            known === true ? signature : checked(scheme, message, signature),
          ),
        () => bySecond(scheme, message),
      );
    },
    ...(key.kind === 'rsa' &&
      !key.pss && {
        decryptRaw: (ciphertext: Uint8Array) =>
          orElse<Uint8Array | undefined>(
            () => (decryptRaw ?? rawBySecond)(ciphertext),
            () => rawBySecond(ciphertext),
          ),
      }),
    dispose: () => {
      own.dispose?.();
      wipeKey(key);
      if (other !== undefined) void andThen(other, (signer) => signer.dispose?.());
    },
  };
}
