import { causeText, isTlsError, TlsError } from '../errors.ts';
import type { Transport } from './transport.ts';

/** Bytes that are received ahead of what is read, before the transport is paused. */
const MAX_WAITING = 65_536;

/** What has been received and not been looked at, and how the transport ended. */
export class Inbox {
  readonly #transport: Transport;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #paused = false;
  #state: 'flows' | 'ended' | 'gone' = 'flows';
  /** Why the transport cannot be used any more. */
  cause: unknown;
  /** Something has come. */
  hasReceived = false;
  /** The end has been acted on. */
  isTold = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** May more come? */
  get flows(): boolean {
    return this.#state === 'flows';
  }

  /** Nothing comes or goes any more. */
  get isGone(): boolean {
    return this.#state === 'gone';
  }

  /** More has come than is being read: the transport keeps the rest. */
  get isPaused(): boolean {
    return this.#paused;
  }

  push(bytes: Uint8Array): void {
    this.hasReceived = true;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    this.#pace();
  }

  shift(): Uint8Array | undefined {
    const bytes = this.#chunks.shift();
    if (bytes === undefined) return undefined;
    this.#length -= bytes.length;
    this.#pace();
    return bytes;
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  end(how: 'ended' | 'gone', cause: unknown): void {
    this.cause ??= cause;
    if (this.#state === 'gone') return;
    this.#state = how;
    this.isTold = false;
  }

  /** What a connection fails with when its transport does. @param where how far a handshake had come. */
  error(where: string | undefined): TlsError {
    const { cause } = this;
    if (isTlsError(cause)) return cause;
    if (cause === undefined) return new TlsError('ERR_TRUNCATED', { detail: where ?? 'the last data may be missing' });
    const detail = [causeText(cause), where].filter((part) => part !== undefined).join(', ');
    return new TlsError('ERR_TRANSPORT', { cause, ...(detail !== '' && { detail }) });
  }

  /** Memory is bounded: what is not read stays where it is. */
  #pace(): void {
    const shouldPause = this.#length >= MAX_WAITING;
    if (shouldPause === this.#paused || !this.flows) return;
    this.#paused = shouldPause;
    if (shouldPause) this.#transport.pause();
    else this.#transport.resume();
  }
}
