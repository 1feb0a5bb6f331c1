import { keysOf } from '../../bytes/shape.ts';
import { concat, fromAscii } from '../../bytes/bytes.ts';
import { DerCursor, DerError } from '../../bytes/der.ts';
import { derElement, derOid, derSequence, derSequenceOf, derSet } from '../../bytes/der-writer.ts';
import { readName } from '../x509/general-name.ts';
import { parseIp, parseReference } from '../x509/names.ts';
import { checkOptions, describe, listOf, oidText, uriText, wrongOption } from './options.ts';

/** A distinguished name in parts; several values of one part in a list. */
export interface SubjectName {
  /** C: two letters. */
  readonly country?: string | undefined;
  /** ST. */
  readonly state?: string | undefined;
  /** L. */
  readonly locality?: string | undefined;
  /** DC, most general last: `['corp', 'example']`. */
  readonly domainComponents?: readonly string[] | undefined;
  /** O. */
  readonly organization?: string | readonly string[] | undefined;
  /** OU. */
  readonly organizationalUnit?: string | readonly string[] | undefined;
  /** CN. */
  readonly commonName?: string | undefined;
  /** Of a person or a device; not the one of the certificate. */
  readonly serialNumber?: string | undefined;
  readonly userId?: string | undefined;
  /** In names of old; mail addresses belong to `names`. */
  readonly emailAddress?: string | undefined;
}

/** A common name alone, text as in RFC 4514 (`CN=Example,O=Org`), parts, or DER of a Name. */
export type SubjectSource = string | SubjectName | Uint8Array;

const UTF8 = 0x0c;
const PRINTABLE = 0x13;
const IA5 = 0x16;

interface Part {
  readonly oid: string;
  readonly tag: number;
  readonly pattern?: RegExp;
}

const PARTS: { readonly [N in keyof Required<SubjectName>]: Part } = {
  country: { oid: '2.5.4.6', tag: PRINTABLE, pattern: /^[A-Z]{2}$/ },
  state: { oid: '2.5.4.8', tag: UTF8 },
  locality: { oid: '2.5.4.7', tag: UTF8 },
  domainComponents: { oid: '0.9.2342.19200300.100.1.25', tag: IA5, pattern: /^[A-Za-z0-9-]{1,63}$/ },
  organization: { oid: '2.5.4.10', tag: UTF8 },
  organizationalUnit: { oid: '2.5.4.11', tag: UTF8 },
  commonName: { oid: '2.5.4.3', tag: UTF8 },
  serialNumber: { oid: '2.5.4.5', tag: PRINTABLE, pattern: /^[A-Za-z0-9 '()+,\-./:=?]{1,64}$/ },
  userId: { oid: '0.9.2342.19200300.100.1.1', tag: UTF8 },
  emailAddress: { oid: '1.2.840.113549.1.9.1', tag: IA5, pattern: /^[\x21-\x3f\x41-\x7e]+@[\x21-\x7e]+$/ },
};

const SHORT: { readonly [name: string]: keyof SubjectName } = {
  C: 'country',
  ST: 'state',
  L: 'locality',
  DC: 'domainComponents',
  O: 'organization',
  OU: 'organizationalUnit',
  CN: 'commonName',
  SERIALNUMBER: 'serialNumber',
  UID: 'userId',
  EMAILADDRESS: 'emailAddress',
};

/** DER Name. @throws TlsError ERR_OPTION */
export function encodeSubject(what: string, source: SubjectSource): Uint8Array {
  if (source instanceof Uint8Array) return checkedName(what, source);
  if (typeof source === 'string')
    return /^[A-Za-z]+=/.test(source) ? fromRfc4514(what, source) : derSequence(rdn(what, 'commonName', source));
  checkOptions(what, source, Object.keys(PARTS));
  const order = keysOf(PARTS);
  return derSequence(
    ...order.flatMap((part) => {
      const values = listOf<string>(source[part]);
      // A domain is written from its right end on (RFC 4519 section 2.4).
      return (part === 'domainComponents' ? [...values].reverse() : values).map((value) => rdn(what, part, value));
    }),
  );
}

function checkedName(what: string, name: Uint8Array): Uint8Array {
  try {
    const cursor = new DerCursor(name);
    readName(cursor);
    cursor.finish();
    return name;
  } catch (error) {
    if (error instanceof DerError) throw wrongOption(what, `these bytes are no DER Name: ${error.message}`);
    throw error;
  }
}

function rdn(what: string, part: keyof SubjectName, value: unknown): Uint8Array {
  const { oid, tag, pattern } = PARTS[part];
  if (typeof value !== 'string' || value === '')
    throw wrongOption(`${what}.${part}`, `a text is wanted, not ${describe(value)}`);
  if (pattern !== undefined && !pattern.test(value))
    throw wrongOption(`${what}.${part}`, `${JSON.stringify(value)} is not of its form (${pattern.source})`);
  // RFC 5280 appendix A.1: ub-common-name and its sisters; readers refuse what is longer.
  const most = part === 'state' || part === 'locality' ? 128 : part === 'emailAddress' ? 255 : 64;
  if (tag === UTF8 && [...value].length > most)
    throw wrongOption(`${what}.${part}`, `at most ${most} characters are allowed, and there are ${[...value].length}`);
  return derSet(derSequence(derOid(oid), derElement(tag, new TextEncoder().encode(value))));
}

/** `CN=Example\, Inc,O=Org`, most specific first; one attribute in each part. */
function fromRfc4514(what: string, text: string): Uint8Array {
  const parts = text.match(/(?:\\.|[^\\,])+/gs) ?? [];
  const rdns = parts.map((item) => {
    const at = item.indexOf('=');
    const key = item.slice(0, at).trim().toUpperCase();
    const part = SHORT[key];
    if (at < 0 || part === undefined)
      throw wrongOption(
        what,
        `${JSON.stringify(item)} is no part of a name that is known: ${Object.keys(SHORT).join(', ')}`,
      );
    return rdn(
      what,
      part,
      item
        .slice(at + 1)
        .trim()
        .replace(/\\(.)/gs, '$1'),
    );
  });
  return derSequenceOf(rdns.reverse());
}

/**
 * One name of a certificate. A text is told apart by how it looks: address, URI (`spiffe://…`), mail address, DNS name.
 * Everything else says what it is.
 */
export type NameSource =
  | string
  | { readonly dns: string }
  | { readonly ip: string | Uint8Array }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly directory: SubjectSource }
  | { readonly registeredId: string }
  /** Of a user in Windows domains: `user@corp.example`. */
  | { readonly upn: string }
  | { readonly otherName: { readonly oid: string /** DER. */; readonly value: Uint8Array } };

const KINDS: readonly string[] = ['dns', 'ip', 'email', 'uri', 'directory', 'registeredId', 'upn', 'otherName'];

/** @throws TlsError ERR_OPTION for what is no name. */
export function generalName(what: string, source: NameSource): Uint8Array {
  if (typeof source === 'string') return fromText(what, source);
  checkOptions(what, source, KINDS);
  if (Object.keys(source).length !== 1) throw wrongOption(what, `one of ${KINDS.join(', ')} is wanted`);
  if ('dns' in source) return dnsName(what, source.dns);
  if ('ip' in source) return ipName(what, source.ip);
  if ('email' in source) return text(0x81, mailbox(what, source.email));
  if ('uri' in source) return text(0x86, uri(what, source.uri));
  if ('directory' in source) return derElement(0xa4, encodeSubject(what, source.directory));
  if ('registeredId' in source) return derElement(0x88, derOid(oidText(what, source.registeredId)).subarray(2));
  if ('upn' in source) {
    if (typeof source.upn !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(source.upn))
      throw wrongOption(what, `upn: user@domain is wanted, not ${describe(source.upn)}`);
    return otherName('1.3.6.1.4.1.311.20.2.3', derElement(UTF8, new TextEncoder().encode(source.upn)));
  }
  checkOptions(`${what}.otherName`, source.otherName, ['oid', 'value']);
  return otherName(oidText(`${what}.otherName.oid`, source.otherName.oid), source.otherName.value);
}

/** IA5String with the tag of its kind. */
function text(tag: number, value: string): Uint8Array {
  return derElement(tag, fromAscii(value));
}

function fromText(what: string, name: string): Uint8Array {
  if (parseIp(name) !== undefined) return ipName(what, name);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name) || /^urn:/i.test(name)) return text(0x86, uri(what, name));
  if (name.includes('@')) return text(0x81, mailbox(what, name));
  return dnsName(what, name);
}

function dnsName(what: string, name: unknown): Uint8Array {
  const wildcard = typeof name === 'string' && name.startsWith('*.') ? '*.' : '';
  const reference = typeof name === 'string' ? parseReference(name.slice(wildcard.length)) : undefined;
  if (reference?.kind !== 'dns')
    throw wrongOption(what, `${describe(name)} is no DNS name, address, mail address or URI`);
  // A wildcard for everything below one label is what no client takes (RFC 9525 section 6.3).
  if (wildcard !== '' && reference.labels.length < 2)
    throw wrongOption(what, `${describe(name)}: a wildcard needs two labels behind it`);
  return text(0x82, wildcard + reference.labels.join('.'));
}

function ipName(what: string, address: string | Uint8Array): Uint8Array {
  const bytes = typeof address === 'string' ? parseIp(address) : address;
  if (!(bytes instanceof Uint8Array) || (bytes.length !== 4 && bytes.length !== 16))
    throw wrongOption(what, `${describe(address)} is no IPv4 or IPv6 address`);
  return derElement(0x87, bytes);
}

function mailbox(what: string, text: unknown): string {
  const match = typeof text === 'string' ? /^([\x21-\x3f\x41-\x7e]+)@(.+)$/.exec(text) : null;
  const host = match === null ? undefined : parseReference(match[2]!);
  if (match === null || host?.kind !== 'dns') throw wrongOption(what, `${describe(text)} is no mail address in ASCII`);
  return `${match[1]}@${host.labels.join('.')}`;
}

function uri(what: string, text: unknown): string {
  const value = uriText(what, text);
  // SPIFFE-ID section 2: a trust domain in lower case, a path of plain segments, nothing else.
  if (
    /^spiffe:/i.test(value) &&
    !/^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/.test(value)
  )
    throw wrongOption(what, `${JSON.stringify(value)} is no SPIFFE id such as "spiffe://example.org/service"`);
  return value;
}

function otherName(oid: string, value: Uint8Array): Uint8Array {
  // RFC 5280 section 4.2.1.6: the OID, and [0] EXPLICIT around the value.
  return derElement(0xa0, derOid(oid), derElement(0xa0, value));
}

/**
 * A subtree that names are limited to (RFC 5280 section 4.2.1.10): a domain (and all below it), addresses with a mask
 * (`10.0.0.0/8`), a mail address, or as it says.
 */
export type SubtreeSource =
  | string
  | { readonly dns: string }
  /** With the length of its prefix: `10.0.0.0/8`, `2001:db8::/32`. */
  | { readonly ip: string }
  /** A mailbox, a host, or all hosts below a domain (`.example.com`). */
  | { readonly email: string }
  /** A host, or all hosts below a domain (`.example.com`). */
  | { readonly uri: string }
  | { readonly directory: SubjectSource };

/** @throws TlsError ERR_OPTION */
export function subtreeName(what: string, source: SubtreeSource): Uint8Array {
  if (typeof source === 'string') {
    if (source.includes('/')) return addresses(what, source);
    if (source.includes('@')) return subtreeName(what, { email: source });
    return subtreeName(what, { dns: source });
  }
  checkOptions(what, source, ['dns', 'ip', 'email', 'uri', 'directory']);
  if ('ip' in source) return addresses(what, source.ip);
  if ('directory' in source) return derElement(0xa4, encodeSubject(what, source.directory));
  if ('dns' in source) return text(0x82, host(what, source.dns, true));
  if ('uri' in source) return text(0x86, host(what, source.uri, false));
  if ('email' in source)
    return text(
      0x81,
      String(source.email).includes('@') ? mailbox(what, source.email) : host(what, source.email, false),
    );
  throw wrongOption(what, 'one of dns, ip, email, uri, directory is wanted');
}

/** "" stands for every DNS name. */
function host(what: string, text: unknown, mayBeEmpty: boolean): string {
  if (mayBeEmpty && text === '') return '';
  const dot = typeof text === 'string' && text.startsWith('.') ? '.' : '';
  const reference = typeof text === 'string' ? parseReference(text.slice(dot.length)) : undefined;
  if (reference?.kind !== 'dns') throw wrongOption(what, `${describe(text)} is no domain`);
  return dot + reference.labels.join('.');
}

function addresses(what: string, text: unknown): Uint8Array {
  const [address = '', length = ''] = typeof text === 'string' ? text.split('/') : [];
  const bytes = parseIp(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (bytes === undefined || !(bits <= 8 * bytes.length))
    throw wrongOption(
      what,
      `${describe(text)}: an address with the length of its prefix is wanted, such as "10.0.0.0/8"`,
    );
  const mask = bytes.map((_, i) => (bits >= 8 * (i + 1) ? 255 : bits <= 8 * i ? 0 : 256 - (1 << (8 * (i + 1) - bits))));
  const value = concat(
    bytes.map((byte, i) => byte & mask[i]!),
    mask,
  );
  return derElement(0x87, value);
}
