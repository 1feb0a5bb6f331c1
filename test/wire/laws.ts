import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concat } from '../../src/bytes/bytes.ts';
import type { Trace } from '../../src/bytes/reader.ts';
import { TlsError } from '../../src/errors.ts';
import { type Codec, decode, encode } from '../../src/wire/codec.ts';

export interface Law<T> {
  readonly codec: Codec<T>;
  readonly values: fc.Arbitrary<T>;
  /** Its last field takes whatever is left, so a shorter or longer input is another value. */
  readonly openEnd?: true;
  /** Lengths at which a cut message is a whole one: a hello without extensions. */
  readonly alsoWholeAt?: (value: T) => number;
}

/** What every codec owes: said once here, claimed for each message and each extension. */
export function obeys<T>({ codec, values, openEnd, alsoWholeAt }: Law<T>): void {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value))).toEqual(value);
      }),
    );
  });

  it.skipIf(openEnd)('refuses it cut at any byte', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(codec, value);
        for (let length = 0; length < bytes.length; length++) {
          if (length === alsoWholeAt?.(value)) continue;
          expect(faultOf(() => decode(codec, bytes.subarray(0, length)))).toBe('ERR_DECODE');
        }
      }),
      { numRuns: 30 },
    );
  });

  it.skipIf(openEnd)('refuses a byte too many', () => {
    fc.assert(
      fc.property(values, fc.nat(255), (value, byte) => {
        const bytes = encode(codec, value);
        const fault = faultOf(() => decode(codec, concat(bytes, Uint8Array.of(byte))));
        // Where a block may be missing, one byte is the beginning of a block.
        expect(fault).toBe(bytes.length === alsoWholeAt?.(value) ? 'ERR_DECODE' : 'ERR_TRAILING_BYTES');
      }),
    );
  });

  it('refuses each length that is off by one, or reads something else that stands for itself', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(codec, value);
        for (const { at, width, length } of lengthsIn(codec, bytes)) {
          for (const wrong of [length - 1, length + 1]) {
            if (wrong < 0 || wrong >= 256 ** width) continue;
            const changed = withLength(bytes, at, width, wrong);
            const fault = faultOf(() => {
              const other = decode(codec, changed);
              expect(other).not.toEqual(value);
              expect(decode(codec, encode(codec, other))).toEqual(other);
            });
            // A vector that reaches the end of the message has nothing to give to or take from.
            if (at + width + length === bytes.length) expect(fault).toMatch(/^ERR_(DECODE|TRAILING_BYTES)$/);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('meets garbage and damage with nothing but a TlsError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        faultOf(() => decode(codec, bytes));
      }),
    );
    fc.assert(
      fc.property(values, fc.nat(), fc.nat(255), (value, where, byte) => {
        const bytes = encode(codec, value);
        if (bytes.length === 0) return;
        bytes[where % bytes.length] = byte;
        faultOf(() => {
          const other = decode(codec, bytes);
          // What was understood can be written and understood again, unless it holds what we would not say ourselves.
          const again = faultOf(() => expect(decode(codec, encode(codec, other))).toEqual(other));
          expect(again ?? 'ERR_LIMIT').toBe('ERR_LIMIT');
        });
      }),
    );
  });
}

/** The code of the TlsError that `act` throws; anything else is thrown on. */
export function faultOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (fault) {
    if (fault instanceof TlsError) return fault.code;
    throw fault;
  }
}

function lengthsIn<T>(codec: Codec<T>, bytes: Uint8Array): { at: number; width: number; length: number }[] {
  const found: { at: number; width: number; length: number }[] = [];
  const trace: Trace = {
    field: (path, start, end, _depth, value) => {
      if (path.endsWith('#length')) found.push({ at: start, width: end - start, length: value as number });
    },
  };
  decode(codec, bytes, trace);
  return found;
}

function withLength(bytes: Uint8Array, at: number, width: number, length: number): Uint8Array {
  const out = bytes.slice();
  for (let i = width - 1; i >= 0; i--) {
    out[at + i] = length % 256;
    length = Math.floor(length / 256);
  }
  return out;
}

/** Bytes of this length, or of a length in this range. */
export function bytes(min: number, max: number = min): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Uint8Array.from(array));
}

export const id16: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffff });
export const id8: fc.Arbitrary<number> = fc.integer({ min: 0, max: 255 });
export const u32Value: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffffffff });
