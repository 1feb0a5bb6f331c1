/** One end of a pipe, of whichever memory its bytes are. */
export interface End {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}
