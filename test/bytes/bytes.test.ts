import { describe, expect, it } from 'vitest';
import { equalConstantTime, fromBase64Url, toBase64Url } from '../../src/bytes/bytes.ts';

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

describe('base64url', () => {
  it('is read as it is written, at every length', () => {
    for (let length = 0; length < 130; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255);
      const text = toBase64Url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(fromBase64Url(text)).toEqual(bytes);
    }
  });

  it.each([
    'A',
    'AAAAA',
    'AA==',
    'A+AA',
    'A/AA',
    'A AA',
    'AÄAA',
    'A\u0000AA',
    'A@A',
    'A[A',
    'A`A',
    'A{A',
    'A.A',
    'A:A',
  ])('%j is none', (text) => {
    expect(() => fromBase64Url(text)).toThrow(RangeError);
  });
});
