/**
 * Holds the direction of imports over src/: floors, no cycles between folders, and who may name which package.
 * Run by `npm run check:layers`; the rules are explained in CONTRIBUTING.md.
 */
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { circlesIn } from './file-circles.ts';
import { readTree } from './tree.ts';

/** Folders of src/, lowest first; those of one line may import each other as long as there is no cycle. */
const FLOORS: readonly (readonly string[])[] = [
  ['bytes'],
  ['wire'],
  ['crypto'],
  ['keys'],
  ['record'],
  ['handshake'],
  ['engine'],
  ['resumption', 'pki', 'transport', 'inspect', 'pipes'],
  ['.'], // the faces: src/*.ts
  ['sockets'], // WinterTC's sockets over the faces
  ['node'], // Node only
  ['testkit'], // peers that misbehave, for testing others
  ['tls'], // the interface of node:tls
  ['https'], // the interface of node:https, and what puts both in place
  ['cli'], // the program `warifu`
];

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every breach of the rules, as a sentence; `files` maps paths below src/ (with `/`) to their text. */
export function checkLayers(files: ReadonlyMap<string, string>): string[] {
  const breaches: string[] = [];
  const edges = new Map<string, Set<string>>();
  for (const [file, text] of files) {
    for (const { target, typeOnly } of importsOf(file, text)) {
      const path = target.startsWith('.') ? posix.join(posix.dirname(file), target) : undefined;
      const breach = path === undefined ? checkPackage(file, target, typeOnly) : checkRelative(file, path, typeOnly);
      if (breach !== undefined) breaches.push(`${file} imports ${target}: ${breach}`);
      if (path === undefined || isErrors(file) || isErrors(path) || folderOf(path) === folderOf(file)) continue;
      edges.set(folderOf(file), (edges.get(folderOf(file)) ?? new Set()).add(folderOf(path)));
    }
    if (floorOf(file) < 0) breaches.push(`${file}: the folder ${folderOf(file)} is on no floor`);
  }
  for (const cycle of cyclesIn(edges)) breaches.push(`cycle between folders: ${cycle.join(' → ')}`);
  return breaches;
}

/** Files that import each other, types included: they could only be understood together. */
export function checkCircles(files: ReadonlyMap<string, string>): string[] {
  const edges = new Map<string, string[]>();
  for (const [file, text] of files) {
    const relative = importsOf(file, text).filter(({ target }) => target.startsWith('.'));
    edges.set(
      file,
      relative.map(({ target }) => posix.join(posix.dirname(file), target)).filter((path) => files.has(path)),
    );
  }
  return circlesIn(edges).map((circle) => `circle of ${circle.length} files: ${circle.join(', ')}`);
}

function checkRelative(file: string, path: string, typeOnly: boolean): string | undefined {
  if (!path.endsWith('.ts')) return 'a relative import ends in .ts';
  if (isErrors(file))
    return typeOnly || path === 'bytes/text.ts'
      ? undefined
      : 'errors.ts is under everything and imports types only, and bytes/text.ts, which imports nothing';
  if (isErrors(path)) return undefined;
  if (floorOf(path) > floorOf(file)) return `${folderOf(path)} is above ${folderOf(file)}`;
  if (folderOf(file) === 'handshake' && folderOf(path) === 'record')
    return 'the handshake knows no records; the engine joins the two';
  if (/^crypto\/[^/]+\.ts$/.test(file) && file !== 'crypto/auto.ts' && /^crypto\/[^/]+\//.test(path))
    return 'only auto.ts joins the providers; the rest of crypto/ does not name one';
  return undefined;
}

function checkPackage(file: string, target: string, typeOnly: boolean): string | undefined {
  const inside = (...folders: readonly string[]) => folders.some((folder) => file.startsWith(folder));
  if (target.startsWith('node:')) {
    if (inside('node/', 'tls/', 'https/', 'testkit/', 'cli/') || (typeOnly && inside('crypto/node/', 'pki/roots/')))
      return undefined;
    return 'node:* belongs to src/node/, src/tls/ and src/https/';
  }
  if (target.startsWith('@noble/')) return inside('crypto/') ? undefined : 'noble belongs to src/crypto/';
  if (target === 'asn1js' || target === 'pkijs')
    return inside('pki/formats/containers/', 'pki/issue/')
      ? undefined
      : 'asn1js and pkijs belong to src/pki/formats/containers/ and src/pki/issue/';
  return 'not a dependency of the library';
}

/** Imports, re-exports, `import()` and `import('…')` in types. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ target: node.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named = clause?.namedBindings;
      const allTypes =
        clause?.name === undefined &&
        named !== undefined &&
        ts.isNamedImports(named) &&
        named.elements.length > 0 &&
        named.elements.every((element) => element.isTypeOnly);
      add(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022));
  return found;
}

const isErrors = (file: string): boolean => file === 'errors.ts';
const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '.');
const floorOf = (file: string): number => FLOORS.findIndex((floor) => floor.includes(folderOf(file)));

function cyclesIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk = (folder: string, path: readonly string[]): void => {
    const at = path.indexOf(folder);
    if (at >= 0) cycles.push([...path.slice(at), folder]);
    if (at >= 0 || done.has(folder)) return;
    for (const next of edges.get(folder) ?? []) walk(next, [...path, folder]);
    done.add(folder);
  };
  for (const folder of edges.keys()) walk(folder, []);
  return cycles;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = readTree(join(dirname(fileURLToPath(import.meta.url)), '../src'));
  const breaches = [...checkLayers(files), ...checkCircles(files)];
  for (const breach of breaches) console.error(breach);
  console.log(`layers: ${files.size} files, ${breaches.length} breaches`);
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
