/**
 * Bulk in Chromium with the webcrypto provider, through our Web Streams, beside raw WebCrypto in the same page with the same
 * batches: part of `npm run bench`, where there is a Chromium and `npm ci` was run in this folder.
 */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { basicPki, serverEntry } from '../test/support/pki.ts';
import type { Pki, What } from './browser-page.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];

interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
  context(): { newCDPSession(page: Page): Promise<Session> };
}

interface Session {
  send(method: 'Performance.enable' | 'Performance.getMetrics'): Promise<unknown>;
}

interface Browser {
  version(): string;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

/** One for each round. */
export interface Figures {
  /** MB a second. */
  readonly rate: { readonly [W in Bulk]: readonly number[] };
  /** CPU milliseconds a MB, of the page's process with the threads of WebCrypto. */
  readonly cpu: { readonly [W in Bulk]: readonly number[] };
  /** Milliseconds a handshake of the client alone, not what it waits for the server. */
  readonly handshake: readonly number[];
}

type Bulk = Exclude<What, 'handshake'>;
const BULK = ['sent', 'rawSealed', 'received', 'rawOpened'] as const satisfies readonly Bulk[];

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
    const figures = await measure(page, pki, megabytes, rounds);
    return { browser: `Chromium ${browser.version()}`, ...figures };
  } finally {
    await browser.close();
    server.close();
  }
}

async function measure(page: Page, pki: Pki, megabytes: number, rounds: number): Promise<Figures> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await page.evaluate(
    '(async () => { while (globalThis.prepare === undefined) await new Promise((r) => setTimeout(r, 20)); })()',
  );
  const lists = (): Record<Bulk, number[]> => ({ sent: [], received: [], rawSealed: [], rawOpened: [] });
  const figures = { rate: lists(), cpu: lists(), handshake: [] as number[] };
  const size = (megabytes << 20) / 1e6;
  for (let round = -1; round < rounds; round++)
    for (const what of BULK) {
      await prepare(page, what, pki, megabytes);
      const before = await cpuOf(session);
      const time = (await page.evaluate('run()')) as number;
      const cpu = (await cpuOf(session)) - before;
      if (round < 0) continue;
      figures.rate[what].push((size / time) * 1000);
      figures.cpu[what].push((cpu * 1000) / size);
    }
  await prepare(page, 'handshake', pki, 0);
  for (let i = 0; i < 140; i++) {
    const time = (await page.evaluate('run()')) as number;
    if (i >= 40) figures.handshake.push(time);
  }
  return figures;
}

async function prepare(page: Page, what: What, pki: Pki, megabytes: number): Promise<void> {
  await page.evaluate(`prepare(${JSON.stringify(what)}, ${JSON.stringify(pki)}, ${megabytes})`);
}

/** Seconds of the page's process. */
async function cpuOf(session: Session): Promise<number> {
  const { metrics } = (await session.send('Performance.getMetrics')) as {
    readonly metrics: readonly { readonly name: string; readonly value: number }[];
  };
  const found = metrics.find(({ name }) => name === 'ProcessTime');
  if (found === undefined) throw new Error('Chromium does not say what its process has used');
  return found.value;
}
