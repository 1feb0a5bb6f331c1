/**
 * What the driver needs of anything that carries bytes both ways. Its events may come at any time, from inside a call
 * too: the driver only takes note of them, and acts later.
 */
export interface Transport {
  /** From now on everything that happens is told. Called once, before anything else. */
  listen(events: TransportEvents): void;
  /** Hands bytes over. `done` is called when they have been taken, or with the reason why they were not. */
  write(bytes: Uint8Array, done: (error?: unknown) => void): void;
  /** The same with several pieces, where they can leave together without being joined first. */
  readonly writev?: ((pieces: readonly Uint8Array[], done: (error?: unknown) => void) => void) | undefined;
  /** Nothing should come for now; what is on its way may. */
  pause(): void;
  resume(): void;
  /** Ends our direction, behind what was written; `done` when that is said. What the peer sends still comes. */
  end(done: () => void): void;
  /** Lets go of it at once, and of every listener. */
  destroy(): void;
  /** Our direction can end before the peer's without harm to what it sends. */
  readonly halfCloses: boolean;
}

/** What a transport tells the driver. */
export interface TransportEvents {
  received(bytes: Uint8Array): void;
  /** The peer has ended its direction. */
  ended(): void;
  /** Nothing can be written any more, because of `cause`; what the peer sent may still come. */
  unwritable(cause: unknown): void;
  /** Nothing comes or goes any more, because of `cause` if there is one. */
  gone(cause?: unknown): void;
}

/** The program's side: what the driver tells, never from inside a call of the program's, but for `end` and `over`. */
export interface Skin {
  /** The handshake is done. */
  secure(): void;
  /** Data for the program. Is more of it wanted now? */
  data(bytes: Uint8Array): boolean;
  /**
   * Nothing more comes: the peer has ended its direction, or it was cut off, with the error for those who read and for
   * no others. Told once, behind all data; also when the connection has been over for long.
   */
  end(error: Error | undefined): void;
  /**
   * The connection is over, with an error or without: nothing can be sent any more. What was received and not asked for
   * still comes when it is wanted, and `end` behind it.
   *
   * This and an `end` with an error are perhaps told from inside the call that ended the connection: the program has to hear
   * of it later.
   */
  over(error: Error | undefined): void;
}
