import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { codeOf } from '../terminal.ts';

/** Files as they were at one moment: everything that belongs together is read once, and by all workers alike. */
export class Snapshot {
  readonly #files = new Map<string, Uint8Array>();
  readonly #isClosed: boolean;
  readonly #locate: (name: string) => string;

  /**
   * @param locate the path of a name.
   * @param files of another process, by path: then nothing else is read.
   */
  constructor(locate: (name: string) => string = resolve, files?: ReadonlyMap<string, Uint8Array>) {
    this.#isClosed = files !== undefined;
    this.#locate = locate;
    for (const [path, bytes] of files ?? []) this.#files.set(path, bytes);
  }

  /** @throws Failure when it cannot be read. */
  read(name: string): Uint8Array {
    const path = this.#locate(name);
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    if (this.#isClosed) throw new Failure(`${name}: it was not read beforehand`);
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(readFileSync(path));
    } catch (error) {
      throw new Failure(`${name}: it cannot be read (${codeOf(error)})`);
    }
    this.#files.set(path, bytes);
    return bytes;
  }

  /** The path of a name. */
  locate(name: string): string {
    return this.#locate(name);
  }

  /** Everything that was read, by path. */
  get files(): ReadonlyMap<string, Uint8Array> {
    return this.#files;
  }
}

/** What tells that files have changed: not what is in them. */
export function fingerprintOf(paths: Iterable<string>): string {
  const parts: string[] = [];
  for (const path of paths) {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    parts.push(stat === undefined ? `${path} -` : `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`);
  }
  return parts.sort().join('\n');
}
