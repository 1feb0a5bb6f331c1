import { equalBytes } from '../bytes/bytes.ts';
import { DerError } from '../bytes/der.ts';
import { type Attribute, attributeText, type GeneralName, nameAttributes } from './general-name.ts';

/**
 * Names: whom a certificate is for (RFC 9525), and when two distinguished names are the same (RFC 5280 section 7.1).
 */

/** A name or address that was asked for, ready to be compared. */
export type Reference =
  | { readonly kind: 'dns'; readonly labels: readonly string[] }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array };

/** Undefined: neither an address nor a name that a certificate could be for. A trailing dot is dropped. */
export function parseReference(name: string): Reference | undefined {
  const bytes = parseIp(name);
  if (bytes !== undefined) return { kind: 'ip', bytes };
  const host = name.endsWith('.') ? name.slice(0, -1) : name;
  const labels = toAsciiLabels(host);
  return labels === undefined || !isHostName(labels) ? undefined : { kind: 'dns', labels };
}

/** Does one of the names stand for what was asked? Only subjectAltName counts, never the common name (RFC 9525 section 2). */
export function matchesReference(names: readonly GeneralName[], reference: Reference): boolean {
  if (reference.kind === 'ip')
    return names.some((name) => name.kind === 'ip' && equalBytes(name.bytes, reference.bytes));
  return names.some((name) => name.kind === 'dns' && matchesDns(name.text, reference.labels));
}

/**
 * RFC 9525 section 6.3: label by label, without case; a wildcard is the whole leftmost label, stands for exactly one,
 * and has at least two labels behind it.
 */
export function matchesDns(presented: string, reference: readonly string[]): boolean {
  const labels = presented.toLowerCase().split('.');
  if (labels.length !== reference.length) return false;
  const [first, ...others] = labels;
  if (first === '*') {
    if (others.length < 2 || !isHostName(others)) return false;
    return others.every((label, i) => label === reference[i + 1]);
  }
  return isHostName(labels) && labels.every((label, i) => label === reference[i]);
}

/** Letters, digits, hyphens and underscores; 1 to 63 in a label, 253 in all; the last label is not a number. */
export function isHostName(labels: readonly string[]): boolean {
  if (labels.length === 0 || labels.join('.').length > 253) return false;
  if (/^\d+$/.test(labels[labels.length - 1]!)) return false;
  return labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));
}

/** IPv4 in four decimal parts or IPv6 as RFC 4291 section 2.2 writes it; 4 or 16 bytes. */
export function parseIp(text: string): Uint8Array | undefined {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return inner.includes(':') ? parseIpv6(inner) : parseIpv4(inner);
}

export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16));
  return groups
    .join(':')
    .replace(/\b0(:0)+\b/, ':')
    .replace(/:{3,}/, '::');
}

/** RFC 5280 section 7.1: attribute by attribute, strings without regard to case, to spaces, or to their type. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  if (equalBytes(a, b)) return true;
  try {
    const left = nameAttributes(a);
    const right = nameAttributes(b);
    return left.length === right.length && left.every((rdn, i) => sameRdn(rdn, right[i]!));
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Is this name below that one: the same relative names, and perhaps more? */
export function inSubtree(name: Uint8Array, base: Uint8Array): boolean {
  try {
    const rdns = nameAttributes(name);
    const above = nameAttributes(base);
    return rdns.length >= above.length && above.every((rdn, i) => sameRdn(rdn, rdns[i]!));
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** A set of attributes: the order does not matter. */
function sameRdn(a: readonly Attribute[], b: readonly Attribute[]): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((attribute) => {
    const at = left.findIndex((other) => sameAttribute(attribute, other));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Strings that RFC 5280 wants prepared; TeletexString is compared byte for byte. */
const PREPARED_TAGS = new Set([0x0c, 0x13, 0x16, 0x1c, 0x1e]);

function sameAttribute(a: Attribute, b: Attribute): boolean {
  if (a.oid !== b.oid) return false;
  if (!PREPARED_TAGS.has(a.tag) || !PREPARED_TAGS.has(b.tag)) return a.tag === b.tag && equalBytes(a.value, b.value);
  const left = attributeText(a);
  const right = attributeText(b);
  return left !== undefined && right !== undefined && fold(left) === fold(right);
}

/** Only ASCII letters are folded, and spaces; never by a locale. */
function fold(text: string): string {
  return text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/ +/g, ' ')
    .replace(/^ | $/g, '');
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const front = expandGroups(head!);
  const back = tail === undefined ? [] : expandGroups(tail);
  if (front === undefined || back === undefined) return undefined;
  const missing = 16 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...front, ...new Array<number>(missing).fill(0), ...back]);
}

function expandGroups(groups: readonly string[]): number[] | undefined {
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (i === groups.length - 1 && group.includes('.')) {
      const v4 = parseIpv4(group);
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

/** U-labels become A-labels (RFC 5891); lower case. Undefined: cannot be one. */
function toAsciiLabels(host: string): readonly string[] | undefined {
  const labels: string[] = [];
  for (const label of host
    .normalize('NFC')
    .toLowerCase()
    .split(/[.\u3002]/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII.
    if (/^[\u0000-\u007f]*$/.test(label)) labels.push(label);
    else labels.push(`xn--${punycode(label)}`);
  }
  return labels;
}

/** RFC 3492 section 6.3. */
function punycode(label: string): string {
  const input = [...label].map((c) => c.codePointAt(0)!);
  let out = input
    .filter((c) => c < 128)
    .map((c) => String.fromCharCode(c))
    .join('');
  let handled = out.length;
  const basic = handled;
  if (basic > 0) out += '-';
  let n = 128;
  let delta = 0;
  let bias = 72;
  while (handled < input.length) {
    const m = Math.min(...input.filter((c) => c >= n));
    delta += (m - n) * (handled + 1);
    n = m;
    for (const c of input) {
      if (c < n) delta++;
      if (c !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        out += digit(t + ((q - t) % (36 - t)));
        q = Math.floor((q - t) / (36 - t));
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return out;
}

function adapt(delta: number, points: number, first: boolean): number {
  delta = first ? Math.floor(delta / 700) : delta >> 1;
  delta += Math.floor(delta / points);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}

function digit(value: number): string {
  return String.fromCharCode(value < 26 ? value + 97 : value + 22);
}
