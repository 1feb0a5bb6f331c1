import { DerCursor, DerError, TAG_UTF8_STRING } from '../../bytes/der.ts';
import { type Certificate, subjectAltNames } from '../x509/certificate.ts';
import { decodeUtf8, type GeneralName, isMask, nameAttributes } from '../x509/general-name.ts';
import { lowerAscii, toAsciiLabels } from '../x509/idna.ts';
import { parseIp } from '../x509/ip.ts';
import { type ComparableName, comparableName, type Comparison, isBelow, isHostName } from '../x509/names.ts';

/** Names and constraints (RFC 5280 section 4.2.1.10), each prepared once and then held against one another. */

/** A name as constraints see it. */
export interface ConstrainedName {
  /** As it stands in the certificate. */
  readonly name: GeneralName;
  /** Constraints of this form bind it, others do not. */
  readonly form: string;
  /** `odd`: no name of its form; `not-text`: not even a word, which is read differently by everybody. */
  readonly value: NameValue | 'odd' | 'not-text';
}

export type NameValue =
  | { readonly kind: 'dns' /** Lower case, perhaps with a wildcard. */; readonly host: string }
  | { readonly kind: 'email'; readonly mailbox: Mailbox }
  /** Undefined: without a host that could be compared. */
  | { readonly kind: 'uri'; readonly host: string | undefined }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory'; readonly rdns: ComparableName | undefined }
  | { readonly kind: 'other' };

/** One name of a list of constraints. */
export interface Constraint {
  readonly base: GeneralName;
  readonly form: string;
  /** Undefined: malformed, or of a form that cannot be compared. */
  readonly value: ConstraintValue | undefined;
}

type ConstraintValue =
  | { readonly kind: 'all' }
  | { readonly kind: 'host'; readonly hosts: HostConstraint }
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox }
  | { readonly kind: 'ip'; readonly address: Uint8Array; readonly mask: Uint8Array }
  | { readonly kind: 'directory'; readonly rdns: ComparableName | undefined };

/** Hosts below a domain, this one host, or both. */
interface HostConstraint {
  readonly exact: string | undefined;
  /** With a dot in front. */
  readonly below: string | undefined;
}

interface Mailbox {
  /** Case counts. */
  readonly local: string;
  /** Lower case; a host, or an address in brackets. */
  readonly domain: string;
}

/** The subject, its e-mail addresses, and all alternative names; never the common name. @throws DerError */
export function constrainedNames(certificate: Certificate): readonly ConstrainedName[] {
  const names: ConstrainedName[] = (subjectAltNames(certificate) ?? []).map(constrainedName);
  const rdns = nameAttributes(certificate.subject);
  if (rdns.length > 0) names.push(constrainedName({ kind: 'directory', name: certificate.subject }));
  for (const rdn of rdns)
    for (const { oid, value } of rdn)
      if (oid === OID_EMAIL_ADDRESS) names.push(constrainedName({ kind: 'email', text: decodeUtf8(value) ?? '' }));
  return names;
}

const OID_EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

function constrainedName(name: GeneralName): ConstrainedName {
  switch (name.kind) {
    case 'dns': {
      const host = presentedHost(name.text);
      return { name, form: 'dns', value: host === undefined ? oddText(name.text) : { kind: 'dns', host } };
    }
    case 'email':
      return mailboxName(name, name.text);
    case 'uri':
      return { name, form: 'uri', value: { kind: 'uri', host: hostOfUri(name.text) } };
    case 'ip':
      return { name, form: 'ip', value: { kind: 'ip', bytes: name.bytes } };
    case 'directory':
      return { name, form: 'directory', value: { kind: 'directory', rdns: comparableName(name.name) } };
    case 'registered-id':
      return { name, form: 'registered-id', value: { kind: 'other' } };
    case 'other': {
      // One of a form that is compared, and none of it: let be where its form is not limited.
      const compared = COMPARED[name.tag];
      if (compared !== undefined) return { name, form: compared, value: 'odd' };
      const form = otherForm(name);
      if (form !== SMTP_UTF8_MAILBOX) return { name, form, value: form === UNREADABLE ? 'odd' : { kind: 'other' } };
      return mailboxName(name, smtpUtf8(name));
    }
  }
}

const COMPARED: { readonly [tag: number]: string } = { 129: 'email', 130: 'dns', 134: 'uri', 135: 'ip' };

function mailboxName(name: GeneralName, text: string): ConstrainedName {
  const mailbox = parseMailbox(text);
  return { name, form: 'email', value: mailbox === undefined ? oddText(text) : { kind: 'email', mailbox } };
}

/** One word is taken for a name by those who wrote it; what has spaces or unseen characters in it is not even that. */
function oddText(text: string): 'odd' | 'not-text' {
  return /[\s\p{Cc}]/u.test(text) ? 'not-text' : 'odd';
}

export function constraintOf(base: GeneralName): Constraint {
  switch (base.kind) {
    case 'dns':
      return { base, form: 'dns', value: dnsConstraint(base.text) };
    case 'email':
      return { base, form: 'email', value: mailboxConstraint(base.text) };
    case 'uri':
      return { base, form: 'uri', value: base.text === '' ? { kind: 'all' } : hostConstraint(base.text) };
    case 'ip': {
      const size = base.bytes.length / 2;
      return { base, form: 'ip', value: ipConstraint(base.bytes.subarray(0, size), base.bytes.subarray(size)) };
    }
    case 'directory':
      return { base, form: 'directory', value: { kind: 'directory', rdns: comparableName(base.name) } };
    case 'registered-id':
      return { base, form: 'registered-id', value: undefined };
    case 'other':
      return { base, form: otherForm(base), value: undefined };
  }
}

/** A name against a constraint of its own form. */
export function compareConstraint(
  { value }: ConstrainedName,
  constraint: Constraint,
  list: 'permitted' | 'excluded',
): Comparison {
  const base = constraint.value;
  // RFC 5280 section 4.2.1.10: a form that is constrained and that we cannot compare refuses the certificate.
  if (typeof value === 'string' || base === undefined) return 'malformed';
  switch (value.kind) {
    case 'dns':
      // A name without a label names nothing: it is in no list, neither of what is permitted nor of what is not.
      if (value.host === '' && base.kind !== 'all') return 'no-match';
      return answer(base.kind === 'all' || (base.kind === 'host' && hasHost(base.hosts, value.host, list)));
    case 'email': {
      const { local, domain } = value.mailbox;
      if (base.kind === 'mailbox') return answer(base.mailbox.local === local && base.mailbox.domain === domain);
      return answer(base.kind === 'all' || (base.kind === 'host' && hasHost(base.hosts, domain, list)));
    }
    case 'uri':
      // RFC 5280: a URI without a host, or with an address, is not accepted where URIs are constrained.
      if (value.host === undefined) return 'malformed';
      return answer(base.kind === 'all' || (base.kind === 'host' && hasHost(base.hosts, value.host, list)));
    case 'ip':
      return answer(base.kind === 'ip' && hasAddress(base.address, base.mask, value.bytes));
    case 'directory':
      return answer(base.kind === 'directory' && isBelow(value.rdns, base.rdns));
    case 'other':
      return 'malformed';
  }
}

function answer(matches: boolean): Comparison {
  return matches ? 'match' : 'no-match';
}

/**
 * A dNSName against the dNSName of a constraint; a wildcard is inside if all it stands for is, and excluded if any is.
 * @example
 * ```ts
 * import { compareDnsConstraint } from 'warifu/pki';
 * compareDnsConstraint('www.example.com', 'example.com'); // 'match'
 * compareDnsConstraint('www.example.net', 'example.com'); // 'no-match'
 * ```
 */
export function compareDnsConstraint(
  presented: string,
  constraint: string,
  list: 'permitted' | 'excluded' = 'permitted',
): Comparison {
  const host = presentedHost(presented);
  const base = dnsConstraint(constraint);
  if (host === undefined || host === '' || base === undefined) return 'malformed';
  return answer(base.kind === 'all' || hasHost(base.hosts, host, list));
}

/**
 * An iPAddress against an address and a mask, all as text or all as bytes.
 * @example
 * ```ts
 * import { compareIpConstraint } from 'warifu/pki';
 * compareIpConstraint('192.0.2.7', '192.0.2.0', '255.255.255.0'); // 'match'
 * compareIpConstraint('198.51.100.7', '192.0.2.0', '255.255.255.0'); // 'no-match'
 * ```
 */
export function compareIpConstraint(
  presented: string | Uint8Array,
  address: string | Uint8Array,
  mask: string | Uint8Array,
): Comparison {
  const bytes = typeof presented === 'string' ? parseIp(presented) : presented;
  const base = typeof address === 'string' ? parseIp(address) : address;
  const bits = typeof mask === 'string' ? parseIp(mask) : mask;
  if (bytes === undefined || base === undefined || bits === undefined) return 'malformed';
  const constraint = ipConstraint(base, bits);
  return constraint === undefined ? 'malformed' : answer(hasAddress(constraint.address, constraint.mask, bytes));
}

function hasHost({ exact, below }: HostConstraint, host: string, list: 'permitted' | 'excluded'): boolean {
  if (host === exact || (below !== undefined && host.endsWith(below) && host.length > below.length)) return true;
  // A wildcard stands for this host, too.
  const wildcard = list === 'excluded' && host.startsWith('*.') && exact !== undefined;
  return wildcard && exact.slice(exact.indexOf('.') + 1) === host.slice(2) && exact.includes('.');
}

function hasAddress(address: Uint8Array, mask: Uint8Array, bytes: Uint8Array): boolean {
  return bytes.length === address.length && bytes.every((byte, i) => ((byte ^ address[i]!) & mask[i]!) === 0);
}

/** A dNSName in lower case, perhaps with a wildcard in front; undefined: it is not one. An empty one names nothing. */
function presentedHost(text: string): string | undefined {
  const host = lowerAscii(text);
  if (host === '') return host;
  return isHostName((host.startsWith('*.') ? host.slice(2) : host).split('.')) ? host : undefined;
}

/** With a dot in front the name has to be longer; RFC 5280 does not say it of names, but everybody writes it. */
function dnsConstraint(text: string): Extract<ConstraintValue, { readonly kind: 'all' | 'host' }> | undefined {
  if (text === '') return { kind: 'all' };
  const base = hostConstraint(text);
  if (base === undefined || base.hosts.exact === undefined) return base;
  return { kind: 'host', hosts: { exact: base.hosts.exact, below: `.${base.hosts.exact}` } };
}

/** A host exactly, or with a dot in front everything below a domain. */
function hostConstraint(text: string): Extract<ConstraintValue, { readonly kind: 'host' }> | undefined {
  const base = lowerAscii(text);
  const dot = base.startsWith('.');
  if (!isHostName((dot ? base.slice(1) : base).split('.'))) return undefined;
  return { kind: 'host', hosts: { exact: dot ? undefined : base, below: dot ? base : undefined } };
}

/** RFC 5280: a mailbox, a host, or, with a dot in front, all hosts of a domain; nothing is everything. */
function mailboxConstraint(text: string): ConstraintValue | undefined {
  if (text === '') return { kind: 'all' };
  if (!text.includes('@')) return hostConstraint(text);
  const mailbox = parseMailbox(text);
  return mailbox && { kind: 'mailbox', mailbox };
}

function ipConstraint(
  address: Uint8Array,
  mask: Uint8Array,
): Extract<ConstraintValue, { readonly kind: 'ip' }> | undefined {
  return address.length === mask.length && isMask(mask) ? { kind: 'ip', address, mask } : undefined;
}

/** Undefined: without a host, or with an address. */
function hostOfUri(uri: string): string | undefined {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri)?.[1];
  if (authority === undefined) return undefined;
  const host = lowerAscii(authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, ''));
  return isHostName(host.split('.')) ? host : undefined;
}

/**
 * Mailbox of RFC 5321 section 4.1.2, quoted local parts without their quotes; RFC 9598: characters beyond ASCII too. An
 * address in brackets is a domain that no constraint on hosts is about.
 */
function parseMailbox(text: string): Mailbox | undefined {
  const at = text.lastIndexOf('@');
  if (at <= 0 || text.length > 320) return undefined;
  const local = localPart(text.slice(0, at));
  const domain = text.slice(at + 1);
  if (local === undefined) return undefined;
  if (/^\[[A-Za-z0-9.:-]+\]$/.test(domain)) return { local, domain: lowerAscii(domain) };
  const labels = toAsciiLabels(domain);
  return labels === undefined || !isHostName(labels) ? undefined : { local, domain: labels.join('.') };
}

function localPart(text: string): string | undefined {
  if (text.startsWith('"')) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: printable characters are what is allowed.
    if (!/^"(?:[^"\\\u0000-\u001f\u007f]|\\[^\u0000-\u001f\u007f])*"$/.test(text)) return undefined;
    return text.slice(1, -1).replace(/\\(.)/g, '$1');
  }
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u.test(
    text,
  )
    ? text
    : undefined;
}

const SMTP_UTF8_MAILBOX = 'other 1.3.6.1.5.5.7.8.9';
const UNREADABLE = 'other';
const TAG_OTHER_NAME = 0xa0;

type Other = GeneralName & { readonly kind: 'other' };

/** Names of other forms are told apart by their tag, otherNames by their type too. */
function otherForm(name: Other): string {
  if (name.tag !== TAG_OTHER_NAME) return `tag ${name.tag}`;
  try {
    return new DerCursor(name.der).constructed(name.tag, (fields) => {
      const oid = fields.oid();
      while (!fields.done) fields.element();
      return `other ${oid}`;
    });
  } catch (error) {
    if (error instanceof DerError) return UNREADABLE;
    throw error;
  }
}

/** The address in a SmtpUTF8Mailbox (RFC 9598 section 3); an empty one when it is malformed. */
function smtpUtf8(name: Other): string {
  try {
    return new DerCursor(name.der).constructed(name.tag, (fields) => {
      fields.oid();
      const value = fields.explicit(0, (field) => field.content(TAG_UTF8_STRING));
      return (value && decodeUtf8(value)) ?? '';
    });
  } catch (error) {
    if (error instanceof DerError) return '';
    throw error;
  }
}
