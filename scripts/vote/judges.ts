/** Other judges: small programs, built when they are needed, each asked case by case over its standard input. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** undefined: it is good. */
export type Answer = string | undefined;

const SOURCES = fileURLToPath(new URL('./judges/', import.meta.url));
const BUILT = fileURLToPath(new URL('../../node_modules/.cache/vote/', import.meta.url));
/** Milliseconds without any answer: it hangs. */
const PATIENCE = 60_000;
/** So many cases are on their way to a judge. */
const AHEAD = 64;

interface Recipe {
  /** Builds it, and says how it is started. */
  readonly build: () => readonly [program: string, ...args: readonly string[]];
  readonly version: () => string;
}

const RECIPES: { readonly [name: string]: Recipe } = {
  OpenSSL: {
    build: () => {
      compile('openssl.c', 'openssl', '-lcrypto');
      return [`${BUILT}openssl`];
    },
    version: () => /OpenSSL (\S+)/.exec(said('openssl', 'version'))?.[1] ?? '',
  },
  Go: {
    build: () => {
      execFileSync('go', ['build', '-o', `${BUILT}go`], { cwd: `${SOURCES}go`, stdio: 'pipe' });
      return [`${BUILT}go`];
    },
    version: () => /go(\d\S*)/.exec(said('go', 'version'))?.[1] ?? '',
  },
  'rustls-webpki': {
    build: () => {
      const target = `${BUILT}rust`;
      execFileSync('cargo', ['build', '--release', '--quiet', '--locked', '--target-dir', target], {
        cwd: `${SOURCES}rust`,
        stdio: 'pipe',
      });
      return [`${target}/release/judge`];
    },
    version: () => {
      const tree = execFileSync('cargo', ['tree', '--locked', '--depth', '1'], {
        cwd: `${SOURCES}rust`,
        stdio: 'pipe',
      });
      return /rustls-webpki v(\S+)/.exec(tree.toString())?.[1] ?? '';
    },
  },
  'pyca/cryptography': {
    build: () => {
      said('python3', '-c', 'import cryptography.x509.verification');
      return ['python3', `${SOURCES}python/judge.py`];
    },
    version: () => said('python3', '-c', 'import cryptography; print(cryptography.__version__)').trim(),
  },
  GnuTLS: {
    build: () => {
      compile('gnutls.c', 'gnutls', '-lgnutls');
      return [`${BUILT}gnutls`];
    },
    version: () => /(\d+\.\d+\.\d+)/.exec(said('certtool', '--version'))?.[1] ?? '',
  },
};

export const JUDGES: readonly string[] = Object.keys(RECIPES);

function said(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { stdio: 'pipe' }).toString();
}

function compile(source: string, out: string, library: string): void {
  execFileSync('cc', ['-O2', '-o', `${BUILT}${out}`, `${SOURCES}c/${source}`, library], { stdio: 'pipe' });
}

/** A judge, or why there is none on this machine. */
export function openJudge(name: string): Judge | string {
  const recipe = RECIPES[name];
  if (recipe === undefined) return `there is no judge ${name}`;
  mkdirSync(BUILT, { recursive: true });
  try {
    const command = recipe.build();
    return new Judge(name, recipe.version(), command);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return `${name} cannot be asked here: ${text.split('\n')[0]}`;
  }
}

/** A process that judges; one that ends or hangs over a case is started again behind it. */
export class Judge {
  readonly name: string;
  readonly version: string;
  readonly #command: readonly [program: string, ...args: readonly string[]];
  readonly #patience: number;
  #process: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #heard: ((line: string | undefined) => void) | undefined;

  constructor(
    name: string,
    version: string,
    command: readonly [program: string, ...args: readonly string[]],
    patience: number = PATIENCE,
  ) {
    this.name = name;
    this.version = version;
    this.#command = command;
    this.#patience = patience;
  }

  /** The answers to these cases, in their order. */
  async ask(lines: readonly string[]): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    while (answers.length < lines.length) {
      const line = await this.#feed(lines, answers);
      if (answers.length === lines.length) break;
      this.close();
      answers.push(`error: it ${line}`);
    }
    return answers;
  }

  /** Resolves when all are answered, or with what happened to the one that is not. */
  #feed(lines: readonly string[], answers: Answer[]): Promise<string> {
    const { stdin } = this.#start();
    let sent = answers.length;
    const send = (): void => {
      for (; sent < lines.length && sent < answers.length + AHEAD; sent++) stdin.write(`${lines[sent]}\n`);
    };
    return new Promise((resolve) => {
      let timer = setTimeout(() => end('hangs'), this.#patience);
      const end = (how: string): void => {
        clearTimeout(timer);
        this.#heard = undefined;
        resolve(how);
      };
      this.#heard = (line) => {
        if (line === undefined) return end('ended');
        answers.push(line === 'yes' ? undefined : line.replace(/^no\t/, '') || 'refused');
        if (answers.length === lines.length) return end('done');
        clearTimeout(timer);
        timer = setTimeout(() => end('hangs'), this.#patience);
        send();
      };
      send();
    });
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    if (this.#process !== undefined) return this.#process;
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#process = child;
    // What is written to one that has just ended is asked again.
    child.stdin.on('error', () => {});
    child.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (this.#process === child) this.#heard?.(line);
    });
    child.on('close', () => {
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#heard?.(undefined);
    });
    return child;
  }

  close(): void {
    const child = this.#process;
    this.#process = undefined;
    child?.stdin.end();
    child?.kill('SIGKILL');
  }
}
