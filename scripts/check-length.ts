/** A file is read in one sitting: this many lines at most, unless it is a table. */
const MAX_LINES = 400;

/** Files that are one table, or one list of declarations, below src/. */
const TABLES: readonly string[] = [
  'errors.ts',
  'cli/listen/options.ts',
  'contexts.ts',
  'engine/engine.ts',
  'pki/path/path.ts',
];

/** Every file that is too long, as a sentence; and every table that is short enough to need no exception. */
export function checkLength(files: ReadonlyMap<string, string>): string[] {
  const breaches: string[] = [];
  for (const [file, text] of files) {
    const lines = text.split('\n').length - 1;
    if (lines > MAX_LINES && !TABLES.includes(file))
      breaches.push(`${file}: ${lines} lines; what is read in one sitting has ${MAX_LINES} at most`);
    if (lines <= MAX_LINES && TABLES.includes(file)) breaches.push(`${file}: an exception that it does not need`);
  }
  return breaches;
}
