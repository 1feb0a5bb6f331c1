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
  type Note,
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

/** Everything that a handshake can do to the connection. A class: as closures it costs each idle connection a kilobyte and a half. */
export class EngineEffects implements Effects {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  send(message: Uint8Array): void {
    const { config, outbound, lifecycle } = this.#parts;
    config.onTrace?.({
      type: 'message',
      from: config.role,
      handshakeType: message[0]!,
      epoch: outbound.epoch,
      raw: message,
    });
    // Behind our close_notify nothing may follow (RFC 9846 section 6.1).
    if (lifecycle.writes) outbound.handshake(message);
  }

  changeCipherSpec(): void {
    const { config, outbound } = this.#parts;
    config.onTrace?.({ type: 'change-cipher-spec', from: config.role });
    outbound.changeCipherSpec();
  }

  keys(direction: Direction, epoch: Epoch, suite: CipherSuite13, secret: Uint8Array): void {
    this.#protect(direction, epoch, new Protector13(suite, secret));
  }

  keys12(direction: Direction, keys: TrafficKeys12): void {
    this.#protect(direction, 'application', protectorOf(keys, this.#parts.config));
  }

  unprotect(): void {
    this.#parts.outbound.unprotect();
  }

  sendEarlyData(bytes: Uint8Array): void {
    this.#parts.outbound.data(bytes, () => {});
  }

  takeEarlyData(bytes: number): void {
    this.#parts.inbound.takeEarlyData(bytes);
  }

  earlyExporter(hash: Hash, secret: Uint8Array): void {
    this.#parts.early(hash, secret.slice());
  }

  storeSession(store: ClientSessionStore, key: string, session: ClientSession): void {
    const { config, fail } = this.#parts;
    storeSession(store, key, describeSession(session), config, fail);
  }

  offersSession(store: ClientSessionStore, key: string): void {
    this.#parts.offered({ store, key });
  }

  warn(description: number): void {
    const { lifecycle, outbound } = this.#parts;
    if (lifecycle.writes) outbound.alert(1, description);
  }

  limit(direction: Direction, bytes: number): void {
    if (direction === 'write') this.#parts.outbound.limit = bytes;
    else this.#parts.inbound.limit = bytes;
  }

  log(label: string, secret: Uint8Array): void {
    const { config, info } = this.#parts;
    if (config.keyLog === undefined) return;
    config.keyLog(`${label} ${toHex(info.clientRandom ?? new Uint8Array(0))} ${toHex(secret)}`);
  }

  info<K extends keyof ConnectionInfo>(name: K, value: ConnectionInfo[K]): void {
    this.#parts.info[name] = value;
  }

  note({ by, text }: Note): void {
    this.#parts.config.onTrace?.({ type: 'note', by, text: printable(text) });
  }

  established(): void {
    const { lifecycle, info, emit } = this.#parts;
    lifecycle.establish();
    emit({ type: 'established', info: completeInfo(info) });
  }

  postHandshakeAuth(peer: PeerInfo | undefined): void {
    this.#parts.emit({ type: 'post-handshake-auth', peer });
  }

  skipEarlyData(how: 'sealed' | 'retry', bytes: number): void {
    this.#parts.inbound.skipEarlyData(how, bytes);
  }

  #protect(direction: Direction, epoch: Epoch, protector: RecordProtector): void {
    const { config, outbound, inbound } = this.#parts;
    config.onTrace?.({ type: 'keys', by: config.role, direction, epoch });
    if (direction === 'write') outbound.protect(protector, epoch);
    else inbound.protect(protector, epoch);
  }
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
