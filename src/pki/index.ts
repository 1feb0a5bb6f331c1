/**
 * Certificates: reading them, judging them, and the keys that go with them.
 * @module
 */
export type { FileProblem, FileSource } from './x509/file-parts.ts';
export { type Anchor, type AnchorSource, readAnchors, type TrustAnchor } from './path/anchors.ts';
export {
  type BasicConstraints,
  type Certificate,
  type CertificateExtension,
  KEY_USAGE,
  type KeyUsage,
} from './x509/certificate.ts';
export { compareDnsConstraint, compareIpConstraint } from './path/constraints.ts';
export type { NameConstraints } from './x509/extensions.ts';
export {
  basicConstraints,
  certificateFacts,
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
export { constraintsPart, otherExtensionsPart, policiesPart } from './path/all-parts.ts';
export { parseCertificate } from './path/form.ts';
export type { BundleOptions } from './formats/bundle.ts';
export type { BundleProblem, BundleProblemCode } from './credentials/bundle-order.ts';
export { type CredentialSource, loadCredential } from './credentials/credential.ts';
export { cryptoKeySigner, isCryptoKey, type SubtleSigner } from './formats/cryptokey.ts';
export {
  type BundleReport,
  type CertificateSummary,
  type DescribeOptions,
  describeBundle,
} from './credentials/describe-bundle.ts';
export type { GeneralName } from './x509/general-name.ts';
export { nameText } from './x509/general-name-text.ts';
export {
  type CryptoKeyOptions,
  privateKeyFromCryptoKey,
  privateKeyToCryptoKey,
  publicKeyFromCryptoKey,
  publicKeyToCryptoKey,
} from './formats/cryptokey-convert.ts';
export { type JsonWebKeyLike, privateKeyFromJwk, privateKeyToJwk } from './formats/jwk.ts';
export { publicKeyFromJwk, publicKeyToJwk } from './formats/jwk-public.ts';
export { type PemBlock, readPem, writePem } from './x509/pem.ts';
export { encodePrivateKey, privateKeyFromDer, privateKeyFromPem, privateKeyToPem } from './formats/private-key.ts';
export { toPem } from './formats/to-pem.ts';
export { compareDns, type Comparison, isReferenceName, matchDistinguishedNames } from './x509/names.ts';
export { findPath } from './path/path.ts';
export type { ConstraintsJudge, ConstraintsPart, PathPart, PoliciesPart, ProfilePart } from './path/parts.ts';
export type { PathQuestion, PathResult } from './path/question.ts';
export type { PoliciesFound, PolicyInputs, PolicyOutcome } from './path/policies.ts';
export { isPublicSuffix } from './path/public-suffix.ts';
export { defaultRules } from './path/default-rules.ts';
export type { PathRules, Place, Profile } from './path/rules.ts';
export { type Tolerance, TOLERANCES } from './path/tolerances.ts';
export type { Finding } from './x509/verdict.ts';
export { Work, WORK_LIMIT } from './x509/work.ts';
export {
  type CertificateSource,
  type CertificateVerifier,
  type CertificateVerifierOptions,
  type CertificateVerifierUpdate,
  certificateVerifier,
  type Identities,
  readCertificates,
  type VerdictDetails,
} from './verifiers/verifier.ts';
export { pathVerifier, type PathVerifierOptions } from './verifiers/path-verifier.ts';
export {
  parseSpiffeId,
  readSpiffeBundle,
  type SpiffeId,
  type SpiffeOptions,
  type SpiffeVerifier,
  spiffeVerifier,
} from './verifiers/spiffe.ts';
export type { CertificateFacts } from './x509/facts.ts';
export { validateChain, type ValidateOptions } from './verifiers/validate.ts';
export { allOf, customVerifier } from './verifiers/compose.ts';
export { type CredentialHolder, credentialHolder } from './credentials/credential-holder.ts';
export { type DaneOptions, daneVerifier, type TlsaAnswer, type TlsaRecord } from './verifiers/dane.ts';
export {
  type FirstUseOptions,
  type KnownPeer,
  type KnownPeers,
  memoryKnownPeers,
  trustOnFirstUse,
} from './verifiers/first-use.ts';
export { allowedKeys, type PinOptions, pinnedVerifier } from './verifiers/pins.ts';
export { CrlStore, type CrlSource } from './revocation/crl-store.ts';
export type { CrlEntries } from './revocation/crl-entries.ts';
export type { DistributionPoint, DistributionPointName, IssuingDistributionPoint } from './x509/distribution-point.ts';
export { type Crl, type CrlEntry, findEntry, type RevocationReason } from './revocation/crl.ts';
export { buildOcspRequest } from './revocation/ocsp.ts';
export { revocationChecker } from './revocation/revocation.ts';
export type { Fetcher, FetchLimits, FetchRequest } from './revocation/fetch.ts';
export {
  type FetchAnswer,
  type FetchFunction,
  webFetcher,
  type WebFetcherOptions,
} from './revocation/web-fetcher.ts';
export type { RevocationOptions } from './revocation/options.ts';
export type { Authority, RevocationSource, RevocationStatus } from './revocation/status.ts';
export type { RevocationAnswer, RevocationChecker, RevocationQuestion } from './revocation/types.ts';
export type { Log, Sct } from './x509/sct.ts';
export { type TransparencyOptions, transparencyVerifier } from './verifiers/transparency.ts';
