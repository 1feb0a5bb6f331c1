import { wipe } from '../bytes/bytes.ts';
import { TlsError } from '../errors.ts';
import type {
  ClientSession,
  ClientSessionStore,
  EarlyDataUse,
  ReplayGuard,
  ServerSessionStore,
} from '../handshake/session.ts';

/** How much a store holds before it forgets what was used least recently. */
export interface MemorySessionOptions {
  /** Servers remembered, 1 to 1,000,000. Default: 256. */
  readonly maximum?: number;
  /** Sessions for each of them, 1 to 64. Default: 4. */
  readonly perServer?: number;
}

/** A client's sessions in memory. The newest is handed out first; what falls out is overwritten. */
export function memorySessions(options: MemorySessionOptions = {}): ClientSessionStore & { clear(): void } {
  const maximum = within('maximum', options.maximum ?? 256, 1_000_000);
  const perServer = within('perServer', options.perServer ?? 4, 64);
  // A Map remembers the order of insertion: the first is the one used least recently.
  const kept = new Map<string, ClientSession[]>();
  const forget = (sessions: readonly ClientSession[]): void => {
    for (const { secret } of sessions) wipe(secret);
  };
  return {
    take: (key: string): ClientSession | undefined => {
      const sessions = kept.get(key);
      const session = sessions?.pop();
      if (sessions?.length === 0) kept.delete(key);
      return session;
    },
    put: (key: string, session: ClientSession): void => {
      const sessions = kept.get(key) ?? [];
      kept.delete(key);
      kept.set(key, sessions);
      sessions.push(session);
      if (sessions.length > perServer) forget(sessions.splice(0, 1));
      if (kept.size <= maximum) return;
      const [oldest, lost] = kept.entries().next().value!;
      kept.delete(oldest);
      forget(lost);
    },
    clear: (): void => {
      for (const sessions of kept.values()) forget(sessions);
      kept.clear();
    },
  };
}

/** A server's states in memory: at most `maximum` (default 10,000), the oldest go first. */
export function memoryServerSessions(options: { readonly maximum?: number } = {}): ServerSessionStore {
  const maximum = within('maximum', options.maximum ?? 10_000, 1_000_000);
  const kept = new Map<string, Uint8Array>();
  return {
    take: (key: string): Uint8Array | undefined => {
      const state = kept.get(key);
      kept.delete(key);
      return state;
    },
    put: (key: string, state: Uint8Array): void => {
      kept.set(key, state);
      if (kept.size <= maximum) return;
      const [oldest, lost] = kept.entries().next().value!;
      kept.delete(oldest);
      wipe(lost);
    },
  };
}

export interface MemoryReplayGuardOptions {
  /** ClientHellos remembered at a time, 1 to 10,000,000; beyond that the answer is no. Default: 100,000. */
  readonly maximum?: number;
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly clock?: { now(): number };
}

/**
 * Remembers early data within this process. With several processes that open the same tickets, each would take a copy
 * once: they need one guard that all of them ask. What was sent while it was not there yet is refused (RFC 9846
 * section 8.2).
 */
export function memoryReplayGuard(options: MemoryReplayGuardOptions = {}): ReplayGuard {
  const maximum = within('maximum', options.maximum ?? 100_000, 10_000_000);
  const started = (options.clock ?? Date).now();
  const seen = new Map<string, number>();
  return {
    firstUse: ({ key, from, until, now }: EarlyDataUse): boolean => {
      const name = key.join();
      if (from < started || seen.has(name)) return false;
      // About in the order in which they expire: what is left over is found the next time.
      for (const [old, expires] of seen) {
        if (expires >= now) break;
        seen.delete(old);
      }
      if (seen.size >= maximum) return false;
      seen.set(name, until);
      return true;
    },
  };
}

function within(option: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new TlsError('ERR_OPTION', { detail: `${option}: it has to be 1 to ${most}` });
  return value;
}
