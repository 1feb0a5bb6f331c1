import { bigFromBytes, bigToBytes, bitLength } from '../bytes/bigint.ts';
import { concat, equalBytes, fromHex, wipe } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import type { Hash, HashName, PrivateKey, Random } from './types.ts';

/**
 * RSA signatures (RFC 8017). Verifying takes nothing secret. Signing uses CRT, a window of fixed size, a blinded base
 * and a check of the result; BigInt itself is not constant in time, so a server with RSA keys does better with a
 * provider of its runtime.
 */

/** Bits of a modulus that are worked with at all: a larger one is only a way to keep us busy. */
const MIN_BITS = 1024;
const MAX_BITS = 8192;

/** DigestInfo without the digest (RFC 8017 section 9.2, note 1). */
const DIGEST_INFO: { readonly [H in HashName]: string } = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

export type RsaPrivateKey = Extract<PrivateKey, { kind: 'rsa' }>;

/** RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): the whole encoding is made and compared, nothing is parsed. */
export function verifyPkcs1(
  hash: Hash,
  modulus: Uint8Array,
  exponent: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const encoded = recover(modulus, exponent, signature);
  if (encoded === undefined) return false;
  const expected = encodePkcs1(hash, message, encoded.length);
  return expected !== undefined && equalBytes(encoded, expected);
}

// RFC 9846 §4.3.3-4, §4.3.3-6
/** RSASSA-PSS with a salt of exactly this many bytes (RFC 8017 sections 8.1.2 and 9.1.2). */
export function verifyPss(
  hash: Hash,
  saltLength: number,
  modulus: Uint8Array,
  exponent: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const recovered = recover(modulus, exponent, signature);
  if (recovered === undefined) return false;
  const bits = bitLength(bigFromBytes(modulus)) - 1;
  const size = Math.ceil(bits / 8);
  // With a modulus of 8k + 1 bits the encoding is a byte shorter, and that byte has to be zero.
  if (recovered.length > size && recovered[0] !== 0) return false;
  const encoded = recovered.subarray(recovered.length - size);
  if (size < hash.size + saltLength + 2 || encoded[size - 1] !== 0xbc) return false;
  const maskedBlock = encoded.subarray(0, size - hash.size - 1);
  const digest = encoded.subarray(size - hash.size - 1, size - 1);
  const spare = 8 * size - bits;
  if ((maskedBlock[0]! & ~(0xff >> spare) & 0xff) !== 0) return false;
  const block = xor(maskedBlock, mgf1(hash, digest, maskedBlock.length));
  block[0]! &= 0xff >> spare;
  const padding = block.length - saltLength - 1;
  for (let i = 0; i < padding; i++) if (block[i] !== 0) return false;
  if (block[padding] !== 1) return false;
  const salt = block.subarray(padding + 1);
  return equalBytes(digest, hash.digest(new Uint8Array(8), hash.digest(message), salt));
}

/** @throws TlsError ERR_SIGNER_FAILED when the key is broken or too small for the hash. */
export function signPkcs1(hash: Hash, key: RsaPrivateKey, message: Uint8Array, random: Random): Uint8Array {
  const encoded = encodePkcs1(hash, message, key.modulus.length);
  if (encoded === undefined)
    throw new TlsError('ERR_SIGNER_FAILED', { detail: 'the RSA key is too small for this hash' });
  return privateOperation(key, encoded, random);
}

/** @throws TlsError ERR_SIGNER_FAILED when the key is broken or too small for the hash. */
export function signPss(
  hash: Hash,
  saltLength: number,
  key: RsaPrivateKey,
  message: Uint8Array,
  random: Random,
): Uint8Array {
  const bits = bitLength(bigFromBytes(key.modulus)) - 1;
  const size = Math.ceil(bits / 8);
  if (size < hash.size + saltLength + 2)
    throw new TlsError('ERR_SIGNER_FAILED', { detail: 'the RSA key is too small for this hash' });
  const salt = new Uint8Array(saltLength);
  random.fill(salt);
  const digest = hash.digest(new Uint8Array(8), hash.digest(message), salt);
  const block = new Uint8Array(size - hash.size - 1);
  block[block.length - saltLength - 1] = 1;
  block.set(salt, block.length - saltLength);
  const masked = xor(block, mgf1(hash, digest, block.length));
  masked[0]! &= 0xff >> (8 * size - bits);
  const encoded = new Uint8Array(key.modulus.length);
  encoded.set(concat(masked, digest, Uint8Array.of(0xbc)), encoded.length - size);
  return privateOperation(key, encoded, random);
}

/** RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.1), for the classic key exchange of TLS 1.2. */
export function encryptPkcs1(
  modulus: Uint8Array,
  exponent: Uint8Array,
  message: Uint8Array,
  random: Random,
): Uint8Array {
  if (message.length > modulus.length - 11)
    throw new TlsError('ERR_LIMIT', { detail: 'the message is too long for this RSA key' });
  const padding = new Uint8Array(modulus.length - message.length - 3);
  random.fill(padding);
  const one = new Uint8Array(1);
  for (let i = 0; i < padding.length; i++) {
    while (padding[i] === 0) {
      random.fill(one);
      padding[i] = one[0]!;
    }
  }
  const encoded = concat(Uint8Array.of(0, 2), padding, Uint8Array.of(0), message);
  const n = bigFromBytes(modulus);
  const out = bigToBytes(power(bigFromBytes(encoded), bigFromBytes(exponent), n), modulus.length);
  wipe(encoded, padding);
  return out;
}

// RFC 5246 ¶7.4.7.1-6
/** The encoding inside a ciphertext, padding and all: what it means is for the caller to find out without a branch. */
export function decryptRaw(key: RsaPrivateKey, ciphertext: Uint8Array, random: Random): Uint8Array | undefined {
  if (ciphertext.length !== key.modulus.length || bigFromBytes(ciphertext) >= bigFromBytes(key.modulus))
    return undefined;
  return privateOperation(key, ciphertext, random);
}

/** c^d mod n by CRT, blinded; a result that does not lead back to the input never leaves (Boneh, DeMillo, Lipton). */
function privateOperation(key: RsaPrivateKey, input: Uint8Array, random: Random): Uint8Array {
  const n = bigFromBytes(key.modulus);
  const e = bigFromBytes(key.publicExponent);
  const p = bigFromBytes(key.prime1);
  const q = bigFromBytes(key.prime2);
  const c = bigFromBytes(input);
  const [blind, unblind] = blinding(n, random);
  const blinded = (c * power(blind, e, n)) % n;
  const m1 = windowed(blinded % p, bigFromBytes(key.exponent1), p);
  const m2 = windowed(blinded % q, bigFromBytes(key.exponent2), q);
  const h = ((((m1 - m2) % p) + p) * bigFromBytes(key.coefficient)) % p;
  const result = ((m2 + h * q) * unblind) % n;
  if (power(result, e, n) !== c) throw new TlsError('ERR_SIGNER_FAILED', { detail: 'the RSA key gives wrong results' });
  return bigToBytes(result, key.modulus.length);
}

/** A random unit and its inverse. */
function blinding(n: bigint, random: Random): readonly [bigint, bigint] {
  const bytes = new Uint8Array(Math.ceil(bitLength(n) / 8) + 8);
  for (;;) {
    random.fill(bytes);
    const r = bigFromBytes(bytes) % n;
    const inverse = invert(r, n);
    wipe(bytes);
    if (inverse !== undefined) return [r, inverse];
  }
}

function invert(value: bigint, modulus: bigint): bigint | undefined {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined;
}

/** For public exponents: their bits are no secret. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

/** Four bits at a time, a multiplication for each, also by one: the same sequence for every exponent of a length. */
export function windowed(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const table: bigint[] = [1n];
  for (let i = 1; i < 16; i++) table.push((table[i - 1]! * base) % modulus);
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus;
    result = (result * table[Number.parseInt(digit, 16)]!) % modulus;
  }
  return result;
}

/** s^e mod n as bytes; undefined for a key or a signature that is not worked with. */
function recover(modulus: Uint8Array, exponent: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  if (!isUsableKey(modulus, exponent) || signature.length !== modulus.length) return undefined;
  const n = bigFromBytes(modulus);
  const s = bigFromBytes(signature);
  if (s >= n) return undefined;
  return bigToBytes(power(s, bigFromBytes(exponent), n), modulus.length);
}

/** 1024 to 8192 bits, odd; the exponent odd, at least 3, at most 33 bits. Checked before any work is done. */
export function isUsableKey(modulus: Uint8Array, exponent: Uint8Array): boolean {
  if (modulus.length > MAX_BITS / 8 || modulus.length < MIN_BITS / 8 || exponent.length > 5) return false;
  const bits = 8 * modulus.length - Math.clz32(modulus[0]!) + 24;
  const e = Number(bigFromBytes(exponent));
  return bits >= MIN_BITS && (modulus[modulus.length - 1]! & 1) === 1 && e >= 3 && e % 2 === 1 && e < 2 ** 33;
}

function encodePkcs1(hash: Hash, message: Uint8Array, size: number): Uint8Array | undefined {
  const info = concat(fromHex(DIGEST_INFO[hash.name]), hash.digest(message));
  if (size < info.length + 11) return undefined;
  return concat(Uint8Array.of(0, 1), new Uint8Array(size - info.length - 3).fill(0xff), Uint8Array.of(0), info);
}

function mgf1(hash: Hash, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * hash.size < length; i++) {
    blocks.push(hash.digest(seed, Uint8Array.of(i >>> 24, (i >> 16) & 255, (i >> 8) & 255, i & 255)));
  }
  return concat(...blocks).subarray(0, length);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}
