import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Ours in the place of node:tls: by the register module, and by a bundler's alias. Each program runs by itself. */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'warifu-register-'));
const register = join(folder, 'register.mjs');

/** Says whose TLS it has: ours refuses this in words of its own. */
const ASKS = `
  const told = (tls) => { try { tls.createSecureContext({ dhparam: Buffer.from('x') }); } catch (error) { return String(error.message); } };`;

beforeAll(async () => {
  await build({
    entryPoints: [join(root, 'src/https/register.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outfile: register,
    logLevel: 'error',
  });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function outputOf(name: string, text: string, ...before: readonly string[]): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const { stdout } = await run(process.execPath, [...before, file], { timeout: 60_000 });
  return stdout.trim();
}

describe('node --import warifu/register', () => {
  const preload = ['--import', pathToFileURL(register).href];
  it.each([
    ['require', 'a.cjs', `const tls = require('tls');`],
    ['require of node:', 'b.cjs', `const tls = require('node:tls');`],
    ['import', 'c.mjs', `import tls from 'tls';`],
    ['import of names', 'd.mjs', `import * as tls from 'node:tls';`],
  ])(
    '%s',
    async (_, name, start) => {
      expect(await outputOf(name, `${start}${ASKS} console.log(told(tls));`, ...preload)).toMatch(/dhparam.*auto/);
      // Without it there is Node's own.
      expect(await outputOf(name, `${start}${ASKS} console.log(told(tls));`)).not.toMatch(/dhparam/);
    },
    60_000,
  );

  it('https too, for a library that requires it', async () => {
    const text = `const https = require('https'); const tls = require('tls');
      const socket = new https.Agent().createConnection({ host: '127.0.0.1', port: 1, servername: 'a.example' });
      socket.on('error', (error) => console.log(socket instanceof tls.TLSSocket, error.code));`;
    expect(await outputOf('e.cjs', text, ...preload)).toBe('true ECONNREFUSED');
  }, 60_000);
});

describe('by an alias', () => {
  it('esbuild: what depends on tls gets ours', async () => {
    const library = join(folder, 'library.mjs');
    writeFileSync(
      library,
      `import tls, { connect } from 'node:tls'; import https from 'https';${ASKS}
      console.log(told(tls), typeof connect, https.Agent.name);`,
    );
    const outfile = join(folder, 'bundled.mjs');
    await build({
      entryPoints: [library],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      outfile,
      logLevel: 'error',
      alias: Object.fromEntries(
        ['tls', 'https'].flatMap((name) => {
          const ours = join(root, `src/${name}/index.ts`);
          return [[name, ours] as const, [`node:${name}`, ours] as const];
        }),
      ),
    });
    const { stdout } = await run(process.execPath, [outfile], { timeout: 60_000 });
    expect(stdout).toMatch(/dhparam.*auto.* function Agent/);
  }, 60_000);
});
