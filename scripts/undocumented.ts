/**
 * What the package exports without a sentence, and its functions without an `@example`: `npx tsx scripts/undocumented.ts`.
 * There is to be nothing of either kind: test/docs/undocumented.test.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..');

export interface Undocumented {
  /** How many names there are at all, each counted once, however many entries have it. */
  readonly names: number;
  readonly withoutSentence: readonly string[];
  readonly functionsWithoutExample: readonly string[];
}

/** Looks at the exports of these files; a name is written with the file that declares it. */
export function undocumented(files: readonly string[], root: string = ROOT): Undocumented {
  const program = ts.createProgram(
    files.map((file) => join(root, file)),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    },
  );
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Symbol>();
  const withoutSentence: string[] = [];
  const functionsWithoutExample: string[] = [];
  for (const file of files) {
    const source = program.getSourceFile(join(root, file));
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      const [declaration] = symbol.declarations ?? [];
      if (declaration === undefined) continue;
      const where = `${exported.name} (${declaration.getSourceFile().fileName.slice(root.length + 1)})`;
      if (ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '') withoutSentence.push(where);
      const isFunction = (symbol.flags & ts.SymbolFlags.Function) !== 0;
      const hasExample = symbol.getJsDocTags(checker).some(({ name }) => name === 'example');
      if (isFunction && !hasExample) functionsWithoutExample.push(where);
    }
  }
  return {
    names: seen.size,
    withoutSentence: withoutSentence.sort(),
    functionsWithoutExample: functionsWithoutExample.sort(),
  };
}

/** The sources of the entries. */
export function entrySources(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
  };
  return Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [target.types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')],
  );
}

if (process.argv[1] === import.meta.filename) {
  const { names, withoutSentence, functionsWithoutExample } = undocumented(entrySources());
  for (const name of withoutSentence) console.log(`no sentence  ${name}`);
  for (const name of functionsWithoutExample) console.log(`no example   ${name}`);
  console.log(
    `${names} names: ${withoutSentence.length} without a sentence, ${functionsWithoutExample.length} without an example`,
  );
}
