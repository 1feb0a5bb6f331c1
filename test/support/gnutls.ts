import { connect } from 'node:net';
import { type Child, Files, freePort, isInstalled, startChild } from './child.ts';
import type { PemCredential } from './openssl.ts';

/** GnuTLS's gnutls-serv and gnutls-cli on loopback: FFDHE, X448, Ed448, and another mind. */

export const hasGnutls = (): boolean => isInstalled('gnutls-serv') && isInstalled('gnutls-cli');

interface Common {
  /**
   * A priority string; the default allows 1.2 and 1.3 with GnuTLS's own choices. Examples:
   * `NORMAL:-VERS-ALL:+VERS-TLS1.3`, `NORMAL:-GROUP-ALL:+GROUP-X448`.
   */
  readonly priority?: string | undefined;
  readonly credential?: PemCredential | undefined;
  /** Anchors for the other side's certificate, PEM. */
  readonly anchors?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
  /** Writes the secrets (RFC 9850) to a file; read it with {@link GnutlsPeer.keyLog}. */
  readonly keyLog?: boolean | undefined;
  /** GnuTLS's level of chatter, 0 to 9999. */
  readonly debug?: number | undefined;
  readonly extra?: readonly string[] | undefined;
}

export interface GnutlsServerOptions extends Common {
  /** Default `ignore`: no certificate is asked for. */
  readonly clientAuth?: 'request' | 'require' | undefined;
  /** What it does with application data; the default is `echo`. */
  readonly mode?: 'echo' | 'http' | undefined;
  /** A stapled OCSP response, DER. */
  readonly ocsp?: Uint8Array | undefined;
  readonly maxEarlyData?: number | undefined;
  readonly noTickets?: boolean | undefined;
}

export interface GnutlsClientOptions extends Common {
  readonly port: number;
  /** Sent as server name and checked against the certificate. */
  readonly serverName?: string | undefined;
  /** Connects a second time and resumes. */
  readonly resume?: boolean | undefined;
  /** Accepts any certificate. */
  readonly insecure?: boolean | undefined;
  /** After the handshake, the letters that gnutls-cli obeys: `^rekey^`, `^resume^` ... on lines of their own. */
  readonly inlineCommands?: boolean | undefined;
}

export interface GnutlsPeer extends Child {
  readonly port: number;
  keyLog(): string;
}

/** Starts gnutls-serv on a free port of loopback, and waits until it listens. */
export async function gnutlsServer(options: GnutlsServerOptions): Promise<GnutlsPeer> {
  const files = new Files();
  const port = await freePort();
  const args = ['--port', String(port), options.mode === 'http' ? '--http' : '--echo', ...common(options, files)];
  if (options.clientAuth === undefined) args.push('--disable-client-cert');
  if (options.clientAuth === 'require') args.push('--require-client-cert', '--verify-client-cert');
  if (options.ocsp !== undefined) args.push('--ocsp-response', files.add('ocsp.der', options.ocsp));
  if (options.maxEarlyData !== undefined) args.push('--earlydata', `--maxearlydata=${options.maxEarlyData}`);
  if (options.noTickets) args.push('--noticket');
  args.push(...(options.extra ?? []));
  const child = startChild('gnutls-serv', args, { files, environment: environment(options, files) });
  // Its own output is buffered when it is not a terminal; the port is what tells.
  await listening(child, port);
  return { ...child, port, keyLog: () => files.read('keys.log') ?? '' };
}

/** Starts gnutls-cli; does not wait for the handshake. */
export function gnutlsClient(options: GnutlsClientOptions): GnutlsPeer {
  const files = new Files();
  const args = ['--port', String(options.port), ...common(options, files)];
  if (options.serverName !== undefined)
    args.push('--sni-hostname', options.serverName, '--verify-hostname', options.serverName);
  if (options.resume) args.push('--resume');
  if (options.insecure) args.push('--insecure');
  if (options.inlineCommands) args.push('--inline-commands');
  args.push(...(options.extra ?? []), '127.0.0.1');
  const child = startChild('gnutls-cli', args, { files, environment: environment(options, files) });
  return { ...child, port: options.port, keyLog: () => files.read('keys.log') ?? '' };
}

function common(options: Common, files: Files): string[] {
  const args: string[] = [];
  if (options.priority !== undefined) args.push('--priority', options.priority);
  if (options.credential !== undefined) {
    args.push('--x509certfile', files.add('own.pem', options.credential.chain));
    args.push('--x509keyfile', files.add('own.key', options.credential.key));
  }
  if (options.anchors !== undefined) args.push('--x509cafile', files.add('anchors.pem', options.anchors));
  for (const protocol of options.alpn ?? []) args.push(`--alpn=${protocol}`);
  if (options.debug !== undefined) args.push('--debug', String(options.debug));
  return args;
}

function environment(options: Common, files: Files): Record<string, string> {
  return options.keyLog ? { SSLKEYLOGFILE: files.path('keys.log') } : {};
}

async function listening(child: Child, port: number): Promise<void> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  for (let tries = 0; tries < 100 && !ended; tries++) {
    if (await isListening(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await child.stop();
  throw new Error(`gnutls-serv does not listen:\n${child.output()}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
