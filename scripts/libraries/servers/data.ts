import { writeFileSync } from 'node:fs';
import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, type Host, LOCAL, PASSWORD, type Ports } from './host.ts';

/** Databases. */

/** @param more what the server asks of clients beside the password, as in pg_hba.conf. */
export async function startPostgres(host: Host, more: string = ''): Promise<Ports> {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  const bin = join(host.find('PostgreSQL', ...versions.map((one) => `${root}/${one}/bin/initdb`)), '..');
  const files = host.folder('postgres');
  const data = files.path('data');
  const password = files.add('password', PASSWORD);
  host.give(files, 'postgres');
  const auth = ['--auth=scram-sha-256', `--pwfile=${password}`, '--no-sync'];
  host.run(...host.as('postgres', `${bin}/initdb`, ['-D', data, '-U', 'warifu', ...auth]));
  writeFileSync(join(data, 'pg_hba.conf'), `hostssl all all all scram-sha-256 ${more}\n`);
  const { postgres } = await freePorts('postgres');
  const settings = {
    port: `${postgres}`,
    listen_addresses: LOCAL,
    unix_socket_directories: files.directory,
    ssl: 'on',
    ssl_cert_file: files.path('cert.pem'),
    ssl_key_file: files.path('key.pem'),
    ssl_ca_file: files.path('ca.pem'),
    fsync: 'off',
    max_connections: '250',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  await host.start(...host.as('postgres', `${bin}/postgres`, ['-D', data, ...options]), /ready to accept connections/);
  return { postgres: postgres! };
}

export async function startMariadb(host: Host): Promise<Ports> {
  const server = host.find('MariaDB', '/usr/sbin/mariadbd', '/usr/sbin/mysqld');
  const files = host.folder('mysql');
  const data = files.path('data');
  const install = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  host.run(...host.as('mysql', 'mariadb-install-db', install));
  const { mariadb } = await freePorts('mariadb');
  const socket = files.path('socket');
  const options = {
    datadir: data,
    socket,
    port: `${mariadb}`,
    'bind-address': LOCAL,
    'pid-file': files.path('pid'),
    'ssl-cert': files.path('cert.pem'),
    'ssl-key': files.path('key.pem'),
    'ssl-ca': files.path('ca.pem'),
    'max-connections': '250',
  };
  const args = ['--no-defaults', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)];
  await host.start(...host.as('mysql', server, args), /ready for connections/);
  const users = `
    create user warifu identified by '${PASSWORD}' require ssl;
    create user certified identified by '${PASSWORD}' require subject '/CN=warifu';`;
  host.run('mariadb', ['--no-defaults', `--socket=${socket}`, '-uroot'], users);
  return { mariadb: mariadb! };
}

export async function startRedis(host: Host): Promise<Ports> {
  const server = host.find('Redis', '/usr/bin/redis-server');
  const files = host.folder();
  const { redis } = await freePorts('redis');
  const options = {
    port: '0',
    'tls-port': `${redis}`,
    bind: LOCAL,
    'tls-cert-file': files.path('cert.pem'),
    'tls-key-file': files.path('key.pem'),
    'tls-ca-cert-file': files.path('ca.pem'),
    'tls-auth-clients': 'optional',
    save: '',
    dir: files.directory,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  await host.start(server, args, /Ready to accept connections/);
  return { redis: redis! };
}

/** OpenLDAP: Debian's speaks TLS by GnuTLS. */
export async function startSlapd(host: Host): Promise<Ports> {
  const server = host.find('slapd', '/usr/sbin/slapd');
  const files = host.folder('openldap');
  const { ldap, ldaps } = await freePorts('ldap', 'ldaps');
  const lines = [
    'include /etc/ldap/schema/core.schema',
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `pidfile ${files.path('pid')}`,
    `TLSCertificateFile ${files.path('cert.pem')}`,
    `TLSCertificateKeyFile ${files.path('key.pem')}`,
    `TLSCACertificateFile ${files.path('ca.pem')}`,
    'TLSVerifyClient try',
    'database mdb',
    'suffix "dc=example"',
    'rootdn "cn=admin,dc=example"',
    `rootpw "${PASSWORD}"`,
    `directory ${files.directory}`,
  ];
  const config = files.add('slapd.conf', `${lines.join('\n')}\n`);
  host.give(files, 'openldap');
  const first = 'dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n';
  host.run(...host.as('openldap', '/usr/sbin/slapadd', ['-f', config]), first);
  const at = `ldap://${LOCAL}:${ldap}/ ldaps://${LOCAL}:${ldaps}/`;
  await host.start(...host.as('openldap', server, ['-f', config, '-h', at, '-d', 'stats']), /slapd starting/);
  return { ldap: ldap!, ldaps: ldaps! };
}
