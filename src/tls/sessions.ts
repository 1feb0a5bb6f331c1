import { fromBase64Url, toBase64Url } from '../bytes/bytes.ts';
import type { ClientSession, ClientSessionStore } from '../handshake/session.ts';
import type { VerificationFailure } from '../handshake/peer.ts';

/**
 * A session as node:tls hands it out: a Buffer that says nothing, which another connection is given. The secret in it opens
 * connections: keep it safe.
 */

const FORMAT = 'warifu session 1';

/** What is in such a Buffer. */
export interface SavedSession {
  /** Of the store: a session goes only to a connection that is configured alike. */
  readonly key: string;
  readonly session: ClientSession;
  /** Why the server was not trusted, where that was only reported. */
  readonly failure: VerificationFailure | undefined;
}

function encodeSession(saved: SavedSession): Buffer {
  return Buffer.from(
    JSON.stringify({ format: FORMAT, ...saved }, (_name, value: unknown) =>
      value instanceof Uint8Array ? { bytes: toBase64Url(value) } : bufferJson(value),
    ),
  );
}

/** Undefined for what was not made by {@link encodeSession}: a connection that is given it makes a full handshake. */
export function decodeSession(bytes: Uint8Array): SavedSession | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const saved: unknown = JSON.parse(text, (_name, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('bytes' in value)) return value;
      return typeof value.bytes === 'string' ? fromBase64Url(value.bytes) : value;
    });
    return isSaved(saved) ? saved : undefined;
  } catch {
    return undefined;
  }
}

/** Gives the one session of `setSession`, and hands out those that come. */
export class OneSession implements ClientSessionStore {
  /** Given for the next handshake. */
  offered: SavedSession | undefined;
  /** That came last. */
  latest: Buffer | undefined;
  /** Of the latest, for `getTLSTicket`. */
  ticket: Uint8Array | undefined;
  readonly #failure: () => VerificationFailure | undefined;
  readonly #taken: (saved: SavedSession) => void;
  readonly #came: (session: Buffer) => void;

  constructor(host: {
    failure(): VerificationFailure | undefined;
    taken(saved: SavedSession): void;
    came(session: Buffer): void;
  }) {
    this.#failure = () => host.failure();
    this.#taken = (saved) => host.taken(saved);
    this.#came = (session) => host.came(session);
  }

  take(key: string): ClientSession | undefined {
    const saved = this.offered;
    this.offered = undefined;
    if (saved === undefined || saved.key !== key) return undefined;
    this.latest = encodeSession(saved);
    this.ticket = saved.session.ticket;
    this.#taken(saved);
    return saved.session;
  }

  put(key: string, session: ClientSession): void {
    const bytes = encodeSession({ key, session, failure: this.#failure() });
    this.latest = bytes;
    this.ticket = session.ticket;
    this.#came(bytes);
  }
}

function isSaved(value: unknown): value is SavedSession {
  if (typeof value !== 'object' || value === null) return false;
  const { format, key, session }: { format?: unknown; key?: unknown; session?: unknown } = value;
  if (format !== FORMAT || typeof key !== 'string' || typeof session !== 'object' || session === null) return false;
  const { version, ticket, secret, peer }: { version?: unknown; ticket?: unknown; secret?: unknown; peer?: unknown } =
    session;
  return (
    (version === 0x0304 || version === 0x0303) &&
    ticket instanceof Uint8Array &&
    secret instanceof Uint8Array &&
    typeof peer === 'object' &&
    peer !== null
  );
}

/** A Buffer has written itself down already when the replacer sees it. */
function bufferJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('data' in value)) return value;
  return value.type === 'Buffer' && Array.isArray(value.data)
    ? { bytes: toBase64Url(Uint8Array.from(value.data)) }
    : value;
}
