/**
 * Certificates: reading them, judging them, and the keys that go with them.
 * @module
 */
export { type Anchor, type AnchorSource, readAnchors, type TrustAnchor } from './anchors.ts';
export {
  type BasicConstraints,
  type Certificate,
  type CertificateExtension,
  KEY_USAGE,
  type KeyUsage,
} from './certificate.ts';
export { type Budget, compareDnsConstraint, compareIpConstraint } from './constraints.ts';
export type { NameConstraints } from './extensions.ts';
export {
  basicConstraints,
  checkNameConstraints,
  extendedKeyUsage,
  keyUsage,
  mustStaple,
  readCrl,
  readNameConstraints,
  readSctList,
  subjectAltNames,
  tlsFeatures,
} from './reading.ts';
export { parseCertificate } from './form.ts';
export type { BundleOptions } from './bundle.ts';
export type { BundleProblem, BundleProblemCode } from './bundle-order.ts';
export { type CredentialSource, loadCredential } from './credential.ts';
export { cryptoKeySigner, isCryptoKey, type SubtleSigner } from './cryptokey.ts';
export { type BundleReport, type CertificateSummary, type DescribeOptions, describeBundle } from './describe-bundle.ts';
export { type GeneralName, nameText } from './general-name.ts';
export { type JsonWebKeyLike, privateKeyFromJwk, privateKeyToJwk } from './jwk.ts';
export { type PemBlock, readPem, writePem } from './pem.ts';
export { encodePrivateKey, privateKeyFromDer, privateKeyFromPem, privateKeyToPem } from './private-key.ts';
export { toPem } from './to-pem.ts';
export { compareDns, type Comparison, isReferenceName, matchDistinguishedNames } from './names.ts';
export { findPath } from './path.ts';
export type { PathQuestion, PathResult } from './path-question.ts';
export type { PolicyInputs } from './policies.ts';
export { isPublicSuffix } from './public-suffix.ts';
export { defaultRules, type PathRules, type Place, type Profile } from './rules.ts';
export type { Finding } from './verdict.ts';
export {
  type CertificateSource,
  type CertificateVerifier,
  type CertificateVerifierOptions,
  type CertificateVerifierUpdate,
  certificateVerifier,
  type Identities,
  readCertificates,
  type VerdictDetails,
} from './verifier.ts';
export { allOf, customVerifier } from './compose.ts';
export { type CredentialHolder, credentialHolder } from './credential-holder.ts';
export { type DaneOptions, daneVerifier, type TlsaAnswer, type TlsaRecord } from './dane.ts';
export {
  type FirstUseOptions,
  type KnownPeer,
  type KnownPeers,
  memoryKnownPeers,
  trustOnFirstUse,
} from './first-use.ts';
export { allowedKeys, type PinOptions, pinnedVerifier } from './pins.ts';
export { CrlStore, type CrlSource } from './crl-store.ts';
export type { CrlEntries } from './crl-entries.ts';
export type { DistributionPoint, DistributionPointName, IssuingDistributionPoint } from './distribution-point.ts';
export { type Crl, type CrlEntry, findEntry, type RevocationReason } from './crl.ts';
export { buildOcspRequest } from './ocsp.ts';
export { revocationChecker } from './revocation.ts';
export type { Fetcher, FetchLimits, FetchRequest } from './revocation-fetch.ts';
export type { RevocationOptions } from './revocation-options.ts';
export type { Authority, RevocationSource, RevocationStatus } from './revocation-status.ts';
export type { RevocationAnswer, RevocationChecker, RevocationQuestion } from './revocation-types.ts';
export type { Log, Sct } from './sct.ts';
export { type TransparencyOptions, transparencyVerifier } from './transparency.ts';
