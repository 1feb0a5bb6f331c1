/**
 * Counts the casts in src/: each is a place where the compiler was told rather than asked. `as const` and `satisfies` are
 * none. Run by `npm run check:casts`, which fails above MAX_CASTS and for any cast to the configuration of one role.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { readTree } from './tree.ts';

/** Lower it when casts go; it does not rise. */
export const MAX_CASTS = 59;

export interface Cast {
  readonly file: string;
  readonly line: number;
  /** The type that was written behind `as`. */
  readonly to: string;
}

/** Every cast; `files` maps paths below src/ (with `/`) to their text. */
export function castsIn(files: ReadonlyMap<string, string>): Cast[] {
  const found: Cast[] = [];
  for (const [file, text] of files) {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    const visit = (node: ts.Node): void => {
      if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) {
        const { line } = source.getLineAndCharacterOfPosition(node.type.getStart());
        found.push({ file, line: line + 1, to: node.type.getText() });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** What is wrong with these casts, as sentences. */
export function checkCasts(casts: readonly Cast[]): string[] {
  const breaches = casts
    .filter(({ to }) => /^(Client|Server)Config$|^Context</.test(to))
    .map(({ file, line, to }) => `${file}:${line}: a cast of the role, as ${to}: the context knows it`);
  if (casts.length > MAX_CASTS) breaches.push(`${casts.length} casts in src/, at most ${MAX_CASTS}`);
  return breaches;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const casts = castsIn(readTree(join(dirname(fileURLToPath(import.meta.url)), '../src')));
  const breaches = checkCasts(casts);
  if (process.argv.includes('--list')) for (const { file, line, to } of casts) console.log(`${file}:${line} as ${to}`);
  for (const breach of breaches) console.error(breach);
  console.log(`casts: ${casts.length}, ${breaches.length} breaches`);
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
