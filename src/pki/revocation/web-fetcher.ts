import { ownOf } from '../../bytes/shape.ts';
import { concat } from '../../bytes/bytes.ts';
import { TlsError } from '../../errors.ts';
import type { Fetcher, FetchRequest } from './fetch.ts';

/** As much of the `fetch` of browsers, Node, Deno, Bun and workers as is needed here. */
export type FetchFunction = (
  uri: string,
  init: {
    readonly method: 'GET' | 'POST';
    readonly headers: Record<string, string>;
    readonly body?: Uint8Array<ArrayBuffer>;
    readonly redirect: 'error';
    readonly signal: AbortSignal;
  },
) => Promise<FetchAnswer>;

/** As much of a Response as is needed here. */
export interface FetchAnswer {
  readonly ok: boolean;
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** How a fetcher over `fetch` goes about it. */
export interface WebFetcherOptions {
  /** `globalThis.fetch`, or one like it. */
  readonly fetch: FetchFunction;
  /**
   * Hosts that may be asked: names as they are, or with a dot in front for all below. 'any': whatever a certificate names,
   * which lets its maker choose whom this program sends requests to; only where nothing but the internet can be reached.
   */
  readonly hosts: readonly string[] | 'any';
}

/**
 * A {@link Fetcher} for lists, responses and issuers by way of `fetch`: only http and https, only hosts that are allowed, no
 * redirects, and no more bytes than are wanted. Time, number of addresses and what is kept are bounded by `fetchLimits`.
 * @throws TlsError ERR_OPTION for an option that is not possible.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { revocationChecker, webFetcher } from 'warifu/pki';
 * const checker = revocationChecker({
 *   hash: nobleProvider().hash,
 *   fetch: webFetcher({ fetch: globalThis.fetch, hosts: ['crl.example.com', '.pki.example.net'] }),
 *   fetchLimits: { timeout: 2_000, maxCrlBytes: 4_194_304 },
 * });
 * checker.wantsOcsp; // true
 * ```
 */
export function webFetcher(options: WebFetcherOptions): Fetcher {
  options = ownOf(options);
  for (const key of Object.keys(options))
    if (key !== 'fetch' && key !== 'hosts')
      throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option; there are fetch and hosts` });
  const { fetch, hosts } = options;
  if (typeof fetch !== 'function')
    throw new TlsError('ERR_OPTION', { detail: 'fetch: a function like globalThis.fetch' });
  if (hosts !== 'any' && !(Array.isArray(hosts) && hosts.every(isHost)))
    throw new TlsError('ERR_OPTION', {
      detail: "hosts: a list of names such as 'crl.example.com' or '.example.com' (no URLs, no ports), or 'any'",
    });
  const allowed = hosts === 'any' ? undefined : hosts.map((host) => host.toLowerCase());
  return async (request) => {
    if (allowed !== undefined && !isAllowed(request.uri, allowed)) return undefined;
    const answer = await fetch(request.uri, {
      method: request.body === undefined ? 'GET' : 'POST',
      headers: request.contentType === undefined ? {} : { 'content-type': request.contentType },
      ...(request.body !== undefined && { body: new Uint8Array(request.body) }),
      redirect: 'error',
      signal: request.signal,
    });
    return answer.ok ? await read(answer, request) : undefined;
  };
}

function isHost(host: unknown): boolean {
  return typeof host === 'string' && /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(host);
}

function isAllowed(uri: string, hosts: readonly string[]): boolean {
  const { hostname } = new URL(uri);
  return hosts.some((host) => (host.startsWith('.') ? hostname.endsWith(host) : hostname === host));
}

async function read({ body }: FetchAnswer, { maxBytes }: FetchRequest): Promise<Uint8Array | undefined> {
  if (body === null) return undefined;
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(parts);
    if (value === undefined) continue;
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
}

/** There may be more parts than a call has arguments. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  let whole: Uint8Array[] = [...parts];
  while (whole.length > 1_024) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < whole.length; i += 1_024) next.push(concat(...whole.slice(i, i + 1_024)));
    whole = next;
  }
  return concat(...whole);
}
