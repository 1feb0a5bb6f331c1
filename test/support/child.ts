import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that a test started. Only it is ever ended, by its process id. */
export interface Child {
  readonly pid: number;
  /** What it has written so far, standard output and error as they came. */
  output(): string;
  /** What it has written to standard output so far, byte for byte. */
  outputBytes(): Uint8Array;
  /** Resolves with the first match in all of the output. Rejects, with the output, when time is over or it ends first. */
  waitFor(pattern: RegExp, milliseconds?: number): Promise<RegExpExecArray>;
  /** Writes to its standard input. */
  write(data: string | Uint8Array): void;
  endInput(): void;
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Ends it, waits until it has gone, removes its files. */
  stop(): Promise<void>;
}

/** Files for one child: PEM and the like, in a directory of its own that only we can read. */
export class Files {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'warifu-test-'));

  add(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Undefined when it is not there (yet, or any more). */
  read(name: string): string | undefined {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : undefined;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** True when a program can be started; the answer is asked for once. */
export function isInstalled(program: string): boolean {
  const known = installed.get(program);
  if (known !== undefined) return known;
  // GnuTLS and OpenSSL know no common option for the version; that it starts at all is what counts.
  const answer = spawnSync(program, ['--version'], { stdio: 'ignore', timeout: 10_000 }).error === undefined;
  if (!answer) console.log(`skipped: ${program} is not installed`);
  installed.set(program, answer);
  return answer;
}
const installed = new Map<string, boolean>();

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function startChild(
  program: string,
  args: readonly string[],
  options: {
    readonly files?: Files;
    readonly environment?: Readonly<Record<string, string>>;
    readonly cwd?: string;
  } = {},
): Child {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C', ...options.environment },
  });
  running.add(child);
  endAllAtExit();
  let text = '';
  const bytes: Buffer[] = [];
  let ended = false;
  const watchers = new Set<() => void>();
  const hear = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  // latin1 keeps one character a byte, so that binary output cannot be lost.
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      if (stream === child.stdout) bytes.push(data);
      text += data.toString('latin1');
      hear();
    });
  }
  child.stdin.on('error', () => {}); // it may have gone already; waitFor and exited tell
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      text += `${error}\n`;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  }).then((code) => {
    ended = true;
    running.delete(child);
    hear();
    return code;
  });
  return {
    pid: child.pid ?? -1,
    exited,
    output: () => text,
    outputBytes: () => Buffer.concat(bytes),
    waitFor: (pattern, milliseconds = 15_000) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match !== null) settle(() => resolve(match));
          else if (ended) settle(() => reject(new Error(`${program} ended without ${pattern}:\n${text}`)));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`${program} did not write ${pattern} in ${milliseconds} ms:\n${text}`))),
          milliseconds,
        );
        const settle = (finish: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          finish();
        };
        watchers.add(look);
        look();
      }),
    write: (data) => void child.stdin.write(data),
    endInput: () => void child.stdin.end(),
    stop: async () => {
      if (!ended) child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await exited;
      clearTimeout(patience);
      options.files?.remove();
    },
  };
}

const running = new Set<ChildProcess>();
let watching = false;

/** A test that fails may forget to stop its peer; the peer must not outlive the run. */
function endAllAtExit(): void {
  if (watching) return;
  watching = true;
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
}
