import { concat, fromAscii, wipe, type OwnBytes } from '../bytes/bytes.ts';
import type { CipherSuite12, Hash } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';

/** The key schedule of TLS 1.2: one secret, and everything drawn from it with the PRF (RFC 5246 sections 5, 6.3, 8.1). */

/** PRF (RFC 5246 section 5): P_hash over label and seeds; `length` in bytes. */
export function prf(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  seeds: readonly Uint8Array[],
  length: number,
): OwnBytes {
  const seed = concat(fromAscii(label), ...seeds);
  const out = new Uint8Array(length);
  let chain: Uint8Array = seed;
  for (let at = 0; at < length; at += hash.size) {
    chain = hash.hmac(secret, chain);
    const block = hash.hmac(secret, chain, seed);
    out.set(block.subarray(0, Math.min(hash.size, length - at)), at);
    wipe(block);
  }
  return out;
}

/** ClientHello.random and ServerHello.random, 32 bytes each. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** The keys of both directions, cut from the key block (RFC 5246 section 6.3). */
export interface KeyBlock {
  readonly client: DirectionKeys;
  readonly server: DirectionKeys;
}

export interface DirectionKeys {
  /** Empty for an AEAD. */
  readonly macKey: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Sizes of the parts of the key block, in bytes. */
export interface KeySizes {
  readonly macKey: number;
  readonly key: number;
  readonly iv: number;
}

/** RFC 5246 section 6.3. An AEAD has no key for a MAC; CBC has its IV in each record (section 6.2.3.2). */
export function keySizesOf(suite: CipherSuite12): KeySizes {
  return suite.protection === 'aead'
    ? { macKey: 0, key: suite.aead.keyLength, iv: suite.fixedIvLength }
    : { macKey: suite.mac.size, key: suite.cipher.keyLength, iv: 0 };
}

/** All that protects the records of one direction. */
export class TrafficKeys12 {
  readonly suite: CipherSuite12;
  readonly keys: DirectionKeys;
  /** RFC 7366; for CBC only. */
  readonly encryptThenMac: boolean;

  constructor(suite: CipherSuite12, keys: DirectionKeys, encryptThenMac: boolean) {
    this.suite = suite;
    this.keys = keys;
    this.encryptThenMac = encryptThenMac;
  }

  dispose(): void {
    wipe(this.keys.macKey, this.keys.key, this.keys.iv);
  }
}

const LENGTH = 48;
const VERIFY_DATA = 12;
/** Labels that TLS uses itself: no program may export under them (RFC 5705 section 4). */
const OWN_LABELS: readonly string[] = [
  'client finished',
  'server finished',
  'master secret',
  'extended master secret',
  'key expansion',
];

/** The main secret of a TLS 1.2 session: 48 bytes, and what is made of them. */
export class MainSecret12 {
  readonly hash: Hash;
  readonly #randoms: Randoms;
  #secret: Uint8Array | undefined;

  constructor(hash: Hash, secret: Uint8Array, randoms: Randoms) {
    this.hash = hash;
    this.#secret = secret;
    this.#randoms = randoms;
  }

  /**
   * @param preMain wiped.
   * @param sessionHash digest of the messages up to ClientKeyExchange where extended_master_secret was agreed on
   * (RFC 7627 section 4); undefined: the randoms take its place, as in RFC 5246 section 8.1.
   */
  static derive(hash: Hash, preMain: Uint8Array, randoms: Randoms, sessionHash: Uint8Array | undefined): MainSecret12 {
    const secret =
      sessionHash === undefined
        ? prf(hash, preMain, 'master secret', [randoms.client, randoms.server], LENGTH)
        : prf(hash, preMain, 'extended master secret', [sessionHash], LENGTH);
    wipe(preMain);
    return new MainSecret12(hash, secret, randoms);
  }

  /** For the key log. The bytes are the secret itself: do not keep them. */
  get bytes(): Uint8Array {
    return this.#live();
  }

  keyBlock(sizes: KeySizes): KeyBlock {
    const { client, server } = this.#randoms;
    const total = 2 * (sizes.macKey + sizes.key + sizes.iv);
    const block = prf(this.hash, this.#live(), 'key expansion', [server, client], total);
    let at = 0;
    const take = (length: number): Uint8Array => {
      const part = block.slice(at, at + length);
      at += length;
      return part;
    };
    const macKeys = [take(sizes.macKey), take(sizes.macKey)] as const;
    const keys = [take(sizes.key), take(sizes.key)] as const;
    const ivs = [take(sizes.iv), take(sizes.iv)] as const;
    wipe(block);
    return {
      client: { macKey: macKeys[0], key: keys[0], iv: ivs[0] },
      server: { macKey: macKeys[1], key: keys[1], iv: ivs[1] },
    };
  }

  /** Finished.verify_data, 12 bytes (RFC 5246 section 7.4.9). */
  finished(side: 'client' | 'server', transcriptDigest: Uint8Array): Uint8Array {
    return prf(this.hash, this.#live(), `${side} finished`, [transcriptDigest], VERIFY_DATA);
  }

  /** RFC 5705 section 4; without a context it is left out altogether, which is not the same as an empty one. */
  exportKey(label: string, context: Uint8Array | undefined, length: number): OwnBytes {
    if (OWN_LABELS.includes(label))
      throw new TlsError('ERR_LIMIT', { detail: `the label "${label}" is used by TLS itself` });
    if (context !== undefined && context.length > 0xffff)
      throw new TlsError('ERR_LIMIT', { detail: 'a context has at most 65,535 bytes' });
    if (!Number.isInteger(length) || length < 1 || length > 65_535)
      throw new TlsError('ERR_LIMIT', { detail: `${length} bytes of keying material` });
    const { client, server } = this.#randoms;
    const tail = context === undefined ? [] : [Uint8Array.of(context.length >> 8, context.length & 255), context];
    return prf(this.hash, this.#live(), label, [client, server, ...tail], length);
  }

  dispose(): void {
    wipe(this.#secret);
    this.#secret = undefined;
  }

  #live(): Uint8Array {
    if (this.#secret === undefined) throw new TlsError('ERR_INTERNAL', { detail: 'a secret that has been wiped' });
    return this.#secret;
  }
}
