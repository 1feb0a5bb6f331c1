/**
 * Makes certificates for tests, right ones and wrong ones: every field can be replaced by bytes that no real authority
 * would sign. Signs with node:crypto, so that what the library reads was not signed by the library.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concat, fromAscii } from '../../src/bytes/bytes.ts';
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

export type KeyKind =
  | 'ecdsa-p256'
  | 'ecdsa-p384'
  | 'ecdsa-p521'
  | 'rsa-1024'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-pss'
  | 'ed25519'
  | 'ed448';

export interface Pair {
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** Who signs: a name and a key, and the key identifier that goes into the certificates below. */
export interface Issuer {
  readonly subject: Uint8Array;
  readonly pair: Pair;
}

export interface CertificateSpec {
  readonly subject: Uint8Array;
  readonly pair: Pair;
  /** Default: self-issued. */
  readonly issuer?: Issuer;
  /** 1 to 20 bytes. */
  readonly serial?: Uint8Array;
  /** Default: 2020-01-01 to 2060-01-01. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly extensions?: readonly Uint8Array[];
  /** 0, 1, 2: v1, v2, v3. Default: v3. */
  readonly version?: number;
  /** AlgorithmIdentifier inside; default: that of the issuer's key. */
  readonly innerAlgorithm?: Uint8Array;
  readonly algorithm?: SigningAlgorithm;
  /** Replaces the whole SubjectPublicKeyInfo. */
  readonly spki?: Uint8Array;
  /** DER Validity, to replace. */
  readonly validity?: Uint8Array;
  /** Changes the signature. */
  readonly spoil?: boolean;
}

export interface SigningAlgorithm {
  readonly identifier: Uint8Array;
  readonly sign: (message: Uint8Array, key: KeyObject) => Uint8Array;
}

export function makePair(kind: KeyKind): Pair {
  const { privateKey, publicKey } = generate(kind);
  return { privateKey, spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

/** DER Certificate. */
export function issue(spec: CertificateSpec): Uint8Array {
  const issuer = spec.issuer ?? { subject: spec.subject, pair: spec.pair };
  const algorithm = spec.algorithm ?? algorithmOf(issuer.pair.privateKey);
  const version = spec.version ?? 2;
  const tbs = derSequence(
    ...(version === 0 ? [] : [derElement(0xa0, derInteger(version))]),
    spec.serial === undefined ? derInteger(serialOf(spec)) : derElement(0x02, spec.serial),
    spec.innerAlgorithm ?? algorithm.identifier,
    issuer.subject,
    spec.validity ?? derSequence(time(spec.notBefore ?? NOT_BEFORE), time(spec.notAfter ?? NOT_AFTER)),
    spec.subject,
    spec.spki ?? spec.pair.spki,
    ...(spec.extensions === undefined ? [] : [derElement(0xa3, derSequence(...spec.extensions))]),
  );
  const signature = algorithm.sign(tbs, issuer.pair.privateKey);
  if (spec.spoil === true) signature[signature.length - 1]! ^= 1;
  return derSequence(tbs, algorithm.identifier, derBitString(signature));
}

export const NOT_BEFORE: Date = new Date('2020-01-01T00:00:00Z');
export const NOT_AFTER: Date = new Date('2060-01-01T00:00:00Z');

/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
export function time(date: Date): Uint8Array {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? derElement(0x17, fromAscii(digits.slice(2)))
    : derElement(0x18, fromAscii(digits));
}

export function generalizedTime(date: Date): Uint8Array {
  return derElement(0x18, fromAscii(date.toISOString().replace(/\.\d+|[-:T]/g, '')));
}

const ATTRIBUTES = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
  E: '1.2.840.113549.1.9.1',
} as const;

/** A Name of one attribute an RDN; UTF8String, except where the attribute wants another type. */
export function name(
  ...parts: readonly (readonly [type: keyof typeof ATTRIBUTES, value: string, tag?: number | undefined])[]
): Uint8Array {
  return derSequence(
    ...parts.map(([type, value, tag]) => {
      const string = tag ?? (type === 'C' ? 0x13 : type === 'DC' || type === 'E' ? 0x16 : 0x0c);
      return derSet(derSequence(derOid(ATTRIBUTES[type]), derElement(string, new TextEncoder().encode(value))));
    }),
  );
}

export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), ...(critical ? [derElement(0x01, Uint8Array.of(0xff))] : []), derOctetString(value));
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Uint8Array {
  const fields = [
    ...(ca ? [derElement(0x01, Uint8Array.of(0xff))] : []),
    ...(pathLength === undefined ? [] : [derInteger(pathLength)]),
  ];
  return extension('2.5.29.19', critical, derSequence(...fields));
}

export const USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

export function keyUsage(...uses: readonly (keyof typeof USAGE)[]): Uint8Array {
  const bits = uses.reduce((sum, use) => sum | (0x80 >> USAGE[use]), 0);
  const unused = bits === 0 ? 0 : Math.clz32(bits & -bits) ^ 31;
  return extension(
    '2.5.29.15',
    true,
    bits === 0 ? derBitString(new Uint8Array(0)) : derBitString(Uint8Array.of(bits), unused),
  );
}

export const PURPOSE = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

export function extendedKeyUsage(...purposes: readonly (keyof typeof PURPOSE)[]): Uint8Array {
  return extension('2.5.29.37', false, derSequence(...purposes.map((purpose) => derOid(PURPOSE[purpose]))));
}

export type GeneralName = Uint8Array;
export const dns = (value: string): GeneralName => derElement(0x82, fromAscii(value));
export const email = (value: string): GeneralName => derElement(0x81, fromAscii(value));
export const uri = (value: string): GeneralName => derElement(0x86, fromAscii(value));
export const ip = (...bytes: readonly number[]): GeneralName => derElement(0x87, Uint8Array.from(bytes));
export const directory = (value: Uint8Array): GeneralName => derElement(0xa4, value);
export const registeredId = (oid: string): GeneralName => derElement(0x88, derOid(oid).subarray(2));

export function subjectAltName(names: readonly GeneralName[], critical = false): Uint8Array {
  return extension('2.5.29.17', critical, derSequence(...names));
}

export function nameConstraints(
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
  critical = true,
): Uint8Array {
  const trees = (tag: number, names: readonly GeneralName[]): Uint8Array[] =>
    names.length === 0 ? [] : [derElement(tag, ...names.map((base) => derSequence(base)))];
  return extension('2.5.29.30', critical, derSequence(...trees(0xa0, permitted), ...trees(0xa1, excluded)));
}

export function subjectKeyIdentifier(spki: Uint8Array): Uint8Array {
  return extension('2.5.29.14', false, derOctetString(keyIdentifier(spki)));
}

export function authorityKeyIdentifier(spki: Uint8Array): Uint8Array {
  return extension('2.5.29.35', false, derSequence(derElement(0x80, keyIdentifier(spki))));
}

export function policies(...oids: readonly string[]): Uint8Array {
  return extension('2.5.29.32', false, derSequence(...oids.map((oid) => derSequence(derOid(oid)))));
}

/** tls-feature (RFC 7633). */
export function tlsFeature(...features: readonly number[]): Uint8Array {
  return extension('1.3.6.1.5.5.7.1.24', false, derSequence(...features.map((feature) => derInteger(feature))));
}

/** The last 20 bytes of what is hashed are the key alone (RFC 5280 section 4.2.1.2, method 1), for any kind of key. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(keyBits(spki)).digest());
}

/** The content of the BIT STRING of a SubjectPublicKeyInfo, without its first byte. */
export function keyBits(spki: Uint8Array): Uint8Array {
  const outer = skipHeader(spki, 0);
  const bits = elementEnd(spki, outer);
  return spki.subarray(skipHeader(spki, bits) + 1);
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

export function privatePem(pair: Pair): string {
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

const ECDSA = {
  prime256v1: ['1.2.840.10045.4.3.2', 'sha256'],
  secp384r1: ['1.2.840.10045.4.3.3', 'sha384'],
  secp521r1: ['1.2.840.10045.4.3.4', 'sha512'],
} as const;

/** What an authority with this key signs with, if nothing else is wanted. */
export function algorithmOf(key: KeyObject): SigningAlgorithm {
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const curve = key.asymmetricKeyDetails?.namedCurve as keyof typeof ECDSA;
      const [oid, hash] = ECDSA[curve];
      return ecdsaWith(oid, hash);
    }
    case 'rsa':
      return pkcs1With('1.2.840.113549.1.1.11', 'sha256');
    case 'rsa-pss':
      return pssWith('sha256', 32);
    case 'ed25519':
      return edwardsWith('1.3.101.112');
    default:
      return edwardsWith('1.3.101.113');
  }
}

export function ecdsaWith(oid: string, hash: string): SigningAlgorithm {
  return { identifier: derSequence(derOid(oid)), sign: (message, key) => new Uint8Array(sign(hash, message, key)) };
}

export function pkcs1With(oid: string, hash: string): SigningAlgorithm {
  return {
    identifier: derSequence(derOid(oid), derNull()),
    sign: (message, key) => new Uint8Array(sign(hash, message, key)),
  };
}

export function pssWith(hash: 'sha256' | 'sha384' | 'sha512', saltLength: number): SigningAlgorithm {
  const last = { sha256: 1, sha384: 2, sha512: 3 }[hash];
  const digest = derSequence(derOid(`2.16.840.1.101.3.4.2.${last}`), derNull());
  const parameters = derSequence(
    derElement(0xa0, digest),
    derElement(0xa1, derSequence(derOid('1.2.840.113549.1.1.8'), digest)),
    derElement(0xa2, derInteger(saltLength)),
  );
  return {
    identifier: derSequence(derOid('1.2.840.113549.1.1.10'), parameters),
    // 6: RSA_PKCS1_PSS_PADDING
    sign: (message, key) => new Uint8Array(sign(hash, message, { key, padding: 6, saltLength })),
  };
}

function edwardsWith(oid: string): SigningAlgorithm {
  return { identifier: derSequence(derOid(oid)), sign: (message, key) => new Uint8Array(sign(null, message, key)) };
}

function generate(kind: KeyKind): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  switch (kind) {
    case 'ecdsa-p256':
      return ec('P-256');
    case 'ecdsa-p384':
      return ec('P-384');
    case 'ecdsa-p521':
      return ec('P-521');
    case 'rsa-1024':
    case 'rsa-2048':
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) });
    case 'rsa-pss':
      // Without parameters the key may be used with every hash (RFC 4055 section 3.1).
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
  }
}

function ec(namedCurve: string): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The same for the same subject, key and time: 16 bytes, positive. */
function serialOf(spec: CertificateSpec): Uint8Array {
  const times = `${spec.notBefore?.getTime()}-${spec.notAfter?.getTime()}`;
  const digest = createHash('sha256')
    .update(concat(spec.subject, spec.pair.spki, fromAscii(times)))
    .digest();
  digest[0] = (digest[0]! & 0x3f) | 0x40;
  return new Uint8Array(digest.subarray(0, 16));
}

function skipHeader(der: Uint8Array, at: number): number {
  const first = der[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

function elementEnd(der: Uint8Array, at: number): number {
  const first = der[at + 1]!;
  if (first < 0x80) return at + 2 + first;
  let length = 0;
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + der[at + 2 + i]!;
  return skipHeader(der, at) + length;
}
