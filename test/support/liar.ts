import { Outlet } from '../../src/engine/outlet.ts';
import { Joiner } from '../../src/record/joiner.ts';
import { Transcript } from '../../src/schedule/transcript.ts';

/**
 * Our own engine as a peer that lies: what it says is changed before it is hashed, signed and sent, so that everything
 * behind the lie fits it. Nothing in the library knows of this; here the two places are watched through which every
 * message goes.
 */

/** What becomes of the message with this number: other bytes, several messages in one piece, or nothing. */
export type Lie = (message: Uint8Array, number: number) => Uint8Array;

interface Liar {
  readonly lie: Lie;
  count: number;
  /** Each message is changed once, wherever it is seen first. */
  readonly told: Map<Uint8Array, Uint8Array>;
}

let speaking: Liar | undefined;
let watching = false;
/** Messages that have arrived, at anybody: those are hashed as they came. */
const heard = new WeakSet<Uint8Array>();

/** Makes an engine's turns: `turn(() => drain(engine))` lets it speak as a liar. */
export function liar(lie: Lie): { turn<T>(act: () => T): T; readonly said: number } {
  watch();
  const self: Liar = { lie, count: 0, told: new Map() };
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

function toldBy(self: Liar, message: Uint8Array): Uint8Array {
  if (heard.has(message)) return message;
  const known = self.told.get(message);
  if (known !== undefined) return known;
  const changed = self.lie(message, self.count++);
  self.told.set(message, changed);
  return changed;
}

function watch(): void {
  if (watching) return;
  watching = true;
  const { add } = Transcript.prototype;
  const { handshake } = Outlet.prototype;
  const { next } = Joiner.prototype;
  Joiner.prototype.next = function () {
    const message = next.call(this);
    if (message !== undefined) heard.add(message.raw);
    return message;
  };
  Transcript.prototype.add = function (message: Uint8Array): void {
    add.call(this, speaking === undefined ? message : toldBy(speaking, message));
  };
  Outlet.prototype.handshake = function (message: Uint8Array): void {
    const changed = speaking === undefined ? message : toldBy(speaking, message);
    if (changed.length > 0) handshake.call(this, changed);
  };
}
