import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARIES, type Library, type RuntimeName } from './table.ts';

const PAGE = join(import.meta.dirname, '../../docs/libraries.md');

/** What became of one library in one runtime. */
export interface Cell {
  readonly library: Library;
  readonly runtime: RuntimeName;
  readonly ours: boolean;
  readonly result: 'done' | 'cannot' | 'failed' | 'not run';
  /** Why it failed or was not run. */
  readonly reason: string;
}

const HEAD = `# Libraries over warifu/tls

Libraries as they are, with \`warifu/tls\` and \`warifu/https\` in the place of \`tls\` and \`https\`, against servers as they are. In Node
by \`node --import warifu/register\`, elsewhere bundled by esbuild with an alias. \`npm run libraries\` installs the libraries into a
folder of its own, starts the servers that Debian has, and runs everything: what fails, or works although it is said not to, fails the
command. \`--page\` writes this page; \`--native\` does the same with the runtime's own \`tls\`.

A program in \`scripts/libraries/cases/\` says what is done; the libraries' versions are in \`scripts/libraries/package.json\`.
`;

/**
 * Writes the page, with what earlier runs into the same folder have found of libraries and runtimes that this run was not
 * about.
 */
export function writePage(cells: readonly Cell[], versions: ReadonlyMap<RuntimeName, string>, folder: string): void {
  const file = join(folder, 'results.json');
  const known: Known = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Known)
    : { cells: {}, versions: {} };
  for (const { library, runtime, result, reason } of cells)
    known.cells[`${library.program ?? library.name} ${runtime}`] = { result, reason };
  Object.assign(known.versions, Object.fromEntries(versions));
  writeFileSync(file, JSON.stringify(known));
  const all = LIBRARIES.flatMap((library) =>
    RUNTIMES.flatMap((runtime) => {
      const cell = known.cells[`${library.program ?? library.name} ${runtime}`];
      return cell === undefined ? [] : [{ ...cell, library, runtime, ours: true }];
    }),
  );
  writeFileSync(
    PAGE,
    page(all, known.versions, (name) => versionIn(folder, name)),
  );
}

const RUNTIMES: readonly RuntimeName[] = ['Node', 'Deno', 'Bun', 'workerd'];

interface Known {
  readonly cells: Record<string, Pick<Cell, 'result' | 'reason'>>;
  readonly versions: { readonly [K in RuntimeName]?: string };
}

/** The page of these results. */
function page(cells: readonly Cell[], versions: Known['versions'], versionOf: (library: string) => string): string {
  const notes: string[] = [];
  const note = (text: string): string => {
    const at = notes.indexOf(text);
    return `${at < 0 ? notes.push(text) : at + 1}`;
  };
  const libraries = [...new Set(cells.map(({ library }) => library))];
  const names = RUNTIMES.filter((name) => versions[name] !== undefined);
  const cellOf = (library: Library, runtime: string): string => {
    const cell = cells.find((one) => one.library === library && one.runtime === runtime);
    if (cell === undefined) return '';
    return cell.result === 'done' ? 'yes' : `no [${note(cell.reason)}]`;
  };
  const rows = libraries.map((library) => [
    `${library.name} ${versionOf(library.name)}`,
    library.done,
    library.server ?? 'its own',
    ...names.map((name) => cellOf(library, name)),
  ]);
  const head = ['library', 'what was done', 'server', ...names.map((name) => `${name} ${versions[name]}`)];
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [
    HEAD,
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
    '## Why not',
    '',
    ...notes.map((text, index) => `${index + 1}. ${text}`),
    '',
  ].join('\n');
}

function versionIn(folder: string, library: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'node_modules', library, 'package.json'), 'utf8'));
  return String(Reflect.get(Object(manifest), 'version'));
}
