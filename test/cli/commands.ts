import { resolve } from 'node:path';
import { runProgram } from '../../src/cli/program.ts';
import { processTerminal } from '../../src/cli/terminal.ts';
import type { Outcome } from '../support/programs.ts';

/** The commands of `warifu` in the process of the tests: what a process of its own adds is tested beside, with fewer of them. */
export interface Commands {
  /** Runs one to its end. */
  run(...args: readonly string[]): Promise<Outcome>;
  /** What it printed as JSON; throws when it failed. */
  json<T>(...args: readonly string[]): Promise<T>;
}

/** @param folder in which the names of files are meant. */
export function commandsIn(folder: string): Commands {
  const run = async (...args: readonly string[]): Promise<Outcome> => {
    const printed: string[] = [];
    const noted: string[] = [];
    const status = await runProgram(args, {
      ...processTerminal(),
      isColoured: false,
      print: (text) => void printed.push(`${text}\n`),
      printBytes: (bytes) => void printed.push(new TextDecoder().decode(bytes)),
      note: (text) => void noted.push(`${text}\n`),
      path: (name) => resolve(folder, name),
    });
    return { status, output: [...printed, ...noted].join('') };
  };
  return {
    run,
    json: async (...args) => {
      const { status, output } = await run(...args, '--json');
      if (status !== 0 && status !== 1) throw new Error(`warifu ${args.join(' ')}: ${status}\n${output}`);
      const line = output.split('\n').find((text) => text.startsWith('{') || text.startsWith('['));
      return JSON.parse(line ?? 'null');
    },
  };
}
