import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { type Child, Files, freePort, startChild } from '../../../test/support/child.ts';

/** Where every server listens. */
export const LOCAL = '127.0.0.1';
/** The password of every user. */
export const PASSWORD = 'a-secret';

/** PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Ports by what listens there. */
export type Ports = Readonly<Record<string, number>>;

/** A server cannot be started here; the message says why. */
export class NotHere extends Error {}

/** Starts servers, each with a folder of its own, and ends them. */
export class Host {
  readonly identity: Identity;
  readonly #children: Child[] = [];
  readonly #folders: Files[] = [];

  constructor(identity: Identity) {
    this.identity = identity;
  }

  /** The first of these paths that exists. @throws NotHere */
  find(what: string, ...paths: readonly string[]): string {
    const found = paths.find((path) => existsSync(path));
    if (found === undefined) throw new NotHere(`${what} is not installed`);
    return found;
  }

  /** A folder with cert.pem, key.pem and ca.pem that belongs to this user, where we may give it away. */
  folder(user?: string): Files {
    const files = new Files();
    this.#folders.push(files);
    for (const [name, text] of Object.entries(this.identity)) files.add(`${name}.pem`, text);
    this.give(files, user);
    return files;
  }

  /** What has been put into the folder since becomes the user's too. */
  give(files: Files, user: string | undefined): void {
    if (!isRoot || user === undefined) return;
    execFileSync('chown', ['-R', `${user}:`, files.directory]);
    chmodSync(files.directory, 0o755);
  }

  /** A command as this user; without root it is run as it is. */
  as(user: string, program: string, args: readonly string[]): [string, readonly string[]] {
    if (!isRoot) return [program, args];
    const group = execFileSync('id', ['-gn', user], { encoding: 'utf8' }).trim();
    return ['setpriv', [`--reuid=${user}`, `--regid=${group}`, '--init-groups', program, ...args]];
  }

  /** Runs a command to its end. @throws Error with what it said */
  run(
    program: string,
    args: readonly string[],
    input?: string,
    environment: Readonly<Record<string, string>> = {},
  ): string {
    return execFileSync(program, [...args], {
      encoding: 'utf8',
      input: input ?? '',
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Starts a server and waits until it says that it is ready. */
  async start(
    program: string,
    args: readonly string[],
    ready: RegExp,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    const child = startChild(program, args, { environment });
    this.#children.push(child);
    await child.waitFor(ready, 180_000);
    return child;
  }

  /** The last that the servers have said. */
  get output(): string {
    return this.#children.map((child) => child.output().slice(-600)).join('\n');
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) await child.stop();
    for (const files of this.#folders) files.remove();
  }
}

const isRoot: boolean = process.getuid?.() === 0;

/** Some servers give up root by themselves, and cannot do without it. @throws NotHere */
export function needsRoot(what: string): void {
  if (!isRoot) throw new NotHere(`${what} is started by root only`);
}

/** Ports that are free, by name. */
export async function freePorts(...names: readonly string[]): Promise<Record<string, number>> {
  const ports: Record<string, number> = {};
  for (const name of names) ports[name] = await freePort();
  return ports;
}
