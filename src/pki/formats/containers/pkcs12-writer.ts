import { ownOf } from '../../../bytes/shape.ts';
import { contextConstructed, contextTag } from '../../../bytes/der.ts';
import {
  derElement,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSequenceOf,
  derSet,
} from '../../../bytes/der-writer.ts';
import { hashByName } from '../../../crypto/noble/hash.ts';
import { TlsError } from '../../../errors.ts';
import { guardAsync } from './guard.ts';
import { fastPbkdf2 } from './fast-pbkdf2.ts';
import { bmpPassword, type EncryptionOptions, encryptWithPassword, pkcs12Derive } from './password-based.ts';
import {
  OID_CERTIFICATE_BAG,
  OID_DATA,
  OID_ENCRYPTED_DATA,
  OID_FRIENDLY_NAME,
  OID_LOCAL_KEY_ID,
  OID_PBMAC1,
  OID_SHROUDED_KEY_BAG,
  OID_X509_CERTIFICATE,
} from './pkcs12.ts';
import { encryptPkcs8 } from './pkcs8.ts';

/** What goes into a PKCS#12 file. */
export interface Pkcs12Source {
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[];
  /** DER PKCS#8. */
  readonly privateKey: Uint8Array;
  /** What other programs show to people. */
  readonly friendlyName?: string;
}

/** How a PKCS#12 file is written. */
export interface Pkcs12WriteOptions extends EncryptionOptions {
  /**
   * What shows that nothing was changed: `pkcs12`, which every tool reads, or `pbmac1` (RFC 9579), whose key the runtime
   * can derive: OpenSSL 3.4, Java 24, NSS 3.103 and later. Default: 'pkcs12'.
   */
  readonly mac?: 'pkcs12' | 'pbmac1' | undefined;
}

/** RFC 8018 section 4.2 asks for as many as people will wait for; the MAC's cannot be left to the runtime. */
const ITERATIONS = 100_000;

/**
 * Writes a PKCS#12 file as current tools do: PBES2 with AES-256-CBC, a MAC with SHA-256. `iterations` is 100,000 by
 * default here.
 * @throws TlsError ERR_KEY when the key is not PKCS#8, ERR_LIMIT for an impossible number of iterations, ERR_OPTION for
 * another `mac`.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { writePkcs12 } from 'warifu/pki/formats';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { chain, keyPair } = await issueCertificate({ issuer: 'self', names: 'www.example.com' });
 * const file = await writePkcs12(
 *   { certificates: chain, privateKey: keyPair?.der ?? new Uint8Array(0), friendlyName: 'me' },
 *   { password: 'correct horse', random: systemRandom },
 * );
 * file[0]; // 0x30: a .p12 file
 * ```
 */
export async function writePkcs12(source: Pkcs12Source, options: Pkcs12WriteOptions): Promise<Uint8Array> {
  options = ownOf(options);
  checkMac(options);
  return await guardAsync('the PKCS#12 file', () =>
    write(source, { ...options, iterations: options.iterations ?? ITERATIONS }),
  );
}

/** A root that a trust store is to hold. */
export interface TrustedCertificate {
  /** DER. */
  readonly certificate: Uint8Array;
  /** Java's alias; each has to have its own. */
  readonly friendlyName: string;
}

/**
 * Writes a trust store as Java reads it: a PKCS#12 file of certificates without keys, each marked as trusted for every
 * purpose with the attribute that Java's `keytool -importcert` writes.
 * @throws TlsError ERR_OPTION for two certificates of one name, ERR_LIMIT for an impossible number of iterations.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { writePkcs12TrustStore } from 'warifu/pki/formats';
 * import { createAuthority } from 'warifu/pki/issue';
 * const root = await createAuthority({ subject: 'Example Root' });
 * const file = await writePkcs12TrustStore(
 *   [{ certificate: root.der, friendlyName: 'example root' }],
 *   { password: 'changeit', random: systemRandom },
 * );
 * file[0]; // 0x30: what -Djavax.net.ssl.trustStore wants
 * ```
 */
export async function writePkcs12TrustStore(
  certificates: readonly TrustedCertificate[],
  options: Pkcs12WriteOptions,
): Promise<Uint8Array> {
  checkMac(options);
  const names = certificates.map(({ friendlyName }) => friendlyName.toLowerCase());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TlsError('ERR_OPTION', { detail: `friendlyName: "${twice}" is there twice` });
  const trusted = attribute('2.16.840.1.113894.746875.1.1', derOid('2.5.29.37.0'));
  const bags = certificates.map(({ certificate, friendlyName }) =>
    certificateBag(certificate, [attribute(OID_FRIENDLY_NAME, derElement(0x1e, utf16(friendlyName))), trusted]),
  );
  return await guardAsync('the PKCS#12 file', async () => {
    const complete = { ...options, iterations: options.iterations ?? ITERATIONS };
    return await assemble([await encryptedBags(bags, complete)], complete);
  });
}

function checkMac({ mac }: Pkcs12WriteOptions): void {
  if (mac !== undefined && mac !== 'pkcs12' && mac !== 'pbmac1')
    throw new TlsError('ERR_OPTION', { detail: `mac: 'pkcs12' or 'pbmac1' belongs here, not ${JSON.stringify(mac)}` });
}

async function write({ certificates, privateKey, friendlyName }: Pkcs12Source, options: Complete): Promise<Uint8Array> {
  const leaf = certificates[0];
  const keyId = leaf === undefined ? undefined : hashByName('sha1').digest(leaf);
  // localKeyId tells other programs which certificate the key belongs to.
  const attributes = [
    ...(friendlyName === undefined ? [] : [attribute(OID_FRIENDLY_NAME, derElement(0x1e, utf16(friendlyName)))]),
    ...(keyId === undefined ? [] : [attribute(OID_LOCAL_KEY_ID, derOctetString(keyId))]),
  ];
  const bags = certificates.map((der, index) => certificateBag(der, index === 0 ? attributes : []));
  const keyBag = bag(OID_SHROUDED_KEY_BAG, await encryptPkcs8(privateKey, options), attributes);
  return await assemble(
    [await encryptedBags(bags, options), contentInfo(OID_DATA, derOctetString(derSequence(keyBag)))],
    options,
  );
}

function certificateBag(der: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  const content = derElement(contextConstructed(0), derOctetString(der));
  return bag(OID_CERTIFICATE_BAG, derSequence(derOid(OID_X509_CERTIFICATE), content), attributes);
}

async function encryptedBags(bags: readonly Uint8Array[], options: EncryptionOptions): Promise<Uint8Array> {
  const { algorithm, ciphertext } = await encryptWithPassword(derSequenceOf(bags), options);
  const encrypted = derSequence(
    derInteger(0),
    derSequence(derOid(OID_DATA), algorithm, derElement(contextTag(0), ciphertext)),
  );
  return contentInfo(OID_ENCRYPTED_DATA, encrypted);
}

type Complete = Pkcs12WriteOptions & { readonly iterations: number };

async function assemble(safes: readonly Uint8Array[], options: Complete): Promise<Uint8Array> {
  const content = derSequenceOf(safes);
  const mac = options.mac === 'pbmac1' ? await pbmac1(content, options) : macData(content, options);
  return derSequence(derInteger(3), contentInfo(OID_DATA, derOctetString(content)), mac);
}

function macData(content: Uint8Array, options: Complete): Uint8Array {
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

/** PBMAC1 with PBKDF2 and HMAC-SHA-256 in the place of the MAC (RFC 9579 section 4), whose own salt and rounds mean nothing. */
async function pbmac1(content: Uint8Array, { password, random, iterations }: Complete): Promise<Uint8Array> {
  const salt = new Uint8Array(16);
  random.fill(salt);
  const hash = hashByName('sha256');
  const key = await fastPbkdf2('sha256', new TextEncoder().encode(password), salt, iterations, hash.size);
  const hmac = derSequence(derOid('1.2.840.113549.2.9'), derNull());
  const derivation = derSequence(
    derOid('1.2.840.113549.1.5.12'),
    derSequence(derOctetString(salt), derInteger(iterations), derInteger(hash.size), hmac),
  );
  const algorithm = derSequence(derOid(OID_PBMAC1), derSequence(derivation, hmac));
  return derSequence(
    derSequence(algorithm, derOctetString(hash.hmac(key, content))),
    derOctetString(new TextEncoder().encode('NOT USED')),
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
