import type { Transport } from './transport.ts';
import { after } from './turns.ts';

/** For how long a transport stays when the connection is over, in milliseconds: what was said has to get there. */
const GRACE = 1_000;

/** How a transport is let go of: what was handed over leaves first, but nothing is waited for any longer than that. */
export class Release {
  readonly #transport: Transport;
  #begun = false;
  #flushed = false;
  #lingers = false;
  #stopTimer: () => void = () => {};

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * @param lingers what the peer still sends is read, and dropped, until it ends: a transport that is closed with bytes
   *   unread is reset, and a reset can overtake what was said last.
   */
  begin(lingers: boolean): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#lingers = lingers;
    this.#stopTimer = after(GRACE, () => this.#transport.destroy());
    this.#transport.end(() => {
      this.#flushed = true;
      this.#check();
    });
    if (lingers) this.#transport.resume();
  }

  /** There is nothing to wait for. */
  now(): void {
    this.#begun = true;
    this.#stopTimer();
    this.#transport.destroy();
  }

  /** The peer has ended. */
  ended(): void {
    this.#lingers = false;
    this.#check();
  }

  #check(): void {
    if (this.#begun && this.#flushed && !this.#lingers) this.now();
  }
}
