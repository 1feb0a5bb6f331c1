import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/entries.ts';
import { platformBinary } from '../runtimes/runner.ts';
import { command, emptyProject, installInto } from './pack.ts';

/** The recipes of docs/node-tls.md as they stand there, with the package as it is published. */

const run = promisify(execFile);

/** The blocks of this language. */
function recipes(language: string): readonly string[] {
  const text = readFileSync(join(ROOT, 'docs/node-tls.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code ?? '');
}

const recipe = (language: string, what: RegExp): string => {
  const found = recipes(language).find((code) => what.test(code));
  if (found === undefined) throw new Error(`docs/node-tls.md has no recipe with ${what}`);
  return found;
};

/** Says whose TLS it has: ours refuses this in words of its own. */
const TELL = `
const told = (tls) => { try { tls.createSecureContext({ dhparam: Buffer.from('x') }); } catch (error) { return String(error.message); } };
console.log(/dhparam.*auto/.test(told(tls)) ? 'ours' : 'theirs');`;

/** A program, and a dependency of it that requires tls by itself. */
async function project(name: string): Promise<string> {
  const folder = emptyProject(name);
  await installInto(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(folder, 'library.cjs'), `const tls = require('tls');${TELL}`);
  writeFileSync(join(folder, 'app.js'), `import tls from 'node:tls';\nimport './library.cjs';${TELL}`);
  return folder;
}

/** One line of the library, one of the program. */
const OURS = 'ours\nours\n';

describe('recipes of docs/node-tls.md', () => {
  it('node --import warifu/register', async () => {
    const folder = await project('register');
    const [, args = ''] = /^node (.*?)( *#.*)?$/m.exec(recipe('sh', /warifu\/register/)) ?? [];
    expect(await command(process.execPath, args.split(' '), folder)).toBe(OURS);
    expect(await command(process.execPath, ['app.js'], folder)).toBe('theirs\ntheirs\n');
  }, 240_000);

  it('esbuild', async () => {
    const folder = await project('alias');
    const [, options = ''] = /build\((\{.*\})\)/s.exec(recipe('js', /await build/)) ?? [];
    const program = `import { build } from ${JSON.stringify(join(ROOT, 'node_modules/esbuild/lib/main.js'))};
      await build({ entryPoints: ['app.js'], bundle: true, platform: 'node', format: 'esm', outfile: 'out.mjs', ...${options},
        banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } });`;
    writeFileSync(join(folder, 'bundle.mjs'), program);
    await command(process.execPath, ['bundle.mjs'], folder);
    expect(await command(process.execPath, ['out.mjs'], folder)).toBe(OURS);
  }, 240_000);

  const deno = platformBinary('@deno', '', 'deno');
  it.skipIf(deno === undefined)(
    'Deno, by its import map; skipped where npm run test:runtimes has not installed it',
    async () => {
      const folder = await project('deno');
      const map = JSON.parse(recipe('json', /imports/)) as { imports: Record<string, string> };
      // What npm: would fetch is in the folder.
      for (const [name, to] of Object.entries(map.imports))
        map.imports[name] = to.replace(/^npm:warifu\/(.*)$/, './node_modules/warifu/dist/$1/index.js');
      const config = { ...map, nodeModulesDir: 'manual' };
      writeFileSync(join(folder, 'deno.json'), JSON.stringify(config));
      writeFileSync(join(folder, 'package.json'), '{ "dependencies": { "warifu": "*" } }');
      writeFileSync(
        join(folder, 'app.mjs'),
        `import tls from 'node:tls';\nimport { Buffer } from 'node:buffer';${TELL}`,
      );
      const { stdout } = await run(deno!, ['run', '-A', '--no-remote', 'app.mjs'], { cwd: folder });
      expect(stdout).toBe('ours\n');
    },
    240_000,
  );
});
