/** A file is read in one sitting: this many lines at most, unless it is a table. */
const MAX_LINES = 400;

/** Files that are one table, or one list of declarations, below src/. */
const TABLES: readonly string[] = ['errors.ts', 'cli/listen/options.ts', 'testkit/server-faults.ts'];

/** Files that are longer than they should be, and by how much they may be: it only gets less. */
const DEBTS: Readonly<Record<string, number>> = { 'engine/engine.ts': 616 };

/** Every file that is too long, as a sentence; and every exception that is not needed. */
export function checkLength(files: ReadonlyMap<string, string>): string[] {
  const breaches: string[] = [];
  for (const [file, text] of files) {
    const lines = text.split('\n').length - 1;
    const isTable = TABLES.includes(file);
    const debt = Object.hasOwn(DEBTS, file) ? DEBTS[file] : undefined;
    const most = isTable ? Number.POSITIVE_INFINITY : (debt ?? MAX_LINES);
    if (lines > most) breaches.push(`${file}: ${lines} lines; what is read in one sitting has ${most} at most`);
    if (lines <= MAX_LINES && (isTable || debt !== undefined))
      breaches.push(`${file}: an exception that it does not need`);
  }
  return breaches;
}
