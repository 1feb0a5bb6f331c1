import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { readTree } from '../../scripts/tree.ts';
import { ROOT } from '../support/entries.ts';

/** The package as it is published: `npm pack` in a copy of the tree, put into projects that know nothing of us. */

const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** What the build is made from, beside `src`. */
const CONFIGURATION = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/bundle-dist.ts'];
const CACHE = join(ROOT, '.cache/pack');
/** For one build and pack, in milliseconds; a lock that is older was left behind. */
const PATIENCE = 180_000;

/** Builds and packs a copy of the tree in this folder, with `npm pack` and what it runs before. Returns the tarball. */
export async function packIn(folder: string): Promise<string> {
  const copy = join(folder, 'tree');
  mkdirSync(copy, { recursive: true });
  for (const name of [...CONFIGURATION, ...manifest.files])
    if (name !== 'dist') cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await npm(['pack', '--pack-destination', folder], copy);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}

/** The tarball of the tree as it is now; made once, however many tests want it. */
export async function tarball(): Promise<string> {
  const key = keyOfTree();
  const made = join(CACHE, `${key}.tgz`);
  const lock = join(CACHE, `${key}.lock`);
  mkdirSync(CACHE, { recursive: true });
  for (;;) {
    if (existsSync(made)) return made;
    if (tryLock(lock)) break;
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > PATIENCE)
      rmSync(lock, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    for (const old of readdirSync(CACHE)) if (old !== basename(lock)) rmSync(join(CACHE, old), { recursive: true });
    const folder = mkdtempSync(join(CACHE, 'build-'));
    renameSync(await packIn(folder), made);
    rmSync(folder, { recursive: true, force: true });
    return made;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Unpacks the package into `node_modules` of a project, and gives it our dependencies at the versions that we pin. */
export async function installInto(project: string): Promise<string> {
  const installed = join(project, 'node_modules', manifest.name);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', await tarball(), '--strip-components=1', '-C', installed]);
  for (const name of Object.keys(manifest.dependencies)) link(project, name, join(ROOT, 'node_modules', name));
  return installed;
}

/** Makes a package of ours one of the project's, perhaps under another name. */
export function link(project: string, name: string, from: string): void {
  const path = join(project, 'node_modules', name);
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(from, path, 'junction');
}

/** An empty project, which is not in our tree: what is not installed in it is not found. */
export function emptyProject(name: string): string {
  const project = mkdtempSync(join(tmpdir(), `warifu-${name}-`));
  if (projects.push(project) === 1)
    process.once('exit', () => {
      for (const one of projects) rmSync(one, { recursive: true, force: true });
    });
  return project;
}
const projects: string[] = [];

/**
 * The compilers and bundlers of test/package/package.json, installed below .cache on first use. A sentence instead of a
 * folder: why they are not there.
 */
export async function tools(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const folder = join(ROOT, '.cache/package-tools');
  const wanted = readFileSync(join(import.meta.dirname, 'package-lock.json'), 'utf8');
  const lock = join(folder, 'package-lock.json');
  const done = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(done) && existsSync(lock) && readFileSync(lock, 'utf8') === wanted) return { folder };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(import.meta.dirname, name), join(folder, name));
  try {
    await npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
    return { folder };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return { missing: `the compilers and bundlers could not be installed: ${firstLine(error)}` };
  }
}

/** Runs a program; what it printed, or an error that says so. */
export async function command(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run(file, [...args], { cwd, maxBuffer: 1 << 26 }).catch((error: Failed) => {
    throw new Error(`${basename(file)} ${args.join(' ')}:\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  });
  return stdout;
}

interface Failed {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly message: string;
}

export async function npm(args: readonly string[], cwd: string): Promise<string> {
  // On Windows npm is a script, which only a shell can start.
  const { stdout } = await run('npm', [...args], { cwd, maxBuffer: 1 << 26, shell: process.platform === 'win32' });
  return stdout;
}

function keyOfTree(): string {
  const hash = createHash('sha256');
  for (const [path, text] of readTree(join(ROOT, 'src'))) hash.update(`${path}\0${text}\0`);
  for (const name of [...CONFIGURATION, ...manifest.files])
    if (!['dist', 'src'].includes(name)) hash.update(readFileSync(join(ROOT, name)));
  return hash.digest('hex').slice(0, 16);
}

function tryLock(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch {
    return false;
  }
}

const firstLine = (error: unknown): string => String((error as Error).message).split('\n')[0]!;
