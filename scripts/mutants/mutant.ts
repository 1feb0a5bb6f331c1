/** A piece of code that is taken out, and the tests that must notice. */
export interface Mutant {
  /** What is taken out, in a few words; no two are named alike. */
  readonly name: string;
  /**
   * The code, as it is written in `src/`: it has to be found exactly once there. Text rather than a line number, so that a
   * table survives changes above it; when a file is moved nothing has to be written anew.
   */
  readonly find: string | RegExp;
  /** Only files whose path below `src/` ends so are looked at, where the same text stands in several. */
  readonly file?: string;
  /** What is put in its place; `$1` and the like as in String.replace where `find` is a RegExp. Default: nothing. */
  readonly replace?: string;
  /** Test files, relative to the root: at least one test in them has to fail. */
  readonly tests: readonly string[];
  /** Only tests whose full name matches this RegExp. */
  readonly only?: string;
}

/** Where a mutant's code is, and its file with the code taken out. */
export interface Applied {
  readonly file: string;
  readonly text: string;
}

/** Takes the code out. @throws Error when it is not there exactly once. */
export function applyMutant(mutant: Mutant, sources: ReadonlyMap<string, string>): Applied {
  const places: Applied[] = [];
  let count = 0;
  for (const [file, text] of sources) {
    if (mutant.file !== undefined && !`/${file}`.endsWith(`/${mutant.file}`)) continue;
    const found = matchesIn(text, mutant.find);
    count += found;
    if (found > 0) places.push({ file, text: replaceIn(text, mutant) });
  }
  if (count !== 1)
    throw new Error(
      `the code of "${mutant.name}" is found ${count} times${count > 1 ? ` (${places.map(({ file }) => file).join(', ')})` : ''}: ` +
        'write in scripts/mutants/ what it is now',
    );
  const [place] = places;
  if (sources.get(place!.file) === place!.text) throw new Error(`"${mutant.name}" changes nothing`);
  return place!;
}

function matchesIn(text: string, find: string | RegExp): number {
  if (typeof find === 'string') return text.split(find).length - 1;
  return [...text.matchAll(new RegExp(find, `${find.flags.replace('g', '')}g`))].length;
}

function replaceIn(text: string, { find, replace = '' }: Mutant): string {
  // A function, so that a `$` in code is nothing special.
  return typeof find === 'string' ? text.replace(find, () => replace) : text.replace(find, replace);
}
