import type { AeadJob, BulkAead } from '../crypto/types.ts';

/** What the record layer makes of traffic keys. It stands here because a protocol names it, and the handshake knows no records. */

/** A record, opened. */
export interface Opened {
  /** ContentType. */
  readonly type: number;
  readonly content: Uint8Array;
}

/** Sealing without putting a record together. */
export interface ApartSealing {
  /** Bytes in front of the ciphertext of each record. */
  readonly head: number;
  /** Bytes behind it. */
  readonly tag: number;
  /** Returns the ciphertext; what stands in front of it goes to `edges` from `at` on, and the tag right behind that. */
  seal(type: number, content: Uint8Array, padding: number, edges: Uint8Array, at: number): Uint8Array;
}

/** The keys of one direction. Both versions, and CBC where it is named, have this form. */
export interface RecordProtector {
  /**
   * A whole record, header included.
   * @param padding bytes of zero to add where the version knows padding.
   */
  seal(type: number, content: Uint8Array, padding: number): Uint8Array;
  /** Bytes of the record that content of this length becomes. */
  sealedSize(length: number, padding: number): number;
  /** The same as {@link seal}, to where it belongs: `sealedSize` bytes of `out` from `at` on. */
  sealInto(type: number, content: Uint8Array, padding: number, out: Uint8Array, at: number): void;
  /** The same in pieces, where the cipher makes the largest of them anew anyway. */
  readonly apart?: ApartSealing | undefined;
  /**
   * What is returned shares no memory with `payload`.
   * @throws TlsError ERR_BAD_RECORD_MAC, ERR_RECORD_OVERFLOW, ERR_NO_CONTENT_TYPE.
   */
  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened;
  /** Records that may still be sealed under these keys. */
  readonly remaining: number;
  /** What a record may have beyond its content, in bytes. */
  readonly overhead: number;
  /** TLS 1.3: every protected record travels as application_data, its type inside (RFC 9846 section 5.2). */
  readonly sealsType: boolean;
  /** Where the cipher can do many records at once. */
  readonly batches?: RecordBatches | undefined;
  dispose(): void;
}

/**
 * Records for the lane of many at once. Sealing spends a number for each job when it is made; opening does so when its
 * result is taken, so that what was opened under keys that have changed since can be opened again.
 */
export interface RecordBatches {
  readonly bulk: BulkAead;
  sealJob(type: number, content: Uint8Array, padding: number): SealJob;
  /** Does a job now, in the other lane: the same bytes. */
  sealNow(job: SealJob): Uint8Array;
  /** @param ahead how many records come before it that have not been taken. */
  openJob(header: Uint8Array, payload: Uint8Array, ahead: number): AeadJob;
  /**
   * Takes the result of a job, in order.
   * @throws TlsError as {@link RecordProtector.open}.
   */
  opened(header: Uint8Array, content: Uint8Array | undefined, limit: number): Opened;
}

/** A record to be sealed: what stands in front of the result goes along. */
export interface SealJob extends AeadJob {
  readonly prefix: Uint8Array;
}
