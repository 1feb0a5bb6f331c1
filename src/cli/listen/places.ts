import { isIP } from 'node:net';
import type { Rule } from '../../engine/config/rules.ts';
import { parsed } from './declare.ts';

/** Where to listen, and where to go. */

/** An address of this machine, or a socket in its file system. */
export interface Where {
  /** As it was written. */
  readonly text: string;
  readonly host: string | undefined;
  /** Undefined: that of `port`. */
  readonly port: number | undefined;
  /** Of a unix socket. */
  readonly path: string | undefined;
}

/** A server behind the listener. */
export interface Target {
  /** Without the weight: `10.0.0.1:80`, `unix:/run/app.sock`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Of a unix socket; then host and port say nothing. */
  readonly path: string | undefined;
  /** 0: no new connections, those that are open stay. */
  readonly weight: number;
}

export const whereRule: Rule<Where> = parsed(
  'an address: 127.0.0.1, 127.0.0.1:8443, [::1]:8443, :8443, unix:/path',
  (text) => {
    if (text.startsWith('unix:'))
      return text.length > 5 ? { text, host: undefined, port: undefined, path: text.slice(5) } : undefined;
    if (isIP(text) !== 0) return { text, host: text, port: undefined, path: undefined };
    const found = hostAndPort(text, true);
    if (found === undefined) {
      const isName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && !/^\d+$/.test(text);
      return isName ? { text, host: text, port: undefined, path: undefined } : undefined;
    }
    return { text, host: found.host === '' ? undefined : found.host, port: found.port, path: undefined };
  },
);

export const targetRule: Rule<Target> = parsed(
  'a server: host:port, [::1]:port, unix:/path, each with @WEIGHT where it has one other than 1',
  (text) => {
    const [, place = '', digits] = /^(.*?)(?:@(\d{1,5}))?$/.exec(text) ?? [];
    const weight = digits === undefined ? 1 : Number(digits);
    if (weight > 10_000) return undefined;
    if (place.startsWith('unix:'))
      return place.length > 5 ? { name: place, host: '', port: 0, path: place.slice(5), weight } : undefined;
    const found = hostAndPort(place, false);
    return found === undefined || found.port === 0 || found.host === ''
      ? undefined
      : { name: place, host: found.host, port: found.port, path: undefined, weight };
  },
);

function hostAndPort(text: string, mayBeEmpty: boolean): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]\s/@]*)):(\d{1,5})$/i.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) return undefined;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port: Number(digits) } : undefined;
  const host = plain ?? '';
  if (host === '' && !mayBeEmpty) return undefined;
  return { host, port: Number(digits) };
}

/** A range of addresses: `10.0.0.0/8`, `::1`. */
export interface Range {
  readonly bytes: readonly number[];
  readonly bits: number;
}

export const rangeRule: Rule<Range> = parsed(
  'an address or a range of addresses: 10.0.0.0/8, 192.0.2.7, fd00::/8',
  (text) => {
    const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const bytes = addressBytes(address);
    if (bytes === undefined) return undefined;
    const bits = digits === undefined ? bytes.length * 8 : Number(digits);
    return bits > bytes.length * 8 ? undefined : { bytes, bits };
  },
);

/** Is the address in one of the ranges? An IPv4 address in the form of IPv6 is the IPv4 address. */
export function isWithin(address: string | undefined, ranges: readonly Range[]): boolean {
  const bytes = address === undefined ? undefined : addressBytes(address);
  if (bytes === undefined) return false;
  return ranges.some((range) => {
    if (range.bytes.length !== bytes.length) return false;
    return bytes.every((byte, index) => {
      const bits = Math.max(0, Math.min(8, range.bits - 8 * index));
      const mask = (0xff00 >> bits) & 0xff;
      return (byte & mask) === ((range.bytes[index] ?? 0) & mask);
    });
  });
}

/** 4 or 16; an IPv4 address in the form of IPv6 has 4. */
export function addressBytes(text: string): readonly number[] | undefined {
  const address = text.replace(/%.*$/, '');
  switch (isIP(address)) {
    case 4:
      return address.split('.').map(Number);
    case 6: {
      const bytes = bytesOfIpv6(address);
      const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
      return isMapped ? bytes.slice(12) : bytes;
    }
    default:
      return undefined;
  }
}

/** The address without the form that IPv6 sockets give to IPv4 ones. */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function bytesOfIpv6(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text =
    dotted === null
      ? address
      : `${dotted[1]}${hex(Number(dotted[2]) * 256 + Number(dotted[3]))}:${hex(Number(dotted[4]) * 256 + Number(dotted[5]))}`;
  const [left = '', right] = text.split('::');
  const groups = (part: string): readonly number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0);
  return [...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 0xff]);
}

const hex = (value: number): string => value.toString(16);
