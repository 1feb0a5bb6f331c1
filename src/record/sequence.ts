import { TlsError } from '../errors.ts';

/** A record sequence number: two halves of 32 bits, because a double cannot count to 2^64 (RFC 5246 section 6.1). */
export class Sequence {
  #high = 0;
  #low = 0;

  /** Eight bytes, big endian: of this record, or of one that comes `ahead` records later. */
  bytes(ahead: number = 0): Uint8Array {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    const low = this.#low + ahead;
    view.setUint32(0, this.#high + Math.floor(low / 0x1_0000_0000));
    view.setUint32(4, low >>> 0);
    return bytes;
  }

  /** Into the last eight bytes of a nonce (RFC 9846 section 5.3), without an array of their own. */
  xorInto(nonce: Uint8Array, ahead: number = 0): void {
    const low = this.#low + ahead;
    const high = this.#high + Math.floor(low / 0x1_0000_0000);
    const at = nonce.length - 8;
    for (let i = 0; i < 4; i++) {
      nonce[at + i]! ^= (high >>> (24 - 8 * i)) & 255;
      nonce[at + 4 + i]! ^= (low >>> (24 - 8 * i)) & 255;
    }
  }

  /** @throws TlsError ERR_SEAL_LIMIT: it must not wrap. */
  advance(): void {
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low !== 0) return;
    this.#high = (this.#high + 1) >>> 0;
    if (this.#high === 0) throw new TlsError('ERR_SEAL_LIMIT', { detail: 'the sequence number has run out' });
  }
}
