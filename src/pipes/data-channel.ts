import type { OwnBytes } from '../bytes/bytes.ts';
import { hasMethod } from '../bytes/shape.ts';
import { TlsError } from '../errors.ts';
import { pipeOver, type StreamPair, type Wire, type WireEvents } from './messages.ts';
import { type PipeOptions, pipeOptions } from './options.ts';
import { room } from './room.ts';

/** What is needed of an `RTCDataChannel`, ordered and reliable. */
export interface DataChannelLike {
  binaryType: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  readonly ordered?: boolean;
  readonly maxRetransmits?: number | null;
  readonly maxPacketLifeTime?: number | null;
  send(data: OwnBytes): void;
  close(): void;
  addEventListener(type: string, listener: (event: DataChannelEvent) => void): void;
  removeEventListener(type: string, listener: (event: DataChannelEvent) => void): void;
}

/** What is needed of its events. */
export interface DataChannelEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly error?: unknown;
}

/** Bytes that may wait in a channel before no more is handed to it. */
const ENOUGH = 262_144;
/** What every implementation takes as one message. */
const LARGEST = 16_384;

/**
 * A data channel of WebRTC as a pipe of bytes. Make the pipe in the same turn as the channel, or in its 'datachannel' event.
 * @throws TypeError for what is no data channel, or one that may lose or reorder messages. TlsError ERR_OPTION for an option
 *   that cannot be.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu';
 * import { dataChannelPipe } from 'warifu/pipes';
 * async function overPeer(peer: RTCPeerConnection, anchors: string) {
 *   const channel = peer.createDataChannel('tls');
 *   return await connect(dataChannelPipe(channel), { serverName: 'server.example', anchors });
 * }
 * ```
 */
export function dataChannelPipe(channel: DataChannelLike, options: PipeOptions = {}): StreamPair {
  if (!hasMethod(channel, 'send') || !hasMethod(channel, 'addEventListener') || !hasMethod(channel, 'close'))
    throw new TypeError("dataChannelPipe: expected an RTCDataChannel; for example peer.createDataChannel('tls')");
  if (channel.ordered === false || isLimit(channel.maxRetransmits) || isLimit(channel.maxPacketLifeTime))
    throw new TypeError(
      'dataChannelPipe: the channel may lose or reorder messages; leave ordered, maxRetransmits and maxPacketLifeTime at their defaults',
    );
  const { maxUnread, maxMessage } = pipeOptions(options, LARGEST);
  return pipeOver(new DataChannelWire(channel, maxMessage), maxUnread);
}

function isLimit(value: number | null | undefined): boolean {
  return value !== null && value !== undefined;
}

class DataChannelWire implements Wire {
  readonly name = 'data channel';
  readonly largest: number;
  readonly #channel: DataChannelLike;
  #events!: WireEvents;
  #wasOpen = false;

  constructor(channel: DataChannelLike, largest: number) {
    this.#channel = channel;
    this.largest = largest;
  }

  listen(events: WireEvents): void {
    this.#events = events;
    const channel = this.#channel;
    channel.binaryType = 'arraybuffer';
    for (const type of ['open', 'message', 'error', 'close']) channel.addEventListener(type, this.#on);
    if (channel.readyState === 'open') this.#open();
    else if (channel.readyState === 'closed') this.#failed('it had been closed before');
  }

  send(bytes: OwnBytes): void {
    this.#channel.send(bytes);
  }

  room(): Promise<void> | undefined {
    return room(() => this.#channel.readyState === 'open' && this.#channel.bufferedAmount > ENOUGH);
  }

  taken(): void {}
  pause(): void {}
  resume(): void {}
  /** A channel has no end of one direction. TLS says the end itself. */
  end(): void {}

  destroy(): void {
    // Closing drops nothing that was handed over (RFC 8831 section 6.7).
    if (this.#channel.readyState !== 'closed') this.#channel.close();
  }

  readonly #on = (event: DataChannelEvent): void => {
    if (event.type === 'open') this.#open();
    else if (event.type === 'message') this.#events.received(event.data);
    else if (event.type === 'error') this.#failed('the channel failed', event.error);
    else {
      this.#detach();
      if (this.#wasOpen) this.#events.ended();
      else this.#failed('the channel was closed before it opened');
    }
  };

  #open(): void {
    this.#wasOpen = true;
    this.#events.opened();
  }

  #failed(detail: string, cause?: unknown): void {
    this.#detach();
    this.#events.failed(new TlsError('ERR_TRANSPORT', { detail, ...(cause !== undefined && { cause }) }));
  }

  #detach(): void {
    for (const type of ['open', 'message', 'error', 'close']) this.#channel.removeEventListener(type, this.#on);
  }
}
