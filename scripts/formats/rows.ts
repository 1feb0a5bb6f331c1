/** Each row: a form, who writes it and who reads it, with the commands by which it is shown. */
import { type Bench, NotOurs, PASSWORD, type Tool } from './bench.ts';

export interface Row {
  readonly name: string;
  /** One for each program that has the form at all. @throws Error when it does not work. */
  readonly cells: { readonly [T in Tool]?: (bench: Bench, key: string) => void | Promise<void> };
}

const pass = `pass:${PASSWORD}`;
export const store = (file: string): readonly string[] => ['-keystore', file, '-storepass', PASSWORD];

/** NSS keeps everything in a database; each row has its own. */
export function database(bench: Bench, name: string): readonly string[] {
  const folder = bench.path(`nss/${name}-${Math.random().toString(36).slice(2)}`);
  bench.tool('mkdir', [folder]);
  bench.tool('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
  return ['-d', `sql:${folder}`];
}

/** gpgsm asks its agent, which asks a person unless it is told otherwise. */
const GPGSM = ['--batch', '--pinentry-mode', 'loopback', '--passphrase-fd', '0', '--disable-crl-checks'] as const;

export function gpgsm(bench: Bench, args: readonly string[], expected?: RegExp): string {
  return bench.tool('gpgsm', [...GPGSM, ...args], expected, PASSWORD);
}

/** `server.crt` has a leaf for localhost and an intermediate; `server.key` goes with it; `root.crt` is above. */
export const WRITTEN: readonly Row[] = [
  {
    name: 'PEM',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('pem', 'out.pem', 'ca/server.crt');
        bench.tool('openssl', ['storeutl', '-noout', '-certs', file], /Total found: 2/);
      },
      keytool: async (bench) => {
        const file = await bench.convert('pem', 'out.pem', 'ca/server.crt');
        bench.tool('keytool', ['-printcert', '-file', file], /Certificate\[2\]/);
      },
      NSS: async (bench) => {
        const file = await bench.convert('pem', 'out.pem', 'ca/root.crt');
        const db = database(bench, 'pem');
        bench.tool('certutil', ['-A', ...db, '-n', 'x', '-t', 'C,,', '-a', '-i', file]);
        bench.tool('certutil', ['-L', ...db, '-n', 'x'], /Is a CA/);
      },
      certtool: async (bench) => {
        const file = await bench.convert('pem', 'out.pem', 'ca/server.crt');
        bench.tool('certtool', ['-i', '--infile', file], /DNSname: localhost/);
      },
      gpgsm: async (bench) => {
        const file = await bench.convert('pem', 'out.pem', 'ca/server.crt');
        gpgsm(bench, ['--import', file], /total number processed: 2/);
      },
    },
  },
  {
    name: 'DER',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('der', 'out.der', 'ca/root.crt');
        bench.tool('openssl', ['x509', '-inform', 'DER', '-noout', '-subject', '-in', file], /root/);
      },
      keytool: async (bench) => {
        const file = await bench.convert('der', 'out.der', 'ca/root.crt');
        bench.tool('keytool', ['-printcert', '-file', file], /Owner: CN=/);
      },
      NSS: async (bench) => {
        const file = await bench.convert('der', 'out.der', 'ca/root.crt');
        const db = database(bench, 'der');
        bench.tool('certutil', ['-A', ...db, '-n', 'x', '-t', 'C,,', '-i', file]);
        bench.tool('certutil', ['-L', ...db, '-n', 'x'], /Is a CA/);
      },
      certtool: async (bench) => {
        const file = await bench.convert('der', 'out.der', 'ca/root.crt');
        bench.tool('certtool', ['-i', '--inder', '--infile', file], /Certificate Authority \(CA\): TRUE/);
      },
      gpgsm: async (bench) => {
        const file = await bench.convert('der', 'out.der', 'ca/root.crt');
        gpgsm(bench, ['--import', file], /total number processed: 1/);
      },
    },
  },
  {
    name: 'PKCS#7',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('p7b', 'out.p7b', 'ca/server.crt');
        const text = bench.tool('openssl', ['pkcs7', '-print_certs', '-noout', '-in', file]);
        if ((text.match(/subject=/g)?.length ?? 0) !== 2) throw new Error(`openssl pkcs7: ${text}`);
      },
      keytool: async (bench) => {
        const file = await bench.convert('p7b', 'out.p7b', 'ca/server.crt');
        bench.tool('keytool', ['-printcert', '-file', file], /Certificate\[2\]/);
      },
      certtool: async (bench) => {
        const file = await bench.convert('p7b', 'out.p7b', 'ca/server.crt');
        bench.tool('certtool', ['--p7-info', '--infile', file], /BEGIN CERTIFICATE[\s\S]*BEGIN CERTIFICATE/);
      },
      gpgsm: async (bench) => {
        const file = await bench.convert('p7b', 'out.p7b', 'ca/server.crt');
        gpgsm(bench, ['--import', file], /total number processed: 2/);
      },
    },
  },
  {
    name: 'PKCS#8',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('p8', 'out.p8', 'ca/server.key');
        bench.tool('openssl', ['pkey', '-noout', '-check', '-in', file], /valid/i);
      },
      certtool: async (bench) => {
        const file = await bench.convert('p8', 'out.p8', 'ca/server.key');
        bench.tool('certtool', ['-k', '--infile', file], /Public Key PIN/);
      },
    },
  },
  {
    name: 'PKCS#8 with a password',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('p8', 'out-encrypted.p8', 'ca/server.key');
        bench.tool('openssl', ['pkey', '-noout', '-check', '-passin', pass, '-in', file], /valid/i);
      },
      certtool: async (bench) => {
        const file = await bench.convert('p8', 'out-encrypted.p8', 'ca/server.key');
        bench.tool('certtool', ['-k', '--password', PASSWORD, '--infile', file], /Public Key PIN/);
      },
    },
  },
  {
    name: 'PKCS#12',
    cells: {
      openssl: async (bench) => {
        const file = await bench.convert('p12', 'out.p12', 'ca/server.crt', 'ca/server.key');
        bench.tool('openssl', ['pkcs12', '-info', '-nodes', '-passin', pass, '-in', file], /friendlyName: warifu/);
      },
      keytool: async (bench) => {
        const file = await bench.convert('p12', 'out.p12', 'ca/server.crt', 'ca/server.key');
        bench.tool('keytool', ['-list', '-v', ...store(file)], /Certificate chain length: 2/);
      },
      NSS: async (bench) => {
        const file = await bench.convert('p12', 'out.p12', 'ca/server.crt', 'ca/server.key');
        const db = database(bench, 'p12');
        bench.tool('pk12util', ['-i', file, ...db, '-W', PASSWORD, '-K', ''], /IMPORT SUCCESSFUL/);
        bench.tool('certutil', ['-K', ...db], /warifu/);
      },
      certtool: async (bench) => {
        const file = await bench.convert('p12', 'out.p12', 'ca/server.crt', 'ca/server.key');
        const args = ['--p12-info', '--inder', '--password', PASSWORD, '--infile', file];
        bench.tool('certtool', args, /BEGIN (EC |RSA )?PRIVATE KEY|BEGIN CERTIFICATE/);
      },
      gpgsm: async (bench) => {
        gpgsmTakes(bench, await bench.convert('p12', 'out.p12', 'ca/server.crt', 'ca/server.key'));
      },
    },
  },
  {
    name: 'Java trust store (PKCS#12)',
    cells: {
      keytool: async (bench) => {
        const file = await bench.convert('truststore', 'trust.p12', 'ca/root.crt');
        bench.tool('keytool', ['-list', ...store(file)], /trustedCertEntry/);
      },
    },
  },
  {
    name: 'Java trust store (JKS)',
    cells: {
      keytool: async (bench) => {
        const file = await bench.convert('jks', 'trust.jks', 'ca/root.crt');
        bench.tool('keytool', ['-list', '-storetype', 'JKS', ...store(file)], /trustedCertEntry/);
      },
    },
  },
];

/** `other.crt` and `other.key` are those of the other program; the first rows make them. */
export const READ: readonly Row[] = [
  {
    name: 'PEM',
    cells: {
      openssl: async (bench, key) => {
        opensslPair(bench, key);
        await bench.finds('openssl.crt', 1, 0);
      },
      keytool: async (bench, key) => {
        javaStore(bench, key);
        bench.tool('keytool', ['-exportcert', '-rfc', '-alias', 'me', '-file', 'java.crt', ...store('java.p12')]);
        await bench.finds('java.crt', 1, 0);
      },
      NSS: async (bench, key) => {
        bench.write('nss.crt', bench.tool('certutil', ['-L', ...nssPair(bench, key), '-n', 'me', '-a']));
        await bench.finds('nss.crt', 1, 0);
      },
      certtool: async (bench, key) => {
        gnutlsPair(bench, key);
        await bench.finds('gnutls.crt', 1, 0);
      },
      gpgsm: async (bench) => {
        gpgsm(bench, ['--import', await bench.convert('pem', 'out.pem', 'ca/root.crt')]);
        bench.write('gpgsm.crt', gpgsm(bench, ['--armor', '--export', 'root']));
        await bench.finds('gpgsm.crt', 1, 0);
      },
    },
  },
  {
    name: 'DER',
    cells: {
      openssl: async (bench, key) => {
        opensslPair(bench, key);
        bench.tool('openssl', ['x509', '-in', 'openssl.crt', '-outform', 'DER', '-out', 'openssl.der']);
        await bench.finds('openssl.der', 1, 0);
      },
      keytool: async (bench, key) => {
        javaStore(bench, key);
        bench.tool('keytool', ['-exportcert', '-alias', 'me', '-file', 'java.der', ...store('java.p12')]);
        await bench.finds('java.der', 1, 0);
      },
      NSS: async (bench, key) => {
        bench.tool('certutil', ['-L', ...nssPair(bench, key), '-n', 'me', '-r', '-o', 'nss.der']);
        await bench.finds('nss.der', 1, 0);
      },
      certtool: async (bench, key) => {
        gnutlsPair(bench, key);
        bench.tool('certtool', ['-i', '--infile', 'gnutls.crt', '--outder', '--outfile', 'gnutls.der']);
        await bench.finds('gnutls.der', 1, 0);
      },
      gpgsm: async (bench) => {
        gpgsm(bench, ['--import', await bench.convert('pem', 'out.pem', 'ca/root.crt')]);
        gpgsm(bench, ['--yes', '--output', bench.path('gpgsm.der'), '--export', 'root']);
        await bench.finds('gpgsm.der', 1, 0);
      },
    },
  },
  {
    name: 'PKCS#7',
    cells: {
      openssl: async (bench) => {
        const args = ['crl2pkcs7', '-nocrl', '-certfile', bench.path('ca/server.crt')];
        bench.tool('openssl', [...args, '-out', 'openssl.p7b']);
        await bench.finds('openssl.p7b', 2, 0);
      },
    },
  },
  {
    name: 'private keys (PKCS#8, PKCS#1, SEC1)',
    cells: {
      openssl: async (bench, key) => {
        opensslPair(bench, key);
        bench.tool('openssl', ['pkey', '-in', 'openssl.key', '-traditional', '-out', 'openssl-old.key']);
        await bench.finds('openssl.key', 0, 1);
        await bench.finds('openssl-old.key', 0, 1);
      },
      certtool: async (bench, key) => {
        gnutlsPair(bench, key);
        await bench.finds('gnutls.key', 0, 1);
      },
    },
  },
  {
    name: 'private keys with a password (PBKDF2, scrypt)',
    cells: {
      openssl: async (bench, key) => {
        opensslPair(bench, key);
        for (const how of [['-v2', 'aes-256-cbc'], ['-scrypt']]) {
          const args = ['pkcs8', '-topk8', '-in', 'openssl.key', ...how, '-passout', pass];
          bench.tool('openssl', [...args, '-out', 'openssl-encrypted.key']);
          await bench.finds('openssl-encrypted.key', 0, 1);
        }
      },
      certtool: async (bench, key) => {
        gnutlsPair(bench, key);
        const args = ['-k', '--infile', 'gnutls.key', '--to-p8', '--password', PASSWORD];
        bench.tool('certtool', [...args, '--pkcs-cipher', 'aes-256', '--outfile', 'gnutls-encrypted.key']);
        await bench.finds('gnutls-encrypted.key', 0, 1);
      },
    },
  },
  {
    name: 'PKCS#12',
    cells: {
      openssl: async (bench, key) => {
        opensslPair(bench, key);
        const args = ['pkcs12', '-export', '-in', 'openssl.crt', '-inkey', 'openssl.key', '-passout', pass];
        bench.tool('openssl', [...args, '-out', 'openssl.p12']);
        await bench.finds('openssl.p12', 1, 1);
        bench.tool('openssl', [...args, '-legacy', '-out', 'openssl-old.p12']);
        await bench.finds('openssl-old.p12', 1, 1, '--allow-legacy');
      },
      keytool: async (bench, key) => {
        javaStore(bench, key);
        await bench.finds('java.p12', 1, 1);
      },
      NSS: async (bench, key) => {
        bench.tool('pk12util', ['-o', 'nss.p12', '-n', 'me', ...nssPair(bench, key), '-W', PASSWORD, '-K', '']);
        await bench.finds('nss.p12', 1, 1);
      },
      certtool: async (bench, key) => {
        gnutlsPair(bench, key);
        const files = ['--load-certificate', 'gnutls.crt', '--load-privkey', 'gnutls.key'];
        const args = ['--to-p12', ...files, '--p12-name', 'me', '--password', PASSWORD, '--outder'];
        bench.tool('certtool', [...args, '--pkcs-cipher', 'aes-256', '--outfile', 'gnutls.p12']);
        await bench.finds('gnutls.p12', 1, 1);
      },
      gpgsm: async (bench, key) => {
        // Of keys that are not RSA it dies.
        if (key !== 'RSA-2048') throw new NotOurs('it has no PKCS#12 for keys other than RSA');
        opensslPair(bench, key);
        const args = ['pkcs12', '-export', '-in', 'openssl.crt', '-inkey', 'openssl.key', '-passout', pass];
        bench.tool('openssl', [...args, '-legacy', '-out', 'for-gpgsm.p12']);
        gpgsm(bench, ['--import', bench.path('for-gpgsm.p12')], /secret keys imported: 1/);
        gpgsm(bench, ['--yes', '--output', bench.path('gpgsm.p12'), '--export-secret-key-p12', 'openssl.example']);
        await bench.finds('gpgsm.p12', 1, 1, '--allow-legacy');
      },
    },
  },
  {
    name: 'Java trust store (PKCS#12)',
    cells: {
      keytool: async (bench) => {
        const args = ['-importcert', '-noprompt', '-alias', 'root', '-file', bench.path('ca/root.crt')];
        bench.tool('rm', ['-f', 'java-trust.p12']);
        bench.tool('keytool', [...args, ...store('java-trust.p12')]);
        await bench.finds('java-trust.p12', 1, 0);
      },
    },
  },
  {
    name: 'Java key store (JKS)',
    cells: {
      keytool: async (bench, key) => {
        javaStore(bench, key, 'java.jks', 'JKS');
        await bench.finds('java.jks', 1, 1, '--allow-legacy');
      },
    },
  },
];

/** GnuPG 2.2 reads no PKCS#12 with AES, as that of OpenSSL 3 is too. */
export function gpgsmTakes(bench: Bench, file: string): void {
  try {
    gpgsm(bench, ['--import', file], /secret keys (imported|unchanged): 1/);
  } catch (error) {
    opensslPair(bench, 'RSA-2048');
    const args = ['pkcs12', '-export', '-in', 'openssl.crt', '-inkey', 'openssl.key', '-passout', pass];
    bench.tool('openssl', [...args, '-out', 'for-gpgsm.p12']);
    try {
      gpgsm(bench, ['--import', bench.path('for-gpgsm.p12')]);
    } catch {
      throw new NotOurs('it reads no PKCS#12 with AES: none of OpenSSL 3 either');
    }
    throw error;
  }
}

function opensslPair(bench: Bench, key: string): void {
  const kind = key === 'P-256' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  const args = ['req', '-x509', ...kind, '-nodes', '-keyout', 'openssl.key', '-out', 'openssl.crt'];
  bench.tool('openssl', [...args, '-subj', '/CN=openssl.example', '-days', '9']);
}

function javaStore(bench: Bench, key: string, file = 'java.p12', type = 'PKCS12'): void {
  bench.tool('rm', ['-f', file]);
  const kind = key === 'P-256' ? ['-keyalg', 'EC', '-groupname', 'secp256r1'] : ['-keyalg', 'RSA', '-keysize', '2048'];
  const args = ['-genkeypair', '-alias', 'me', ...kind, '-dname', 'CN=java.example', '-storetype', type];
  bench.tool('keytool', [...args, ...(type === 'JKS' ? ['-keypass', PASSWORD] : []), ...store(file)]);
}

function nssPair(bench: Bench, key: string): readonly string[] {
  const db = database(bench, 'pair');
  bench.write('noise', Math.random().toString(36).repeat(8));
  const kind = key === 'P-256' ? ['-k', 'ec', '-q', 'nistp256'] : ['-k', 'rsa', '-g', '2048'];
  bench.tool('certutil', [
    '-S',
    ...db,
    '-n',
    'me',
    '-s',
    'CN=nss.example',
    '-x',
    '-t',
    'u,u,u',
    ...kind,
    '-z',
    'noise',
  ]);
  return db;
}

function gnutlsPair(bench: Bench, key: string): void {
  bench.write('template', 'cn = "gnutls.example"\ndns_name = "gnutls.example"\nexpiration_days = 9\n');
  const kind = key === 'P-256' ? ['--ecdsa', '--curve', 'secp256r1'] : ['--rsa', '--bits', '2048'];
  bench.tool('certtool', ['-p', ...kind, '--outfile', 'gnutls.key']);
  const args = ['-s', '--template', 'template', '--load-privkey', 'gnutls.key', '--outfile', 'gnutls.crt'];
  bench.tool('certtool', args);
}
