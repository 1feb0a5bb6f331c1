import { equalBytes, toHex } from '../../bytes/bytes.ts';
import { DerError } from '../../bytes/der.ts';
import { type Certificate, remember } from './certificate.ts';
import { type Attribute, attributeText, type GeneralName, isOddString, nameAttributes } from './general-name.ts';
import { lowerAscii, toAsciiLabels } from './idna.ts';
import { parseIp } from './ip.ts';

export { parseIp } from './ip.ts';

/**
 * Names: whom a certificate is for (RFC 9525), and when two distinguished names are the same (RFC 5280 section 7.1).
 */

/** A name or address that was asked for, ready to be compared. */
export type Reference =
  | { readonly kind: 'dns'; readonly labels: readonly string[] }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array };

/** What came of holding one name against another; `malformed`: what a certificate says is not a name at all. */
export type Comparison = 'match' | 'no-match' | 'malformed';

/** Undefined: neither an address nor a name that a certificate could be for. A trailing dot is dropped. */
export function parseReference(name: string): Reference | undefined {
  const bytes = parseIp(name);
  if (bytes !== undefined) return { kind: 'ip', bytes };
  const labels = toAsciiLabels(name.endsWith('.') ? name.slice(0, -1) : name);
  return labels === undefined || !isHostName(labels) ? undefined : { kind: 'dns', labels };
}

/**
 * Is this a name that a server can be asked for by?
 * @example
 * ```ts
 * import { isReferenceName } from 'warifu/pki';
 * isReferenceName('www.example.com'); // true
 * isReferenceName('*.example.com'); // false
 * ```
 */
export function isReferenceName(name: string): boolean {
  return parseReference(name) !== undefined;
}

/** Does one of the names stand for what was asked? Only subjectAltName counts, never the common name (RFC 9525 section 2). */
export function matchesReference(names: readonly GeneralName[], reference: Reference): boolean {
  if (reference.kind === 'ip')
    return names.some((name) => name.kind === 'ip' && equalBytes(name.bytes, reference.bytes));
  return names.some((name) => name.kind === 'dns' && compareDns(name.text, reference.labels) === 'match');
}

/**
 * A dNSName of a certificate against the name that was asked for (RFC 9525 section 6.3): label by label, without case;
 * a wildcard is the whole leftmost label, stands for exactly one, and has at least two labels behind it.
 *
 * @example
 * ```ts
 * import { compareDns } from 'warifu/pki';
 * compareDns('*.example.com', 'www.example.com'); // 'match'
 * compareDns('*.example.com', 'a.b.example.com'); // 'no-match'
 * compareDns('w*.example.com', 'www.example.com'); // 'malformed'
 * ```
 */
export function compareDns(presented: string, reference: string | readonly string[]): Comparison {
  const labels = presentedLabels(presented);
  if (labels === undefined) return 'malformed';
  const wanted =
    typeof reference === 'string' ? parseReference(reference) : ({ kind: 'dns', labels: reference } as const);
  if (wanted?.kind !== 'dns' || labels.length !== wanted.labels.length) return 'no-match';
  const same = labels.every((label, i) => label === wanted.labels[i] || (i === 0 && label === '*'));
  return same ? 'match' : 'no-match';
}

/** The labels of a dNSName, in lower case, `*` perhaps the first; undefined: it is not one. */
export function presentedLabels(presented: string): readonly string[] | undefined {
  const labels = lowerAscii(presented).split('.');
  if (labels[0] === '*') return labels.length >= 3 && isHostName(labels.slice(1)) ? labels : undefined;
  return isHostName(labels) ? labels : undefined;
}

/**
 * Letters, digits, hyphens and underscores; 1 to 63 in a label, 253 in all; the last label is not a number, so that no
 * name looks like an address.
 */
export function isHostName(labels: readonly string[]): boolean {
  if (labels.length === 0 || labels.reduce((sum, label) => sum + label.length + 1, -1) > 253) return false;
  if (/^\d+$/.test(labels[labels.length - 1]!)) return false;
  return labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}$/.test(label)) && !labels[labels.length - 1]!.endsWith('-');
}

/**
 * RFC 5280 section 7.1: attribute by attribute, strings without regard to case, to spaces, or to their type. Both have
 * to be names that were read before. Where the same names are compared again and again, {@link subjectKey} and
 * {@link issuerKey} are what to compare.
 */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  return equalBytes(a, b) || nameKey(a) === nameKey(b);
}

/** A text for a DER Name: two names are the same (RFC 5280 section 7.1) if and only if their texts are. */
export function nameKey(name: Uint8Array): string {
  const rdns = comparableName(name);
  return rdns === undefined ? `#${toHex(name)}` : JSON.stringify(rdns);
}

/** {@link nameKey} of the subject, made once. */
export function subjectKey(certificate: Certificate): string {
  return remember(certificate, 'subject', () => nameKey(certificate.subject));
}

/** {@link nameKey} of the issuer, made once. */
export function issuerKey(certificate: Certificate): string {
  return remember(certificate, 'issuer', () =>
    equalBytes(certificate.subject, certificate.issuer) ? subjectKey(certificate) : nameKey(certificate.issuer),
  );
}

/** Does its issuer have the same name (RFC 5280 section 3.2)? */
export function isSelfIssued(certificate: Certificate): boolean {
  return subjectKey(certificate) === issuerKey(certificate);
}

/** Is this name below that one: the same relative names, and perhaps more? */
export function isBelow(name: ComparableName | undefined, base: ComparableName | undefined): boolean {
  if (name === undefined || base === undefined) return false;
  return name.length >= base.length && base.every((rdn, i) => rdn === name[i]);
}

/**
 * `sameName` and `isBelow` for bytes that were not read yet: what is malformed is like nothing.
 * @example
 * ```ts
 * import { matchDistinguishedNames } from 'warifu/pki';
 * import { createAuthority } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const other = await createAuthority({ subject: 'EXAMPLE  root' });
 * matchDistinguishedNames(root.certificate.subject, other.certificate.subject); // true: case and spaces do not count
 * ```
 */
export function matchDistinguishedNames(a: Uint8Array, b: Uint8Array, relation: 'same' | 'subtree' = 'same'): boolean {
  const [left, right] = [comparableName(a, 'refuse'), comparableName(b, 'refuse')];
  return isBelow(left, right) && (relation === 'subtree' || left?.length === right?.length);
}

/** One text for each relative name: names are the same if these are. */
export type ComparableName = readonly string[];

/**
 * Undefined: it cannot be compared.
 * @param odd strings with characters that their type does not have: compared byte for byte, or not at all.
 */
export function comparableName(name: Uint8Array, odd: 'by bytes' | 'refuse' = 'by bytes'): ComparableName | undefined {
  try {
    const rdns: string[] = [];
    for (const rdn of nameAttributes(name)) {
      if (odd === 'refuse' && rdn.length === 0) return undefined;
      const attributes: string[] = [];
      for (const attribute of rdn) {
        if (odd === 'refuse' && isOddString(attribute)) return undefined;
        attributes.push(comparableAttribute(attribute));
      }
      // A set of attributes: the order does not matter.
      rdns.push(attributes.length === 1 ? attributes[0]! : JSON.stringify(attributes.sort()));
    }
    return rdns;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Strings that RFC 5280 wants prepared; TeletexString and what is no string are compared byte for byte. */
const PREPARED_TAGS: readonly number[] = [0x0c, 0x13, 0x16, 0x1c, 0x1e];

function comparableAttribute(attribute: Attribute): string {
  const { oid, tag, value } = attribute;
  const text = PREPARED_TAGS.includes(tag) ? attributeText(attribute) : undefined;
  return JSON.stringify(text === undefined ? [oid, tag, toHex(value)] : [oid, prepare(text)]);
}

/** Only ASCII letters are folded, and spaces; never by a locale. */
function prepare(text: string): string {
  return lowerAscii(text).replace(/ +/g, ' ').replace(/^ | $/g, '');
}
