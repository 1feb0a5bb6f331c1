import { concat, concatAll } from '../bytes/bytes.ts';
import type { AeadJob, BulkAead } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Config } from '../handshake/config.ts';
import type { Epoch } from '../handshake/context.ts';
import { fragment } from '../record/joiner.ts';
import type { ApartSealing, RecordBatches, RecordProtector, SealJob } from '../keys/protection.ts';
import { CONTENT_ALERT, CONTENT_APPLICATION_DATA, CONTENT_CHANGE_CIPHER_SPEC, CONTENT_HANDSHAKE } from '../wire/ids.ts';

/** Most bytes that are sealed in one batch. */
const MAX_BATCH = 1_048_576;

/** Has a batch sealed; `done` is called with the results, in their order. */
export type AskSeal = (bulk: BulkAead, jobs: readonly AeadJob[], done: (sealed: readonly Uint8Array[]) => void) => void;

/** Batches that are being sealed at the same time. */
const MAX_BATCHES = 3;

interface Batch {
  readonly jobs: readonly SealJob[];
  readonly batches: RecordBatches;
  /** What has been answered; it waits for those before it. */
  sealed: readonly Uint8Array[] | undefined;
}

/** From how many bytes on it costs less to write several pieces than to join them. */
const APART = 8_192;

/** Change the keys while this many records are left: enough for a KeyUpdate and an alert under the old ones. */
const RESERVE = 64;

// RFC 5246 ¶6.2.1-2, ¶6.2.1-3
/** The way out: messages and data become records; what belongs together leaves as one piece. */
export class Outbound {
  readonly #config: Config;
  /** Records, ready to go. */
  #records: Uint8Array[] = [];
  /** Messages of one flight under one key, not in records yet: so they share them. */
  #messages: Uint8Array[] = [];
  #protector: RecordProtector | undefined;
  #epoch: Epoch = 'plaintext';
  /** The records may go. */
  #ready = false;
  /** Messages have been sent since the last flush: their records wait for the rest of the flight. */
  #unsent = false;
  /** Data that is being sealed elsewhere, in the order in which it leaves. */
  #batches: Batch[] = [];
  // RFC 9846 §5.1-14
  #first = true;
  /** Most bytes of content in a record. */
  #limit: number;

  constructor(config: Config) {
    this.#config = config;
    this.#limit = config.maxRecordSize;
  }

  /** What the peer allows; what we were told to keep to is never passed. */
  set limit(bytes: number) {
    this.#limit = Math.min(bytes, this.#config.maxRecordSize);
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  handshake(message: Uint8Array): void {
    this.#messages.push(message);
    this.#unsent = true;
  }

  /** Never a reason to send by itself: it goes with what comes next. */
  changeCipherSpec(): void {
    this.#close();
    this.#records.push(Uint8Array.of(CONTENT_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1));
  }

  protect(protector: RecordProtector, epoch: Epoch): void {
    this.#close();
    this.#protector?.dispose();
    this.#protector = protector;
    this.#epoch = epoch;
  }

  /** From here on in the clear again. */
  unprotect(): void {
    this.dispose();
    this.#epoch = 'plaintext';
  }

  /**
   * `updateKeys` is called when the keys have protected as much as they may (RFC 9846 section 5.5); `ask` with a batch that
   * is to be sealed later, where that is quicker.
   */
  data(plaintext: Uint8Array, updateKeys: () => void, ask?: AskSeal): void {
    // Behind messages, or too much that is being sealed, nothing is put off.
    if (this.#messages.length > 0 || this.isFull) this.#close();
    if (plaintext.length === 0) return;
    const isLater = ask !== undefined && this.#sealLater(plaintext, ask);
    if (!isLater) this.#settle();
    for (let at = 0; at < plaintext.length && !isLater; ) {
      if (!(this.#protector!.remaining > RESERVE)) {
        updateKeys();
        this.#close();
      }
      at = this.#sealData(plaintext, at);
    }
    this.#config.onTrace?.({ type: 'data', from: this.#config.role, length: plaintext.length });
    if (!isLater) this.#ready = true;
  }

  /** Batches that are being sealed. */
  get sealing(): number {
    return this.#batches.length;
  }

  /** So much is being sealed that what comes next should wait: it makes all of it be sealed at once. */
  get isFull(): boolean {
    return this.#batches.length >= MAX_BATCHES;
  }

  alert(level: number, description: number): void {
    this.#close();
    this.#config.onTrace?.({ type: 'alert', from: this.#config.role, level, description, epoch: this.#epoch });
    this.#seal(CONTENT_ALERT, Uint8Array.of(level, description));
    this.#ready = true;
  }

  /** What was sent until now may go. */
  flush(): void {
    this.#close();
    if (this.#unsent) this.#ready = true;
    this.#unsent = false;
  }

  /** Everything that may go, as one piece. */
  take(): Uint8Array | undefined {
    const pieces = this.takePieces();
    return pieces === undefined || pieces.length === 1 ? pieces?.[0] : concatAll(pieces);
  }

  /** Everything that may go, in the order in which it belongs. */
  takePieces(): readonly Uint8Array[] | undefined {
    if (!this.#ready || this.#records.length === 0) return undefined;
    const pieces = this.#records;
    this.#records = [];
    this.#ready = false;
    return pieces;
  }

  /** A flight that was not finished is not sent: the connection has failed. */
  dropUnsent(): void {
    this.#messages = [];
  }

  dispose(): void {
    try {
      this.#settle();
    } catch {
      // The connection is over: what could not be sealed is not sent.
      this.#batches = [];
    }
    this.#protector?.dispose();
    this.#protector = undefined;
  }

  /** As many records as these keys may still protect, in one array. Returns how far it came. */
  #sealData(plaintext: Uint8Array, from: number): number {
    const protector = this.#protector!;
    const { remaining } = protector;
    const most = remaining > RESERVE ? remaining - RESERVE : 1;
    const end = Math.min(plaintext.length, from + most * this.#limit);
    const pieces = this.#pieces(plaintext, from, end);
    const { apart } = protector;
    if (apart !== undefined && end - from >= APART) {
      this.#sealApart(apart, pieces);
      return end;
    }
    if (pieces.length === 1) {
      this.#seal(CONTENT_APPLICATION_DATA, pieces[0]!);
      return end;
    }
    let size = 0;
    for (const { length } of pieces) size += protector.sealedSize(length, this.#padding(length));
    const out = new Uint8Array(size);
    let at = 0;
    try {
      for (const piece of pieces) {
        const padding = this.#padding(piece.length);
        protector.sealInto(CONTENT_APPLICATION_DATA, piece, padding, out, at);
        at += protector.sealedSize(piece.length, padding);
      }
    } finally {
      // What has been counted goes, even if an alert follows it.
      if (at > 0) this.#records.push(at === size ? out : out.subarray(0, at));
    }
    return end;
  }

  /** What stands between two ciphertexts, the tag of one and the head of the next, is one piece. */
  #sealApart({ head, tag, seal }: ApartSealing, pieces: readonly Uint8Array[]): void {
    const edges = new Uint8Array(pieces.length * (head + tag));
    let sent = 0;
    let at = 0;
    try {
      for (const piece of pieces) {
        const sealed = seal(CONTENT_APPLICATION_DATA, piece, this.#padding(piece.length), edges, at);
        this.#records.push(edges.subarray(sent, at + head), sealed);
        sent = at + head;
        at += head + tag;
      }
    } finally {
      // What has been counted goes, even if an alert follows it.
      if (sent < at) this.#records.push(edges.subarray(sent, at));
    }
  }

  /** Hands data to the lane of many at once; false where that is not worth while, or not possible. */
  #sealLater(plaintext: Uint8Array, ask: AskSeal): boolean {
    const { batches, remaining } = this.#protector!;
    if (batches === undefined || plaintext.length > MAX_BATCH) return false;
    // A flight that is not finished goes first.
    if (this.#records.length > 0 && !this.#ready) return false;
    // Behind a batch everything waits anyway.
    if (this.#batches.length === 0 && !(plaintext.length >= batches.bulk.worthwhile)) return false;
    const pieces = this.#pieces(plaintext, 0, plaintext.length);
    if (!(remaining > RESERVE + pieces.length)) return false;
    const jobs = pieces.map((piece) => batches.sealJob(CONTENT_APPLICATION_DATA, piece, this.#padding(piece.length)));
    const batch: Batch = { jobs, batches, sealed: undefined };
    this.#batches.push(batch);
    ask(batches.bulk, jobs, (sealed) => {
      if (this.#batches.includes(batch)) this.#sealed(batch, sealed);
    });
    return true;
  }

  #sealed(batch: Batch, sealed: readonly Uint8Array[]): void {
    const { jobs } = batch;
    for (const [index, { data, tail }] of jobs.entries()) {
      const { length } = sealed[index] ?? data;
      if (length > data.length + (tail?.length ?? 0) && sealed.length === jobs.length) continue;
      // The header has said already how long it is going to be, and nothing can be sent in its place.
      this.#batches = [];
      throw new TlsError('ERR_INTERNAL', { detail: 'a batch was not sealed as it was asked for' });
    }
    batch.sealed = sealed;
    for (let first = this.#batches[0]; first?.sealed !== undefined; first = this.#batches[0]) {
      this.#batches.shift();
      for (const [index, { prefix }] of first.jobs.entries()) this.#records.push(prefix, first.sealed[index]!);
      this.#ready = true;
    }
  }

  /** What is being sealed is sealed now, in the other lane: something has to go behind it. */
  #settle(): void {
    for (const batch of [...this.#batches]) {
      const { jobs, batches } = batch;
      this.#sealed(batch, batch.sealed ?? jobs.map((job) => batches.sealNow(job)));
    }
  }

  #pieces(plaintext: Uint8Array, from: number, end: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = from; at < end; at += this.#limit)
      pieces.push(plaintext.subarray(at, Math.min(end, at + this.#limit)));
    return pieces;
  }

  /** Puts the waiting messages into records under the keys of this moment. */
  #close(): void {
    this.#settle();
    if (this.#messages.length === 0) return;
    for (const piece of fragment(this.#messages, this.#limit)) this.#seal(CONTENT_HANDSHAKE, piece);
    this.#messages = [];
  }

  #seal(type: number, content: Uint8Array): void {
    if (this.#protector !== undefined) {
      this.#records.push(this.#protector.seal(type, content, this.#padding(content.length)));
      return;
    }
    // RFC 9846 section 5.1: 0x0301 in the first record calms old servers.
    const minor = this.#first && this.#config.role === 'client' ? 1 : 3;
    this.#first = false;
    this.#records.push(concat(Uint8Array.of(type, 3, minor, content.length >> 8, content.length & 255), content));
  }

  #padding(length: number): number {
    const multiple = this.#config.padRecordsTo;
    if (multiple === 0) return 0;
    const padded = Math.ceil((length + 1) / multiple) * multiple;
    return Math.min(padded, this.#limit + 1) - length - 1;
  }
}
