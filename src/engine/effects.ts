import { toHex } from '../bytes/bytes.ts';
import { printable } from '../bytes/text.ts';
import type { CipherSuite13, Hash } from '../crypto/types.ts';
import type { ClientConfig, Config } from '../handshake/config.ts';
import type { ConnectionInfo, Direction, Effects, PeerInfo } from '../handshake/context.ts';
import type { Epoch } from '../handshake/machine.ts';
import { type ClientSession, describeSession } from '../handshake/session.ts';
import { Protector13 } from '../record/protect13.ts';
import type { RecordProtector } from '../record/protector.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';
import type { EngineEvent } from './event.ts';

/** What of an engine a handshake can reach. */
export interface Parts {
  readonly config: Config;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly info: ConnectionInfo;
  /** Hands an event to the program. */
  emit(event: EngineEvent): void;
  /** The handshake is done. */
  open(): void;
  /** The secret is the engine's from here on. */
  early(hash: Hash, secret: Uint8Array): void;
}

/** Everything that a handshake can do to the connection. */
export function makeEffects({ config, outbound, inbound, info, emit, open, early }: Parts): Effects {
  const { role } = config;
  const effects: Effects = {
    send: (message: Uint8Array): void => {
      config.onTrace?.({
        type: 'message',
        from: role,
        handshakeType: message[0]!,
        epoch: outbound.epoch,
        raw: message,
      });
      outbound.handshake(message);
    },
    changeCipherSpec: (): void => {
      config.onTrace?.({ type: 'change-cipher-spec', from: role });
      outbound.changeCipherSpec();
    },
    keys: (direction: Direction, epoch: Epoch, suite: CipherSuite13, secret: Uint8Array): void => {
      effects.protect(direction, epoch, new Protector13(suite, secret));
    },
    protect: (direction: Direction, epoch: Epoch, protector: RecordProtector): void => {
      config.onTrace?.({ type: 'keys', by: role, direction, epoch });
      if (direction === 'write') outbound.protect(protector, epoch);
      else inbound.protect(protector, epoch);
    },
    unprotect: (): void => outbound.unprotect(),
    sendEarlyData: (bytes: Uint8Array): void => outbound.data(bytes, () => {}),
    takeEarlyData: (bytes: number): void => inbound.takeEarlyData(bytes),
    earlyExporter: (hash: Hash, secret: Uint8Array): void => early(hash, secret.slice()),
    keepSession: (key: string, session: ClientSession): void => keepSession(config, key, describeSession(session)),
    warn: (description: number): void => outbound.alert(1, description),
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
      if (name === 'version') inbound.passesOverChangeCipherSpec = value === 'TLSv1.3';
    },
    note: ({ by, text }): void => config.onTrace?.({ type: 'note', by, text: printable(text) }),
    established: (): void => {
      open();
      inbound.established = true;
      emit({ type: 'established', info });
    },
    postHandshakeAuth: (peer: PeerInfo | undefined): void => emit({ type: 'post-handshake-auth', peer }),
    skipEarlyData: (how: 'sealed' | 'retry', bytes: number): void => inbound.skipEarlyData(how, bytes),
  };
  return effects;
}

/** Nobody waits for the store; if it fails, the next handshake is a full one. */
function keepSession(config: Config, key: string, session: ClientSession): void {
  const failed = (reason: unknown): void =>
    config.onTrace?.({
      type: 'note',
      by: config.role,
      text: printable(`a session could not be kept: ${String(reason)}`),
    });
  try {
    const kept = (config as ClientConfig).sessions?.put(key, session);
    if (kept !== undefined) kept.then(undefined, failed);
  } catch (reason) {
    failed(reason);
  }
}
