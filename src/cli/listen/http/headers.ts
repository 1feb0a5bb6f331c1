import { createHash } from 'node:crypto';
import { toHex } from '../../../bytes/bytes.ts';
import type { HandshakeInfo } from '../../../handshake/context.ts';
import { type Certificate, readCertificate, subjectAltNames } from '../../../pki/x509/certificate.ts';
import { nameText } from '../../../pki/x509/general-name-text.ts';
import { encodeBase64, writePem } from '../../../pki/x509/pem.ts';
import { isFinding, orMalformed } from '../../../pki/x509/verdict.ts';
import type { HeaderFormat } from '../options.ts';

/** What servers are told of clients, and what clients may not say of themselves. */

/** Header fields by lower-case name. */
export type Fields = Map<string, string | readonly string[]>;

/** Fields that only a proxy may set, whatever the form in which this one does. */
const OURS: ReadonlySet<string> = new Set([
  'client-cert',
  'client-cert-chain',
  'client-cert-status',
  'x-real-ip',
  'x-client-ip',
  'x-client-cert',
  'x-client-verify',
  'x-client-dn',
  'x-arr-clientcert',
  'forwarded',
  'x-url-scheme',
  'front-end-https',
]);
const OURS_BEGINNING: readonly string[] = [
  'x-forwarded-',
  // Another path than the one that was judged, for servers that look there first.
  'x-original-',
  'x-rewrite-',
  'x-ssl-',
  'ssl-client-',
  'x-amzn-mtls-',
  'x-amzn-tls-',
  'x-client-cert-',
  'x-tls-',
];

/** Of one hop alone (RFC 9110 section 7.6.1). */
const HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'http2-settings',
]);

/**
 * Is this a field that servers would take for ours? Programs behind gateways see `-` as `_`, and some other characters too:
 * so `Client_Cert` and `client.cert` are `client-cert`.
 */
export function isOurs(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
  return OURS.has(plain) || OURS_BEGINNING.some((beginning) => plain.startsWith(beginning));
}

/**
 * The end-to-end fields of a message, as it came: without those of one hop, those that `Connection` names, and those that
 * are ours to set.
 */
export function endToEnd(raw: readonly string[], { keepOurs = false }: { readonly keepOurs?: boolean } = {}): Fields {
  const fields = new Map<string, string[]>();
  const named = new Set<string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const value = raw[at + 1] ?? '';
    if (name === 'connection') for (const word of value.split(',')) named.add(word.trim().toLowerCase());
    if (name.startsWith(':') || HOP.has(name) || (!keepOurs && isOurs(name))) continue;
    const known = fields.get(name);
    if (known === undefined) fields.set(name, [value]);
    else known.push(value);
  }
  for (const name of named) fields.delete(name);
  return new Map(
    [...fields].map(([name, values]): [string, string | readonly string[]] => [
      name,
      values.length === 1 ? (values[0] ?? '') : name === 'cookie' ? values.join('; ') : values,
    ]),
  );
}

/** As Node takes them. */
export function toHeaders(fields: Fields): { readonly [name: string]: string | string[] } {
  return Object.fromEntries(
    [...fields].map(([name, value]): [string, string | string[]] => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  );
}

/** What is thought of the client, in a word, and why. */
export interface ClientState {
  readonly state: 'not asked for' | 'missing' | 'valid' | 'invalid';
  /** Of an invalid one. */
  readonly code: string | undefined;
  readonly reason: string | undefined;
}

export function clientState({ peer, certificateRequested }: Readonly<HandshakeInfo>): ClientState {
  const none = { code: undefined, reason: undefined };
  if (peer === undefined) return { state: certificateRequested === true ? 'missing' : 'not asked for', ...none };
  if (peer.verdict.ok) return { state: 'valid', ...none };
  const { code, message } = peer.verdict.failure;
  return { state: 'invalid', code, reason: message };
}

/** The fields that tell of the client's certificate, in the forms that are wanted. Made once for a connection. */
export function clientFields(info: Readonly<HandshakeInfo>, forms: readonly HeaderFormat[]): Fields {
  const fields: Fields = new Map();
  const { state, code, reason } = clientState(info);
  if (state === 'not asked for') return fields;
  const leaf = state === 'valid' ? readLeaf(info.peer?.chain[0]) : undefined;
  const wanted: readonly HeaderFormat[] = forms.length === 0 ? ['rfc9440'] : forms;
  for (const form of wanted) {
    switch (form) {
      case 'rfc9440': {
        const why = code === undefined ? '' : `;code=${code};reason=${sfString(reason ?? '')}`;
        fields.set('client-cert-status', `${state}${why}`);
        if (leaf !== undefined) {
          const [first, ...rest] = info.peer?.chain ?? [];
          if (first !== undefined) fields.set('client-cert', sfBytes(first));
          if (rest.length > 0) fields.set('client-cert-chain', rest.map(sfBytes).join(', '));
        }
        break;
      }
      case 'xfcc':
        if (leaf !== undefined) fields.set('x-forwarded-client-cert', xfcc(leaf, info.peer?.chain ?? []));
        break;
      case 'nginx':
        setAll(fields, nginxFields(leaf, state, code));
        break;
      case 'alb':
        if (leaf !== undefined) setAll(fields, albFields(leaf));
        break;
      case 'none':
        break;
    }
  }
  return fields;
}

function readLeaf(der: Uint8Array | undefined): Certificate | undefined {
  if (der === undefined) return undefined;
  const read = orMalformed(() => readCertificate(der), '');
  return isFinding(read) ? undefined : read;
}

/** RFC 9651 section 3.3.5: a byte sequence. */
function sfBytes(bytes: Uint8Array): string {
  return `:${encodeBase64(bytes)}:`;
}

/** RFC 9651 section 3.3.3: printable ASCII. */
function sfString(text: string): string {
  return `"${text
    .slice(0, 400)
    .replace(/[^ -~]/g, '?')
    .replace(/["\\]/g, (c) => `\\${c}`)}"`;
}

/** Envoy's form. */
function xfcc(leaf: Certificate, chain: readonly Uint8Array[]): string {
  const quoted = (text: string): string => `"${ascii(text).replace(/["\\]/g, (c) => `\\${c}`)}"`;
  const names = orMalformed(() => subjectAltNames(leaf) ?? [], '');
  const parts = [
    `Hash=${createHash('sha256').update(leaf.der).digest('hex')}`,
    `Cert="${encodeURIComponent(writePem('CERTIFICATE', leaf.der))}"`,
    `Chain="${encodeURIComponent(chain.map((der) => writePem('CERTIFICATE', der)).join(''))}"`,
    `Subject=${quoted(nameText(leaf.subject))}`,
  ];
  for (const name of isFinding(names) ? [] : names) {
    if (name.kind === 'uri') parts.push(`URI=${quoted(name.text)}`);
    if (name.kind === 'dns') parts.push(`DNS=${quoted(name.text)}`);
  }
  return parts.join(';');
}

/** What people write in nginx: `$ssl_client_verify` and the like. */
function nginxFields(leaf: Certificate | undefined, state: ClientState['state'], code: string | undefined): Fields {
  const verify = state === 'valid' ? 'SUCCESS' : state === 'missing' ? 'NONE' : `FAILED:${code ?? 'unknown'}`;
  const fields: Fields = new Map([['x-ssl-client-verify', verify]]);
  if (leaf === undefined) return fields;
  fields.set('x-ssl-client-s-dn', ascii(nameText(leaf.subject)));
  fields.set('x-ssl-client-i-dn', ascii(nameText(leaf.issuer)));
  fields.set('x-ssl-client-serial', toHex(leaf.serial).toUpperCase());
  fields.set('x-ssl-client-fingerprint', createHash('sha1').update(leaf.der).digest('hex'));
  fields.set('x-ssl-client-v-start', new Date(leaf.notBefore).toUTCString());
  fields.set('x-ssl-client-v-end', new Date(leaf.notAfter).toUTCString());
  fields.set('x-ssl-client-cert', encodeURIComponent(writePem('CERTIFICATE', leaf.der)));
  return fields;
}

/** Those of an AWS ALB in verify mode. */
function albFields(leaf: Certificate): Fields {
  return new Map([
    ['x-amzn-mtls-clientcert-serial-number', toHex(leaf.serial).toUpperCase()],
    ['x-amzn-mtls-clientcert-issuer', ascii(nameText(leaf.issuer))],
    ['x-amzn-mtls-clientcert-subject', ascii(nameText(leaf.subject))],
    ['x-amzn-mtls-clientcert-validity', `NotBefore=${dateText(leaf.notBefore)};NotAfter=${dateText(leaf.notAfter)}`],
    // As it is there: percent-encoded, but for + = and / .
    [
      'x-amzn-mtls-clientcert-leaf',
      encodeURIComponent(writePem('CERTIFICATE', leaf.der)).replace(/%(2B|3D|2F)/g, decodeURIComponent),
    ],
  ]);
}

function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A field cannot carry other characters. */
function ascii(text: string): string {
  return text.replace(/[^ -~]+/g, (part) => encodeURIComponent(part.replace(/[\ud800-\udfff]/g, '?')));
}

function setAll(fields: Fields, more: Fields): void {
  for (const [name, value] of more) fields.set(name, value);
}
