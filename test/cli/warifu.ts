import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, startChild } from '../support/child.ts';
import { ROOT } from '../support/entries.ts';
import { type Outcome, runProgram } from '../support/programs.ts';

/** The program `warifu`, built as it is published, and run as people run it. */

const run = promisify(execFile);

export interface Warifu {
  /** Runs it to its end, in a folder. */
  run(cwd: string, ...args: readonly string[]): Outcome;
  /** {@link run}, with something on its standard input. */
  runWith(cwd: string, input: string, ...args: readonly string[]): Outcome;
  /** What it printed as JSON; throws when it failed. */
  json<T>(cwd: string, ...args: readonly string[]): T;
  /** Starts it, for commands that go on until they are stopped. */
  start(...args: readonly string[]): Child;
  remove(): void;
}

/** @param name a folder for this build alone. */
export async function buildWarifu(name: string): Promise<Warifu> {
  const folder = join(ROOT, '.cache', `cli-${name}`);
  rmSync(folder, { recursive: true, force: true });
  const args = [join(ROOT, 'node_modules/ts7/bin/tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', folder];
  await run(process.execPath, args).catch((error: { readonly stdout: string }) => {
    throw new Error(`the build failed:\n${error.stdout}`);
  });
  const main = join(folder, 'cli/main.js');
  const runWith = (cwd: string, input: string, ...rest: readonly string[]): Outcome =>
    runProgram(process.execPath, [main, ...rest], { cwd, input });
  return {
    runWith,
    run: (cwd, ...rest) => runWith(cwd, '', ...rest),
    json: (cwd, ...rest) => {
      const { status, output } = runWith(cwd, '', ...rest, '--json');
      if (status !== 0 && status !== 1) throw new Error(`warifu ${rest.join(' ')}: ${status}\n${output}`);
      const line = output.split('\n').find((text) => text.startsWith('{') || text.startsWith('['));
      return JSON.parse(line ?? 'null');
    },
    start: (...rest) => startChild(process.execPath, [main, ...rest]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
