import { closeSync, openSync, writeSync } from 'node:fs';
import { isIPv6, type Socket } from 'node:net';
import { concat } from '../../bytes/bytes.ts';
import { parseIp } from '../../pki/x509/ip.ts';
import { Failure } from '../failure.ts';
import { codeOf } from '../terminal.ts';
import type { Listener } from './tap.ts';

/**
 * A capture as pcapng, of what went over our own connections: without the rights that a capture of a network needs, and
 * with the secrets in it, so that Wireshark and tshark show what was said. The headers of IP and TCP are made up; the
 * bytes in them are those of the connection.
 */

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 6;
const SECRETS = 10;
/** "TLSK": lines of a key log (RFC 9850). */
const TLS_KEY_LOG = 0x544c534b;
/** Packets begin with their IP header. */
const LINKTYPE_RAW = 101;
/** Of one packet, so that no length overflows. */
const MAX_SEGMENT = 16_384;

const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;

/** Writes as it goes. Secrets stand before the packets that need them, so packets of a handshake wait until it is done. */
export class Capture {
  readonly #file: number;
  #waiting: Uint8Array[] = [];
  #secrets: string[] = [];
  #isHeld = true;

  /** @throws Failure when the file cannot be written. It can be read by its owner only: there are secrets in it. */
  constructor(path: string, name: string) {
    try {
      this.#file = openSync(path, 'w', 0o600);
    } catch (error) {
      throw new Failure(`${name}: it cannot be written (${codeOf(error)})`);
    }
    const section = concat(u32(0x1a2b3c4d), u16(1), u16(0), new Uint8Array(8).fill(0xff));
    this.#write(block(SECTION, section));
    this.#write(block(INTERFACE, concat(u16(LINKTYPE_RAW), u16(0), u32(0))));
  }

  /** A line of the key log. */
  secret(line: string): void {
    this.#secrets.push(line);
    if (!this.#isHeld) this.#writeSecrets();
  }

  /** Packets wait from here on, until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The secrets of what has been captured are known, or will never be. */
  release(): void {
    this.#isHeld = false;
    this.#writeSecrets();
    for (const packet of this.#waiting.splice(0)) this.#write(packet);
  }

  close(): void {
    this.release();
    closeSync(this.#file);
  }

  /** What is heard of a connection that has just been dialled. */
  connection(socket: Socket): Listener {
    const us = { address: addressOf(socket.localAddress), port: socket.localPort ?? 0, next: 1000 };
    const peer = { address: addressOf(socket.remoteAddress), port: socket.remotePort ?? 0, next: 5000 };
    type Side = typeof us;
    const put = (from: Side, to: Side, flags: number, bytes: Uint8Array = new Uint8Array(0)): void => {
      this.#packet(packet(from, to, flags, bytes));
      from.next += bytes.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    };
    const carry = (from: Side, to: Side, bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += MAX_SEGMENT)
        put(from, to, PSH | ACK, bytes.subarray(at, at + MAX_SEGMENT));
    };
    put(us, peer, SYN);
    put(peer, us, SYN | ACK);
    put(us, peer, ACK);
    return {
      sent: (bytes) => carry(us, peer, bytes),
      received: (bytes) => carry(peer, us, bytes),
      ended: (by) => (by === 'us' ? put(us, peer, FIN | ACK) : put(peer, us, FIN | ACK)),
    };
  }

  #packet(bytes: Uint8Array): void {
    const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000);
    const head = concat(u32(0), u32(Math.floor(microseconds / 2 ** 32)), u32(microseconds % 2 ** 32));
    const written = block(PACKET, concat(head, u32(bytes.length), u32(bytes.length), bytes));
    if (this.#isHeld) this.#waiting.push(written);
    else this.#write(written);
  }

  #writeSecrets(): void {
    if (this.#secrets.length === 0) return;
    const lines = new TextEncoder().encode(`${this.#secrets.splice(0).join('\n')}\n`);
    this.#write(block(SECRETS, concat(u32(TLS_KEY_LOG), u32(lines.length), lines)));
  }

  #write(bytes: Uint8Array): void {
    writeSync(this.#file, bytes);
  }
}

interface End {
  readonly address: Uint8Array;
  readonly port: number;
  readonly next: number;
}

function packet(from: End, to: End, flags: number, bytes: Uint8Array): Uint8Array {
  const acknowledged = (flags & ACK) === 0 ? 0 : to.next;
  const tcp = Uint8Array.from([
    ...big(from.port, 2),
    ...big(to.port, 2),
    ...big(from.next, 4),
    ...big(acknowledged, 4),
    0x50,
    flags,
    0xff,
    0xff,
    0,
    0,
    0,
    0,
  ]);
  const length = tcp.length + bytes.length;
  const ends = [...from.address, ...to.address];
  const sum = checksum(concat(Uint8Array.from([...ends, ...big(6, 4), ...big(length, 4)]), tcp, bytes));
  tcp.set(big(sum, 2), 16);
  if (from.address.length === 16) {
    const ip = Uint8Array.from([0x60, 0, 0, 0, ...big(length, 2), 6, 64, ...ends]);
    return concat(ip, tcp, bytes);
  }
  const ip = Uint8Array.from([0x45, 0, ...big(length + 20, 2), 0, 0, 0x40, 0, 64, 6, 0, 0, ...ends]);
  ip.set(big(checksum(ip), 2), 10);
  return concat(ip, tcp, bytes);
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function addressOf(text: string | undefined): Uint8Array {
  const address = text === undefined ? undefined : parseIp(text.replace(/%.*$/, ''));
  return address ?? (text !== undefined && isIPv6(text) ? new Uint8Array(16) : Uint8Array.of(127, 0, 0, 1));
}

/** A block with its length on both sides, filled up to four bytes. */
function block(type: number, body: Uint8Array): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const length = u32(padded.length + 12);
  return concat(u32(type), length, padded, length);
}

/** pcapng is in the byte order of its writer: little endian here. */
function u32(value: number): Uint8Array {
  return Uint8Array.from(big(value, 4)).reverse();
}

function u16(value: number): Uint8Array {
  return Uint8Array.from(big(value, 2)).reverse();
}

function big(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
}
