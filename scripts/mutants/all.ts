import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

/** Files of this folder that are no tables. */
const NO_TABLES = ['all.ts', 'mutant.ts'];

/** The tables of this folder, joined; a new one is a file that exports `mutants`. */
export async function allMutants(): Promise<readonly Mutant[]> {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !NO_TABLES.includes(name));
  const tables: Mutant[] = [];
  for (const file of files.sort()) {
    const table = (await import(pathToFileURL(join(import.meta.dirname, file)).href)) as {
      readonly mutants?: readonly Mutant[];
    };
    if (table.mutants === undefined) throw new Error(`scripts/mutants/${file} exports no mutants`);
    tables.push(...table.mutants);
  }
  return tables;
}
