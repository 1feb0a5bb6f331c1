import { bytesOf } from '../bytes/bytes.ts';
import { type Callback, checkFunction, checkObject, checkView, option, viewBytes } from './arguments.ts';

/** The option `onread`: data goes into a buffer of the program's, and a callback is told how much. */
export class OnRead {
  readonly #buffer: () => ArrayBufferView;
  readonly #callback: Callback;
  readonly #socket: { pause(): unknown; isPaused(): boolean };
  /** For the next piece: it is asked for in advance, as node:net does it. */
  #next: ArrayBufferView;
  #rest: Uint8Array = new Uint8Array(0);

  /** @throws TypeError for what is no such option. */
  constructor(given: unknown, socket: { pause(): unknown; isPaused(): boolean }) {
    checkObject(given, 'options.onread');
    const buffer = option(given, 'buffer');
    const callback = option(given, 'callback');
    checkFunction(callback, 'options.onread.callback');
    this.#callback = callback;
    this.#socket = socket;
    this.#buffer = () => {
      const view: unknown = typeof buffer === 'function' ? Reflect.apply(buffer, undefined, []) : buffer;
      checkView(view, 'options.onread.buffer');
      return view;
    };
    this.#next = this.#buffer();
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  /** Takes what came. False: it is no data, or nothing more is wanted for now. */
  push(chunk: unknown): boolean {
    const bytes = bytesOf(chunk);
    if (bytes === undefined) return false;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    return this.flush();
  }

  /** Hands out what is left. False: the program wants nothing more for now. */
  flush(): boolean {
    while (this.#rest.length > 0) {
      const buffer = this.#next;
      const part = this.#rest.subarray(0, buffer.byteLength);
      this.#rest = this.#rest.subarray(part.length);
      viewBytes(buffer).set(part);
      const goesOn = this.#callback(part.length, buffer) !== false;
      this.#next = this.#buffer();
      if (!goesOn) this.#socket.pause();
      if (this.#socket.isPaused()) return false;
    }
    return true;
  }
}
