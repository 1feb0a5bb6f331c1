import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { type Callback, checkFunction, checkNumber, invalidType, invalidValue, option } from './arguments.ts';
import { readConnect } from './connect-arguments.ts';
import { coreOf } from './engines.ts';
import { defaults } from './defaults.ts';
import { legacyCertificate } from './peer-shapes.ts';
import { secureContext } from './secure-context.ts';
import { TLSSocket } from './tls-socket.ts';
import { warnUnverified } from './warning.ts';

/**
 * Connects as a client, in all the forms of `tls.connect`: `(options)`, `(port, host, options)`, `(path, options)`, each with
 * a callback for 'secureConnect' behind it. Options are those of node:tls, see docs/node-tls.md. The server's certificate is
 * judged, and its name, unless `rejectUnauthorized` is false: then `authorized` and `authorizationError` say what was found,
 * and the process is warned once.
 * @throws TypeError, Error for options that cannot be used, in Node's words; TlsError ERR_OPTION for what OpenSSL can and we
 *   do not. What goes wrong later is told by 'error'.
 *
 * @example
 * ```ts
 * import { connect } from 'warifu/tls';
 * function hello(ca: string) {
 *   const socket = connect({ host: 'server.example', port: 443, servername: 'server.example', ca }, () => {
 *     socket.end('GET / HTTP/1.0\r\n\r\n');
 *   });
 *   socket.pipe(process.stdout);
 * }
 * ```
 */
export function connect(options: ConnectionOptions, onSecure?: () => void): TLSSocket;
export function connect(port: number, host?: string, options?: ConnectionOptions, onSecure?: () => void): TLSSocket;
export function connect(port: number, options?: ConnectionOptions, onSecure?: () => void): TLSSocket;
export function connect(path: string, options?: ConnectionOptions, onSecure?: () => void): TLSSocket;
export function connect(...given: readonly unknown[]): TLSSocket {
  const { options: read, callback, dial } = readConnect(given);
  const options: object = { checkServerIdentity: defaults.checkServerIdentity, minDHSize: 1024, ...read };
  const identify = option(options, 'checkServerIdentity');
  checkFunction(identify, 'options.checkServerIdentity');
  checkNumber(option(options, 'minDHSize'), 'options.minDHSize', 1);
  const servername = option(options, 'servername');
  const context = coreOf(option(options, 'secureContext') || secureContext(options));
  if (typeof servername === 'string' && isIP(servername) !== 0)
    throw invalidValue(
      'options.servername',
      servername,
      'is an IP address: Setting the TLS ServerName to an IP address is not permitted',
    );
  const socket = option(options, 'socket');
  if (socket !== undefined && socket !== null && !isDuplex(socket))
    throw invalidType('options.socket', ['Duplex'], socket);
  const rejects = option(options, 'rejectUnauthorized') !== false;
  const host = firstText(servername, option(options, 'host'), socket && Reflect.get(socket, '_host')) ?? 'localhost';
  if (!rejects) warnUnverified(host, option(options, 'port'));
  const client = new TLSSocket(socket ?? null, {
    ...pick(options, SOCKET_OPTIONS),
    secureContext: context,
    isServer: false,
    requestCert: true,
    rejectUnauthorized: rejects,
  });
  client.aim({ dial, host, identify: identifier(identify, host) });
  if (callback !== undefined) client.once('secureConnect', () => void callback.call(client));
  if (typeof servername === 'string' && servername !== '') client.setServername(servername);
  const timeout = option(options, 'timeout');
  if (!socket) {
    if (typeof timeout === 'number' && timeout > 0) client.setTimeout(timeout);
    client.connect(dial);
  }
  process.nextTick(() => client._start());
  return client;
}

const SOCKET_OPTIONS: readonly string[] = [
  'allowHalfOpen',
  'session',
  'ALPNProtocols',
  'requestOCSP',
  'enableTrace',
  'pskCallback',
  'signal',
  'handshakeTimeout',
  'highWaterMark',
  'onread',
];

function pick(options: object, names: readonly string[]): object {
  const found = names.map((name) => [name, option(options, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== null));
}

/** `checkServerIdentity` gets the certificate as `getPeerCertificate(true)` has it. */
function identifier(
  identify: Callback,
  host: string,
): (chain: readonly Uint8Array[], path: readonly Uint8Array[]) => Error | undefined {
  return (chain, path) => {
    const answer = identify(host, legacyCertificate(chain, path, true));
    if (!answer) return undefined;
    return answer instanceof Error ? answer : new Error(String(answer));
  };
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}

function isDuplex(value: unknown): value is Duplex {
  return (
    value instanceof Duplex ||
    (typeof value === 'object' && value !== null && 'on' in value && 'write' in value && 'resume' in value)
  );
}
