import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library, RuntimeName } from './table.ts';

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
folder of its own, starts the servers that Debian has, runs everything and compares with this page; \`--page\` writes it.

A program in \`scripts/libraries/cases/\` says what is done; the libraries' versions are in \`scripts/libraries/package.json\`.
`;

/** Writes the page. */
export function writePage(cells: readonly Cell[], versions: ReadonlyMap<RuntimeName, string>, folder: string): void {
  writeFileSync(
    PAGE,
    page(cells, versions, (name) => versionIn(folder, name)),
  );
}

/** The page of these results. */
function page(
  cells: readonly Cell[],
  versions: ReadonlyMap<RuntimeName, string>,
  versionOf: (library: string) => string,
): string {
  const notes: string[] = [];
  const note = (text: string): string => {
    const at = notes.indexOf(text);
    return `${at < 0 ? notes.push(text) : at + 1}`;
  };
  const table = (ours: boolean): string[] => {
    const chosen = cells.filter((cell) => cell.ours === ours);
    const libraries = [...new Set(chosen.map(({ library }) => library))];
    const names = [...versions.keys()];
    const cellOf = (library: Library, runtime: RuntimeName): string => {
      const cell = chosen.find((one) => one.library === library && one.runtime === runtime);
      if (cell === undefined) return '';
      return cell.result === 'done' ? 'yes' : `no [${note(cell.reason)}]`;
    };
    return [
      `| library | ${ours ? 'what was done | ' : ''}server | ${names.map((name) => `${name} ${versions.get(name)}`).join(' | ')} |`,
      `| --- | ${ours ? '--- | ' : ''}--- |${names.map(() => ' --- |').join('')}`,
      ...libraries.map(
        (library) =>
          `| ${library.name} ${versionOf(library.name)} | ${ours ? `${library.done} | ` : ''}${library.server ?? 'its own'} | ${names
            .map((name) => cellOf(library, name))
            .join(' | ')} |`,
      ),
    ];
  };
  const first = table(true);
  const second = table(false);
  return [
    HEAD,
    ...first,
    '',
    "## With the runtime's own tls",
    '',
    'The same programs, bundled in the same way, without the alias.',
    '',
    ...second,
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
