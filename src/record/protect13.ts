import { concat, wipe } from '../bytes/bytes.ts';
import type { AeadKey, CipherSuite13 } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { trafficKeys } from '../keys/schedule13.ts';
import { CONTENT_APPLICATION_DATA } from '../wire/ids.ts';
import type { Opened, RecordProtector } from '../keys/protection.ts';

// RFC 9846 §5.3-1
/** Record protection of TLS 1.3, one direction (RFC 9846 section 5.2). */
export class Protector13 implements RecordProtector {
  /** The content type byte, and a tag of up to 16 bytes; RFC 9846 section 5.2 allows 256 with padding. */
  readonly overhead = 256;
  readonly sealsType = true;
  readonly #suite: CipherSuite13;
  readonly #key: AeadKey;
  readonly #iv: Uint8Array;
  readonly #nonce: Uint8Array = new Uint8Array(12);
  /** Two halves of 32 bits: a double cannot count to 2^64. */
  #high = 0;
  #low = 0;
  #count = 0;

  constructor(suite: CipherSuite13, trafficSecret: Uint8Array) {
    this.#suite = suite;
    const { key, iv } = trafficKeys(suite.hash, suite.aead.keyLength, trafficSecret);
    this.#key = suite.aead.key(key);
    this.#iv = iv;
    wipe(key);
  }

  get remaining(): number {
    return this.#suite.aead.sealLimit - this.#count;
  }

  // RFC 9846 §5.1-10, §E.5-8
  seal(type: number, content: Uint8Array, padding: number): Uint8Array {
    // Written so that a limit that is no number allows nothing.
    if (!(this.remaining > 0)) throw new TlsError('ERR_SEAL_LIMIT', { detail: `${this.#count} records under one key` });
    const length = content.length + 1 + padding + this.#suite.aead.tagLength;
    const record = new Uint8Array(5 + length);
    record.set([CONTENT_APPLICATION_DATA, 3, 3, length >> 8, length & 255]);
    const header = record.subarray(0, 5);
    const tail = new Uint8Array(1 + padding);
    tail[0] = type;
    if (this.#key.sealInto !== undefined) this.#key.sealInto(this.#nextNonce(), header, [content, tail], record, 5);
    else record.set(this.#key.seal(this.#nextNonce(), header, concat(content, tail)), 5);
    return record;
  }

  // RFC 9846 §5.4-3
  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened {
    if (payload.length < this.#suite.aead.tagLength + 1)
      throw new TlsError('ERR_BAD_RECORD_MAC', { detail: 'too short to hold a tag' });
    const inner = this.#key.open(this.#nonceNow(), header, payload);
    if (inner === undefined) throw new TlsError('ERR_BAD_RECORD_MAC');
    this.#advance();
    // RFC 9846 section 5.4: the content type is the last byte that is not zero.
    let end = inner.length - 1;
    while (end >= 0 && inner[end] === 0) end--;
    // The limits count content, type and padding together (section 5.2, RFC 8449 section 4).
    if (inner.length > limit + 1)
      throw new TlsError('ERR_RECORD_OVERFLOW', { detail: `${inner.length} bytes where ${limit + 1} are allowed` });
    if (end < 0) throw new TlsError('ERR_NO_CONTENT_TYPE');
    return { type: inner[end]!, content: inner.subarray(0, end) };
  }

  dispose(): void {
    this.#key.dispose();
    wipe(this.#iv, this.#nonce);
  }

  #nextNonce(): Uint8Array {
    const nonce = this.#nonceNow();
    this.#advance();
    return nonce;
  }

  /** The IV, with the sequence number in its last eight bytes (RFC 9846 section 5.3). */
  #nonceNow(): Uint8Array {
    const nonce = this.#nonce;
    nonce.set(this.#iv);
    for (let i = 0; i < 4; i++) {
      nonce[4 + i]! ^= (this.#high >>> (24 - 8 * i)) & 255;
      nonce[8 + i]! ^= (this.#low >>> (24 - 8 * i)) & 255;
    }
    return nonce;
  }

  #advance(): void {
    this.#count++;
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low !== 0) return;
    this.#high = (this.#high + 1) >>> 0;
    // RFC 9846 section 5.3: the sequence number must not wrap.
    if (this.#high === 0) throw new TlsError('ERR_SEAL_LIMIT', { detail: 'the sequence number has run out' });
  }
}
