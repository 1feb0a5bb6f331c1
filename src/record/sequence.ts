import { TlsError } from '../errors.ts';

/** A record sequence number: two halves of 32 bits, because a double cannot count to 2^64 (RFC 5246 section 6.1). */
export class Sequence {
  #high = 0;
  #low = 0;

  /** Eight bytes, big endian. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#high);
    view.setUint32(4, this.#low);
    return bytes;
  }

  /** @throws TlsError ERR_SEAL_LIMIT: it must not wrap. */
  advance(): void {
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low !== 0) return;
    this.#high = (this.#high + 1) >>> 0;
    if (this.#high === 0) throw new TlsError('ERR_SEAL_LIMIT', { detail: 'the sequence number has run out' });
  }
}
