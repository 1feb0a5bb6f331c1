import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IN_PAGE, IN_WORKER, serve } from './page-server.ts';
import { broken, HERE, type Result, type Runner } from './runner.ts';
import type { Outcome } from './suite.ts';

/**
 * Debian's Chromium, without a window and without the network: a page, a worker, and a page whose origin is not
 * secure, where `crypto.subtle` does not exist.
 */

const CHROMIUM = '/usr/bin/chromium';
const INSECURE_NAME = 'warifu.test';
const FLAGS = [
  '--headless',
  '--no-sandbox', // the checks run as root in containers
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page that joins two peers in itself has to know its own address.
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,WebRtcHideLocalIpsWithMdns',
  `--host-resolver-rules=MAP ${INSECURE_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
];

/** The few things of playwright-core that are used; it is installed apart, so its own types may not be there. */
interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}
interface Browser {
  version(): string;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(code: string): Promise<unknown>;
  close(): Promise<void>;
}

export const runBrowser: Runner = async ({ page: bundle }) => {
  const library = join(HERE, 'node_modules/playwright-core/index.mjs');
  if (!existsSync(CHROMIUM)) return [{ runtime: 'chromium', skipped: `no ${CHROMIUM}`, outcomes: [] }];
  if (!existsSync(library)) return [{ runtime: 'chromium', skipped: 'no playwright-core', outcomes: [] }];
  const { chromium } = (await import(library)) as Playwright;
  const server = await serve(readFileSync(bundle, 'utf8'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, headless: true });
  const name = `chromium ${browser.version().split('.')[0]}`;
  try {
    return [
      await visit(browser, `${name}, page`, `http://localhost:${server.port}/`, IN_PAGE),
      await visit(browser, `${name}, worker`, `http://localhost:${server.port}/`, IN_WORKER),
      await visit(
        browser,
        `${name}, page without crypto.subtle`,
        `http://${INSECURE_NAME}:${server.port}/`,
        IN_PAGE,
        false,
      ),
    ];
  } finally {
    await browser.close();
    server.close();
  }
};

async function visit(browser: Browser, runtime: string, url: string, code: string, secure = true): Promise<Result> {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    if ((await page.evaluate('isSecureContext')) !== secure) throw new Error('the origin is not what this test is for');
    return { runtime, outcomes: (await page.evaluate(code)) as Outcome[] };
  } catch (error) {
    return { runtime, outcomes: [broken(String(error))] };
  } finally {
    await page.close();
  }
}
