import { ownOf } from '../../bytes/shape.ts';
import { equalBytes, toAscii } from '../../bytes/bytes.ts';
import { contextTag, DerCursor, DerError } from '../../bytes/der.ts';
import type { MaybePromise } from '../../crypto/types.ts';
import {
  type Certificate,
  issuerUris,
  OID_AUTHORITY_INFO_ACCESS,
  readCertificate,
  remember,
} from '../x509/certificate.ts';
import type { Crl } from './crl.ts';
import { LONGEST_OCSP_RESPONSE } from './ocsp.ts';

/**
 * Lists, responses and issuers from addresses that certificates name. Nothing here opens a connection: the program
 * does, if it wants to, and may say no to any address. The addresses are chosen by the maker of the certificate, so
 * what fetches them has to keep them from places inside a network that only this program can reach.
 */

/** What has to be fetched. */
export interface FetchRequest {
  readonly kind: 'crl' | 'ocsp' | 'issuer';
  /** Always http or https. A redirect to any other scheme must not be followed. */
  readonly uri: string;
  /** To be sent with POST as `contentType`; undefined: GET. */
  readonly body: Uint8Array | undefined;
  readonly contentType: string | undefined;
  /** Bytes; a longer answer is not used. */
  readonly maxBytes: number;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

/** Fetches, or gives undefined when there is nothing to be had. A rejection is the same as undefined. */
export type Fetcher = (request: FetchRequest) => Promise<Uint8Array | undefined>;

/** How much fetching for revocation may cost. */
export interface FetchLimits {
  /** Milliseconds for one request. Default: 5,000. */
  readonly timeout?: number | undefined;
  /** Milliseconds for all requests about one certificate. Default: 10,000. */
  readonly totalTimeout?: number | undefined;
  /** Milliseconds that a list is kept, if it does not expire before. Default: 86,400,000, a day. */
  readonly maxKept?: number | undefined;
  /** Bytes of a list. Default: 16 MiB. */
  readonly maxCrlBytes?: number | undefined;
  /** Addresses tried for one certificate. Default: 3. */
  readonly maxAddresses?: number | undefined;
}

/** Every limit, with its default. */
export const FETCH_LIMITS: { readonly [L in keyof FetchLimits]-?: number } = {
  timeout: 5_000,
  totalTimeout: 10_000,
  maxKept: 86_400_000,
  maxCrlBytes: 16 * 1024 * 1024,
  maxAddresses: 3,
};
const LONGEST_ISSUER = 131_072;
const LONGEST_URI = 2_048;
/** Milliseconds that a failure is remembered, and that a list without nextUpdate is kept. */
const FAILURE_KEPT = 60_000;
const KEPT_WITHOUT_NEXT = 3_600_000;
const MAX_CACHED = 256;
const MAX_CACHED_BYTES = 64 * 1024 * 1024;

/** The requests about one certificate, which share their time. */
export interface Trip {
  /** Milliseconds that are left. */
  left(): number;
}

/** Milliseconds: with less than this there is no point in asking, and timers are no more exact. */
const MIN_TIME = 5;

interface Cached<T> {
  readonly value: T | undefined;
  readonly expires: number;
  readonly size: number;
}

/** Fetches through the program's callback, and remembers. */
export class Remote {
  readonly #fetch: Fetcher;
  readonly #timeout: number;
  readonly #totalTimeout: number;
  readonly #maxKept: number;
  readonly #maxCrlBytes: number;
  readonly #maxAddresses: number;
  readonly #cache = new Map<string, Cached<unknown>>();
  readonly #underWay = new Map<string, Promise<unknown>>();
  #cachedBytes = 0;

  constructor(fetch: Fetcher, limits: FetchLimits = {}) {
    limits = ownOf(limits);
    this.#fetch = fetch;
    this.#timeout = limits.timeout ?? FETCH_LIMITS.timeout;
    this.#totalTimeout = limits.totalTimeout ?? FETCH_LIMITS.totalTimeout;
    this.#maxKept = limits.maxKept ?? FETCH_LIMITS.maxKept;
    this.#maxCrlBytes = limits.maxCrlBytes ?? FETCH_LIMITS.maxCrlBytes;
    this.#maxAddresses = limits.maxAddresses ?? FETCH_LIMITS.maxAddresses;
  }

  /** The time for all requests about a certificate begins. */
  begin(): Trip {
    const until = performance.now() + this.#totalTimeout;
    return { left: () => until - performance.now() };
  }

  /** The addresses of these that may be asked. */
  allowed(uris: readonly string[]): readonly string[] {
    return [...new Set(uris)].filter(isWebAddress).slice(0, this.#maxAddresses);
  }

  /** A list, by `read`; undefined: it cannot be had, or is none. */
  crl(uri: string, now: number, trip: Trip, read: (der: Uint8Array) => Crl): Promise<Crl | undefined> {
    return this.#remember(`crl ${uri}`, now, async () => {
      const der = await this.#ask(
        {
          kind: 'crl',
          uri,
          body: undefined,
          contentType: undefined,
          maxBytes: this.#maxCrlBytes,
        },
        trip,
      );
      const crl = der && orUndefined(() => read(der));
      return (
        crl && {
          value: crl,
          expires: Math.min(crl.nextUpdate ?? now + KEPT_WITHOUT_NEXT, now + this.#maxKept),
          size: crl.der.length,
        }
      );
    });
  }

  /**
   * A response to a request. `key` names the certificate asked about, or is undefined when the response is not to be
   * kept; `expiry` says until when one is worth keeping.
   */
  async ocsp(
    uri: string,
    request: Uint8Array,
    key: string | undefined,
    now: number,
    expiry: (response: Uint8Array) => MaybePromise<number | undefined>,
    trip: Trip,
  ): Promise<Uint8Array | undefined> {
    const ask = async (): Promise<Cached<Uint8Array> | undefined> => {
      const value = await this.#ask(
        {
          kind: 'ocsp',
          uri,
          body: request,
          contentType: 'application/ocsp-request',
          maxBytes: LONGEST_OCSP_RESPONSE,
        },
        trip,
      );
      const expires = value && (await expiry(value));
      return value && { value, expires: expires ?? now + FAILURE_KEPT, size: value.length };
    };
    return key === undefined ? (await ask())?.value : this.#remember(`ocsp ${uri} ${key}`, now, ask);
  }

  /** Certificates that may have issued this one (RFC 5280 section 4.2.2.1); only the DER form. @throws DerError */
  async issuers(certificate: Certificate, now: number): Promise<readonly Certificate[]> {
    const found: Certificate[] = [];
    const trip = this.begin();
    for (const uri of this.allowed(issuerUris(certificate))) {
      const issuer = await this.#remember(`issuer ${uri}`, now, async () => {
        const der = await this.#ask(
          {
            kind: 'issuer',
            uri,
            body: undefined,
            contentType: undefined,
            maxBytes: LONGEST_ISSUER,
          },
          trip,
        );
        const value = der && orUndefined(() => readCertificate(der));
        return (
          value && { value, expires: Math.min(value.notAfter, now + 24 * KEPT_WITHOUT_NEXT), size: value.der.length }
        );
      });
      if (issuer !== undefined && !found.some(({ der }) => equalBytes(der, issuer.der))) found.push(issuer);
    }
    return found;
  }

  async #remember<T>(key: string, now: number, ask: () => Promise<Cached<T> | undefined>): Promise<T | undefined> {
    const cached = this.#cache.get(key) as Cached<T> | undefined;
    if (cached !== undefined && now < cached.expires) return cached.value;
    const underWay = this.#underWay.get(key) as Promise<T | undefined> | undefined;
    if (underWay !== undefined) return underWay;
    const asked = ask().then((answer) => {
      this.#keep(key, answer ?? { value: undefined, expires: now + FAILURE_KEPT, size: 0 });
      return answer?.value;
    });
    this.#underWay.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** The oldest go first when there are too many. */
  #keep(key: string, entry: Cached<unknown>): void {
    this.#drop(key);
    if (entry.size > MAX_CACHED_BYTES) return;
    this.#cache.set(key, entry);
    this.#cachedBytes += entry.size;
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED && this.#cachedBytes <= MAX_CACHED_BYTES) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#cachedBytes -= this.#cache.get(key)?.size ?? 0;
    this.#cache.delete(key);
  }

  /** One request, within its time and size. Whatever goes wrong, there is no answer. */
  async #ask(request: Omit<FetchRequest, 'signal'>, trip: Trip): Promise<Uint8Array | undefined> {
    const time = Math.min(this.#timeout, trip.left());
    if (time < MIN_TIME) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        controller.abort();
        resolve(undefined);
      }, time);
    });
    try {
      const answer = await Promise.race([this.#fetch({ ...request, signal: controller.signal }), late]);
      return answer instanceof Uint8Array && answer.length <= request.maxBytes ? answer : undefined;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Addresses of OCSP responders (RFC 5280 section 4.2.2.1). @throws DerError */
export function ocspUris(certificate: Certificate): readonly string[] {
  const extension = certificate.extensions.get(OID_AUTHORITY_INFO_ACCESS);
  if (extension === undefined) return [];
  return remember(certificate, 'ocsp uris', () => {
    const cursor = new DerCursor(extension.value);
    const list = cursor.sequenceOf(
      (item) =>
        item.sequence((fields) => {
          const method = fields.oid();
          const { tag, contentStart, end } = fields.element();
          const isOcsp = method === '1.3.6.1.5.5.7.48.1' && tag === contextTag(6) && end - contentStart <= LONGEST_URI;
          const uri = isOcsp ? toAscii(fields.bytes.subarray(contentStart, end)) : undefined;
          return uri === undefined ? [] : [uri];
        }),
      1,
    );
    cursor.finish();
    return list.flat();
  });
}

/** http and https only, no user names, nothing but visible ASCII. */
export function isWebAddress(uri: string): boolean {
  return uri.length <= LONGEST_URI && /^https?:\/\/[^/?#@\\]+([/?#]|$)/i.test(uri) && /^[!-~]+$/.test(uri);
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
