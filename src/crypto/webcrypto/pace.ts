import type { WebCryptoKey, WebSubtle } from '../web-types.ts';
import { equalBytes } from '../../bytes/bytes.ts';
import { fromRuntime } from '../../bytes/shape.ts';
import type { Aead, AeadKey } from '../types.ts';
import { source } from './subtle.ts';

/** Until it has been measured: what is worth it in every runtime we know. */
const CAUTIOUS = 16_384;

/**
 * Sizes of a batch that are tried, in bytes, the smallest first, and how many times as long WebCrypto may take with it.
 * What is small is waited for. What is large is sealed and opened by another thread, some batches at a time, while the
 * program's own is free: a machine that is busy makes each of them slow, but JavaScript would keep it busier.
 */
const SIZES: readonly (readonly [size: number, patience: number])[] = [
  [1024, 1],
  [4096, 1],
  [16_384, 1.5],
  [65_536, 4],
];

/** Records of a batch: what an engine sends when there is much. */
const RECORD = 16_384;

const SAMPLES = 3;

/**
 * From what size on WebCrypto is quicker than JavaScript for AES-GCM: measured here, once for each provider made, since no
 * name of a runtime says it (in Chromium it is quicker from the first byte, in Node from some kilobytes on). It takes a few
 * milliseconds, most of them waiting.
 */
export class Pace {
  readonly #subtle: WebSubtle;
  /** What answers at once; it gets a key of its own here, so no nonce of a connection is used. */
  readonly #own: Aead;
  readonly #now: () => number;
  #worthwhile = CAUTIOUS;
  #begun = false;
  /**
   * WebCrypto has copied what it was given when the call returns, as it has to (section 14.3.1): so the memory can be used
   * again. Until it has shown that, it is not believed: it may be something that a program made.
   */
  copies = false;

  constructor(
    subtle: WebSubtle,
    own: Aead,
    now: () => number = () => fromRuntime<{ now(): number }>('performance')?.now() ?? Date.now(),
  ) {
    this.#subtle = subtle;
    this.#own = own;
    this.#now = now;
  }

  /** In bytes. The first call begins the measurement. */
  get worthwhile(): number {
    if (!this.#begun) void this.measure();
    return this.#worthwhile;
  }

  /** Never rejects: where WebCrypto fails it is not worth while. */
  async measure(): Promise<void> {
    this.#begun = true;
    try {
      const key = await this.#subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']);
      this.copies = await this.#hasCopied(key);
      const own = this.#own.key(new Uint8Array(this.#own.keyLength));
      this.#worthwhile = (await this.#smallest(own, key)) ?? Number.POSITIVE_INFINITY;
    } catch {
      this.#worthwhile = Number.POSITIVE_INFINITY;
    }
  }

  async #hasCopied(key: WebCryptoKey): Promise<boolean> {
    const given = new Uint8Array(RECORD);
    const changed = this.#subtle.encrypt(PARAMETERS, key, given);
    given.fill(1);
    const right = this.#subtle.encrypt(PARAMETERS, key, new Uint8Array(RECORD));
    const [one, other] = await Promise.all([changed, right]);
    return equalBytes(new Uint8Array(one), new Uint8Array(other));
  }

  /** Undefined: none of the sizes. A clock that stands still (some workers' does) leaves things as they are. */
  async #smallest(own: AeadKey, key: WebCryptoKey): Promise<number | undefined> {
    let isStill = true;
    for (const [size, patience] of SIZES) {
      const batch: Uint8Array[] = [];
      for (let rest = size; rest > 0; rest -= RECORD) batch.push(new Uint8Array(Math.min(rest, RECORD)));
      const repeats = size > RECORD ? 1 : 4;
      const here = this.#time(repeats, () => {
        for (const data of batch) own.seal(NONCE, HEAD, data);
      });
      const there = await this.#timeLater(repeats, () =>
        Promise.all(batch.map((data) => this.#subtle.encrypt(PARAMETERS, key, source(data)))),
      );
      isStill &&= here === 0 && there === 0;
      if (there < patience * here) return size;
    }
    return isStill ? CAUTIOUS : undefined;
  }

  /** Of several times the shortest: in the others something came between. */
  #time(repeats: number, work: () => void): number {
    work();
    let least = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const start = this.#now();
      for (let i = 0; i < repeats; i++) work();
      least = Math.min(least, this.#now() - start);
    }
    return least;
  }

  async #timeLater(repeats: number, work: () => Promise<unknown>): Promise<number> {
    await work();
    let least = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const start = this.#now();
      for (let i = 0; i < repeats; i++) await work();
      least = Math.min(least, this.#now() - start);
    }
    return least;
  }
}

const NONCE = /* @__PURE__ */ new Uint8Array(12);
const HEAD = /* @__PURE__ */ new Uint8Array(5);
const PARAMETERS: AesGcmParams = { name: 'AES-GCM', iv: NONCE, additionalData: HEAD, tagLength: 128 };
