/**
 * `npm run starttls`: `warifu connect --starttls` with the servers that are installed here, each with a configuration of its own,
 * on loopback. `--doc` writes what happened into docs/command-line.md. As root: most of them want to begin as root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from '../src/cli/program.ts';
import { processTerminal } from '../src/cli/terminal.ts';

const { values } = parseArgs({ options: { doc: { type: 'boolean' }, only: { type: 'string', multiple: true } } });

const folder = mkdtempSync(join(tmpdir(), 'warifu-starttls-'));
chmodSync(folder, 0o755);
const path = (name: string): string => join(folder, name);
const children = new Set<ChildProcess>();

interface Server {
  readonly name: string;
  readonly program: string;
  /** What it speaks, by the names of `--starttls`, and where it may not be asked for the same. */
  readonly protocols: readonly string[];
  /** Starts it on the ports. */
  start(ports: readonly number[]): ChildProcess;
}

const [crt, key] = [path('ca/server.crt'), path('server.key')];
const write = (name: string, text: string): string => {
  writeFileSync(path(name), text, { mode: 0o644 });
  return path(name);
};
const own = (name: string, user: string): string => {
  mkdirSync(path(name), { mode: 0o755 });
  spawnSync('chown', [user, path(name)]);
  return path(name);
};
const run = (program: string, ...args: readonly string[]): ChildProcess => {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => writeFileSync(path('log'), String(chunk), { flag: 'a' }));
  return child;
};

const postgres = existsSync('/usr/lib/postgresql')
  ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)[0]
  : undefined;

const SERVERS: readonly Server[] = [
  {
    name: 'Exim',
    program: '/usr/sbin/exim4',
    protocols: ['smtp'],
    start: ([port]) => {
      own('exim', 'Debian-exim');
      const conf = write(
        'exim.conf',
        `spool_directory = ${path('exim')}\nlog_file_path = ${path('exim')}/%slog\nlocal_interfaces = 127.0.0.1
tls_advertise_hosts = *\ntls_certificate = ${crt}\ntls_privatekey = ${key}\nprimary_hostname = localhost\nacl_smtp_rcpt = accept\nbegin acl\n`,
      );
      return run('/usr/sbin/exim4', '-C', conf, '-bdf', '-oX', String(port));
    },
  },
  {
    name: 'Dovecot',
    program: '/usr/sbin/dovecot',
    protocols: ['imap', 'pop3', 'lmtp', 'sieve'].filter((one) =>
      existsSync(`/usr/lib/dovecot/${one === 'sieve' ? 'managesieve' : one}`),
    ),
    start: (ports) => {
      const names = ['imap', 'pop3', 'lmtp', 'sieve'].filter((one) =>
        existsSync(`/usr/lib/dovecot/${one === 'sieve' ? 'managesieve' : one}`),
      );
      const services = names.map((name, index) => {
        const service = name === 'lmtp' ? 'lmtp' : `${name === 'sieve' ? 'managesieve' : name}-login`;
        return `service ${service} {\n  inet_listener ${name} {\n    address = 127.0.0.1\n    port = ${ports[index]}\n  }\n${['imap', 'pop3'].includes(name) ? `  inet_listener ${name}s {\n    port = 0\n  }\n` : ''}}`;
      });
      mkdirSync(path('dovecot'));
      const conf = write(
        'dovecot.conf',
        `base_dir = ${path('dovecot')}\nlog_path = /dev/stderr\nprotocols = ${names.join(' ')}\nssl = yes\nssl_cert = <${crt}\nssl_key = <${key}
passdb {\n  driver = static\n  args = password=none\n}\nuserdb {\n  driver = static\n  args = uid=65534 gid=65534 home=/nonexistent\n}\n${services.join('\n')}\n`,
      );
      return run('/usr/sbin/dovecot', '-F', '-c', conf);
    },
  },
  {
    name: 'OpenLDAP',
    program: '/usr/sbin/slapd',
    protocols: ['ldap'],
    start: ([port]) => {
      const conf = write(
        'slapd.conf',
        `include /etc/ldap/schema/core.schema\npidfile ${path('slapd.pid')}\nTLSCertificateFile ${crt}\nTLSCertificateKeyFile ${key}\n`,
      );
      return run('/usr/sbin/slapd', '-h', `ldap://127.0.0.1:${port}`, '-f', conf, '-d', '0');
    },
  },
  {
    name: 'Prosody',
    program: '/usr/bin/prosody',
    protocols: ['xmpp', 'xmpp-server'],
    start: ([port, between]) => {
      own('prosody', 'prosody');
      const conf = write(
        'prosody.cfg.lua',
        `interfaces = { "127.0.0.1" }; c2s_ports = { ${port} }; s2s_ports = { ${between} }; http_ports = {}; https_ports = {}; run_as_root = false
data_path = "${path('prosody')}"; pidfile = "${path('prosody')}/pid"; log = { info = "*stdout" }
modules_enabled = { "tls"; "saslauth"; "dialback" }; c2s_require_encryption = true
ssl = { certificate = "${crt}"; key = "${key}" }\nVirtualHost "localhost"\n`,
      );
      return run(
        'setpriv',
        '--reuid=prosody',
        '--regid=prosody',
        '--clear-groups',
        '/usr/bin/prosody',
        '--config',
        conf,
        '-F',
      );
    },
  },
  {
    name: 'vsftpd',
    program: '/usr/sbin/vsftpd',
    protocols: ['ftp'],
    start: ([port]) => {
      mkdirSync(path('empty'));
      const conf = write(
        'vsftpd.conf',
        `listen=YES\nlisten_address=127.0.0.1\nlisten_port=${port}\nbackground=NO\nanonymous_enable=YES\nssl_enable=YES\nallow_anon_ssl=YES
rsa_cert_file=${crt}\nrsa_private_key_file=${key}\nsecure_chroot_dir=${path('empty')}\nseccomp_sandbox=NO\nxferlog_enable=NO\n`,
      );
      return run('/usr/sbin/vsftpd', conf);
    },
  },
  {
    name: 'PostgreSQL',
    program: `${postgres ?? ''}/postgres`,
    protocols: ['postgres'],
    start: ([port]) => {
      const as = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
      const data = join(own('postgres', 'postgres'), 'data');
      spawnSync('setpriv', [...as, `${postgres}/initdb`, '-D', data, '--auth=trust', '--no-sync'], { stdio: 'ignore' });
      for (const [from, to] of [
        [crt, 'server.crt'],
        [key, 'server.key'],
      ] as const) {
        writeFileSync(join(data, to), readFileSync(from), { mode: 0o600 });
        spawnSync('chown', ['postgres', join(data, to)]);
      }
      const set = ['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'ssl=on', '-c', 'fsync=off'];
      return run('setpriv', ...as, `${postgres}/postgres`, '-D', data, ...set, '-k', path('postgres'));
    },
  },
  {
    name: 'MariaDB',
    program: '/usr/sbin/mariadbd',
    protocols: ['mysql'],
    start: ([port]) => {
      const data = own('mariadb', 'mysql');
      spawnSync('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, '--user=mysql'], { stdio: 'ignore' });
      const tls = [`--ssl-cert=${crt}`, `--ssl-key=${key}`];
      const where = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${data}/socket`, `--pid-file=${data}/pid`];
      return run('/usr/sbin/mariadbd', '--no-defaults', `--datadir=${data}`, '--user=mysql', ...where, ...tls);
    },
  },
];

/** Runs a command of `warifu` here, and what it said. */
async function warifu(...args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  const said: string[] = [];
  const status = await runProgram(args, {
    ...processTerminal(),
    isColoured: false,
    print: (text) => void said.push(text),
    note: (text) => void said.push(text),
    path: (name) => resolve(folder, name),
    isPiped: () => false,
  });
  return { status, text: said.join('\n') };
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function answers(port: number): Promise<boolean> {
  for (let i = 0; i < 300; i++) {
    const is = await new Promise<boolean>((done) => {
      const socket = netConnect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
      setTimeout(() => socket.destroy(), 500).unref();
    });
    if (is) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

const rows: string[] = [];
try {
  await warifu('ca', 'server', 'localhost');
  // Each server reads it as a user of its own.
  writeFileSync(key, readFileSync(path('ca/server.key')), { mode: 0o644 });
  for (const { name, program, protocols, start } of SERVERS) {
    if (values.only !== undefined && !values.only.includes(name)) continue;
    if (!existsSync(program)) {
      console.log(`skipped: ${name} is not installed`);
      continue;
    }
    const ports = await Promise.all(protocols.map(freePort));
    const child = start(ports);
    children.add(child);
    for (const [index, protocol] of protocols.entries()) {
      const port = ports[index] ?? 0;
      const isUp = await answers(port);
      const target = `localhost:${port}`;
      const { status, text } = await warifu(
        'connect',
        target,
        '--starttls',
        protocol,
        '--anchors',
        'ca/root.crt',
        '-n',
      );
      const version = /TLSv1\.[23]/.exec(text)?.[0] ?? '';
      const isGood = isUp && status === 0;
      console.log(
        `${isGood ? 'yes' : 'NO'}  ${protocol} of ${name}${isGood ? `, ${version}` : `: ${text.split('\n').slice(0, 4).join(' ')}`}`,
      );
      if (!isGood) process.exitCode = 1;
      rows.push(`| ${protocol} | ${name} | ${isGood ? version : 'no'} |`);
    }
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGTERM');
    await Promise.race([ended, new Promise((done) => setTimeout(done, 5_000))]);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  if (values.doc === true) {
    const page = new URL('../docs/command-line.md', import.meta.url);
    const text = readFileSync(page, 'utf8');
    const [begin, end] = ['<!-- begin starttls -->', '<!-- end starttls -->'];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error('docs/command-line.md has no place for STARTTLS');
    const table = ['| `--starttls` | server | |', '|---|---|---|', ...rows].join('\n');
    writeFileSync(page, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
  }
  if (process.exitCode === 1)
    console.log(existsSync(path('log')) ? readFileSync(path('log'), 'utf8').slice(-1500) : '');
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
