import { describe, expect, it } from 'vitest';
import { equalConstantTime } from '../../src/bytes/bytes.ts';

describe('equalConstantTime', () => {
  it('is true for the same bytes, wherever they lie in memory', () => {
    const bytes = Uint8Array.from({ length: 48 }, (_, index) => index * 5);
    const elsewhere = new Uint8Array(64);
    elsewhere.set(bytes, 7);
    expect(equalConstantTime(bytes, bytes)).toBe(true);
    expect(equalConstantTime(bytes, elsewhere.subarray(7, 55))).toBe(true);
    expect(equalConstantTime(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });

  it('is false for any one bit that differs, at any place', () => {
    const bytes = Uint8Array.from({ length: 48 }, (_, index) => index * 5);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const other = bytes.slice();
        other[at]! ^= 1 << bit;
        expect(equalConstantTime(bytes, other), `bit ${bit} of byte ${at}`).toBe(false);
      }
    }
  });

  it('is false when differences would cancel out', () => {
    expect(equalConstantTime(Uint8Array.of(1, 1), Uint8Array.of(0, 0))).toBe(false);
    expect(equalConstantTime(Uint8Array.of(1, 255), Uint8Array.of(2, 254))).toBe(false);
    expect(equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(2, 1))).toBe(false);
  });

  it('is false for another length, also when one begins with the other', () => {
    expect(equalConstantTime(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2))).toBe(false);
    expect(equalConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
    expect(equalConstantTime(new Uint8Array(0), Uint8Array.of(0))).toBe(false);
  });
});
