import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { concat } from '../bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  derSet,
} from '../bytes/der-writer.ts';
import { writePem } from '../pki/x509/pem.ts';

/** Certificates with faults: written by hand, for what issues certificates refuses to make them. */

/** The one who can sign: a certificate and its key. */
export interface Holder {
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS#8. */
  readonly keyDer: Uint8Array;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly serial: Uint8Array;
  readonly name: Uint8Array;
}

/** What goes into a certificate. */
export interface Forgery {
  readonly commonName: string;
  /** Who signs it; undefined: itself. */
  readonly issuer?: Holder;
  /** DNS names; undefined: the extension is left out. */
  readonly names?: readonly string[];
  /** Days from now. Default: -1 and 30. */
  readonly from?: number;
  readonly until?: number;
  /** basicConstraints. Default: no authority. */
  readonly authority?: boolean;
  /** OIDs. Default: serverAuth; for an authority none. */
  readonly purposes?: readonly string[];
  /** DNS names below which an authority may certify. */
  readonly permitted?: readonly string[];
  readonly hash?: 'sha256' | 'sha1';
  readonly kind?: 'P-256' | 'RSA-1024';
  /** The key to certify. Default: a new one. */
  readonly key?: KeyObject;
  /** An extension that no one knows, and that is critical. */
  readonly unknownCritical?: boolean;
  /** The signature is wrong by one bit. */
  readonly breakSignature?: boolean;
  /** TLS feature status_request: a stapled response is demanded (RFC 7633). */
  readonly mustStaple?: boolean;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const ECDSA = { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' } as const;
const DAY = 86_400_000;

/** A certificate, whatever is wrong with it. */
export function forge(forgery: Forgery): Holder {
  const { commonName, issuer, hash = 'sha256', authority = false } = forgery;
  const key = forgery.key ?? newKey(forgery.kind ?? 'P-256');
  const spki = new Uint8Array(publicDer(key));
  const name = derSequence(derSet(derSequence(derOid('2.5.4.3'), utf8(commonName))));
  const serial = new Uint8Array(randomBytes(16));
  serial[0]! &= 0x7f;
  const algorithm = derSequence(derOid(ECDSA[hash]));
  const signer = issuer?.key ?? key;
  const now = Date.now();
  const tbs = derSequence(
    derElement(0xa0, derInteger(2)),
    derInteger(serial),
    algorithm,
    issuer?.name ?? name,
    derSequence(time(now + (forgery.from ?? -1) * DAY), time(now + (forgery.until ?? 30) * DAY)),
    name,
    spki,
    derElement(
      0xa3,
      derSequence(...extensions(forgery, spki, issuer === undefined ? spki : publicDer(issuer.key), authority)),
    ),
  );
  const signature = new Uint8Array(sign(hash, tbs, signer));
  if (forgery.breakSignature === true) signature[signature.length - 1]! ^= 1;
  const der = derSequence(tbs, algorithm, derBitString(signature));
  const keyDer = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return {
    der,
    pem: writePem('CERTIFICATE', der),
    keyDer,
    keyPem: writePem('PRIVATE KEY', keyDer),
    key,
    serial,
    name,
  };
}

/** A private key; only authorities sign with it here, and theirs is on P-256. */
function newKey(kind: 'P-256' | 'RSA-1024'): KeyObject {
  const { privateKey } =
    kind === 'P-256'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: 1024 });
  return createPrivateKey({ key: privateKey.export({ type: 'pkcs8', format: 'der' }), type: 'pkcs8', format: 'der' });
}

function publicDer(key: KeyObject): Uint8Array {
  const jwk = key.export({ format: 'jwk' });
  const parts = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'));
  if (jwk.kty === 'EC')
    return derSequence(
      derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.840.10045.3.1.7')),
      derBitString(concat(Uint8Array.of(4), parts(jwk.x), parts(jwk.y))),
    );
  return derSequence(
    derSequence(derOid('1.2.840.113549.1.1.1'), Uint8Array.of(5, 0)),
    derBitString(derSequence(derInteger(parts(jwk.n)), derInteger(parts(jwk.e)))),
  );
}

function extensions(forgery: Forgery, spki: Uint8Array, issuerSpki: Uint8Array, authority: boolean): Uint8Array[] {
  const { names, permitted, purposes = authority ? [] : [SERVER_AUTH] } = forgery;
  const found = [
    extension('2.5.29.19', true, authority ? derSequence(Uint8Array.of(1, 1, 0xff)) : derSequence()),
    // keyCertSign and cRLSign, or digitalSignature.
    extension(
      '2.5.29.15',
      true,
      authority ? derElement(3, Uint8Array.of(1, 0x06)) : derElement(3, Uint8Array.of(7, 0x80)),
    ),
    extension('2.5.29.14', false, derOctetString(keyId(spki))),
    extension('2.5.29.35', false, derSequence(derElement(0x80, keyId(issuerSpki)))),
  ];
  if (purposes.length > 0) found.push(extension('2.5.29.37', false, derSequence(...purposes.map(derOid))));
  if (names !== undefined) found.push(extension('2.5.29.17', false, derSequence(...names.map(dnsName))));
  if (permitted !== undefined) {
    const subtrees = permitted.map((base) => derSequence(dnsName(base)));
    found.push(extension('2.5.29.30', true, derSequence(derElement(0xa0, ...subtrees))));
  }
  if (forgery.mustStaple === true) found.push(extension('1.3.6.1.5.5.7.1.24', false, derSequence(derInteger(5))));
  if (forgery.unknownCritical === true) found.push(extension('1.3.6.1.4.1.99999.1', true, Uint8Array.of(5, 0)));
  return found;
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), ...(critical ? [Uint8Array.of(1, 1, 0xff)] : []), derOctetString(value));
}

/** RFC 5280 section 4.2.1.2: the first method, near enough for what only has to be the same twice. */
function keyId(spki: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(spki).digest());
}

function dnsName(name: string): Uint8Array {
  return derElement(0x82, new TextEncoder().encode(name));
}

function utf8(text: string): Uint8Array {
  return derElement(0x0c, new TextEncoder().encode(text));
}

/** UTCTime until 2049 (RFC 5280 section 4.1.2.5). */
function time(milliseconds: number): Uint8Array {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return derElement(0x17, new TextEncoder().encode(text.slice(2)));
}
