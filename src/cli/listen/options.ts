import { type Rule, unsuitable } from '../../engine/config/rules.ts';
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
  size,
  textRule,
  time,
  word,
  wordRule,
} from './declare.ts';
import { type IdentityRule, identityRule } from './identity-rules.ts';
import { type Range, rangeRule, type Target, targetRule, type Where, whereRule } from './places.ts';

/** Whether a client is asked for a certificate. */
export type Auth = 'one-way' | 'request' | 'optional' | 'require';

/** In what form a server behind an HTTP listener is told of the client's certificate. */
export type HeaderFormat = 'rfc9440' | 'xfcc' | 'nginx' | 'alb' | 'none';

/** Everything that can be said about a listener, read. Times are in milliseconds, sizes in bytes. */
export interface ListenSettings {
  readonly address: readonly Where[];
  readonly port: number | undefined;
  readonly name: string | undefined;
  readonly http: boolean;

  readonly to: readonly Target[];
  readonly balance: 'round-robin' | 'least-connections' | 'hash';
  readonly 'to-protocol': 'http/1.1' | 'h2c';
  readonly 'connect-timeout': number;
  readonly health: 'off' | 'tcp' | 'http';
  readonly 'health-path': string;
  readonly 'health-interval': number;
  readonly 'health-timeout': number;
  readonly 'health-rise': number;
  readonly 'health-fall': number;
  readonly 'slow-start': number;

  readonly certificate: readonly string[];
  readonly key: readonly string[];
  readonly 'password-file': string | undefined;
  readonly 'staple-file': readonly string[];
  readonly 'staple-fetch': boolean;
  readonly 'default-name': string | undefined;
  readonly 'unknown-name': 'default' | 'refuse';
  readonly names: { readonly [name: string]: unknown };

  readonly auth: Auth;
  readonly anchors: readonly string[];
  readonly intermediates: readonly string[];
  readonly advertise: 'anchors' | 'none';
  readonly profile: 'default' | 'rfc5280' | 'strict';
  readonly 'any-purpose': boolean;
  readonly 'max-intermediates': number;
  readonly allow: readonly IdentityRule[];
  readonly deny: readonly IdentityRule[];
  readonly 'spiffe-bundle': readonly string[];

  readonly crl: readonly string[];
  readonly 'revocation-hosts': readonly string[];
  readonly 'revocation-scope': 'chain' | 'leaf';
  readonly 'revocation-missing': 'refuse' | 'accept';
  readonly 'revocation-short-lived': 'check' | 'accept';
  readonly 'revocation-timeout': number;
  readonly 'revocation-keep': number;

  readonly alpn: readonly string[];
  readonly versions: readonly ('1.2' | '1.3')[];
  readonly policy: 'default' | 'strict2026' | 'compat2026';
  readonly suites: readonly string[];
  readonly groups: readonly string[];
  readonly tickets: 'on' | 'off';
  readonly 'ticket-lifetime': number;
  readonly 'ticket-secret-file': string | undefined;
  readonly 'ticket-redis': string | undefined;

  readonly 'proxy-in': 'off' | 'v1' | 'v2' | 'any';
  readonly 'proxy-from': readonly Range[];
  readonly 'proxy-out': 'off' | 'v1' | 'v2';

  readonly 'client-headers': readonly HeaderFormat[];
  readonly 'trust-forwarded': readonly Range[];
  readonly hsts: number;
  readonly 'redirect-from': readonly Where[];
  readonly 'require-for': readonly string[];
  readonly 'header-timeout': number;
  readonly 'body-timeout': number;
  readonly 'response-timeout': number;
  readonly 'max-header-size': number;
  readonly 'keep-alive': number;

  readonly 'max-connections': number;
  readonly 'max-per-address': number;
  readonly 'max-handshakes': number;
  readonly 'first-byte-timeout': number;
  readonly 'handshake-timeout': number;
  readonly 'max-handshake-bytes': number;
  readonly 'idle-timeout': number;

  readonly log: string;
  readonly explain: boolean;
  readonly admin: Where | undefined;
  readonly workers: number;
  readonly 'reload-interval': number;
  readonly 'drain-timeout': number;
}

/** What stands there is read as options, by name. */
const namesRule: Rule<{ readonly [name: string]: unknown }> = {
  expected: 'an object with a member for each DNS name, or *.name',
  read: (value, option) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw unsuitable(option, namesRule.expected, value);
    for (const name of Object.keys(value))
      if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name))
        throw unsuitable(`${option}.${JSON.stringify(name)}`, 'a DNS name in lower case, or *. and one', name);
    return { ...value };
  },
};

const WHERE = 'Where';
const SERVERS = 'Servers';
const CERTIFICATES = 'Certificates';
const CLIENTS = 'Clients';
const REVOCATION = 'Revocation';
const TLS = 'TLS';
const PROXY = 'PROXY protocol';
const HTTP = 'HTTP';
const LIMITS = 'Limits';
const LIFE = 'The process';

/** The declaration of every option of `warifu listen`. */
export const LISTEN_OPTIONS: Declarations<ListenSettings> = {
  address: list(WHERE, whereRule, 'an address to listen on, with or without a port, or unix:PATH; several', {
    value: 'ADDRESS',
    otherwiseText: 'all addresses',
  }),
  port: port(WHERE, { otherwiseText: '443' }),
  name: option(
    WHERE,
    'text',
    maybe(textRule('a name')),
    undefined,
    'what the log calls this listener, and part of what its tickets are for',
    {
      value: 'NAME',
      otherwiseText: 'its first address',
    },
  ),
  http: flag(
    WHERE,
    'speak HTTP/1.1 and HTTP/2 with clients, and tell servers of them in headers; otherwise bytes are passed on as they are',
  ),

  to: list(SERVERS, targetRule, 'a server: host:port, unix:PATH, with @WEIGHT; several; weight 0: no new connections', {
    value: 'SERVER',
  }),
  balance: word(
    SERVERS,
    ['round-robin', 'least-connections', 'hash'],
    'round-robin',
    'how servers are chosen, by weight; hash: the same client address, the same server',
  ),
  'to-protocol': word(SERVERS, ['http/1.1', 'h2c'], 'http/1.1', 'what the servers of an HTTP listener speak'),
  'connect-timeout': time(SERVERS, '5s', 'that a server may take to be connected to; then the next is tried', {
    min: '10ms',
    max: '5m',
  }),
  health: word(
    SERVERS,
    ['off', 'tcp', 'http'],
    'tcp',
    'how servers are looked at: by a connection, or by GET; off: only by what clients meet',
  ),
  'health-path': option(
    SERVERS,
    'text',
    textRule('a path that begins with /', (text) => /^\/[!-~]*$/.test(text)),
    '/',
    'what is asked for; 200 to 399 is healthy',
    { value: 'PATH' },
  ),
  'health-interval': time(SERVERS, '5s', 'between two looks', { min: '100ms', max: '1h' }),
  'health-timeout': time(SERVERS, '2s', 'that an answer may take', { min: '10ms', max: '5m' }),
  'health-rise': count(SERVERS, 1, 100, 2, 'looks in a row that make a server healthy again'),
  'health-fall': count(SERVERS, 1, 100, 3, 'looks in a row that make a server unhealthy'),
  'slow-start': time(SERVERS, '0s', 'over which a server that comes back gets its full share', { max: '1h' }),

  certificate: list(
    CERTIFICATES,
    fileRule,
    'a chain of certificates: PEM, DER, PKCS#7, PKCS#12; several, of several names and kinds of key',
    FILE,
  ),
  key: list(CERTIFICATES, fileRule, 'a private key; several, in any order: each certificate finds its own', {
    ...FILE,
    otherwiseText: 'in the file of the certificate',
  }),
  'password-file': option(
    CERTIFICATES,
    'text',
    maybe(fileRule),
    undefined,
    'its first line opens keys that are protected',
    FILE,
  ),
  'staple-file': list(
    CERTIFICATES,
    fileRule,
    'an OCSP response to staple to the certificate that it is about; several',
    FILE,
  ),
  'staple-fetch': flag(CERTIFICATES, 'ask the responder that the certificate names, and staple what it says'),
  'default-name': option(
    CERTIFICATES,
    'text',
    maybe(textRule('a DNS name')),
    undefined,
    'the name whose certificate is shown when a client asks for none of ours',
    { value: 'NAME', otherwiseText: 'the first certificate' },
  ),
  'unknown-name': word(
    CERTIFICATES,
    ['default', 'refuse'],
    'default',
    'a client that asks for a name that is not ours: gets the default, or the alert unrecognized_name',
  ),
  names: option(
    CERTIFICATES,
    'object',
    namesRule,
    {},
    'what is different for a name, or *.name: certificate, key, auth, anchors, crl, allow, deny, alpn …; in the config file only',
    { otherwiseText: 'none' },
  ),

  auth: word(
    CLIENTS,
    ['one-way', 'request', 'optional', 'require'],
    'one-way',
    'client certificates: not asked for; asked for and reported; good if there is one; needed',
  ),
  anchors: list(CLIENTS, fileRule, 'certificates of authorities that issue to clients; several', FILE),
  intermediates: list(CLIENTS, fileRule, 'certificates that clients may leave out; several', FILE),
  advertise: word(CLIENTS, ['anchors', 'none'], 'anchors', 'the names of authorities that clients are told of'),
  profile: word(CLIENTS, ['default', 'rfc5280', 'strict'], 'default', 'how strict certificates are judged'),
  'any-purpose': flag(CLIENTS, 'take certificates that are not meant for clients (extended key usage) too'),
  'max-intermediates': count(CLIENTS, 0, 64, 8, 'most authorities between a client and an anchor'),
  allow: list(
    CLIENTS,
    identityRule,
    'let in only clients that one of these fits: dns:, email:, uri:, spiffe:, dn:, oid:, pin:, cert:; several',
    { value: 'RULE', otherwiseText: 'everyone that is trusted' },
  ),
  deny: list(CLIENTS, identityRule, 'keep out clients that one of these fits, whatever is allowed; several', {
    value: 'RULE',
  }),
  'spiffe-bundle': list(
    CLIENTS,
    textRule('TRUST-DOMAIN=FILE', (text) => /^[a-z0-9._-]+=.+$/.test(text)),
    'the authorities of a SPIFFE trust domain, as PEM or a bundle in JSON; several; in place of anchors',
    { value: 'DOMAIN=FILE', isFile: true },
  ),

  crl: list(REVOCATION, fileRule, 'a revocation list; several', FILE),
  'revocation-hosts': list(
    REVOCATION,
    textRule('a host, .host for all below it, or any', (text) => /^(any|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*)$/i.test(text)),
    'hosts from which lists and OCSP responses are fetched, by the addresses in certificates; any: whatever a certificate names',
    { value: 'HOST' },
  ),
  'revocation-scope': word(
    REVOCATION,
    ['chain', 'leaf'],
    'chain',
    'every certificate below the anchor, or that of the client alone',
  ),
  'revocation-missing': word(REVOCATION, ['refuse', 'accept'], 'refuse', 'when it cannot be found out'),
  'revocation-short-lived': word(
    REVOCATION,
    ['check', 'accept'],
    'check',
    'certificates that live for seven days at most',
  ),
  'revocation-timeout': time(REVOCATION, '3s', 'for all that is fetched about one certificate', {
    min: '100ms',
    max: '1m',
  }),
  'revocation-keep': time(REVOCATION, '1h', 'that a fetched list is kept, if it does not expire before', {
    min: '1s',
    max: '7d',
  }),

  alpn: list(
    TLS,
    textRule('a protocol name of 1 to 255 characters of ASCII', (text) => /^[!-~]{1,255}$/.test(text)),
    'an application protocol, best first; several',
    { value: 'NAME', otherwiseText: 'h2 and http/1.1 with http, otherwise none' },
  ),
  versions: list(TLS, wordRule(['1.2', '1.3']), 'a version of TLS: 1.2, 1.3; several', {
    value: 'VERSION',
    otherwiseText: 'both',
  }),
  policy: word(
    TLS,
    ['default', 'strict2026', 'compat2026'],
    'default',
    'versions, suites and groups by a name that will always mean the same; see "Policies"',
  ),
  suites: list(TLS, textRule('the name of a cipher suite'), 'a cipher suite, best first; several', {
    value: 'NAME',
    otherwiseText: 'those of the policy',
  }),
  groups: list(TLS, textRule('the name of a group'), 'a group for the key exchange, best first; several', {
    value: 'NAME',
    otherwiseText: 'those of the policy',
  }),
  tickets: word(TLS, ['on', 'off'], 'on', 'let clients resume sessions'),
  'ticket-lifetime': time(TLS, '2h', 'that a session can be resumed', { min: '1s', max: '7d' }),
  'ticket-secret-file': option(
    TLS,
    'text',
    maybe(fileRule),
    undefined,
    'secrets of at least 32 bytes, one a line in hexadecimal, from which the keys of tickets follow: the first seals, all open; the same on all machines of a fleet',
    { ...FILE, otherwiseText: 'made at the start, shared by the workers', isGlobal: true },
  ),
  'ticket-redis': option(
    TLS,
    'text',
    maybe(
      textRule('redis://[:PASSWORD@]HOST:PORT[/PREFIX] or redis+unix:/PATH', (text) =>
        /^redis(:\/\/\S+|\+unix:\/\S+)$/.test(text),
      ),
    ),
    undefined,
    'keep sessions in Redis: each ticket works once, on every machine',
    { value: 'URL', isGlobal: true },
  ),

  'proxy-in': word(
    PROXY,
    ['off', 'v1', 'v2', 'any'],
    'off',
    'a load balancer in front says who the client is; every connection has to begin with it',
  ),
  'proxy-from': list(PROXY, rangeRule, 'addresses that may say so; others are closed; several', {
    value: 'RANGE',
    otherwiseText: 'everyone',
  }),
  'proxy-out': word(
    PROXY,
    ['off', 'v1', 'v2'],
    'off',
    'tell servers of a TCP listener who the client is; v2 also of TLS and its certificate',
  ),

  'client-headers': list(
    HTTP,
    wordRule(['rfc9440', 'xfcc', 'nginx', 'alb', 'none']),
    'how servers are told of the client certificate: rfc9440, xfcc, nginx, alb, none; several',
    { value: 'FORM', otherwiseText: 'rfc9440' },
  ),
  'trust-forwarded': list(
    HTTP,
    rangeRule,
    'addresses whose X-Forwarded-For and Forwarded are kept and added to; from others they are taken away; several',
    { value: 'RANGE', otherwiseText: 'no address' },
  ),
  hsts: time(HTTP, '0s', 'Strict-Transport-Security with this age; 0: none', { max: '1000d' }),
  'redirect-from': list(HTTP, whereRule, 'an address where plain HTTP is sent on to HTTPS; several', {
    value: 'ADDRESS',
  }),
  'require-for': list(
    HTTP,
    textRule('a path that begins with /', (text) => /^\/[!-~]*$/.test(text)),
    'paths below which a good client certificate is needed, with auth request or optional; others are for everyone; several',
    { value: 'PATH' },
  ),
  'header-timeout': time(HTTP, '10s', 'that a client may take for the head of a request', { min: '100ms', max: '10m' }),
  'body-timeout': time(HTTP, '5m', 'that a client may take for a whole request over HTTP/1.1; 0: any time', {
    max: '1d',
  }),
  'response-timeout': time(HTTP, '1m', 'that a server may be silent before it has begun to answer; 0: any time', {
    max: '1d',
  }),
  'max-header-size': size(HTTP, 1_024, 1_048_576, '16k', 'of the head of a request'),
  'keep-alive': time(HTTP, '60s', 'that an idle connection of a client is kept', { min: '1s', max: '1h' }),

  'max-connections': count(LIMITS, 1, 1_000_000, 10_000, 'connections at a time, of each worker'),
  'max-per-address': count(
    LIMITS,
    0,
    1_000_000,
    0,
    'connections from one address at a time, of each worker; 0: any number',
  ),
  'max-handshakes': count(
    LIMITS,
    1,
    1_000_000,
    1_000,
    'handshakes at a time, of each worker; beyond that the oldest that is waiting for its client is closed',
  ),
  'first-byte-timeout': time(LIMITS, '5s', 'that a client may take to send anything', { min: '50ms', max: '10m' }),
  'handshake-timeout': time(LIMITS, '10s', 'that a handshake may take', { min: '50ms', max: '10m' }),
  'max-handshake-bytes': size(LIMITS, 1_024, 16_777_216, '256k', 'that a client may send before it is let in'),
  'idle-timeout': time(LIMITS, '15m', 'without traffic after which a TCP connection is ended; 0: never'),

  log: option(
    LIFE,
    'text',
    textRule('the name of a file, -, or off'),
    '-',
    'where the access log goes, a line of JSON each: FILE, - for standard output, off',
    { ...LOG_FILE, isGlobal: true },
  ),
  explain: flag(LIFE, 'draw each handshake that is refused, on standard error', { isGlobal: true }),
  admin: option(
    LIFE,
    'text',
    maybe(whereRule),
    undefined,
    'an address for /healthz, /readyz, /metrics and /servers over plain HTTP: keep it private',
    { value: 'ADDRESS', isGlobal: true },
  ),
  workers: count(LIFE, 0, 256, 1, 'processes; 0: as many as there are cores', { isGlobal: true }),
  'reload-interval': time(
    LIFE,
    '2s',
    'between looks at the files; 0: only on SIGHUP',
    { max: '1h' },
    { isGlobal: true },
  ),
  'drain-timeout': time(
    LIFE,
    '30s',
    'that connections may take to end after SIGTERM',
    { max: '1h' },
    { isGlobal: true },
  ),
};

/** Options that differ by name, in `names`. */
export const BY_NAME: readonly (keyof ListenSettings)[] = [
  'certificate',
  'key',
  'password-file',
  'staple-file',
  'staple-fetch',
  'auth',
  'anchors',
  'intermediates',
  'profile',
  'any-purpose',
  'max-intermediates',
  'allow',
  'deny',
  'spiffe-bundle',
  'crl',
  'revocation-hosts',
  'revocation-scope',
  'revocation-missing',
  'revocation-short-lived',
  'alpn',
];
