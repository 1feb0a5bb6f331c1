import type { Hash, HashName, Random } from '../../crypto/types.ts';
import { TlsError } from '../../errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CrlSource, CrlStore } from './crl-store.ts';
import { FETCH_LIMITS, type Fetcher, type FetchLimits } from './fetch.ts';

/** What is looked at to find out whether a certificate was revoked, and what happens when that cannot be found out. */
export interface RevocationOptions {
  /** `provider.hash`. */
  readonly hash: (name: HashName) => Hash;
  /** Lists at hand: DER, PEM, or a {@link CrlStore} that is filled as time goes by. Default: none. */
  readonly crls?: CrlSource | CrlStore | undefined;
  /** Certificates that may sign lists, besides those of the path and those that were sent. Default: none. */
  readonly crlSigners?: readonly Certificate[] | undefined;
  /** Ask for stapled OCSP responses, look at them, and honour certificates that demand one. Default: true. */
  readonly staples?: boolean | undefined;
  /** Fetches what the certificates point to, when what is at hand does not decide. Default: nothing is fetched. */
  readonly fetch?: Fetcher | undefined;
  readonly fetchLimits?: FetchLimits | undefined;
  /** Put a nonce into OCSP requests and demand it back (RFC 9654): its source, `provider.random`. Default: none. */
  readonly ocspNonce?: Random | undefined;
  /** Every certificate below the anchor, or the leaf alone. Default: 'chain'. */
  readonly scope?: 'chain' | 'leaf' | undefined;
  /** Nothing speaks of a certificate. Default: 'refuse'. */
  readonly whenMissing?: 'refuse' | 'accept' | undefined;
  /** Something does, but it has expired, is signed wrongly, or cannot be used for another reason. Default: 'refuse'. */
  readonly whenUnusable?: 'refuse' | 'accept' | undefined;
  /**
   * Nothing speaks of an end entity whose whole life is seven days at most: it expires about as fast as a list would tell
   * (CA/Browser Forum, Baseline Requirements section 4.9). 'accept' looks for nothing that is not at hand, and takes it
   * unless what is at hand says revoked. Default: 'check', as any other.
   */
  readonly whenShortLived?: 'check' | 'accept' | undefined;
  /** A stapled response that is not satisfactory. Default: 'refuse', as RFC 6066 section 8 demands. */
  readonly whenBadStaple?: 'refuse' | 'ignore' | undefined;
  /** Milliseconds that clocks may differ. Default: 300,000. */
  readonly clockSkew?: number | undefined;
  /** Milliseconds since thisUpdate that a list may be used. Default: until its nextUpdate; a week if it has none. */
  readonly maxCrlAge?: number | undefined;
  /** Milliseconds since thisUpdate that a response may be used. Default: until its nextUpdate; a week if it has none. */
  readonly maxOcspAge?: number | undefined;
  /** Milliseconds that lists and responses may still be used after their nextUpdate. Default: 0. */
  readonly grace?: number | undefined;
  /** Refuse lists without a cRLNumber, which RFC 5280 section 5.2.3 demands. Default: true. */
  readonly requireCrlNumber?: boolean | undefined;
  /** Refuse lists that write "no certificate" as an empty list, which RFC 5280 section 5.1.2.6 does not allow. Default: false. */
  readonly strictCrls?: boolean | undefined;
  /** Use lists that speak for the certificates of other authorities. Default: true. */
  readonly indirectCrls?: boolean | undefined;
  /** Use delta lists. Default: true. */
  readonly deltaCrls?: boolean | undefined;
  /** Believe responses signed with SHA-1. Default: false. */
  readonly allowSha1Responses?: boolean | undefined;
}

const OPTIONS: {
  readonly [K in keyof Required<RevocationOptions>]: 'function' | 'boolean' | 'duration' | 'object' | readonly string[];
} = {
  hash: 'function',
  crls: 'object',
  crlSigners: 'object',
  staples: 'boolean',
  fetch: 'function',
  fetchLimits: 'object',
  ocspNonce: 'object',
  scope: ['chain', 'leaf'],
  whenMissing: ['refuse', 'accept'],
  whenUnusable: ['refuse', 'accept'],
  whenShortLived: ['check', 'accept'],
  whenBadStaple: ['refuse', 'ignore'],
  clockSkew: 'duration',
  maxCrlAge: 'duration',
  maxOcspAge: 'duration',
  grace: 'duration',
  requireCrlNumber: 'boolean',
  strictCrls: 'boolean',
  indirectCrls: 'boolean',
  deltaCrls: 'boolean',
  allowSha1Responses: 'boolean',
};

/** @throws TlsError ERR_OPTION, naming it, for an option that is unknown, contradictory or not possible. */
export function checkRevocationOptions(options: RevocationOptions): void {
  const refuse = (name: string, what: string): never => {
    throw new TlsError('ERR_OPTION', { detail: `${name}: ${what}` });
  };
  const known: { readonly [name: string]: (typeof OPTIONS)[keyof typeof OPTIONS] | undefined } = OPTIONS;
  for (const [name, value] of Object.entries(options)) {
    const kind = known[name];
    if (kind === undefined) refuse(name, 'there is no such option');
    if (value === undefined) continue;
    if (value === null) refuse(name, 'null is not a value; leave it out for the default');
    if (kind === 'duration') {
      if (typeof value !== 'number' || !(value >= 0)) refuse(name, 'it has to be a number of milliseconds');
    } else if (typeof kind === 'string') {
      const isRight = kind === 'object' ? typeof value === 'object' || name === 'crls' : typeof value === kind;
      if (!isRight) refuse(name, `it has to be a ${kind}`);
    } else if (typeof value !== 'string' || !kind!.includes(value)) {
      refuse(name, `it has to be one of ${kind!.join(', ')}`);
    }
  }
  for (const [name, value] of Object.entries(options.fetchLimits ?? {})) {
    if (!Object.hasOwn(FETCH_LIMITS, name))
      refuse('fetchLimits', `there is no ${name}; there are ${Object.keys(FETCH_LIMITS).join(', ')}`);
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      refuse('fetchLimits', `${name} has to be a number above 0`);
  }
  if (options.hash === undefined) refuse('hash', 'it is needed');
  for (const name of ['fetchLimits', 'ocspNonce'] as const) {
    if (options[name] !== undefined && options.fetch === undefined) refuse(name, 'it does nothing without fetch');
  }
}
