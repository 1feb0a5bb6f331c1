import { contextConstructed, contextTag } from '../../../bytes/der.ts';
import {
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
} from '../../../bytes/der-writer.ts';
import { hashByName } from '../../../crypto/noble/hash.ts';
import { guardAsync } from './guard.ts';
import { bmpPassword, type EncryptionOptions, encryptWithPassword, pkcs12Derive } from './password-based.ts';
import {
  OID_CERTIFICATE_BAG,
  OID_DATA,
  OID_ENCRYPTED_DATA,
  OID_SHROUDED_KEY_BAG,
  OID_X509_CERTIFICATE,
} from './pkcs12.ts';
import { encryptPkcs8 } from './pkcs8.ts';

export interface Pkcs12Source {
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[];
  /** DER PKCS#8. */
  readonly privateKey: Uint8Array;
  /** What other programs show to people. */
  readonly friendlyName?: string;
}

/** RFC 8018 section 4.2 asks for as many as people will wait for; the MAC's cannot be left to the runtime. */
const ITERATIONS = 100_000;

/**
 * Writes a PKCS#12 file as current tools do: PBES2 with AES-256-CBC, a MAC with SHA-256. `iterations` is 100,000 by
 * default here.
 * @throws TlsError ERR_KEY when the key is not PKCS#8, ERR_LIMIT for an impossible number of iterations.
 */
export async function writePkcs12(source: Pkcs12Source, options: EncryptionOptions): Promise<Uint8Array> {
  return await guardAsync('the PKCS#12 file', () =>
    write(source, { ...options, iterations: options.iterations ?? ITERATIONS }),
  );
}

async function write(
  { certificates, privateKey, friendlyName }: Pkcs12Source,
  options: EncryptionOptions & { readonly iterations: number },
): Promise<Uint8Array> {
  const leaf = certificates[0];
  const keyId = leaf === undefined ? undefined : hashByName('sha1').digest(leaf);
  // localKeyId tells other programs which certificate the key belongs to.
  const attributes = [
    ...(friendlyName === undefined ? [] : [attribute('1.2.840.113549.1.9.20', derElement(0x1e, utf16(friendlyName)))]),
    ...(keyId === undefined ? [] : [attribute('1.2.840.113549.1.9.21', derOctetString(keyId))]),
  ];
  const certificateBags = certificates.map((der, index) =>
    bag(
      OID_CERTIFICATE_BAG,
      derSequence(derOid(OID_X509_CERTIFICATE), derElement(contextConstructed(0), derOctetString(der))),
      index === 0 ? attributes : [],
    ),
  );
  const { algorithm, ciphertext } = await encryptWithPassword(derSequence(...certificateBags), options);
  const encrypted = derSequence(
    derInteger(0),
    derSequence(derOid(OID_DATA), algorithm, derElement(contextTag(0), ciphertext)),
  );
  const keyBag = bag(OID_SHROUDED_KEY_BAG, await encryptPkcs8(privateKey, options), attributes);
  const content = derSequence(
    contentInfo(OID_ENCRYPTED_DATA, encrypted),
    contentInfo(OID_DATA, derOctetString(derSequence(keyBag))),
  );
  return derSequence(derInteger(3), contentInfo(OID_DATA, derOctetString(content)), macData(content, options));
}

function macData(content: Uint8Array, options: EncryptionOptions & { readonly iterations: number }): Uint8Array {
  const salt = new Uint8Array(16);
  options.random.fill(salt);
  const { iterations } = options;
  const hash = hashByName('sha256');
  const key = pkcs12Derive(hash, 3, bmpPassword(options.password), salt, iterations, hash.size);
  const algorithm = derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull());
  return derSequence(
    derSequence(algorithm, derOctetString(hash.hmac(key, content))),
    derOctetString(salt),
    derInteger(iterations),
  );
}

function contentInfo(type: string, content: Uint8Array): Uint8Array {
  return derSequence(derOid(type), derElement(contextConstructed(0), content));
}

function bag(type: string, value: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  const set = attributes.length === 0 ? [] : [derSet(...attributes)];
  return derSequence(derOid(type), derElement(contextConstructed(0), value), ...set);
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(type), derSet(value));
}

function utf16(text: string): Uint8Array {
  return Uint8Array.from(
    { length: 2 * text.length },
    (_, i) => (text.charCodeAt(i >> 1) >> (i % 2 === 0 ? 8 : 0)) & 255,
  );
}
