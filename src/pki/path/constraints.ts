import { DerCursor, DerError, TAG_UTF8_STRING } from '../../bytes/der.ts';
import { type Certificate, subjectAltNames } from '../x509/certificate.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import { decodeUtf8, type GeneralName, isMask, nameAttributes, nameText } from '../x509/general-name.ts';
import { lowerAscii, toAsciiLabels } from '../x509/idna.ts';
import { ipText, parseIp } from '../x509/ip.ts';
import { type Comparison, inSubtree, isHostName, presentedLabels } from '../x509/names.ts';
import type { Finding } from '../x509/verdict.ts';

/** Name constraints (RFC 5280 section 4.2.1.10): what an authority lets stand below it. */

/** How many comparisons may still be made: a chain is not to keep us busy. */
export interface Budget {
  comparisons: number;
}

/**
 * Holds every name of a certificate against the constraints of one authority above it. Held against each authority in
 * turn, that is the intersection of what they permit and the union of what they exclude (section 6.1.3(b) and (c)).
 * @throws DerError when a name cannot be read.
 */
export function checkNameConstraints(
  certificate: Certificate,
  constraints: NameConstraints,
  budget: Budget,
): Finding | undefined {
  for (const name of constrainedNames(certificate)) {
    // Where names are limited at all, one that is no name of its kind is not let through beside the limits.
    if (!isReadable(name)) return finding(name, name, 'malformed', 'permitted');
    for (const base of constraints.excluded) {
      const result = compare(name, base, 'excluded', budget);
      if (result !== 'no-match') return finding(name, base, result, 'excluded');
    }
    let permitted: boolean | undefined;
    let constrained: GeneralName | undefined;
    for (const base of constraints.permitted) {
      if (!sameForm(name, base)) continue;
      constrained ??= base;
      permitted ??= false;
      const result = compare(name, base, 'permitted', budget);
      if (result === 'malformed' || result === 'budget') return finding(name, base, result, 'permitted');
      if (result === 'match') {
        permitted = true;
        break;
      }
    }
    if (permitted === false) return finding(name, constrained!, 'no-match', 'permitted');
  }
  return undefined;
}

/** A dNSName against the dNSName of a constraint; a wildcard is inside if all it stands for is, and excluded if any is. */
export function compareDnsConstraint(
  presented: string,
  constraint: string,
  list: 'permitted' | 'excluded' = 'permitted',
): Comparison {
  const base = lowerAscii(constraint);
  const suffix = base.startsWith('.') ? base.slice(1) : base;
  const wanted = suffix === '' ? [] : suffix.split('.');
  if (base === '.' || (wanted.length > 0 && !isHostName(wanted))) return 'malformed';
  const labels = presentedLabels(presented);
  if (labels === undefined) return 'malformed';
  // With a dot in front the name has to be longer; RFC 5280 does not say it of names, but everybody writes it.
  const least = wanted.length + (base.startsWith('.') ? 1 : 0);
  const wildcard = labels[0] === '*';
  if (wildcard && list === 'excluded' && endsWith(wanted, labels.slice(1)) && least === labels.length) return 'match';
  return labels.length >= least && endsWith(labels, wanted) ? 'match' : 'no-match';
}

/** An iPAddress against an address and a mask, all as text or all as bytes. */
export function compareIpConstraint(
  presented: string | Uint8Array,
  address: string | Uint8Array,
  mask: string | Uint8Array,
): Comparison {
  const bytes = typeof presented === 'string' ? parseIp(presented) : presented;
  const base = typeof address === 'string' ? parseIp(address) : address;
  const bits = typeof mask === 'string' ? parseIp(mask) : mask;
  if (bytes === undefined || base === undefined || bits === undefined) return 'malformed';
  if (base.length !== bits.length || !isMask(bits)) return 'malformed';
  if (bytes.length !== base.length) return 'no-match';
  return bytes.every((byte, i) => ((byte ^ base[i]!) & bits[i]!) === 0) ? 'match' : 'no-match';
}

/** A dNSName that is empty names nothing, and is let be. */
function isReadable(name: GeneralName): boolean {
  if (name.kind === 'email') return parseMailbox(name.text) !== undefined;
  return name.kind !== 'dns' || name.text === '' || presentedLabels(name.text) !== undefined;
}

/** The subject, its e-mail addresses, and all alternative names; never the common name. */
function constrainedNames(certificate: Certificate): readonly GeneralName[] {
  const names: GeneralName[] = [...(subjectAltNames(certificate) ?? [])];
  const rdns = nameAttributes(certificate.subject);
  if (rdns.length > 0) names.push({ kind: 'directory', name: certificate.subject });
  for (const { oid, value } of rdns.flat()) {
    if (oid !== OID_EMAIL_ADDRESS) continue;
    const text = decodeUtf8(value);
    names.push({ kind: 'email', text: text ?? '' });
  }
  return names;
}

const OID_EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

function compare(
  name: GeneralName,
  base: GeneralName,
  list: 'permitted' | 'excluded',
  budget: Budget,
): Comparison | 'budget' {
  if (--budget.comparisons < 0) return 'budget';
  if (!sameForm(name, base)) return 'no-match';
  if (base.kind === 'email') return compareEmail(emailOf(name), base.text);
  if (name.kind === 'dns' && base.kind === 'dns') {
    // A name without a label names nothing: it is in no list, neither of what is permitted nor of what is not.
    return name.text === '' && base.text !== '' ? 'no-match' : compareDnsConstraint(name.text, base.text, list);
  }
  if (name.kind === 'ip' && base.kind === 'ip') {
    const size = base.bytes.length / 2;
    return compareIpConstraint(name.bytes, base.bytes.subarray(0, size), base.bytes.subarray(size));
  }
  if (name.kind === 'uri' && base.kind === 'uri') return compareUri(name.text, base.text);
  if (name.kind === 'directory' && base.kind === 'directory')
    return inSubtree(name.name, base.name) ? 'match' : 'no-match';
  // RFC 5280 section 4.2.1.10: a form that is constrained and that we cannot compare refuses the certificate.
  return 'malformed';
}

function sameForm(name: GeneralName, base: GeneralName): boolean {
  if (base.kind === 'email') return name.kind === 'email' || smtpUtf8(name) !== undefined;
  if (name.kind === 'other' && base.kind === 'other')
    return name.tag === base.tag && otherType(name) === otherType(base);
  return name.kind === base.kind;
}

/** RFC 5280: a mailbox, a host, or, with a dot in front, all hosts of a domain; nothing is everything. */
function compareEmail(address: string, constraint: string): Comparison {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined) return 'malformed';
  if (constraint === '') return 'match';
  if (constraint.includes('@')) {
    const base = parseMailbox(constraint);
    if (base === undefined) return 'malformed';
    return mailbox.local === base.local && mailbox.domain === base.domain ? 'match' : 'no-match';
  }
  return compareHost(mailbox.domain, constraint);
}

/** A host exactly, or with a dot in front everything below a domain. */
function compareHost(host: string, constraint: string): Comparison {
  const base = lowerAscii(constraint);
  const domain = base.startsWith('.') ? base.slice(1) : base;
  if (!isHostName(domain.split('.'))) return 'malformed';
  if (base.startsWith('.')) return host.endsWith(base) && host.length > base.length ? 'match' : 'no-match';
  return host === base ? 'match' : 'no-match';
}

/** RFC 5280: only the host counts; a URI without one, or with an address, is not accepted where URIs are constrained. */
function compareUri(uri: string, constraint: string): Comparison {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri)?.[1];
  if (authority === undefined) return 'malformed';
  const host = lowerAscii(authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, ''));
  if (!isHostName(host.split('.'))) return 'malformed';
  return constraint === '' ? 'match' : compareHost(host, constraint);
}

interface Mailbox {
  /** Case counts. */
  readonly local: string;
  /** Lower case. */
  readonly domain: string;
}

/** Mailbox of RFC 5321 section 4.1.2, quoted local parts without their quotes; RFC 9598: characters beyond ASCII too. */
function parseMailbox(text: string): Mailbox | undefined {
  const at = text.lastIndexOf('@');
  if (at <= 0 || text.length > 320) return undefined;
  const domain = toAsciiLabels(text.slice(at + 1));
  if (domain === undefined || !isHostName(domain)) return undefined;
  const local = localPart(text.slice(0, at));
  return local === undefined ? undefined : { local, domain: domain.join('.') };
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

function emailOf(name: GeneralName): string {
  return name.kind === 'email' ? name.text : (smtpUtf8(name) ?? '');
}

const OID_SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';

/** The address in a SmtpUTF8Mailbox (RFC 9598 section 3); an empty one when it is malformed. */
function smtpUtf8(name: GeneralName): string | undefined {
  if (name.kind !== 'other' || otherType(name) !== OID_SMTP_UTF8_MAILBOX) return undefined;
  try {
    const cursor = new DerCursor(name.der);
    return cursor.constructed(name.tag, (fields) => {
      fields.oid();
      return decodeUtf8(fields.explicit(0, (value) => value.content(TAG_UTF8_STRING)) ?? new Uint8Array(0)) ?? '';
    });
  } catch (error) {
    if (error instanceof DerError) return '';
    throw error;
  }
}

/** The type of an otherName; other forms have none. */
function otherType(name: GeneralName & { readonly kind: 'other' }): string {
  if (name.tag !== 0xa0) return '';
  const cursor = new DerCursor(name.der);
  return cursor.constructed(name.tag, (fields) => {
    const oid = fields.oid();
    while (!fields.done) fields.element();
    return oid;
  });
}

function endsWith(labels: readonly string[], suffix: readonly string[]): boolean {
  const offset = labels.length - suffix.length;
  return offset >= 0 && suffix.every((label, i) => labels[offset + i] === label);
}

function finding(
  name: GeneralName,
  base: GeneralName,
  result: Comparison | 'budget',
  list: 'permitted' | 'excluded',
): Finding {
  const rfc = 'RFC 5280 section 4.2.1.10';
  if (result === 'budget') {
    return {
      code: 'CERT_BUDGET',
      what: 'it takes too many comparisons to hold its names against the constraints',
      rfc,
    };
  }
  const what =
    result === 'malformed'
      ? 'it has a name, or an authority above it a constraint, that cannot be compared'
      : list === 'excluded'
        ? 'an authority above it excludes one of its names'
        : 'an authority above it does not permit one of its names';
  return {
    code: 'CERT_NAME_CONSTRAINT',
    what,
    expected: `${list === 'excluded' ? 'nothing in' : 'something in'} ${generalNameText(base)}`,
    found: generalNameText(name),
    rfc,
  };
}

/** A name for people. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'ip':
      if (name.bytes.length === 8 || name.bytes.length === 32) {
        const size = name.bytes.length / 2;
        return `${ipText(name.bytes.subarray(0, size))}/${ipText(name.bytes.subarray(size))}`;
      }
      return ipText(name.bytes);
    case 'directory':
      return nameText(name.name);
    case 'registered-id':
      return name.oid;
    case 'other':
      return 'a name of another form';
    default:
      return JSON.stringify(name.text);
  }
}
