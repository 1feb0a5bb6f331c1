import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { Files, startChild } from '../support/child.ts';
import { IN_PAGE, IN_WORKER, serve } from './page-server.ts';
import { broken, type Result, type Runner } from './runner.ts';
import type { Outcome } from './suite.ts';

/** Debian's Firefox, without a window, driven by WebDriver BiDi: a page, a worker, and a page without `crypto.subtle`. */

const FIREFOX = '/usr/bin/firefox-esr';
const INSECURE_NAME = 'warifu.test';
const PREFERENCES = {
  'network.dns.localDomains': INSECURE_NAME,
  'dom.security.https_first': false,
  'dom.security.https_only_mode': false,
  // A page that joins two peers in itself has to know its own address.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

export const runFirefox: Runner = async ({ page: bundle }) => {
  if (!existsSync(FIREFOX)) return [{ runtime: 'firefox', skipped: `no ${FIREFOX}`, outcomes: [] }];
  const { stdout } = spawnSync(FIREFOX, ['--version'], { encoding: 'utf8' });
  const name = `firefox ${/[\d]+/.exec(stdout)?.[0] ?? ''}`;
  const files = new Files();
  files.add(
    'user.js',
    Object.entries(PREFERENCES)
      .map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});`)
      .join('\n'),
  );
  const args = [
    '--headless',
    '--no-remote',
    '--profile',
    files.directory,
    '--remote-debugging-port',
    '0',
    'about:blank',
  ];
  const child = startChild(FIREFOX, args, { files });
  const server = await serve(readFileSync(bundle, 'utf8'));
  try {
    const [, address] = await child.waitFor(/WebDriver BiDi listening on (ws:\S+)/, 60_000);
    const browser = await Browser.open(address!);
    const visit = async (what: string, host: string, code: string, secure = true): Promise<Result> => ({
      runtime: `${name}, ${what}`,
      outcomes: await browser
        .visit(`http://${host}:${server.port}/`, code, secure)
        .catch((error) => [broken(String(error))]),
    });
    return [
      await visit('page', 'localhost', IN_PAGE),
      await visit('worker', 'localhost', IN_WORKER),
      await visit('page without crypto.subtle', INSECURE_NAME, IN_PAGE, false),
    ];
  } finally {
    server.close();
    await child.stop();
  }
};

interface Reply {
  readonly id?: number;
  readonly type: string;
  readonly message?: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** As much of WebDriver BiDi as is needed here. */
class Browser {
  readonly #socket: WebSocket;
  readonly #waiting: Map<number, (reply: Reply) => void> = new Map();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const reply = JSON.parse(data.toString()) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  static async open(address: string): Promise<Browser> {
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const browser = new Browser(socket);
    await browser.#command('session.new', { capabilities: {} });
    return browser;
  }

  /** Opens a page and runs the code, which gives outcomes. */
  async visit(url: string, code: string, secure: boolean): Promise<Outcome[]> {
    const { context } = await this.#command('browsingContext.create', { type: 'tab' });
    try {
      await this.#command('browsingContext.navigate', { context, url, wait: 'complete' });
      const text = await this.#evaluate(context, `(async () => JSON.stringify([isSecureContext, await (${code})]))()`);
      const [isSecure, outcomes] = JSON.parse(text) as [boolean, Outcome[]];
      if (isSecure !== secure) throw new Error('the origin is not what this test is for');
      return outcomes;
    } finally {
      await this.#command('browsingContext.close', { context });
    }
  }

  async #evaluate(context: unknown, expression: string): Promise<string> {
    const { type, result, exceptionDetails } = (await this.#command('script.evaluate', {
      expression,
      target: { context },
      awaitPromise: true,
    })) as {
      readonly type: string;
      readonly result?: { readonly value: string };
      readonly exceptionDetails?: { readonly text: string };
    };
    if (type !== 'success' || result === undefined) throw new Error(exceptionDetails?.text ?? type);
    return result.value;
  }

  #command(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`${method}: no answer`)), 180_000);
      this.#waiting.set(id, ({ type, message, result }) => {
        clearTimeout(patience);
        this.#waiting.delete(id);
        if (type === 'success') resolve(result ?? {});
        else reject(new Error(`${method}: ${message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
