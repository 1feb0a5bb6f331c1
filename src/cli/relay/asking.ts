import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { plainAddress } from '../listen/places.ts';

/** Clients that have not asked for anything yet: the oldest makes room, so that those who never ask keep no one out. */
export class Asking {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #sockets = new Map<Duplex, { readonly raw: Socket; readonly address: string }>();
  readonly #byAddress = new Map<string, number>();

  /** @param maxPerAddress 0: any number. */
  constructor(max: number, maxPerAddress: number) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** @param raw what `socket` stands on, or the same. False: there are too many of this address, and it has been closed. */
  add(socket: Duplex, raw: Socket): boolean {
    const address = plainAddress(raw.remoteAddress) ?? '';
    const there = this.#byAddress.get(address) ?? 0;
    if (this.#maxPerAddress > 0 && there >= this.#maxPerAddress) {
      raw.destroy();
      return false;
    }
    const [oldest] = this.#sockets;
    if (oldest !== undefined && this.#sockets.size >= this.#max) {
      this.delete(oldest[0]);
      oldest[1].raw.destroy();
    }
    this.#sockets.set(socket, { raw, address });
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    raw.once('close', () => this.delete(socket));
    return true;
  }

  /** It has asked, or is gone. */
  delete(socket: Duplex): void {
    const known = this.#sockets.get(socket);
    if (known === undefined) return;
    this.#sockets.delete(socket);
    const left = (this.#byAddress.get(known.address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(known.address, left);
    else this.#byAddress.delete(known.address);
  }
}
