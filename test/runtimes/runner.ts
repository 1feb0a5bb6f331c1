import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../support/child.ts';
import type { Outcome } from './suite.ts';

/** The suite, bundled once for each kind of entry. */
export interface Bundles {
  readonly console: string;
  readonly page: string;
  readonly fetch: string;
}

export interface Result {
  readonly runtime: string;
  /** Why it was not tried. */
  readonly skipped?: string;
  readonly outcomes: readonly Outcome[];
}

export type Runner = (bundles: Bundles) => Promise<Result[]>;

export const HERE: string = import.meta.dirname;

/** A binary in one of the platform packages of a scope (`@oven/bun-linux-x64`); undefined when none is installed. */
export function platformBinary(scope: string, prefix: string, path: string): string | undefined {
  const directory = join(HERE, 'node_modules', scope);
  if (!existsSync(directory)) return undefined;
  return readdirSync(directory)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(directory, name, path))
    .find(existsSync);
}

/** Runs a command that prints the outcomes as its last line. */
export async function runCommand(
  runtime: string,
  command: string | undefined,
  args: readonly string[],
): Promise<Result[]> {
  if (command === undefined) return [{ runtime, skipped: 'not installed', outcomes: [] }];
  const child = startChild(command, args, { environment: { NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' } });
  const patience = setTimeout(() => void child.stop(), 120_000);
  const code = await child.exited;
  clearTimeout(patience);
  const line = child
    .output()
    .split('\n')
    .findLast((text) => text.startsWith('[{'));
  if (code === 0 && line !== undefined) return [{ runtime, outcomes: JSON.parse(line) as Outcome[] }];
  return [{ runtime, outcomes: [broken(`exit code ${code}: ${child.output().slice(-2000)}`)] }];
}

export function broken(detail: string): Outcome {
  return { name: 'the suite runs', ok: false, detail };
}
