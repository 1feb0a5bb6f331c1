import { concat } from '../../src/bytes/bytes.ts';
import { extensionFor, FIRST_SETTING, readingOf, type Setting } from '../../src/inspect/codecs.ts';
import { decode } from '../../src/wire/codec.ts';
import type { Generator } from '../engine/mutate.ts';

/**
 * Changes to handshake messages that know what a message is made of: the fields come from the same descriptions with
 * which the library reads. Lengths around a change are put right, unless the change is to a length.
 */

const OPS = [
  'number',
  'number',
  'bytes',
  'remove',
  'double',
  'swap',
  'insert',
  'cut',
  'drop',
  'repeat',
  'before',
  'flip',
  'record',
  'wire',
] as const;

export interface Edit {
  /** Number of the message among those that the peer says; of the piece of the wire, for `wire`; for `record`, of the record. */
  readonly at: number;
  readonly op: (typeof OPS)[number];
  /** Which field, and what with it: taken modulo what there is. */
  readonly where: number;
  readonly value: number;
}

export function randomEdit(random: Generator, messages: number): Edit {
  return {
    at: random.next(Math.max(1, messages)),
    op: OPS[random.next(OPS.length)]!,
    where: random.next(65_536),
    value: random.next(65_536),
  };
}

/** Numbers at which something is decided. */
const NUMBERS: readonly number[] = [
  0, 1, 2, 3, 4, 5, 8, 16, 20, 22, 23, 24, 32, 48, 64, 127, 128, 255, 256, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305,
  0x7f1c, 0x1301, 0x1302, 0x1303, 0xc02b, 0xcca9, 0x0a0a, 0x001d, 0x0017, 0x0018, 0x11ec, 0x0403, 0x0804, 0x0807,
  0x4000, 0x4001, 0x7fff, 0x8000, 0xfffe, 0xffff,
];

interface Field {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** For a length: where what it counts ends. */
  readonly counts: number;
}

/** @returns the message with the edit made; more than one, or none, for edits of whole messages. */
export function applyEdit(message: Uint8Array, edit: Edit): Uint8Array {
  const { where, value } = edit;
  const fields = fieldsOf(message);
  const plain = fields.filter(({ path }) => !path.endsWith('#length'));
  const field = plain[where % Math.max(1, plain.length)];
  switch (edit.op) {
    case 'drop':
      return new Uint8Array(0);
    case 'repeat':
      return concat(message, message);
    case 'before':
      return concat(EXTRAS[where % EXTRAS.length]!, message);
    case 'flip':
      return changed(message, (bytes) => {
        bytes[where % bytes.length]! ^= 1 << (value % 8);
      });
    case 'cut': {
      const at = 4 + (where % Math.max(1, message.length - 4));
      return value % 2 === 0 ? message.slice(0, at) : resized(message, fields, at, message.length, new Uint8Array(0));
    }
    case 'number': {
      const all = fields.filter(({ start, end }) => end - start <= 4 && end > start);
      const chosen = all[where % Math.max(1, all.length)];
      if (chosen === undefined) return message;
      return changed(message, (bytes) => write(bytes, chosen, NUMBERS[value % NUMBERS.length]!));
    }
    case 'bytes':
      if (field === undefined || field.end === field.start) return message;
      return changed(message, (bytes) => {
        bytes[field.start + (value % (field.end - field.start))] = (value >> 8) & 255;
      });
    case 'remove':
      if (field === undefined) return message;
      return resized(message, fields, field.start, field.end, new Uint8Array(0));
    case 'double':
      if (field === undefined) return message;
      return resized(message, fields, field.end, field.end, message.slice(field.start, field.end));
    case 'insert': {
      if (field === undefined) return message;
      const extra = new Uint8Array([1, 1, 2, 4, 32, 255, 1000, 16_384][value % 8]!).fill(value >> 8);
      return resized(message, fields, field.end, field.end, extra);
    }
    case 'swap': {
      const items = plain.filter(({ path }) => path.endsWith(']'));
      const [a, b] = [items[where % Math.max(1, items.length)], items[value % Math.max(1, items.length)]];
      if (a === undefined || b === undefined || a.start === b.start) return message;
      const [first, second] = a.start < b.start ? [a, b] : [b, a];
      if (first.end > second.start) return message;
      const parts = [
        message.subarray(0, first.start),
        message.subarray(second.start, second.end),
        message.subarray(first.end, second.start),
        message.subarray(first.start, first.end),
        message.subarray(second.end),
      ];
      return concat(...parts);
    }
    case 'record':
    case 'wire':
      return message;
  }
}

/** Every field of a message, its extensions looked into. Offsets are into the message. */
function fieldsOf(message: Uint8Array): Field[] {
  const body = message.subarray(4);
  const reading = readingOf(message[0]!, body, settingFor(message));
  const fields = trace(reading.codec, body, 4);
  fields.push({ path: 'Handshake#length', start: 1, end: 4, counts: message.length });
  if (reading.carrier === undefined) return fields;
  for (const { path, start, end } of [...fields]) {
    if (!/extensions\[\d+\]$/.test(path) || end - start < 4) continue;
    const codec = extensionFor((message[start]! << 8) | message[start + 1]!)?.in[reading.carrier];
    if (codec !== undefined) fields.push(...trace(codec, message.subarray(start + 4, end), start + 4));
  }
  return fields;
}

function trace(codec: Parameters<typeof decode>[0], bytes: Uint8Array, base: number): Field[] {
  const found: { path: string; start: number; end: number; depth: number }[] = [];
  try {
    decode(codec, bytes, {
      field: (path, start, end, depth) => void found.push({ path, start: start + base, end: end + base, depth }),
    });
  } catch {
    // What was read before it went wrong is good enough.
  }
  return found.map(({ path, start, end }) => ({ path, start, end, counts: countsUntil(path, end, found) }));
}

/** A length stands in front of what it counts, which ends where the field of that name does. */
function countsUntil(path: string, end: number, all: readonly { path: string; start: number; end: number }[]): number {
  if (!path.endsWith('#length')) return end;
  const name = path.slice(0, -'#length'.length);
  return all.find((field) => field.path === name && field.end >= end)?.end ?? end;
}

/** Puts `middle` in place of what is there, and puts the lengths right that count it. */
function resized(
  message: Uint8Array,
  fields: readonly Field[],
  from: number,
  to: number,
  middle: Uint8Array,
): Uint8Array {
  const difference = middle.length - (to - from);
  const out = message.slice();
  for (const field of fields) {
    if (field.path.endsWith('#length') && field.end <= from && field.counts >= to)
      write(out, field, read(out, field) + difference);
  }
  return concat(out.subarray(0, from), middle, out.subarray(to));
}

function read(bytes: Uint8Array, { start, end }: Field): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + bytes[at]!;
  return value;
}

function write(bytes: Uint8Array, { start, end }: Field, value: number): void {
  let rest = Math.max(0, value);
  for (let at = end - 1; at >= start; at--) {
    bytes[at] = rest & 255;
    rest = Math.floor(rest / 256);
  }
}

function changed(message: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const out = message.slice();
  change(out);
  return out;
}

/** TLS 1.3 and TLS 1.2 have messages of one type and different form; what is there tells. */
function settingFor(message: Uint8Array): Setting {
  const old = { version: 0x0303, exchange: 'ecdhe' } as const;
  const type = message[0]!;
  if (type === 4) return message.length > 12 && message[8]! < 2 && message.length < 12 + 2 ? old : FIRST_SETTING;
  // A Certificate of TLS 1.3 begins with the length of its context, which is zero; so does one of TLS 1.2 that is short.
  if (type === 11) return message[4] === 0 && message[5] === 0 && message[8] === 0 ? FIRST_SETTING : old;
  if (type === 13) return message[4] === 0 ? FIRST_SETTING : old;
  return FIRST_SETTING;
}

/** Whole messages that may turn up where they are not expected. */
const EXTRAS: readonly Uint8Array[] = [
  [0, 0, 0, 0],
  [24, 0, 0, 1, 0],
  [24, 0, 0, 1, 1],
  [24, 0, 0, 1, 2],
  [14, 0, 0, 0],
  [5, 0, 0, 0],
  [4, 0, 0, 14, 0, 0, 0, 100, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0],
  [4, 0, 0, 7, 0, 0, 0, 100, 0, 1, 9],
  [13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7],
  [13, 0, 0, 12, 1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7],
  [8, 0, 0, 2, 0, 0],
  [11, 0, 0, 4, 0, 0, 0, 0],
  [20, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [99, 0, 0, 0],
  [254, 0, 0, 1, 0],
].map((bytes) => Uint8Array.from(bytes));
