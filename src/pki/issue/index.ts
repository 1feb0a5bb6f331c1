/**
 * Issuing certificates: authorities, certificates of servers and clients, requests, lists of revoked certificates, OCSP
 * responses. Built on pkijs and asn1js, which nothing else here carries: only programs that name this entry do.
 * @module
 */
export type { ExtensionValue } from './extension-value.ts';
export { type AuthorityOptions, type AuthoritySource, createAuthority, openAuthority } from './authority.ts';
export { type CertificateOptions, issueCertificate } from './certificate.ts';
export { type CreatedCrl, type CrlOptions, type CrlScope, createCrl, type RevokedEntry } from './crl.ts';
export type { CertId } from '../revocation/ocsp.ts';
export type { DistributionPointSource, ExtensionOptions, PolicySource, Purpose } from './extensions.ts';
export { generateKeyPair, type KeyAlgorithm, type KeyOptions, type KeyPair, type KeySource } from './keys.ts';
export type { NameSource, SubjectName, SubjectSource, SubtreeSource } from './names.ts';
export {
  createOcspError,
  createOcspResponse,
  type OcspRequest,
  type OcspResponseOptions,
  type OcspStatus,
  readOcspRequest,
} from './ocsp.ts';
export { type CertificateRequest, readRequest } from './read-request.ts';
export { type CreatedRequest, createRequest, type RequestOptions } from './request.ts';
export type { Authority, IssuedCertificate, IssuedCredential, IssueOptions } from './types.ts';
export type { WebCryptoKeyPair } from '../../crypto/web-types.ts';
