import { spawnSync } from 'node:child_process';
import { type Child, Files, isInstalled, startChild } from './child.ts';

/** OpenSSL's s_server and s_client on loopback, as peers that others wrote. */

export const hasOpenssl = (): boolean => isInstalled('openssl');

/** A certificate chain, own certificate first, and its key; PEM. */
export interface PemCredential {
  readonly chain: string;
  readonly key: string;
}

interface Common {
  /** Only this version; without it both 1.2 and 1.3. */
  readonly version?: '1.2' | '1.3' | undefined;
  /** TLS 1.3 suites, OpenSSL's names joined by colons: `TLS_AES_128_GCM_SHA256`. */
  readonly suites13?: string | undefined;
  /** TLS 1.2 suites as a cipher string: `ECDHE-ECDSA-AES128-GCM-SHA256`. */
  readonly suites12?: string | undefined;
  /** `P-256:X25519`. */
  readonly groups?: string | undefined;
  /** Signature schemes accepted: `ECDSA+SHA256:RSA-PSS+SHA256`. */
  readonly signatures?: string | undefined;
  /** Signature schemes for which a client certificate is accepted, or with which the client signs. */
  readonly clientSignatures?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** Anchors for the other side's certificate, PEM. Nothing of the machine's own store is trusted. */
  readonly anchors?: string | undefined;
  /** External PSK, hexadecimal, for `identity` (default `Client_identity`). */
  readonly psk?: { readonly key: string; readonly identity?: string } | undefined;
  /** Writes the secrets (RFC 9850) to a file; read it with {@link OpensslPeer.keyLog}. */
  readonly keyLog?: boolean | undefined;
  readonly maxFragment?: 512 | 1024 | 2048 | 4096 | undefined;
  /** Prints every message. */
  readonly trace?: boolean | undefined;
  /** Anything else, as on the command line. */
  readonly extra?: readonly string[] | undefined;
}

export interface OpensslServerOptions extends Common {
  readonly credential?: PemCredential | undefined;
  /** A second certificate (another kind of key). */
  readonly secondCredential?: PemCredential | undefined;
  /** Ask for a client certificate, or insist on one. A bad one ends the handshake in both cases. */
  readonly clientAuth?: 'request' | 'require' | undefined;
  /** An OCSP response to staple, DER. */
  readonly ocsp?: Uint8Array | undefined;
  /**
   * What it does with application data: `terminal` prints it, and sends what is written to it, and obeys lines that
   * start with `K` (KeyUpdate, asks for ours), `k` (KeyUpdate), `Q` (quit) ...; `reverse` answers each line reversed;
   * `status` answers HTTP with a page about the connection; `silent` is a terminal without commands or chatter.
   */
  readonly mode?: 'terminal' | 'reverse' | 'status' | 'silent' | undefined;
  /** Tickets to send after a TLS 1.3 handshake; OpenSSL's own default is 2. */
  readonly tickets?: number | undefined;
  /** Accepts this many bytes of early data. */
  readonly earlyData?: number | undefined;
  readonly serverName?: string | undefined;
  /** Ends after so many connections. */
  readonly connections?: number | undefined;
}

export interface OpensslClientOptions extends Common {
  readonly port: number;
  readonly serverName?: string | false | undefined;
  /** Checks the server's certificate against the anchors and this name, and ends the handshake when it is bad. */
  readonly verifyName?: string | undefined;
  readonly credential?: PemCredential | undefined;
  /** Asks for a stapled OCSP response and prints it. */
  readonly status?: boolean | undefined;
  /** `terminal` obeys lines that start with `K`, `k`, `Q`; `silent` does not, and prints nothing but data. */
  readonly mode?: 'terminal' | 'silent' | undefined;
  /** A session in PEM to resume, as {@link OpensslPeer.session} gave it. */
  readonly resume?: string | undefined;
  /** Sent as early data when the session allows it. */
  readonly earlyData?: Uint8Array | undefined;
}

export interface OpensslPeer extends Child {
  readonly port: number;
  /** The lines of the key log so far. */
  keyLog(): string;
  /** The session that s_client wrote when it ended or got a ticket; undefined when there is none yet. */
  session(): string | undefined;
}

/** Starts s_server on a free port of loopback, and waits until it listens. It serves one connection at a time. */
export async function opensslServer(options: OpensslServerOptions = {}): Promise<OpensslPeer> {
  const files = new Files();
  const args = ['s_server', '-accept', '127.0.0.1:0', '-4', ...common(options, files)];
  if (options.credential !== undefined) args.push(...credential(options.credential, files, 'own', ''));
  else args.push('-nocert');
  if (options.secondCredential !== undefined) args.push(...credential(options.secondCredential, files, 'second', 'd'));
  if (options.clientAuth !== undefined) {
    args.push(options.clientAuth === 'require' ? '-Verify' : '-verify', '10', '-verify_return_error');
  }
  if (options.ocsp !== undefined) args.push('-status_file', files.add('ocsp.der', options.ocsp));
  if (options.mode === 'reverse') args.push('-rev');
  if (options.mode === 'status') args.push('-www');
  if (options.mode === 'silent') args.push('-quiet');
  if (options.tickets !== undefined) args.push('-num_tickets', String(options.tickets));
  if (options.earlyData !== undefined) args.push('-early_data', '-max_early_data', String(options.earlyData));
  if (options.serverName !== undefined) args.push('-servername', options.serverName);
  if (options.connections !== undefined) args.push('-naccept', String(options.connections));
  args.push(...(options.extra ?? []));
  const child = startChild('openssl', args, { files });
  const [, port] = await child.waitFor(/ACCEPT \S*:(\d+)/).catch(async (error: unknown) => {
    await child.stop();
    throw error;
  });
  return peer(child, Number(port), files);
}

/** Starts s_client; does not wait for the handshake (see {@link Child.waitFor}). */
export function opensslClient(options: OpensslClientOptions): OpensslPeer {
  const files = new Files();
  const args = ['s_client', '-connect', `127.0.0.1:${options.port}`, ...common(options, files)];
  if (options.serverName === false) args.push('-noservername');
  else if (options.serverName !== undefined) args.push('-servername', options.serverName);
  if (options.verifyName !== undefined)
    args.push('-verify', '10', '-verify_return_error', '-verify_hostname', options.verifyName);
  if (options.credential !== undefined) args.push(...credential(options.credential, files, 'own', ''));
  if (options.status) args.push('-status');
  if (options.mode === 'silent') args.push('-quiet', '-no_ign_eof');
  args.push('-sess_out', files.path('session.pem'));
  if (options.resume !== undefined) args.push('-sess_in', files.add('resume.pem', options.resume));
  if (options.earlyData !== undefined) args.push('-early_data', files.add('early.bin', options.earlyData));
  args.push(...(options.extra ?? []));
  return peer(startChild('openssl', args, { files }), options.port, files);
}

/** A self-signed certificate for one DNS name, made by OpenSSL: good for a test that does not care about chains. */
export function selfSigned(name: string, kind: 'ec' | 'rsa' | 'ed25519' = 'ec'): PemCredential {
  const files = new Files();
  try {
    const key = { ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'], ed25519: ['ed25519'] }[kind];
    const args = ['req', '-x509', '-newkey', ...key, '-nodes', '-days', '30', '-subj', `/CN=${name}`];
    args.push('-addext', `subjectAltName=DNS:${name}`);
    args.push('-keyout', files.path('key.pem'), '-out', files.path('certificate.pem'));
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    const [chain, privateKey] = [files.read('certificate.pem'), files.read('key.pem')];
    if (status !== 0 || chain === undefined || privateKey === undefined) throw new Error(`openssl req: ${stderr}`);
    return { chain, key: privateKey };
  } finally {
    files.remove();
  }
}

function common(options: Common, files: Files): string[] {
  const args: string[] = [];
  const flag = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(name, value);
  };
  if (options.version !== undefined) args.push(options.version === '1.3' ? '-tls1_3' : '-tls1_2');
  flag('-ciphersuites', options.suites13);
  flag('-cipher', options.suites12);
  flag('-groups', options.groups);
  flag('-sigalgs', options.signatures);
  flag('-client_sigalgs', options.clientSignatures);
  flag('-alpn', options.alpn?.join(','));
  if (options.anchors !== undefined) {
    args.push('-CAfile', files.add('anchors.pem', options.anchors), '-no-CApath', '-no-CAstore');
  }
  if (options.psk !== undefined)
    args.push('-psk', options.psk.key, '-psk_identity', options.psk.identity ?? 'Client_identity');
  if (options.keyLog) args.push('-keylogfile', files.path('keys.log'));
  flag('-maxfraglen', options.maxFragment?.toString());
  if (options.trace) args.push('-msg');
  return args;
}

/** `prefix` is `d` for s_server's second certificate. */
function credential(value: PemCredential, files: Files, name: string, prefix: '' | 'd'): string[] {
  const [first = '', ...rest] = value.chain.split(/(?<=-----END CERTIFICATE-----\n?)/).filter((part) => part.trim());
  const args = [`-${prefix}cert`, files.add(`${name}.pem`, first)];
  args.push(`-${prefix}key`, files.add(`${name}.key`, value.key));
  if (rest.length > 0) args.push(`-${prefix}cert_chain`, files.add(`${name}-chain.pem`, rest.join('')));
  return args;
}

function peer(child: Child, port: number, files: Files): OpensslPeer {
  return {
    ...child,
    port,
    keyLog: () => files.read('keys.log') ?? '',
    session: () => files.read('session.pem'),
  };
}
