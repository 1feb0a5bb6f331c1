import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTree } from '../../scripts/tree.ts';
import { entries, ROOT } from '../support/entries.ts';
import { type Example, examplesInMarkdown, examplesInSource } from './extract.ts';

/**
 * Every example in TSDoc, and every `ts` block of the README and of docs/, is compiled against the sources; then those
 * that can run are run. A block that opens with "```ts no-run" needs a network or a file and is compiled only.
 */

const OUT = join(ROOT, '.cache/examples');
const MARKDOWN = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...docs()];

const examples: readonly Example[] = [
  ...[...readTree(join(ROOT, 'src'))].flatMap(([path, text]) => examplesInSource(`src/${path}`, text)),
  ...MARKDOWN.flatMap((path) => examplesInMarkdown(path, readFileSync(join(ROOT, path), 'utf8'))),
];
const fileOf = (index: number): string => join(OUT, `example-${index}.ts`);

describe('examples in the documentation', () => {
  let diagnostics = '';

  beforeAll(async () => {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    for (const [index, example] of examples.entries()) writeFileSync(fileOf(index), asModule(example.code));
    writeFileSync(
      join(OUT, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
        include: ['*.ts'],
      }),
    );
    if (examples.length === 0) return;
    const tsc = join(ROOT, 'node_modules/ts7/bin/tsc');
    diagnostics = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', OUT, '--pretty', 'false'], {
      cwd: OUT,
    }).then(
      () => '',
      (error: { readonly stdout?: string; readonly message: string }) => error.stdout || error.message,
    );
  }, 120_000);

  for (const [index, example] of examples.entries()) {
    describe(`${example.file}:${example.line}`, () => {
      it('compiles', () => {
        const own = diagnostics.split('\n').filter((line) => line.startsWith(`example-${index}.ts`));
        expect(own).toEqual([]);
      });
      it.skipIf(!example.runs)('runs', async () => {
        await import(/* @vite-ignore */ fileOf(index));
      });
    });
  }

  it('compiles without an error elsewhere', () => {
    // An error in src/ itself belongs to the check of types; here it must not hide the answer about the examples.
    expect(diagnostics.split('\n').filter((line) => line.startsWith('error '))).toEqual([]);
  });
});

describe('extraction', () => {
  it('finds the blocks of a doc comment, with their lines', () => {
    const source = ['/**', ' * Text.', ' * @example', ' * ```ts', ' * const a = 1;', ' * ```', ' */', 'export {};'];
    expect(examplesInSource('a.ts', source.join('\n'))).toEqual([
      { file: 'a.ts', line: 5, code: 'const a = 1;', runs: true },
    ]);
  });
  it('finds an example without a fence', () => {
    const source = ['/**', ' * @example', ' * first();', ' * second();', ' * @throws never', ' */'];
    expect(examplesInSource('a.ts', source.join('\n'))).toEqual([
      { file: 'a.ts', line: 3, code: 'first();\nsecond();', runs: true },
    ]);
  });
  it('tells those that cannot run, and leaves other languages alone', () => {
    const text = ['# A', '```ts no-run', 'await x();', '```', '```sh', 'npm ci', '```'];
    expect(examplesInMarkdown('a.md', text.join('\n'))).toEqual([
      { file: 'a.md', line: 3, code: 'await x();', runs: false },
    ]);
  });
});

/** Imports of the package become imports of its sources, so that no build is needed. */
function asModule(code: string): string {
  let text = code;
  for (const { specifier, source } of entries()) {
    const path = relative(OUT, join(ROOT, source)).replaceAll('\\', '/');
    text = text.replaceAll(`'${specifier}'`, `'${path}'`).replaceAll(`"${specifier}"`, `'${path}'`);
  }
  return `${text}\nexport {};\n`;
}

function docs(): string[] {
  return [...readTree(join(ROOT, 'docs'), '.md').keys()]
    .filter((path) => !path.startsWith('api/'))
    .map((path) => `docs/${path}`);
}
