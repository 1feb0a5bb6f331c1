import type { MaybePromise, Signer } from '../crypto/types.ts';

/**
 * Who is the peer, and who are we. The core never reads a certificate: it hands DER to a verifier and gets back a key.
 */

export type Role = 'client' | 'server';

/** What the peer showed, before it is believed. */
export interface PresentedPeer {
  /** Our own role: a `client` verifies a server. */
  readonly role: Role;
  /** DER certificates as they came, leaf first. Never empty. */
  readonly chain: readonly Uint8Array[];
  /** Client: the name asked for. Server: the name the client asked for. */
  readonly serverName: string | undefined;
  /** The stapled OCSPResponse of each certificate, at the same index as in `chain` (RFC 9846 section 4.5.2.1). */
  readonly ocspResponses: readonly (Uint8Array | undefined)[];
  /** SignedCertificateTimestampList of each certificate, at the same index as in `chain` (RFC 6962 section 3.3). */
  readonly sctLists: readonly (Uint8Array | undefined)[];
  /** SignatureScheme ids that we said certificates may be signed with. */
  readonly certificateSchemes: readonly number[];
  /** What the key is going to be used for: TLS 1.3 and ECDHE sign, the RSA key exchange decrypts. */
  readonly keyUse: 'digitalSignature' | 'keyEncipherment';
  /** Milliseconds since 1970, from the configured clock. */
  readonly now: number;
}

/** A peer's certificates, read but not believed. */
export type Presented = Pick<PresentedPeer, 'chain' | 'ocspResponses' | 'sctLists'>;

/** Which certificate a failure speaks of. */
export interface CertificateReference {
  /** Position in the chain as it was sent; 0 is the leaf. -1 for an anchor of ours. */
  readonly position: number;
  readonly subject: string;
  /** Hexadecimal. */
  readonly serial: string;
}

/** Why a peer was refused, for people and for programs. */
export interface VerificationFailure {
  /** Stable, for programs. */
  readonly code: VerificationCode;
  /** A whole sentence for people: what was checked, expected, found, and what to do. */
  readonly message: string;
  readonly certificate?: CertificateReference;
  readonly expected?: string;
  readonly found?: string;
  readonly advice?: string;
  /** For example "RFC 5280 section 6.1.3(a)(2)". */
  readonly rfc?: string;
  /** AlertDescription to send; one of the certificate alerts of RFC 9846 section 6.2. */
  readonly alert: number;
}

/** Why a certificate is not trusted. */
export type VerificationCode =
  | 'CERT_MALFORMED'
  | 'CERT_TOO_LARGE'
  | 'CERT_EXPIRED'
  | 'CERT_NOT_YET_VALID'
  | 'CERT_REVOKED'
  | 'CERT_REVOCATION_UNKNOWN'
  | 'CERT_BAD_STAPLE'
  | 'CERT_STAPLE_REQUIRED'
  | 'CERT_UNTRUSTED'
  | 'CERT_SELF_SIGNED'
  | 'CERT_MISSING_INTERMEDIATE'
  | 'CERT_BAD_SIGNATURE'
  | 'CERT_WEAK_ALGORITHM'
  | 'CERT_UNSUPPORTED_ALGORITHM'
  | 'CERT_WEAK_KEY'
  | 'CERT_NOT_A_CA'
  | 'CERT_IS_A_CA'
  | 'CERT_PATH_LENGTH'
  | 'CERT_KEY_USAGE'
  | 'CERT_EXTENDED_KEY_USAGE'
  | 'CERT_UNKNOWN_CRITICAL_EXTENSION'
  | 'CERT_NAME_CONSTRAINT'
  | 'CERT_POLICY'
  | 'CERT_NAME_MISMATCH'
  | 'CERT_NO_NAME'
  | 'CERT_PROFILE'
  | 'CERT_BUDGET'
  | 'CERT_PIN_MISMATCH'
  | 'CERT_DISTRUSTED'
  | 'CERT_TRANSPARENCY'
  | 'CERT_REFUSED';

/** What a verifier found out about a peer that it accepts. */
export interface VerdictDetails {
  /** Whom the certificate names. */
  readonly identities: Identities;
  /** Milliseconds since 1970: when the first certificate of the path expires. */
  readonly expires: number;
  /** OIDs of the policies that the path is valid for (RFC 5280 section 6.1.6). */
  readonly policies: readonly string[];
  /** Of each certificate below the anchor, leaf first; empty: revocation was not looked into. */
  readonly revocation: readonly RevocationStatus[];
}

/** Whom a certificate names, by kind, so that no text has to be taken apart to know what it is. */
export interface Identities {
  /**
   * Do these names mean anything? True: a trusted authority vouches for them, or the whole certificate was expected.
   * False: only the key was checked, and the certificate says of itself what it likes. Go by the key then.
   */
  readonly verified: boolean;
  /** RFC 4514. */
  readonly subject: string;
  readonly dns: readonly string[];
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
  /** Those of `uris` that are SPIFFE ids. */
  readonly spiffe: readonly string[];
  /** RFC 4514: names of directories among the alternative names. */
  readonly directory: readonly string[];
}

/** What is known about the revocation of one certificate, and from where. */
export type RevocationStatus =
  | {
      readonly status: 'good';
      readonly source: RevocationSource;
      /** Milliseconds since 1970: how long this may be believed. */
      readonly until: number;
    }
  | {
      readonly status: 'revoked';
      readonly source: RevocationSource;
      readonly reason: RevocationReason;
      /** Milliseconds since 1970. */
      readonly date: number;
    }
  | {
      readonly status: 'unknown';
      /** `missing`: nothing speaks of the certificate. `unusable`: something does, but must not be used. */
      readonly kind: 'missing' | 'unusable';
      readonly why: string;
    };

/** Where an answer about revocation came from. */
export type RevocationSource = 'crl' | 'ocsp';

/** CRLReason (RFC 5280 section 5.3.1). */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise';

/** A verifier's answer. Anything but `ok: true` is a refusal. */
export type Verdict =
  | {
      readonly ok: true;
      /** DER SubjectPublicKeyInfo of the peer's key. */
      readonly publicKey: Uint8Array;
      /** The validated path, leaf first, anchor last where it is a certificate. */
      readonly path: readonly Uint8Array[];
      /** What was checked and found good, a sentence each, for traces. */
      readonly checks?: readonly string[];
      /** What was found out about the peer. The verifiers of `warifu/pki` always say it, in resumed connections too. */
      readonly details?: VerdictDetails;
    }
  | {
      readonly ok: false;
      readonly failure: VerificationFailure;
      /** DER SubjectPublicKeyInfo where it could be read, for servers that report instead of refusing. */
      readonly publicKey?: Uint8Array;
    };

/** Decides whether a peer is who it has to be. May answer at once or with a promise; a throw is a refusal. */
export interface PeerVerifier {
  /** DER names of acceptable issuers, to be advertised in certificate_authorities. */
  readonly authorities?: readonly Uint8Array[];
  /** Ask the peer for a stapled OCSP response (status_request). */
  readonly wantsOcsp?: boolean;
  /** Ask the peer for signed certificate timestamps. */
  readonly wantsSct?: boolean;
  /**
   * Names the current rules: the same name, the same answers. A session is resumed only under the rules under which it
   * began, so a verifier whose rules change has to change this too. Default: a name of its own for each verifier.
   */
  readonly policy?: string | undefined;
  /**
   * Before a session is resumed: is a peer that was accepted earlier, under this `policy`, still good? Time has passed;
   * certificates may have expired or been revoked. Anything but `ok: true` costs a full handshake. Used only together
   * with `policy`; without it, `verify` is asked again with what the peer showed then.
   */
  recheck?(peer: PresentedPeer, before: Verdict & { readonly ok: true }): MaybePromise<Verdict>;
  verify(peer: PresentedPeer): MaybePromise<Verdict>;
}

/** A certificate chain and the key that goes with it. */
export interface Credential {
  /** DER, leaf first, anchor left out. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** DER OCSPResponse to staple to the leaf. */
  readonly ocspResponse?: Uint8Array;
  /** SignedCertificateTimestampList to send with the leaf. */
  readonly sctList?: Uint8Array;
  /** Default: nothing is known. */
  readonly hints?: CredentialHints;
}

/**
 * What its certificates say, for choosing among several without reading them. `loadCredential` fills it in; of a credential
 * without it nothing is known, and it is as good as any other.
 */
export interface CredentialHints {
  /** The DNS names of the leaf, as they are there: A-labels, the first perhaps `*`. */
  readonly names: readonly string[];
  /** DER names of the issuers, of the leaf first. */
  readonly issuers: readonly Uint8Array[];
  /** For each certificate the SignatureScheme ids that name its signature; none: no scheme does. */
  readonly signatures: readonly (readonly number[])[];
}

/** What is known when a credential has to be chosen. */
export interface CredentialQuery {
  /** Our own role. */
  readonly role: Role;
  readonly version: 0x0303 | 0x0304;
  readonly serverName: string | undefined;
  /** Client: the protocol agreed on. Server: what the client offered. */
  readonly alpn: readonly string[];
  /** SignatureScheme ids the peer accepts in its handshake, in its order. */
  readonly schemes: readonly number[];
  /** SignatureScheme ids the peer accepts in certificates. */
  readonly certificateSchemes: readonly number[];
  /** DER names the peer said it trusts; empty: it did not say. */
  readonly authorities: readonly Uint8Array[];
  /** Filters of a CertificateRequest (RFC 9846 section 4.3.5). */
  readonly oidFilters: readonly { readonly oid: Uint8Array; readonly values: Uint8Array }[];
  /** Client in TLS 1.2: the key kinds the server accepts. */
  readonly certificateTypes?: readonly number[];
}

/** Chooses a credential; undefined: none. The client's is asked only after the server has been verified. */
export interface CredentialResolver {
  (query: CredentialQuery): MaybePromise<Credential | undefined>;
  /** What was asked for, and why nothing of ours is that: for people. Default: it is not known. */
  readonly whyNone?: (query: CredentialQuery) => string;
}
