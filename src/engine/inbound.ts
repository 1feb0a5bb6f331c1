import { concatAll } from '../bytes/bytes.ts';
import type { AeadJob, BulkAead } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Epoch } from '../handshake/context.ts';
import type { Arrival, FirstHello, Row } from '../handshake/machine.ts';
import { Budgets } from '../record/budgets.ts';
import { Deframer, MAX_PLAINTEXT, type RawRecord } from '../record/deframer.ts';
import { Joiner } from '../record/joiner.ts';
import type { Opened, RecordProtector } from '../keys/protection.ts';
import {
  CONTENT_ALERT,
  CONTENT_APPLICATION_DATA,
  CONTENT_CHANGE_CIPHER_SPEC,
  CONTENT_HANDSHAKE,
  HANDSHAKE_CERTIFICATE_REQUEST,
  HANDSHAKE_HELLO_REQUEST,
  HANDSHAKE_KEY_UPDATE,
  HANDSHAKE_NEW_SESSION_TICKET,
} from '../wire/ids.ts';

/** Where what has been read goes. */
export interface Handler {
  message(message: Arrival): void;
  /** A ChangeCipherSpec that the table has a cell for (TLS 1.2). */
  changeCipherSpec(): void;
  /** One that it has no cell for: may it be ignored? */
  ignoresChangeCipherSpec(): boolean;
  data(content: Uint8Array): void;
  alert(level: number, description: number): void;
  /** Has a batch of records opened; `done` is called with the results, in their order. */
  open(bulk: BulkAead, jobs: readonly AeadJob[], done: (opened: readonly (Uint8Array | undefined)[]) => void): void;
}

/** Bytes of records that are opened in one batch, but for the last record of it. */
const MAX_BATCH = 1_048_576;

/** Batches that are being opened at the same time. */
const MAX_BATCHES = 3;
/** Bytes that wait behind batches which are being opened. */
const MAX_BEHIND = 65_536;

/** Bytes of data that are a piece by themselves: less is joined, for more the copy costs more than another piece. */
const PIECE = 8_192;

interface Batch {
  readonly protector: RecordProtector;
  readonly records: readonly RawRecord[];
  /** How many results have been taken. */
  taken: number;
  opened: readonly (Uint8Array | undefined)[] | undefined;
}

/** What a TLS 1.3 record may have beyond its content (RFC 9846 section 5.2). */
const SEALED_OVERHEAD = 256;

/** The way in: bytes, records, messages. Every rule about records that does not depend on the handshake is here. */
export class Inbound {
  readonly #deframer: Deframer = new Deframer();
  readonly #joiner: Joiner;
  readonly #budgets: Budgets = new Budgets();
  #protector: RecordProtector | undefined;
  #epoch: Epoch = 'plaintext';
  /** Records opened under the current keys. */
  #opened = 0;
  /** Most bytes of content in a record. */
  limit: number = MAX_PLAINTEXT;
  /** The transport has ended: what is here is all that comes. */
  ended = false;
  /** Bytes of early data that may still come. */
  #earlyLeft = 0;
  /** Records that are being opened, or have been and are not taken yet, in their order. */
  #batches: Batch[] = [];
  /** Records that were taken from the queue for a batch, and are to be opened one by one. */
  #aside: RawRecord[] = [];
  #skip: { readonly how: 'sealed' | 'retry'; left: number } | undefined;

  /** What may come before the first record. */
  #firstHello: FirstHello | undefined;

  /** @param maxOfChain bytes that a Certificate may have. */
  constructor(maxOfChain: number, firstHello: FirstHello | undefined) {
    this.#joiner = new Joiner(maxOfChain);
    this.#firstHello = firstHello;
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  /** Handshake bytes behind the last message. */
  get leftover(): number {
    return this.#joiner.leftover;
  }

  push(bytes: Uint8Array): void {
    this.#deframer.push(bytes);
  }

  protect(protector: RecordProtector, epoch: Epoch): void {
    this.#protector?.dispose();
    this.#protector = protector;
    this.#epoch = epoch;
    this.#opened = 0;
    this.#aside = [...this.#batches.flatMap(({ records, taken }) => records.slice(taken)), ...this.#aside];
    this.#batches = [];
  }

  takeEarlyData(bytes: number): void {
    this.#earlyLeft = bytes;
  }

  skipEarlyData(how: 'sealed' | 'retry', bytes: number): void {
    this.#skip = { how, left: bytes };
  }

  /** One message, or one record. False: there is neither. */
  step(state: string, row: Row, handler: Handler): boolean {
    if (this.#firstHello !== undefined) {
      const hello = this.#takeFirstHello(this.#firstHello);
      if (hello !== undefined) handler.message(hello);
      if (hello !== undefined || this.#firstHello !== undefined) return hello !== undefined;
    }
    const message = this.#joiner.next();
    if (message !== undefined) {
      if (message.type === HANDSHAKE_KEY_UPDATE) this.#budgets.spend('keyUpdates');
      if (message.type === HANDSHAKE_NEW_SESSION_TICKET) this.#budgets.spend('tickets');
      if (message.type === HANDSHAKE_HELLO_REQUEST) this.#budgets.spend('helloRequests');
      const late = message.type === HANDSHAKE_CERTIFICATE_REQUEST && this.#epoch === 'application';
      if (late) this.#budgets.spend('certificateRequests');
      handler.message(message);
      return true;
    }
    const [first] = this.#batches;
    if (first?.opened !== undefined) return this.#takeOpened(first, first.opened, handler);
    if (this.#aside.length === 0 && this.#openLater(handler)) return true;
    if (first !== undefined) return false;
    const overhead = this.#protector?.overhead ?? (this.#skip === undefined ? 0 : SEALED_OVERHEAD);
    // What is opened is a copy: the record is not looked at again.
    const record = this.#aside.shift() ?? this.#deframer.next(overhead, this.#protector !== undefined);
    if (record === undefined) return false;
    this.#record(record, state, row, handler);
    return true;
  }

  /** Batches are being opened: what is here is not all that comes. */
  get isOpening(): boolean {
    const [first] = this.#batches;
    return first !== undefined && first.opened === undefined;
  }

  /** No more batches are begun for now. */
  get isFull(): boolean {
    return this.isOpening && (this.#batches.length >= MAX_BATCHES || this.#deframer.buffered >= MAX_BEHIND);
  }

  /** Hands whole records of application data to the lane of many at once, where that is worth while. */
  #openLater(handler: Handler): boolean {
    const protector = this.#protector;
    const batches = protector?.batches;
    if (protector === undefined || batches === undefined || this.#batches.length >= MAX_BATCHES) return false;
    if (this.#epoch !== 'application' || this.#skip !== undefined || !this.#deframer.hasData(protector.overhead))
      return false;
    const { worthwhile } = batches.bulk;
    if (!(this.#deframer.buffered >= worthwhile)) return false;
    const records: RawRecord[] = [];
    let bytes = 0;
    while (bytes < MAX_BATCH && this.#deframer.hasData(protector.overhead)) {
      const record = this.#deframer.next(protector.overhead)!;
      records.push(record);
      bytes += record.payload.length;
    }
    if (!(bytes >= worthwhile)) {
      this.#aside = records;
      return false;
    }
    let ahead = 0;
    for (const before of this.#batches) ahead += before.records.length - before.taken;
    const batch: Batch = { protector, records, taken: 0, opened: undefined };
    this.#batches.push(batch);
    const jobs = records.map(({ header, payload }, index) => batches.openJob(header, payload, ahead + index));
    handler.open(batches.bulk, jobs, (opened) => {
      if (opened.length !== records.length)
        throw new TlsError('ERR_INTERNAL', { detail: 'a batch was not opened as it was asked for' });
      batch.opened = opened;
    });
    return true;
  }

  /**
   * Takes results of a batch: data that lies together as one piece, or one record of anything else. What lies behind a change
   * of keys was opened under the old ones: it is opened again.
   */
  #takeOpened(batch: Batch, opened: readonly (Uint8Array | undefined)[], handler: Handler): boolean {
    const parts: Uint8Array[] = [];
    let size = 0;
    let last: Opened | undefined;
    try {
      do {
        last = this.#nextOpened(batch, opened);
        if (!isData(last)) break;
        parts.push(last.content);
        size += last.content.length;
      } while (size < PIECE && this.#batches[0] === batch);
    } finally {
      // What came before a record that is wrong is not lost.
      if (size > 0) this.#content(CONTENT_APPLICATION_DATA, parts.length === 1 ? parts[0]! : concatAll(parts), handler);
    }
    if (!isData(last)) this.#content(last.type, last.content, handler);
    return true;
  }

  #nextOpened(batch: Batch, opened: readonly (Uint8Array | undefined)[]): Opened {
    const record = batch.records[batch.taken]!;
    const inner = opened[batch.taken]!;
    if (++batch.taken === batch.records.length) this.#batches.shift();
    const result = batch.protector.batches!.opened(record.header, inner, this.limit);
    this.#opened++;
    return result;
  }

  /** A warning that means nothing by itself: there may be a few (RFC 9846 section 6.1). */
  warned(): void {
    this.#budgets.spend('warnings');
  }

  dispose(): void {
    this.#protector?.dispose();
    this.#protector = undefined;
    this.#batches = [];
    this.#aside = [];
    this.#joiner.clear();
    this.#deframer.clear();
  }

  /** Once it is clear what the connection begins with, it is not asked again. */
  #takeFirstHello(first: FirstHello): Arrival | undefined {
    const deframer = this.#deframer;
    const size = first.size(deframer.buffered, (index) => deframer.at(index));
    if (size === undefined || size > deframer.buffered) return undefined;
    this.#firstHello = undefined;
    return size === 0 ? undefined : first.read(deframer.take(size));
  }

  #record(record: RawRecord, state: string, row: Row, handler: Handler): void {
    if (record.type === CONTENT_CHANGE_CIPHER_SPEC) {
      this.#changeCipherSpec(record, state, row, handler);
      return;
    }
    if (this.#protector === undefined) {
      if (this.#skipped(record, 'retry')) {
        if (this.#joiner.leftover > 0) throw new TlsError('ERR_INTERLEAVED', { detail: 'early data' });
        return;
      }
      if (record.payload.length > MAX_PLAINTEXT)
        throw new TlsError('ERR_RECORD_OVERFLOW', { detail: `${record.payload.length} bytes in the clear` });
      this.#content(record.type, record.payload, handler);
      return;
    }
    if (record.type !== CONTENT_APPLICATION_DATA && this.#protector.sealsType) {
      // The peer may fail before it has keys, and can only say so in the clear. It is believed as little as a closed socket.
      if (record.type === CONTENT_ALERT && this.#epoch === 'handshake' && this.#opened === 0) {
        this.#content(record.type, record.payload, handler);
        return;
      }
      throw new TlsError('ERR_UNEXPECTED_RECORD', { detail: `content type ${record.type} in the clear` });
    }
    const protector = this.#protector;
    let opened: ReturnType<RecordProtector['open']>;
    try {
      opened = protector.open(record.header, record.payload, this.limit);
    } catch (fault) {
      const forged = fault instanceof TlsError && fault.code === 'ERR_BAD_RECORD_MAC';
      if (forged && this.#skipped(record, 'sealed')) return;
      throw fault;
    }
    this.#skip = undefined;
    this.#opened++;
    this.#content(opened.type, opened.content, handler);
  }

  #content(type: number, content: Uint8Array, handler: Handler): void {
    if (type !== CONTENT_HANDSHAKE && this.#joiner.leftover > 0) {
      throw new TlsError('ERR_INTERLEAVED', { detail: `content type ${type}` });
    }
    switch (type) {
      case CONTENT_HANDSHAKE:
        if (content.length === 0) throw new TlsError('ERR_EMPTY_RECORD', { detail: 'handshake' });
        this.#joiner.push(content);
        return;
      case CONTENT_ALERT:
        // RFC 9846 section 5.4.
        if (content.length === 0) throw new TlsError('ERR_EMPTY_RECORD', { detail: 'alert' });
        if (content.length !== 2) throw new TlsError('ERR_BAD_ALERT', { detail: `${content.length} bytes` });
        if (content[0] !== 1 && content[0] !== 2)
          throw new TlsError('ERR_ALERT_LEVEL', { detail: `level ${content[0]}` });
        handler.alert(content[0], content[1]!);
        return;
      case CONTENT_APPLICATION_DATA:
        if (this.#epoch === 'early') this.#spendEarly(content.length);
        else if (this.#epoch !== 'application')
          throw new TlsError('ERR_UNEXPECTED_RECORD', { detail: 'application data during the handshake' });
        if (content.length === 0) this.#budgets.spend('emptyRecords');
        else this.#budgets.progress();
        handler.data(content);
        return;
      default:
        throw new TlsError('ERR_UNEXPECTED_RECORD', { detail: `content type ${type}` });
    }
  }

  /** RFC 9846 section 4.7.1: content counts, padding does not. */
  #spendEarly(bytes: number): void {
    this.#earlyLeft -= bytes;
    if (this.#earlyLeft < 0) throw new TlsError('ERR_TOO_MUCH_EARLY_DATA');
  }

  /**
   * TLS 1.2 has it in its table. TLS 1.3 ignores it between the first ClientHello and the peer's Finished, when it is the
   * single byte 1 in the clear (RFC 9846 section 5).
   */
  #changeCipherSpec(record: RawRecord, state: string, row: Row, handler: Handler): void {
    if (record.payload.length !== 1 || record.payload[0] !== 1)
      throw new TlsError('ERR_BAD_CCS', { detail: 'it is not the single byte 1' });
    if (this.#joiner.leftover > 0) throw new TlsError('ERR_INTERLEAVED', { detail: 'ChangeCipherSpec' });
    if (row.ChangeCipherSpec !== undefined) {
      handler.changeCipherSpec();
      return;
    }
    if (this.#epoch === 'application' || !handler.ignoresChangeCipherSpec())
      throw new TlsError('ERR_BAD_CCS', { detail: `in state ${state}` });
    this.#budgets.spend('changeCipherSpecs');
  }

  /** Early data that we do not take (RFC 9846 section 4.3.10). */
  #skipped(record: RawRecord, how: 'sealed' | 'retry'): boolean {
    const skip = this.#skip;
    if (skip === undefined || skip.how !== how || record.type !== CONTENT_APPLICATION_DATA) return false;
    skip.left -= record.payload.length;
    if (skip.left < 0) throw new TlsError('ERR_TOO_MUCH_EARLY_DATA');
    return true;
  }
}

/** Data that something is in: records without content are counted one by one. */
function isData({ type, content }: Opened): boolean {
  return type === CONTENT_APPLICATION_DATA && content.length > 0;
}
