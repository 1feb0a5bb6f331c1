/** One end of it. */
export interface End {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Two ends of a wire that exists in memory only. */
export function pipe(): [End, End] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 16 });
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
