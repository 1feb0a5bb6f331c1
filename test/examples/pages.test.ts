import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { HERE } from '../runtimes/runner.ts';
import { type Child, freePort, isInstalled, startChild } from '../support/child.ts';
import { allConsumers } from '../support/thorough.ts';
import { startPostgres } from './postgres.ts';
import { Project } from './project.ts';

/** Examples for pages, in Chromium: by `npm run test:package`. */

const LIBRARY = join(HERE, 'node_modules/playwright-core/index.mjs');
const CHROMIUM = '/usr/bin/chromium';
const isHere = existsSync(LIBRARY) && existsSync(CHROMIUM);
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});
const keep = (child: Child): Child => {
  toStop.push(() => child.stop());
  return child;
};

/** Bundles these files of the example, and serves its folder. Returns the origin. */
async function site(project: Project, ...files: readonly string[]): Promise<string> {
  await build({
    entryPoints: files.map((file) => project.path(file)),
    outdir: project.path('site'),
    absWorkingDir: project.folder,
    bundle: true,
    format: 'esm',
    logLevel: 'error',
  });
  const server: Server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname;
    const path = project.path(name === '/' ? 'index.html' : name.endsWith('.js') ? `site${name}` : name);
    response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain');
    response.statusCode = existsSync(path) ? 200 : 404;
    response.end(existsSync(path) ? readFileSync(path) : '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  toStop.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
  on(event: 'pageerror', listener: (error: Error) => void): unknown;
}

/** What the page shows in the end. */
async function shown(url: string): Promise<string> {
  const { chromium } = (await import(LIBRARY)) as {
    readonly chromium: { launch(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }> };
  };
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox'] });
  toStop.push(() => browser.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  for (let tries = 0; tries < 300 && errors.length === 0; tries++) {
    const text = String(await page.evaluate('document.body.textContent')).trim();
    if (text !== '') return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the page shows nothing: ${errors.join('; ')}`);
}

describe('in a page', () => {
  if (!isHere) it.skip('skipped: no Chromium, or no playwright-core (npm run test:runtimes installs it)', () => {});

  it.runIf(isHere && allConsumers)(
    'page-message-port: a worker is the server',
    async () => {
      const project = await Project.make('page-message-port');
      const origin = await site(project, 'main.js', 'worker.js');
      expect(await shown(origin)).toBe('You are spiffe://example.org/admin.');
    },
    180_000,
  );

  it.runIf(isHere && allConsumers && existsSync('/usr/lib/postgresql'))(
    'page-postgres: PostgreSQL knows the page by its certificate',
    async () => {
      const project = await Project.make('page-postgres');
      const origin = await site(project, 'main.js');
      const port = await startPostgres(project, 'hostssl all all 127.0.0.1/32 cert', keep);
      const relay = await startRelay(project, `localhost:${port}`, origin);
      const query = new URLSearchParams({ ...relay, server: `localhost:${port}`, user: 'warifu' });
      expect(await shown(`${origin}/?${query}`)).toBe('t TLSv1.3 /CN=warifu');
    },
    180_000,
  );

  it.runIf(isHere && allConsumers && isInstalled('mosquitto'))(
    'page-mqtt: Mosquitto knows the page by its certificate',
    async () => {
      const project = await Project.make('page-mqtt', ['mqtt', 'readable-stream']);
      const origin = await site(project, 'main.js');
      const port = await freePort();
      const settings = [
        `listener ${port} 127.0.0.1`,
        ...['cafile ca/root.crt', 'certfile ca/server.crt', 'keyfile ca/server.key'],
        ...['require_certificate true', 'use_identity_as_username true', 'log_type all', 'user root'],
      ];
      const file = project.write('mosquitto.conf', `${settings.join('\n')}\n`);
      const broker = keep(startChild('mosquitto', ['-c', file], { cwd: project.folder }));
      await broker.waitFor(/running/);
      const relay = await startRelay(project, `localhost:${port}`, origin);
      const query = new URLSearchParams({ ...relay, server: `localhost:${port}` });
      expect(await shown(`${origin}/?${query}`)).toBe('greetings/page: hello');
      expect(broker.output()).toMatch(/as page .*u'warifu'/);
    },
    180_000,
  );
});

/** `warifu relay` to one server, for the pages of one origin. */
async function startRelay(
  project: Project,
  target: string,
  origin: string,
): Promise<{ readonly relay: string; readonly token: string }> {
  const token = 'a-token-of-the-test';
  const tokens = project.write('tokens.txt', `${token}\n`);
  const main = project.path('node_modules/warifu/dist/cli/main.js');
  const options = ['--port', '0', '--target', target, '--origin', origin, '--token-file', tokens];
  const relay = keep(startChild(process.execPath, [main, 'relay', ...options]));
  const [, port] = await relay.waitFor(/127\.0\.0\.1:(\d+)/);
  return { relay: `ws://127.0.0.1:${port}`, token };
}
