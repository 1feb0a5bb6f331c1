import { toHex } from '../bytes/bytes.ts';
import { isPromise } from '../bytes/promise.ts';
import { printable } from '../bytes/text.ts';
import type { CipherSuite13, Hash } from '../crypto/types.ts';
import { TlsError } from '../errors.ts';
import type { Config } from '../handshake/config.ts';
import type { ConnectionInfo, Direction, Effects, Epoch, PeerInfo } from '../handshake/context.ts';
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
  readonly info: ConnectionInfo;
  readonly lifecycle: Lifecycle;
  /** Hands an event to the program. */
  emit(event: EngineEvent): void;
  /** The secret is the engine's from here on. */
  early(hash: Hash, secret: Uint8Array): void;
}

/** Everything that a handshake can do to the connection. */
export function makeEffects({ config, outbound, inbound, info, lifecycle, emit, early }: Parts): Effects {
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
      storeSession(store, key, describeSession(session), config),
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
      emit({ type: 'established', info });
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
function storeSession(store: ClientSessionStore, key: string, session: ClientSession, config: Config): void {
  const failed = (reason: unknown): void =>
    config.onTrace?.({
      type: 'note',
      by: config.role,
      text: printable(`a session could not be stored: ${String(reason)}`),
    });
  try {
    const stored = store.put(key, session);
    if (isPromise(stored)) stored.then(undefined, failed);
  } catch (reason) {
    failed(reason);
  }
}
