import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../support/child.ts';
import { mustRun } from '../../support/programs.ts';
import { commandsIn } from '../commands.ts';
import { Pki, type Running, start, webServer } from './listener.ts';

/** Browsers of people, with a client certificate out of `cert convert --to p12`, at an HTTPS listener with `--auth require`. */

let pki: Pki;
beforeAll(async () => {
  pki = await Pki.make();
  const revoked = await pki.issue('revoked', { subject: 'mallory', names: ['mallory.example'], purpose: 'client' });
  await pki.crl('crl.pem', [revoked.certificate.serial]);
  pki.folder.write('password', 'open sesame\n');
  const { run } = commandsIn(pki.folder.directory);
  for (const name of ['client', 'revoked']) {
    const args = ['--out-password-file', 'password', '--name', name, '--out', `${name}.p12`];
    expect((await run('cert', 'convert', `${name}.crt`, `${name}.key`, '--to', 'p12', ...args)).status).toBe(0);
  }
}, 60_000);
afterAll(() => pki.remove());

const toStop: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

interface Browser {
  readonly program: string;
  /** Starts it with a profile of its own. @param database that of NSS, which it takes its certificates from. */
  start(url: string, profile: string): ChildProcess;
  database(profile: string): string;
}

const BROWSERS: { readonly [name: string]: Browser } = {
  Chromium: {
    program: 'chromium',
    database: (profile) => `${profile}/.pki/nssdb`,
    start: (url, profile) => {
      // Which certificate to show is asked of a person, or said by the one who set the profile up.
      const choice = { [`${url.replace(/\/$/, '')},*`]: { setting: { filters: [{}] } } };
      const exceptions = { auto_select_certificate: choice };
      mkdirSync(`${profile}/data/Default`, { recursive: true });
      writeFileSync(
        `${profile}/data/Default/Preferences`,
        JSON.stringify({ profile: { content_settings: { exceptions } } }),
      );
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
      const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
      return spawn(
        'chromium',
        [...flags, ...quiet, `--user-data-dir=${profile}/data`, '--timeout=30000', '--dump-dom', url],
        {
          stdio: 'ignore',
          env: { ...process.env, HOME: profile },
        },
      );
    },
  },
  Firefox: {
    program: 'firefox-esr',
    database: (profile) => `${profile}/data`,
    start: (url, profile) => {
      const settings = {
        'security.default_personal_cert': 'Select Automatically',
        'app.normandy.enabled': false,
        'app.update.enabled': false,
        'browser.safebrowsing.malware.enabled': false,
        'browser.safebrowsing.phishing.enabled': false,
        'datareporting.policy.dataSubmissionEnabled': false,
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'services.settings.server': 'http://127.0.0.1:1/',
        'toolkit.telemetry.enabled': false,
      };
      const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
      writeFileSync(`${profile}/data/user.js`, lines.join('\n'));
      return spawn('firefox-esr', ['--headless', '--no-remote', '--profile', `${profile}/data`, url], {
        stdio: 'ignore',
        env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
      });
    },
  },
};

/** A profile that trusts our root and has one certificate of its own. */
function profileWith({ database }: Browser, name: string, who: string): string {
  const profile = pki.path(`${name}-${who}`);
  const folder = database(profile);
  mkdirSync(folder, { recursive: true });
  const db = ['-d', `sql:${folder}`];
  mustRun('certutil', ['-N', ...db, '--empty-password']);
  mustRun('certutil', ['-A', ...db, '-n', 'root', '-t', 'C,,', '-a', '-i', pki.path('root.crt')]);
  mustRun('pk12util', ['-i', pki.path(`${who}.p12`), ...db, '-W', 'open sesame', '-K', '']);
  return profile;
}

describe.each(Object.entries(BROWSERS))('%s', (name, browser) => {
  const missing = [browser.program, 'certutil', 'pk12util'].filter((program) => !isInstalled(program));
  const isThere = missing.length === 0 && existsSync(`/usr/bin/${browser.program}`);
  if (!isThere) console.log(`skipped: ${name}: ${missing.join(', ')} not present`);

  it.skipIf(!isThere)(
    'shows its certificate and is let in; one that is revoked is not',
    async () => {
      const seen: unknown[] = [];
      const web = await webServer('one', 0, (request, response) => {
        seen.push(request.headers['client-cert-status']);
        response.setHeader('content-type', 'text/html').end('<p>hello</p>');
      });
      toStop.push(() => web.stop());
      const running: Running = await start(
        pki.folder,
        'listen',
        ...['--http', '--address', '127.0.0.1:0', '--to', `127.0.0.1:${web.port}`],
        ...['--certificate', pki.path('server.crt'), '--key', pki.path('server.key')],
        ...['--auth', 'require', '--anchors', pki.path('root.crt'), '--crl', pki.path('crl.pem')],
      );
      toStop.push(() => running.stop());
      const visit = async (who: string, fits: Parameters<Running['entry']>[0]): Promise<unknown> => {
        const child = browser.start(`https://localhost:${running.port}/`, profileWith(browser, name, who));
        const ended = new Promise((done) => child.once('close', done));
        try {
          for (let i = 0; i < 600; i++) {
            if (running.log().some(fits)) break;
            await new Promise((done) => setTimeout(done, 100));
          }
          return await running.entry(fits);
        } finally {
          child.kill('SIGKILL');
          await ended;
        }
      };
      expect(await visit('client', ({ event, path }) => event === 'request' && path === '/')).toMatchObject({
        status: 200,
        verdict: 'valid',
        subject: 'CN=alice',
        protocol: 'HTTP/2.0',
      });
      expect(seen).toContain('valid');
      const before = seen.length;
      expect(await visit('revoked', ({ failure }) => failure === 'CERT_REVOKED')).toMatchObject({
        failure: 'CERT_REVOKED',
        alert: 'certificate_revoked (44)',
        message: expect.stringContaining('CN=mallory'),
      });
      expect(seen.slice(before).filter((status) => status !== 'valid')).toEqual([]);
    },
    180_000,
  );
});
