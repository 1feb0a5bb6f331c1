import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTree } from '../../scripts/tree.ts';
import { entries, ROOT } from '../support/entries.ts';
import { type Example, examplesInMarkdown, examplesInSource } from './extract.ts';
import { assertShownValues } from './shown-values.ts';

/**
 * Every example in TSDoc, and every `ts` block of the README and of docs/, is compiled against the sources; then those
 * that can run are run, and what they say to be a value (`expression; // value`) has to be it. A block that opens with "```ts no-run" needs a network or a file and is compiled only.
 */

const OUT = join(ROOT, '.cache/examples');
const MARKDOWN = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...docs()];

const examples: readonly Example[] = [
  ...[...readTree(join(ROOT, 'src'))].flatMap(([path, text]) => examplesInSource(`src/${path}`, text)),
  ...MARKDOWN.flatMap((path) => examplesInMarkdown(path, readFileSync(join(ROOT, path), 'utf8'))),
];
const fileOf = (index: number): string => join(OUT, `example-${index}.ts`);
/** What is run: the same, with assertions. */
const runOf = (index: number): string => join(OUT, `run-${index}.ts`);

describe('examples in the documentation', () => {
  let diagnostics = '';

  beforeAll(async () => {
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(OUT, { recursive: true });
    const port = await freePort();
    for (const [index, example] of examples.entries()) {
      writeFileSync(fileOf(index), asModule(example.code));
      writeFileSync(runOf(index), asModule(assertShownValues(example.code).code).replaceAll('8443', String(port)));
    }
    writeFileSync(
      join(OUT, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
        include: ['example-*.ts'],
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
        await import(/* @vite-ignore */ runOf(index));
      });
    });
  }

  it('compiles without an error elsewhere', () => {
    // An error in src/ itself belongs to the check of types; here it must not hide the answer about the examples.
    expect(diagnostics.split('\n').filter((line) => line.startsWith('error '))).toEqual([]);
  });
});

/** What a stranger tries first: pasted into a `.mjs`, it has to be read by Node, which takes types away only since 22.18. */
const FIRST_STEPS = [
  'README.md',
  ...['start', 'start.ja', 'node', 'mutual-tls', 'mutual-tls.ja'].map((name) => `docs/guides/${name}.md`),
];

describe('first steps', () => {
  const own = examples.filter(
    ({ file, code }) =>
      FIRST_STEPS.includes(file) &&
      /\bawait\b|\.listen\(/.test(code) &&
      !/\bdeclare const\b|^(?:async )?function/m.test(code),
  );
  it('there are some in each file', () => {
    expect(new Set(own.map(({ file }) => file))).toEqual(new Set(FIRST_STEPS));
  });
  it.each(own)('$file:$line is JavaScript too', async ({ code }) => {
    await expect(transform(code, { loader: 'js', format: 'esm' })).resolves.toMatchObject({ warnings: [] });
  });
});

describe('values shown in examples', () => {
  it('are asserted', async () => {
    const values = examples.filter(({ runs }) => runs).map(({ code }) => assertShownValues(code).values);
    expect(values.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
  });
  it('are literals, with a reason behind them or none', () => {
    const lines = [
      "a(); // 'b, c': why",
      'a(); // Uint8Array [1, 2]',
      "a.b; // [{ c: 'd' }], so far",
      'console.log(a()); // true',
    ];
    expect(assertShownValues(lines.join('\n'))).toEqual({
      code: [
        "import { expect as __expect } from 'vitest';",
        "__expect(a()).toEqual('b, c'); // 'b, c': why",
        '__expect(a()).toEqual(Uint8Array.from([1, 2])); // Uint8Array [1, 2]',
        "__expect(a.b).toEqual([{ c: 'd' }]); // [{ c: 'd' }], so far",
        '__expect(a()).toEqual(true); // true',
      ].join('\n'),
      values: 4,
    });
  });
  it('prose, and what is behind a declaration, stays', () => {
    const code = [
      'a(); // the same again',
      'const b = 1; // 2',
      'a(); // false hopes',
      'console.log(a, b); // 1',
      'a();',
      '// 3',
    ].join('\n');
    expect(assertShownValues(code)).toEqual({ code, values: 0 });
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function docs(): string[] {
  return [...readTree(join(ROOT, 'docs'), '.md').keys()]
    .filter((path) => !path.startsWith('api/'))
    .map((path) => `docs/${path}`);
}
