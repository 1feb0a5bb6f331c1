import { type AddressInfo, Socket } from 'node:net';
import { Duplex, type DuplexOptions } from 'node:stream';
import { describe } from '../engine/config/rules.ts';

/** What a stream may have that is a socket, or stands on one. */
interface SocketLike {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly remoteFamily?: string;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly localFamily?: string;
  readonly connecting?: boolean;
  address?(): AddressInfo | object;
  setNoDelay?(noDelay?: boolean): unknown;
  setKeepAlive?(enable?: boolean, initialDelay?: number): unknown;
  ref?(): unknown;
  unref?(): unknown;
  resetAndDestroy?(): unknown;
}

/** What programs expect of a `net.Socket`, for a stream that stands on one: on any other, what it does not have is undefined. */
export abstract class NetSocket extends Duplex {
  /** Milliseconds without traffic after which 'timeout' is emitted; undefined until `setTimeout` is called. */
  timeout: number | undefined;
  /** Bytes of plaintext received. */
  bytesRead = 0;
  /** Bytes of plaintext written, those that have not been sent yet included. */
  bytesWritten = 0;
  readonly #below: Duplex & SocketLike;
  #timer: NodeJS.Timeout | undefined;

  constructor(below: Duplex, options: DuplexOptions) {
    super(options);
    this.#below = below;
    if (!this.connecting) return;
    const onConnect = (): void => {
      this.emit('connect');
      this.emit('ready');
    };
    below.once('connect', onConnect).once('close', () => below.off('connect', onConnect));
  }

  get remoteAddress(): string | undefined {
    return this.#below.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#below.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#below.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#below.localAddress;
  }

  get localPort(): number | undefined {
    return this.#below.localPort;
  }

  get localFamily(): string | undefined {
    return this.#below.localFamily;
  }

  address(): AddressInfo | object {
    return this.#below.address?.() ?? {};
  }

  /** Is the transport being dialled? The handshake comes after that. */
  get connecting(): boolean {
    return this.#below.connecting === true;
  }

  get pending(): boolean {
    return this.connecting || this.destroyed;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /**
   * For programs that dial what they are given: here the transport was chosen when the socket was made, so what they say of
   * host and port is not looked at. `callback`, and 'connect', come when the transport is there.
   */
  connect(...given: readonly unknown[]): this {
    const callback = given.at(-1);
    if (typeof callback === 'function') this.once('connect', () => void Reflect.apply(callback, this, []));
    if (!this.connecting) {
      process.nextTick(() => {
        this.emit('connect');
        this.emit('ready');
      });
    }
    return this;
  }

  setNoDelay(noDelay?: boolean): this {
    this.#below.setNoDelay?.(noDelay);
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#below.setKeepAlive?.(enable, initialDelay);
    return this;
  }

  ref(): this {
    this.#below.ref?.();
    return this;
  }

  unref(): this {
    this.#below.unref?.();
    return this;
  }

  /**
   * Emits 'timeout' after this many milliseconds without traffic; 0: never. Nothing else happens then: the program decides.
   * @throws TypeError when `milliseconds` is no number from 0 to 2,147,483,647.
   */
  setTimeout(milliseconds: number, callback?: () => void): this {
    if (typeof milliseconds !== 'number' || !(milliseconds >= 0 && milliseconds <= 2 ** 31 - 1))
      throw new TypeError(`setTimeout: expected milliseconds, 0 to 2,147,483,647, found ${describe(milliseconds)}`);
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (milliseconds === 0) {
      if (callback !== undefined) this.off('timeout', callback);
      return this;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.emit('timeout');
    }, milliseconds).unref();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  /** Ends our direction, and destroys the socket when everything has been sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Resets the connection, where the transport can. */
  resetAndDestroy(): this {
    if (!this.connecting) this.#below.resetAndDestroy?.();
    return this.destroy();
  }

  /** There was traffic. */
  protected active(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    else if (this.timeout !== undefined && this.timeout > 0 && !this.destroyed) this.setTimeout(this.timeout);
  }

  protected stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

// Programs ask `instanceof net.Socket` before they treat a stream as a connection. Nothing of it is used: all that a socket
// has is above, and its constructor, which would make a handle, is not called.
Object.setPrototypeOf(NetSocket.prototype, Socket.prototype);
