import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, issueCertificate } from '../../src/pki/issue/index.ts';
import { emptyProject, installInto, link, tools } from '../package/pack.ts';
import { type Child, startChild } from '../support/child.ts';
import { ROOT } from '../support/entries.ts';

/** An example as its reader has it: in a project of its own, with the package installed, and certificates in `ca/`. */

/** Names of the files in `ca/`, beside root.crt: each has `.crt` and `.key`. */
const ISSUED = [
  ['server', 'server', ['localhost', 'inner.localhost']],
  ['client', 'client', 'spiffe://example.org/admin'],
  ['web', 'client', 'spiffe://example.org/web'],
  ['stranger', 'client', 'spiffe://example.org/stranger'],
  ['database', 'client', []],
] as const;

/** Whose names stand in the subject. */
const SUBJECTS: Readonly<Record<string, string>> = { database: 'warifu' };

export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param packages of ours that the example imports beside the library. */
  static async make(example: string, packages: readonly string[] = []): Promise<Project> {
    const folder = emptyProject(example);
    await installInto(folder);
    cpSync(join(ROOT, 'examples', example), folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    for (const name of packages) link(folder, name, await packageFolder(name));
    const ca = join(folder, 'ca');
    mkdirSync(ca);
    const issuer = await createAuthority({ subject: 'Root' });
    writeFileSync(join(ca, 'root.crt'), issuer.pem);
    for (const [file, purpose, names] of ISSUED) {
      const { pem, keyPair } = await issueCertificate({ issuer, names, purpose, subject: SUBJECTS[file] });
      writeFileSync(join(ca, `${file}.crt`), pem);
      writeFileSync(join(ca, `${file}.key`), keyPair!.pem, { mode: 0o600 });
    }
    return new Project(folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file, and returns where it is. */
  write(name: string, content: string): string {
    writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  /** Starts main.js of the example. */
  start(
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    program: readonly string[] = [process.execPath],
  ): Child {
    const [file, ...before] = program;
    return startChild(file!, [...before, 'main.js', ...args], { cwd: this.folder, environment });
  }
}

/** Where a package is: ours, or one of those that are installed apart. */
async function packageFolder(name: string): Promise<string> {
  const own = join(ROOT, 'node_modules', name);
  if (existsSync(own)) return own;
  const installed = await tools();
  if ('missing' in installed) throw new Error(installed.missing);
  return join(installed.folder, 'node_modules', name);
}

/** The examples that there are. */
export function examples(): string[] {
  return readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, 'examples', entry.name, 'main.js')))
    .map(({ name }) => name);
}
