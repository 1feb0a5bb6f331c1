import { isIP } from 'node:net';
import { addressBytes } from './places.ts';

/** The PROXY protocol, versions 1 and 2: who the client is, said by a load balancer before anything else. */

/** The two ends of a client's connection. */
export interface Ends {
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
}

/** What was read: how many bytes it took, and what it says; `ends` undefined: the balancer speaks for itself (LOCAL, UNKNOWN). */
export type ProxyHeader =
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly why: string }
  | { readonly state: 'done'; readonly length: number; readonly ends: Ends | undefined };

/** Facts about TLS for version 2. */
export interface ProxyTls {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
  /** Did the client show a certificate, and was it believed? */
  readonly client: 'none' | 'good' | 'bad';
  readonly commonName: string | undefined;
}

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** A line of version 1 has at most 107 bytes, its end included. */
const MAX_V1 = 107;
/** A balancer has no reason to say more. */
const MAX_V2 = 4_096;

/** Reads a header from the beginning of what has arrived. */
export function readProxyHeader(bytes: Uint8Array, accepts: 'v1' | 'v2' | 'any'): ProxyHeader {
  if (bytes.length === 0) return { state: 'more' };
  const isV2 = bytes[0] === SIGNATURE[0];
  if (isV2 && accepts === 'v1') return { state: 'bad', why: 'version 2, and version 1 is expected' };
  if (!isV2 && accepts === 'v2') return { state: 'bad', why: 'no PROXY header of version 2' };
  return isV2 ? readV2(bytes) : readV1(bytes);
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const bad = (why: string): ProxyHeader => ({ state: 'bad', why });
  const start = Buffer.from(bytes.subarray(0, MAX_V1)).toString('latin1');
  if (!'PROXY '.startsWith(start.slice(0, 6))) return bad('no PROXY header');
  const end = start.indexOf('\r\n');
  if (end < 0) return bytes.length >= MAX_V1 ? bad('a line that does not end') : { state: 'more' };
  const line = start.slice(0, end);
  const length = end + 2;
  if (/^PROXY UNKNOWN( .*)?$/.test(line)) return { state: 'done', length, ends: undefined };
  const [, kind, from = '', to = '', fromPort = '', toPort = ''] =
    /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  const family = kind === 'TCP4' ? 4 : 6;
  const ports = [fromPort, toPort].map(Number);
  if (kind === undefined || isIP(from) !== family || isIP(to) !== family || ports.some((port) => port > 65_535))
    return bad('a line that cannot be read');
  return {
    state: 'done',
    length,
    ends: { source: { address: from, port: ports[0] ?? 0 }, destination: { address: to, port: ports[1] ?? 0 } },
  };
}

function readV2(bytes: Uint8Array): ProxyHeader {
  const bad = (why: string): ProxyHeader => ({ state: 'bad', why });
  const known = Math.min(bytes.length, SIGNATURE.length);
  for (let at = 0; at < known; at++) if (bytes[at] !== SIGNATURE[at]) return bad('no PROXY header');
  if (bytes.length < 16) return { state: 'more' };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const command = view[12] ?? 0;
  const family = view[13] ?? 0;
  const length = 16 + view.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1) return bad('a version or command that is not known');
  if (length > MAX_V2) return bad(`a header of ${length} bytes`);
  if (bytes.length < length) return { state: 'more' };
  if ((command & 15) === 0) return { state: 'done', length, ends: undefined };
  const wide = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  // What is no TCP connection says nothing that could be used (section 2.2).
  if (wide === 0) return { state: 'done', length, ends: undefined };
  if (length < 16 + 2 * wide + 4) return bad('addresses that are cut off');
  const ports = 16 + 2 * wide;
  return {
    state: 'done',
    length,
    ends: {
      source: { address: addressText(view.subarray(16, 16 + wide)), port: view.readUInt16BE(ports) },
      destination: { address: addressText(view.subarray(16 + wide, ports)), port: view.readUInt16BE(ports + 2) },
    },
  };
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  // The longest run of zeros is left out (RFC 5952).
  const text = groups.join(':');
  const runs = text.match(/(?:^|:)0(?::0)+(?:$|(?=:))/g) ?? [];
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? text : text.replace(longest, ':').replace(/^:(?!:)|(?<!:):$/g, (edge) => `${edge}:`);
}

/** A header of version 1. */
export function writeProxyV1(ends: Ends | undefined): Uint8Array {
  const families = ends && [ends.source, ends.destination].map(({ address }) => isIP(address));
  if (ends === undefined || families === undefined || families[0] === 0 || families[0] !== families[1])
    return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const { source, destination } = ends;
  const kind = families[0] === 4 ? 'TCP4' : 'TCP6';
  return Buffer.from(
    `PROXY ${kind} ${source.address} ${destination.address} ${source.port} ${destination.port}\r\n`,
    'latin1',
  );
}

/** A header of version 2, with what is known of TLS (section 2.2.6). */
export function writeProxyV2(ends: Ends | undefined, tls: ProxyTls): Uint8Array {
  const from = ends && addressBytes(ends.source.address);
  const to = ends && addressBytes(ends.destination.address);
  const isKnown = from !== undefined && to !== undefined && from.length === to.length;
  const addresses = isKnown
    ? Buffer.concat([
        Buffer.from(from),
        Buffer.from(to),
        uint16(ends?.source.port ?? 0),
        uint16(ends?.destination.port ?? 0),
      ])
    : Buffer.alloc(0);
  const tlvs = [
    ...(tls.alpn === undefined ? [] : [tlv(0x01, Buffer.from(tls.alpn, 'latin1'))]),
    ...(tls.serverName === undefined ? [] : [tlv(0x02, Buffer.from(tls.serverName, 'latin1'))]),
    sslTlv(tls),
  ];
  const body = Buffer.concat([addresses, ...tlvs]);
  const family = !isKnown ? 0x00 : from.length === 4 ? 0x11 : 0x21;
  return Buffer.concat([SIGNATURE, Uint8Array.of(0x21, family), uint16(body.length), body]);
}

/** PP2_TYPE_SSL: a bit for TLS, one for a certificate on this connection, one for one in this session. */
function sslTlv({ version, cipher, client, commonName }: ProxyTls): Uint8Array {
  const flags = 0x01 | (client === 'none' ? 0 : 0x06);
  const verify = Buffer.alloc(4);
  verify.writeUInt32BE(client === 'good' ? 0 : 1);
  const parts = [
    tlv(0x21, Buffer.from(version, 'latin1')),
    tlv(0x23, Buffer.from(cipher, 'latin1')),
    ...(commonName === undefined || client !== 'good'
      ? []
      : [tlv(0x22, Buffer.from(commonName, 'utf8').subarray(0, 256))]),
  ];
  return tlv(0x20, Buffer.concat([Uint8Array.of(flags), verify, ...parts]));
}

function tlv(type: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(type), uint16(value.length), value]);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
