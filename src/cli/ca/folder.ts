import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RevocationReason } from '../../pki/revocation/crl.ts';
import { Failure } from '../failure.ts';
import { codeOf } from '../terminal.ts';

/** What the authority knows of one certificate. */
export interface IssuedRecord {
  /** Hexadecimal. */
  readonly serial: string;
  /** Name of the files, without their endings. */
  readonly file: string;
  readonly purpose: 'server' | 'client';
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly revoked?: { readonly at: number; readonly reason: RevocationReason };
}

/** What the authority remembers: authority/state.json. */
export interface State {
  readonly version: 1;
  /** Of the next list. */
  readonly crlNumber: number;
  readonly issued: readonly IssuedRecord[];
}

/**
 * The folder of an authority. What is handed out lies in it; what must never leave it lies in `authority/`, which only its
 * owner can read.
 */
export class CaFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get exists(): boolean {
    return existsSync(this.#own('root.crt'));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  #own(name: string): string {
    return join(this.path, 'authority', name);
  }

  create(): void {
    mkdirSync(this.path, { recursive: true });
    mkdirSync(join(this.path, 'authority'), { recursive: true, mode: 0o700 });
    chmodSync(join(this.path, 'authority'), 0o700);
  }

  /** A file as it was named, or if it is not there the one of that name in this folder. */
  locate(path: string): string {
    return existsSync(path) || !this.hasFile(basename(path)) ? path : this.file(basename(path));
  }

  /** Public: a certificate, a list, the README. */
  write(name: string, content: string | Uint8Array): void {
    replace(this.file(name), content, 0o644);
  }

  /** A key: only its owner can read it. */
  writeSecret(name: string, content: string | Uint8Array): void {
    replace(this.file(name), content, 0o600);
  }

  writeOwn(name: string, content: string): void {
    replace(this.#own(name), content, 0o600);
  }

  readOwn(name: string): string {
    try {
      return readFileSync(this.#own(name), 'utf8');
    } catch (error) {
      throw new Failure(`${this.#own(name)}: it cannot be read (${codeOf(error)}); the folder is not whole`);
    }
  }

  hasFile(name: string): boolean {
    return existsSync(this.file(name));
  }

  state(): State {
    const text = this.readOwn('state.json');
    try {
      const state: unknown = JSON.parse(text);
      if (isState(state)) return state;
    } catch {
      // Said below.
    }
    throw new Failure(`${this.#own('state.json')}: it is not what this program wrote`);
  }

  /**
   * Changes the state, and nothing else does meanwhile: two programs at once would forget what the other issued.
   * @throws Failure when another one is at work.
   */
  async change<T>(work: (state: State) => Promise<{ readonly state: State; readonly result: T }>): Promise<T> {
    const lock = this.#own('lock');
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw new Failure(`${lock}: it cannot be written (${codeOf(error)})`);
      throw new Failure(`another "warifu ca" is at work in ${this.path}; if there is none, delete ${lock}`);
    }
    try {
      const { state, result } = await work(this.state());
      this.writeOwn('state.json', `${JSON.stringify(state, undefined, 2)}\n`);
      return result;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** All of it or nothing, whenever the machine stops. */
function replace(path: string, content: string | Uint8Array, mode: number): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, content, { mode });
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    throw new Failure(`${path}: it cannot be written (${codeOf(error)})`);
  }
}

function isState(value: unknown): value is State {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    'crlNumber' in value &&
    typeof value.crlNumber === 'number' &&
    'issued' in value &&
    Array.isArray(value.issued)
  );
}
