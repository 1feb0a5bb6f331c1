import { Inbox } from './inbox.ts';
import type { Skin, Transport } from './transport.ts';

/** The way in: what has arrived, what of it the program has not asked for yet, and how the peer's direction came to its end. */
export class Reading {
  readonly inbox: Inbox;
  /** Data that the program has not asked for: nothing behind it is looked at. */
  #held: Uint8Array | undefined;
  #isWanted = false;
  #isDiscarding = false;
  #state: 'open' | 'ended' | 'cut' = 'open';

  constructor(transport: Transport) {
    this.inbox = new Inbox(transport);
  }

  /** Nothing comes any more: the peer has ended, or was cut off. */
  get isOver(): boolean {
    return this.#state !== 'open';
  }

  /** The peer has ended its direction. */
  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** The program can take data. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** What comes is dropped. */
  get isDiscarding(): boolean {
    return this.#isDiscarding;
  }

  /** There is data that the program has not asked for. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** False: it was wanted already. */
  want(): boolean {
    const isNew = !this.#isWanted;
    this.#isWanted = true;
    return isNew;
  }

  discard(): void {
    this.#isDiscarding = true;
  }

  hold(bytes: Uint8Array): void {
    this.#held = bytes;
  }

  /** Gives the program what is held. False: it has not asked for it. */
  deliver(skin: Skin): boolean {
    const bytes = this.#held!;
    if (!this.#isDiscarding && !this.#isWanted) return false;
    this.#held = undefined;
    if (!this.#isDiscarding) this.#isWanted = skin.data(bytes);
    return true;
  }

  end(how: 'ended' | 'cut'): void {
    this.#state = how;
    this.#held = undefined;
    if (how === 'cut') this.inbox.clear();
  }
}
