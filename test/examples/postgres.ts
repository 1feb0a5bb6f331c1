import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { type Child, freePort, startChild } from '../support/child.ts';
import type { Project } from './project.ts';

/** Starts PostgreSQL in the folder of a project. @param rule of pg_hba.conf. Returns its port. */
export async function startPostgres(project: Project, rule: string, keep: (child: Child) => Child): Promise<number> {
  const root = '/usr/lib/postgresql';
  const version = readdirSync(root).find((name) => existsSync(`${root}/${name}/bin/initdb`));
  const bin = `${root}/${version}/bin`;
  const port = await freePort();
  const data = project.path('data');
  const password = project.write('password', 'secret\n');
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync('chown', ['-R', 'postgres', project.folder]);
  chmodSync(project.folder, 0o700);
  // It does not run as root.
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  const run = (program: string, args: readonly string[]): [string, string[]] => {
    const [first, ...rest] = [...as, `${bin}/${program}`, ...args];
    return [first!, rest];
  };
  const initdb = ['-D', data, '-U', 'warifu', '--auth=scram-sha-256', `--pwfile=${password}`, '--no-sync'];
  execFileSync(...run('initdb', initdb), { stdio: 'ignore' });
  const settings = {
    port: `${port}`,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: project.folder,
    hba_file: project.write('hba.conf', `${rule}\n`),
    ssl: 'on',
    ssl_cert_file: project.path('ca/server.crt'),
    ssl_key_file: project.path('ca/server.key'),
    ssl_ca_file: project.path('ca/root.crt'),
    fsync: 'off',
  };
  if (isRoot) execFileSync('chown', ['postgres', settings.hba_file]);
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = keep(startChild(...run('postgres', ['-D', data, ...options])));
  await server.waitFor(/ready to accept connections/);
  return port;
}
