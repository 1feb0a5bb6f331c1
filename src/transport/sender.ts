import { concatAll } from '../bytes/bytes.ts';
import type { Engine } from '../engine/engine.ts';
import type { AnyRequest } from '../handshake/requests.ts';
import type { EngineCalls } from './engine-calls.ts';
import type { Loop } from './loop.ts';
import { Outbox, type Piece, type Taken } from './outbox.ts';
import type { Transport } from './transport.ts';

/** Bytes that are handed over at once. */
const PIECE = 65_536;
/** Bytes of a write that fill a record by themselves: they are not joined with others. */
const RECORD = 16_384;
/** Bytes of records that the transport may have before it has taken them. */
const MAX_OUTSTANDING = 131_072;

/** What the driver is told. */
export interface SenderHost {
  /** The transport takes nothing more. */
  unwritable(cause: unknown): void;
  /** The transport has taken something that it was handed. */
  took(): void;
  /** Our end has been taken by the transport. */
  endTaken(): void;
}

/** The way out: what the program has written is sealed in pieces, and handed over as far as the transport takes it. */
export class Sender {
  readonly #transport: Transport;
  readonly #calls: EngineCalls;
  readonly #loop: Loop;
  readonly #host: SenderHost;
  readonly #outbox: Outbox = new Outbox();
  #outstanding = 0;
  /** The pieces that are being sealed, in the order in which they leave. */
  readonly #sealing: Piece[] = [];
  /** Records are sealed in batches: the larger the better. */
  #isBatched = false;
  /** Of the pieces that the transport has and has not taken. */
  readonly #inFlight: Set<readonly Taken[]> = new Set();
  /** To be called. */
  #taken: Taken[] = [];
  #endTaken: Taken[] = [];
  /** Our own end: to be said after what was written, handed over, taken. */
  #ending: 'no' | 'asked' | 'said' | 'done' = 'no';
  /** The transport takes bytes. */
  isOpen = true;
  /** The transport has taken some. */
  hasTaken = false;

  constructor(transport: Transport, calls: EngineCalls, loop: Loop, host: SenderHost) {
    this.#transport = transport;
    this.#calls = calls;
    this.#loop = loop;
    this.#host = host;
  }

  /** Bytes that were written and that the transport has not taken, in both forms. */
  get backlog(): number {
    return this.#sealing.reduce((sum, { bytes }) => sum + bytes.length, this.#outbox.length + this.#outstanding);
  }

  /** Bytes that the transport has and has not taken. */
  get outstanding(): number {
    return this.#outstanding;
  }

  get hasEnded(): boolean {
    return this.#ending === 'done';
  }

  get isEnding(): boolean {
    return this.#ending !== 'no';
  }

  write(bytes: Uint8Array, taken?: Taken): void {
    this.#outbox.push(bytes, taken);
    this.#loop.schedule();
  }

  /** Ends our direction, behind what was written. */
  end(taken?: Taken): void {
    if (taken !== undefined) this.#endTaken.push(taken);
    if (this.#ending === 'no') this.#ending = 'asked';
    this.#loop.schedule();
  }

  /** Seals what was written and hands it over, as long as the transport takes it. */
  flush(engine: Engine, mayEnd: boolean): void {
    if (!this.isOpen) return;
    if (this.#sealing.length > 0) {
      const sealed = engine.takePieces();
      if (sealed !== undefined) this.hand(engine, sealed);
    }
    while (this.#outstanding < MAX_OUTSTANDING && !this.#outbox.isEmpty && engine.maySend) {
      // Little bits that come while others are on their way wait for them, and leave together.
      const isBusy = this.#outstanding > 0 || this.#sealing.length > 0;
      if (isBusy && this.#outbox.length < PIECE) return;
      if (!this.#seal(engine)) return;
    }
    if (this.#sealing.length > 0) return;
    if (mayEnd && this.#ending === 'asked' && this.#outbox.isEmpty) this.#sayEnd(engine);
  }

  /** Hands over what the engine had: what was being sealed, as far as it is, and what came behind it. */
  hand(engine: Engine, records: readonly Uint8Array[], given: readonly Taken[] = []): void {
    this.#handAll(records, [...this.#takenOf(engine), ...given]);
  }

  /** Whose bytes have been sealed by now. */
  #takenOf(engine: Engine): readonly Taken[] {
    return this.#sealing.splice(0, this.#sealing.length - engine.sealing).flatMap(({ taken }) => taken);
  }

  /** Seals as much as leaves together, and hands it over. False: the rest has to wait. */
  #seal(engine: Engine): boolean {
    const records: Uint8Array[] = [];
    const taken: Taken[] = [];
    let isSealed = true;
    for (let room = PIECE; room > 0 && isSealed && !this.#outbox.isEmpty; ) {
      const piece = this.#outbox.take(room, this.#isBatched ? Number.POSITIVE_INFINITY : RECORD);
      room -= piece.bytes.length;
      if (piece.bytes.length > 0) {
        this.#calls.call(() => engine.send(piece.bytes));
        const batch = engine.takeSealing();
        // What is sealed elsewhere leaves behind what has been sealed here.
        if (batch !== undefined) return this.#wait(engine, piece, batch, records, taken);
        const sealed = engine.takePieces();
        isSealed = sealed !== undefined;
        for (const record of sealed ?? []) records.push(record);
        for (const callback of this.#takenOf(engine)) taken.push(callback);
      }
      if (isSealed) for (const callback of piece.taken) taken.push(callback);
      // The connection has failed: who waits is told so.
      else this.#inFlight.add(piece.taken);
    }
    this.#handOver(records, taken);
    return isSealed;
  }

  #wait(
    engine: Engine,
    piece: Piece,
    batch: AnyRequest,
    records: readonly Uint8Array[],
    taken: readonly Taken[],
  ): boolean {
    this.#isBatched = true;
    this.#sealing.push(piece);
    const before = engine.takePieces() ?? [];
    this.#handOver([...records, ...before], [...taken, ...this.#takenOf(engine)]);
    this.#calls.answer(engine, batch);
    return true;
  }

  /** Who waits for what gave no record is told at once. */
  #handOver(records: readonly Uint8Array[], taken: readonly Taken[]): void {
    if (records.length > 0) this.#handAll(records, taken);
    else for (const callback of taken) this.#taken.push(callback);
  }

  #handAll(pieces: readonly Uint8Array[], taken: readonly Taken[]): void {
    this.#inFlight.add(taken);
    if (!this.isOpen) return;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#outstanding += length;
    const done = (error?: unknown): void => {
      this.#outstanding -= length;
      if (error !== undefined && error !== null) {
        this.#host.unwritable(error);
        return;
      }
      if (!this.#inFlight.delete(taken)) return;
      this.hasTaken = true;
      this.#host.took();
      for (const callback of taken) this.#taken.push(callback);
      if (taken.length > 0 || !this.#outbox.isEmpty) this.#loop.schedule();
    };
    if (pieces.length === 1) this.#transport.write(pieces[0]!, done);
    else {
      const { writev } = this.#transport;
      if (writev !== undefined) writev(pieces, done);
      else this.#transport.write(concatAll(pieces), done);
    }
  }

  /** Calls one of those whose bytes have been taken; false: there is none. */
  tellTaken(): boolean {
    const taken = this.#taken.shift();
    taken?.();
    return taken !== undefined;
  }

  /** Nothing more is sent: forgets everything, and tells those who wait, later. */
  abandon(why: () => Error): void {
    const waiting = [
      ...[...this.#inFlight].flat(),
      ...this.#sealing.flatMap(({ taken }) => taken),
      ...this.#outbox.clear(),
      ...this.#endTaken,
    ];
    this.#inFlight.clear();
    this.#sealing.length = 0;
    this.#endTaken = [];
    if (waiting.length === 0) return;
    const reason = why();
    queueMicrotask(() => {
      for (const taken of waiting) taken(reason);
    });
  }

  #sayEnd(engine: Engine): void {
    this.#ending = 'said';
    this.#calls.call(() => engine.close());
    const records = engine.takeBytes();
    if (records !== undefined) this.hand(engine, [records], [() => this.#endSaid()]);
    if (this.#transport.halfCloses) this.#transport.end(() => {});
  }

  /**
   * The transport has failed, and the peer had gone before: when nothing was left to be said but our end, that counts as said.
   * False: there was more.
   */
  waiveEnd(): boolean {
    if (this.#ending !== 'said' || this.#inFlight.size > 1) return false;
    this.isOpen = false;
    this.#inFlight.clear();
    this.#endSaid();
    this.#loop.schedule();
    return true;
  }

  #endSaid(): void {
    this.#ending = 'done';
    for (const taken of this.#endTaken) this.#taken.push(taken);
    this.#endTaken = [];
    this.#host.endTaken();
  }
}
