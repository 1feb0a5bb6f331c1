import { concat } from '../bytes/bytes.ts';
import { type Codec, decode, encode } from '../wire/codec.ts';
import type { RawExtension } from '../wire/extension.ts';
import { encodeHandshake } from '../wire/handshake.ts';
import type { Change } from './misbehaving.ts';

/** Changes of messages, each to the first message of its type. */

function message(type: number, change: (raw: Uint8Array) => Uint8Array): Change {
  let isDone = false;
  return (raw) => {
    if (isDone || raw[0] !== type) return raw;
    isDone = true;
    return change(raw);
  };
}

/** Changes a message as what it is. */
export function as<T>(type: number, codec: Codec<T>, change: (value: T) => T): Change {
  return message(type, (raw) => encodeHandshake(type, encode(codec, change(decode(codec, raw.subarray(4))))));
}

export function dropped(type: number): Change {
  return message(type, () => new Uint8Array(0));
}

export function lastByte(type: number): Change {
  return message(type, (raw) => raw.with(raw.length - 1, raw[raw.length - 1]! ^ 1));
}

/** Something before the message, in the same flight. */
export function before(type: number, ...extra: readonly number[]): Change {
  return message(type, (raw) => concat(Uint8Array.from(extra), raw));
}

/** A byte too many, and counted. */
export function trailing(type: number): Change {
  return message(type, (raw) => encodeHandshake(type, concat(raw.subarray(4), Uint8Array.of(0))));
}

/** One extension more, or in place of that of its type. */
export function withExtension<T extends { readonly extensions: RawExtension[] }>(
  type: number,
  data: Uint8Array,
): (value: T) => T {
  return (value) => ({
    ...value,
    extensions: [...value.extensions.filter((one) => one.type !== type), { type, data }],
  });
}

export function withoutExtension<T extends { readonly extensions: RawExtension[] }>(type: number): (value: T) => T {
  return (value) => ({ ...value, extensions: value.extensions.filter((one) => one.type !== type) });
}
