import { spawnSync } from 'node:child_process';
import * as tls from 'node:tls';
import { autoProvider } from '../../src/crypto/auto.ts';
import { type ConnectOptions, createClientContext } from '../../src/index.ts';
import { connect } from '../../src/node/index.ts';
import { certificateVerifier, loadCredential, revocationChecker } from '../../src/pki/index.ts';
import { client13 } from '../../src/protocols.ts';
import type { Folder } from '../../test/support/programs.ts';
import { runProgramLater } from '../../test/testkit/later.ts';
import type { Client, Setting } from './setting.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** This library, over a socket of Node: the message of the error that a program gets. */
export const warifu: Client = {
  name: 'warifu',
  version: '',
  meet: async (setting) => {
    try {
      const socket = connect({ host: setting.host, port: setting.port }, await ourOptions(setting));
      socket.end(REQUEST);
      for await (const _ of socket);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  },
};

async function ourOptions(setting: Setting): Promise<ConnectOptions> {
  const { anchors, certificate, key, password, crl, group, suite12, alpn, timeout, name } = setting;
  const crypto = autoProvider();
  const credential = certificate === undefined ? undefined : { certificates: certificate, privateKey: key!, password };
  const revocation = crl === undefined ? undefined : revocationChecker({ hash: crypto.hash, crls: crl });
  const context = createClientContext({
    crypto,
    ...(revocation === undefined
      ? { anchors }
      : { verifier: certificateVerifier({ anchors, signatures: crypto.verifier, revocation }) }),
    ...(credential !== undefined && { credential: await loadCredential(credential, crypto) }),
    ...(setting.only13 === true && { protocols: [client13] }),
    ...(suite12 !== undefined && { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }),
    ...(group !== undefined && { groups: ['X25519'] }),
    ...(alpn !== undefined && { alpn: [alpn] }),
  });
  return { context, serverName: name, handshakeTimeout: timeout };
}

/** Node's own: code and message. */
export const node: Client = {
  name: 'node:tls',
  version: `Node ${process.version}, OpenSSL ${process.versions.openssl}`,
  meet: (setting) =>
    new Promise((resolve) => {
      const fail = (error: Error & { readonly code?: string }): void =>
        resolve(error.code === undefined ? error.message : `${error.code}: ${error.message}`);
      try {
        const socket = tls.connect({
          host: setting.host,
          port: setting.port,
          servername: setting.name,
          ca: setting.anchors,
          cert: setting.certificate,
          key: setting.key,
          passphrase: setting.password,
          crl: setting.crl?.split(/(?=-----BEGIN)/),
          ...(setting.only13 === true && { minVersion: 'TLSv1.3' }),
          ...(setting.suite12 !== undefined && { maxVersion: 'TLSv1.2', ciphers: setting.suite12 }),
          ...(setting.group !== undefined && { ecdhCurve: setting.group }),
          ...(setting.alpn !== undefined && { ALPNProtocols: [setting.alpn] }),
        });
        if (setting.timeout !== undefined)
          socket.setTimeout(setting.timeout, () => socket.destroy(new Error('the program has to say it: setTimeout')));
        socket.on('error', fail).on('close', () => resolve(undefined));
        socket.end(REQUEST);
        socket.resume();
      } catch (error) {
        fail(error as Error);
      }
    }),
};

/** What programs take from files. */
export function programs(folder: Folder): readonly Client[] {
  return [
    program('curl', ['--version'], (setting, file) => [
      ...['-sS', '-o', '/dev/null', '--cacert', file('anchors')],
      ...['--resolve', `${setting.name}:${setting.port}:${setting.host}`],
      ...(setting.certificate === undefined ? [] : ['--cert', file('certificate'), '--key', file('key')]),
      ...(setting.password === undefined ? [] : ['--pass', setting.password]),
      ...(setting.crl === undefined ? [] : ['--crlfile', file('crl')]),
      ...(setting.only13 === true ? ['--tlsv1.3'] : []),
      ...(setting.suite12 === undefined ? [] : ['--tls-max', '1.2', '--ciphers', setting.suite12]),
      ...(setting.group === undefined ? [] : ['--curves', setting.group]),
      ...(setting.timeout === undefined ? [] : ['--max-time', String(setting.timeout / 1000)]),
      `https://${setting.name}:${setting.port}/`,
    ]),
    program('openssl', ['version'], (setting, file) => [
      ...[
        's_client',
        '-brief',
        '-ign_eof',
        '-verify_return_error',
        '-CAfile',
        file('anchors'),
        '-no-CApath',
        '-no-CAstore',
      ],
      ...['-connect', `${setting.host}:${setting.port}`],
      ...['-servername', setting.name, '-verify_hostname', setting.name],
      ...(setting.certificate === undefined ? [] : ['-cert', file('certificate'), '-key', file('key')]),
      ...(setting.password === undefined ? [] : ['-pass', `pass:${setting.password}`]),
      ...(setting.crl === undefined ? [] : ['-crl_check', '-CRL', file('crl')]),
      ...(setting.only13 === true ? ['-tls1_3'] : []),
      ...(setting.suite12 === undefined ? [] : ['-tls1_2', '-cipher', setting.suite12]),
      ...(setting.group === undefined ? [] : ['-groups', setting.group]),
      ...(setting.alpn === undefined ? [] : ['-alpn', setting.alpn]),
    ]),
    program('gnutls-cli', ['--version'], (setting, file) => [
      ...['--x509cafile', file('anchors'), '--port', String(setting.port)],
      ...['--sni-hostname', setting.name, '--verify-hostname', setting.name],
      ...(setting.certificate === undefined
        ? []
        : ['--x509certfile', file('certificate'), '--x509keyfile', file('key')]),
      ...priority(setting),
      ...(setting.alpn === undefined ? [] : ['--alpn', setting.alpn]),
      setting.host,
    ]),
  ];

  function program(
    name: string,
    ask: readonly string[],
    args: (setting: Setting, file: (what: 'anchors' | 'certificate' | 'key' | 'crl') => string) => string[],
  ): Client {
    const { stdout, error } = spawnSync(name, ask, { encoding: 'utf8' });
    return {
      name: name === 'openssl' ? 'openssl s_client' : name,
      version: error === undefined ? stdout.split('\n')[0]!.replace(/ \(.*$/, '') : undefined,
      meet: async (setting) => {
        const all = args(setting, (what) => folder.write(`${what}.pem`, setting[what] ?? ''));
        // Those that cannot be told to give up are made to.
        const limited = [String((setting.timeout ?? 10_000) / 1000 + 1), name, ...all];
        const { status, output } = await runProgramLater('timeout', limited, name === 'curl' ? '' : REQUEST);
        if (status === 124) return undefined;
        return said(output, folder) || undefined;
      },
    };
  }
}

function priority({ only13, suite12, group }: Setting): string[] {
  const parts = [
    'NORMAL',
    ...(only13 === true ? ['-VERS-ALL', '+VERS-TLS1.3'] : []),
    ...(suite12 === undefined
      ? []
      : ['-VERS-ALL', '+VERS-TLS1.2', '-CIPHER-ALL', '+AES-128-GCM', '-KX-ALL', '+ECDHE-ECDSA']),
    ...(group === undefined ? [] : ['-GROUP-ALL', `+GROUP-${group}`]),
  ];
  return parts.length === 1 ? [] : ['--priority', parts.join(':')];
}

/** What a program said, without what it always says, and without the paths of this run. */
function said(output: string, folder: Folder): string {
  const lines = output.replaceAll(`${folder.directory}/`, '').split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !CHATTER.some((one) => one.test(line)))
    .join('\n');
}

const CHATTER: readonly RegExp[] = [/^Processed \d+/];
