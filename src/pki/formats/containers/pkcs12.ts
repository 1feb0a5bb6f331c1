import { concat, equalConstantTime } from '../../../bytes/bytes.ts';
import {
  contextConstructed,
  contextTag,
  type DerCursor,
  DerError,
  readDer,
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
import { decryptPkcs8Within } from './pkcs8.ts';

export const OID_DATA = '1.2.840.113549.1.7.1';
export const OID_ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const OID_PBMAC1 = '1.2.840.113549.1.5.14';
const OID_PBKDF2 = '1.2.840.113549.1.5.12';
export const OID_X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';

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

export interface Pkcs12Options extends PasswordOptions {
  /** Reads a file that has no MAC: nothing shows whether it was changed. Default: false. */
  readonly allowNoMac?: boolean;
}

/** What a PKCS#12 file holds. */
export interface Pkcs12Contents {
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  /** DER PKCS#8, decrypted. */
  readonly privateKeys: readonly Uint8Array[];
}

/**
 * Reads a PKCS#12 file (`.p12`, `.pfx`; RFC 7292, RFC 9579): PBES2 with AES, MAC with SHA-2 or PBMAC1; with `allowLegacy`
 * also Triple DES, RC2 and SHA-1. BER is tolerated around what is encrypted. The MAC is checked before anything is believed.
 * @throws TlsError ERR_PASSWORD when the password is wrong or the file was changed, ERR_KEY when it cannot be read,
 * ERR_LIMIT when it asks for more work than it may.
 */
export async function readPkcs12(bytes: Uint8Array, options: Pkcs12Options): Promise<Pkcs12Contents> {
  return await guardAsync('the PKCS#12 file', async () => {
    const effort = new Effort(options);
    const { content, check } = readDer(berToDer(bytes), TAG_SEQUENCE, (pfx) => readPfx(pfx, effort));
    if (check === undefined && options.allowNoMac !== true) {
      throw unusable(
        'the PKCS#12 file has no MAC, so nothing shows whether it was changed; allowNoMac reads it nevertheless',
      );
    }
    if (check !== undefined && !(await check(content))) throw wrongPassword();
    return await openSafes(content, effort);
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
  return async (content) =>
    passwords.some((bytes) =>
      equalConstantTime(hash.hmac(pkcs12Derive(hash, 3, effort, salt, iterations, hash.size, bytes), content), digest),
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
    return async (content) => hash.hmac(await derive(hash.size), content);
  });
}

/** AuthenticatedSafe: each part is plain or encrypted with the password. */
async function openSafes(content: Uint8Array, effort: Effort): Promise<Pkcs12Contents> {
  const bags: Bags = { certificates: [], privateKeys: [], count: 0 };
  const safes = readDer(berToDer(content), TAG_SEQUENCE, (list) => {
    const parts: (() => Promise<Uint8Array | undefined>)[] = [];
    while (!list.done) parts.push(list.sequence((info) => readSafe(info, effort)));
    return parts;
  });
  for (const open of safes) {
    const plain = await open();
    if (plain === undefined) throw wrongPassword();
    await openBags(plain, bags, effort, 0);
  }
  return bags;
}

function readSafe(info: DerCursor, effort: Effort): () => Promise<Uint8Array | undefined> {
  const start = info.offset;
  const type = info.oid();
  if (type !== OID_DATA && type !== OID_ENCRYPTED_DATA) {
    throw unusable(`a part of the PKCS#12 file is of the type ${type}, which is not known here`);
  }
  const open = info.explicit(0, (data) => {
    if (type === OID_ENCRYPTED_DATA) return readEncryptedData(data, effort);
    const plain = data.octetString();
    return async () => plain;
  });
  if (open === undefined) throw new DerError('a part without content', start);
  return open;
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
    return concat(...list);
  });
}

interface Bags {
  readonly certificates: Uint8Array[];
  readonly privateKeys: Uint8Array[];
  count: number;
}

/** SafeContents (RFC 7292 section 4.2). CRLs, secrets and attributes are passed over. */
async function openBags(contents: Uint8Array, bags: Bags, effort: Effort, depth: number): Promise<void> {
  if (depth > 4) throw new DerError('bags nested too deeply', 0);
  const list = readDer(berToDer(contents), TAG_SEQUENCE, (cursor) => {
    const found: Bag[] = [];
    while (!cursor.done) {
      if (++bags.count > MAX_BAGS) throw new DerError(`more than ${MAX_BAGS} bags`, cursor.offset);
      found.push(cursor.sequence(readBag));
    }
    return found;
  });
  for (const { type, value } of list) {
    if (type === OID_KEY_BAG) bags.privateKeys.push(value);
    else if (type === OID_SHROUDED_KEY_BAG) bags.privateKeys.push(await decryptPkcs8Within(value, effort));
    else if (type === OID_SAFE_CONTENTS_BAG) await openBags(value, bags, effort, depth + 1);
    else if (type === OID_CERTIFICATE_BAG) readCertificateBag(value, bags);
  }
}

interface Bag {
  readonly type: string;
  readonly value: Uint8Array;
}

function readBag(bag: DerCursor): Bag {
  const start = bag.offset;
  const type = bag.oid();
  const value = bag.explicit(0, (content) => {
    const { start: from, end } = content.element();
    return content.bytes.subarray(from, end);
  });
  bag.optional(TAG_SET, (cursor) => cursor.raw(TAG_SET));
  if (value === undefined) throw new DerError('a bag without content', start);
  return { type, value };
}

function readCertificateBag(value: Uint8Array, bags: Bags): void {
  readDer(value, TAG_SEQUENCE, (fields) => {
    const type = fields.oid();
    const der = fields.explicit(0, (content) => {
      if (content.peek() === TAG_OCTET_STRING) return content.octetString();
      content.element();
      return undefined;
    });
    if (type === OID_X509_CERTIFICATE && der !== undefined) bags.certificates.push(der);
  });
}

function wrongPassword(): TlsError {
  return new TlsError('ERR_PASSWORD', {
    detail: 'the MAC of the PKCS#12 file does not fit: another password, or the file was changed',
  });
}
