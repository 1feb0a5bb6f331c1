import { concat, equalConstantTime, wipe } from '../../../bytes/bytes.ts';
import { readDer, TAG_SEQUENCE } from '../../../bytes/der.ts';
import { Reader } from '../../../bytes/reader.ts';
import { hashByName } from '../../../crypto/noble/hash.ts';
import { TlsError } from '../../../errors.ts';
import { guard, unusable } from './guard.ts';
import type { TrustedCertificate } from './pkcs12-writer.ts';

/** What is in an old key store of Java (JKS). */
export interface JksContents {
  readonly entries: readonly JksEntry[];
  /** The password showed that nothing was changed; false: none was given, and nothing shows it. */
  readonly isVerified: boolean;
}

/** One entry: a certificate that is trusted, or a private key with its chain. */
export interface JksEntry {
  /** Java's alias. */
  readonly name: string;
  /** DER; of a private key leaf first. */
  readonly certificates: readonly Uint8Array[];
  /** DER PKCS#8. */
  readonly privateKey?: Uint8Array;
}

/** How a key store is opened. */
export interface JksOptions {
  /** Of the store and of its keys. Certificates can be read without it, and may then have been changed. */
  readonly password?: string | undefined;
  /** Also private keys, which SHA-1 alone protects. Default: false. */
  readonly allowLegacy?: boolean | undefined;
}

const MAGIC = 0xfeedfeed;
const KEY = 1;
const TRUSTED = 2;
/** What Java puts between the password and the content that is hashed. */
const SALT = 'Mighty Aphrodite';
const OID_KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1';
const SHA1_SIZE = 20;

/** Is it the beginning of an old key store of Java? */
export function isJks(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && [0xfe, 0xed, 0xfe, 0xed].every((byte, index) => bytes[index] === byte);
}

/**
 * Reads a key store of Java in its old form (JKS), which Java wrote until version 8 and still reads.
 * @throws TlsError ERR_KEY when it is none, or has private keys and `allowLegacy` is not set; ERR_PASSWORD when the password
 * is wrong, or missing where there are private keys.
 *
 * @example
 * ```ts
 * import { readJks, writeJksTrustStore } from 'warifu/pki/formats';
 * import { createAuthority } from 'warifu/pki/issue';
 *
 * const root = await createAuthority({ subject: 'My Root' });
 * const trusted = [{ certificate: root.certificate.der, friendlyName: 'my root' }];
 * const file = writeJksTrustStore(trusted, { password: 'changeit' });
 * readJks(file, { password: 'changeit' }).entries[0]?.name; // 'my root'
 * ```
 */
export function readJks(bytes: Uint8Array, { password, allowLegacy = false }: JksOptions = {}): JksContents {
  if (!isJks(bytes)) throw unusable('it is no key store of Java (JKS)');
  const secret = password === undefined ? undefined : utf16(password);
  try {
    const body = bytes.subarray(0, -SHA1_SIZE);
    if (secret !== undefined && !equalConstantTime(seal(secret, body), bytes.subarray(-SHA1_SIZE)))
      throw new TlsError('ERR_PASSWORD', { detail: 'the key store was changed, or its password is another one' });
    const entries = readEntries(body, (protectedKey) => {
      if (secret === undefined)
        throw new TlsError('ERR_PASSWORD', { detail: 'the key store has private keys, and no password was given' });
      if (!allowLegacy)
        throw unusable(
          'the private key of a JKS key store is protected by SHA-1 alone, which is no protection any more; allowLegacy opens it',
        );
      return openKey(protectedKey, secret);
    });
    return { entries, isVerified: secret !== undefined };
  } finally {
    wipe(secret);
  }
}

/**
 * Writes a trust store in Java's old form (JKS), for a Java that reads no PKCS#12. {@link writePkcs12TrustStore} is for all others.
 * @throws TlsError ERR_OPTION for two certificates of one name, or a name of more than 65,535 bytes.
 *
 * @example
 * ```ts
 * import { writeJksTrustStore } from 'warifu/pki/formats';
 * import { createAuthority } from 'warifu/pki/issue';
 *
 * const root = await createAuthority({ subject: 'My Root' });
 * const trusted = [{ certificate: root.certificate.der, friendlyName: 'my root' }];
 * const file = writeJksTrustStore(trusted, { password: 'changeit' });
 * ```
 */
export function writeJksTrustStore(
  certificates: readonly TrustedCertificate[],
  { password, now = Date.now() }: { readonly password: string; readonly now?: number },
): Uint8Array {
  const names = certificates.map(({ friendlyName }) => friendlyName.toLowerCase());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TlsError('ERR_OPTION', { detail: `friendlyName: "${twice}" is there twice` });
  const body = concat(
    uint(MAGIC, 4),
    uint(2, 4),
    uint(certificates.length, 4),
    // Java's aliases are in lower case.
    ...certificates.flatMap(({ certificate, friendlyName }) => [
      uint(TRUSTED, 4),
      text(friendlyName.toLowerCase()),
      uint(now, 8),
      text('X.509'),
      uint(certificate.length, 4),
      certificate,
    ]),
  );
  const secret = utf16(password);
  const whole = concat(body, seal(secret, body));
  wipe(secret);
  return whole;
}

function readEntries(body: Uint8Array, open: (protectedKey: Uint8Array) => Uint8Array): readonly JksEntry[] {
  const reader = new Reader(body, 4, body.length, undefined, 0, 'key store');
  try {
    const version = reader.uint(4);
    if (version !== 1 && version !== 2) throw reader.fail(`version ${version} is not known`);
    const entries = Array.from({ length: Math.min(reader.uint(4), body.length) }, () =>
      readEntry(reader, version, open),
    );
    reader.finish();
    return entries;
  } catch (error) {
    if (!(error instanceof TlsError) || !['ERR_DECODE', 'ERR_TRAILING_BYTES'].includes(error.code)) throw error;
    throw new TlsError('ERR_KEY', { detail: `the key store cannot be read: ${error.message}`, cause: error });
  }
}

function readEntry(reader: Reader, version: 1 | 2, open: (protectedKey: Uint8Array) => Uint8Array): JksEntry {
  const tag = reader.uint(4);
  const name = new TextDecoder().decode(reader.take(reader.uint(2)));
  // When it was made.
  reader.take(8);
  if (tag === TRUSTED) return { name, certificates: [readOne(reader, version)] };
  if (tag !== KEY) throw reader.fail(`an entry of kind ${tag} is not known`);
  const privateKey = open(reader.take(reader.uint(4)));
  const length = Math.min(reader.uint(4), reader.remaining);
  return { name, privateKey, certificates: Array.from({ length }, () => readOne(reader, version)) };
}

function readOne(reader: Reader, version: 1 | 2): Uint8Array {
  if (version === 2) {
    const type = new TextDecoder().decode(reader.take(reader.uint(2)));
    if (type !== 'X.509') throw reader.fail('a certificate that is not X.509');
  }
  return reader.take(reader.uint(4));
}

/** Sun's own: a stream of SHA-1 over the password and what came out last, and a hash of the key at its end. */
function openKey(protectedKey: Uint8Array, secret: Uint8Array): Uint8Array {
  const sealed = guard('the private key of the key store', () =>
    readDer(protectedKey, TAG_SEQUENCE, (fields) => {
      const algorithm = fields.sequence((parts) => {
        const oid = parts.oid();
        while (!parts.done) parts.element();
        return oid;
      });
      if (algorithm !== OID_KEY_PROTECTOR) throw unusable(`its protection (${algorithm}) is not known`);
      return fields.octetString();
    }),
  );
  if (sealed.length <= 2 * SHA1_SIZE) throw unusable('the private key of the key store is too short');
  const check = sealed.subarray(-SHA1_SIZE);
  const plain = sealed.slice(SHA1_SIZE, -SHA1_SIZE);
  const { digest } = hashByName('sha1');
  let last = sealed.subarray(0, SHA1_SIZE);
  for (let at = 0; at < plain.length; at++) {
    if (at % SHA1_SIZE === 0) last = digest(concat(secret, last));
    plain[at]! ^= last[at % SHA1_SIZE]!;
  }
  if (!equalConstantTime(digest(concat(secret, plain)), check)) {
    wipe(plain);
    throw new TlsError('ERR_PASSWORD', { detail: 'the private key of the key store has another password' });
  }
  return plain;
}

function seal(secret: Uint8Array, body: Uint8Array): Uint8Array {
  return hashByName('sha1').digest(concat(secret, new TextEncoder().encode(SALT), body));
}

/** As Java hashes passwords: two bytes a character, big endian. */
function utf16(text: string): Uint8Array {
  return concat(...Array.from({ length: text.length }, (_, index) => uint(text.charCodeAt(index), 2)));
}

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  if (bytes.length > 0xffff) throw new TlsError('ERR_OPTION', { detail: 'friendlyName: it is too long' });
  return concat(uint(bytes.length, 2), bytes);
}

function uint(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  for (let rest = value, at = width - 1; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}
