import type { CryptoProvider, Signer } from '../../crypto/types.ts';
import type { Certificate, KeyUsage } from '../x509/certificate.ts';
import type { Purpose } from './extensions.ts';
import type { KeyPair } from './keys.ts';
import type { NameSource } from './names.ts';

/** When a certificate is valid, and how it is signed. */
export interface IssueOptions {
  /** Days from now. Default: 90 for servers and clients, 1825 for an intermediate, 3650 for a root, never beyond the issuer's. */
  readonly days?: number | undefined;
  /** A Date or milliseconds since 1970. Default: five minutes ago, since clocks differ. */
  readonly notBefore?: Date | number | undefined;
  /** Instead of `days`. */
  readonly notAfter?: Date | number | undefined;
  /** 1 to 20 bytes, positive. Default: 16 bytes of random. */
  readonly serial?: Uint8Array | undefined;
  /** The signature, by its name in TLS: `rsa_pss_rsae_sha256`. Default: the first that the issuer's key makes. */
  readonly signature?: string | undefined;
  /** Writes also what verifiers refuse (outliving the issuer, names outside its constraints): to test them. Default: false. */
  readonly allowInvalid?: boolean | undefined;
  /** Default: the best that the runtime has. */
  readonly crypto?: CryptoProvider | undefined;
}

export const ISSUE_OPTIONS: readonly (keyof IssueOptions)[] = [
  'days',
  'notBefore',
  'notAfter',
  'serial',
  'signature',
  'allowInvalid',
  'crypto',
];

/** An authority: its certificate, and what signs with its key. */
export interface Authority {
  readonly certificate: Certificate;
  readonly der: Uint8Array;
  readonly pem: string;
  /** It first, then those above it, the root last where that is known. */
  readonly certificates: readonly Certificate[];
  /** DER: what a server or client has to send behind a certificate of this authority. Empty for a root. */
  readonly chain: readonly Uint8Array[];
  readonly signer: Signer;
  /** The key, where it was made or read here. */
  readonly keyPair: KeyPair | undefined;
}

/** A certificate that was issued. */
export interface IssuedCertificate {
  readonly certificate: Certificate;
  readonly der: Uint8Array;
  /** Of the certificate alone. */
  readonly pem: string;
  /** DER, this one first, with what stands between it and the root: what a server or client presents. */
  readonly chain: readonly Uint8Array[];
  readonly chainPem: string;
  /** The key, where it was made or read here. */
  readonly keyPair: KeyPair | undefined;
  /** What a server or client shows: the chain and its key. Undefined for a request or a public key, whose key is elsewhere. */
  readonly credential: IssuedCredential | undefined;
}

/** A chain and its key, as `credential` of a server or a client takes it. */
export interface IssuedCredential {
  /** PEM, the certificate first. */
  readonly certificates: string;
  /** What signs with the key; the key as a file is `keyPair.pem`. */
  readonly privateKey: Signer;
}

/** Everything about a certificate that does not come straight from an option. */
export interface Plan {
  readonly issuer: Authority | 'self';
  /** Signs when `issuer` is `self`. */
  readonly selfSigner: Signer | undefined;
  readonly spki: Uint8Array;
  /** DER Name. */
  readonly subject: Uint8Array;
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsage: readonly KeyUsage[];
  readonly purposes: readonly Purpose[];
  readonly names: readonly NameSource[];
  readonly defaultDays: number;
  readonly keyPair: KeyPair | undefined;
}
