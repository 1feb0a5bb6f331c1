import { concat, wipe } from '../bytes/bytes.ts';
import type { AeadKey, AeadSuite12 } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { DirectionKeys } from '../keys/schedule12.ts';
import { CONTENT_APPLICATION_DATA } from '../wire/ids.ts';
import type { Opened, RecordProtector } from '../keys/protection.ts';
import { Sequence } from './sequence.ts';

/** Records kept back, under keys that cannot be changed, for the alerts that end the connection. */
const RESERVE = 64;

// RFC 5246 ¶6.1-2, ¶6.1-3, ¶6.2.3.3-2
/** AEAD record protection of TLS 1.2, one direction (RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905). */
export class Protector12 implements RecordProtector {
  /** RFC 5246 section 6.2.3 gives every cipher 2,048 bytes; an AEAD never needs more than its nonce and tag. */
  readonly overhead: number;
  readonly sealsType = false;
  /** There is no KeyUpdate, so there is none to ask for: at the limit sealing itself refuses. */
  readonly remaining: number = Number.POSITIVE_INFINITY;
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
  }

  seal(type: number, content: Uint8Array, _padding: number): Uint8Array {
    const { aead, recordIvLength } = this.#suite;
    const reserve = type === CONTENT_APPLICATION_DATA ? RESERVE : 0;
    if (!(this.#count < aead.sealLimit - reserve))
      throw new TlsError('ERR_SEAL_LIMIT', { detail: `${this.#count} records; TLS 1.2 cannot change its keys` });
    this.#count++;
    const sequence = this.#sequence.bytes();
    const length = recordIvLength + content.length + aead.tagLength;
    const record = new Uint8Array(5 + length);
    record.set([type, 3, 3, length >> 8, length & 255]);
    // RFC 5288 section 3: the explicit part must not repeat under one key; the sequence number does not.
    record.set(sequence.subarray(8 - recordIvLength), 5);
    const nonce = this.#nonce(sequence, record.subarray(5, 5 + recordIvLength));
    const data = additionalData(sequence, type, content.length);
    const at = 5 + recordIvLength;
    if (this.#key.sealInto !== undefined) this.#key.sealInto(nonce, data, [content], record, at);
    else record.set(this.#key.seal(nonce, data, content), at);
    this.#sequence.advance();
    return record;
  }

  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened {
    const { aead, recordIvLength } = this.#suite;
    if (header[1] !== 3 || header[2] !== 3)
      throw new TlsError('ERR_RECORD_VERSION', { detail: `${header[1]}.${header[2]} in TLS 1.2` });
    const length = payload.length - recordIvLength - aead.tagLength;
    if (length < 0) throw new TlsError('ERR_BAD_RECORD_MAC', { detail: 'too short to hold a nonce and a tag' });
    const sequence = this.#sequence.bytes();
    const nonce = this.#nonce(sequence, payload.subarray(0, recordIvLength));
    const content = this.#key.open(
      nonce,
      additionalData(sequence, header[0]!, length),
      payload.subarray(recordIvLength),
    );
    if (content === undefined) throw new TlsError('ERR_BAD_RECORD_MAC');
    this.#sequence.advance();
    if (content.length > limit)
      throw new TlsError('ERR_RECORD_OVERFLOW', { detail: `${content.length} bytes where ${limit} are allowed` });
    return { type: header[0]!, content };
  }

  dispose(): void {
    this.#key.dispose();
    wipe(this.#iv);
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
