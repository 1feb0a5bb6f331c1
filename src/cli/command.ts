import { type ParseArgsConfig, parseArgs } from 'node:util';
import { usage } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** An option of a command: how it is written, and what people read about it. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string;
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
  /** A whole number, at least `min`. @throws Failure */
  number(name: string, min: number): number | undefined;
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
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type, short, multiple }] of Object.entries(known))
    options[name] = { type, ...(short !== undefined && { short }), ...(multiple === true && { multiple }) };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usage(`warifu ${command.name}: ${explain(error, Object.keys(known))}\nTry "warifu ${command.name} --help".`);
  }
  const { values, positionals } = parsed;
  const texts = (name: string): readonly string[] => {
    const value = values[name];
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  };
  return {
    positionals,
    text: (name) => texts(name)[0],
    texts,
    has: (name) => values[name] === true,
    number: (name, min) => {
      const [text] = texts(name);
      if (text === undefined) return undefined;
      if (!/^\d{1,9}$/.test(text) || Number(text) < min)
        throw usage(`--${name}: a whole number of at least ${min} is wanted, not "${text}"`);
      return Number(text);
    },
    oneOf: (name, words) => {
      const [text] = texts(name);
      const found = words.find((word) => word === text);
      if (text !== undefined && found === undefined) throw usage(`--${name}: "${text}" is none of ${words.join(', ')}`);
      return found;
    },
  };
}

function explain(error: unknown, known: readonly string[]): string {
  if (!(error instanceof Error)) throw error;
  const unknown = /Unknown option '(-{1,2}[^']*)'/.exec(error.message)?.[1];
  if (unknown === undefined) return error.message.replace(/\. To specify a positional.*$/s, '');
  const word = unknown.replace(/^-+/, '');
  const close = known.find((name) => name.startsWith(word) || word.startsWith(name));
  return `there is no option ${unknown}${close === undefined ? '' : `; did you mean --${close}?`}`;
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
