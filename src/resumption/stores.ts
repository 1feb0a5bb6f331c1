import { ownOf } from '../bytes/shape.ts';
import { equalBytes, wipe } from '../bytes/bytes.ts';
import { reasonText } from '../bytes/text.ts';
import { TlsError } from '../errors.ts';
import {
  type ClientSession,
  type ClientSessionStore,
  describeSession,
  type EarlyDataUse,
  type ReplayGuard,
  type ServerSessionStore,
} from '../handshake/session.ts';

/** How much a store holds before it forgets what was used least recently. */
export interface MemorySessionOptions {
  /** Servers remembered, 1 to 1,000,000. Default: 256. */
  readonly maximum?: number | undefined;
  /** Sessions for each of them, 1 to 64. Default: 4. */
  readonly perServer?: number | undefined;
  /**
   * Bytes of all sessions together, certificates included, 1,024 to 2^40: servers choose how long their chains and
   * tickets are. What is larger by itself is not kept. Default: 8,388,608 (8 MiB).
   */
  readonly maxBytes?: number | undefined;
}

/** How much a server's store holds before it forgets what is oldest. */
export interface MemoryServerSessionOptions {
  /** States remembered, 1 to 1,000,000. Default: 10,000. */
  readonly maximum?: number | undefined;
  /**
   * Bytes of all states together, 1,024 to 2^40: clients choose how long their chains are. What is larger by itself is not
   * kept. Default: 33,554,432 (32 MiB).
   */
  readonly maxBytes?: number | undefined;
}

/**
 * A client's sessions in memory. The newest is handed out first; what falls out is overwritten.
 * @throws TlsError ERR_OPTION.
 *
 * @example
 * ```ts
 * import { memorySessions } from 'warifu/resumption';
 * const sessions = memorySessions({ maximum: 100, maxBytes: 1_048_576 });
 * sessions.clear();
 * ```
 */
export function memorySessions(options: MemorySessionOptions = {}): ClientSessionStore & { clear(): void } {
  options = ownOf(options);
  checkKeys(options, ['maximum', 'perServer', 'maxBytes']);
  const maximum = within('maximum', options.maximum ?? 256, 1_000_000);
  const perServer = within('perServer', options.perServer ?? 4, 64);
  const maxBytes = within('maxBytes', options.maxBytes ?? 8 * 2 ** 20, 2 ** 40, 1024);
  // A Map remembers the order of insertion: the first is the one used least recently.
  const kept = new Map<string, Kept[]>();
  let bytes = 0;
  const forget = (sessions: readonly Kept[]): void => {
    for (const one of sessions) {
      wipe(one.session.secret);
      bytes -= one.bytes;
    }
  };
  return {
    take: (key: string): ClientSession | undefined => {
      const sessions = kept.get(key);
      const one = sessions?.pop();
      if (sessions?.length === 0) kept.delete(key);
      bytes -= one?.bytes ?? 0;
      return one?.session;
    },
    put: (key: string, session: ClientSession): void => {
      const one = { session: compact(session), bytes: sizeOf(key, session) };
      bytes += one.bytes;
      if (one.bytes > maxBytes) {
        forget([one]);
        return;
      }
      const sessions = kept.get(key) ?? [];
      kept.delete(key);
      kept.set(key, sessions);
      sessions.push(one);
      if (sessions.length > perServer) forget(sessions.splice(0, 1));
      if (kept.size > maximum) {
        const [oldest, lost] = kept.entries().next().value!;
        kept.delete(oldest);
        forget(lost);
      }
      while (bytes > maxBytes) {
        const [oldest, lost] = kept.entries().next().value!;
        forget(lost.splice(0, 1));
        if (lost.length === 0) kept.delete(oldest);
      }
    },
    forget: (key: string): void => {
      forget(kept.get(key) ?? []);
      kept.delete(key);
    },
    clear: (): void => {
      for (const sessions of kept.values()) forget(sessions);
      kept.clear();
    },
  };
}

/**
 * A server's states in memory; the oldest go first, and are overwritten.
 * @throws TlsError ERR_OPTION.
 *
 * @example
 * ```ts
 * import { memoryServerSessions, storedTickets } from 'warifu/resumption';
 * import { autoProvider } from 'warifu/crypto/auto';
 * const tickets = storedTickets(memoryServerSessions({ maxBytes: 1_048_576 }), autoProvider());
 * ```
 */
export function memoryServerSessions(options: MemoryServerSessionOptions = {}): ServerSessionStore {
  options = ownOf(options);
  checkKeys(options, ['maximum', 'maxBytes']);
  const maximum = within('maximum', options.maximum ?? 10_000, 1_000_000);
  const maxBytes = within('maxBytes', options.maxBytes ?? 32 * 2 ** 20, 2 ** 40, 1024);
  const kept = new Map<string, Uint8Array>();
  let bytes = 0;
  const forget = (key: string): void => {
    const state = kept.get(key);
    if (state === undefined) return;
    kept.delete(key);
    bytes -= OVERHEAD + state.length;
  };
  return {
    take: (key: string): Uint8Array | undefined => {
      const state = kept.get(key);
      forget(key);
      return state;
    },
    put: (key: string, state: Uint8Array): void => {
      wipe(kept.get(key));
      forget(key);
      if (OVERHEAD + state.length > maxBytes) {
        wipe(state);
        return;
      }
      kept.set(key, state);
      bytes += OVERHEAD + state.length;
      while (kept.size > maximum || bytes > maxBytes) {
        const [oldest, lost] = kept.entries().next().value!;
        forget(oldest);
        wipe(lost);
      }
    },
  };
}

interface Kept {
  readonly session: ClientSession;
  readonly bytes: number;
}

/** What an entry takes beside its bytes, about. */
const OVERHEAD = 256;

/**
 * The session in arrays of its own. What came from a peer is a part of the message or record it came in, which would stay
 * as long as the part does, and count for nothing.
 */
function compact(session: ClientSession): ClientSession {
  const { presented, verdict } = session.peer;
  const own = (bytes: Uint8Array): Uint8Array => (bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice());
  const ownOrNone = (bytes: Uint8Array | undefined): Uint8Array | undefined => bytes && own(bytes);
  const chain = presented.chain.map(own);
  return describeSession({
    ...session,
    ticket: own(session.ticket),
    peer: {
      presented: {
        chain,
        ocspResponses: presented.ocspResponses.map(ownOrNone),
        sctLists: presented.sctLists.map(ownOrNone),
      },
      verdict: {
        ...verdict,
        publicKey: own(verdict.publicKey),
        // The others are the program's own anchors, which are there anyway.
        path: verdict.path.map((one) => chain.find((shown) => equalBytes(shown, one)) ?? one),
      },
    },
  });
}

function sizeOf(key: string, session: ClientSession): number {
  const { presented, verdict } = session.peer;
  const { chain, ocspResponses, sctLists } = presented;
  const parts = [session.ticket, session.secret, verdict.publicKey, ...chain, ...ocspResponses, ...sctLists];
  return parts.reduce((sum, part) => sum + OVERHEAD + (part?.length ?? 0), 2 * key.length);
}

/** How much a guard in memory remembers, and for how long. */
export interface MemoryReplayGuardOptions {
  /** ClientHellos remembered at a time, 1 to 10,000,000; beyond that the answer is no. Default: 100,000. */
  readonly maximum?: number | undefined;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly clock?: { now(): number } | undefined;
}

/**
 * Remembers early data within this process. With several processes that open the same tickets, each would take a copy
 * once: they need one guard that all of them ask. What was sent while it was not there yet is refused (RFC 9846
 * section 8.2).
 *
 * @example
 * ```ts
 * import { memoryReplayGuard } from 'warifu/resumption';
 * const guard = memoryReplayGuard({ clock: { now: () => 0 } });
 * const use = { key: new Uint8Array(32), from: 1_000, until: 11_000, now: 2_000 };
 * await guard.firstUse(use); // true
 * await guard.firstUse(use); // false: a replay
 * ```
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): ReplayGuard {
  options = ownOf(options);
  checkKeys(options, ['maximum', 'clock']);
  const maximum = within('maximum', options.maximum ?? 100_000, 10_000_000);
  const started = (options.clock ?? Date).now();
  if (!Number.isFinite(started)) throw new TlsError('ERR_OPTION', { detail: `clock: it says ${reasonText(started)}` });
  const seen = new Map<string, number>();
  /** The latest `until` of all that has been forgotten: a clock that goes back brings none of it to life again. */
  let forgotten = Number.NEGATIVE_INFINITY;
  return {
    firstUse: ({ key, from, until, now }: EarlyDataUse): boolean => {
      const name = key.join();
      // What is no number is no time, and passes none of these.
      if (!(from >= started && until > forgotten && now <= until) || seen.has(name)) return false;
      // About in the order in which they expire: what is left over is found the next time.
      for (const [old, expires] of seen) {
        if (!(expires < now)) break;
        seen.delete(old);
        forgotten = Math.max(forgotten, expires);
      }
      // The time has gone on past it meanwhile.
      if (!(until > forgotten) || seen.size >= maximum) return false;
      seen.set(name, until);
      return true;
    },
  };
}

function within(option: string, value: number, max: number, min: number = 1): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new TlsError('ERR_OPTION', { detail: `${option}: it has to be ${min} to ${max}, not ${reasonText(value)}` });
  return value;
}

function checkKeys(options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw new TlsError('ERR_OPTION', { detail: `${key}: there is no such option; there are ${known.join(', ')}` });
  }
}
