import {
  count,
  type Declarations,
  FILE,
  fileRule,
  list,
  LOG_FILE,
  maybe,
  option,
  port,
  textRule,
  time,
  wordRule,
} from '../listen/declare.ts';
import { type Target, targetRule, type Where, whereRule } from '../listen/places.ts';

/** Everything that can be said about a tunnel, read. Times are in milliseconds. */
export interface TunnelSettings {
  readonly address: readonly Where[];
  readonly port: number | undefined;
  readonly to: readonly Target[];
  readonly 'server-name': string | undefined;
  readonly anchors: readonly string[];
  readonly pin: readonly string[];
  readonly crl: readonly string[];
  readonly certificate: readonly string[];
  readonly key: readonly string[];
  readonly 'password-file': string | undefined;
  readonly alpn: readonly string[];
  readonly versions: readonly ('1.2' | '1.3')[];
  readonly 'connect-timeout': number;
  readonly 'handshake-timeout': number;
  readonly 'idle-timeout': number;
  readonly 'max-connections': number;
  readonly log: string;
  readonly 'reload-interval': number;
  readonly 'drain-timeout': number;
}

const WHERE = 'Where';
const SERVER = 'Server';
const CLIENT = 'Client';
const LIMITS = 'Limits';
const LIFE = 'The process';

/** The declaration of every option of `warifu tunnel`. */
export const TUNNEL_OPTIONS: Declarations<TunnelSettings> = {
  address: list(WHERE, whereRule, 'an address to take plain TCP on, or unix:PATH; several', {
    value: 'ADDRESS',
    otherwiseText: '127.0.0.1: the one who reaches it speaks in our name',
  }),
  port: port(WHERE),
  to: list(WHERE, targetRule, 'a server that speaks TLS: host:port; several: the next where one cannot be reached', {
    value: 'SERVER',
  }),
  'server-name': option(
    SERVER,
    'text',
    maybe(textRule('a DNS name or an address')),
    undefined,
    'the name that its certificate has to be for',
    { value: 'NAME', otherwiseText: 'the host of to' },
  ),
  anchors: list(
    SERVER,
    fileRule,
    'certificates of authorities that are trusted for servers; "system": what this machine trusts; several',
    { ...FILE, noFiles: ['system'] },
  ),
  pin: list(
    SERVER,
    textRule('sha256/ and base64, or 64 hexadecimal digits'),
    'the SHA-256 of a public key that has to be on the path; several',
    { value: 'PIN' },
  ),
  crl: list(SERVER, fileRule, 'a revocation list; several', FILE),
  certificate: list(CLIENT, fileRule, 'the chain of certificates that is shown to servers that ask', FILE),
  key: list(CLIENT, fileRule, 'its private key', {
    ...FILE,
    otherwiseText: 'in the file of the certificate',
  }),
  'password-file': option(
    CLIENT,
    'text',
    maybe(fileRule),
    undefined,
    'its first line opens keys that are protected',
    FILE,
  ),
  alpn: list(
    CLIENT,
    textRule('a protocol name of 1 to 255 characters of ASCII', (text) => /^[!-~]{1,255}$/.test(text)),
    'an application protocol, best first; several',
    { value: 'NAME' },
  ),
  versions: list(CLIENT, wordRule(['1.2', '1.3']), 'a version of TLS: 1.2, 1.3; several', {
    value: 'VERSION',
    otherwiseText: 'both',
  }),
  'connect-timeout': time(LIMITS, '5s', 'that a server may take to be connected to', { min: '10ms', max: '5m' }),
  'handshake-timeout': time(LIMITS, '10s', 'that a handshake may take', { min: '50ms', max: '10m' }),
  'idle-timeout': time(LIMITS, '15m', 'without traffic after which a connection is ended; 0: never'),
  'max-connections': count(LIMITS, 1, 1_000_000, 1_000, 'connections at a time'),
  log: option(
    LIFE,
    'text',
    textRule('the name of a file, -, or off'),
    '-',
    'where the log goes, a line of JSON for each connection: FILE, -, off',
    LOG_FILE,
  ),
  'reload-interval': time(LIFE, '2s', 'between looks at the files; 0: only on SIGHUP', { max: '1h' }),
  'drain-timeout': time(LIFE, '30s', 'that connections may take to end after SIGTERM', { max: '1h' }),
};
