/**
 * Bulk in Chromium with the webcrypto provider, through our Web Streams, beside raw WebCrypto in the same page with the same
 * batches: part of `npm run bench`, where there is a Chromium and `npm ci` was run in this folder.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { basicPki, serverEntry } from '../test/support/pki.ts';
import type { Figures } from './browser-page.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];

interface Browser {
  version(): string;
  newPage(): Promise<{ goto(url: string): Promise<unknown>; evaluate(code: string): Promise<unknown> }>;
  close(): Promise<void>;
}

/** Undefined, and why, where it cannot be measured. */
export async function inChromium(
  megabytes: number,
  rounds: number,
): Promise<(Figures & { readonly browser: string }) | string> {
  const library = join(import.meta.dirname, 'node_modules/playwright-core/index.mjs');
  if (!existsSync(CHROMIUM)) return `no ${CHROMIUM}`;
  if (!existsSync(library)) return 'no playwright-core: npm ci in benchmarks/';
  const { chromium } = (await import(library)) as { readonly chromium: { launch(options: object): Promise<Browser> } };
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'browser-page.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    write: false,
    logLevel: 'warning',
  });
  const script = outputFiles[0]!.text;
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${address.port}/`);
    const { chain, key } = serverEntry();
    const pki = { chain: chain.join('\n'), key, anchor: basicPki().ca.ecRoot.certificate };
    const figures = (await page.evaluate(
      `(async () => { while (globalThis.measure === undefined) await new Promise((r) => setTimeout(r, 20)); return measure(${JSON.stringify(pki)}, ${megabytes}, ${rounds}); })()`,
    )) as Figures;
    return { browser: `Chromium ${browser.version()}`, ...figures };
  } finally {
    await browser.close();
    server.close();
  }
}
