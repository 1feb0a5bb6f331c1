import { type ParseArgsConfig, parseArgs } from 'node:util';
import { usage } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { parseTime } from './units.ts';
import { unknownOption } from './vocabulary.ts';

/** An option of a command: how it is written, and what people read about it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string;
  /** What it may be, for the shell to complete. */
  readonly words?: readonly string[];
  readonly help: string;
}

/** What was given for the options of a command, and the rest. */
export interface Given {
  readonly positionals: readonly string[];
  /** The value of an option; undefined: it was not given. */
  text(name: string): string | undefined;
  /** All values of an option that may be given several times. */
  texts(name: string): readonly string[];
  has(name: string): boolean;
  /** A whole number from `min` to `max`. @throws Failure */
  number(name: string, min: number, max?: number): number | undefined;
  /** A time such as `10s`, in milliseconds, at least `min` of them. @throws Failure */
  time(name: string, min: number): number | undefined;
  /** One of some words. @throws Failure */
  oneOf<T extends string>(name: string, words: readonly T[]): T | undefined;
}

export interface Command {
  /** `ca init` */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands behind the name: `NAME…`. */
  readonly operands: string;
  /** Paragraphs, and examples. */
  readonly help: string;
  readonly options: { readonly [name: string]: Option };
  /** Its exit code. */
  run(given: Given, terminal: Terminal): Promise<number>;
}

/** Options that every command has. */
export const COMMON: { readonly [name: string]: Option } = {
  json: { type: 'boolean', help: 'print the answer as JSON' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
};

/** @throws Failure, naming the option that is wrong and what it could be. */
export function parse(command: Command, args: readonly string[]): Given {
  const known = { ...command.options, ...COMMON };
  const wrong = (text: string): Error => usage(`warifu ${command.name}: ${text}\nTry "warifu ${command.name} --help".`);
  const { values, positionals, given } = parsed(known, args, wrong);
  for (const [index, name] of given.entries())
    if (given.indexOf(name) < index && known[name]?.multiple !== true) throw wrong(`--${name}: it is given twice`);
  if (command.operands === '' && positionals.length > 0)
    throw wrong(`it takes no operands, and was given "${positionals.join(' ')}"`);
  const ofOption = (name: string): Parsed['values'][string] => {
    // A name that is asked for and not declared would be an option that does nothing.
    if (!Object.hasOwn(known, name)) throw new TypeError(`warifu ${command.name} has no option --${name}`);
    return values[name];
  };
  const texts = (name: string): readonly string[] => {
    const value = ofOption(name);
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  };
  return {
    positionals,
    text: (name) => texts(name)[0],
    texts,
    has: (name) => ofOption(name) === true,
    number: (name, min, max = 999_999_999) => {
      const [text] = texts(name);
      if (text === undefined) return undefined;
      if (!/^\d{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
        throw usage(
          `--${name}: a whole number ${max === 999_999_999 ? `of at least ${min}` : `from ${min} to ${max}`} is wanted, not "${text}"`,
        );
      return Number(text);
    },
    time: (name, min) => {
      const [text] = texts(name);
      if (text === undefined) return undefined;
      const milliseconds = parseTime(text);
      if (milliseconds === undefined || milliseconds < min)
        throw usage(`--${name}: a time such as 10s, 500ms or 5m is wanted, not "${text}"`);
      return milliseconds;
    },
    oneOf: (name, words) => {
      const [text] = texts(name);
      const found = words.find((word) => word === text);
      if (text !== undefined && found === undefined) throw usage(`--${name}: "${text}" is none of ${words.join(', ')}`);
      return found;
    },
  };
}

interface Parsed {
  readonly values: { readonly [name: string]: string | boolean | readonly (string | boolean)[] | undefined };
  readonly positionals: readonly string[];
  /** The names of options in the order in which they were given. */
  readonly given: readonly string[];
}

function parsed(
  known: { readonly [name: string]: Option },
  args: readonly string[],
  wrong: (text: string) => Error,
): Parsed {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type, short, multiple }] of Object.entries(known))
    options[name] = { type, ...(short !== undefined && { short }), ...(multiple === true && { multiple }) };
  const shorts = Object.values(known).flatMap(({ short }) => short ?? []);
  try {
    const { values, positionals, tokens } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
      tokens: true,
    });
    return { values, positionals, given: tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : [])) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const unknown = /Unknown option '(-{1,2}[^']*)'/.exec(error.message)?.[1];
    if (unknown !== undefined) {
      // One dash before a word is read as letters; whole words are meant where it is written so.
      const word = args.find((arg) => /^-[A-Za-z][A-Za-z0-9_-]/.test(arg) && !shorts.includes(arg[1] ?? ''));
      throw wrong(unknownOption(unknown.length === 2 ? (word ?? unknown) : unknown, Object.keys(known)));
    }
    const bare = /^Option '(?:-\w, )?--([^ ']+)[^']*' argument (?:missing|is ambiguous)/.exec(error.message)?.[1];
    if (bare !== undefined)
      throw wrong(`--${bare}: a value is wanted behind it; one that begins with a dash is written --${bare}=-value`);
    throw wrong(error.message);
  }
}

/** The help of one command, for programs. */
export function helpJson(command: Command): object {
  const options = Object.entries({ ...command.options, ...COMMON }).map(([name, option]) => ({ name, ...option }));
  const { name, summary, operands, help } = command;
  return { name, summary, operands, help: help.trim(), options };
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.options, ...COMMON }).map(([name, option]) => {
    const value = option.type === 'string' ? ` ${option.value ?? 'TEXT'}` : '';
    return [`${option.short === undefined ? '    ' : `-${option.short}, `}--${name}${value}`, option.help] as const;
  });
  return [
    `warifu ${command.name}${command.operands === '' ? '' : ` ${command.operands}`}`,
    '',
    command.help.trim(),
    '',
    'Options:',
    ...table(rows),
  ].join('\n');
}

/** Two columns. */
export function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) =>
    left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
  );
}
