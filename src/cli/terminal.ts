import { existsSync, fstatSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Failure } from './failure.ts';

/** Where a command reads and writes. */
export interface Terminal {
  /** One line or more of the answer, to standard output. */
  print(text: string): void;
  /** What is said besides the answer, to standard error. */
  note(text: string): void;
  /** The bytes of the answer, to standard output. */
  printBytes(bytes: Uint8Array): void;
  /** All of standard input. */
  readInput(): Uint8Array;
  /** Resolves with the name of the signal that asks the program to end. */
  untilStopped(): Promise<string>;
  /** May text be in colours? Where it goes to something that is no terminal, `print` and `note` take them out. */
  readonly isColoured: boolean;
  /** Path of a file as the program was given it. */
  path(name: string): string;
  /** Standard input as a stream, standard output as one. */
  input(): Readable;
  output(): Writable;
  /** Is standard input a pipe of a shell or a file, so that it is meant to be read and ends by itself? */
  isPiped(): boolean;
  /** Columns of the terminal; undefined: it is none. */
  readonly columns: number | undefined;
}

/** The terminal of this process. Colours only on a terminal, and not when `NO_COLOR` is set. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  const wantsColours = (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';
  const say = (stream: typeof stdout | typeof stderr, text: string): void =>
    void stream.write(`${stream.isTTY === true ? text : text.replaceAll(COLOUR, '')}\n`);
  return {
    print: (text) => say(stdout, text),
    note: (text) => say(stderr, text),
    printBytes: (bytes) => void process.stdout.write(bytes),
    readInput: () => new Uint8Array(readFileSync(0)),
    untilStopped: () =>
      new Promise((done) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done(signal));
      }),
    isColoured: wantsColours && (stdout.isTTY === true || stderr.isTTY === true),
    path: (name) => resolve(name),
    input: () => process.stdin,
    output: () => process.stdout,
    isPiped: () => isPipe(0),
    columns: stdout.isTTY === true ? stdout.columns : stderr.isTTY === true ? stderr.columns : undefined,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of ours
const COLOUR = /\u001b\[[\d;]*m/g;

function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isFile();
  } catch {
    return false;
  }
}

/** The bytes of a file, or of standard input for `-`. @throws Failure when it cannot be read. */
export function readFile(terminal: Terminal, name: string): Uint8Array {
  if (name === '-') return terminal.readInput();
  const path = terminal.path(name);
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (!existsSync(path)) throw new Failure(`${name}: there is no such file`);
    throw new Failure(`${name}: it cannot be read (${codeOf(error)})`);
  }
}

/** The first line of a file that holds a password. */
export function readPassword(terminal: Terminal, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const text = new TextDecoder().decode(readFile(terminal, name));
  const [line = ''] = text.split(/\r?\n/);
  if (line === '') throw new Failure(`${name}: its first line, which is to be the password, is empty`);
  return line;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Text in a colour, where there are any. */
export function coloured(terminal: Terminal, colour: keyof typeof CODES, text: string): string {
  return terminal.isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}
