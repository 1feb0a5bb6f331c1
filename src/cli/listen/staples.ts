import { equalBytes, toHex } from '../../bytes/bytes.ts';
import { autoProvider } from '../../crypto/auto.ts';
import type { Credential } from '../../handshake/peer.ts';
import { isWebAddress, ocspUris } from '../../pki/revocation/fetch.ts';
import { buildOcspRequest } from '../../pki/revocation/ocsp.ts';
import { ocspStatus } from '../../pki/revocation/ocsp-status.ts';
import { authorityOf } from '../../pki/revocation/status.ts';
import { webFetcher } from '../../pki/revocation/web-fetcher.ts';
import { type Certificate, readCertificate } from '../../pki/x509/certificate.ts';
import { runSteps, wait } from '../../pki/x509/steps.ts';
import { isFinding, orMalformed } from '../../pki/x509/verdict.ts';

/** OCSP responses for our own certificates: fetched from the responder that each names, well before the last one expires. */

/** Milliseconds. */
const TIMEOUT = 10_000;
const SOONEST = 60_000;
const LATEST = 12 * 3_600_000;
const MAX_BYTES = 65_536;
const SKEW = 300_000;
const DAY = 86_400_000;

/** The address is in our own certificate: it is as good as the file that it is in. */
const fetcher = webFetcher({ fetch: globalThis.fetch, hosts: 'any' });

/** A certificate of ours, and those that came with it. */
export interface Ours {
  readonly credential: Credential;
  readonly given: readonly Certificate[];
}

interface Kept {
  readonly response: Uint8Array;
  readonly until: number;
}

export class Staples {
  readonly #kept = new Map<string, Kept>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #changed: () => void;
  readonly #note: (text: string) => void;
  readonly #told = new Set<string>();

  /** @param changed called when there is a new response, or an old one has expired. */
  constructor(changed: () => void, note: (text: string) => void) {
    this.#changed = changed;
    this.#note = note;
  }

  /** By the SHA-256 of the certificate. */
  get current(): ReadonlyMap<string, Uint8Array> {
    const now = Date.now();
    return new Map(
      [...this.#kept].filter(([, { until }]) => until > now).map(([key, { response }]) => [key, response]),
    );
  }

  /** Certificates that are in use now; those that are not any more are forgotten. */
  keep(certificates: readonly Ours[]): void {
    const wanted = new Map(certificates.map((one) => [keyOf(one.credential), one]));
    for (const [key, timer] of this.#timers) {
      if (wanted.has(key)) continue;
      clearTimeout(timer);
      this.#timers.delete(key);
      this.#kept.delete(key);
    }
    for (const [key, ours] of wanted) if (!this.#timers.has(key)) this.#schedule(key, ours, 0);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule(key: string, ours: Ours, milliseconds: number): void {
    const timer = setTimeout(() => void this.#fetch(key, ours), milliseconds);
    timer.unref();
    this.#timers.set(key, timer);
  }

  async #fetch(key: string, ours: Ours): Promise<void> {
    const outcome = await fetchStaple(ours).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (!this.#timers.has(key)) return;
    const now = Date.now();
    if (typeof outcome === 'string') {
      this.#tell(`staple-fetch: ${outcome}`);
      const old = this.#kept.get(key);
      if (old !== undefined && old.until <= now) {
        this.#kept.delete(key);
        this.#changed();
      }
      this.#schedule(key, ours, SOONEST);
      return;
    }
    this.#kept.set(key, outcome);
    this.#changed();
    this.#schedule(key, ours, Math.min(LATEST, Math.max(SOONEST, (outcome.until - now) / 2)));
  }

  #tell(text: string): void {
    if (this.#told.has(text) || this.#told.size > 100) return;
    this.#told.add(text);
    this.#note(text);
  }
}

/** What the responder says; a text: why there is nothing that could be stapled. */
async function fetchStaple({ credential, given }: Ours): Promise<Kept | string> {
  const crypto = autoProvider();
  const [leaf] = credential.chain;
  if (leaf === undefined) return 'there is no certificate';
  const certificate = readCertificate(leaf);
  const issuer = given.find(({ subject }) => equalBytes(subject, certificate.issuer));
  if (issuer === undefined)
    return 'the certificate of the issuer is needed to ask about ours; put it behind it in the file';
  const found = orMalformed(() => ocspUris(certificate).filter(isWebAddress), '');
  const uris = isFinding(found) ? [] : found;
  const [uri] = uris;
  if (uri === undefined) return 'the certificate names no OCSP responder';
  const body = buildOcspRequest(certificate, issuer, crypto.hash('sha1'));
  const response = await fetcher({
    kind: 'ocsp',
    uri,
    body,
    contentType: 'application/ocsp-request',
    maxBytes: MAX_BYTES,
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response === undefined) return `${uri} answers nothing that could be a response of at most ${MAX_BYTES} bytes`;
  const now = Date.now();
  const { status } = await runSteps(
    ocspStatus({
      certificate,
      issuer: authorityOf(issuer),
      response,
      freshness: { now, skew: SKEW, maxAge: undefined, ageWithoutNext: DAY, grace: 0 },
      hash: crypto.hash,
      *verify(algorithm, key, message, signature) {
        if (algorithm === undefined || key === undefined) return false;
        return (yield* wait(crypto.verifier.verify(algorithm, key, message, signature))) === true;
      },
    }),
  );
  if (status.status === 'good') return { response, until: status.until };
  const why = status.status === 'revoked' ? 'it is revoked' : status.why;
  return `${uri} does not say that our certificate is good: ${why}`;
}

function keyOf({ chain: [leaf] }: Credential): string {
  return leaf === undefined ? '' : toHex(autoProvider().hash('sha256').digest(leaf));
}
