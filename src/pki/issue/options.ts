import { describe as describeObject } from '../../engine/config/rules.ts';
import { TlsError } from '../../errors.ts';

/** Options of what is issued: each is known, of the right type, and named in the error when it is not. */

/** @throws TlsError ERR_OPTION for an option that is not in `known`. */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw wrongOption(what, `an object with options is wanted, not ${describe(options)}`);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const close = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
    const advice = close === undefined ? `there are ${known.join(', ')}` : `did you mean ${close}?`;
    throw wrongOption(what, `${key}: there is no such option; ${advice}`);
  }
}

export function wrongOption(what: string, detail: string): TlsError {
  return new TlsError('ERR_OPTION', { detail: `${what}: ${detail}` });
}

/** A value as an error shows it: its type, and its beginning where that is no secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string')
    return value.length > 60 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return value === undefined ? 'nothing' : describeObject(value);
}

/** A whole number within bounds. @throws TlsError ERR_OPTION */
export function wholeNumber(what: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrongOption(what, `a whole number from ${least} to ${most} is wanted, not ${describe(value)}`);
}

/** A moment: a Date, or milliseconds since 1970. Years 1950 to 9999, which is what certificates can say. */
export function moment(what: string, value: unknown): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time !== 'number' || !Number.isFinite(time))
    throw wrongOption(
      what,
      `a Date or milliseconds since 1970 are wanted, not ${value instanceof Date ? 'an invalid Date' : describe(value)}`,
    );
  if (time < Date.UTC(1950, 0, 1) || time >= Date.UTC(10_000, 0, 1))
    throw wrongOption(what, 'only the years 1950 to 9999 can be written');
  // Neither UTCTime nor GeneralizedTime has fractions (RFC 5280 section 4.1.2.5).
  return Math.floor(time / 1000) * 1000;
}

/** A list: one value alone counts as a list of one. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

const OID = /^(?:[01]\.(?:\d|[123]\d)|2\.\d{1,15})(?:\.(?:0|[1-9]\d{0,30}))*$/;

/** An OBJECT IDENTIFIER in dots. @throws TlsError ERR_OPTION */
export function oidText(what: string, value: unknown): string {
  if (typeof value === 'string' && OID.test(value) && value.length <= 120) return value;
  throw wrongOption(what, `an object identifier such as "1.3.6.1.4.1.99999.1" is wanted, not ${describe(value)}`);
}

/** An absolute URI, in ASCII. @throws TlsError ERR_OPTION */
export function uriText(what: string, value: unknown): string {
  if (typeof value === 'string' && /^[a-zA-Z][a-zA-Z0-9+.-]*:[\x21-\x7e]+$/.test(value)) return value;
  throw wrongOption(what, `an absolute URI is wanted, not ${describe(value)}`);
}

/** Levenshtein's distance, for words that are short. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
