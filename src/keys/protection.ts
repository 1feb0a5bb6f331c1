/** What the record layer makes of traffic keys. It stands here because a protocol names it, and the handshake knows no records. */

/** A record, opened. */
export interface Opened {
  /** ContentType. */
  readonly type: number;
  readonly content: Uint8Array;
}

/** The keys of one direction. Both versions, and CBC where it is named, have this form. */
export interface RecordProtector {
  /**
   * A whole record, header included.
   * @param padding bytes of zero to add where the version knows padding.
   */
  seal(type: number, content: Uint8Array, padding: number): Uint8Array;
  /** @throws TlsError ERR_BAD_RECORD_MAC, ERR_RECORD_OVERFLOW, ERR_NO_CONTENT_TYPE. */
  open(header: Uint8Array, payload: Uint8Array, limit: number): Opened;
  /** Records that may still be sealed under these keys. */
  readonly remaining: number;
  /** What a record may have beyond its content, in bytes. */
  readonly overhead: number;
  /** TLS 1.3: every protected record travels as application_data, its type inside (RFC 9846 section 5.2). */
  readonly sealsType: boolean;
  dispose(): void;
}
