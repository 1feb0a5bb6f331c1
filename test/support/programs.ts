import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs that are run once and say what they think of a file. */

export interface Outcome {
  readonly status: number | null;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** Runs a program to its end, at most two minutes; its status is for the caller to judge. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly cwd?: string } = {},
): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 120_000,
    input: options.input ?? '',
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

/** {@link runProgram}, and an error when it fails. */
export function mustRun(program: string, args: readonly string[], options: { readonly input?: string } = {}): string {
  const { status, output } = runProgram(program, args, options);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${status}\n${output}`);
  return output;
}

/** A folder of a test's own. */
export class Folder {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'warifu-'));

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  bytes(name: string): Uint8Array {
    return new Uint8Array(readFileSync(this.path(name)));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
