import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat } from '../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
} from '../../src/bytes/der-writer.ts';
import { nobleProvider } from '../../src/crypto/noble/index.ts';
import { type Certificate, readCertificate } from '../../src/pki/x509/certificate.ts';
import { authorityOf } from '../../src/pki/revocation/status.ts';
import type { RevocationQuestion } from '../../src/pki/revocation/types.ts';

/** Certificates, lists and responses made inside a test, right or with one thing wrong. Keys are P-256. */

export const NOW: number = Date.UTC(2026, 5, 15, 12);
export const DAY = 86_400_000;
export const provider: ReturnType<typeof nobleProvider> = nobleProvider();

export interface Made {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly spki: Uint8Array;
}

const ECDSA_SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'));
export const OID_SHA1 = '1.3.14.3.2.26';
export const OID_SHA256 = '2.16.840.1.101.3.4.2.1';

export function name(text: string): Uint8Array {
  return derSequence(rdn(text));
}

export function rdn(text: string): Uint8Array {
  return derSet(derSequence(derOid('2.5.4.3'), derElement(0x0c, ascii(text))));
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function extension(oid: string, value: Uint8Array, critical: boolean = false): Uint8Array {
  return derSequence(derOid(oid), ...(critical ? [derElement(0x01, Uint8Array.of(0xff))] : []), derOctetString(value));
}

export const caExtensions = (usage: number = 0x06): Uint8Array[] => [
  extension('2.5.29.19', derSequence(derElement(0x01, Uint8Array.of(0xff))), true),
  extension('2.5.29.15', namedBits(usage), true),
];

/** KeyUsage and ReasonFlags of one byte. */
export function namedBits(byte: number, tag: number = 0x03): Uint8Array {
  let unused = 0;
  while (unused < 7 && (byte & (1 << unused)) === 0) unused++;
  return derElement(tag, Uint8Array.of(unused, byte));
}

function utcTime(at: number): Uint8Array {
  return derElement(0x17, ascii(`${compact(at).slice(2)}Z`));
}

function generalizedTime(at: number): Uint8Array {
  return derElement(0x18, ascii(`${compact(at)}Z`));
}

function compact(at: number): string {
  return new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14);
}

export interface MakeOptions {
  readonly issuer?: Made;
  readonly serial?: number | Uint8Array;
  readonly extensions?: readonly Uint8Array[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Another certificate for the same key. */
  readonly key?: KeyObject;
}

export function make(subject: string, options: MakeOptions = {}): Made {
  const key = options.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const spki = new Uint8Array(
    createPublicKey(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }))).export({
      type: 'spki',
      format: 'der',
    }),
  );
  const extensions = options.extensions ?? caExtensions();
  const tbs = derSequence(
    derElement(0xa0, derInteger(2)),
    options.serial instanceof Uint8Array ? derElement(0x02, options.serial) : derInteger(options.serial ?? 1),
    ECDSA_SHA256,
    options.issuer?.certificate.subject ?? name(subject),
    derSequence(utcTime(options.notBefore ?? NOW - 100 * DAY), utcTime(options.notAfter ?? NOW + 100 * DAY)),
    name(subject),
    spki,
    ...(extensions.length === 0 ? [] : [derElement(0xa3, derSequence(...extensions))]),
  );
  const certificate = readCertificate(signed(tbs, options.issuer?.key ?? key));
  return { certificate, key, spki };
}

/** SEQUENCE of what is signed, the algorithm and the signature. */
function signed(
  tbs: Uint8Array,
  key: KeyObject,
  algorithm: Uint8Array = ECDSA_SHA256,
  ...more: readonly Uint8Array[]
): Uint8Array {
  return derSequence(tbs, algorithm, derBitString(new Uint8Array(sign('sha256', tbs, key))), ...more);
}

export interface CrlOptions {
  readonly issuerName?: Uint8Array;
  readonly entries?: readonly Uint8Array[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  readonly number?: number | null;
  readonly extensions?: readonly Uint8Array[];
  /** The algorithm inside, where it is not the one outside. */
  readonly innerAlgorithm?: Uint8Array;
}

export function makeCrl(signer: Made, options: CrlOptions = {}): Uint8Array {
  const extensions = [
    ...(options.number === null ? [] : [extension('2.5.29.20', derInteger(options.number ?? 1))]),
    ...(options.extensions ?? []),
  ];
  const tbs = derSequence(
    derInteger(1),
    options.innerAlgorithm ?? ECDSA_SHA256,
    options.issuerName ?? signer.certificate.subject,
    utcTime(options.thisUpdate ?? NOW - DAY),
    ...(options.nextUpdate === null ? [] : [utcTime(options.nextUpdate ?? NOW + DAY)]),
    ...(options.entries === undefined ? [] : [derSequence(...options.entries)]),
    ...(extensions.length === 0 ? [] : [derElement(0xa0, derSequence(...extensions))]),
  );
  return signed(tbs, signer.key);
}

export function crlEntry(serial: number | Uint8Array, ...extensions: readonly Uint8Array[]): Uint8Array {
  return derSequence(
    serial instanceof Uint8Array ? derElement(0x02, serial) : derInteger(serial),
    utcTime(NOW - 10 * DAY),
    ...(extensions.length === 0 ? [] : [derSequence(...extensions)]),
  );
}

export function reason(code: number): Uint8Array {
  return extension('2.5.29.21', derElement(0x0a, Uint8Array.of(code)));
}

export function certificateIssuer(issuer: Uint8Array): Uint8Array {
  return extension('2.5.29.29', derSequence(derElement(0xa4, issuer)), true);
}

/** [0] of a distribution point: one URI. */
export function uriPoint(uri: string): Uint8Array {
  return derElement(0xa0, derElement(0xa0, derElement(0x86, ascii(uri))));
}

export const flag = (n: number): Uint8Array => derElement(0x80 | n, Uint8Array.of(0xff));

export function idp(...fields: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.28', derSequence(...fields), true);
}

/** cRLDistributionPoints; each argument is the fields of one point. */
export function crldp(...points: readonly (readonly Uint8Array[])[]): Uint8Array {
  return extension('2.5.29.31', derSequence(...points.map((fields) => derSequence(...fields))));
}

export function ocspAddress(uri: string): Uint8Array {
  return extension(
    '1.3.6.1.5.5.7.1.1',
    derSequence(derSequence(derOid('1.3.6.1.5.5.7.48.1'), derElement(0x86, ascii(uri)))),
  );
}

export interface SingleOptions {
  readonly certificate: Certificate;
  readonly issuer: Made;
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  readonly extensions?: readonly Uint8Array[];
}

const HASH_OIDS = {
  sha1: OID_SHA1,
  sha256: OID_SHA256,
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

export function single({ certificate, issuer, ...options }: SingleOptions): Uint8Array {
  const hash = options.hash ?? 'sha1';
  const status = {
    good: derElement(0x80),
    unknown: derElement(0x82),
    revoked: derElement(0xa1, generalizedTime(NOW - 5 * DAY), derElement(0xa0, derElement(0x0a, Uint8Array.of(1)))),
  }[options.status ?? 'good'];
  return derSequence(
    derSequence(
      derSequence(derOid(HASH_OIDS[hash]), derNull()),
      derOctetString(digest(hash, certificate.issuer)),
      derOctetString(digest(hash, publicKeyBits(issuer.spki))),
      derElement(0x02, certificate.serial),
    ),
    status,
    generalizedTime(options.thisUpdate ?? NOW - DAY),
    ...(options.nextUpdate === null ? [] : [derElement(0xa0, generalizedTime(options.nextUpdate ?? NOW + DAY))]),
    ...(options.extensions === undefined ? [] : [derElement(0xa1, derSequence(...options.extensions))]),
  );
}

export interface OcspOptions {
  readonly signer: Made;
  readonly by?: 'name' | 'key';
  readonly producedAt?: number;
  readonly extensions?: readonly Uint8Array[];
  readonly certificates?: readonly Certificate[];
  readonly responseStatus?: number;
}

export function makeOcsp(singles: readonly Uint8Array[], options: OcspOptions): Uint8Array {
  const { signer } = options;
  const responder =
    options.by === 'key'
      ? derElement(0xa2, derOctetString(digest('sha1', publicKeyBits(signer.spki))))
      : derElement(0xa1, signer.certificate.subject);
  const data = derSequence(
    responder,
    generalizedTime(options.producedAt ?? NOW - DAY),
    derSequence(...singles),
    ...(options.extensions === undefined ? [] : [derElement(0xa1, derSequence(...options.extensions))]),
  );
  const certificates = options.certificates?.map(({ der }) => der);
  const basic = signed(
    data,
    signer.key,
    ECDSA_SHA256,
    ...(certificates === undefined ? [] : [derElement(0xa0, derSequence(...certificates))]),
  );
  return derSequence(
    derElement(0x0a, Uint8Array.of(options.responseStatus ?? 0)),
    derElement(0xa0, derSequence(derOid('1.3.6.1.5.5.7.48.1.1'), derOctetString(basic))),
  );
}

export function digest(hash: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}

/** Of a P-256 SubjectPublicKeyInfo: its last 65 bytes. */
function publicKeyBits(spki: Uint8Array): Uint8Array {
  return spki.subarray(spki.length - 65);
}

/** What a verifier would ask about a certificate right below `path[0]` … the anchor, which is last. */
export function question(
  certificate: Certificate,
  above: readonly Made[],
  more: Partial<RevocationQuestion> = {},
): RevocationQuestion {
  const anchor = above[above.length - 1]!;
  return {
    certificate,
    issuer: authorityOf(above[0]!.certificate),
    index: 0,
    path: [certificate, ...above.slice(0, -1).map((made) => made.certificate)],
    anchor: authorityOf(anchor.certificate),
    candidates: [],
    ocspResponse: undefined,
    now: NOW,
    allows: () => true,
    verifySignature: (...parts) => provider.verifier.verify(...parts),
    trusts: () => false,
    spend: () => true,
    ...more,
  };
}

/** One byte changed. */
export function damaged(bytes: Uint8Array, at: number, by: number = 1): Uint8Array {
  const copy = concat(bytes);
  copy[at] = copy[at]! ^ by;
  return copy;
}
