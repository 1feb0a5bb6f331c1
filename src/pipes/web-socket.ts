import type { OwnBytes } from '../bytes/bytes.ts';
import { hasMethod } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import { pipeOver, type StreamPair, type Wire, type WireEvents } from './messages.ts';
import { type PipeOptions, pipeOptions } from './options.ts';
import { room } from './room.ts';

/** What is needed of a WebSocket: that of a page, of a worker, of Deno, of Bun, of Node, of the package `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: OwnBytes): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
  removeEventListener(type: string, listener: (event: WebSocketEvent) => void): void;
}

/** What is needed of its events. */
export interface WebSocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** Bytes that may wait in a socket before no more is handed to it. */
const ENOUGH = 262_144;
const OPEN = 1;
const CLOSED = 3;

/**
 * A WebSocket as a pipe of bytes: each message is a piece of the stream, whatever its length. Make the pipe in the same turn
 * as the socket, before it opens or right behind: what comes while nothing listens is lost. It sets `binaryType`, waits for
 * the socket to open, keeps to its backpressure, and closes it when both directions have ended.
 *
 * A WebSocket of a page cannot be paused: `maxUnread` bounds what waits to be read. Those of the package `ws` can, and are.
 * @throws TypeError for what is no WebSocket. TlsError ERR_OPTION for an option that cannot be. What happens to the socket
 *   later is an error of the streams: ERR_TRANSPORT, with the code of the close event.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu';
 * import { webSocketPipe } from 'warifu/pipes';
 * async function overRelay(relay: string, anchors: string) {
 *   const socket = new WebSocket(relay); // it passes bytes on to server.example:443
 *   return await connect(webSocketPipe(socket), { serverName: 'server.example', anchors });
 * }
 * ```
 */
export function webSocketPipe(socket: WebSocketLike, options: PipeOptions = {}): StreamPair {
  if (!hasMethod(socket, 'send') || !hasMethod(socket, 'addEventListener') || !hasMethod(socket, 'close'))
    throw new TypeError("webSocketPipe: expected a WebSocket; for example new WebSocket('wss://relay.example')");
  const { maxUnread, maxMessage } = pipeOptions(options, 65_536);
  return pipeOver(new WebSocketWire(socket, maxMessage), maxUnread);
}

class WebSocketWire implements Wire {
  readonly name = 'WebSocket';
  readonly largest: number;
  readonly #socket: WebSocketLike;
  #events!: WireEvents;
  #wasOpen = false;
  #why = '';

  constructor(socket: WebSocketLike, largest: number) {
    this.#socket = socket;
    this.largest = largest;
  }

  listen(events: WireEvents): void {
    this.#events = events;
    const socket = this.#socket;
    socket.binaryType = 'arraybuffer';
    for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, this.#on);
    if (socket.readyState === OPEN) this.#open();
    // Its event was told before we listened.
    else if (socket.readyState >= CLOSED) this.#closed('it had been closed before');
  }

  send(bytes: OwnBytes): void {
    this.#socket.send(bytes);
  }

  room(): Promise<void> | undefined {
    return room(() => this.#socket.readyState === OPEN && this.#socket.bufferedAmount > ENOUGH);
  }

  taken(): void {}

  pause(): void {
    call(this.#socket, 'pause');
  }

  resume(): void {
    call(this.#socket, 'resume');
  }

  /** A WebSocket has no end of one direction: the peer would lose what it still sends. TLS says the end itself. */
  end(): void {}

  destroy(): void {
    if (this.#socket.readyState < CLOSED) this.#socket.close();
  }

  readonly #on = (event: WebSocketEvent): void => {
    if (event.type === 'open') this.#open();
    else if (event.type === 'message') this.#events.received(event.data);
    // The reason, where a runtime says it: pages are told nothing.
    else if (event.type === 'error') this.#why = event.message ?? '';
    else this.#closed(closeText(event), event.code);
  };

  #open(): void {
    this.#wasOpen = true;
    this.#events.opened();
  }

  #closed(how: string, code?: number): void {
    for (const type of ['open', 'message', 'error', 'close']) this.#socket.removeEventListener(type, this.#on);
    if (this.#wasOpen && (code === 1000 || code === 1001 || code === 1005)) {
      this.#events.ended();
      return;
    }
    const what = this.#wasOpen ? 'the WebSocket failed' : 'the WebSocket did not open';
    // A page is told no more than the code (WHATWG WebSockets): what a server refuses is in its log alone.
    const unsaid = this.#wasOpen ? '' : ': nothing answered, or the server refused it and its log says why';
    const why = this.#why === '' ? unsaid : `: ${this.#why}`;
    this.#events.failed(new TlsError('ERR_TRANSPORT', { detail: `${what}: ${how}${why}` }));
  }
}

function closeText({ code, reason }: WebSocketEvent): string {
  const said = reason === undefined || reason === '' ? '' : `, "${reason.slice(0, 123)}"`;
  return `close code ${code ?? 'unknown'}${said}`;
}

/** Calls what only some WebSockets have. */
function call(socket: WebSocketLike, name: 'pause' | 'resume'): void {
  if (hasMethod(socket, name) && socket.readyState === OPEN) (Reflect.get(socket, name) as () => void).call(socket);
}
