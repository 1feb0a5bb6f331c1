import { ownOf } from '../../../bytes/shape.ts';
import { DerError, readDer, TAG_SEQUENCE } from '../../../bytes/der.ts';
import { derOctetString, derSequence } from '../../../bytes/der-writer.ts';
import { TlsError } from '../../../errors.ts';
import { guardAsync } from './guard.ts';
import {
  Effort,
  type EncryptionOptions,
  encryptWithPassword,
  type PasswordOptions,
  readPasswordScheme,
} from './password-based.ts';

/**
 * The PrivateKeyInfo inside an EncryptedPrivateKeyInfo (RFC 5958 section 3), in DER. PBES2 with PBKDF2 or scrypt and AES;
 * with `allowLegacy` also Triple DES and the schemes of PKCS#12. The reading is strict DER.
 * @throws TlsError ERR_PASSWORD when the password is wrong, ERR_KEY when the file cannot be read, ERR_LIMIT when it asks
 * for more work than it may.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { decryptPkcs8, encryptPkcs8 } from 'warifu/pki/formats';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const key = await generateKeyPair('Ed25519');
 * const file = await encryptPkcs8(key.der, { password: 'correct horse', random: systemRandom });
 * const plain = await decryptPkcs8(file, { password: 'correct horse' });
 * plain.length === key.der.length; // true
 * ```
 */
export async function decryptPkcs8(der: Uint8Array, options: PasswordOptions): Promise<Uint8Array> {
  options = ownOf(options);
  return await guardAsync('the encrypted private key', () => openPkcs8(der, new Effort(options))());
}

/**
 * {@link decryptPkcs8} as a part of a larger file: what it costs is counted at once, and worked later.
 * @throws DerError
 */
export function openPkcs8(der: Uint8Array, effort: Effort): () => Promise<Uint8Array> {
  const { open, ciphertext } = readDer(der, TAG_SEQUENCE, (fields) => ({
    open: readPasswordScheme(fields, effort),
    ciphertext: fields.octetString(),
  }));
  return async () => {
    const plain = await open(ciphertext);
    if (plain === undefined || !looksLikePkcs8(plain))
      throw new TlsError('ERR_PASSWORD', { detail: 'the private key did not decrypt to a key' });
    return plain;
  };
}

/**
 * EncryptedPrivateKeyInfo in DER, with PBES2 and AES-256-CBC.
 * @throws TlsError ERR_KEY when it is not PKCS#8 that is to be encrypted, ERR_LIMIT for an impossible number of iterations.
 *
 * @example
 * ```ts
 * import { systemRandom } from 'warifu/crypto';
 * import { writePem } from 'warifu/pki';
 * import { encryptPkcs8 } from 'warifu/pki/formats';
 * import { generateKeyPair } from 'warifu/pki/issue';
 * const key = await generateKeyPair('Ed25519');
 * const file = await encryptPkcs8(key.der, { password: 'correct horse', random: systemRandom });
 * const pem = writePem('ENCRYPTED PRIVATE KEY', file);
 * ```
 */
export async function encryptPkcs8(pkcs8: Uint8Array, options: EncryptionOptions): Promise<Uint8Array> {
  options = ownOf(options);
  if (!looksLikePkcs8(pkcs8)) throw new TlsError('ERR_KEY', { detail: 'what is to be encrypted is not PKCS#8' });
  return await guardAsync('the private key', async () => {
    const { algorithm, ciphertext } = await encryptWithPassword(pkcs8, options);
    return derSequence(algorithm, derOctetString(ciphertext));
  });
}

/** A wrong password gives right padding once in 256 times, and then noise. */
function looksLikePkcs8(der: Uint8Array): boolean {
  try {
    return readDer(der, TAG_SEQUENCE, (fields) => {
      const version = fields.small();
      fields.sequence((algorithm) => {
        algorithm.oid();
        while (!algorithm.done) algorithm.element();
      });
      fields.octetString();
      while (!fields.done) fields.element();
      return version <= 1;
    });
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
