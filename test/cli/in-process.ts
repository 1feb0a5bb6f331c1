import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { runProgram } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** The program `warifu` within this process: as fast as a function, with everything that it prints at hand. */

export interface CliRun {
  readonly status: number;
  /** Standard output and standard error. */
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  /** Folder that names of files are looked up in. */
  readonly cwd?: string;
  /** What comes through a pipe. Default: there is none. */
  readonly input?: string | Uint8Array;
  readonly isColoured?: boolean;
  /** Ends commands that run until they are stopped. */
  readonly stop?: Promise<void>;
  /** Is told of each text on standard output as it is printed. */
  readonly onPrint?: (text: string) => void;
}

export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { cwd = '.', input, isColoured = false, stop = new Promise<void>(() => {}), onPrint } = options;
  const chunks: Uint8Array[] = [];
  const errors: string[] = [];
  const put = (bytes: Uint8Array): void => {
    chunks.push(bytes);
    onPrint?.(Buffer.from(bytes).toString());
  };
  const output = new PassThrough();
  output.on('data', put);
  const source = new PassThrough();
  source.end(input ?? '');
  const terminal: Terminal = {
    print: (text) => put(Buffer.from(`${text}\n`)),
    note: (text) => errors.push(text),
    printBytes: put,
    readInput: () => Buffer.from(input ?? ''),
    untilStopped: () => stop.then(() => 'SIGTERM'),
    isColoured,
    path: (name) => resolve(cwd, name),
    input: () => source,
    output: () => output,
    isPiped: () => input !== undefined,
    columns: undefined,
  };
  const status = await runProgram(args, terminal);
  // What was written to the stream in the last turn.
  await new Promise((done) => setImmediate(done));
  return { status, out: Buffer.concat(chunks).toString(), err: errors.join('\n') };
}
