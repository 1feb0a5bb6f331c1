/**
 * Names of people's languages in the form that certificates carry (RFC 5890, 5891, 5892). What the tables of Unicode
 * would be needed for is approximated with the properties that the language itself knows; a label that is doubtful is
 * refused, never guessed at.
 */

/** Lower case labels of ASCII; undefined: not a name. Dots of other scripts count as dots (UTS 46). */
export function toAsciiLabels(host: string): readonly string[] | undefined {
  if (host.length > MAX_CHARACTERS) return undefined;
  const labels: string[] = [];
  for (const label of host.split(/[.\u3002\uff0e\uff61]/)) {
    const ascii = toAsciiLabel(label);
    if (ascii === undefined) return undefined;
    labels.push(ascii);
  }
  return labels;
}

const MAX_CHARACTERS = 1024;
const MAX_IN_LABEL = 63;

function toAsciiLabel(label: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
  if (/^[\u0000-\u007f]*$/.test(label)) return lowerAscii(label);
  // UTS 46 section 4: fold case and width, then compose; what is not a letter, mark or digit afterwards is no U-label.
  // Each character by itself: a capital sigma at the end of a word is folded like any other.
  const folded = [...label.normalize('NFKC')].map((character) => character.toLowerCase()).join('');
  const mapped = folded.normalize('NFKC');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
  if (/^[\u0000-\u007f]*$/.test(mapped)) return mapped;
  if (!/^(?:[\p{L}\p{M}\p{Nd}\u00b7\u0375\u05f3\u05f4\u30fb-]|\u200c|\u200d)+$/u.test(mapped)) return undefined;
  // RFC 5891 section 4.2.3: no hyphens at the ends or in the third and fourth place, no mark in front.
  if (/^-|-$|^..--|^\p{M}/u.test(mapped) || !joinersFit(mapped)) return undefined;
  // No shorter in ASCII: what is too long already need not be encoded, which takes time with the square of the length.
  if (mapped.length > 2 * MAX_IN_LABEL) return undefined;
  const ascii = `xn--${encodePunycode(mapped)}`;
  return ascii.length <= MAX_IN_LABEL ? ascii : undefined;
}

/** RFC 5892 appendix A.1 and A.2, the part that holds in every script: a joiner stands behind a virama. */
function joinersFit(label: string): boolean {
  return !/(?<![\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca])(?:\u200c|\u200d)/.test(label);
}

/** Letters of ASCII only: no locale, no other script. */
export function lowerAscii(text: string): string {
  if (!/[A-Z]/.test(text)) return text;
  // Of a text of ASCII alone the runtime's own is the same, in any locale, and fast.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase();
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** RFC 3492 section 6.3. */
function encodePunycode(label: string): string {
  const input = [...label].map((c) => c.codePointAt(0)!);
  let out = input
    .filter((c) => c < 128)
    .map((c) => String.fromCharCode(c))
    .join('');
  let handled = out.length;
  const basic = handled;
  if (basic > 0) out += '-';
  let n = 128;
  let delta = 0;
  let bias = 72;
  while (handled < input.length) {
    const m = Math.min(...input.filter((c) => c >= n));
    delta += (m - n) * (handled + 1);
    n = m;
    for (const c of input) {
      if (c < n) delta++;
      if (c !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        out += digit(t + ((q - t) % (36 - t)));
        q = Math.floor((q - t) / (36 - t));
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return out;
}

/** RFC 3492 section 6.1. */
function adapt(delta: number, points: number, first: boolean): number {
  delta = first ? Math.floor(delta / 700) : delta >> 1;
  delta += Math.floor(delta / points);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}

function digit(value: number): string {
  return String.fromCharCode(value < 26 ? value + 97 : value + 22);
}
