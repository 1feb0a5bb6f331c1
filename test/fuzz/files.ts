import type { Signer } from '../../src/crypto/types.ts';
import { readBundle } from '../../src/pki/formats/bundle.ts';
import { readPkcs7 } from '../../src/pki/formats/containers/pkcs7.ts';
import { readPkcs12 } from '../../src/pki/formats/containers/pkcs12.ts';
import { decryptPkcs8 } from '../../src/pki/formats/containers/pkcs8.ts';
import {
  basicConstraints,
  describeBundle,
  encodePrivateKey,
  extendedKeyUsage,
  type JsonWebKeyLike,
  keyUsage,
  matchDistinguishedNames,
  mustStaple,
  privateKeyFromDer,
  privateKeyFromJwk,
  privateKeyToJwk,
  readAnchors,
  readCertificates,
  CrlStore,
  readNameConstraints,
  readPem,
  readSctList,
  subjectAltNames,
  tlsFeatures,
} from '../../src/pki/index.ts';
import { readOcspRequest, readRequest } from '../../src/pki/issue/index.ts';
import { type Generator, generator } from '../engine/mutate.ts';
import { noble } from '../support/credentials.ts';
import { FORMATS_PASSWORD, formatFile, formatText } from '../support/formats.ts';
import { answered } from './answered.ts';
import { changedDer } from './der.ts';

/** Files of keys and certificates that were changed, shown to everything that reads such: an answer, or a TlsError. */

const options = { password: FORMATS_PASSWORD, allowLegacy: true, maxIterations: 10_000 };

/** What takes DER. Each of them gets the files of its kind, and those of the others. */
const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => readPkcs12(bytes, options),
  readPkcs7,
  readRequest,
  readOcspRequest,
  (bytes) => new CrlStore(bytes),
  (bytes) => readBundle(bytes, options),
  (bytes) => decryptPkcs8(bytes, options),
  (bytes) => encodePrivateKey(privateKeyFromDer(bytes)),
  readNameConstraints,
  readSctList,
  (bytes) => matchDistinguishedNames(bytes, bytes.subarray(0, bytes.length >> 1), 'subtree'),
  (bytes) => {
    const [one] = readCertificates([bytes]);
    const all = [basicConstraints, keyUsage, extendedKeyUsage, subjectAltNames, mustStaple, tlsFeatures];
    return all.map((read) => read(one!));
  },
  (bytes) => readAnchors([bytes]),
];

const DER_FILES = [
  'modern.p12',
  'aes128-sha512.p12',
  'legacy-3des.p12',
  'legacy-rc2-40.p12',
  'no-mac.p12',
  'certificates-plain.p12',
  'chain.p7b',
  'signed-indefinite.p7m',
  'leaf.der',
  'ec-pkcs8.der',
  'ec-sec1.der',
  'rsa-pkcs1.der',
  'pkcs8-aes128-sha512.der',
];
const PEM_FILES = [
  'pkcs8-scrypt.pem',
  'pkcs8-pkcs12-rc2-40.pem',
  'pkcs8-3des.pem',
  'ed448.pem',
  'ed25519.pem',
  'rsa-pss.pem',
  'everything-crlf.pem',
  'ec-sec1-proc-type-aes256.pem',
  'rsa-pkcs1-proc-type-3des.pem',
  'chain.p7b.pem',
  'leaf.pem',
];

/** In milliseconds; a password is made into a key in ten thousand rounds, perhaps several times. */
const MAX_TIME = 5_000;

/** @throws Error, with the seed, for anything but an answer or a TlsError. */
export function readChanged(seed: number): Promise<string> {
  return answered('file', seed, MAX_TIME, () => attempt(generator(seed)));
}

async function attempt(random: Generator): Promise<string> {
  switch (random.next(4)) {
    case 0:
      return jwk(random);
    case 1: {
      const text = changedBytes(formatFile(pick(PEM_FILES, random)), random);
      await describeBundle([text, formatFile('leaf.der')], noble, options);
      await readBundle(text, options);
      return 'text';
    }
    default: {
      const der = sourceOf(random);
      const changed = random.next(4) === 0 ? changedBytes(der, random) : changedDer(der, random);
      if (random.next(3) === 0) await describeBundle(changed, noble, options);
      else await pick(READERS, random)(changed);
      return 'DER';
    }
  }
}

/** A file, or what is in a PEM block of one. */
function sourceOf(random: Generator): Uint8Array {
  if (random.next(2) === 0) return formatFile(pick(DER_FILES, random));
  return pick(readPem(formatText(pick(PEM_FILES, random))), random).der;
}

function changedBytes(bytes: Uint8Array, random: Generator): Uint8Array {
  const out = bytes.slice(0, random.next(4) === 0 ? random.next(bytes.length) : bytes.length);
  for (let count = random.next(5); count > 0 && out.length > 0; count--)
    out[random.next(out.length)] = random.next(256);
  return out;
}

/** Fields of one key among those of another, cut, longer, of another alphabet, or of no text at all. */
function jwk(random: Generator): string {
  jwks ??= makeJwks();
  const keys = jwks;
  const one = { ...pick(keys, random) };
  for (let count = 1 + random.next(3); count > 0; count--) {
    const field = pick(['kty', 'crv', 'x', 'y', 'd', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'alg'], random);
    const before = typeof one[field] === 'string' ? one[field] : 'AQAB';
    one[field] = pick(
      [
        undefined,
        '',
        before.slice(1),
        `${before}AAAA`,
        before.replace(/[A-M]/, '='),
        'AQ',
        5,
        null,
        pick(keys, random)[field],
      ],
      random,
    );
  }
  const key = privateKeyFromJwk(one as JsonWebKeyLike);
  noble.signer(key);
  return 'JWK';
}

let jwks: readonly Readonly<Record<string, unknown>>[] | undefined;

function makeJwks(): Readonly<Record<string, unknown>>[] {
  const ders = [
    formatFile('ec-pkcs8.der'),
    formatFile('rsa-pkcs1.der'),
    ...['ed25519.pem', 'ed448.pem'].map((file) => readPem(formatText(file))[0]!.der),
  ];
  return ders.map((der) => {
    const key = privateKeyFromDer(der);
    return { ...privateKeyToJwk(key, (noble.signer(key) as Signer).publicKey) };
  });
}

function pick<T>(list: readonly T[], random: Generator): T {
  return list[random.next(list.length)]!;
}
