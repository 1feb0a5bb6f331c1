import { optionError, type Rule, unsuitable } from './rules.ts';

/**
 * The name that a client looks for: a DNS name or an address, and nothing around it. What is commonly written in its place
 * (a URL, host:port) is refused with what to write instead.
 */
export const serverNameRule: Rule<string> = {
  expected: 'a DNS name or an IP address, without port or path',
  read(value: unknown, option: string): string {
    if (typeof value !== 'string' || value === '') throw unsuitable(option, this.expected, value);
    if (value.length > MAX_TEXT)
      throw optionError(option, `expected ${this.expected}, found ${value.length} characters`);
    const address = readAddress(value);
    if (address !== undefined) return address;
    const part = hostWithin(value);
    if (part !== undefined) throw unsuitable(option, this.expected, value, `write ${JSON.stringify(part)}`);
    return readName(value, option);
  },
};

/** Longest text that is looked at; a DNS name has at most 253 characters. */
const MAX_TEXT = 1024;

/**
 * Is this an IPv4 or IPv6 address in text? Those are verified, but never sent as SNI (RFC 6066 section 3).
 * @example
 * ```ts
 * import { isIpAddress } from 'warifu/engine';
 * isIpAddress('2001:db8::1'); // true
 * isIpAddress('192.0.2.256'); // false
 * ```
 */
export function isIpAddress(name: string): boolean {
  return isIpv4(name) || isIpv6(name);
}

/** Without its zone identifier, which means something on this machine only (RFC 6874 section 4). */
function readAddress(text: string): string | undefined {
  const zone = text.indexOf('%');
  const address = zone > 0 ? text.slice(0, zone) : text;
  if (zone < 0) return isIpAddress(address) ? address : undefined;
  return isIpv6(address) ? address : undefined;
}

/** The host in a URL, in host:port, in [address]; undefined: it is none of these. */
function hostWithin(text: string): string | undefined {
  const [, , bare = ''] = /^([a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(text) ?? [];
  const authority = bare === '' ? (text.split(/[/?#]/, 1)[0] ?? '') : bare;
  const host = authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return host !== text && host !== '' && (isIpAddress(host) || /^[^\s:/?#@[\]]+$/.test(host)) ? host : undefined;
}

function readName(text: string, option: string): string {
  // A dot at the end makes it absolute for resolvers; SNI and certificates have none (RFC 6066 section 3).
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const refuse = (why: string): never => {
    throw optionError(option, `expected a DNS name or an IP address, found ${JSON.stringify(text)}: ${why}`);
  };
  if (name.length > 253) refuse(`a DNS name has at most 253 characters, this one has ${name.length}`);
  const labels = name.split('.');
  for (const label of labels) {
    if (label === '') refuse('it has an empty label');
    if (label.length > 63) refuse(`a label has at most 63 characters, one has ${label.length}`);
    if (!/^[A-Za-z0-9_-]+$/.test(label))
      refuse(
        /^[\x20-\x7e]+$/.test(label)
          ? 'a label has letters, digits and hyphens only'
          : 'write its labels in ASCII ("xn--…"), as `connect` does by itself',
      );
    if (label.startsWith('-') || label.endsWith('-')) refuse('a label neither begins nor ends with a hyphen');
  }
  if (/^\d+$/.test(labels[labels.length - 1]!)) refuse('the last label of a DNS name is not a number');
  return name;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** RFC 4291 section 2.2. */
function isIpv6(text: string): boolean {
  if (text.length > 45 || !text.includes(':')) return false;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return false;
  const count = (side: string, last: boolean): number => {
    if (side === '') return 0;
    const groups = side.split(':');
    const v4 = last && isIpv4(groups[groups.length - 1]!) ? groups.pop() : undefined;
    return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.length + (v4 === undefined ? 0 : 2) : 99;
  };
  if (tail === undefined) return count(head, true) === 8;
  return count(head, false) + count(tail, true) < 8;
}
