/**
 * Files that hold keys and certificates for other programs: PKCS#12, PKCS#7, encrypted PKCS#8, Java's trust stores.
 * `loadCredential` opens them by itself; this is for reading and writing them.
 * @module pki/formats
 */
export { type JksContents, type JksEntry, type JksOptions, readJks, writeJksTrustStore } from './jks.ts';
export type { EncryptionOptions, PasswordOptions } from './password-based.ts';
export { readPkcs7, writePkcs7 } from './pkcs7.ts';
export { decryptPkcs8, encryptPkcs8 } from './pkcs8.ts';
export { type Pkcs12Contents, type Pkcs12Entry, type Pkcs12Options, readPkcs12 } from './pkcs12.ts';
export {
  type Pkcs12Source,
  type Pkcs12WriteOptions,
  type TrustedCertificate,
  writePkcs12,
  writePkcs12TrustStore,
} from './pkcs12-writer.ts';
