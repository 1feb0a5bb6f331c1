import { keysOf } from '../bytes/shape.ts';
import { Reader, type Trace } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { TlsError } from '../errors.ts';

/**
 * The presentation language of RFC 9846 section 3: one description of a structure reads it, writes it, holds its limits
 * both ways, and names its fields for the annotated dump.
 */
export interface Codec<T> {
  /** How the RFC writes it: `opaque<0..32>`. */
  readonly rfc: string;
  read(reader: Reader): T;
  /** Everything up to the end as a list: for what cannot be wrong one by one, and is not worth a path each. */
  all?(reader: Reader): T[];
  write(writer: Writer, value: T): void;
}

/**
 * Reads the whole of `bytes`. Arrays inside the result are views of it. `path` is the name errors and traces begin with.
 * @throws TlsError ERR_DECODE, or ERR_TRAILING_BYTES when something is left over.
 */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, trace?: Trace, path: string = codec.rfc): T {
  const reader = new Reader(bytes, 0, bytes.length, trace, 0, path);
  const value = codec.read(reader);
  reader.finish();
  return value;
}

/** @throws TlsError ERR_LIMIT when the value is outside what the structure can carry. */
export function encode<T>(codec: Codec<T>, value: T, path: string = codec.rfc): Uint8Array {
  const writer = new Writer();
  writer.path = path;
  codec.write(writer, value);
  return writer.finish();
}

export const u8: Codec<number> = /* @__PURE__ */ uint(1);
export const u16: Codec<number> = /* @__PURE__ */ uint(2);
export const u24: Codec<number> = /* @__PURE__ */ uint(3);
export const u32: Codec<number> = /* @__PURE__ */ uint(4);

/** `opaque name[length]` */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    rfc: `opaque[${length}]`,
    read: (reader) => reader.take(length),
    write: (writer, value) => {
      if (value.length !== length) throw writer.fail(`${value.length} bytes, needed are ${length}`);
      writer.raw(value);
    },
  };
}

/** `opaque name<min..max>`, its length in `width` bytes. */
export function opaque(width: 1 | 2 | 3, min: number, max: number): Codec<Uint8Array> {
  return {
    rfc: `opaque<${min}..${max}>`,
    read: (reader) => reader.take(vectorLength(reader, width, min, max)),
    write: (writer, value) => {
      if (value.length < min || value.length > max) throw writer.fail(outside(value.length, min, max));
      writer.uint(width, value.length);
      writer.raw(value);
    },
  };
}

/** `Item name<min..max>`: the limits are in bytes, as the RFC gives them. */
export function list<T>(width: 1 | 2 | 3, item: Codec<T>, min: number, max: number): Codec<T[]> {
  return {
    rfc: `${item.rfc}<${min}..${max}>`,
    read: (reader) => {
      const items = reader.sub(vectorLength(reader, width, min, max));
      const outer = items.path;
      const out: T[] = [];
      if (items.trace === undefined && item.all !== undefined) return item.all(items);
      while (items.remaining > 0) {
        const at = items.offset;
        items.path = `${outer}[${out.length}]`;
        const value = item.read(items);
        items.trace?.field(items.path, at, items.offset, items.depth, value);
        out.push(value);
      }
      return out;
    },
    write: (writer, values) => {
      const outer = writer.path;
      const length = writer.prefixed(width, () => {
        for (let i = 0; i < values.length; i++) {
          writer.path = `${outer}[${i}]`;
          item.write(writer, values[i]!);
        }
        writer.path = outer;
      });
      if (length < min || length > max) throw writer.fail(outside(length, min, max));
    },
  };
}

/** Everything up to the end. */
export const rest: Codec<Uint8Array> = {
  rfc: 'opaque',
  read: (reader) => reader.take(reader.remaining),
  write: (writer, value) => writer.raw(value),
};

/** A structure without fields. */
export const empty: Codec<undefined> = { rfc: 'struct {}', read: () => undefined, write: () => {} };

/** `struct`. The type is written first; the compiler holds each field against it. */
export function struct<T extends object>(name: string, fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const keys = keysOf(fields);
  return {
    rfc: name,
    read: (reader) => {
      const outer = reader.path;
      const out = {} as T;
      for (const key of keys) {
        const at = reader.offset;
        reader.path = `${outer}.${key}`;
        out[key] = fields[key].read(reader);
        reader.trace?.field(reader.path, at, reader.offset, reader.depth, out[key]);
      }
      reader.path = outer;
      return out;
    },
    write: (writer, value) => {
      const outer = writer.path;
      for (const key of keys) {
        writer.path = `${outer}.${key}`;
        fields[key].write(writer, value[key]);
      }
      writer.path = outer;
    },
  };
}

/** A codec whose value must also pass a check: for lists without duplicates, texts of one alphabet and the like. */
export function checked<T>(codec: Codec<T>, check: (value: T) => TlsError | undefined): Codec<T> {
  return {
    rfc: codec.rfc,
    read: (reader) => {
      const value = codec.read(reader);
      const fault = check(value);
      if (fault !== undefined) throw fault;
      return value;
    },
    write: (writer, value) => {
      const fault = check(value);
      if (fault !== undefined) throw writer.fail(fault.message);
      codec.write(writer, value);
    },
  };
}

/** A codec seen through a pair of functions. */
export function mapped<T, U>(codec: Codec<T>, to: (value: T) => U, from: (value: U) => T): Codec<U> {
  return {
    rfc: codec.rfc,
    read: (reader) => to(codec.read(reader)),
    write: (writer, value) => codec.write(writer, from(value)),
  };
}

function uint(width: 1 | 2 | 3 | 4): Codec<number> {
  return {
    rfc: `uint${8 * width}`,
    read: (reader) => reader.uint(width),
    all: (reader) => {
      const numbers: number[] = [];
      while (reader.remaining > 0) numbers.push(reader.uint(width));
      return numbers;
    },
    write: (writer, value) => writer.uint(width, value),
  };
}

function vectorLength(reader: Reader, width: 1 | 2 | 3, min: number, max: number): number {
  const at = reader.offset;
  const length = reader.uint(width);
  reader.trace?.field(`${reader.path}#length`, at, reader.offset, reader.depth, length);
  if (length < min || length > max) throw reader.fail(outside(length, min, max));
  return length;
}

function outside(length: number, min: number, max: number): string {
  return `${length} bytes, allowed are ${min} to ${max}`;
}
