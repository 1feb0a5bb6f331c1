import { bundled, removeBundle } from '../support/bundled.ts';
import { type Child, startChild } from '../support/child.ts';
import { type Outcome, runProgram } from '../support/programs.ts';

/** The program `warifu`, run as people run it. */

export interface Warifu {
  /** The file that is run. */
  readonly main: string;
  /** Runs it to its end, in a folder. */
  run(cwd: string, ...args: readonly string[]): Outcome;
  /** {@link run}, with something on its standard input. */
  runWith(cwd: string, input: string, ...args: readonly string[]): Outcome;
  /** Starts it, for commands that run until they are stopped. */
  start(...args: readonly string[]): Child;
  remove(): void;
}

/** @param name of the bundle, for this test file alone. That the program runs as it is published is tested in test/package. */
export async function buildWarifu(name: string): Promise<Warifu> {
  const bundle = `cli-${name}`;
  const main = await bundled('src/cli/main.ts', bundle);
  const runWith = (cwd: string, input: string, ...rest: readonly string[]): Outcome =>
    runProgram(process.execPath, [main, ...rest], { cwd, input });
  return {
    main,
    runWith,
    run: (cwd, ...rest) => runWith(cwd, '', ...rest),
    start: (...rest) => startChild(process.execPath, [main, ...rest]),
    remove: () => removeBundle(bundle),
  };
}
