import { createPrivateKey, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/bytes.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
} from '../../src/bytes/der-writer.ts';
import { publicKeyOf } from '../../src/crypto/noble/index.ts';
import { copyKey } from '../../src/crypto/private-key.ts';
import { encodeSubjectPublicKeyInfo } from '../../src/crypto/spki.ts';
import { TlsError } from '../../src/errors.ts';
import { type JsonWebKeyLike, privateKeyFromJwk, privateKeyToJwk } from '../../src/pki/formats/jwk.ts';
import { readPem, writePem } from '../../src/pki/x509/pem.ts';
import {
  encodePrivateKey,
  privateKeyFromDer,
  privateKeyFromPem,
  privateKeyToPem,
  readPrivateKey,
} from '../../src/pki/formats/private-key.ts';
import { formatFile, formatText } from '../support/formats.ts';
import { basicPki, KEY_KINDS, serverEntry } from '../support/pki.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof TlsError ? error.code : String(error);
  }
  return 'nothing thrown';
};
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing thrown';
};
/** The public key that Node finds in a private key, as hexadecimal SPKI. */
const nodePublic = (pem: string): string =>
  toHex(createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }));

describe('PEM', () => {
  it('skips words, blank lines and Windows line ends', () => {
    const labels = readPem(formatText('everything-crlf.pem')).map(({ label }) => label);
    expect(labels).toEqual(['CERTIFICATE', 'CERTIFICATE', 'CERTIFICATE', 'EC PRIVATE KEY']);
    const der = Uint8Array.of(1, 2, 3);
    const text = `\uFEFFwords\n\n-----BEGIN A-----  \r\n\r\n  AQID\n\n-----END A-----\nmore`;
    expect(readPem(text)).toEqual([{ label: 'A', der, headers: [] }]);
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(readPem(writePem('CERTIFICATE', bytes))[0]?.der).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['a block without an end', '-----BEGIN A-----\nAQID\n'],
    ['a block in a block', '-----BEGIN A-----\n-----BEGIN A-----\nAQID\n-----END A-----'],
    ['an end without a block', '-----END A-----'],
    ['two labels', '-----BEGIN A-----\nAQID\n-----END B-----'],
    ['a wrong character', '-----BEGIN A-----\nAQ!D\n-----END A-----'],
    ['padding in the middle', '-----BEGIN A-----\nAQ==\nAQ==\n-----END A-----'],
    ['bits that belong to no byte', '-----BEGIN A-----\nAR==\n-----END A-----'],
    ['nothing', '-----BEGIN A-----\n-----END A-----'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => readPem(text))).toBe('ERR_KEY');
  });
});

describe('private keys', () => {
  it.each(KEY_KINDS)('%s: PKCS#8 gives the public key that Node finds, and is written back', (kind) => {
    const pem = serverEntry(kind).key;
    const key = privateKeyFromPem(pem);
    expect(toHex(encodeSubjectPublicKeyInfo(publicKeyOf(key)))).toBe(nodePublic(pem));
    expect(encodePrivateKey(privateKeyFromDer(encodePrivateKey(key)))).toEqual(encodePrivateKey(key));
    expect(copyKey(key).kind).toBe(key.kind);
    expect(encodePrivateKey(copyKey(key))).toEqual(encodePrivateKey(key));
    expect(nodePublic(privateKeyToPem(key))).toBe(nodePublic(pem));
  });

  it.each([
    ['ec-sec1.pem', 'ec'],
    ['ec-sec1-no-public.pem', 'ec'],
    ['ec-p384-sec1-with-parameters.pem', 'ec'],
    ['ec-pkcs8.pem', 'ec'],
    ['ec-p521-pkcs8.pem', 'ec'],
    ['rsa-pkcs1.pem', 'rsa'],
    ['rsa-pkcs8.pem', 'rsa'],
    ['rsa-pss.pem', 'rsa'],
    ['rsa-pss-restricted.pem', 'rsa'],
    ['ed25519.pem', 'ed25519'],
    ['ed448.pem', 'ed448'],
  ])('%s of OpenSSL', (file, kind) => {
    const key = privateKeyFromPem(formatText(file));
    expect(key.kind).toBe(kind);
    if (file === 'rsa-pss-restricted.pem') return; // its public half says more than the private one
    expect(toHex(encodeSubjectPublicKeyInfo(publicKeyOf(key)))).toBe(nodePublic(formatText(file)));
  });

  it.each(['ec-sec1.der', 'ec-pkcs8.der', 'rsa-pkcs1.der'])('%s: the form is found without a label', (file) => {
    expect(privateKeyFromDer(formatFile(file)).kind).toBe(file.startsWith('ec') ? 'ec' : 'rsa');
  });

  it('hands out the public half that a file claims', () => {
    const { key, publicBytes } = readPrivateKey(formatFile('ec-pkcs8.der'));
    const publicKey = publicKeyOf(key);
    expect(publicKey.kind === 'ec' && toHex(publicKey.point)).toBe(toHex(publicBytes!));
  });

  it.each([
    ['ec-explicit-parameters.pem', 'explicit parameters'],
    ['ec-unknown-curve.pem', '1.3.132.0.10'],
    ['rsa-three-primes.pem', 'more than two primes'],
    ['x25519.pem', '1.3.101.110'],
    ['root.pem', 'no private key'],
  ])('%s is refused, and the message says why', (file, why) => {
    expect(codeOf(() => privateKeyFromPem(formatText(file)))).toBe('ERR_KEY');
    expect(messageOf(() => privateKeyFromPem(formatText(file)))).toContain(why);
  });

  it('asks for a password', () => {
    expect(codeOf(() => privateKeyFromPem(formatText('pkcs8-scrypt.pem')))).toBe('ERR_PASSWORD');
    expect(codeOf(() => privateKeyFromPem(formatText('ec-sec1-proc-type-aes256.pem')))).toBe('ERR_PASSWORD');
    expect(codeOf(() => privateKeyFromDer(formatFile('pkcs8-aes128-sha512.der')))).toBe('ERR_PASSWORD');
  });

  it('refuses a text with two keys', () => {
    expect(messageOf(() => privateKeyFromPem(formatText('ed25519.pem') + formatText('ed448.pem')))).toContain(
      '2 private keys',
    );
  });

  it('refuses private numbers that are none of the curve', () => {
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    const sec1 = (hex: string): Uint8Array =>
      derSequence(
        derInteger(1),
        derOctetString(new Uint8Array(Buffer.from(hex, 'hex'))),
        derElement(0xa0, derOid('1.2.840.10045.3.1.7')),
      );
    expect(codeOf(() => privateKeyFromDer(sec1('00'.repeat(32))))).toBe('ERR_KEY');
    expect(codeOf(() => privateKeyFromDer(sec1(order)))).toBe('ERR_KEY');
    expect(privateKeyFromDer(sec1(`${order.slice(0, -2)}50`)).kind).toBe('ec');
    expect(privateKeyFromDer(sec1('07'))).toMatchObject({ kind: 'ec', curve: 'P-256' });
  });

  const rsaFields = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
  it.each(rsaFields)('refuses an RSA key whose %s was changed', (field) => {
    const key = privateKeyFromPem(formatText('rsa-pkcs8.pem'));
    const jwk = { ...privateKeyToJwk(key, publicKeyOf(key)) } as Record<string, string>;
    const bytes = Buffer.from(jwk[field]!, 'base64url');
    bytes[bytes.length - 1]! ^= 2;
    jwk[field] = bytes.toString('base64url');
    expect(codeOf(() => privateKeyFromJwk(jwk))).toBe('ERR_KEY');
  });

  it('refuses RSA primes of 1 and of the modulus, which would divide by zero', () => {
    const key = privateKeyFromPem(formatText('rsa-pkcs8.pem'));
    const jwk = privateKeyToJwk(key, publicKeyOf(key));
    expect(codeOf(() => privateKeyFromJwk({ ...jwk, p: 'AQ', q: jwk.n! }))).toBe('ERR_KEY');
    expect(codeOf(() => privateKeyFromJwk({ ...jwk, p: jwk.n!, q: 'AQ' }))).toBe('ERR_KEY');
  });

  it('refuses attributes that are none, and a public half in version 1', () => {
    const seed = derOctetString(derOctetString(new Uint8Array(32).fill(7)));
    const algorithm = derSequence(derOid('1.3.101.112'));
    const half = derBitString(new Uint8Array(32));
    const implicit = Uint8Array.of(0x81, ...half.subarray(1));
    expect(privateKeyFromDer(derSequence(derInteger(0), algorithm, seed)).kind).toBe('ed25519');
    expect(readPrivateKey(derSequence(derInteger(1), algorithm, seed, implicit)).publicBytes).toEqual(
      new Uint8Array(32),
    );
    expect(codeOf(() => privateKeyFromDer(derSequence(derInteger(0), algorithm, seed, implicit)))).toBe('ERR_KEY');
    expect(codeOf(() => privateKeyFromDer(derSequence(derInteger(0), algorithm, seed, derInteger(1))))).toBe('ERR_KEY');
    expect(codeOf(() => privateKeyFromDer(derSequence(derInteger(2), algorithm, seed)))).toBe('ERR_KEY');
  });
});

describe('JWK', () => {
  it.each(KEY_KINDS.filter((kind) => kind !== 'rsa-pss'))('%s: the same as Node makes, both ways', (kind) => {
    const pem = basicPki().client[kind].key;
    const jwk = createPrivateKey(pem).export({ format: 'jwk' }) as JsonWebKeyLike;
    const key = privateKeyFromPem(pem);
    expect(encodePrivateKey(privateKeyFromJwk(jwk))).toEqual(encodePrivateKey(key));
    expect(privateKeyToJwk(key, publicKeyOf(key))).toEqual(jwk);
  });

  it.each([
    ['a public key', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, 'd:'],
    ['an unknown kind', { kty: 'oct', k: 'AA', d: 'AA' }, 'kty:'],
    ['an unknown curve', { kty: 'EC', crv: 'secp256k1', d: 'AA' }, 'crv:'],
    ['X25519', { kty: 'OKP', crv: 'X25519', d: 'AA', x: 'AA' }, 'crv:'],
    ['a short number', { kty: 'EC', crv: 'P-256', d: 'AA', x: 'AA', y: 'AA' }, 'd: 1 bytes'],
    ['base64 with padding', { kty: 'EC', crv: 'P-256', d: 'AA==', x: 'AA', y: 'AA' }, 'd: not base64url'],
    ['a number for a string', { kty: 'OKP', crv: 'Ed25519', d: 5, x: 'AA' }, 'd: it is missing'],
  ])('refuses %s, naming the field', (_, jwk, why) => {
    expect(codeOf(() => privateKeyFromJwk(jwk as JsonWebKeyLike))).toBe('ERR_KEY');
    expect(messageOf(() => privateKeyFromJwk(jwk as JsonWebKeyLike))).toContain(why);
  });
});
