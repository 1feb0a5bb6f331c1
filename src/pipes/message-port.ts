import type { OwnBytes } from '../bytes/bytes.ts';
import { hasMethod } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import { pipeOver, type StreamPair, type Wire, type WireEvents } from './messages.ts';
import { type PipeOptions, pipeOptions } from './options.ts';

/** What is needed of a `MessagePort`; a `Worker`, and the scope inside of one, have it too. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: MessagePortEvent) => void): void;
  removeEventListener(type: string, listener: (event: MessagePortEvent) => void): void;
  start?(): void;
  close?(): void;
}

/** What is needed of its events. */
export interface MessagePortEvent {
  readonly type: string;
  readonly data?: unknown;
}

/** Bytes that may be on their way before the other end has read them. */
const WINDOW = 262_144;

/**
 * A message port as a pipe of bytes; both ends are made with this function. A port has no backpressure of its own, so that
 * the two ends tell each other what has been read. What is posted: an `ArrayBuffer` is bytes, a number says how many bytes
 * have been read, `null` is the end of the data.
 * @throws TypeError for what is no port. TlsError ERR_OPTION for an option that cannot be.
 *
 * @example
 * ```ts
 * import { messagePortPipe } from 'warifu/pipes';
 * const { port1, port2 } = new MessageChannel();
 * const [here, there] = [messagePortPipe(port1), messagePortPipe(port2)];
 * const writer = here.writable.getWriter();
 * void writer.write(Uint8Array.of(1, 2, 3)).then(() => writer.close());
 * const received: number[] = [];
 * for await (const bytes of there.readable) received.push(...bytes);
 * received; // [1, 2, 3]
 * await there.writable.close();
 * ```
 */
export function messagePortPipe(port: MessagePortLike, options: PipeOptions = {}): StreamPair {
  if (!hasMethod(port, 'postMessage') || !hasMethod(port, 'addEventListener'))
    throw new TypeError('messagePortPipe: expected a MessagePort; for example new MessageChannel().port1');
  const { maxUnread, maxMessage } = pipeOptions(options, 65_536);
  return pipeOver(new MessagePortWire(port, maxMessage), Math.max(maxUnread, WINDOW));
}

class MessagePortWire implements Wire {
  readonly name = 'message port';
  readonly largest: number;
  readonly #port: MessagePortLike;
  #events!: WireEvents;
  #onItsWay = 0;
  #waiting: (() => void) | undefined;
  #ended = false;
  #transfers = true;

  constructor(port: MessagePortLike, largest: number) {
    this.#port = port;
    this.largest = largest;
  }

  listen(events: WireEvents): void {
    this.#events = events;
    for (const type of ['message', 'messageerror', 'close']) this.#port.addEventListener(type, this.#on);
    this.#port.start?.();
    events.opened();
  }

  send(bytes: OwnBytes): void {
    this.#onItsWay += bytes.length;
    // A copy of our own, which the port may take away.
    const { buffer } = bytes.slice();
    if (this.#transfers) {
      try {
        this.#port.postMessage(buffer, [buffer]);
        return;
      } catch {
        // Not every runtime hands memory over.
        this.#transfers = false;
      }
    }
    this.#port.postMessage(buffer, []);
  }

  room(): Promise<void> | undefined {
    if (this.#onItsWay < WINDOW || this.#ended) return undefined;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  taken(length: number): void {
    if (length > 0 && !this.#ended) this.#port.postMessage(length, []);
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.#port.postMessage(null, []);
  }

  destroy(): void {
    if (this.#ended) return;
    this.#port.postMessage(null, []);
    this.#over();
    this.#port.close?.();
  }

  readonly #on = ({ type, data }: MessagePortEvent): void => {
    if (type === 'message') this.#message(data);
    else if (type === 'messageerror') this.#failed('a message could not be read');
    else this.#failed('the port was closed without an end of the data');
  };

  #message(data: unknown): void {
    if (data === null) this.#events.ended();
    else if (typeof data !== 'number') this.#events.received(data);
    else if (data > 0 && data <= this.#onItsWay) {
      this.#onItsWay -= data;
      this.#wake();
    } else this.#failed(`the other end says that it has read ${data} bytes, of ${this.#onItsWay} that it has not`);
  }

  #failed(detail: string): void {
    this.#over();
    this.#events.failed(new TlsError('ERR_TRANSPORT', { detail }));
  }

  #over(): void {
    this.#ended = true;
    for (const type of ['message', 'messageerror', 'close']) this.#port.removeEventListener(type, this.#on);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}
