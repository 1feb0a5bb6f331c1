/** The part of docs/listener.md that is made: every option from its declaration, with an example that a test reads. */
import { LISTEN_OPTIONS } from '../src/cli/listen/options.ts';
import { POLICIES } from '../src/cli/listen/policies.ts';

/** A value for each option, as it stands in a config file, and what has to stand beside it. */
export const EXAMPLES: {
  readonly [name in keyof typeof LISTEN_OPTIONS]: readonly [
    value: unknown,
    beside?: { readonly [name: string]: unknown },
  ];
} = {
  address: [['127.0.0.1:8443', '[::1]:8443', 'unix:/run/warifu.sock']],
  port: [8443],
  name: ['shop'],
  http: [true],
  to: [['10.0.0.1:8080@3', '10.0.0.2:8080', 'unix:/run/app.sock']],
  balance: ['least-connections'],
  'to-protocol': ['h2c', { http: true }],
  'connect-timeout': ['2s'],
  health: ['http'],
  'health-path': ['/health', { health: 'http' }],
  'health-interval': ['10s'],
  'health-timeout': ['1s'],
  'health-rise': [3],
  'health-fall': [2],
  'slow-start': ['30s'],
  certificate: [['ecdsa.crt', 'rsa.crt']],
  key: [['ecdsa.key', 'rsa.key']],
  'password-file': ['password.txt'],
  'staple-file': [['server.ocsp']],
  'staple-fetch': [true],
  'default-name': ['www.example.com'],
  'unknown-name': ['refuse'],
  names: [{ 'api.example.com': { auth: 'require' } }, { anchors: 'root.crt' }],
  auth: ['require', { anchors: 'root.crt' }],
  anchors: [['root.crt'], { auth: 'require' }],
  intermediates: [['issuing.crt'], { auth: 'require', anchors: 'root.crt' }],
  advertise: ['none', { auth: 'require', anchors: 'root.crt' }],
  profile: ['strict', { auth: 'require', anchors: 'root.crt' }],
  'any-purpose': [true, { auth: 'require', anchors: 'root.crt' }],
  'max-intermediates': [2, { auth: 'require', anchors: 'root.crt' }],
  allow: [
    ['dns:*.clients.example.com', 'spiffe:example.org/ns/prod/*', 'dn:O=Example,OU=Shop'],
    { auth: 'require', anchors: 'root.crt' },
  ],
  deny: [
    ['cert:0000000000000000000000000000000000000000000000000000000000000000'],
    { auth: 'require', anchors: 'root.crt' },
  ],
  'spiffe-bundle': [['example.org=bundle.json', 'partner.example=partner.pem'], { auth: 'require' }],
  crl: [['crl.pem'], { auth: 'require', anchors: 'root.crt' }],
  'revocation-hosts': [['crl.example.com', '.pki.example.net'], { auth: 'require', anchors: 'root.crt' }],
  'revocation-scope': ['leaf'],
  'revocation-missing': ['accept'],
  'revocation-short-lived': ['accept'],
  'revocation-timeout': ['1s'],
  'revocation-keep': ['10m'],
  alpn: [['postgresql']],
  versions: [['1.3']],
  policy: ['strict2026'],
  suites: [['TLS_AES_256_GCM_SHA384']],
  groups: [['X25519MLKEM768', 'X25519']],
  tickets: ['off'],
  'ticket-lifetime': ['1h'],
  'ticket-secret-file': ['tickets.hex'],
  'ticket-redis': ['redis://127.0.0.1:6379/warifu'],
  'proxy-in': ['v2'],
  'proxy-from': [['10.0.0.0/8'], { 'proxy-in': 'v2' }],
  'proxy-out': ['v2'],
  'client-headers': [['rfc9440', 'xfcc'], { http: true }],
  'trust-forwarded': [['10.0.0.0/8'], { http: true }],
  hsts: ['365d', { http: true }],
  'redirect-from': [':80', { http: true }],
  'require-for': [['/admin'], { http: true, auth: 'optional', anchors: 'root.crt' }],
  'header-timeout': ['5s', { http: true }],
  'body-timeout': ['1m', { http: true }],
  'response-timeout': ['30s', { http: true }],
  'max-header-size': ['32k', { http: true }],
  'keep-alive': ['30s', { http: true }],
  'max-connections': [50_000],
  'max-per-address': [100],
  'max-handshakes': [500],
  'first-byte-timeout': ['2s'],
  'handshake-timeout': ['5s'],
  'max-handshake-bytes': ['64k'],
  'idle-timeout': ['1h'],
  log: ['access.jsonl'],
  explain: [true],
  admin: ['127.0.0.1:9901'],
  workers: [4],
  'reload-interval': ['10s'],
  'drain-timeout': ['1m'],
};

const BEGIN = '<!-- begin options -->';
const END = '<!-- end options -->';

/** The page with its options as they are declared. */
export function withListenerOptions(text: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error('docs/listener.md has no place for its options');
  return `${text.slice(0, from + BEGIN.length)}\n${optionTables()}${text.slice(to)}`;
}

function optionTables(): string {
  const sections = new Map<string, string[]>();
  for (const [name, { section, help, rule, otherwiseText, isGlobal }] of Object.entries(LISTEN_OPTIONS)) {
    const example: unknown = Object.entries(EXAMPLES).find(([one]) => one === name)?.[1][0];
    const rows = sections.get(section) ?? [];
    const whole = isGlobal ? ' (of the whole process)' : '';
    rows.push(
      `| \`${name}\` | ${cell(help)}${whole} | ${cell(otherwiseText)} | ${cell(rule.expected)} | \`${cell(JSON.stringify(example))}\` |`,
    );
    sections.set(section, rows);
  }
  const out: string[] = [];
  for (const [section, rows] of sections) {
    out.push(
      '',
      `### ${section}`,
      '',
      '| option | what | default | what it may be | example |',
      '|---|---|---|---|---|',
      ...rows,
    );
  }
  out.push('', '### Policies', '', '| policy | versions | suites | groups |', '|---|---|---|---|');
  for (const [name, { versions, suites, groups }] of Object.entries(POLICIES))
    out.push(
      `| \`${name}\` | ${versions.join(', ')} | ${suites?.join(', ') ?? 'all that the library has'} | ${groups?.join(', ') ?? 'all that the library has'} |`,
    );
  return `${out.slice(1).join('\n')}\n\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
