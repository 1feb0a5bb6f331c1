import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT: string = join(import.meta.dirname, '../..');

export interface Entry {
  /** How a program names it: `warifu`, `warifu/engine`. */
  readonly specifier: string;
  /** The file it is built from, relative to the root of the repository. */
  readonly source: string;
  readonly types: string;
  readonly module: string;
  /** What Node and its like take in its place: the same in few files. */
  readonly bundled: string;
}

/** Entries that are for runtimes with Node's modules. */
const FOR_NODE: readonly string[] = ['warifu/node', 'warifu/tls', 'warifu/https', 'warifu/register', 'warifu/testkit'];

export const isForNode = ({ specifier }: Pick<Entry, 'specifier'>): boolean => FOR_NODE.includes(specifier);

/** The entries of the package, read from its exports map. */
export function entries(): Entry[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports?: Readonly<Record<string, { readonly types: string; readonly default: string } | string>>;
  };
  const found: Entry[] = [];
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (typeof target === 'string') continue; // ./package.json
    found.push({
      specifier: subpath.replace(/^\./, 'warifu'),
      source: target.types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '.ts'),
      types: target.types,
      module: target.default,
      bundled: target.default.replace('./dist/', './dist/bundled/'),
    });
  }
  return found;
}
