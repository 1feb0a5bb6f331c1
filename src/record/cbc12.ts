import { concat, equalConstantTime, wipe } from '../bytes/bytes.ts';
import type { CbcKey, CbcSuite12, Hash, Random } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { DirectionKeys } from '../keys/schedule12.ts';
import { additionalData } from './protect12.ts';
import type { Opened, RecordProtector } from '../keys/protection.ts';
import { Sequence } from './sequence.ts';

const BLOCK = 16;
/** RFC 5246 section 6.2.3 allows this much beyond the content. */
const OVERHEAD = 2048;

/**
 * CBC and HMAC, one direction (RFC 5246 section 6.2.3.2, RFC 7366). In the order of RFC 5246 the MAC lies under the
 * padding, and a receiver whose time depends on the padding gives the plaintext away (Lucky Thirteen): so opening does
 * the same hashing for every padding, and there is one error for all that can be wrong.
 */
export class Cbc12 implements RecordProtector {
  readonly overhead: number = OVERHEAD;
  readonly sealsType = false;
  readonly remaining: number = Number.POSITIVE_INFINITY;
  readonly #mac: Hash;
  readonly #macKey: Uint8Array;
  readonly #key: CbcKey;
  readonly #encryptThenMac: boolean;
  readonly #random: Random;
  readonly #sequence: Sequence = new Sequence();

  /** `keys` is copied and wiped. */
  constructor(suite: CbcSuite12, keys: DirectionKeys, encryptThenMac: boolean, random: Random) {
    this.#mac = suite.mac;
    this.#macKey = keys.macKey.slice();
    this.#key = suite.cipher.key(keys.key);
    this.#encryptThenMac = encryptThenMac;
    this.#random = random;
    wipe(keys.macKey, keys.key, keys.iv);
  }

  sealedSize(length: number): number {
    const { size } = this.#mac;
    const blocks = (bytes: number): number => bytes + BLOCK - (bytes % BLOCK);
    return 5 + BLOCK + (this.#encryptThenMac ? blocks(length) + size : blocks(length + size));
  }

  sealInto(type: number, content: Uint8Array, padding: number, out: Uint8Array, at: number): void {
    out.set(this.seal(type, content, padding), at);
  }

  seal(type: number, content: Uint8Array, _padding: number): Uint8Array {
    const iv = new Uint8Array(BLOCK);
    // RFC 5246 ¶6.2.3.2-1
    this.#random.fill(iv);
    const sequence = this.#sequence.bytes();
    this.#sequence.advance();
    const inner = this.#encryptThenMac
      ? content
      : concat(content, this.#hmac(additionalData(sequence, type, content.length), content));
    const sealed = concat(iv, this.#key.encrypt(iv, padded(inner)));
    const body = this.#encryptThenMac
      ? concat(sealed, this.#hmac(additionalData(sequence, type, sealed.length), sealed))
      : sealed;
    return concat(Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 255), body);
  }

  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened {
    if (header[1] !== 3 || header[2] !== 3)
      throw new TlsError('ERR_RECORD_VERSION', { detail: `${header[1]}.${header[2]} in TLS 1.2` });
    const type = header[0]!;
    const content = this.#encryptThenMac ? this.#openOuterMac(type, payload) : this.#openInnerMac(type, payload);
    this.#sequence.advance();
    if (content.length > limit)
      throw new TlsError('ERR_RECORD_OVERFLOW', { detail: `${content.length} bytes where ${limit} are allowed` });
    return { type, content };
  }

  dispose(): void {
    this.#key.dispose();
    wipe(this.#macKey);
  }

  /** RFC 7366 section 3: nothing is decrypted before the MAC has been checked. */
  #openOuterMac(type: number, payload: Uint8Array): Uint8Array {
    const { size } = this.#mac;
    const length = payload.length - size;
    if (length < 2 * BLOCK || length % BLOCK !== 0) throw forged();
    const sealed = payload.subarray(0, length);
    const mac = this.#hmac(additionalData(this.#sequence.bytes(), type, length), sealed);
    if (!equalConstantTime(mac, payload.subarray(length))) throw forged();
    const plain = this.#key.decrypt(sealed.subarray(0, BLOCK), sealed.subarray(BLOCK));
    const { good, length: padding } = checkPadding(plain, 0);
    if (good !== 0xff) throw forged();
    return plain.subarray(0, plain.length - padding - 1);
  }

  #openInnerMac(type: number, payload: Uint8Array): Uint8Array {
    const { size } = this.#mac;
    if (payload.length < BLOCK || payload.length % BLOCK !== 0 || payload.length - BLOCK < size + 1) throw forged();
    const plain = this.#key.decrypt(payload.subarray(0, BLOCK), payload.subarray(BLOCK));
    const padding = checkPadding(plain, size);
    // With bad padding the MAC is still made, over what there would be without any (RFC 5246 section 6.2.3.2).
    const length = plain.length - size - 1 - (padding.length & padding.good);
    const content = plain.subarray(0, length);
    const expected = this.#hmac(additionalData(this.#sequence.bytes(), type, length), content);
    this.#spendTheRest(length, plain.length - size - 1);
    const given = plain.slice(length, length + size);
    let good = padding.good;
    for (let i = 0; i < size; i++) good &= ~mask(given[i]! ^ expected[i]!) & 0xff;
    if (good !== 0xff) throw forged();
    return content;
  }

  // RFC 5246 ¶6.2.3.2-5
  /** As many more compressions as the longest content would have needed. */
  #spendTheRest(length: number, longest: number): void {
    const block = this.#mac.size > 32 ? 128 : 64;
    const blocks = (bytes: number): number => Math.ceil((13 + bytes + 1 + block / 8) / block);
    this.#mac.digest(new Uint8Array(block * (blocks(longest) - blocks(length)) + 1));
  }

  #hmac(head: Uint8Array, content: Uint8Array): Uint8Array {
    return this.#mac.hmac(this.#macKey, head, content);
  }
}

/** 0xff for any byte but zero, and zero for zero, without asking which. */
function mask(byte: number): number {
  return -((byte | -byte) >>> 31) & 0xff;
}

/** Looks at as many bytes as the longest padding has, whatever the last one says. `good` is 0xff or 0. */
function checkPadding(plain: Uint8Array, macSize: number): { readonly good: number; readonly length: number } {
  const length = plain[plain.length - 1]!;
  const room = plain.length - macSize - 1;
  // Negative when the padding is longer than what is there.
  let good = (((room - length) >> 31) & 0xff) ^ 0xff;
  const most = Math.min(255, plain.length - 1);
  for (let i = 0; i <= most; i++) {
    const counts = (((length - i) >> 31) & 0xff) ^ 0xff;
    good &= ~(counts & mask(plain[plain.length - 1 - i]! ^ length)) & 0xff;
  }
  return { good, length };
}

/** RFC 5246 section 6.2.3.2: at least one byte, every one of them the count of those before the last. */
function padded(bytes: Uint8Array): Uint8Array {
  const count = BLOCK - (bytes.length % BLOCK);
  const out = new Uint8Array(bytes.length + count).fill(count - 1);
  out.set(bytes);
  return out;
}

function forged(): TlsError {
  return new TlsError('ERR_BAD_RECORD_MAC', { rfc: 'RFC 5246 section 6.2.3.2' });
}
