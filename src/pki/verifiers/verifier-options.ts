import { hasMethod } from '../../bytes/shape.ts';
import type { SignatureVerifier } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { AnchorSource } from '../path/anchors.ts';
import type { PolicyInputs } from '../path/policies.ts';
import type { PathRules, Profile } from '../path/rules.ts';
import { isTolerance, type Tolerance } from '../path/tolerances.ts';
import type { Fetcher } from '../revocation/fetch.ts';
import type { RevocationChecker } from '../revocation/types.ts';
import { type Certificate, KEY_USAGE, type KeyUsage } from '../x509/certificate.ts';

/** PEM text with one or more certificates, or any number of PEM texts and DER. */
export type CertificateSource = string | Uint8Array | readonly (string | Uint8Array | Certificate)[];

/** How certificates are judged. */
export interface CertificateVerifierOptions {
  /** What is trusted: PEM, DER, or a {@link TrustAnchor} in full. */
  readonly anchors: AnchorSource;
  /** Where signatures are checked: `provider.verifier`. */
  readonly signatures: SignatureVerifier;
  /** How strict. Default: 'default'. */
  readonly profile?: Profile | undefined;
  /**
   * What is taken although DER or RFC 5280 does not allow it, by name; [] for nothing. Default: everything but
   * 'negative-serial' in the profile default, 'absent-null' in rfc5280, nothing in webpki and strict. An anchor is trusted
   * because it was configured: there all are taken, but where the profile strict has to judge it.
   */
  readonly tolerances?: readonly Tolerance[] | undefined;
  /** Hold the certificates of anchors to the profile, too; with strict to its having no tolerances. Default: false. */
  readonly judgeAnchors?: boolean | undefined;
  /** More certificates that a path may go through. Default: only what the peer sends. */
  readonly intermediates?: CertificateSource | undefined;
  /**
   * Fetches certificates of issuers that the peer did not send, from the addresses that certificates name (RFC 5280
   * section 4.2.2.1). The addresses are chosen by the maker of the certificate: read {@link Fetcher} first. Default: off.
   */
  readonly fetchIssuers?: Fetcher | undefined;
  /** Certificates that are never trusted, by themselves or with the same name and key. Default: none. */
  readonly distrusted?: CertificateSource | undefined;
  /** Looks into revocation. Default: it is not looked into. */
  readonly revocation?: RevocationChecker | undefined;
  /** Smallest RSA key, in bits. Default: 2048. */
  readonly minRsaBits?: number | undefined;
  /** Take certificates signed with SHA-1. Default: false. */
  readonly allowSha1?: boolean | undefined;
  /** Most authorities between leaf and anchor, self-issued ones not counted. Default: 8. */
  readonly maxIntermediates?: number | undefined;
  /** A client checks the server's name. Without a name there is nothing to check, which is an error unless this is true. */
  readonly allowNoServerName?: boolean | undefined;
  /**
   * OIDs of extended key usages, any of which will do; 'any': they are not looked at.
   * Default: serverAuth for a client, clientAuth for a server.
   */
  readonly purposes?: readonly string[] | 'any' | undefined;
  /**
   * What the leaf's key has to be allowed for, where its certificate says what it is allowed for; empty: it is not looked
   * at. Default: what TLS is going to use it for (RFC 9846 section 4.5.1.2).
   */
  readonly keyUsages?: readonly KeyUsage[] | undefined;
  /** Who has to name the purpose, instead of naming none or any. Default: 'none'; in the profile webpki 'leaf'. */
  readonly explicitPurpose?: PathRules['explicitPurpose'] | undefined;
  /** Certificate policies (RFC 5280 section 6.1.1). Default: any are acceptable, none is needed. */
  readonly policies?: PolicyInputs | undefined;
  /**
   * Is this a name below which the public can have names? Wildcards directly below one are refused; true: by a short list
   * of registries' ones. Default: only single labels; in the profile webpki true.
   */
  readonly publicSuffix?: boolean | ((name: string) => boolean) | undefined;
  /** OIDs of further critical extensions that `check` looks at. Default: none. */
  readonly processedExtensions?: readonly string[] | undefined;
  /**
   * Names these rules for sessions: one that began under them is resumed where the name is the same, in this process or
   * another that shares the keys of its tickets. `update` makes it a new one. Default: a name that no other has.
   */
  readonly policy?: string | undefined;
  /**
   * Paths that were found good are remembered for the same chain until the first of their dates, at most so many, so that
   * signatures are not checked again; 0: none. Not where `revocation`, `check` or a function for `publicSuffix` would be
   * asked. Default: 256.
   */
  readonly maxRememberedPaths?: number | undefined;
  /** Asked about each certificate of a path when all other checks of it are passed; what it returns refuses it. */
  readonly check?: PathRules['check'] | undefined;
}

/** Whether a value can be that of an option, by what it should look like. */
const OPTIONS: { readonly [K in keyof Required<CertificateVerifierOptions>]: (value: unknown) => boolean } = {
  anchors: isSource,
  signatures: (value) => hasMethod(value, 'verify'),
  profile: (value) => value === 'default' || value === 'rfc5280' || value === 'webpki' || value === 'strict',
  tolerances: (value) => isTexts(value) && value.every(isTolerance),
  intermediates: isSource,
  distrusted: isSource,
  fetchIssuers: (value) => typeof value === 'function',
  revocation: (value) => hasMethod(value, 'check'),
  minRsaBits: (value) => isWithin(value, 1024, 8192),
  allowSha1: isBoolean,
  maxRememberedPaths: (value) => Number.isInteger(value) && (value as number) >= 0,
  judgeAnchors: isBoolean,
  maxIntermediates: (value) => isWithin(value, 0, 255),
  allowNoServerName: isBoolean,
  purposes: (value) => value === 'any' || (isTexts(value) && value.length > 0),
  keyUsages: (value) => isTexts(value) && value.every((usage) => Object.hasOwn(KEY_USAGE, usage)),
  explicitPurpose: (value) => value === 'none' || value === 'leaf' || value === 'path',
  policies: (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const inputs: Partial<Record<keyof PolicyInputs, unknown>> = value;
    const { acceptable, requireExplicit, inhibitMapping, inhibitAny, ...others } = inputs;
    const switches = [requireExplicit, inhibitMapping, inhibitAny];
    if (switches.some((one) => one !== undefined && typeof one !== 'boolean')) return false;
    return Object.keys(others).length === 0 && (acceptable === undefined || isTexts(acceptable));
  },
  publicSuffix: (value) => isBoolean(value) || typeof value === 'function',
  processedExtensions: isTexts,
  policy: (value) => typeof value === 'string',
  check: (value) => typeof value === 'function',
};

/** No option is ignored: one that is not known, or cannot be, is an error. */
export function checkVerifierOptions(options: CertificateVerifierOptions): void {
  const known: { readonly [key: string]: ((value: unknown) => boolean) | undefined } = OPTIONS;
  for (const [key, value] of Object.entries(options)) {
    const fits = Object.hasOwn(OPTIONS, key) ? known[key] : undefined;
    if (fits === undefined) throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option` });
    if (value !== undefined && !fits(value))
      throw new TlsError('ERR_OPTION', { detail: `${key}: this cannot be its value` });
  }
  for (const key of ['anchors', 'signatures'] as const)
    if (options[key] === undefined) throw new TlsError('ERR_OPTION', { detail: `${key}: it is needed` });
  if (options.processedExtensions !== undefined && options.check === undefined)
    throw new TlsError('ERR_OPTION', { detail: 'processedExtensions: check is needed, which looks at them' });
}

function isSource(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value);
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
