import { wipe } from '../bytes/bytes.ts';
import type { AeadJob, AeadKey, CipherSuite13 } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { trafficKeys } from '../keys/schedule13.ts';
import { CONTENT_APPLICATION_DATA } from '../wire/ids.ts';
import type { ApartSealing, Opened, RecordBatches, RecordProtector, SealJob } from '../keys/protection.ts';
import { Sequence } from './sequence.ts';

const HEADER = 5;

// RFC 9846 §5.3-1
/** Record protection of TLS 1.3, one direction (RFC 9846 section 5.2). */
export class Protector13 implements RecordProtector {
  /** The content type byte, and a tag of up to 16 bytes; RFC 9846 section 5.2 allows 256 with padding. */
  readonly overhead = 256;
  readonly sealsType = true;
  readonly batches: RecordBatches | undefined;
  readonly #suite: CipherSuite13;
  readonly #key: AeadKey;
  readonly #iv: Uint8Array;
  readonly #sequence: Sequence = new Sequence();
  #count = 0;

  constructor(suite: CipherSuite13, trafficSecret: Uint8Array) {
    this.#suite = suite;
    const { key, iv } = trafficKeys(suite.hash, suite.aead.keyLength, trafficSecret);
    this.#key = suite.aead.key(key);
    this.#iv = iv;
    wipe(key);
    const { bulk } = this.#key;
    if (bulk === undefined) return;
    this.batches = {
      bulk,
      sealJob: (type, content, padding) => this.#sealJob(type, content, padding),
      sealNow: ({ nonce, additionalData, data, tail }) =>
        this.#key.seal(nonce, additionalData, tail === undefined ? data : joined(data, tail)),
      openJob: (header, payload, ahead) => this.#openJob(header, payload, ahead),
      opened: (_header, inner, limit) => this.#opened(inner, limit),
    };
  }

  get remaining(): number {
    return this.#suite.aead.sealLimit - this.#count;
  }

  sealedSize(length: number, padding: number): number {
    return HEADER + length + 1 + padding + this.#suite.aead.tagLength;
  }

  seal(type: number, content: Uint8Array, padding: number): Uint8Array {
    const record = new Uint8Array(this.sealedSize(content.length, padding));
    this.sealInto(type, content, padding, record, 0);
    return record;
  }

  // RFC 9846 §5.1-10, §E.5-8
  sealInto(type: number, content: Uint8Array, padding: number, out: Uint8Array, at: number): void {
    const header = out.subarray(at, at + HEADER);
    const { nonce, tail } = this.#begin(type, content.length, padding, header);
    if (this.#key.sealInto !== undefined) this.#key.sealInto(nonce, header, [content, tail], out, at + HEADER);
    else out.set(this.#key.seal(nonce, header, joined(content, tail)), at + HEADER);
  }

  get apart(): ApartSealing | undefined {
    const { sealApart } = this.#key;
    if (sealApart === undefined) return undefined;
    return {
      head: HEADER,
      tag: this.#suite.aead.tagLength,
      seal: (type, content, padding, edges, at) => {
        const header = edges.subarray(at, at + HEADER);
        const { nonce, tail } = this.#begin(type, content.length, padding, header);
        return sealApart(nonce, header, [content, tail], edges.subarray(at + HEADER));
      },
    };
  }

  // RFC 9846 §5.4-3
  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened {
    if (payload.length < this.#suite.aead.tagLength + 1)
      throw new TlsError('ERR_BAD_RECORD_MAC', { detail: 'too short to hold a tag' });
    return this.#opened(this.#key.open(this.#nonceNow(0), header, payload), limit);
  }

  dispose(): void {
    wipe(this.#iv);
    this.#key.dispose();
  }

  #sealJob(type: number, content: Uint8Array, padding: number): SealJob {
    this.#spend();
    const prefix = new Uint8Array(HEADER);
    writeHeader(prefix, this.sealedSize(content.length, padding) - HEADER);
    const tail = new Uint8Array(1 + padding);
    tail[0] = type;
    const nonce = this.#nonceNow(0);
    this.#advance();
    return { nonce, additionalData: prefix, data: content, tail, prefix };
  }

  #openJob(header: Uint8Array, payload: Uint8Array, ahead: number): AeadJob {
    return { nonce: this.#nonceNow(ahead), additionalData: header, data: payload };
  }

  #opened(inner: Uint8Array | undefined, limit: number): Opened {
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

  /** Writes the header, and spends a number. Returns what the record is sealed with, and what is sealed behind its content. */
  #begin(
    type: number,
    length: number,
    padding: number,
    header: Uint8Array,
  ): { readonly nonce: Uint8Array; readonly tail: Uint8Array } {
    this.#spend();
    writeHeader(header, this.sealedSize(length, padding) - HEADER);
    const tail = new Uint8Array(1 + padding);
    tail[0] = type;
    const nonce = this.#nonceNow(0);
    this.#advance();
    return { nonce, tail };
  }

  /** Written so that a limit that is no number allows nothing. */
  #spend(): void {
    if (!(this.remaining > 0)) throw new TlsError('ERR_SEAL_LIMIT', { detail: `${this.#count} records under one key` });
  }

  /** The IV, with the sequence number in its last eight bytes (RFC 9846 section 5.3). */
  #nonceNow(ahead: number): Uint8Array {
    const nonce = this.#iv.slice();
    this.#sequence.xorInto(nonce, ahead);
    return nonce;
  }

  #advance(): void {
    this.#count++;
    this.#sequence.advance();
  }
}

function writeHeader(header: Uint8Array, length: number): void {
  header[0] = CONTENT_APPLICATION_DATA;
  header[1] = 3;
  header[2] = 3;
  header[3] = length >> 8;
  header[4] = length & 255;
}

function joined(content: Uint8Array, tail: Uint8Array): Uint8Array {
  const inner = new Uint8Array(content.length + tail.length);
  inner.set(content);
  inner.set(tail, content.length);
  return inner;
}
