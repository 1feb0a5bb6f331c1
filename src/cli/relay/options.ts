import {
  count,
  type Declarations,
  FILE,
  fileRule,
  flag,
  list,
  LOG_FILE,
  maybe,
  option,
  port,
  textRule,
  time,
} from '../listen/declare.ts';
import { type Target, targetRule, type Where, whereRule } from '../listen/places.ts';

/** Everything that can be said about a relay, read. Times are in milliseconds. */
export interface RelaySettings {
  readonly address: readonly Where[];
  readonly port: number | undefined;
  readonly target: readonly Target[];
  readonly origin: readonly string[];
  readonly 'token-file': string | undefined;
  readonly 'no-token': boolean;
  readonly certificate: readonly string[];
  readonly key: readonly string[];
  readonly 'connect-timeout': number;
  readonly 'idle-timeout': number;
  readonly 'max-connections': number;
  readonly 'max-per-address': number;
  readonly 'max-buffered': number;
  readonly log: string;
  readonly 'drain-timeout': number;
}

const WHERE = 'Where';
const WHO = 'Who';
const LIMITS = 'Limits';
const LIFE = 'The process';

/** The declaration of every option of `warifu relay`. */
export const RELAY_OPTIONS: Declarations<RelaySettings> = {
  address: list(WHERE, whereRule, 'an address to listen on, or unix:PATH; several', {
    value: 'ADDRESS',
    otherwiseText: '127.0.0.1',
  }),
  port: port(WHERE, { otherwiseText: '8080' }),
  target: list(WHERE, targetRule, 'a server that may be reached: host:port, exactly as it is asked for; several', {
    value: 'SERVER',
    otherwiseText: 'none: nothing may be reached',
  }),
  origin: list(
    WHO,
    textRule('an origin, such as https://app.example.com, or any', (text) => /^(any|https?:\/\/[^/\s]+)$/.test(text)),
    'an origin whose pages may connect; any: all, and programs that send none; several',
    { value: 'ORIGIN', otherwiseText: 'none: no page may connect' },
  ),
  'token-file': option(
    WHO,
    'text',
    maybe(fileRule),
    undefined,
    'tokens of at least 16 characters, one a line, of which a client has to show one',
    FILE,
  ),
  'no-token': flag(WHO, 'no token is needed: everyone who comes from an allowed origin may connect'),
  certificate: list(WHERE, fileRule, 'a chain of certificates: then it is wss://', FILE),
  key: list(WHERE, fileRule, 'its private key', {
    ...FILE,
    otherwiseText: 'in the file of the certificate',
  }),
  'connect-timeout': time(LIMITS, '5s', 'that a server may take to be connected to', { min: '10ms', max: '5m' }),
  'idle-timeout': time(LIMITS, '5m', 'without traffic after which a connection is ended; 0: never'),
  'max-connections': count(LIMITS, 1, 1_000_000, 1_000, 'connections at a time'),
  'max-per-address': count(LIMITS, 0, 1_000_000, 20, 'connections from one address at a time; 0: any number'),
  'max-buffered': count(
    LIMITS,
    16_384,
    67_108_864,
    1_048_576,
    'bytes of one frame, and bytes that wait for a client or server that is slow',
  ),
  log: option(
    LIFE,
    'text',
    textRule('the name of a file, -, or off'),
    '-',
    'where the log goes, a line of JSON for each connection: FILE, -, off',
    LOG_FILE,
  ),
  'drain-timeout': time(LIFE, '10s', 'that connections may take to end after SIGTERM', { max: '1h' }),
};
