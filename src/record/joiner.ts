import { concatAll } from '../bytes/bytes.ts';
import { ByteQueue } from '../bytes/queue.ts';
import { TlsError } from '../errors.ts';
import {
  HANDSHAKE_CERTIFICATE,
  HANDSHAKE_COMPRESSED_CERTIFICATE,
  HANDSHAKE_FINISHED,
  HANDSHAKE_KEY_UPDATE,
} from '../wire/ids.ts';

/** A handshake message. */
export interface Message {
  /** HandshakeType. */
  readonly type: number;
  readonly body: Uint8Array;
  /** With its header of four bytes. */
  readonly raw: Uint8Array;
}

/** Bytes that a message may have. The RFC allows 16 MB of anything; no message needs it, and memory is not endless. */
const MOST = 65_536;
export const DEFAULT_CHAIN_SIZE = 262_144;

const HEADER = 4;

/** Puts handshake messages together from the records they came in (RFC 9846 section 5.1). */
export class Joiner {
  readonly #queue: ByteQueue = new ByteQueue();
  readonly #maxOfChain: number;

  /** @param maxOfChain bytes that a Certificate may have. */
  constructor(maxOfChain: number = DEFAULT_CHAIN_SIZE) {
    this.#maxOfChain = maxOfChain;
  }

  push(content: Uint8Array): void {
    this.#queue.push(content);
  }

  /** Bytes behind the last whole message: none may be there when the keys change. */
  get leftover(): number {
    return this.#queue.length;
  }

  next(): Message | undefined {
    const queue = this.#queue;
    if (queue.length < HEADER) return undefined;
    const type = queue.at(0);
    const length = queue.at(1) * 65_536 + queue.at(2) * 256 + queue.at(3);
    const limit = this.#limitOf(type);
    if (length > limit)
      throw new TlsError('ERR_MESSAGE_TOO_LARGE', {
        detail: `${length} bytes of type ${type}, at most ${limit} are read`,
      });
    if (queue.length < HEADER + length) return undefined;
    const raw = queue.take(HEADER + length);
    return { type, raw, body: raw.subarray(HEADER) };
  }

  clear(): void {
    this.#queue.clear();
  }

  #limitOf(type: number): number {
    if (type === HANDSHAKE_CERTIFICATE || type === HANDSHAKE_COMPRESSED_CERTIFICATE) return this.#maxOfChain;
    if (type === HANDSHAKE_FINISHED || type === HANDSHAKE_KEY_UPDATE) return 1024;
    return MOST;
  }
}

/** Cuts what is to be sent into pieces of at most `limit` bytes. Nothing is cut into nothing. */
export function fragment(parts: readonly Uint8Array[], limit: number): Uint8Array[] {
  const whole = parts.length === 1 ? parts[0]! : concatAll(parts);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += limit) pieces.push(whole.subarray(at, at + limit));
  return pieces;
}
