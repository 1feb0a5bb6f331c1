/**
 * @module
 * Certificates: reading them, judging them, and the keys that go with them.
 */
export { type Certificate, type CertificateExtension, readCertificate } from './certificate.ts';
export { type CredentialSource, loadCredential } from './credential.ts';
export { type GeneralName, nameText } from './general-name.ts';
export { type PemBlock, readPem, writePem } from './pem.ts';
export { privateKeyFromDer, privateKeyFromPem } from './private-key.ts';
export {
  type CertificateVerifierOptions,
  certificateVerifier,
  readCertificates,
  type VerdictDetails,
} from './verifier.ts';
