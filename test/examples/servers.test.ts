import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { platformBinary } from '../runtimes/runner.ts';
import { type Child, freePort, isInstalled, startChild } from '../support/child.ts';
import { ROOT } from '../support/entries.ts';
import { allConsumers } from '../support/thorough.ts';
import { examples, Project } from './project.ts';
import { startPostgres } from './postgres.ts';

/** Examples with servers of mail and data, and with other runtimes: by `npm run test:package`. */

const running: Child[] = [];
const keep = (child: Child): Child => {
  running.push(child);
  return child;
};
afterEach(async () => {
  for (const child of running.splice(0).reverse()) await child.stop();
});

describe.skipIf(!allConsumers || !isInstalled('dovecot'))('STARTTLS, with Dovecot', () => {
  it.each([
    ['starttls-imap', 'imap', /^\* CAPABILITY .*IMAP4rev1[\s\S]*\* BYE/],
    ['starttls-smtp', 'submission', /^250-[\s\S]*\n221 /],
  ] as const)(
    '%s',
    async (example, protocol, answer) => {
      const project = await Project.make(example);
      const port = await freePort();
      mkdirSync(project.path('run'));
      // Its processes for those who have not logged in run as another user.
      chmodSync(project.folder, 0o755);
      const settings = `
      base_dir = ${project.path('run')}
      log_path = /dev/stderr
      protocols = ${protocol}
      listen = 127.0.0.1
      ssl = required
      ssl_cert = <${project.path('ca/server.crt')}
      ssl_key = <${project.path('ca/server.key')}
      service imap-login { \n inet_listener imap { \n port = ${protocol === 'imap' ? port : 0} \n } \n inet_listener imaps { \n port = 0 \n } \n }
      service submission-login { \n inet_listener submission { \n port = ${port} \n } \n inet_listener submissions { \n port = 0 \n } \n }
      passdb { \n driver = static \n args = nopassword=y \n }
      userdb { \n driver = static \n args = uid=65534 gid=65534 home=/tmp \n }
      submission_relay_host = 127.0.0.1
    `;
      const server = keep(startChild('dovecot', ['-F', '-c', project.write('dovecot.conf', settings)]));
      await server.waitFor(/starting up/);
      const client = keep(project.start(['localhost', `${port}`]));
      expect(await client.exited, client.output() + server.output()).toBe(0);
      expect(client.output()).toMatch(answer);
    },
    180_000,
  );
});

describe('PostgreSQL', () => {
  it.skipIf(!allConsumers || !existsSync('/usr/lib/postgresql'))(
    'postgres-scram proves the password for this connection',
    async () => {
      const project = await Project.make('postgres-scram', ['pg']);
      const port = await startPostgres(project, 'hostssl all all 127.0.0.1/32 scram-sha-256', keep);
      const environment = { PGPORT: `${port}`, PGUSER: 'warifu', PGPASSWORD: 'secret', PGDATABASE: 'postgres' };
      const client = keep(project.start([], environment));
      expect(await client.exited, client.output()).toBe(0);
      expect(client.output()).toMatch(
        /^offered: SCRAM-SHA-256-PLUS, SCRAM-SHA-256\n[\s\S]*ssl: true, version: 'TLSv1\.3'/,
      );
      const other = keep(project.start([], { ...environment, PGPASSWORD: 'wrong' }));
      expect(await other.exited).toBe(1);
      expect(other.output()).toMatch(/password authentication failed/);
    },
    180_000,
  );
});

const RUNTIMES: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  [
    'deno-server',
    platformBinary('@deno', '', 'deno'),
    ['run', '--allow-all', '--no-remote', '--node-modules-dir=manual'],
  ],
  ['bun-server', platformBinary('@oven', 'bun-', 'bin/bun'), ['run', '--no-install']],
];

describe.each(RUNTIMES)('%s', (example, binary, before) => {
  if (binary === undefined)
    it.skip('skipped: the runtime is not installed (npm run test:runtimes installs it)', () => {});
  it.runIf(binary !== undefined && allConsumers)(
    'takes clients with a certificate, and no others',
    async () => {
      const project = await Project.make(example);
      project.write('package.json', '{ "private": true, "type": "module", "dependencies": { "warifu": "*" } }');
      const server = keep(project.start([], { PORT: '0', DENO_NO_UPDATE_CHECK: '1' }, [binary!, ...before]));
      const [, port] = await server.waitFor(/localhost:(\d+)/);
      const checks = ['-connect', `localhost:${port}`, '-quiet', '-CAfile', 'ca/root.crt', '-verify_return_error'];
      const dial = (more: readonly string[]): Child =>
        keep(startChild('openssl', ['s_client', ...checks, ...more], { cwd: project.folder }));
      const client = dial(['-cert', 'ca/client.crt', '-key', 'ca/client.key']);
      client.write('hello\n');
      await client.waitFor(/^hello$/m);
      await server.waitFor(/ is here/);
      const stranger = dial([]);
      stranger.write('hello\n');
      await stranger.waitFor(/certificate required/);
      await server.waitFor(/ERR_CERTIFICATE_REQUIRED/);
    },
    180_000,
  );
});

it.each(examples())('%s says in its README what it is', (example) => {
  const text = readFileSync(join(ROOT, 'examples', example, 'README.md'), 'utf8');
  expect(text).toMatch(/^# .+\n\n[\s\S]*```sh\n/);
  expect(readFileSync(join(ROOT, 'examples/README.md'), 'utf8')).toContain(`(${example})`);
});
