import { randomBytes } from 'node:crypto';
import { concat, fromAscii } from '../../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOid,
  derSequence,
  derSet,
} from '../../../src/bytes/der-writer.ts';
import * as b from '../../../vectors/pki/builder.ts';

/** What bombs are made of: certificates that keep those who read them busy. */

/** What a handshake message has at most; the bombs are as large as that lets them be. */
export const MAX_BYTES = 262_144;

export const LEAF = b.makePair('ecdsa-p256');
export const AUTHORITY = b.makePair('ecdsa-p256');
const ROOT = b.makePair('ecdsa-p256');
const ROOT_NAME: Uint8Array = b.name(['CN', 'Root']);
export const X: Uint8Array = b.name(['CN', 'X']);
export const root: b.Issuer = { subject: ROOT_NAME, pair: ROOT };
export const ANCHOR: Uint8Array = b.issue({ ...root, extensions: authority() });
export const HOST = 'host.example';

export function authority(...more: readonly Uint8Array[]): Uint8Array[] {
  return [b.basicConstraints(true), b.keyUsage('keyCertSign', 'cRLSign'), ...more];
}

/** A leaf for the host, by X. */
export function leaf(
  names: readonly Uint8Array[] = [],
  more: readonly Uint8Array[] = [],
  issuer: b.Issuer = x(),
): Uint8Array {
  const extensions = [
    b.keyUsage('digitalSignature'),
    b.extendedKeyUsage('serverAuth', 'clientAuth'),
    b.subjectAltName([b.dns(HOST), ...names]),
    ...more,
  ];
  return b.issue({ subject: b.name(['CN', 'leaf']), pair: LEAF, serial: Uint8Array.of(1, 2), issuer, extensions });
}

export function x(pair: b.Pair = AUTHORITY): b.Issuer {
  return { subject: X, pair };
}

/** An authority named X by another of the same name and key; the number makes it another certificate. */
export function crossSigned(n: number, extensions: readonly Uint8Array[] = [], issuer: b.Issuer = x()): Uint8Array {
  const names = b.subjectAltName([b.uri(`u:${n}`)]);
  return b.issue({ ...x(), issuer, serial: serial(n), extensions: authority(names, ...extensions) });
}

export function serial(n: number): Uint8Array {
  return Uint8Array.of(1, n >> 16, (n >> 8) & 255, n & 255);
}

export function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: Math.max(0, Math.floor(count)) }, (_, n) => make(n));
}

/** As many as fit beside what is there. */
export function filled(first: readonly Uint8Array[], make: (n: number) => Uint8Array, most: number = 64): Uint8Array[] {
  const all = [...first];
  let room = MAX_BYTES - 3 * most - all.reduce((sum, one) => sum + one.length, 0);
  while (all.length < most) {
    const next = make(all.length);
    room -= next.length;
    if (room < 0) break;
    all.push(next);
  }
  return all;
}

/** A key of this kind that signed nothing here. */
export function strangeKey(kind: StrangeKind): Uint8Array {
  switch (kind) {
    case 'rsa-8192':
      return rsaSpki(1024, Uint8Array.of(1, 0, 1));
    case 'rsa-8192 with a long exponent':
      return rsaSpki(1024, new Uint8Array(8).fill(255));
    case 'ml-dsa-44':
      return plainSpki('2.16.840.1.101.3.4.3.17', 1312);
    case 'ml-dsa-87':
      return plainSpki('2.16.840.1.101.3.4.3.19', 2592);
    default:
      return b.makePair(kind).spki;
  }
}

export type StrangeKind = b.KeyKind | 'rsa-8192' | 'rsa-8192 with a long exponent' | 'ml-dsa-44' | 'ml-dsa-87';

function rsaSpki(size: number, exponent: Uint8Array): Uint8Array {
  const modulus = new Uint8Array(randomBytes(size));
  modulus[0]! |= 0x80;
  modulus[size - 1]! |= 1;
  const key = derSequence(derInteger(modulus), derInteger(exponent));
  return derSequence(derSequence(derOid('1.2.840.113549.1.1.1'), derNull()), derBitString(key));
}

function plainSpki(oid: string, size: number): Uint8Array {
  return derSequence(derSequence(derOid(oid)), derBitString(new Uint8Array(randomBytes(size))));
}

/** What a signature of this kind looks like, well formed and wrong. */
export function wrongSignature(kind: StrangeKind): b.SigningAlgorithm {
  const bytes =
    (size: number): (() => Uint8Array) =>
    () =>
      concat(Uint8Array.of(1), new Uint8Array(randomBytes(size - 1)));
  const ecdsa = (oid: string, size: number): b.SigningAlgorithm => ({
    identifier: derSequence(derOid(oid)),
    sign: () => derSequence(derInteger(bytes(size - 1)()), derInteger(bytes(size - 1)())),
  });
  const plain = (oid: string, size: number): b.SigningAlgorithm => ({
    identifier: derSequence(derOid(oid)),
    sign: bytes(size),
  });
  switch (kind) {
    case 'ecdsa-p384':
      return ecdsa('1.2.840.10045.4.3.3', 48);
    case 'ecdsa-p521':
      return ecdsa('1.2.840.10045.4.3.4', 66);
    case 'ed25519':
      return {
        ...plain('1.3.101.112', 64),
        sign: () =>
          b.algorithmOf(b.makePair('ed25519').privateKey).sign(new Uint8Array(1), b.makePair('ed25519').privateKey),
      };
    case 'ed448':
      return {
        ...plain('1.3.101.113', 114),
        sign: () =>
          b.algorithmOf(b.makePair('ed448').privateKey).sign(new Uint8Array(1), b.makePair('ed448').privateKey),
      };
    case 'ml-dsa-44':
      return plain('2.16.840.1.101.3.4.3.17', 2420);
    case 'ml-dsa-87':
      return plain('2.16.840.1.101.3.4.3.19', 4627);
    case 'rsa-8192':
    case 'rsa-8192 with a long exponent':
      return { identifier: derSequence(derOid('1.2.840.113549.1.1.11'), derNull()), sign: bytes(1024) };
    default:
      return ecdsa('1.2.840.10045.4.3.2', 32);
  }
}

export const names: { readonly [kind: string]: (n: number) => Uint8Array } = {
  'short dNSName': () => b.dns('a'),
  dNSName: (n) => b.dns(`n${n}.a.b.c.d.e.f.example`),
  'long dNSName': (n) => b.dns(`${'a.'.repeat(120)}n${n}`),
  'odd dNSName': (n) => b.dns(`-${n}`),
  mailbox: (n) => b.email(`me@n${n}.example`),
  'long mailbox': (n) => b.email(`${'a.'.repeat(60)}a@${'b.'.repeat(90)}n${n}`),
  uniformResourceIdentifier: (n) => b.uri(`https://n${n}.example/`),
  'uniformResourceIdentifier of many parts': (n) => b.uri(`a://${'@'.repeat(200)}:${n}`),
  iPAddress: (n) => b.ip(10, 1, (n >> 8) & 255, n & 255),
  directoryName: (n) => b.directory(b.name(['CN', `n${n}`])),
  'directoryName of many parts': (n) => b.directory(derSequence(...times(60, (i) => attribute(`P${i}${n}`)))),
  registeredID: (n) => b.registeredId(`1.2.3.${n}`),
  'otherName of unknown type': (n) => derElement(0xa0, concat(derOid(`1.2.3.${n}`), derElement(0xa0, derNull()))),
  SmtpUTF8Mailbox: (n) =>
    derElement(
      0xa0,
      concat(derOid('1.3.6.1.5.5.7.8.9'), derElement(0xa0, utf8(`\u00e9@${unusual(n, 55)}.${unusual(n + 7, 55)}`))),
    ),
  'long SmtpUTF8Mailbox': (n) =>
    derElement(0xa0, concat(derOid('1.3.6.1.5.5.7.8.9'), derElement(0xa0, utf8(`\u00e9@${unusual(n, 300)}`)))),
  x400Address: (n) => derElement(0xa3, derInteger(Uint8Array.of(1, n >> 8, n & 255))),
};

function utf8(text: string): Uint8Array {
  return derElement(0x0c, new TextEncoder().encode(text));
}

/** Letters that are all different. */
function unusual(n: number, count: number): string {
  return String.fromCodePoint(...times(count, (i) => 0x4e00 + ((n * 31 + i * 7) % 20_000)));
}

export function attribute(text: string, oid: string = '2.5.4.3', tag: number = 0x0c): Uint8Array {
  return derSet(derSequence(derOid(oid), derElement(tag, fromAscii(text))));
}

/** The base of a constraint; addresses have a mask. */
export function base(kind: string, n: number): Uint8Array {
  return kind === 'iPAddress' ? b.ip(10, 2, (n >> 8) & 255, n & 255, 255, 255, 255, 255) : names[kind]!(n);
}
