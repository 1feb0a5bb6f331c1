import { describe, expect, it } from 'vitest';
import { padColumns, textWidth, wrapColumns } from '../../src/bytes/width.ts';

/** Columns of a terminal, in every script. */

describe('the width of a text', () => {
  it('is what terminals make of it', () => {
    for (const [text, columns] of [
      ['', 0],
      ['abc', 3],
      ['日本語', 6],
      ['山田　太郎', 10],
      ['한국어', 6],
      // Made of parts: the vowel takes no room of its own.
      ['\u1112\u1161', 2],
      ['שלום', 4],
      ['سلام', 4],
      ['e\u0301', 1],
      ['नमस्ते', 4],
      ['ﾃｽﾄ', 3],
      ['ＡＢＣ', 6],
      ['😀', 2],
      ['𠮷野家', 6],
      ['─▶│●', 4],
    ] as const)
      expect([text, textWidth(text)]).toEqual([text, columns]);
  });

  it('is filled up, and never cut', () => {
    expect(padColumns('日本', 6)).toBe('日本  ');
    expect(padColumns('日本', 3)).toBe('日本');
  });

  it('of no line is more than there is room for', () => {
    for (const columns of [2, 3, 7, 10]) {
      const lines = wrapColumns('株式会社 日本 tls e\u0301e\u0301e\u0301 שלום עולם abcdefghijklmnop', columns);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe('株式会社日本tlse\u0301e\u0301e\u0301שלוםעולםabcdefghijklmnop');
      for (const line of lines) expect(line).not.toMatch(/^\u0301/);
    }
    expect(wrapColumns('日', 1)).toEqual(['日']);
    expect(wrapColumns('', 5)).toEqual(['']);
  });
});
