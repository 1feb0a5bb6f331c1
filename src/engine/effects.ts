import { toHex } from '../bytes/bytes.ts';
import { isPromise } from '../bytes/promise.ts';
import { printable, reasonText } from '../bytes/text.ts';
import type { CipherSuite13, Hash, MaybePromise } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Config } from '../handshake/config.ts';
import {
  type ConnectionInfo,
  completeInfo,
  type Direction,
  type Effects,
  type Epoch,
  type HandshakeInfo,
  type PeerInfo,
} from '../handshake/context.ts';
import { type ClientSession, type ClientSessionStore, describeSession } from '../handshake/session.ts';
import type { RecordProtector } from '../keys/protection.ts';
import type { TrafficKeys12 } from '../keys/schedule12.ts';
import { Protector13 } from '../record/protect13.ts';
import type { EngineEvent } from './event.ts';
import type { Inbound } from './inbound.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Outbound } from './outbound.ts';

/** What of an engine a handshake can reach. */
export interface Parts {
  readonly config: Config;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly info: HandshakeInfo;
  readonly lifecycle: Lifecycle;
  /** Hands an event to the program. */
  emit(event: EngineEvent): void;
  /** The secret is the engine's from here on. */
  early(hash: Hash, secret: Uint8Array): void;
  /** What is to be forgotten if the server fails over it. */
  offered(offered: OfferedSession): void;
  /** The connection fails, at a moment when nothing is being done for it. */
  fail(reason: unknown): void;
}

/** Where a session that is offered came from. */
export interface OfferedSession {
  readonly store: ClientSessionStore;
  readonly key: string;
}

/** Everything that a handshake can do to the connection. */
export function makeEffects(parts: Parts): Effects {
  const { config, outbound, inbound, info, lifecycle, emit, early, offered, fail } = parts;
  const { role } = config;
  const protect = (direction: Direction, epoch: Epoch, protector: RecordProtector): void => {
    config.onTrace?.({ type: 'keys', by: role, direction, epoch });
    if (direction === 'write') outbound.protect(protector, epoch);
    else inbound.protect(protector, epoch);
  };
  return {
    send: (message: Uint8Array): void => {
      config.onTrace?.({
        type: 'message',
        from: role,
        handshakeType: message[0]!,
        epoch: outbound.epoch,
        raw: message,
      });
      // Behind our close_notify nothing may follow (RFC 9846 section 6.1).
      if (lifecycle.writes) outbound.handshake(message);
    },
    changeCipherSpec: (): void => {
      config.onTrace?.({ type: 'change-cipher-spec', from: role });
      outbound.changeCipherSpec();
    },
    keys: (direction: Direction, epoch: Epoch, suite: CipherSuite13, secret: Uint8Array): void =>
      protect(direction, epoch, new Protector13(suite, secret)),
    keys12: (direction: Direction, keys: TrafficKeys12): void =>
      protect(direction, 'application', protectorOf(keys, config)),
    unprotect: (): void => outbound.unprotect(),
    sendEarlyData: (bytes: Uint8Array): void => outbound.data(bytes, () => {}),
    takeEarlyData: (bytes: number): void => inbound.takeEarlyData(bytes),
    earlyExporter: (hash: Hash, secret: Uint8Array): void => early(hash, secret.slice()),
    storeSession: (store: ClientSessionStore, key: string, session: ClientSession): void =>
      storeSession(store, key, describeSession(session), config, fail),
    offersSession: (store: ClientSessionStore, key: string): void => offered({ store, key }),
    warn: (description: number): void => {
      if (lifecycle.writes) outbound.alert(1, description);
    },
    limit: (direction: Direction, bytes: number): void => {
      if (direction === 'write') outbound.limit = bytes;
      else inbound.limit = bytes;
    },
    log: (label: string, secret: Uint8Array): void => {
      if (config.keyLog === undefined) return;
      config.keyLog(`${label} ${toHex(info.clientRandom ?? new Uint8Array(0))} ${toHex(secret)}`);
    },
    info: <K extends keyof ConnectionInfo>(name: K, value: ConnectionInfo[K]): void => {
      info[name] = value;
    },
    note: ({ by, text }): void => config.onTrace?.({ type: 'note', by, text: printable(text) }),
    established: (): void => {
      lifecycle.establish();
      emit({ type: 'established', info: completeInfo(info) });
    },
    postHandshakeAuth: (peer: PeerInfo | undefined): void => emit({ type: 'post-handshake-auth', peer }),
    skipEarlyData: (how: 'sealed' | 'retry', bytes: number): void => inbound.skipEarlyData(how, bytes),
  };
}

/** The engine joins keys and records; the kind of protection comes with the protocol that names it. */
function protectorOf(keys: TrafficKeys12, { protocols, crypto }: Config): RecordProtector {
  const found = protocols.find(({ protect }) => protect !== undefined);
  if (found?.protect === undefined) throw new TlsError('ERR_INTERNAL', { detail: 'no protocol protects records' });
  return found.protect(keys, crypto.random);
}

/** The handshake does not wait for the store; if it fails, the next one is a full one. */
function storeSession(
  store: ClientSessionStore,
  key: string,
  session: ClientSession,
  config: Config,
  fail: Parts['fail'],
): void {
  unawaited(() => store.put(key, session), 'a session could not be stored', config, fail);
}

/** Most sessions that are taken out of a store which cannot forget them in one act. */
const MAX_FORGOTTEN = 64;

/** The server refused one of its sessions: the next connection is a full one. */
export function forgetSessions({ store, key }: OfferedSession, config: Config, fail: Parts['fail']): void {
  const takeAll = (left: number): MaybePromise<void> => {
    for (let count = left; count > 0; count--) {
      const taken = store.take(key);
      if (isPromise(taken)) return taken.then((session) => (session === undefined ? undefined : takeAll(count - 1)));
      if (taken === undefined) return undefined;
    }
    return undefined;
  };
  const forget = (): MaybePromise<void> => (store.forget === undefined ? takeAll(MAX_FORGOTTEN) : store.forget(key));
  unawaited(forget, 'sessions could not be forgotten', config, fail);
}

/** Nothing waits for it, and nothing but the trace hears that it failed: which may itself throw, now or later. */
function unawaited(act: () => MaybePromise<void>, what: string, config: Config, fail: Parts['fail']): void {
  const note = (reason: unknown): void => {
    try {
      config.onTrace?.({ type: 'note', by: config.role, text: `${what}: ${reasonText(reason)}` });
    } catch (cause) {
      fail(cause);
    }
  };
  try {
    const acted = act();
    if (isPromise(acted)) acted.then(undefined, note);
  } catch (reason) {
    note(reason);
  }
}
