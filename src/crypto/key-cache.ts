import { isPromise } from '../bytes/promise.ts';
import type { PublicKey } from './types.ts';

/** How many keys a provider keeps: those of the authorities and peers seen last. */
const KEPT_KEYS = 256;

/**
 * Public keys in the form of the runtime, by the digest of what they are: a key of an authority is seen with every
 * connection, in a new object each time, and reading it costs as much as using it. Bounded, for a server's clients
 * choose what they show; the key used longest ago goes first.
 */
export class KeyCache<K> {
  readonly #digest: (...parts: readonly Uint8Array[]) => string;
  readonly #limit: number;
  readonly #kept = new Map<string, K>();

  /** @param digest of a hash without known collisions, as a string. */
  constructor(digest: (...parts: readonly Uint8Array[]) => string, limit: number = KEPT_KEYS) {
    this.#digest = digest;
    this.#limit = limit;
  }

  /**
   * @param use tells apart the forms one key is read in, where the runtime wants several.
   * @param make reads the key, or says undefined of one that is not read; that is not kept, and neither is a failure.
   */
  get(key: PublicKey, use: string, make: () => K | undefined): K | undefined {
    const id = this.#idOf(key, use);
    let found = this.#kept.get(id);
    if (found === undefined) {
      found = make();
      if (found === undefined) return undefined;
      if (isPromise(found)) found.catch(() => this.#kept.delete(id));
    } else this.#kept.delete(id);
    // The order of a Map is that of insertion: the first is the one used longest ago.
    this.#kept.set(id, found);
    if (this.#kept.size > this.#limit) this.#kept.delete(this.#kept.keys().next().value!);
    return found;
  }

  get size(): number {
    return this.#kept.size;
  }

  #idOf(key: PublicKey, use: string): string {
    switch (key.kind) {
      case 'ec':
        return `${use} ${key.curve} ${this.#digest(key.point)}`;
      case 'rsa':
        // The modulus has no leading zero, so with its length in front the two cannot be mistaken.
        return `${use} rsa${key.modulus.length} ${this.#digest(key.modulus, key.exponent)}`;
      default:
        return `${use} ${key.kind} ${this.#digest(key.key)}`;
    }
  }
}
