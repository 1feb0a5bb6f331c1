import { nearest } from '../engine/config/rules.ts';

/** One word for one thing, whatever the command; and the words of other programs, which are answered with ours. */

/** What an option is called elsewhere, and what it is called here: the first that the command has. */
const OTHER_NAMES: { readonly [name: string]: readonly string[] } = {
  ca: ['anchors'],
  cacert: ['anchors'],
  cafile: ['anchors'],
  cacerts: ['anchors'],
  root: ['anchors', 'out-root'],
  roots: ['anchors'],
  trust: ['anchors'],
  cert: ['certificate'],
  crt: ['certificate'],
  certs: ['certificate'],
  chain: ['certificate'],
  p12: ['certificate'],
  pfx: ['certificate'],
  client: ['certificate', 'out-client'],
  clientcert: ['certificate'],
  certfile: ['certificate'],
  privatekey: ['key'],
  keyfile: ['key'],
  pass: ['password-file'],
  passin: ['password-file'],
  password: ['password-file'],
  passphrase: ['password-file'],
  passout: ['out-password-file'],
  crlfile: ['crl'],
  name: ['server-name'],
  host: ['server-name', 'address'],
  servername: ['server-name', 'sni'],
  sni: ['server-name'],
  verifyhostname: ['server-name'],
  tls: ['versions'],
  version: ['versions'],
  tlsversion: ['versions'],
  tlsmax: ['versions'],
  minversion: ['versions'],
  maxversion: ['versions'],
  ciphers: ['suites'],
  cipher: ['suites'],
  ciphersuites: ['suites'],
  curves: ['groups'],
  sigalgs: ['signatures'],
  protocols: ['alpn', 'versions'],
  http2: ['alpn'],
  accept: ['address'],
  listen: ['address'],
  bind: ['address'],
  connect: ['to'],
  target: ['to'],
  backend: ['to'],
  upstream: ['to'],
  server: ['to'],
  verify: ['auth', 'anchors'],
  mutual: ['auth'],
  mtls: ['auth'],
  verifyclient: ['auth'],
  clientauth: ['auth'],
  allowcn: ['allow'],
  allowdns: ['allow'],
  allowuri: ['allow'],
  output: ['out'],
  outform: ['to'],
  format: ['to'],
  form: ['to'],
  alias: ['name'],
  friendlyname: ['name'],
  keylogfile: ['keylog'],
  sslkeylog: ['keylog'],
  msg: ['bytes'],
  debug: ['bytes'],
  verbose: ['explain'],
  trace: ['explain'],
  reconnect: ['resume'],
  sessout: ['resume'],
  threads: ['workers'],
  processes: ['workers'],
  verifyreturnerror: ['anchors'],
};

/** What there is not, on purpose. */
const NEVER: readonly string[] = ['insecure', 'k', 'noverify', 'nocheckcertificate', 'skipverify', 'trustall'];

/** What is said of an option that a command does not have. @param known the names of those that it has. */
export function unknownOption(given: string, known: readonly string[]): string {
  const word = given.replace(/^-+/, '').replace(/=.*$/s, '');
  const plain = word.toLowerCase().replace(/[^a-z0-9]/g, '');
  const there = `there is no option ${given.replace(/=.*$/s, '')}`;
  if (NEVER.includes(plain)) {
    const look = known.includes('diagnose') ? ', --diagnose looks at a server that is refused' : '';
    return `${there}: the peer is always verified${known.includes('anchors') ? '; --anchors names whom to trust' : ''}${look}`;
  }
  const versions = /^tlsv?1[._]?([0-3])?$/.exec(plain.replace(/^tlsv1/, 'tls1'));
  if (versions !== null && known.includes('versions')) return `${there}; write --versions 1.${versions[1] ?? 3}`;
  const ours = Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain]?.find((name) => known.includes(name)) : undefined;
  const prefixed = word.length > 1 ? known.filter((name) => name.startsWith(word)) : [];
  const meant = ours ?? (prefixed.length === 1 ? prefixed[0] : nearest(word, known));
  return meant === undefined ? there : `${there}; write --${meant}`;
}
