import { type Rule, unsuitable } from '../../engine/config/rules.ts';
import { parseSize, parseTime } from '../units.ts';

/**
 * How the options of `listen`, `tunnel` and `relay` are declared: once. The flag, the name in the config file, its schema, the
 * check, the default, the help and the line in the documentation all come from here.
 */

/** What a value looks like in JSON, and so on the command line. */
export type Form = 'text' | 'texts' | 'number' | 'flag' | 'object';

/** An option: what it may be, and what people read about it. */
export interface Declaration<T> {
  readonly rule: Rule<T>;
  readonly form: Form;
  /** What stands for the value in the help: `FILE`. */
  readonly value: string;
  readonly help: string;
  readonly section: string;
  readonly otherwise: T;
  /** The default, as the documentation says it. */
  readonly otherwiseText: string;
  /** One per process: not part of a single listener. */
  readonly isGlobal: boolean;
  /** Names of files: in a config file they are relative to its folder. */
  readonly isFile: boolean;
  /** Words that are no names of files, where files are named. */
  readonly noFiles: readonly string[];
  /** Undefined: any. For the schema. */
  readonly words: readonly string[] | undefined;
}

/** A declaration for each option of a set. */
export type Declarations<S> = { readonly [K in keyof S]-?: Declaration<S[K]> };

/** Declarations of options of any type, as they are walked through. */
export type AnyDeclarations = { readonly [name: string]: Declaration<unknown> };

interface More {
  readonly value?: string;
  readonly otherwiseText?: string;
  readonly isGlobal?: boolean;
  readonly isFile?: boolean;
  readonly noFiles?: readonly string[];
  readonly words?: readonly string[];
}

/** What is said of every option that names a file. */
export const FILE = { value: 'FILE', isFile: true } as const;

/** A log may also go to standard output, or nowhere. */
export const LOG_FILE = { value: 'FILE', isFile: true, noFiles: ['-', 'off'] } as const;

/** Declares an option with a value. */
export function option<T>(
  section: string,
  form: Form,
  rule: Rule<T>,
  otherwise: T,
  help: string,
  more: More = {},
): Declaration<T> {
  return {
    section,
    form,
    rule,
    otherwise,
    help,
    value: more.value ?? (form === 'number' ? 'NUMBER' : 'TEXT'),
    otherwiseText: more.otherwiseText ?? textOf(otherwise),
    isGlobal: more.isGlobal ?? false,
    isFile: more.isFile ?? false,
    noFiles: more.noFiles ?? [],
    words: more.words,
  };
}

/** One of some words. */
export function word<const T extends string>(
  section: string,
  words: readonly T[],
  otherwise: T,
  help: string,
  more: More = {},
): Declaration<T> {
  return option(section, 'text', wordRule(words), otherwise, help, { value: 'WORD', ...more, words });
}

/** On or off. */
export function flag(section: string, help: string, more: More = {}): Declaration<boolean> {
  const rule: Rule<boolean> = {
    expected: 'true or false',
    read: (value, name) => {
      if (typeof value !== 'boolean') throw unsuitable(name, 'true or false', value);
      return value;
    },
  };
  return option(section, 'flag', rule, false, help, { otherwiseText: 'off', ...more });
}

/** A whole number in a range. */
export function count(
  section: string,
  min: number,
  max: number,
  otherwise: number,
  help: string,
  more: More = {},
): Declaration<number> {
  return option(section, 'number', countRule(min, max), otherwise, help, more);
}

/** The port of addresses that are given without one. */
export function port(section: string, more: More = {}): Declaration<number | undefined> {
  const help = 'the port of addresses without one; 0: any that is free';
  return option(section, 'number', maybe(countRule(0, 65_535)), undefined, help, { value: 'PORT', ...more });
}

/** Any number of texts, each read by a rule. A single text is a list of one. */
export function list<T>(section: string, member: Rule<T>, help: string, more: More = {}): Declaration<readonly T[]> {
  const rule: Rule<readonly T[]> = {
    expected: `a list, each ${member.expected}`,
    read: (value, name) => {
      if (typeof value === 'string') return [member.read(value, name)];
      if (!Array.isArray(value)) throw unsuitable(name, `a list, each ${member.expected}`, value);
      return value.map((one: unknown, index) => member.read(one, `${name}[${index}]`));
    },
  };
  return option(section, 'texts', rule, [], help, { otherwiseText: 'none', ...more });
}

/** A time: `10s`, `500ms`, `5m`, `2h`, or a number of seconds. Read as milliseconds. */
export function time(
  section: string,
  otherwise: string,
  help: string,
  range: { readonly min?: string; readonly max?: string } = {},
  more: More = {},
): Declaration<number> {
  const { min = '0', max = '24d' } = range;
  const expected = `a time from ${min} to ${max}, such as 500ms, 10s, 5m`;
  const rule: Rule<number> = {
    expected,
    read: (value, name) => {
      const milliseconds = parseTime(value);
      if (milliseconds === undefined || milliseconds < (parseTime(min) ?? 0) || milliseconds > (parseTime(max) ?? 0))
        throw unsuitable(name, expected, value);
      return milliseconds;
    },
  };
  return option(section, 'text', rule, parseTime(otherwise) ?? 0, help, {
    value: 'TIME',
    otherwiseText: otherwise,
    ...more,
  });
}

/** A number of bytes: `65536`, `64k`, `1m`. */
export function size(
  section: string,
  min: number,
  max: number,
  otherwise: string,
  help: string,
  more: More = {},
): Declaration<number> {
  const expected = `a number of bytes from ${min} to ${max}, such as 65536, 64k, 1m`;
  const rule: Rule<number> = {
    expected,
    read: (value, name) => {
      const bytes = parseSize(value);
      if (bytes === undefined || bytes < min || bytes > max) throw unsuitable(name, expected, value);
      return bytes;
    },
  };
  return option(section, 'text', rule, parseSize(otherwise) ?? 0, help, {
    value: 'BYTES',
    otherwiseText: otherwise,
    ...more,
  });
}

/** One of some words. */
export function wordRule<const T extends string>(words: readonly T[]): Rule<T> {
  const expected = `one of ${words.join(', ')}`;
  return {
    expected,
    read: (value, name) => {
      const found = words.find((one) => one === value);
      if (found === undefined) throw unsuitable(name, expected, value);
      return found;
    },
  };
}

/** Text that is not empty. */
export function textRule(expected: string, fits: (value: string) => boolean = (value) => value !== ''): Rule<string> {
  return {
    expected,
    read: (value, name) => {
      if (typeof value !== 'string' || !fits(value)) throw unsuitable(name, expected, value);
      return value;
    },
  };
}

/** A text that is made into something else; undefined: it cannot be. */
export function parsed<T>(expected: string, parse: (text: string) => T | undefined): Rule<T> {
  return {
    expected,
    read: (value, name) => {
      const found = typeof value === 'string' ? parse(value) : undefined;
      if (found === undefined) throw unsuitable(name, expected, value);
      return found;
    },
  };
}

/** The same rule, for an option that may be left out. */
export function maybe<T>(rule: Rule<T>): Rule<T | undefined> {
  return { expected: rule.expected, read: (value, name) => rule.read(value, name) };
}

function countRule(min: number, max: number): Rule<number> {
  const expected = `a whole number from ${min} to ${max}`;
  return {
    expected,
    read: (value, name) => {
      const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max)
        throw unsuitable(name, expected, value);
      return number;
    },
  };
}

function textOf(value: unknown): string {
  if (value === undefined) return 'none';
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

/** The name of a file; whether it is there is seen when it is read. */
export const fileRule: Rule<string> = textRule('the name of a file');
