import { concat, wipe } from '../bytes/bytes.ts';
import type { AeadJob, AeadKey, AeadSuite12 } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { DirectionKeys } from '../keys/schedule12.ts';
import { CONTENT_APPLICATION_DATA } from '../wire/ids.ts';
import type { ApartSealing, Opened, RecordBatches, RecordProtector, SealJob } from '../keys/protection.ts';
import { Sequence } from './sequence.ts';

/** Records kept back, under keys that cannot be changed, for the alerts that end the connection. */
const RESERVE = 64;
const HEADER = 5;

// RFC 5246 ¶6.1-2, ¶6.1-3, ¶6.2.3.3-2
/** AEAD record protection of TLS 1.2, one direction (RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905). */
export class Protector12 implements RecordProtector {
  /** RFC 5246 section 6.2.3 gives every cipher 2,048 bytes; an AEAD never needs more than its nonce and tag. */
  readonly overhead: number;
  readonly sealsType = false;
  /** There is no KeyUpdate, so there is none to ask for: at the limit sealing itself refuses. */
  readonly remaining: number = Number.POSITIVE_INFINITY;
  readonly batches: RecordBatches | undefined;
  readonly #suite: AeadSuite12;
  readonly #key: AeadKey;
  readonly #iv: Uint8Array;
  readonly #sequence: Sequence = new Sequence();
  #count = 0;

  /** `keys` is copied and wiped. */
  constructor(suite: AeadSuite12, keys: DirectionKeys) {
    this.#suite = suite;
    this.overhead = suite.recordIvLength + suite.aead.tagLength;
    this.#key = suite.aead.key(keys.key);
    this.#iv = keys.iv.slice();
    wipe(keys.key, keys.iv);
    const { bulk } = this.#key;
    if (bulk === undefined) return;
    this.batches = {
      bulk,
      sealJob: (type, content) => this.#sealJob(type, content),
      sealNow: ({ nonce, additionalData, data }) => this.#key.seal(nonce, additionalData, data),
      openJob: (header, payload, ahead) => this.#openJob(header, payload, ahead),
      opened: (header, content, limit) => this.#opened(header, content, limit),
    };
  }

  sealedSize(length: number): number {
    return HEADER + this.#suite.recordIvLength + length + this.#suite.aead.tagLength;
  }

  seal(type: number, content: Uint8Array, padding: number): Uint8Array {
    const record = new Uint8Array(this.sealedSize(content.length));
    this.sealInto(type, content, padding, record, 0);
    return record;
  }

  sealInto(type: number, content: Uint8Array, _padding: number, out: Uint8Array, at: number): void {
    this.#spend(type);
    const sequence = this.#sequence.bytes();
    const start = at + HEADER + this.#suite.recordIvLength;
    const nonce = this.#begin(type, content.length, sequence, out.subarray(at, start));
    const data = additionalData(sequence, type, content.length);
    if (this.#key.sealInto !== undefined) this.#key.sealInto(nonce, data, [content], out, start);
    else out.set(this.#key.seal(nonce, data, content), start);
    this.#sequence.advance();
  }

  get apart(): ApartSealing | undefined {
    const { sealApart } = this.#key;
    if (sealApart === undefined) return undefined;
    const head = HEADER + this.#suite.recordIvLength;
    return {
      head,
      tag: this.#suite.aead.tagLength,
      seal: (type, content, _padding, edges, at) => {
        this.#spend(type);
        const sequence = this.#sequence.bytes();
        const nonce = this.#begin(type, content.length, sequence, edges.subarray(at, at + head));
        const data = additionalData(sequence, type, content.length);
        const sealed = sealApart(nonce, data, [content], edges.subarray(at + head));
        this.#sequence.advance();
        return sealed;
      },
    };
  }

  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened {
    const { aead, recordIvLength } = this.#suite;
    checkVersion(header);
    if (payload.length < recordIvLength + aead.tagLength)
      throw new TlsError('ERR_BAD_RECORD_MAC', { detail: 'too short to hold a nonce and a tag' });
    const { nonce, additionalData: head, data } = this.#openJob(header, payload, 0);
    return this.#opened(header, this.#key.open(nonce, head, data), limit);
  }

  dispose(): void {
    this.#key.dispose();
    wipe(this.#iv);
  }

  #sealJob(type: number, content: Uint8Array): SealJob {
    this.#spend(type);
    const sequence = this.#sequence.bytes();
    const prefix = new Uint8Array(HEADER + this.#suite.recordIvLength);
    const nonce = this.#begin(type, content.length, sequence, prefix);
    this.#sequence.advance();
    return { nonce, additionalData: additionalData(sequence, type, content.length), data: content, prefix };
  }

  #openJob(header: Uint8Array, payload: Uint8Array, ahead: number): AeadJob {
    const { aead, recordIvLength } = this.#suite;
    const sequence = this.#sequence.bytes(ahead);
    const length = Math.max(0, payload.length - recordIvLength - aead.tagLength);
    return {
      nonce: this.#nonce(sequence, payload.subarray(0, recordIvLength)),
      additionalData: additionalData(sequence, header[0]!, length),
      data: payload.subarray(recordIvLength),
    };
  }

  #opened(header: Uint8Array, content: Uint8Array | undefined, limit: number): Opened {
    checkVersion(header);
    if (content === undefined) throw new TlsError('ERR_BAD_RECORD_MAC');
    this.#sequence.advance();
    if (content.length > limit)
      throw new TlsError('ERR_RECORD_OVERFLOW', { detail: `${content.length} bytes where ${limit} are allowed` });
    return { type: header[0]!, content };
  }

  #spend(type: number): void {
    const reserve = type === CONTENT_APPLICATION_DATA ? RESERVE : 0;
    if (!(this.#count < this.#suite.aead.sealLimit - reserve))
      throw new TlsError('ERR_SEAL_LIMIT', { detail: `${this.#count} records; TLS 1.2 cannot change its keys` });
    this.#count++;
  }

  /** Writes what stands in front of the ciphertext; returns the nonce. */
  #begin(type: number, contentLength: number, sequence: Uint8Array, prefix: Uint8Array): Uint8Array {
    const { aead, recordIvLength } = this.#suite;
    const length = recordIvLength + contentLength + aead.tagLength;
    prefix.set([type, 3, 3, length >> 8, length & 255]);
    // RFC 5288 section 3: the explicit part must not repeat under one key; the sequence number does not.
    prefix.set(sequence.subarray(8 - recordIvLength), HEADER);
    return this.#nonce(sequence, prefix.subarray(HEADER));
  }

  /** GCM: salt and explicit part (RFC 5288 section 3). ChaCha20-Poly1305: as in TLS 1.3 (RFC 7905 section 2). */
  #nonce(sequence: Uint8Array, explicit: Uint8Array): Uint8Array {
    if (this.#suite.recordIvLength > 0) return concat(this.#iv, explicit);
    const nonce = this.#iv.slice();
    for (let i = 0; i < 8; i++) nonce[4 + i]! ^= sequence[i]!;
    return nonce;
  }
}

/** RFC 5246 section 6.2.3.3; also what a MAC covers in front of the content (section 6.2.3.1). */
export function additionalData(sequence: Uint8Array, type: number, length: number): Uint8Array {
  const data = new Uint8Array(13);
  data.set(sequence);
  data.set([type, 3, 3, length >> 8, length & 255], 8);
  return data;
}

function checkVersion(header: Uint8Array): void {
  if (header[1] !== 3 || header[2] !== 3)
    throw new TlsError('ERR_RECORD_VERSION', { detail: `${header[1]}.${header[2]} in TLS 1.2` });
}
