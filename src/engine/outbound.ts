import { concat, concatAll } from '../bytes/bytes.ts';
import type { Config } from '../handshake/config.ts';
import type { Epoch } from '../handshake/context.ts';
import { fragment } from '../record/joiner.ts';
import type { RecordProtector } from '../keys/protection.ts';
import { CONTENT_ALERT, CONTENT_APPLICATION_DATA, CONTENT_CHANGE_CIPHER_SPEC, CONTENT_HANDSHAKE } from '../wire/ids.ts';

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

  /** `updateKeys` is called when the keys have protected as much as they may (RFC 9846 section 5.5). */
  data(plaintext: Uint8Array, updateKeys: () => void): void {
    this.#close();
    for (const piece of fragment([plaintext], this.#limit)) {
      if (!(this.#protector!.remaining > RESERVE)) {
        updateKeys();
        this.#close();
      }
      this.#seal(CONTENT_APPLICATION_DATA, piece);
    }
    if (plaintext.length > 0) {
      this.#config.onTrace?.({ type: 'data', from: this.#config.role, length: plaintext.length });
      this.#ready = true;
    }
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
    if (!this.#ready || this.#records.length === 0) return undefined;
    const bytes = this.#records.length === 1 ? this.#records[0]! : concatAll(this.#records);
    this.#records = [];
    this.#ready = false;
    return bytes;
  }

  /** A flight that was not finished is not sent: the connection has failed. */
  dropUnsent(): void {
    this.#messages = [];
  }

  dispose(): void {
    this.#protector?.dispose();
    this.#protector = undefined;
  }

  /** Puts the waiting messages into records under the keys of this moment. */
  #close(): void {
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
