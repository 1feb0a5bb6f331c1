import { concatAll } from '../bytes/bytes.ts';
import type { Hash, HashState } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { encodeHandshake } from '../wire/handshake.ts';
import { HANDSHAKE_MESSAGE_HASH } from '../wire/ids.ts';

/**
 * Every handshake message, in order, header included, hashed (RFC 9846 section 4.1). The hash is not known until the
 * cipher suite is: until then the messages are kept.
 */
export class Transcript {
  #hash: Hash | undefined;
  #state: HashState | undefined;
  #kept: Uint8Array[] = [];

  add(message: Uint8Array): void {
    if (this.#state === undefined) this.#kept.push(message.slice());
    else this.#state.update(message);
  }

  /** The hash is known from here on. */
  settle(hash: Hash): void {
    if (this.#hash !== undefined) throw new TlsError('ERR_INTERNAL', { detail: 'the transcript has a hash already' });
    this.#hash = hash;
    this.#state = hash.start();
    for (const message of this.#kept) this.#state.update(message);
    this.#kept = [];
  }

  /** After HelloRetryRequest the first ClientHello counts as a message that holds its hash (RFC 9846 section 4.1). */
  rollupForRetry(): void {
    const digest = this.digest();
    const hash = this.#hash!;
    this.#state!.dispose();
    this.#state = hash.start();
    this.#state.update(encodeHandshake(HANDSHAKE_MESSAGE_HASH, digest));
  }

  digest(): Uint8Array {
    return this.#state === undefined ? this.digestWith(new Uint8Array(0)) : this.#state.fork().digest();
  }

  /** The digest as if `tail` came next. With `hash` it works before the hash is settled: for binders. */
  digestWith(tail: Uint8Array, hash?: Hash): Uint8Array {
    if (this.#state !== undefined) {
      const fork = this.#state.fork();
      fork.update(tail);
      return fork.digest();
    }
    if (hash === undefined) throw new TlsError('ERR_INTERNAL', { detail: 'the transcript has no hash yet' });
    return hash.digest(...this.#kept, tail);
  }

  /** An independent transcript with the same past. */
  fork(): Transcript {
    const copy = new Transcript();
    copy.#hash = this.#hash;
    copy.#state = this.#state?.fork();
    copy.#kept = [...this.#kept];
    return copy;
  }

  /** The messages themselves, as long as no hash is settled. */
  messages(): Uint8Array {
    return concatAll(this.#kept);
  }

  dispose(): void {
    this.#state?.dispose();
    this.#kept = [];
  }
}
