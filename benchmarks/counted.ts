import type { Aead, AeadKey, CryptoProvider, Hash, HashState, KeyExchange, Signer } from '../src/crypto/types.ts';

/** Time spent in the primitives of a provider. One inside another counts once. */
export class Counter {
  #spent = 0;
  #depth = 0;

  reset(): void {
    this.#spent = 0;
  }

  get milliseconds(): number {
    return this.#spent;
  }

  time<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#depth++;
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#spent += performance.now() - start;
      this.#depth--;
    }
  }
}

/** The same provider, which counts what its primitives take. For providers that answer at once. */
export function counted(provider: CryptoProvider, counter: Counter): CryptoProvider {
  const hashes = new Map<string, Hash>();
  const hashOf = (hash: Hash): Hash => {
    const known = hashes.get(hash.name);
    if (known !== undefined) return known;
    const state = (inner: HashState): HashState => ({
      update: (bytes) => counter.time(() => inner.update(bytes)),
      fork: () => counter.time(() => state(inner.fork())),
      digest: () => counter.time(() => inner.digest()),
      dispose: () => inner.dispose(),
    });
    const made: Hash = {
      name: hash.name,
      size: hash.size,
      start: () => counter.time(() => state(hash.start())),
      digest: (...parts) => counter.time(() => hash.digest(...parts)),
      hmac: (key, ...parts) => counter.time(() => hash.hmac(key, ...parts)),
    };
    hashes.set(hash.name, made);
    return made;
  };
  const aeadOf = (aead: Aead): Aead => ({
    ...aead,
    key: (bytes) => counter.time(() => keyOf(aead.key(bytes))),
  });
  const keyOf = (key: AeadKey): AeadKey => ({
    ...key,
    seal: (...given) => counter.time(() => key.seal(...given)),
    open: (...given) => counter.time(() => key.open(...given)),
    ...(key.sealInto && { sealInto: (...given) => counter.time(() => key.sealInto!(...given)) }),
  });
  const groupOf = (group: KeyExchange): KeyExchange => ({
    ...group,
    offer: (random) =>
      counter.time(() => {
        const offer = now(group.offer(random));
        return { ...offer, group: groupOf(group), agree: (share) => counter.time(() => offer.agree(share)) };
      }),
    accept: (share, random) => counter.time(() => group.accept(share, random)),
  });
  const signerOf = (signer: Signer): Signer => ({
    ...signer,
    sign: (scheme, message) => counter.time(() => signer.sign(scheme, message)),
  });
  return {
    ...provider,
    random: { fill: (bytes) => counter.time(() => provider.random.fill(bytes)) },
    suites: provider.suites.map((suite) => ({ ...suite, hash: hashOf(suite.hash), aead: aeadOf(suite.aead) })),
    groups: provider.groups.map(groupOf),
    verifier: { verify: (...given) => counter.time(() => provider.verifier.verify(...given)) },
    hash: (name) => hashOf(provider.hash(name)),
    signer: (key) => signerOf(now(provider.signer(key))),
  };
}

function now<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new Error('the provider does not answer at once');
  return value;
}
