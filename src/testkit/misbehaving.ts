import { concat } from '../bytes/bytes.ts';
import { Outbound } from '../engine/outbound.ts';
import { Cbc12 } from '../record/cbc12.ts';
import { Joiner } from '../record/joiner.ts';
import { Protector12 } from '../record/protect12.ts';
import { Protector13 } from '../record/protect13.ts';
import { Transcript } from '../keys/transcript.ts';

/**
 * Our own engine as a peer that misbehaves: what it says is changed before it is hashed, signed and sent, so that everything
 * behind the change fits it; and its records, before they are protected. Nothing in the library knows of this; here the
 * places are watched through which every message and every record goes.
 */

/** What becomes of the message with this number: other bytes, several messages in one piece, or nothing. */
export type Change = (message: Uint8Array, number: number) => Uint8Array;

/** A record before it is protected. */
export interface Sealable {
  readonly type: number;
  readonly content: Uint8Array;
  /** Zeros behind the type; only TLS 1.3 has them. */
  readonly padding: number;
}

export function recordOf(type: number, content: Uint8Array): Sealable {
  return { type, content, padding: 0 };
}

/** What goes in place of the protected record with this number. */
export type Forgery = (record: Sealable, number: number) => readonly Sealable[];

interface Misbehaving {
  readonly change: Change;
  readonly forge: Forgery;
  count: number;
  sealed: number;
  /** Each message is changed once, wherever it is seen first. */
  readonly told: Map<Uint8Array, Uint8Array>;
}

let speaking: Misbehaving | undefined;
let watching = false;
/** Messages that have arrived, on either side: those are hashed as they came. */
const heard = new WeakSet<Uint8Array>();

/** Makes an engine's turns: `turn(() => drain(engine))` lets it misbehave. */
export function misbehaving(
  change: Change,
  forge: Forgery = (record) => [record],
): { turn<T>(act: () => T): T; readonly said: number } {
  onTrace();
  const self: Misbehaving = { change, forge, count: 0, sealed: 0, told: new Map() };
  return {
    get said() {
      return self.count;
    },
    turn: (act) => {
      const before = speaking;
      speaking = self;
      try {
        return act();
      } finally {
        speaking = before;
      }
    },
  };
}

function toldBy(self: Misbehaving, message: Uint8Array): Uint8Array {
  if (heard.has(message)) return message;
  const known = self.told.get(message);
  if (known !== undefined) return known;
  const changed = self.change(message, self.count++);
  self.told.set(message, changed);
  return changed;
}

function onTrace(): void {
  if (watching) return;
  watching = true;
  const { add } = Transcript.prototype;
  const { handshake } = Outbound.prototype;
  const { next } = Joiner.prototype;
  Joiner.prototype.next = function () {
    const message = next.call(this);
    if (message !== undefined) heard.add(message.raw);
    return message;
  };
  Transcript.prototype.add = function (message: Uint8Array): void {
    add.call(this, speaking === undefined ? message : toldBy(speaking, message));
  };
  Outbound.prototype.handshake = function (message: Uint8Array): void {
    const changed = speaking === undefined ? message : toldBy(speaking, message);
    if (changed.length > 0) handshake.call(this, changed);
  };
  for (const { prototype } of [Protector13, Protector12, Cbc12]) {
    const { seal } = prototype;
    prototype.seal = function (type: number, content: Uint8Array, padding: number): Uint8Array {
      if (speaking === undefined) return seal.call(this, type, content, padding);
      const records = speaking.forge({ type, content, padding }, speaking.sealed++);
      return concat(...records.map((record) => seal.call(this, record.type, record.content, record.padding)));
    };
  }
}
