/**
 * Text that a peer chose, made fit to be read: in an error, a log, a terminal. The one place where this is decided.
 */

/** Longest message of an error, in characters. What is behind it is only counted. */
export const MAX_MESSAGE = 2_000;

// Controls of the terminal, of the line and of the direction of writing; what has no width, and every space but that of
// Latin and that of East Asian scripts, which stands between the parts of a name; what is no character at all.
const UNPRINTABLE = /(?![ \u3000])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The text with everything escaped that a terminal might obey, that turns the direction of writing round, that begins a
 * line, or that cannot be seen: `\x1b`, `\u202e`, `\u{e0041}`. Cut after `max` characters, and the cut is said.
 */
export function printable(text: string, max: number = MAX_MESSAGE): string {
  const shown = escapeUnprintable(text.length > max ? text.slice(0, max) : text);
  const left = text.length - max;
  return left > 0 ? `${shown}… (${left} characters more)` : shown;
}

/** The same, for one value of a peer's: in quotes, and cut after `max` characters. */
export function quoted(text: string, max: number = 255): string {
  return `"${printable(text, max).replaceAll('"', '\\"')}"`;
}

/** What was thrown, or was refused with, in a line: it can be anything, and need not let itself be turned into text. */
export function reasonText(reason: unknown): string {
  try {
    return printable(String(reason));
  } catch {
    return 'something that throws when it is looked at';
  }
}

/** A value that should have been a number, with its type. Objects and functions may throw when they are looked at. */
export function typedText(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : `${typeof value} ${printable(String(value), 60)}`;
}

/** The first of them, each in quotes, and how many more there are. */
export function quotedList(texts: readonly string[], max: number = 8): string {
  const some = texts.slice(0, max).map((text) => quoted(text, 64));
  return texts.length > some.length ? `${some.join(', ')} and ${texts.length - some.length} more` : some.join(', ');
}

/** JSON that reads the same, with what `printable` escapes as JSON escapes it. Nothing of that is in JSON but in texts. */
export function escapeJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    if (code.length > 4) return `\\u{${code}}`;
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}
