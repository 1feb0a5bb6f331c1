import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTree } from '../../scripts/tree.ts';
import { type Entry, entries, isForNode, ROOT } from '../support/entries.ts';
import { installInto, link, manifest } from './pack.ts';

/**
 * The package as a program sees it: built, put into a node_modules of its own, imported by name from there, and
 * type-checked by a program that has neither the types of Node nor those of our dependencies' insides.
 */

const run = promisify(execFile);
const TSC = join(ROOT, 'node_modules/ts7/bin/tsc');
const CONSUMER = join(ROOT, '.cache/consumer');
const INSTALLED = join(CONSUMER, 'node_modules/warifu');
describe('the manifest', () => {
  it('pins every dependency exactly', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^(npm:typescript@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });
  it('has every dependency explained', () => {
    const text = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
  it.each(lockFiles())('has the integrity of every package locked (%s)', (file) => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly link?: boolean }>>;
    };
    const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
    expect(installed.length).toBeGreaterThan(0);
    expect(installed.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual(
      [],
    );
  });
  it('is told to JSR as it is: the same version, and the sources of the same entries', () => {
    const { version, exports } = JSON.parse(readFileSync(join(ROOT, 'jsr.json'), 'utf8')) as {
      readonly version: string;
      readonly exports: Readonly<Record<string, string>>;
    };
    expect(version).toBe(manifest.version);
    const own = entries().map(({ specifier, source }) => [specifier.replace(/^warifu/, '.'), `./${source}`]);
    expect(exports).toEqual(Object.fromEntries(own));
  });
  it('carries files that exist', () => {
    expect(manifest.files.filter((file) => file !== 'dist' && !existsSync(join(ROOT, file)))).toEqual([]);
  });
  it('has entries whose sources exist, and documents exactly those', () => {
    const sources = entries().map(({ source }) => source);
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    const typedoc = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8')) as { readonly entryPoints: string[] };
    expect(typedoc.entryPoints.toSorted()).toEqual(sources.toSorted());
  });
});

describe('the package, built', () => {
  beforeAll(async () => {
    rmSync(CONSUMER, { recursive: true, force: true });
    await installInto(CONSUMER);
    for (const name of ['@types/node', 'undici-types']) link(CONSUMER, name, join(ROOT, 'node_modules', name));
    writeFileSync(join(CONSUMER, 'package.json'), '{"type":"module"}');
    writeFileSync(join(CONSUMER, 'main.ts'), useAll(entries().filter((entry) => !isForNode(entry))));
    writeFileSync(join(CONSUMER, 'node.ts'), useAll(entries().filter(isForNode)));
  }, 120_000);

  for (const { specifier, module, bundled, types } of entries()) {
    it(`${specifier} resolves, to files that are there`, () => {
      const resolved = createRequire(join(CONSUMER, 'main.js')).resolve(specifier);
      expect(resolved).toBe(join(INSTALLED, bundled));
      expect(existsSync(resolved)).toBe(true);
      expect(existsSync(join(INSTALLED, module))).toBe(true);
      expect(existsSync(join(INSTALLED, types))).toBe(true);
    });
    it(`${specifier} has the same names in few files`, async () => {
      const names = async (file: string): Promise<readonly string[]> =>
        Object.keys(await import(join(INSTALLED, file)));
      expect(await names(bundled)).toEqual(await names(module));
    });
    it(`${specifier} can be imported`, async () => {
      const code = `const entry = await import('${specifier}'); console.log(Object.keys(entry).length);`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: CONSUMER });
      expect(Number(stdout)).toBeGreaterThan(0);
    });
  }

  for (const [file, types, module, moduleResolution] of [
    ['main.ts', '', 'nodenext', 'nodenext'],
    ['main.ts', '', 'esnext', 'bundler'],
    ['node.ts', 'node', 'nodenext', 'nodenext'],
  ] as const)
    it(`its declarations stand alone (${file}, ${moduleResolution})`, async () => {
      const options = [
        '--ignoreConfig',
        '--strict',
        '--noEmit',
        '--target',
        'es2022',
        '--lib',
        'es2023,dom,dom.asynciterable',
      ];
      options.push('--types', types, '--module', module, '--moduleResolution', moduleResolution, '--pretty', 'false');
      const { stdout } = await run(process.execPath, [TSC, ...options, file], { cwd: CONSUMER }).catch(
        (error: { readonly stdout: string }) => error,
      );
      expect(stdout).toBe('');
    });

  it('has its program, which runs', async () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly bin: { readonly warifu: string };
    };
    const main = join(INSTALLED, bin.warifu);
    expect(readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    const { stdout } = await run(process.execPath, [main, '--help']);
    expect(stdout).toMatch(/warifu ca server localhost/);
  });

  it('its declarations name no type of the libraries for containers, and of Node only where they are for Node', () => {
    const declarations = readTree(join(INSTALLED, 'dist'), '.d.ts');
    const reached = new Set<string>();
    const foreign: string[] = [];
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const [, target] of withoutComments(declarations.get(file)!).matchAll(/(?:from |import\()'([^']+)'/g)) {
        if (target!.startsWith('.')) visit(posix.join(posix.dirname(file), target!.replace(/\.(ts|js)$/, '.d.ts')));
        else foreign.push(`${file}: ${target}`);
      }
    };
    for (const { types } of entries()) visit(posix.relative('dist', posix.normalize(types)));
    expect(reached.size).toBeGreaterThan(100);
    expect(
      foreign.filter(
        (line) =>
          !/^(node|tls|https|cli|testkit)\/.*: node:/.test(line) && !/^crypto\/node\/.*: node:crypto$/.test(line),
      ),
    ).toEqual([]);
  });

  it('imports nothing that is not a dependency', () => {
    const names = Object.keys(manifest.dependencies);
    const specifiers = [...readTree(join(INSTALLED, 'dist'), '.js')].flatMap(([, text]) =>
      [...withoutComments(text).matchAll(/\b(?:from|import) ?\(?['"]([@a-z][\w@./:-]*)['"]/g)].map(
        ([, found]) => found!,
      ),
    );
    expect(specifiers.length).toBeGreaterThan(10);
    const foreign = specifiers.filter(
      (specifier) => !specifier.startsWith('node:') && !names.some((name) => `${specifier}/`.startsWith(`${name}/`)),
    );
    expect(foreign).toEqual([]);
  });
});

/** The lock files of this repository, installed packages apart. */
function lockFiles(): string[] {
  const folders = ['.', ...readdirSync(join(ROOT, 'test')).map((name) => `test/${name}`)];
  return folders
    .map((folder) => posix.join(folder, 'package-lock.json'))
    .filter((file) => existsSync(join(ROOT, file)));
}

/** Examples in comments import the package itself. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '');

function useAll(list: readonly Entry[]): string {
  const lines = list.map(({ specifier }, index) => `import * as entry${index} from '${specifier}';`);
  return `${lines.join('\n')}\nexport const all = [${list.map((_, index) => `entry${index}`).join(', ')}];\n`;
}
