import { concat } from '../../../bytes/bytes.ts';
import { ownOf } from '../../../bytes/shape.ts';
import { type DerCursor, DerError, TAG_INTEGER, TAG_NULL, TAG_SEQUENCE } from '../../../bytes/der.ts';
import { derInteger, derNull, derOctetString, derOid, derSequence } from '../../../bytes/der-writer.ts';
import { hashByName } from '../../../crypto/noble/hash.ts';
import { aesCbcDecrypt, aesCbcEncrypt, scrypt } from '../../../crypto/noble/password.ts';
import type { Hash, HashName, Random } from '../../../crypto/types.ts';
import { TlsError } from '../../../errors.ts';
import { fastPbkdf2 } from './fast-pbkdf2.ts';
import { unusable } from './guard.ts';
import { rc2CbcDecrypt, tripleDesCbcDecrypt } from './legacy-ciphers.ts';

/** Encryption with a password: PBES2 (RFC 8018 section 6.2), and for old files the schemes of PKCS#12 (RFC 7292 appendix C). */

export interface PasswordOptions {
  /** Taken as UTF-8, and as UTF-16 where PKCS#12 wants it. */
  readonly password: string;
  /** Also Triple DES, RC2 and SHA-1, which an attacker with some means can break. Default: false. */
  readonly allowLegacy?: boolean | undefined;
  /**
   * Most rounds of one key derivation; a file may ask for four times as many in all of its parts. Tools of today write
   * 600,000 for each of three parts. Default: 2,000,000.
   */
  readonly maxIterations?: number | undefined;
}

/** A MAC, certificates and a key, and one more. */
const MAX_DERIVATIONS = 4;

/** What is left of the rounds that a file may cost. */
export class Effort {
  readonly options: PasswordOptions;
  readonly #each: number;
  #left: number;

  constructor(options: PasswordOptions) {
    this.options = ownOf(options);
    this.#each = this.options.maxIterations ?? 2_000_000;
    this.#left = MAX_DERIVATIONS * this.#each;
  }

  /**
   * Counted when the file is read, before any of it is worked. `blocks`: how often the rounds have to be run for one key.
   * @throws TlsError ERR_LIMIT
   */
  spend(iterations: number, blocks: number = 1): void {
    if (iterations > this.#each)
      throw new TlsError('ERR_LIMIT', {
        detail: `maxIterations: a part of the file asks for ${iterations} rounds of key derivation, and ${this.#each} are allowed`,
      });
    if (iterations * blocks > this.#left)
      throw new TlsError('ERR_LIMIT', {
        detail: `maxIterations: the parts of the file ask for more than ${MAX_DERIVATIONS * this.#each} rounds of key derivation in all`,
      });
    this.#left -= iterations * blocks;
  }

  /** @throws TlsError ERR_KEY unless old algorithms were asked for. */
  legacy(what: string): void {
    if (this.options.allowLegacy === true) return;
    throw unusable(
      `${what} is no protection any more; allowLegacy opens the file nevertheless, and it should be encrypted anew`,
    );
  }
}

const OID_PBES2 = '1.2.840.113549.1.5.13';
const OID_PBKDF2 = '1.2.840.113549.1.5.12';
const OID_SCRYPT = '1.3.6.1.4.1.11591.4.11';
const OID_TRIPLE_DES = '1.2.840.113549.3.7';
const OID_RC2 = '1.2.840.113549.3.2';

const PRFS: { readonly [oid: string]: HashName } = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const AES_CBC: { readonly [oid: string]: number } = {
  '2.16.840.1.101.3.4.1.2': 16,
  '2.16.840.1.101.3.4.1.22': 24,
  '2.16.840.1.101.3.4.1.42': 32,
};

/** Schemes of PKCS#12 with SHA-1 (RFC 7292 appendix C). */
const PKCS12_SCHEMES: {
  readonly [oid: string]: { readonly name: string; readonly key: number; readonly cipher: 'des' | 'rc2' };
} = {
  '1.2.840.113549.1.12.1.3': { name: 'SHA-1 with Triple DES', key: 24, cipher: 'des' },
  '1.2.840.113549.1.12.1.4': { name: 'SHA-1 with Triple DES of two keys', key: 16, cipher: 'des' },
  '1.2.840.113549.1.12.1.5': { name: 'SHA-1 with RC2 of 128 bits', key: 16, cipher: 'rc2' },
  '1.2.840.113549.1.12.1.6': { name: 'SHA-1 with RC2 of 40 bits', key: 5, cipher: 'rc2' },
};

/** Memory that scrypt may take: 128 N r bytes. */
const MAX_SCRYPT_BYTES = 128 * 1024 * 1024;

/** Decrypts; undefined: the padding was wrong. */
export type Opener = (ciphertext: Uint8Array) => Promise<Uint8Array | undefined>;

/**
 * Told how many bytes of key are needed, or that it is for the file to say, it counts what that costs, and gives back what makes them.
 * @throws TlsError ERR_LIMIT, and ERR_KEY for a size that the file does not have.
 */
export type Deriver = (length: number | 'as written') => () => Promise<Uint8Array>;

/** An AlgorithmIdentifier with which something was encrypted; gives back what decrypts. */
export function readPasswordScheme(cursor: DerCursor, effort: Effort): Opener {
  return cursor.sequence((fields) => {
    const oid = fields.oid();
    if (oid === OID_PBES2) return pbes2(fields, effort);
    const scheme = PKCS12_SCHEMES[oid];
    if (scheme === undefined) throw unusable(`it is encrypted with ${oid}, which is not known here`);
    const { salt, iterations } = saltAndIterations(fields);
    effort.legacy(scheme.name);
    const sha1 = hashByName('sha1');
    for (const size of [scheme.key, 8]) effort.spend(iterations, Math.ceil(size / sha1.size));
    return async (ciphertext) => {
      const password = bmpPassword(effort.options.password);
      const derive = (id: number, size: number): Uint8Array => pkcs12Derive(sha1, id, password, salt, iterations, size);
      const key = derive(1, scheme.key);
      const iv = derive(2, 8);
      if (scheme.cipher === 'rc2') return rc2CbcDecrypt(key, 8 * scheme.key, iv, ciphertext);
      return tripleDesCbcDecrypt(scheme.key === 16 ? concat(key, key.subarray(0, 8)) : key, iv, ciphertext);
    };
  });
}

/** Parameters of the schemes of PKCS#12. */
function saltAndIterations(cursor: DerCursor): { readonly salt: Uint8Array; readonly iterations: number } {
  return cursor.sequence((fields) => ({ salt: fields.octetString(), iterations: positive(fields) }));
}

/** PBKDF2-params (RFC 8018 appendix A.2), as PBMAC1 has them too. The algorithm's own SEQUENCE is read by the caller. */
export function readPbkdf2(fields: DerCursor, effort: Effort): Deriver {
  return fields.sequence((parameters) => {
    const salt = parameters.octetString();
    const iterations = positive(parameters);
    const size = parameters.optional(TAG_INTEGER, (cursor) => cursor.small());
    const prf = parameters.optional(TAG_SEQUENCE, readPrf) ?? 'sha1';
    return (wanted) => {
      const length = wanted === 'as written' ? size : wanted;
      // RFC 9579 section 4: PBMAC1 has to say it, and MUST NOT say less than 20.
      if (length === undefined || (wanted === 'as written' && (length < 20 || length > 128)))
        throw unusable(`a MAC with a key of ${length ?? 'an unknown number of'} bytes`);
      if (size !== undefined && size !== length) throw unusable(`a key of ${size} bytes where ${length} are needed`);
      effort.spend(iterations, Math.ceil(length / hashByName(prf).size));
      return () => fastPbkdf2(prf, new TextEncoder().encode(effort.options.password), salt, iterations, length);
    };
  });
}

/** HMAC with a hash, as PBKDF2 and PBMAC1 name it. */
export function readPrf(cursor: DerCursor): HashName {
  return cursor.sequence((fields) => {
    const oid = fields.oid();
    fields.optional(TAG_NULL, (field) => field.null());
    const hash = PRFS[oid];
    if (hash === undefined) throw unusable(`the pseudo-random function ${oid} is not known here`);
    return hash;
  });
}

/**
 * Key derivation of PKCS#12 (RFC 7292 appendix B.2). What it costs has been counted before.
 * @param id 1: key, 2: IV, 3: MAC.
 */
export function pkcs12Derive(
  hash: Hash,
  id: number,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Uint8Array {
  const block = hash.size > 32 ? 128 : 64;
  const fill = (bytes: Uint8Array): Uint8Array => {
    const size = block * Math.ceil(bytes.length / block);
    return Uint8Array.from({ length: size }, (_, i) => bytes[i % bytes.length]!);
  };
  const diversifier = new Uint8Array(block).fill(id);
  const input = concat(fill(salt), fill(password));
  const out: Uint8Array[] = [];
  for (let have = 0; have < length; have += hash.size) {
    let digest = hash.digest(diversifier, input);
    for (let i = 1; i < iterations; i++) digest = hash.digest(digest);
    out.push(digest);
    // Each block of the input grows by the digest and one.
    for (let at = 0; at < input.length; at += block) {
      let carry = 1;
      for (let i = block - 1; i >= 0; i--) {
        carry += input[at + i]! + digest[i % hash.size]!;
        input[at + i] = carry & 255;
        carry >>= 8;
      }
    }
  }
  return concat(...out).subarray(0, length);
}

/** UTF-16, big endian, with two zero bytes at the end (RFC 7292 appendix B.1). */
export function bmpPassword(password: string): Uint8Array {
  const out = new Uint8Array(2 * password.length + 2);
  for (let i = 0; i < password.length; i++) {
    out[2 * i] = password.charCodeAt(i) >> 8;
    out[2 * i + 1] = password.charCodeAt(i) & 255;
  }
  return out;
}

/** How to encrypt with a password. */
export interface EncryptionOptions {
  readonly password: string;
  readonly random: Random;
  /** Default: `pbkdf2` with HMAC-SHA-256; `scrypt` with N = 2^14, r = 8, p = 5. */
  readonly derivation?: 'pbkdf2' | 'scrypt' | undefined;
  /** Of PBKDF2. Default: 600,000. */
  readonly iterations?: number | undefined;
}

/** Encrypts with PBES2 and AES-256-CBC: the AlgorithmIdentifier, and the ciphertext. */
export async function encryptWithPassword(
  plaintext: Uint8Array,
  options: EncryptionOptions,
): Promise<{ readonly algorithm: Uint8Array; readonly ciphertext: Uint8Array }> {
  const salt = new Uint8Array(16);
  const iv = new Uint8Array(16);
  options.random.fill(salt);
  options.random.fill(iv);
  const password = new TextEncoder().encode(options.password);
  const iterations = options.iterations ?? 600_000;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > 100_000_000)
    throw new TlsError('ERR_LIMIT', { detail: `iterations: ${iterations}` });
  // OpenSSL by itself takes no more than 32 MiB, so the work is in p.
  const cost = { n: 2 ** 14, r: 8, p: 5 };
  const usesScrypt = options.derivation === 'scrypt';
  const key = usesScrypt
    ? scrypt(password, salt, cost, 32)
    : await fastPbkdf2('sha256', password, salt, iterations, 32);
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull());
  const derivation = usesScrypt
    ? derSequence(
        derOid(OID_SCRYPT),
        derSequence(derOctetString(salt), derInteger(cost.n), derInteger(cost.r), derInteger(cost.p)),
      )
    : derSequence(derOid(OID_PBKDF2), derSequence(derOctetString(salt), derInteger(iterations), prf));
  const cipher = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctetString(iv));
  const ciphertext = aesCbcEncrypt(key, iv, plaintext);
  key.fill(0);
  return { algorithm: derSequence(derOid(OID_PBES2), derSequence(derivation, cipher)), ciphertext };
}

function pbes2(fields: DerCursor, effort: Effort): Opener {
  return fields.sequence((parameters) => {
    const derive = parameters.sequence((derivation) => {
      const oid = derivation.oid();
      if (oid === OID_PBKDF2) return readPbkdf2(derivation, effort);
      if (oid === OID_SCRYPT) return readScrypt(derivation, effort);
      throw unusable(`the key derivation ${oid} is not known here`);
    });
    return parameters.sequence((cipher) => readCipher(cipher, derive, effort));
  });
}

function readCipher(cipher: DerCursor, derive: Deriver, effort: Effort): Opener {
  const oid = cipher.oid();
  const size = AES_CBC[oid];
  if (size !== undefined) {
    const iv = sized(cipher, 16);
    const key = derive(size);
    return async (ciphertext) => aesCbcDecrypt(await key(), iv, ciphertext);
  }
  if (oid === OID_TRIPLE_DES) {
    effort.legacy('Triple DES');
    const iv = sized(cipher, 8);
    const key = derive(24);
    return async (ciphertext) => tripleDesCbcDecrypt(await key(), iv, ciphertext);
  }
  if (oid === OID_RC2) throw unusable('RC2 in PBES2 is not worked with');
  throw unusable(`the cipher ${oid} is not known here`);
}

/** RFC 7914 section 7. */
function readScrypt(fields: DerCursor, effort: Effort): Deriver {
  return fields.sequence((parameters) => {
    const at = parameters.offset;
    const salt = parameters.octetString();
    const [n, r, p] = [positive(parameters), positive(parameters), positive(parameters)];
    const size = parameters.optional(TAG_INTEGER, (cursor) => cursor.small());
    if (n < 2 || (n & (n - 1)) !== 0) throw new DerError('a cost of scrypt that is not a power of two', at);
    return (wanted) => {
      const length = wanted === 'as written' ? (size ?? 0) : wanted;
      if (size !== undefined && size !== length) throw unusable(`a key of ${size} bytes where ${length} are needed`);
      if (128 * n * r > MAX_SCRYPT_BYTES)
        throw new TlsError('ERR_LIMIT', { detail: `scrypt with N = ${n}, r = ${r} takes more than 128 MiB` });
      // One step of scrypt with r = 8 costs about what two rounds of PBKDF2 do.
      effort.spend(2 * n * Math.ceil(r / 8) * p);
      return async () => scrypt(new TextEncoder().encode(effort.options.password), salt, { n, r, p }, length);
    };
  });
}

function positive(fields: DerCursor): number {
  const at = fields.offset;
  const value = fields.small();
  if (value < 1) throw new DerError('a zero where a number of rounds belongs', at);
  return value;
}

function sized(fields: DerCursor, size: number): Uint8Array {
  const at = fields.offset;
  const bytes = fields.octetString();
  if (bytes.length !== size) throw new DerError(`${bytes.length} bytes where ${size} belong`, at);
  return bytes;
}
