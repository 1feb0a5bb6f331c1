import { ownOf } from '../bytes/shape.ts';
import { concat, fromAscii, plainView, toBase64Url, wipe } from '../bytes/bytes.ts';
import type { Aead, CryptoProvider } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import { MAX_TICKET_LIFETIME, type ServerSessionStore, type TicketSealer } from '../handshake/session.ts';
import { hkdfExpand } from '../keys/expand.ts';

/** How tickets are sealed, and for how long their keys live. */
export interface TicketSealerOptions {
  readonly crypto: CryptoProvider;
  /**
   * What the keys are made of, 32 bytes or more of randomness each: the first seals, all open. Processes and machines
   * with the same secret and about the same time open each other's tickets without talking. Put a new one first to
   * replace it; keep the old one for as long as tickets live. Default: a random one, so tickets die with the process.
   */
  readonly secrets?: readonly Uint8Array[] | undefined;
  /** How long a key seals, 60 to 604,800 seconds. Default: 3,600. */
  readonly rotation?: number | undefined;
}

/**
 * Tickets that hold everything, sealed with keys that only this server has (RFC 9846 section 4.7.1): nothing is kept.
 * Keys follow from secret and time. One who gets a secret can open the tickets that were sealed under it, and
 * connections that used a PSK alone; connections with key exchange stay closed.
 *
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { ticketSealer } from 'warifu/resumption';
 * const tickets = ticketSealer({ crypto: nobleProvider() });
 * const now = Date.now();
 * const ticket = await tickets.seal(Uint8Array.of(1, 2, 3), 3600, now);
 * await tickets.open(ticket ?? new Uint8Array(0), now); // Uint8Array [1, 2, 3]
 * ```
 */
export function ticketSealer(options: TicketSealerOptions): TicketSealer {
  options = ownOf(options);
  const { crypto, rotation = 3600 } = options;
  if (!Number.isInteger(rotation) || rotation < 60 || rotation > MAX_TICKET_LIFETIME)
    throw bad('rotation', `it has to be 60 to ${MAX_TICKET_LIFETIME} seconds`);
  const secrets = options.secrets?.map((secret) => plainView(secret).slice()) ?? [randomBytes(crypto, 32)];
  if (secrets.length === 0 || secrets.some(({ length }) => length < 32))
    throw bad('secrets', 'there has to be one, and each has at least 32 bytes');
  const hash = crypto.hash('sha256');
  const aead = strongest(crypto);
  const periodOf = (now: number): number => Math.floor(now / 1000 / rotation);

  /** Each ticket has a key of its own, so no number of them wears one out. */
  const openKey = <T>(
    secret: Uint8Array,
    header: Uint8Array,
    use: (key: ReturnType<Aead['key']>, nonce: Uint8Array) => T,
  ): T => {
    const prk = hash.hmac(secret, header.subarray(0, SALT_AT));
    const material = hkdfExpand(hash, prk, concat(LABEL(), header), aead.keyLength + 12);
    const key = aead.key(material.subarray(0, aead.keyLength));
    try {
      return use(key, material.subarray(aead.keyLength));
    } finally {
      key.dispose();
      wipe(prk, material);
    }
  };

  return {
    seal: (state: Uint8Array, _lifetime: number, now: number): Uint8Array => {
      const header = new Uint8Array(HEADER);
      const view = new DataView(header.buffer);
      view.setUint8(0, FORMAT);
      view.setUint32(1, periodOf(now));
      header.set(randomBytes(crypto, HEADER - SALT_AT), SALT_AT);
      return concat(
        header,
        openKey(secrets[0]!, header, (key, nonce) => key.seal(nonce, header, state)),
      );
    },
    open: (bytes: Uint8Array, now: number): Uint8Array | undefined => {
      const ticket = plainView(bytes);
      if (ticket.length < HEADER + aead.tagLength || ticket[0] !== FORMAT) return undefined;
      const header = ticket.slice(0, HEADER);
      const period = new DataView(header.buffer).getUint32(1);
      // A neighbour's clock may be ahead; a ticket from before any could live is not worth a try.
      if (!(period <= periodOf(now) + 1 && period >= periodOf(now - MAX_TICKET_LIFETIME * 1000))) return undefined;
      for (const secret of secrets) {
        const state = openKey(secret, header, (key, nonce) => key.open(nonce, header, ticket.subarray(HEADER)));
        if (state !== undefined) return state;
      }
      return undefined;
    },
  };
}

/**
 * Tickets that are only keys to what a store holds: each works once, and is worth nothing without the store.
 * @example
 * ```ts
 * import { nobleProvider } from 'warifu/crypto/noble';
 * import { memoryServerSessions, storedTickets } from 'warifu/resumption';
 * const tickets = storedTickets(memoryServerSessions(), nobleProvider());
 * const ticket = await tickets.seal(Uint8Array.of(1, 2, 3), 3600, Date.now());
 * ticket?.length; // 32
 * ```
 */
export function storedTickets(store: ServerSessionStore, crypto: CryptoProvider): TicketSealer {
  return {
    seal: (state: Uint8Array, lifetime: number, now: number) => {
      const ticket = randomBytes(crypto, 32);
      const stored = store.put(toBase64Url(ticket), state, now + lifetime * 1000);
      return stored === undefined ? ticket : stored.then(() => ticket);
    },
    open: (ticket: Uint8Array) => (ticket.length === 32 ? store.take(toBase64Url(ticket)) : undefined),
  };
}

const FORMAT = 1;
/** Format, period, salt. */
const SALT_AT = 5;
const HEADER = 37;
const LABEL = (): Uint8Array => fromAscii('warifu ticket');

/** The same on every machine, whatever the order of its suites. */
function strongest(crypto: CryptoProvider): Aead {
  const aeads = crypto.suites.map(({ aead }) => aead);
  for (const name of ['AES-256-GCM', 'ChaCha20-Poly1305', 'AES-128-GCM']) {
    const found = aeads.find((aead) => aead.name === name);
    if (found !== undefined) return found;
  }
  const [any] = aeads;
  if (any === undefined) throw bad('crypto', 'it has no cipher');
  return any;
}

function randomBytes(crypto: CryptoProvider, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  crypto.random.fill(bytes);
  return bytes;
}

function bad(option: string, why: string): TlsError {
  return new TlsError('ERR_OPTION', { detail: `${option}: ${why}` });
}
