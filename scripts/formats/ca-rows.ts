/** What `warifu ca` makes, as others see it. */
import { existsSync } from 'node:fs';
import { PASSWORD, type Bench } from './bench.ts';
import { database, gpgsm, gpgsmTakes, type Row, store } from './rows.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** `ca/revoked.crt` is of a server that was revoked; `ca/crl.pem` says so. */
export const ISSUED: readonly Row[] = [
  {
    name: '`ca server`: good for a server, by its name',
    cells: {
      openssl: (bench) => {
        const args = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'localhost'];
        bench.tool('openssl', ['verify', ...trust, ...args, 'ca/server.crt'], /OK/);
      },
      NSS: (bench) => {
        bench.tool(
          'certutil',
          ['-V', ...nssWith(bench, 'server'), '-n', 'server', '-u', 'V', '-e'],
          /certificate is valid/,
        );
      },
      certtool: (bench) => {
        const args = ['--verify-hostname', 'localhost', '--verify-purpose', SERVER_AUTH, '--infile', 'ca/server.crt'];
        bench.tool('certtool', ['--verify', '--load-ca-certificate', 'ca/root.crt', ...args], /Verified\./);
      },
      gpgsm: (bench) => validated(bench, 'server', 'localhost'),
    },
  },
  {
    name: '`ca client`: good for a client',
    cells: {
      openssl: (bench) => {
        bench.tool('openssl', ['verify', ...trust, '-x509_strict', '-purpose', 'sslclient', 'ca/client.crt'], /OK/);
      },
      NSS: (bench) => {
        bench.tool(
          'certutil',
          ['-V', ...nssWith(bench, 'client'), '-n', 'client', '-u', 'C', '-e'],
          /certificate is valid/,
        );
      },
      certtool: (bench) => {
        const args = ['--verify-purpose', CLIENT_AUTH, '--infile', 'ca/client.crt'];
        bench.tool('certtool', ['--verify', '--load-ca-certificate', 'ca/root.crt', ...args], /Verified\./);
      },
      gpgsm: (bench) => validated(bench, 'client', 'alice'),
    },
  },
  {
    name: '`ca client`: its `client.p12` is taken',
    cells: {
      openssl: (bench) => {
        bench.tool('openssl', ['pkcs12', '-in', 'ca/client.p12', '-nodes', '-passin', `pass:${PASSWORD}`], /alice/);
      },
      keytool: (bench) => {
        bench.tool('keytool', ['-list', '-v', ...store('ca/client.p12')], /PrivateKeyEntry/);
      },
      NSS: (bench) => {
        const db = database(bench, 'client');
        bench.tool('pk12util', ['-i', 'ca/client.p12', ...db, '-W', PASSWORD, '-K', ''], /IMPORT SUCCESSFUL/);
      },
      certtool: (bench) => {
        const args = ['--p12-info', '--inder', '--password', PASSWORD, '--infile', 'ca/client.p12'];
        bench.tool('certtool', args, /BEGIN CERTIFICATE/);
      },
      gpgsm: (bench) => {
        gpgsmTakes(bench, bench.path('ca/client.p12'));
      },
    },
  },
  {
    name: '`ca revoke`: its list says who is revoked',
    cells: {
      openssl: (bench) => {
        const args = ['verify', ...trust, '-crl_check_all', '-CRLfile', 'ca/crl.pem'];
        bench.tool('openssl', [...args, 'ca/server.crt'], /OK/);
        refuses(() => bench.tool('openssl', [...args, 'ca/revoked.crt']), /certificate revoked/);
      },
      keytool: (bench) => {
        bench.tool('keytool', ['-printcrl', '-file', 'ca/crl.pem'], /X.509 CRL|SerialNumber|Revoked/i);
      },
      NSS: (bench) => {
        const db = nssWith(bench, 'revoked');
        bench.tool('crlutil', ['-I', ...db, '-i', 'ca/intermediate.crl', '-t', '1']);
        refuses(() => bench.tool('certutil', ['-V', ...db, '-n', 'revoked', '-u', 'V', '-e']), /revoked/i);
      },
      certtool: (bench) => {
        const args = ['--verify', '--load-ca-certificate', 'ca/root.crt', '--load-crl', 'ca/crl.pem'];
        bench.tool('certtool', [...args, '--infile', 'ca/server.crt'], /Verified\./);
        refuses(() => bench.tool('certtool', [...args, '--infile', 'ca/revoked.crt']), /revoked/i);
      },
    },
  },
  {
    name: '`ca ocsp`: its answer is believed',
    cells: {
      openssl: async (bench) => {
        await bench.warifu('ca', 'ocsp', '--staple', 'ca/server.crt', '--out', 'staple.ocsp');
        const args = ['-issuer', 'ca/authority/intermediate.crt', '-cert', 'ca/server.crt', ...trust.slice(0, 2)];
        bench.tool('openssl', ['ocsp', '-respin', 'staple.ocsp', ...args], /: good[\s\S]*verify OK/);
      },
      certtool: async (bench) => {
        await bench.warifu('ca', 'ocsp', '--staple', 'ca/server.crt', '--out', 'staple.ocsp');
        const args = ['--verify-response', '--load-response', 'staple.ocsp'];
        bench.tool('ocsptool', [...args, '--load-signer', 'ca/authority/intermediate.crt'], /Success/);
      },
    },
  },
  {
    name: '`ca server --request`: certifies the request that it makes',
    cells: {
      openssl: async (bench) => {
        const args = [
          'req',
          '-new',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-keyout',
          'request.key',
          '-subj',
          '/CN=r.example',
        ];
        bench.tool('openssl', [...args, '-addext', 'subjectAltName=DNS:r.example', '-out', 'request.pem']);
        await certified(bench, 'request.pem', 'requested');
        bench.tool('openssl', ['verify', ...requested, '-verify_hostname', 'r.example', 'ca/requested.crt'], /OK/);
      },
      keytool: async (bench) => {
        const java = store('request.p12');
        bench.tool('rm', ['-f', 'request.p12']);
        const args = ['-alias', 'me', ...java];
        bench.tool('keytool', ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=r', ...args]);
        bench.tool('keytool', ['-certreq', '-ext', 'san=dns:r.example', '-file', 'request.pem', ...args]);
        await certified(bench, 'request.pem', 'java');
        bench.tool('keytool', ['-importcert', '-noprompt', '-alias', 'root', '-file', 'ca/root.crt', ...java]);
        // The answer is taken only when its chain leads to what is trusted, and fits the key.
        bench.tool('keytool', ['-importcert', '-noprompt', '-file', 'ca/java.crt', ...args], /reply was installed/);
      },
      NSS: async (bench) => {
        const db = database(bench, 'request');
        bench.write('noise', Math.random().toString(36).repeat(8));
        const key = ['-k', 'ec', '-q', 'nistp256', '-z', 'noise'];
        bench.tool('certutil', ['-R', ...db, '-s', 'CN=r', ...key, '-8', 'r.example', '-a', '-o', 'request.pem']);
        await certified(bench, 'request.pem', 'nss');
        for (const [name, flags, file] of NSS_ABOVE)
          bench.tool('certutil', ['-A', ...db, '-n', name, '-t', flags, '-a', '-i', file]);
        bench.tool('certutil', ['-A', ...db, '-n', 'own', '-t', ',,', '-a', '-i', 'ca/nss.crt']);
        bench.tool('certutil', ['-V', ...db, '-n', 'own', '-u', 'V', '-e'], /certificate is valid/);
      },
      certtool: async (bench) => {
        bench.write('template', 'cn = "r"\ndns_name = "r.example"\n');
        bench.tool('certtool', ['-p', '--ecdsa', '--curve', 'secp256r1', '--outfile', 'request.key']);
        const args = ['-q', '--template', 'template', '--load-privkey', 'request.key', '--outfile', 'request.pem'];
        bench.tool('certtool', args);
        await certified(bench, 'request.pem', 'gnutls');
        const verify = ['--verify', '--load-ca-certificate', 'ca/root.crt', '--verify-hostname', 'r.example'];
        bench.tool('certtool', [...verify, '--infile', 'ca/gnutls.crt'], /Verified\./);
      },
      gpgsm: async (bench) => {
        const parameters = bench.write(
          'parameters',
          'Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nName-DN: CN=r\nName-DNS: r.example\n',
        );
        gpgsm(bench, ['--yes', '--armor', '--output', bench.path('request.pem'), '--gen-key', parameters]);
        await certified(bench, 'request.pem', 'gpgsm');
        validated(bench, 'gpgsm', 'r.example');
      },
    },
  },
];

const trust = ['-CAfile', 'ca/root.crt', '-untrusted', 'ca/authority/intermediate.crt'];
const requested = [...trust];
const NSS_ABOVE = [
  ['root', 'CT,C,C', 'ca/root.crt'],
  ['intermediate', ',,', 'ca/authority/intermediate.crt'],
] as const;

/** @throws Error when it does not fail, or for another reason. */
function refuses(run: () => unknown, why: RegExp): void {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && why.test(error.message)) return;
    throw error;
  }
  throw new Error(`it is taken, and should be refused: ${why}`);
}

function nssWith(bench: Bench, name: string): readonly string[] {
  const db = database(bench, name);
  for (const [nickname, flags, file] of NSS_ABOVE)
    bench.tool('certutil', ['-A', ...db, '-n', nickname, '-t', flags, '-a', '-i', file]);
  bench.tool('certutil', ['-A', ...db, '-n', name, '-t', ',,', '-a', '-i', `ca/${name}.crt`]);
  return db;
}

async function certified(bench: Bench, request: string, out: string): Promise<void> {
  await bench.warifu('ca', 'server', 'r.example', '--request', request, '--out', out, '--force');
}

/** gpgsm believes the roots of a list in its folder. */
function validated(bench: Bench, name: string, who: string): void {
  const root = bench.tool('openssl', ['x509', '-in', 'ca/root.crt', '-noout', '-fingerprint', '-sha1']);
  const fingerprint = /=([0-9A-F:]{59})/.exec(root)?.[1] ?? '';
  if (!existsSync(bench.path('gnupg/trustlist.txt'))) bench.write('gnupg/trustlist.txt', `${fingerprint} S relax\n`);
  gpgsm(bench, ['--import', bench.path('ca/root.crt')]);
  gpgsm(bench, ['--import', bench.path(`ca/${name}.crt`)]);
  gpgsm(bench, ['--disable-dirmngr', '--with-validation', '--list-keys', who], /certificate is good/);
}
