import type { PublicKey } from '../../crypto/types.ts';
import { basicConstraints, type Certificate } from '../x509/certificate.ts';
import type { RevocationSource, RevocationStatus } from '../../handshake/peer.ts';

export type { RevocationSource, RevocationStatus };

export type UnknownStatus = RevocationStatus & { readonly status: 'unknown' };

export function unknown(kind: 'missing' | 'unusable', why: string): UnknownStatus {
  return { status: 'unknown', kind, why };
}

/** A name and its key: an authority on the path, or an anchor that may be no more than that. */
export interface Authority {
  /** DER Name. */
  readonly name: Uint8Array;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly publicKey: PublicKey | undefined;
  /** Undefined: an anchor that was given as a name and a key. */
  readonly certificate: Certificate | undefined;
}

export function authorityOf(certificate: Certificate): Authority {
  return { name: certificate.subject, spki: certificate.spki, publicKey: certificate.publicKey, certificate };
}

/** Version 3 with cA (RFC 5280 section 4.2.1.9). @throws DerError */
export function isAuthority(certificate: Certificate): boolean {
  return certificate.version === 3 && basicConstraints(certificate)?.ca === true;
}

/** When something that has a thisUpdate and perhaps a nextUpdate may be used. */
export interface Freshness {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds that clocks may differ. */
  readonly skew: number;
  /** Milliseconds since thisUpdate; undefined: as long as nextUpdate says. */
  readonly maxAge: number | undefined;
  /** Milliseconds since thisUpdate where there is no nextUpdate and no maxAge. */
  readonly ageWithoutNext: number;
  /** Milliseconds that something may still be used after its nextUpdate. */
  readonly grace: number;
}

/** How long it may be believed, or why it may not. */
export function freshness(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number | undefined },
  { now, skew, maxAge, ageWithoutNext, grace }: Freshness,
): number | 'not-yet' | 'expired' {
  if (!(thisUpdate <= now + skew)) return 'not-yet';
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) return 'expired';
  const age = maxAge ?? (nextUpdate === undefined ? ageWithoutNext : Number.POSITIVE_INFINITY);
  const until = Math.min(thisUpdate + age, nextUpdate === undefined ? Number.POSITIVE_INFINITY : nextUpdate + grace);
  return until + skew >= now ? until : 'expired';
}
