import { ownOf } from '../../../bytes/shape.ts';
import { concatAll, equalBytes, equalConstantTime } from '../../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  type DerCursor,
  DerError,
  readDer,
  TAG_BMP_STRING,
  TAG_INTEGER,
  TAG_NULL,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
  TAG_SET,
} from '../../../bytes/der.ts';
import { hashByName } from '../../../crypto/noble/hash.ts';
import type { HashName } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { berToDer } from './ber.ts';
import { guardAsync, unusable } from './guard.ts';
import {
  bmpPassword,
  Effort,
  type PasswordOptions,
  pkcs12Derive,
  readPasswordScheme,
  readPbkdf2,
  readPrf,
} from './password-based.ts';
import { openPkcs8 } from './pkcs8.ts';

export const OID_DATA = '1.2.840.113549.1.7.1';
export const OID_ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
export const OID_PBMAC1 = '1.2.840.113549.1.5.14';
const OID_PBKDF2 = '1.2.840.113549.1.5.12';
export const OID_X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
export const OID_FRIENDLY_NAME = '1.2.840.113549.1.9.20';
export const OID_LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

const BAG = '1.2.840.113549.1.12.10.1.';
export const OID_KEY_BAG: string = `${BAG}1`;
export const OID_SHROUDED_KEY_BAG: string = `${BAG}2`;
export const OID_CERTIFICATE_BAG: string = `${BAG}3`;
const OID_SAFE_CONTENTS_BAG = `${BAG}6`;

const MAC_HASHES: { readonly [oid: string]: HashName } = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const MAX_BAGS = 1_000;

/** How a PKCS#12 file is read. */
export interface Pkcs12Options extends Partial<Omit<PasswordOptions, 'password'>> {
  /** Default: the file has none, which may be the empty one. */
  readonly password?: string | undefined;
  /** Refuses a file that has no MAC: nothing shows whether it was changed. Default: false, see `hasMac`. */
  readonly requireMac?: boolean | undefined;
}

/** What a PKCS#12 file holds. */
export interface Pkcs12Contents {
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  /** DER PKCS#8, decrypted. */
  readonly privateKeys: readonly Uint8Array[];
  /** The private keys with what the file says of them; several when it holds several. */
  readonly entries: readonly Pkcs12Entry[];
  /** The MAC was there, and right. False: there is none. */
  readonly hasMac: boolean;
}

/** A private key and what the file says belongs to it. */
export interface Pkcs12Entry {
  /** The name that programs show: Java's alias. */
  readonly friendlyName: string | undefined;
  /** DER PKCS#8, decrypted. */
  readonly privateKey: Uint8Array;
  /** DER: the certificate with the same localKeyId; undefined: the file does not say. */
  readonly certificate: Uint8Array | undefined;
}

/**
 * Reads a PKCS#12 file (`.p12`, `.pfx`; RFC 7292, RFC 9579): PBES2 with AES, MAC with SHA-2 or PBMAC1; with `allowLegacy`
 * also Triple DES, RC2 and SHA-1. BER is tolerated around what is encrypted. The MAC is checked before anything is
 * believed, and what everything will cost is counted before anything is worked.
 * @throws TlsError ERR_PASSWORD when the password is missing or wrong or the file was changed, ERR_KEY when it cannot be
 * read, ERR_LIMIT when it asks for more work than it may.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { readPkcs12, writePkcs12 } from 'warifu/pki/formats';
 * import { issueCertificate } from 'warifu/pki/issue';
 * const { chain, keyPair } = await issueCertificate({ issuer: 'self', names: 'www.example.com' });
 * const file = await writePkcs12(
 *   { certificates: chain, privateKey: keyPair?.der ?? new Uint8Array(0), friendlyName: 'me' },
 *   { password: 'correct horse', random: systemRandom },
 * );
 * const { entries, hasMac } = await readPkcs12(file, { password: 'correct horse' });
 * entries[0]?.friendlyName; // 'me'
 * hasMac; // true
 * ```
 */
export async function readPkcs12(bytes: Uint8Array, options: Pkcs12Options = {}): Promise<Pkcs12Contents> {
  options = ownOf(options);
  return await guardAsync('the PKCS#12 file', async () => {
    const { password } = options;
    const effort = new Effort({ ...options, password: password ?? '' });
    const { content, check } = readDer(berToDer(bytes), TAG_SEQUENCE, (pfx) => readPfx(pfx, effort));
    if (check === undefined && options.requireMac === true)
      throw unusable('the PKCS#12 file has no MAC, so nothing shows whether it was changed (requireMac)');
    const isMissing = password === undefined;
    const safes = readSafes(content, effort);
    // Hundreds of thousands of rounds of the MAC take JavaScript seconds; what is missing shows sooner.
    const encrypted = isMissing && check !== undefined ? safes.find((safe) => typeof safe === 'function') : undefined;
    if (encrypted !== undefined && (await encrypted()) === undefined) throw wrongPassword(true);
    if (check !== undefined && !(await check(content))) throw wrongPassword(isMissing);
    return { ...(await openSafes(safes, effort, isMissing)), hasMac: check !== undefined };
  });
}

/** Is the MAC right? */
type MacCheck = (content: Uint8Array) => Promise<boolean>;

function readPfx(
  pfx: DerCursor,
  effort: Effort,
): { readonly content: Uint8Array; readonly check: MacCheck | undefined } {
  const start = pfx.offset;
  if (pfx.small() !== 3) throw new DerError('a version of PKCS#12 that is not 3', start);
  const content = pfx.sequence((info) => {
    if (info.oid() !== OID_DATA) throw unusable('the PKCS#12 file is signed instead of authenticated with a password');
    return info.explicit(0, (data) => data.octetString());
  });
  if (content === undefined) throw new DerError('a PKCS#12 file without content', start);
  return { content, check: pfx.done ? undefined : pfx.sequence((mac) => readMac(mac, effort)) };
}

/** MacData (RFC 7292 section 4), or PBMAC1 in its place (RFC 9579). */
function readMac(mac: DerCursor, effort: Effort): MacCheck {
  const { oid, pbmac1, digest } = mac.sequence((info) => {
    const algorithm = info.sequence((fields) => {
      const id = fields.oid();
      if (id === OID_PBMAC1) return { oid: id, pbmac1: readPbmac1(fields, effort) };
      fields.optional(TAG_NULL, (field) => field.null());
      return { oid: id, pbmac1: undefined };
    });
    return { ...algorithm, digest: info.octetString() };
  });
  const salt = mac.octetString();
  const at = mac.offset;
  // The default of 1 is what only very old tools write.
  const iterations = mac.optional(TAG_INTEGER, (field) => field.small()) ?? 1;
  if (iterations < 1) throw new DerError('a zero where a number of rounds belongs', at);
  if (pbmac1 !== undefined) return async (content) => equalConstantTime(await pbmac1(content), digest);
  const name = MAC_HASHES[oid];
  if (name === undefined) throw unusable(`the MAC is made with ${oid}, which is not known here`);
  if (name === 'sha1') effort.legacy('a MAC with SHA-1');
  const hash = hashByName(name);
  // Without a password some tools take none at all, and some the two zero bytes at the end of an empty one.
  const { password } = effort.options;
  const passwords = password === '' ? [bmpPassword(''), new Uint8Array(0)] : [bmpPassword(password)];
  effort.spend(iterations, passwords.length);
  return async (content) =>
    passwords.some((bytes) =>
      equalConstantTime(hash.hmac(pkcs12Derive(hash, 3, bytes, salt, iterations, hash.size), content), digest),
    );
}

function readPbmac1(fields: DerCursor, effort: Effort): (content: Uint8Array) => Promise<Uint8Array> {
  return fields.sequence((parameters) => {
    const derive = parameters.sequence((derivation) => {
      const oid = derivation.oid();
      if (oid !== OID_PBKDF2) throw unusable(`the key derivation ${oid} is not known here`);
      return readPbkdf2(derivation, effort);
    });
    const hash = hashByName(readPrf(parameters));
    const key = derive('as written');
    return async (content) => hash.hmac(await key(), content);
  });
}

/** A part of the file: bags that lie open, or something to be decrypted first. */
type Safe = readonly Bag[] | (() => Promise<Uint8Array | undefined>);

/** AuthenticatedSafe: each part is plain or encrypted with the password. */
function readSafes(content: Uint8Array, effort: Effort): readonly Safe[] {
  const count = { bags: 0 };
  return readDer(berToDer(content), TAG_SEQUENCE, (list) => {
    const parts: Safe[] = [];
    while (!list.done) parts.push(list.sequence((info) => readSafe(info, effort, count)));
    return parts;
  });
}

async function openSafes(
  safes: readonly Safe[],
  effort: Effort,
  isMissing: boolean,
): Promise<Omit<Pkcs12Contents, 'hasMac'>> {
  const count = { bags: 0 };
  const bags: Bag[] = [];
  for (const safe of safes) {
    if (typeof safe !== 'function') {
      bags.push(...safe);
      continue;
    }
    const plain = await safe();
    if (plain === undefined) throw wrongPassword(isMissing);
    bags.push(...contentsOf(plain, isMissing, () => readBags(plain, effort, count, 0)));
  }
  const certificates = bags.filter((bag) => bag.kind === 'certificate');
  const entries: Pkcs12Entry[] = [];
  for (const bag of bags) {
    if (bag.kind !== 'key') continue;
    const { id } = bag;
    const own = id && certificates.find((other) => other.id !== undefined && equalBytes(other.id, id));
    const privateKey = await bag.open().catch((error: unknown) => {
      throw isMissing && error instanceof TlsError && error.code === 'ERR_PASSWORD' ? wrongPassword(true) : error;
    });
    entries.push({ friendlyName: bag.friendlyName, privateKey, certificate: own?.der });
  }
  return {
    certificates: certificates.map(({ der }) => der),
    privateKeys: entries.map(({ privateKey }) => privateKey),
    entries,
  };
}

/** A wrong password gives right padding once in 256 times, and then noise. */
function contentsOf<T>(plain: Uint8Array, isMissing: boolean, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError && plain[0] !== TAG_SEQUENCE) throw wrongPassword(isMissing);
    throw error;
  }
}

function readSafe(info: DerCursor, effort: Effort, count: { bags: number }): Safe {
  const start = info.offset;
  const type = info.oid();
  if (type !== OID_DATA && type !== OID_ENCRYPTED_DATA) {
    throw unusable(`a part of the PKCS#12 file is of the type ${type}, which is not known here`);
  }
  const safe = info.explicit(0, (data): Safe => {
    if (type === OID_ENCRYPTED_DATA) return readEncryptedData(data, effort);
    return readBags(data.octetString(), effort, count, 0);
  });
  if (safe === undefined) throw new DerError('a part without content', start);
  return safe;
}

/** EncryptedData (RFC 5652 section 8). */
function readEncryptedData(data: DerCursor, effort: Effort): () => Promise<Uint8Array | undefined> {
  return data.sequence((fields) => {
    fields.small();
    const { open, ciphertext } = fields.sequence((info) => {
      info.oid();
      return { open: readPasswordScheme(info, effort), ciphertext: implicitOctets(info) };
    });
    while (!fields.done) fields.element();
    return () => open(ciphertext);
  });
}

/** [0] IMPLICIT OCTET STRING, which BER may have cut into parts. */
function implicitOctets(info: DerCursor): Uint8Array {
  if (info.peek() === contextTag(0)) return info.octetString(contextTag(0));
  return info.constructed(contextConstructed(0), (parts) => {
    const list: Uint8Array[] = [];
    while (!parts.done) list.push(parts.octetString());
    return concatAll(list);
  });
}

/** What a bag holds, with what is said of it. */
type Bag = { readonly id: Uint8Array | undefined; readonly friendlyName: string | undefined } & (
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'key'; readonly open: () => Promise<Uint8Array> }
);

/** SafeContents (RFC 7292 section 4.2). CRLs and secrets are ignored. */
function readBags(contents: Uint8Array, effort: Effort, count: { bags: number }, depth: number): readonly Bag[] {
  if (depth > 4) throw new DerError('bags nested too deeply', 0);
  return readDer(berToDer(contents), TAG_SEQUENCE, (cursor) => {
    const found: Bag[] = [];
    while (!cursor.done) {
      if (++count.bags > MAX_BAGS) throw new DerError(`more than ${MAX_BAGS} bags`, cursor.offset);
      found.push(...cursor.sequence((bag) => readBag(bag, effort, count, depth)));
    }
    return found;
  });
}

function readBag(bag: DerCursor, effort: Effort, count: { bags: number }, depth: number): readonly Bag[] {
  const start = bag.offset;
  const type = bag.oid();
  const value = bag.explicit(0, (content) => {
    const { start: from, end } = content.element();
    return content.bytes.subarray(from, end);
  });
  if (value === undefined) throw new DerError('a bag without content', start);
  const attributes = bag.optional(TAG_SET, readAttributes) ?? { id: undefined, friendlyName: undefined };
  switch (type) {
    case OID_KEY_BAG:
      return [{ kind: 'key', open: () => Promise.resolve(value), ...attributes }];
    case OID_SHROUDED_KEY_BAG:
      return [{ kind: 'key', open: openPkcs8(value, effort), ...attributes }];
    case OID_SAFE_CONTENTS_BAG:
      return readBags(value, effort, count, depth + 1);
    case OID_CERTIFICATE_BAG: {
      const der = readCertificateBag(value);
      return der === undefined ? [] : [{ kind: 'certificate', der, ...attributes }];
    }
    default:
      return [];
  }
}

/** friendlyName and localKeyId (RFC 7292 section 4.2); whatever else is ignored. */
function readAttributes(cursor: DerCursor): Pick<Bag, 'id' | 'friendlyName'> {
  let id: Uint8Array | undefined;
  let friendlyName: string | undefined;
  cursor.constructed(TAG_SET, (set) => {
    while (!set.done)
      set.sequence((attribute) => {
        const oid = attribute.oid();
        attribute.constructed(TAG_SET, (values) => {
          if (oid === OID_LOCAL_KEY_ID && values.peek() === TAG_OCTET_STRING) id = values.octetString();
          if (oid === OID_FRIENDLY_NAME && values.peek() === TAG_BMP_STRING)
            friendlyName = fromUtf16(values.content(TAG_BMP_STRING));
          while (!values.done) values.element();
        });
      });
  });
  return { id, friendlyName };
}

function fromUtf16(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode((bytes[i]! << 8) | bytes[i + 1]!);
  return text;
}

function readCertificateBag(value: Uint8Array): Uint8Array | undefined {
  return readDer(value, TAG_SEQUENCE, (fields) => {
    const type = fields.oid();
    const der = fields.explicit(0, (content) => {
      if (content.peek() === TAG_OCTET_STRING) return content.octetString();
      content.element();
      return undefined;
    });
    return type === OID_X509_CERTIFICATE ? der : undefined;
  });
}

function wrongPassword(isMissing: boolean): TlsError {
  return new TlsError('ERR_PASSWORD', {
    detail: isMissing
      ? 'the PKCS#12 file is protected, and no password was given'
      : 'the MAC of the PKCS#12 file does not fit: another password, or the file was changed',
  });
}
